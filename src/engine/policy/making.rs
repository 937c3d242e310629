//! The events that make an object: created, generated, unwrapped, encapsulated, decapsulated, derived.
//!
//! Each gives the complete attributes but for what the key itself brings, which [`add_material`] adds. All of them
//! fail with [`Error::AttributeTypeInvalid`], [`Error::AttributeValueInvalid`], [`Error::AttributeReadOnly`],
//! [`Error::TemplateIncomplete`] and [`Error::TemplateInconsistent`] as section 4.1.1 says, and with the errors of
//! [`may_make`].

use pkcs11::constants::{
    CK_UNAVAILABLE_INFORMATION, CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_SENSITIVE, CKA_CHECK_VALUE, CKA_CLASS,
    CKA_DECAPSULATE, CKA_DECAPSULATE_TEMPLATE, CKA_DECRYPT, CKA_DERIVE, CKA_DERIVE_TEMPLATE, CKA_DESTROYABLE,
    CKA_ENCAPSULATE, CKA_ENCAPSULATE_TEMPLATE, CKA_ENCRYPT, CKA_END_DATE, CKA_EXTRACTABLE, CKA_ID,
    CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_OBJECT_VALIDATION_FLAGS,
    CKA_PRIVATE, CKA_PUBLIC_KEY_INFO, CKA_SENSITIVE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_START_DATE, CKA_SUBJECT,
    CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP,
    CKA_WRAP_WITH_TRUSTED, CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::{
    Attribute, AttributeType, AttributeValue, Attributes, Error, KeyType, MechanismType, ObjectClass, Result,
    Secret, Template,
};

use super::access::{Caller, may_make};
use super::agreeing::agree;
use super::attributes::{Form, LeftOut, Row, Shape};
use super::values::{as_sent, put, typed};

/// Whether a derivation hands the protection of its base keys on (section 6.43: "if the base key has its
/// `CKA_SENSITIVE` attribute set to `CK_TRUE`, so does the derived key").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inheritance {
    /// The template decides: Diffie-Hellman, HKDF and their like.
    Free,
    /// A sensitive base makes the key sensitive, an unextractable one unextractable: concatenations, cuts, XOR. What only a
    /// trusted key may wrap, and what is private, hands that on too, for the key is made of the base's bytes.
    FromBase,
    /// What the template leaves out is as the first base key has it, and it counts for one of the bases to have been always
    /// sensitive, or never extractable: SP 800-108 (section 6.42.7). The other bases hand their protection on as by
    /// [`Inheritance::FromBase`]: they are what the function is given, and one of its functions, CMAC, can be undone by who
    /// knows its key.
    AsBase,
    /// As [`Inheritance::FromBase`], and what the template leaves out is as the base key has it: the exporter of TLS (section
    /// 6.40.9).
    AtLeastAsBase,
    /// The protection is the base key's, what only a trusted key may wrap and what is private included, and the template may say
    /// nothing else: the keys of TLS (section 6.40.6).
    SameAsBase,
}

impl Inheritance {
    /// Those of the bases whose protection no template takes off.
    fn handing<'b, 'a>(self, bases: &'b [&'a Attributes]) -> &'b [&'a Attributes] {
        match self {
            Self::FromBase | Self::AtLeastAsBase | Self::SameAsBase => bases,
            Self::AsBase => bases.get(1..).unwrap_or_default(),
            Self::Free => &[],
        }
    }
}

/// `C_CreateObject`.
///
/// # Errors
/// Those of the module.
pub fn created(template: Template, caller: Caller) -> Result<Attributes> {
    Making::from_outside(Event::Created).make(template, caller)
}

/// `C_GenerateKeyPair`: the public and the private key. Class and key type are the mechanism's, and a template that
/// names others is inconsistent.
///
/// # Errors
/// Those of the module.
pub fn generated_pair(
    key_type: KeyType,
    mechanism: MechanismType,
    public: Template,
    private: Template,
    caller: Caller,
) -> Result<(Attributes, Attributes)> {
    let public = Making::generated(CKO_PUBLIC_KEY, key_type, mechanism).make(public, caller)?;
    let private = Making::generated(CKO_PRIVATE_KEY, key_type, mechanism).make(private, caller)?;
    Ok((public, private))
}

/// `C_GenerateKey`: a secret key, or domain parameters, of one of the mechanism's types. One that makes keys of many types
/// leaves it to the template to say which (section 6.37.4).
///
/// # Errors
/// Those of the module.
pub fn generated_one(
    class: ObjectClass,
    key_types: &[KeyType],
    mechanism: MechanismType,
    template: Template,
    caller: Caller,
) -> Result<Attributes> {
    let key_type = match key_types {
        [only] => *only,
        many => {
            let sent = Said::Nothing.or_sent(&template, CKA_KEY_TYPE)?;
            many.iter().copied().find(|known| *known == sent).ok_or(ANOTHER_KIND)?
        }
    };
    Making::generated(class, key_type, mechanism).make(template, caller)
}

/// `C_UnwrapKey` and `C_UnwrapKeyAuthenticated`: `CKA_UNWRAP_TEMPLATE` of the unwrapping key is part of the template.
///
/// # Errors
/// Those of the module.
pub fn unwrapped(unwrapping_key: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    let template = joined(&[unwrapping_key], CKA_UNWRAP_TEMPLATE, template);
    Making::from_outside(Event::Unwrapped).make(template, caller)
}

/// `C_EncapsulateKey`: a secret key, with `CKA_ENCAPSULATE_TEMPLATE` of the public key as part of the template.
///
/// # Errors
/// Those of the module.
pub fn encapsulated(public_key: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    let template = joined(&[public_key], CKA_ENCAPSULATE_TEMPLATE, template);
    let class = Said::Insists(CKO_SECRET_KEY);
    Making { class, ..Making::from_outside(Event::Unwrapped) }.make(template, caller)
}

/// `C_DecapsulateKey`: a secret key, with `CKA_DECAPSULATE_TEMPLATE` of the private key as part of the template.
///
/// # Errors
/// Those of the module.
pub fn decapsulated(private_key: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    let template = joined(&[private_key], CKA_DECAPSULATE_TEMPLATE, template);
    let class = Said::Insists(CKO_SECRET_KEY);
    Making { class, ..Making::from_outside(Event::Unwrapped) }.make(template, caller)
}

/// `C_DeriveKey`: `CKA_DERIVE_TEMPLATE` of every base key is part of the template; the mechanism's class and key type
/// hold where the template leaves them out.
///
/// The standard has no footnote for what a derivation contributes: footnote 4 stands for it here, since a derivation
/// makes the material as a generation does.
///
/// # Errors
/// Those of the module.
pub fn derived(
    bases: &[&Attributes],
    class: ObjectClass,
    key_type: Option<KeyType>,
    inheritance: Inheritance,
    template: Template,
    caller: Caller,
) -> Result<Attributes> {
    let all = |attribute| bases.iter().all(|base| base.is(attribute));
    let any = |attribute| bases.iter().any(|base| base.is(attribute));
    let always = |attribute| if inheritance == Inheritance::AsBase { any(attribute) } else { all(attribute) };
    let handing = inheritance.handing(bases);
    let handed = |attribute| handing.iter().any(|base| base.is(attribute));
    let making = Making {
        class: Said::Suggests(class),
        key_type: key_type.map_or(Said::Nothing, Said::Suggests),
        always_sensitive: always(CKA_ALWAYS_SENSITIVE),
        never_extractable: always(CKA_NEVER_EXTRACTABLE),
        sensitive: handed(CKA_SENSITIVE),
        unextractable: !handing.iter().all(|base| base.is(CKA_EXTRACTABLE)),
        wraps_with_trusted: handed(CKA_WRAP_WITH_TRUSTED),
        private: handed(CKA_PRIVATE),
        ..Making::from_outside(Event::Derived)
    };
    let mut template = joined(bases, CKA_DERIVE_TEMPLATE, template);
    let imposed = [(CKA_SENSITIVE, making.sensitive), (CKA_EXTRACTABLE, making.unextractable)];
    for (attribute, imposed) in imposed {
        let sent = template.iter().any(|entry| entry.attribute_type == attribute);
        let base = bases.first().is_some_and(|base| base.is(attribute));
        match inheritance {
            // What is imposed goes before what the base has.
            Inheritance::AsBase | Inheritance::AtLeastAsBase if !sent && !imposed => {
                template.push(Attribute::boolean(attribute, base))
            }
            // Beside another value it is a conflict.
            Inheritance::SameAsBase => template.push(Attribute::boolean(attribute, base)),
            _ => {}
        }
    }
    making.make(template, caller)
}

/// `C_DeriveKey` that makes a data object: its attributes, and its length in bytes if the template tells it, which a data
/// object has no attribute for (section 6.62.4). It is private with its base key unless the template says otherwise.
///
/// # Errors
/// Those of the module; [`Error::TemplateInconsistent`] for a value in the template.
pub fn derived_data(
    base: &Attributes,
    template: Template,
    caller: Caller,
) -> Result<(Attributes, Option<u64>)> {
    let mut len = Attributes::new();
    let mut rest = Template::new();
    for entry in joined(&[base], CKA_DERIVE_TEMPLATE, template) {
        match entry.attribute_type {
            CKA_VALUE_LEN => put(&mut len, CKA_VALUE_LEN, typed(entry, Form::Ulong)?)?,
            CKA_VALUE => return Err(Error::TemplateInconsistent("the mechanism makes the value")),
            _ => rest.push(entry),
        }
    }
    if !rest.iter().any(|entry| entry.attribute_type == CKA_PRIVATE) {
        rest.push(Attribute::boolean(CKA_PRIVATE, base.is(CKA_PRIVATE)));
    }
    let making = Making { class: Said::Insists(CKO_DATA), ..Making::from_outside(Event::Derived) };
    Ok((making.make(rest, caller)?, len.ulong(CKA_VALUE_LEN)))
}

/// TABLE: what a public key has of its private one where the template says nothing (section 6.43.8): its attribute, and the
/// private key's.
const FROM_PRIVATE_KEY: [(AttributeType, AttributeType); 11] = [
    (CKA_ENCRYPT, CKA_DECRYPT),
    (CKA_VERIFY, CKA_SIGN),
    (CKA_VERIFY_RECOVER, CKA_SIGN_RECOVER),
    (CKA_WRAP, CKA_UNWRAP),
    // The section is older than encapsulation.
    (CKA_ENCAPSULATE, CKA_DECAPSULATE),
    (CKA_DERIVE, CKA_DERIVE),
    (CKA_ID, CKA_ID),
    (CKA_START_DATE, CKA_START_DATE),
    (CKA_END_DATE, CKA_END_DATE),
    (CKA_SUBJECT, CKA_SUBJECT),
    (CKA_ALLOWED_MECHANISMS, CKA_ALLOWED_MECHANISMS),
];

/// `C_DeriveKey` that makes the public key of a private one (section 6.43.8): what the template leaves out is as the private
/// key has it, and the key cannot be destroyed but with its session.
///
/// # Errors
/// Those of the module.
pub fn derived_public(base: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    let mut template = joined(&[base], CKA_DERIVE_TEMPLATE, template);
    let is_sent =
        |template: &Template, attribute| template.iter().any(|entry| entry.attribute_type == attribute);
    let mut copied = Attributes::new();
    for (attribute, of_private) in FROM_PRIVATE_KEY {
        if let (false, Some(value)) = (is_sent(&template, attribute), base.value(of_private)) {
            copied.set(attribute, value.clone());
        }
    }
    if !is_sent(&template, CKA_DESTROYABLE) {
        copied.set(CKA_DESTROYABLE, AttributeValue::Bool(false));
    }
    template.extend(as_sent(&copied));
    let making = Making {
        class: Said::Insists(CKO_PUBLIC_KEY),
        key_type: base.key_type().map_or(Said::Nothing, Said::Insists),
        ..Making::from_outside(Event::Derived)
    };
    let mut key = making.make(template, caller)?;
    if let Some(mechanism) = base.value(CKA_KEY_GEN_MECHANISM) {
        key.set(CKA_KEY_GEN_MECHANISM, mechanism.clone());
    }
    Ok(key)
}

/// Adds what the key itself brings: the components that a mechanism made, or what completing an imported key gave.
/// To be called for every object made, with nothing for those that are no keys.
///
/// An encoding that the family chose replaces the one sent. `CKA_CHECK_VALUE` sent empty asks for none, and one that
/// nobody computed is dropped, as section 4.11 asks of a token that does not support it. An attribute that no table
/// gives the object is kept for the family and never shown.
///
/// # Errors
/// [`Error::AttributeValueInvalid`] for a `CKA_CHECK_VALUE` or a `CKA_PUBLIC_KEY_INFO` that is not this key's;
/// [`Error::TemplateInconsistent`] for a number that is not, such as a length; [`Error::AttributeTypeInvalid`] for a
/// `CKA_PUBLIC_KEY_INFO` that could not be compared (section 4.10). `attributes` is then as before.
pub fn add_material(attributes: &mut Attributes, material: Attributes) -> Result<()> {
    let mut complete = attributes.clone();
    for (attribute_type, value) in material.iter() {
        if replaces(attribute_type, complete.value(attribute_type), value)? {
            complete.set(attribute_type, value.clone());
        }
    }
    let sent = |attribute| complete.bytes(attribute).is_some_and(|sent| !sent.is_empty());
    let unverified = |attribute| material.value(attribute).is_none() && sent(attribute);
    let is_pair = matches!(complete.class(), Some(CKO_PUBLIC_KEY | CKO_PRIVATE_KEY));
    if is_pair && unverified(CKA_PUBLIC_KEY_INFO) {
        return Err(Error::AttributeTypeInvalid(CKA_PUBLIC_KEY_INFO));
    }
    if unverified(CKA_CHECK_VALUE) || !sent(CKA_CHECK_VALUE) {
        complete.remove(CKA_CHECK_VALUE);
    }
    let has_length = Shape::of(&complete).is_some_and(|shape| shape.row(CKA_VALUE_LEN).is_some());
    if let (true, Some(value)) = (has_length, complete.bytes(CKA_VALUE)) {
        let length = AttributeValue::Ulong(value.len() as u64);
        put(&mut complete, CKA_VALUE_LEN, length)?;
    }
    *attributes = complete;
    Ok(())
}

/// Whether material takes the place of what a template or a default gave.
fn replaces(
    attribute_type: AttributeType,
    before: Option<&AttributeValue>,
    material: &AttributeValue,
) -> Result<bool> {
    let Some(before) = before else { return Ok(true) };
    let is_empty = matches!(before, AttributeValue::Bytes(bytes) if bytes.is_empty());
    match (attribute_type, before) {
        (_, same) if same == material => Ok(false),
        (CKA_CHECK_VALUE, _) if is_empty => Ok(false),
        (CKA_PUBLIC_KEY_INFO, _) if is_empty => Ok(true),
        (CKA_CHECK_VALUE | CKA_PUBLIC_KEY_INFO, _) => Err(Error::AttributeValueInvalid(attribute_type)),
        (_, AttributeValue::Bytes(_)) => Ok(true),
        _ => Err(Error::TemplateInconsistent("the key is not what the template says")),
    }
}

/// The templates that keys prescribe, before the one that was sent: a difference is a conflict as between any two.
fn joined(keys: &[&Attributes], attribute: AttributeType, sent: Template) -> Template {
    let prescribed = keys.iter().filter_map(|key| match key.value(attribute) {
        Some(AttributeValue::Template(prescribed)) => Some(as_sent(prescribed)),
        _ => None,
    });
    prescribed.flatten().chain(sent).collect()
}

const ANOTHER_KIND: Error = Error::TemplateInconsistent("another class or key type than the function makes");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Created,
    Generated,
    Unwrapped,
    Derived,
}

impl Event {
    /// The footnote of attributes that the template must hold.
    fn required(self) -> Option<u8> {
        match self {
            Self::Created => Some(1),
            Self::Generated => Some(3),
            Self::Unwrapped => Some(5),
            Self::Derived => None,
        }
    }

    /// The footnote of attributes that it must not hold.
    fn forbidden(self) -> u8 {
        match self {
            Self::Created => 2,
            Self::Generated | Self::Derived => 4,
            Self::Unwrapped => 6,
        }
    }
}

/// What function and mechanism say of class or key type beside the template.
#[derive(Clone, Copy)]
enum Said {
    /// The template must.
    Nothing,
    /// Holds where the template says nothing.
    Suggests(u64),
    /// The template may say nothing else.
    Insists(u64),
}

impl Said {
    fn or_sent(self, template: &Template, attribute: AttributeType) -> Result<u64> {
        let mut sent = Attributes::new();
        for entry in template.iter().filter(|entry| entry.attribute_type == attribute) {
            put(&mut sent, attribute, typed(entry.clone(), Form::Ulong)?)?;
        }
        match (sent.ulong(attribute), self) {
            (Some(sent), Self::Insists(said)) if sent != said => Err(ANOTHER_KIND),
            (Some(sent), _) => Ok(sent),
            (None, Self::Suggests(said) | Self::Insists(said)) => Ok(said),
            (None, Self::Nothing) => Err(Error::TemplateIncomplete(attribute)),
        }
    }
}

/// All that decides on a new object beside its template.
struct Making {
    event: Event,
    class: Said,
    key_type: Said,
    /// The mechanism that generated the key here.
    mechanism: Option<MechanismType>,
    /// Whether the material was sensitive and unextractable up to now.
    always_sensitive: bool,
    never_extractable: bool,
    /// Whether the object must be sensitive, and must not be extractable.
    sensitive: bool,
    unextractable: bool,
    /// Whether only a trusted key may wrap it, and whether it must be private.
    wraps_with_trusted: bool,
    private: bool,
}

impl Making {
    fn from_outside(event: Event) -> Self {
        Self {
            event,
            class: Said::Nothing,
            key_type: Said::Nothing,
            mechanism: None,
            always_sensitive: false,
            never_extractable: false,
            sensitive: false,
            unextractable: false,
            wraps_with_trusted: false,
            private: false,
        }
    }

    fn generated(class: ObjectClass, key_type: KeyType, mechanism: MechanismType) -> Self {
        Self {
            class: Said::Insists(class),
            key_type: Said::Insists(key_type),
            mechanism: Some(mechanism),
            always_sensitive: true,
            never_extractable: true,
            ..Self::from_outside(Event::Generated)
        }
    }

    fn make(&self, template: Template, caller: Caller) -> Result<Attributes> {
        let shape = self.shape(&template)?;
        let mut object = self.sent(shape, template, caller)?;
        self.impose(shape, &mut object)?;
        for row in shape.rows().filter(|row| row.left_out != LeftOut::Computed) {
            self.fill(shape, row, &mut object)?;
        }
        for row in shape.rows().filter(|row| row.left_out == LeftOut::Computed) {
            if let Some(value) = self.computed(row.attribute_type, &object) {
                object.set(row.attribute_type, value);
            }
        }
        agree(&object)?;
        may_make(&object, caller)?;
        Ok(object)
    }

    /// The kind of object that is made.
    fn shape(&self, template: &Template) -> Result<&'static Shape> {
        let class = self.class.or_sent(template, CKA_CLASS)?;
        let unknown = Error::AttributeValueInvalid(CKA_CLASS);
        let Some((subtype, _)) = Shape::of_class(class).next().ok_or(unknown)?.subtype else {
            return Shape::of_class(class).next().ok_or(Error::Bug("a class without a shape"));
        };
        let said = if subtype == CKA_KEY_TYPE { self.key_type } else { Said::Nothing };
        let kind = said.or_sent(template, subtype)?;
        Shape::of_class(class)
            .find(|shape| shape.subtype == Some((subtype, kind)))
            .ok_or(Error::AttributeValueInvalid(subtype))
    }

    /// What the template says, each attribute once, with class and kind added.
    fn sent(&self, shape: &Shape, template: Template, caller: Caller) -> Result<Attributes> {
        let mut object = Attributes::new();
        object.set_ulong(CKA_CLASS, shape.class);
        if let Some((attribute, kind)) = shape.subtype {
            object.set_ulong(attribute, kind);
        }
        for entry in template {
            let attribute_type = entry.attribute_type;
            let row = shape.row(attribute_type).ok_or(Error::AttributeTypeInvalid(attribute_type))?;
            if row.left_out == LeftOut::Computed || row.says(self.event.forbidden()) {
                return Err(Error::AttributeReadOnly(attribute_type));
            }
            let value = typed(entry, row.form)?;
            if row.says(10) && value == AttributeValue::Bool(true) && !caller.officer {
                return Err(Error::AttributeReadOnly(attribute_type));
            }
            put(&mut object, attribute_type, value)?;
        }
        Ok(object)
    }

    /// The protection that is handed on.
    fn impose(&self, shape: &Shape, object: &mut Attributes) -> Result<()> {
        let protection = [
            (self.sensitive, CKA_SENSITIVE, true),
            (self.unextractable, CKA_EXTRACTABLE, false),
            (self.wraps_with_trusted, CKA_WRAP_WITH_TRUSTED, true),
            (self.private, CKA_PRIVATE, true),
        ];
        for (_, attribute, value) in protection.into_iter().filter(|(imposed, ..)| *imposed) {
            if shape.row(attribute).is_some() {
                put(object, attribute, AttributeValue::Bool(value))?;
            }
        }
        Ok(())
    }

    /// What the template leaves out.
    fn fill(&self, shape: &Shape, row: &Row, object: &mut Attributes) -> Result<()> {
        if object.value(row.attribute_type).is_some() {
            return Ok(());
        }
        if self.event.required().is_some_and(|footnote| row.says(footnote)) {
            return Err(Error::TemplateIncomplete(row.attribute_type));
        }
        let value = match row.left_out {
            LeftOut::Absent | LeftOut::Computed => return Ok(()),
            LeftOut::True => AttributeValue::Bool(true),
            LeftOut::False => AttributeValue::Bool(false),
            LeftOut::IfSecret => AttributeValue::Bool(shape.is_secret()),
            LeftOut::IfAble => AttributeValue::Bool(shape.can.contains(&row.attribute_type)),
            LeftOut::IfUnwrapped => AttributeValue::Bool(self.event == Event::Unwrapped),
            LeftOut::Number(number) => AttributeValue::Ulong(number),
            LeftOut::Octets(octets) => AttributeValue::Bytes(Secret::from(octets)),
            LeftOut::Empty => match row.form {
                Form::Ulongs => AttributeValue::Ulongs(Vec::new()),
                Form::Template => AttributeValue::Template(Attributes::new()),
                _ => AttributeValue::Bytes(Secret::default()),
            },
        };
        object.set(row.attribute_type, value);
        Ok(())
    }

    /// What the token says of a new object; `CKA_UNIQUE_ID` comes with its row.
    fn computed(&self, attribute: AttributeType, object: &Attributes) -> Option<AttributeValue> {
        match attribute {
            CKA_LOCAL => Some(AttributeValue::Bool(self.mechanism.is_some())),
            CKA_KEY_GEN_MECHANISM => {
                Some(AttributeValue::Ulong(self.mechanism.unwrap_or(CK_UNAVAILABLE_INFORMATION)))
            }
            CKA_ALWAYS_SENSITIVE => {
                Some(AttributeValue::Bool(self.always_sensitive && object.is(CKA_SENSITIVE)))
            }
            CKA_NEVER_EXTRACTABLE => {
                Some(AttributeValue::Bool(self.never_extractable && !object.is(CKA_EXTRACTABLE)))
            }
            CKA_OBJECT_VALIDATION_FLAGS => Some(AttributeValue::Ulong(0)),
            _ => None,
        }
    }
}
