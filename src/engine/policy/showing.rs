//! What objects show: to `C_GetAttributeValue`, and to searches.

use pkcs11::constants::{CKA_EXTRACTABLE, CKA_SENSITIVE};
use pkcs11::{AttributeType, AttributeValue, Attributes, Reveal, Template};

use super::attributes::{Shape, form_of};
use super::values::{put, typed};

/// What may be told of one attribute of an object that the caller sees.
///
/// Footnote 7 hides before anything else is asked, so nothing tells whether a hidden attribute is there. What no
/// table gives such an object is shown to nobody.
///
/// PKCS#11 v3.2 section 5.7.5.
#[must_use]
pub fn revealed(object: &Attributes, attribute_type: AttributeType) -> Reveal {
    match shown(object, attribute_type) {
        Ok(value) => Reveal::Value(value.clone()),
        Err(refusal) => refusal,
    }
}

fn shown(object: &Attributes, attribute_type: AttributeType) -> Result<&AttributeValue, Reveal> {
    let shape = Shape::of(object).ok_or(Reveal::Invalid)?;
    let row = shape.row(attribute_type).ok_or(Reveal::Invalid)?;
    if row.says(7) && (object.is(CKA_SENSITIVE) || !object.is(CKA_EXTRACTABLE)) {
        return Err(Reveal::Sensitive);
    }
    object.value(attribute_type).ok_or(Reveal::Invalid)
}

/// The values that a search compares with; `None` when no object can have them: an attribute that no object has, a
/// length that its type never has, two values for one. Section 5.7.7 leaves the choice between that and an error; a
/// search goes on because clients ask every token for attributes of some vendor.
#[must_use]
pub fn searched(template: Template) -> Option<Attributes> {
    let mut wanted = Attributes::new();
    for entry in template {
        let attribute_type = entry.attribute_type;
        let value = typed(entry, form_of(attribute_type)?).ok()?;
        put(&mut wanted, attribute_type, value).ok()?;
    }
    Some(wanted)
}

/// Whether an object has every wanted value. What the object does not reveal matches nothing, so a search cannot
/// try values.
///
/// `CKA_WRAP_TEMPLATE` is compared by the same rule (section 5.18.3).
#[must_use]
pub fn matches(object: &Attributes, wanted: &Attributes) -> bool {
    wanted.iter().all(|(attribute_type, value)| shown(object, attribute_type) == Ok(value))
}
