//! Chapter 5.18.5: deriving keys and data from keys.

use std::sync::Arc;

use pkcs11::constants::{CKA_PUBLIC_KEY_INFO, CKA_VALUE, CKA_VALUE_LEN, CKK_GENERIC_SECRET, CKO_SECRET_KEY};
use pkcs11::{
    Attributes, DerivedKeys, Error, Mechanism, ObjectHandle, Result, Secret, SessionHandle, Template,
};

use crate::application::Application;
use crate::audit::Happening;
use crate::mechanism::{
    Bases, Can, Derivation, Derive, DerivePublic, DeriveSeveral, Key, KeyTypeRow, Mechanisms,
};
use crate::mode::{is_marked, mark};
use crate::policy::joining::{JOINED, Source, may_be_joined, may_come_of_others, may_join, may_tell};
use crate::policy::usage::{Operation, may_derive_len};
use crate::policy::{self, Caller, Inheritance};

/// One call: what is derived from what.
struct Call<'a> {
    mechanism: &'a Mechanism,
    keys: Bases<'a>,
    /// The attributes of the base key, and of those that the parameters name.
    base: &'a Attributes,
    named: Vec<&'a Attributes>,
    mechanisms: Mechanisms,
    caller: Caller,
}

impl Application {
    pub(crate) fn do_derive_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        base: ObjectHandle,
        template: Template,
    ) -> Result<DerivedKeys> {
        let asking = self.asking(session)?;
        let (row, derivation) = self.ability(mechanism.mechanism_type, Can::derive)?;
        let base = self.key_for(&asking, Operation::Derive, row, &mechanism, base)?;
        let key_for = |key| self.key_for(&asking, Operation::Derive, row, &mechanism, key);
        let named = mechanism.keys().into_iter().map(key_for);
        let named = named.collect::<Result<Vec<_>>>()?;
        let named_keys: Vec<_> = named.iter().map(|usable| Arc::clone(&usable.key)).collect();
        let call = Call {
            mechanism: &mechanism,
            keys: Bases { key: &base.key, named: &named_keys },
            base: &base.object.attributes,
            named: named.iter().map(|usable| &usable.object.attributes).collect(),
            mechanisms: self.parts.mechanisms,
            caller: asking.caller(),
        };
        let meets = base.needs.meets && named.iter().all(|usable| usable.needs.meets);
        let marked = meets
            && is_marked(&base.object.attributes)
            && named.iter().all(|usable| is_marked(&usable.object.attributes));
        let derived = match derivation {
            Derivation::Data(derive) => {
                let data = call.data(derive, template)?;
                Ok(DerivedKeys::one(self.keep_one(&asking, data, Happening::KeyDerived)?))
            }
            Derivation::Key(inheritance, derive) => {
                let mut key = call.key(inheritance, derive, template)?;
                mark(&mut key, marked);
                Ok(DerivedKeys::one(self.keep_one(&asking, key, Happening::KeyDerived)?))
            }
            Derivation::Public(derive) => {
                let mut key = call.public(derive, template)?;
                mark(&mut key, marked);
                Ok(DerivedKeys::one(self.keep_one(&asking, key, Happening::KeyDerived)?))
            }
            Derivation::Several(several) => {
                let (mut keys, told) = call.several(several, template)?;
                keys.iter_mut().flatten().for_each(|key| mark(key, marked));
                let asked_for: Vec<_> = keys.iter().map(Option::is_some).collect();
                let handles =
                    self.keep(&asking, keys.into_iter().flatten().collect(), Happening::KeyDerived)?;
                let mut handles = handles.into_iter();
                let keys = asked_for
                    .into_iter()
                    .map(|asked_for| handles.by_ref().take(usize::from(asked_for)).next());
                Ok(DerivedKeys { keys: keys.collect(), told })
            }
        };
        self.finished(&asking, meets)?;
        derived
    }
}

impl Call<'_> {
    fn data(&self, derive: Derive, template: Template) -> Result<Attributes> {
        let (mut data, len) = policy::derived_data(self.base, template, self.caller)?;
        let material = derive(self.mechanism, &self.keys, &with_length(&data, len))?;
        policy::add_material(&mut data, material)?;
        Ok(data)
    }

    fn key(&self, inheritance: Inheritance, derive: Derive, template: Template) -> Result<Attributes> {
        may_tell(self.mechanism, self.base)?;
        let (row, mut key) = self.complete(inheritance, template)?;
        let mut material = derive(self.mechanism, &self.keys, &key)?;
        if self.joins(&material)? {
            may_be_joined(&key)?;
            material.set_bool(JOINED, true);
        }
        add_derived(row, &mut key, material)?;
        Ok(key)
    }

    /// Whether a key is made of the bytes of others, and may be.
    fn joins(&self, material: &Attributes) -> Result<bool> {
        let len = |key: &Arc<dyn Key>| key.value().map_or(0, Secret::len);
        let base = Source { len: len(self.keys.key), attributes: self.base };
        let mut named = self.keys.named.iter().zip(&self.named);
        let named = named.next().map(|(key, attributes)| Source { len: len(key), attributes });
        let made = material.bytes(CKA_VALUE).map_or(0, <[u8]>::len);
        may_join(self.mechanism, base, named, made)
    }

    /// The public key of the base key. What the template says of its components, they must be.
    fn public(&self, derive: DerivePublic, template: Template) -> Result<Attributes> {
        let mut key = policy::derived_public(self.base, template, self.caller)?;
        let material = derive(self.mechanism, self.base)?;
        let is_another = |(attribute, component): (_, &_)| {
            // An empty one says nothing.
            let sent = key.value(attribute).filter(|_| key.bytes(attribute) != Some(&[]));
            attribute != CKA_PUBLIC_KEY_INFO && sent.is_some_and(|sent| sent != component)
        };
        if material.iter().any(is_another) {
            return Err(Error::TemplateInconsistent("the public key is not what the template says"));
        }
        policy::add_material(&mut key, material)?;
        Ok(key)
    }

    /// All keys or none; what is told beside them. An error that one of the further templates makes names it.
    fn several(
        &self,
        several: DeriveSeveral,
        template: Template,
    ) -> Result<(Vec<Option<Attributes>>, Vec<u8>)> {
        may_tell(self.mechanism, self.base)?;
        let templates = (several.templates)(self.mechanism, template)?;
        let mut keys = Vec::with_capacity(templates.len());
        for (index, template) in templates.into_iter().enumerate() {
            let complete = template.map(|template| self.complete(several.inheritance, template));
            keys.push(complete.transpose().map_err(|error| error.of_derived_key(index))?);
        }
        let attributes: Vec<_> =
            keys.iter().map(|key| key.as_ref().map(|(_, attributes)| attributes.clone())).collect();
        let derived = (several.derive)(self.mechanism, &self.keys, &attributes)?;
        let mut made = Vec::with_capacity(keys.len());
        for (index, (key, material)) in keys.into_iter().zip(derived.keys).enumerate() {
            let (Some((row, mut key)), Some(material)) = (key, material) else {
                made.push(None);
                continue;
            };
            add_derived(row, &mut key, material).map_err(|error| error.of_derived_key(index))?;
            made.push(Some(key));
        }
        Ok((made, derived.told))
    }

    /// The attributes of a key before it is derived, and the row of its type.
    fn complete(
        &self,
        inheritance: Inheritance,
        template: Template,
    ) -> Result<(&'static KeyTypeRow, Attributes)> {
        let mut of = vec![self.base];
        if inheritance != Inheritance::Free {
            // The keys that the parameters name are part of what is derived (sections 6.42.7 and 6.43.2).
            of.extend(&self.named);
        }
        let (class, key_type) = (CKO_SECRET_KEY, Some(CKK_GENERIC_SECRET));
        let key = policy::derived(&of, class, key_type, inheritance, template, self.caller)?;
        may_come_of_others(&key)?;
        let row = self.mechanisms.key_type(key.key_type().unwrap_or_default());
        let row = row.ok_or(Error::AttributeValueInvalid(pkcs11::constants::CKA_KEY_TYPE))?;
        if let Some(len) = key.ulong(CKA_VALUE_LEN) {
            may_derive_len(usize::try_from(len).unwrap_or(usize::MAX))?;
        }
        Ok((row, key))
    }
}

/// Completes what was derived or encapsulated as if it had come from outside.
///
/// # Errors
/// [`Error::KeySizeRange`] for a key that can be found by trying; those of [`KeyTypeRow::complete`] and of
/// [`policy::add_material`].
pub(crate) fn add_derived(row: &KeyTypeRow, key: &mut Attributes, material: Attributes) -> Result<()> {
    if let Some(value) = material.bytes(CKA_VALUE) {
        may_derive_len(value.len())?;
    }
    let mut with_material = key.clone();
    with_material.extend(material.clone());
    with_material.remove(CKA_VALUE_LEN);
    let completed = (row.complete)(&with_material)?;
    policy::add_material(key, material)?;
    policy::add_material(key, completed)
}

/// The attributes of a data object with the length that it has no attribute for.
fn with_length(attributes: &Attributes, len: Option<u64>) -> Attributes {
    let mut with_length = attributes.clone();
    if let Some(len) = len {
        with_length.set_ulong(CKA_VALUE_LEN, len);
    }
    with_length
}
