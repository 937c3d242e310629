//! The events that change an object: `C_SetAttributeValue`, and `C_CopyObject`, which changes a copy.

use pkcs11::constants::{
    CKA_COPYABLE, CKA_MODIFIABLE, CKA_PRIVATE, CKA_PUBLIC_KEY_INFO, CKA_TRUSTED, CKA_UNIQUE_ID,
    CKO_CERTIFICATE,
};
use pkcs11::{AttributeValue, Attributes, Error, Result, Template};

use super::access::{Caller, may_change, may_make};
use super::agreeing::agree;
use super::attributes::{LeftOut, Row, Shape};
use super::values::{put, typed};

/// `C_SetAttributeValue`: the object as it is to be, all of the template or nothing of it.
///
/// # Errors
/// Those of [`may_change`]; [`Error::ActionProhibited`] for an object that is not modifiable and for a trusted
/// certificate (section 4.6); [`Error::AttributeReadOnly`], [`Error::AttributeTypeInvalid`],
/// [`Error::AttributeValueInvalid`], [`Error::TemplateInconsistent`].
///
/// PKCS#11 v3.2 section 5.7.6.
pub fn changed(object: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    may_change(object, caller)?;
    if !object.is(CKA_MODIFIABLE) {
        return Err(Error::ActionProhibited("CKA_MODIFIABLE is FALSE"));
    }
    if object.class() == Some(CKO_CERTIFICATE) && object.is(CKA_TRUSTED) {
        return Err(Error::ActionProhibited("a trusted certificate cannot be modified"));
    }
    let changed = applied(object.clone(), template, Event::Changed, caller)?;
    agree(&changed).map_err(|error| match error {
        Error::TemplateIncomplete(_) => Error::TemplateInconsistent("the object would lack what it needs"),
        other => other,
    })?;
    Ok(changed)
}

/// `C_CopyObject`: the attributes of the copy, which the engine gives its `CKA_UNIQUE_ID`.
///
/// A copy is trusted only where an officer's template says so, since trust is given to one unique id. A private
/// object has no public copy: that would move it out of the user's vault.
///
/// # Errors
/// [`Error::ActionProhibited`] for an object that is not copyable; those of [`may_make`] for the copy;
/// [`Error::AttributeReadOnly`], [`Error::AttributeTypeInvalid`], [`Error::AttributeValueInvalid`],
/// [`Error::TemplateInconsistent`].
///
/// PKCS#11 v3.2 sections 4.1.3 and 5.7.2.
pub fn copied(source: &Attributes, template: Template, caller: Caller) -> Result<Attributes> {
    if !source.is(CKA_COPYABLE) {
        return Err(Error::ActionProhibited("CKA_COPYABLE is FALSE"));
    }
    let mut copy = source.clone();
    copy.remove(CKA_UNIQUE_ID);
    if copy.is(CKA_TRUSTED) {
        copy.set_bool(CKA_TRUSTED, false);
    }
    let copy = applied(copy, template, Event::Copied, caller)?;
    if source.is(CKA_PRIVATE) && !copy.is(CKA_PRIVATE) {
        return Err(Error::TemplateInconsistent("a private object has no public copy"));
    }
    agree(&copy)?;
    may_make(&copy, caller)?;
    Ok(copy)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Changed,
    Copied,
}

fn applied(mut object: Attributes, template: Template, event: Event, caller: Caller) -> Result<Attributes> {
    let shape = Shape::of(&object).ok_or(Error::Bug("an object of no known shape"))?;
    let mut news = Attributes::new();
    for entry in template {
        let attribute_type = entry.attribute_type;
        let row = shape.row(attribute_type).ok_or(Error::AttributeTypeInvalid(attribute_type))?;
        if !may_move(row, event) {
            return Err(Error::AttributeReadOnly(attribute_type));
        }
        let value = typed(entry, row.form)?;
        step(row, object.value(attribute_type), &value, caller)?;
        put(&mut news, attribute_type, value)?;
    }
    object.extend(news);
    let destroyed =
        |row: &&Row| row.says(42) && object.bytes(row.attribute_type).is_some_and(<[u8]>::is_empty);
    if let Some(row) = shape.rows().find(destroyed) {
        object.remove(row.attribute_type);
    }
    Ok(object)
}

/// Whether the table knows a change of this attribute at all. Footnotes 10, 11 and 12 without an 8 leave one
/// direction open.
fn may_move(row: &Row, event: Event) -> bool {
    let in_both = [8, 10, 11, 12, 42].into_iter().any(|footnote| row.says(footnote));
    let in_copies = event == Event::Copied && row.says(41);
    row.left_out != LeftOut::Computed && (in_both || in_copies)
}

/// Whether the attribute may go from one value to another. To set what is there already changes nothing.
fn step(row: &Row, before: Option<&AttributeValue>, after: &AttributeValue, caller: Caller) -> Result<()> {
    if before == Some(after) {
        return Ok(());
    }
    let frozen = (row.says(11) && before == Some(&AttributeValue::Bool(true)))
        || (row.says(12) && before == Some(&AttributeValue::Bool(false)))
        || (row.says(10) && !caller.officer);
    if frozen {
        return Err(Error::AttributeReadOnly(row.attribute_type));
    }
    // Neither can be another's: one is a fingerprint, the other must agree with the key (sections 4.10, 4.11).
    let emptied = matches!(after, AttributeValue::Bytes(bytes) if bytes.is_empty());
    if (row.says(42) && !emptied) || row.attribute_type == CKA_PUBLIC_KEY_INFO {
        return Err(Error::AttributeValueInvalid(row.attribute_type));
    }
    Ok(())
}
