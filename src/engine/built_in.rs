//! What a token has of itself: the profiles that it meets, the validation that nobody has made, its mechanisms, its clock and
//! its counter (PKCS#11 v3.2 sections 4.3 and 4.13 to 4.15). They lie in no store. A search finds them where it asks for
//! their class, for what they alone have, or for one unique id (docs/decisions/0049).

use std::collections::VecDeque;
use std::sync::Arc;

use pkcs11::constants::{
    CKA_CLASS, CKA_COPYABLE, CKA_DESTROYABLE, CKA_HAS_RESET, CKA_HW_FEATURE_TYPE, CKA_LABEL,
    CKA_MECHANISM_TYPE, CKA_MODIFIABLE, CKA_PRIVATE, CKA_PROFILE_ID, CKA_RESET_ON_INIT, CKA_TOKEN,
    CKA_UNIQUE_ID, CKA_VALIDATION_AUTHORITY_TYPE, CKA_VALIDATION_CERTIFICATE_IDENTIFIER,
    CKA_VALIDATION_CERTIFICATE_URI, CKA_VALIDATION_COUNTRY, CKA_VALIDATION_FLAG, CKA_VALIDATION_LEVEL,
    CKA_VALIDATION_MODULE_ID, CKA_VALIDATION_PROFILE, CKA_VALIDATION_TYPE, CKA_VALIDATION_VENDOR_URI,
    CKA_VALIDATION_VERSION, CKA_VALUE, CKH_CLOCK, CKH_MONOTONIC_COUNTER, CKO_HW_FEATURE, CKO_MECHANISM,
    CKO_PROFILE, CKO_VALIDATION, CKP_AUTHENTICATION_TOKEN, CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
    CKV_AUTHORITY_TYPE_UNSPECIFIED, CKV_TYPE_SOFTWARE, name,
};
use pkcs11::{AttributeType, Attributes, Error, MechanismType, ObjectClass, ObjectHandle, Result};

use crate::application::Application;
use crate::asking::Asking;
use crate::clock::utc;
use crate::handles;
use crate::object::Object;
use crate::policy::approved::MEETS_THE_TABLE;
use crate::policy::attributes::BUILT_IN;
use crate::policy::matches;
use crate::slot::Look;

/// One such object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// A profile that the test suite proves: its `CKP_` value.
    Profile(u64),
    /// The one validation object.
    Validation,
    /// A mechanism of the token's list.
    Mechanism(MechanismType),
    /// The machine's clock.
    Clock,
    /// A counter that no reading shows twice.
    Counter,
}

/// TABLE: the profiles, with the names that the standard's document gives them (PKCS#11 Profiles v3.2 chapter 5).
pub const PROFILES: [(u64, &str); 3] = [
    (CKP_BASELINE_PROVIDER, "Baseline Provider"),
    (CKP_EXTENDED_PROVIDER, "Extended Provider"),
    (CKP_AUTHENTICATION_TOKEN, "Authentication Token"),
];

/// The classes, with the attributes that no other object has.
const CLASSES: [ObjectClass; 4] = [CKO_PROFILE, CKO_VALIDATION, CKO_MECHANISM, CKO_HW_FEATURE];

impl BuiltIn {
    /// Bits of a number that say which of a kind.
    const VALUE_BITS: u32 = 32;

    /// The object's number: its kind, and which of that.
    fn number(self) -> u64 {
        let (kind, value) = match self {
            Self::Profile(id) => (0, id),
            Self::Validation => (1, 0),
            Self::Mechanism(mechanism) => (2, mechanism),
            Self::Clock => (3, CKH_CLOCK),
            Self::Counter => (3, CKH_MONOTONIC_COUNTER),
        };
        kind << Self::VALUE_BITS | value
    }

    fn of_number(number: u64) -> Option<Self> {
        let (kind, value) = (number >> Self::VALUE_BITS, number & u64::from(u32::MAX));
        match (kind, value) {
            (0, id) => PROFILES.iter().any(|(known, _)| *known == id).then_some(Self::Profile(id)),
            (1, 0) => Some(Self::Validation),
            (2, mechanism) => Some(Self::Mechanism(mechanism)),
            (3, CKH_CLOCK) => Some(Self::Clock),
            (3, CKH_MONOTONIC_COUNTER) => Some(Self::Counter),
            _ => None,
        }
    }

    /// The object of a handle, if it names one.
    #[must_use]
    pub fn of(handle: ObjectHandle) -> Option<Self> {
        handles::built_in(handle).and_then(Self::of_number)
    }

    /// The same in every process, and under every login.
    #[must_use]
    pub fn handle(self) -> ObjectHandle {
        handles::of_built_in(self.number())
    }

    fn class(self) -> ObjectClass {
        match self {
            Self::Profile(_) => CKO_PROFILE,
            Self::Validation => CKO_VALIDATION,
            Self::Mechanism(_) => CKO_MECHANISM,
            Self::Clock | Self::Counter => CKO_HW_FEATURE,
        }
    }

    fn label(self) -> String {
        match self {
            Self::Profile(id) => {
                let known = PROFILES.iter().find(|(known, _)| *known == id);
                known.map_or(String::new(), |(_, name)| (*name).to_owned())
            }
            Self::Validation => "no certificate".to_owned(),
            Self::Mechanism(mechanism) => {
                name("CKM_", mechanism).map_or_else(|| format!("{mechanism:#x}"), str::to_owned)
            }
            Self::Clock => "clock".to_owned(),
            Self::Counter => "monotonic counter".to_owned(),
        }
    }

    /// All attributes but the value of the counter, which is made by reading it.
    fn attributes(self, now: u64) -> Attributes {
        let mut all = Attributes::new();
        all.set_ulong(CKA_CLASS, self.class());
        // Told from those of other objects by its form.
        all.set_bytes(CKA_UNIQUE_ID, format!("built-in-{:x}", self.number()).as_bytes());
        all.set_bool(CKA_TOKEN, true);
        all.set_bytes(CKA_LABEL, self.label().as_bytes());
        for nothing in [CKA_PRIVATE, CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE] {
            all.set_bool(nothing, false);
        }
        match self {
            Self::Profile(id) => all.set_ulong(CKA_PROFILE_ID, id),
            Self::Validation => no_validation(&mut all),
            Self::Mechanism(mechanism) => all.set_ulong(CKA_MECHANISM_TYPE, mechanism),
            Self::Clock => {
                all.set_ulong(CKA_HW_FEATURE_TYPE, CKH_CLOCK);
                all.set_bytes(CKA_VALUE, utc(now).as_bytes());
            }
            Self::Counter => {
                all.set_ulong(CKA_HW_FEATURE_TYPE, CKH_MONOTONIC_COUNTER);
                all.set_bool(CKA_RESET_ON_INIT, false);
                all.set_bool(CKA_HAS_RESET, false);
            }
        }
        all
    }
}

/// The flag of sessions and keys belongs to a validation object (section 4.15). This one says that nobody has validated
/// anything.
fn no_validation(all: &mut Attributes) {
    all.set_ulong(CKA_VALIDATION_TYPE, CKV_TYPE_SOFTWARE);
    all.set_bytes(CKA_VALIDATION_VERSION, &[0, 0]);
    all.set_ulong(CKA_VALIDATION_LEVEL, 0);
    let module = concat!("Claviger ", env!("CARGO_PKG_VERSION"), ", not validated");
    all.set_bytes(CKA_VALIDATION_MODULE_ID, module.as_bytes());
    all.set_ulong(CKA_VALIDATION_FLAG, MEETS_THE_TABLE);
    all.set_ulong(CKA_VALIDATION_AUTHORITY_TYPE, CKV_AUTHORITY_TYPE_UNSPECIFIED);
    for empty in [
        CKA_VALIDATION_COUNTRY,
        CKA_VALIDATION_CERTIFICATE_IDENTIFIER,
        CKA_VALIDATION_CERTIFICATE_URI,
        CKA_VALIDATION_VENDOR_URI,
    ] {
        all.set_bytes(empty, &[]);
    }
    let profile = "no certificate: a table of approved algorithms (docs/approved.md)";
    all.set_bytes(CKA_VALIDATION_PROFILE, profile.as_bytes());
}

/// Whether a search may find objects of a class that the token has of itself.
fn is_asked_for(class: ObjectClass, wanted: &Attributes) -> bool {
    if let Some(asked) = wanted.class() {
        return asked == class;
    }
    let own = |attribute: AttributeType| {
        attribute == CKA_UNIQUE_ID
            || attribute != CKA_VALUE
                && BUILT_IN.iter().any(|shape| shape.class == class && shape.own_row(attribute).is_some())
    };
    wanted.iter().any(|(attribute, _)| own(attribute))
}

impl Application {
    /// What the token has of itself, of a class.
    fn built_in_of(&self, asking: &Asking, class: ObjectClass) -> Result<Vec<BuiltIn>> {
        Ok(match class {
            CKO_PROFILE => PROFILES.iter().map(|(id, _)| BuiltIn::Profile(*id)).collect(),
            CKO_VALIDATION => vec![BuiltIn::Validation],
            CKO_HW_FEATURE => vec![BuiltIn::Clock, BuiltIn::Counter],
            CKO_MECHANISM => {
                let list = self.do_mechanism_list(asking.session.slot.id)?;
                list.into_iter().map(BuiltIn::Mechanism).collect()
            }
            _ => Vec::new(),
        })
    }

    /// The handles of what the token has of itself, where a search asks for it.
    pub(crate) fn matching_built_in(
        &self,
        asking: &Asking,
        wanted: &Attributes,
    ) -> Result<VecDeque<ObjectHandle>> {
        let mut found = VecDeque::new();
        for class in CLASSES.into_iter().filter(|class| is_asked_for(*class, wanted)) {
            let now = self.parts.clock.now();
            let all = self.built_in_of(asking, class)?.into_iter();
            found.extend(all.filter(|one| matches(&one.attributes(now), wanted)).map(BuiltIn::handle));
        }
        Ok(found)
    }

    /// One object of the token's own; nothing for a mechanism that it does not offer.
    pub(crate) fn built_in(&self, asking: &Asking, which: BuiltIn) -> Option<Arc<Object>> {
        if let BuiltIn::Mechanism(mechanism) = which {
            self.do_mechanism_info(asking.session.slot.id, mechanism).ok()?;
        }
        let attributes = which.attributes(self.parts.clock.now());
        Some(Arc::new(Object::of_session(which.handle(), attributes)))
    }

    /// The next value of the token's counter: the number of a commit, which is made for it. No other reading, in whatever
    /// process, gives the same or a lower one.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn count_on(&self, asking: &Asking) -> Result<[u8; 8]> {
        let slot = &asking.session.slot;
        let counted = slot.landing.land(self.parts.settings.busy_wait, || {
            let opened = slot.token(&self.parts, Look::Now)?;
            opened.plan(&self.parts).commit(opened.home.store.as_ref())
        });
        match counted {
            Ok(revision) => Ok(revision.0.to_be_bytes()),
            Err(Error::Conflict) => Err(Error::Bug("a conflict that was not tried again")),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::attributes::Shape;

    #[test]
    fn a_handle_names_what_it_was_made_for() {
        let all = [BuiltIn::Validation, BuiltIn::Clock, BuiltIn::Counter, BuiltIn::Mechanism(0x8000_1089)];
        let profiles = PROFILES.map(|(id, _)| BuiltIn::Profile(id));
        for one in all.into_iter().chain(profiles) {
            assert_eq!(BuiltIn::of(one.handle()), Some(one));
        }
        for nothing in [99, 5 << 32, 1 << 32 | 1, 3 << 32, 3 << 32 | 3] {
            assert_eq!(BuiltIn::of(handles::of_built_in(nothing)), None, "{nothing:#x}");
        }
        assert_eq!(BuiltIn::of(ObjectHandle(1)), None);
    }

    #[test]
    fn every_attribute_that_the_tables_give_is_there_but_the_counters_value() {
        let all = [
            BuiltIn::Validation,
            BuiltIn::Clock,
            BuiltIn::Counter,
            BuiltIn::Mechanism(1),
            BuiltIn::Profile(1),
        ];
        for one in all {
            let attributes = one.attributes(0);
            let shape = Shape::of(&attributes).expect("a shape");
            for row in shape.rows() {
                let there = attributes.value(row.attribute_type).is_some();
                let made = one == BuiltIn::Counter && row.attribute_type == CKA_VALUE;
                assert_eq!(there, !made, "{one:?} {:#x}", row.attribute_type);
            }
            assert_eq!(
                attributes.iter().count() + usize::from(one == BuiltIn::Counter),
                shape.rows().count()
            );
        }
    }

    #[test]
    fn only_who_asks_for_them_finds_them() {
        let wanted = |set: &dyn Fn(&mut Attributes)| {
            let mut wanted = Attributes::new();
            set(&mut wanted);
            CLASSES.map(|class| is_asked_for(class, &wanted))
        };
        assert_eq!(wanted(&|_| ()), [false; 4]);
        assert_eq!(wanted(&|wanted| wanted.set_bool(CKA_TOKEN, true)), [false; 4]);
        assert_eq!(wanted(&|wanted| wanted.set_bytes(CKA_LABEL, b"clock")), [false; 4]);
        assert_eq!(wanted(&|wanted| wanted.set_bytes(CKA_VALUE, b"")), [false; 4]);
        assert_eq!(wanted(&|wanted| wanted.set_bytes(CKA_UNIQUE_ID, b"x")), [true; 4]);
        assert_eq!(wanted(&|wanted| wanted.set_ulong(CKA_CLASS, CKO_MECHANISM)), [false, false, true, false]);
        assert_eq!(wanted(&|wanted| wanted.set_ulong(CKA_PROFILE_ID, 1)), [true, false, false, false]);
        assert_eq!(wanted(&|wanted| wanted.set_ulong(CKA_VALIDATION_LEVEL, 1)), [false, true, false, false]);
        assert_eq!(wanted(&|wanted| wanted.set_bool(CKA_HAS_RESET, false)), [false, false, false, true]);
    }
}
