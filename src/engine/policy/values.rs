//! From values as sent to typed values.

use pkcs11::{Attribute, AttributeType, AttributeValue, Attributes, Error, RawValue, Result, Secret};

use super::attributes::{Form, may_prescribe};

/// How deep templates may lie in one another: an unwrapping key's template may give its keys a template of their own.
pub const MAX_DEPTH: usize = 4;

/// Reads a value in the form that its table gives.
///
/// A `CK_BBOOL` is one byte of value 0 or 1, since the standard knows no other; so a flag that a caller filled with
/// the wrong type is refused, not guessed at. A big integer loses its leading zeros.
///
/// # Errors
/// [`Error::AttributeValueInvalid`]; for entries of a template also those of [`may_prescribe`] and
/// [`Error::TemplateInconsistent`].
pub fn typed(attribute: Attribute, form: Form) -> Result<AttributeValue> {
    typed_within(attribute, form, 0)
}

fn typed_within(attribute: Attribute, form: Form, depth: usize) -> Result<AttributeValue> {
    let attribute_type = attribute.attribute_type;
    let invalid = Error::AttributeValueInvalid(attribute_type);
    let bytes = match (form, attribute.value) {
        (Form::Template, RawValue::Template(template)) => {
            if depth == MAX_DEPTH {
                return Err(invalid);
            }
            return nested(attribute_type, template, depth + 1).map(AttributeValue::Template);
        }
        (Form::Template, RawValue::Bytes(bytes)) if bytes.is_empty() => {
            return Ok(AttributeValue::Template(Attributes::new()));
        }
        (Form::Template, _) | (_, RawValue::Template(_)) => return Err(invalid),
        (_, RawValue::Bytes(bytes)) => bytes,
    };
    from_bytes(bytes, form).ok_or(invalid)
}

fn from_bytes(bytes: Secret, form: Form) -> Option<AttributeValue> {
    let words =
        || bytes.expose().chunks_exact(8).filter_map(|word| word.try_into().ok().map(u64::from_ne_bytes));
    match form {
        Form::Bool => match bytes.expose() {
            [0] => Some(AttributeValue::Bool(false)),
            [1] => Some(AttributeValue::Bool(true)),
            _ => None,
        },
        Form::Ulong => bytes.expose().try_into().ok().map(u64::from_ne_bytes).map(AttributeValue::Ulong),
        Form::Ulongs => bytes.len().is_multiple_of(8).then(|| AttributeValue::Ulongs(words().collect())),
        Form::Bytes => Some(AttributeValue::Bytes(bytes)),
        Form::Text => std::str::from_utf8(bytes.expose()).is_ok().then_some(AttributeValue::Bytes(bytes)),
        Form::Date => is_date(bytes.expose()).then_some(AttributeValue::Bytes(bytes)),
        Form::BigInteger => big_integer(&bytes).map(AttributeValue::Bytes),
        Form::Template => None,
    }
}

fn nested(within: AttributeType, template: Vec<Attribute>, depth: usize) -> Result<Attributes> {
    let mut attributes = Attributes::new();
    for entry in template {
        let attribute_type = entry.attribute_type;
        let form = may_prescribe(within, attribute_type)?;
        put(&mut attributes, attribute_type, typed_within(entry, form, depth)?)?;
    }
    Ok(attributes)
}

/// Adds what a template says. To say the same twice is to say it once (section 4.1.1 encourages that).
///
/// # Errors
/// [`Error::TemplateInconsistent`] for two values of one attribute.
pub fn put(attributes: &mut Attributes, attribute_type: AttributeType, value: AttributeValue) -> Result<()> {
    match attributes.value(attribute_type) {
        Some(before) if *before != value => Err(Error::TemplateInconsistent("two values for one attribute")),
        Some(_) => Ok(()),
        None => {
            attributes.set(attribute_type, value);
            Ok(())
        }
    }
}

/// Typed attributes as an application would send them, to be read again as part of a template.
#[must_use]
pub fn as_sent(attributes: &Attributes) -> Vec<Attribute> {
    let sent = |value: &AttributeValue| match value {
        AttributeValue::Template(nested) => RawValue::Template(as_sent(nested)),
        flat => RawValue::Bytes(flat.to_native().unwrap_or_default()),
    };
    attributes
        .iter()
        .map(|(attribute_type, value)| Attribute { attribute_type, value: sent(value) })
        .collect()
}

fn big_integer(bytes: &Secret) -> Option<Secret> {
    let leading = bytes.expose().iter().take_while(|byte| **byte == 0).count();
    if bytes.is_empty() {
        return None;
    }
    // Zero keeps one byte.
    bytes.expose().get(leading.min(bytes.len() - 1)..).map(Secret::from)
}

/// Whether these are a `CK_DATE`: nothing, or year, month and day of a day that was or will be (section 3.4).
fn is_date(bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return true;
    }
    if bytes.len() != 8 || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = bytes.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year >= 1900 && (1..=days).contains(&day)
}
