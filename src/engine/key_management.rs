//! Chapter 5.18: making, wrapping and unwrapping keys; deriving and encapsulating them have files of their own.

use std::ops::Range;
use std::sync::Arc;

use pkcs11::constants::CKA_PUBLIC_KEY_INFO;
use pkcs11::{Attributes, Error, Mechanism, ObjectHandle, Result, Room, Secret, SessionHandle, Template};

use crate::application::Application;
use crate::asking::Asking;
use crate::audit::Happening;
use crate::mechanism::{Can, Ciphering, Key, KeyTypeRow, MechanismRow};
use crate::object::Object;
use crate::policy;
use crate::policy::approved::Act;
use crate::policy::joining::{mark_unwrapped, may_come_of_others};
use crate::policy::usage::{Operation, Wrapping, may_unwrap, may_wrap};
use crate::slot::Look;
use crate::wrapping_authenticated::Appended;

impl Application {
    pub(crate) fn do_generate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        template: Template,
    ) -> Result<ObjectHandle> {
        let asking = self.asking(session)?;
        let (row, (class, make)) = self.ability(mechanism.mechanism_type, Can::generate_key)?;
        self.offered(&asking, Act::Generate, mechanism.mechanism_type)?;
        let caller = asking.caller();
        let mut attributes =
            policy::generated_one(class, row.key_types, mechanism.mechanism_type, template, caller)?;
        let made = make(&mechanism, &attributes)?;
        policy::add_material(&mut attributes, made)?;
        let meets = self.judge_made(&asking, &mechanism, &mut [&mut attributes])?;
        let key = self.keep_one(&asking, attributes, Happening::KeyGenerated)?;
        self.finished(&asking, meets)?;
        Ok(key)
    }

    pub(crate) fn do_generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        let asking = self.asking(session)?;
        let (row, make) = self.ability(mechanism.mechanism_type, Can::generate_key_pair)?;
        self.offered(&asking, Act::Generate, mechanism.mechanism_type)?;
        let key_type = row.key_types.first().copied().ok_or(Error::Bug("a generator of no key type"))?;
        let caller = asking.caller();
        let (mut public, mut private) =
            policy::generated_pair(key_type, mechanism.mechanism_type, public, private, caller)?;
        // The long part: no lock is held.
        let made = make(&mechanism, &public, &private)?;
        policy::add_material(&mut public, made.public)?;
        policy::add_material(&mut private, made.private)?;
        let meets = self.judge_made(&asking, &mechanism, &mut [&mut public, &mut private])?;
        self.test_pair(&asking, &public, &private)?;
        let handles = self.keep(&asking, vec![public, private], Happening::KeyPairGenerated)?;
        self.finished(&asking, meets)?;
        match handles.as_slice() {
            [public, private] => Ok((*public, *private)),
            _ => Err(Error::Bug("a key pair that is not two objects")),
        }
    }

    pub(crate) fn keep_one(
        &self,
        asking: &Asking,
        attributes: Attributes,
        happening: Happening,
    ) -> Result<ObjectHandle> {
        let handles = self.keep(asking, vec![attributes], happening)?;
        handles.first().copied().ok_or(Error::Bug("an object without a handle"))
    }

    pub(crate) fn do_wrap_key(
        &self,
        session: SessionHandle,
        mechanism: &mut Mechanism,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        out: &mut Room<'_>,
    ) -> Result<usize> {
        if let Some(message) = Appended::of(&mechanism.parameters) {
            return self.wrap_with_a_vector(session, (mechanism, message), (wrapping_key, key), out);
        }
        let asking = self.asking(session)?;
        let (row, start) = self.ability(mechanism.mechanism_type, Can::wrap)?;
        // Another process may have made either key's attributes stricter.
        asking.session.slot.token(&self.parts, Look::Now)?;
        let wrapping = self.key_for(&asking, Operation::Wrap, row, mechanism, wrapping_key);
        let wrapping = wrapping.map_err(of_wrapping_key)?;
        let object = self.object(&asking, key, Look::Lately)?.ok_or(Error::KeyHandleInvalid)?;
        may_wrap(&wrapping.object.attributes, &object.attributes, row.mechanism)?;
        let bytes = self.bytes_of(&object)?;
        let cipher = start(mechanism, &wrapping.key)?;
        let most = cipher.whole_len(bytes.len());
        if out.is_query() {
            return Ok(most);
        }
        // A result that does not fit is not kept: the next call wraps again.
        let mut result = Secret::try_zeroed(most)?;
        let len = cipher.whole(bytes.expose(), result.as_mut()).map_err(too_long)?;
        let len = out.put(result.expose().get(..len).unwrap_or_default())?;
        self.record_use(&asking, Happening::KeyWrapped, &object);
        self.finished(&asking, wrapping.needs.meets)?;
        Ok(len)
    }

    pub(crate) fn bytes_of(&self, object: &Object) -> Result<Secret> {
        let key_type = object.attributes.key_type().ok_or(Error::KeyNotWrappable)?;
        let row = self.parts.mechanisms.key_type(key_type).ok_or(Error::KeyNotWrappable)?;
        (row.to_bytes)(&object.attributes)
    }

    /// A token key's use that is recorded though nothing of the token changes.
    pub(crate) fn record_use(&self, asking: &Asking, happening: Happening, object: &Object) {
        if object.header.is_none() {
            return;
        }
        if let Ok(opened) = asking.session.slot.token(&self.parts, Look::Lately) {
            let event = self.object_event(happening, asking.login(), &[&object.attributes]);
            self.record_alone(&opened, event);
        }
    }

    pub(crate) fn do_unwrap_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
    ) -> Result<ObjectHandle> {
        let asking = self.asking(session)?;
        let (row, start) = self.ability(mechanism.mechanism_type, Can::unwrap)?;
        self.unwrap_by(&asking, (row, &mechanism), unwrapping_key, (wrapped, template), |key| {
            start(&mechanism, key)
        })
    }

    /// Unwraps with what `start` begins.
    pub(crate) fn unwrap_by(
        &self,
        asking: &Asking,
        (mechanism, asked): (&MechanismRow, &Mechanism),
        unwrapping_key: ObjectHandle,
        (wrapped, template): (&[u8], Template),
        start: impl FnOnce(&Arc<dyn Key>) -> Result<Box<dyn Ciphering>>,
    ) -> Result<ObjectHandle> {
        let usable = self.key_for(asking, Operation::Unwrap, mechanism, asked, unwrapping_key);
        let usable = usable.map_err(of_unwrapping_key)?;
        let caller = asking.caller();
        let mut attributes = policy::unwrapped(&usable.object.attributes, template, caller)?;
        may_come_of_others(&attributes)?;
        let how = may_unwrap(&attributes, mechanism.mechanism)?;
        mark_unwrapped(&mut attributes, how)?;
        let key_type = attributes.key_type().unwrap_or_default();
        let row = self.parts.mechanisms.key_type(key_type);
        let row = row.ok_or(Error::AttributeValueInvalid(pkcs11::constants::CKA_KEY_TYPE))?;
        let cipher = start(&usable.key)?;
        let place = how.key_among(cipher.whole_len(wrapped.len()), &attributes)?;
        unwrapped(row, &mut attributes, (how, cipher), wrapped, place)?;
        // Whoever may encrypt can bring a key of his own in so: it keeps the flags of one from outside.
        let key = self.keep_one(asking, attributes, Happening::KeyUnwrapped)?;
        self.finished(asking, usable.needs.meets)?;
        Ok(key)
    }
}

/// A key that is no message of the mechanism's is so by its length (section 5.18.3).
pub(crate) fn too_long(error: Error) -> Error {
    match error {
        Error::DataLenRange | Error::DataInvalid => Error::KeySizeRange,
        other => other,
    }
}

/// What is wrong with a key is said of the wrapping key (section 5.18.3).
pub(crate) fn of_wrapping_key(error: Error) -> Error {
    match error {
        Error::KeyHandleInvalid => Error::WrappingKeyHandleInvalid,
        Error::KeySizeRange => Error::WrappingKeySizeRange,
        Error::KeyTypeInconsistent => Error::WrappingKeyTypeInconsistent,
        other => other,
    }
}

/// What is wrong with a key is said of the unwrapping key (section 5.18.4).
pub(crate) fn of_unwrapping_key(error: Error) -> Error {
    match error {
        Error::KeyHandleInvalid => Error::UnwrappingKeyHandleInvalid,
        Error::KeySizeRange => Error::UnwrappingKeySizeRange,
        Error::KeyTypeInconsistent => Error::UnwrappingKeyTypeInconsistent,
        other => other,
    }
}

/// What is wrong with the components of an unwrapped key is wrong with the wrapped one.
fn of_wrapped_key(error: Error) -> Error {
    match error {
        Error::AttributeValueInvalid(_) | Error::KeySizeRange | Error::DataInvalid | Error::DataLenRange => {
            Error::WrappedKeyInvalid
        }
        other => other,
    }
}

/// Completes the attributes of a key with what a cipher opens; `place` is where it stands among the bytes, if not all are the
/// key.
///
/// # Errors
/// Those that section 5.18.4 lists for what is wrong with a wrapped key.
pub(crate) fn unwrapped(
    row: &KeyTypeRow,
    attributes: &mut Attributes,
    (how, cipher): (Wrapping, Box<dyn Ciphering>),
    wrapped: &[u8],
    place: Option<Range<usize>>,
) -> Result<()> {
    let opened = open_wrapped(cipher, wrapped, place)?;
    complete_unwrapped(row, attributes, opened.key()).map_err(|error| how.of_contents(error))
}

/// What was unwrapped.
struct Unwrapped {
    bytes: Secret,
    /// Where the key stands among the bytes.
    place: Range<usize>,
}

impl Unwrapped {
    fn key(&self) -> &[u8] {
        self.bytes.expose().get(self.place.clone()).unwrap_or_default()
    }
}

fn open_wrapped(
    cipher: Box<dyn Ciphering>,
    wrapped: &[u8],
    place: Option<Range<usize>>,
) -> Result<Unwrapped> {
    let mut bytes = Secret::try_zeroed(cipher.whole_len(wrapped.len()))?;
    let len = cipher.whole(wrapped, bytes.as_mut()).map_err(|error| match error {
        Error::EncryptedDataInvalid | Error::AeadDecryptFailed | Error::DataInvalid => {
            Error::WrappedKeyInvalid
        }
        Error::EncryptedDataLenRange | Error::DataLenRange => Error::WrappedKeyLenRange,
        other => other,
    })?;
    Ok(Unwrapped { bytes, place: place.unwrap_or(0..len) })
}

/// Completes the attributes of an unwrapped key with what its bytes say.
fn complete_unwrapped(row: &KeyTypeRow, attributes: &mut Attributes, key: &[u8]) -> Result<()> {
    let mut material = (row.from_bytes)(attributes, key)?;
    let mut with_material = attributes.clone();
    // Whether the template's is the key's is for the policy to say; one that came with the key is of its contents.
    with_material.remove(CKA_PUBLIC_KEY_INFO);
    with_material.extend(material.clone());
    material.extend((row.complete)(&with_material).map_err(of_wrapped_key)?);
    policy::add_material(attributes, material)
}
