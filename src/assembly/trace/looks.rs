//! What a line of [`super::Traced`] shows of each type: before the call what was sent, after it what was answered.

use pkcs11::administration::{AuditEvent, TokenDetails};
use pkcs11::{
    Access, Attribute, AttributeType, AttributeValue, DerivedKeys, LibraryInfo, Mechanism, MechanismInfo,
    MechanismType, MessageParameters, Messaging, ObjectHandle, RawValue, Reveal, Room, SessionHandle,
    SessionInfo, SlotId, SlotInfo, Template, TokenInfo, UserType,
};

use super::{LONGEST, Public, bytes, handle, listed, named, public};

/// Attributes and items of a list that one line shows, at most.
const MOST: usize = 64;

/// Something that is sent with a call.
pub(super) trait Sent {
    fn look(&self) -> String;
}

/// An answer; nothing where there is nothing to tell.
pub(super) trait Got {
    fn tell(&self) -> String;
}

fn length(len: usize) -> String {
    bytes(u64::try_from(len).unwrap_or(u64::MAX))
}

fn all(items: impl ExactSizeIterator<Item = String>) -> String {
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    listed(&items.take(MOST).collect::<Vec<_>>(), count)
}

/// TABLE: what is shown of the types that need no more than a line, of those that are sent and those that are answered.
macro_rules! looks {
    ($trait:ident::$method:ident, $($type:ty, $value:ident => $shown:expr;)*) => {
        $(impl $trait for $type {
            fn $method(&self) -> String {
                let $value = self;
                $shown
            }
        })*
    };
}

looks! { Sent::look,
    bool, value => value.to_string();
    u64, value => value.to_string();
    usize, value => value.to_string();
    SlotId, value => handle(value.0);
    SessionHandle, value => handle(value.0);
    ObjectHandle, value => handle(value.0);
    Access, value => access(*value).to_owned();
    UserType, value => user(*value).to_owned();
    &str, value => length(value.len());
    &[u8], value => length(value.len());
    &mut [u8], value => length(value.len());
    &[u8; 32], value => length(value.len());
    Option<&[u8]>, value => value.map_or_else(|| "null".to_owned(), |sent| length(sent.len()));
    Option<[u8; 48]>, value => value.map_or_else(|| "null".to_owned(), |sent| length(sent.len()));
    Mechanism, value => named("CKM_", value.mechanism_type);
    &mut Mechanism, value => named("CKM_", value.mechanism_type);
    Option<Mechanism>, value => value.as_ref().map_or_else(|| "null".to_owned(), Sent::look);
    Template, value => all(value.iter().map(attribute));
    &mut Room<'_>, value => room(value);
    Option<&mut Room<'_>>, value => value.as_deref().map_or_else(|| "null".to_owned(), room);
    &MessageParameters, value => form(value).to_owned();
    &mut MessageParameters, value => form(value).to_owned();
    Messaging, value => format!("{value:?}");
}

looks! { Got::tell,
    (), _value => String::new();
    u64, value => value.to_string();
    usize, value => length(*value);
    Option<MechanismType>, value => value.map_or_else(|| "none".to_owned(), |kind| named("CKM_", kind));
    SlotId, value => handle(value.0);
    SessionHandle, value => handle(value.0);
    ObjectHandle, value => handle(value.0);
    (ObjectHandle, ObjectHandle), value => format!("{}, {}", handle(value.0.0), handle(value.1.0));
    (usize, ObjectHandle), value => format!("{} bytes, {}", value.0, handle(value.1.0));
    Vec<SlotId>, value => all(value.iter().map(|slot| handle(slot.0)));
    Vec<ObjectHandle>, value => all(value.iter().map(|object| handle(object.0)));
    Vec<AuditEvent>, value => format!("{} events", value.len());
    DerivedKeys, value => derived(value);
    TokenDetails, _value => String::new();
    LibraryInfo, value => format!("version {}.{}", value.version.major, value.version.minor);
    SlotInfo, value => format!("flags {:#x}", value.flags);
    TokenInfo, value => format!("flags {:#x}, {} sessions", value.flags, value.sessions);
    SessionInfo, value => format!("slot {}, {:?}", handle(value.slot.0), value.state);
    MechanismInfo, value => {
        format!("sizes {} to {}, flags {:#x}", value.min_key_size, value.max_key_size, value.flags)
    };
}

/// The keys, and how much was told beside them.
fn derived(answer: &DerivedKeys) -> String {
    let key = |key: &Option<ObjectHandle>| key.map_or_else(|| "none".to_owned(), |key| handle(key.0));
    match answer.keys.as_slice() {
        [one] if answer.told.is_empty() => key(one),
        keys => format!("{}, {}", all(keys.iter().map(key)), length(answer.told.len())),
    }
}

/// The form of a message's parameters: what is in them is the application's.
fn form(parameters: &MessageParameters) -> &'static str {
    match parameters {
        MessageParameters::None => "null",
        MessageParameters::Gcm(_) => "CK_GCM_MESSAGE_PARAMS",
        MessageParameters::Ccm(_) => "CK_CCM_MESSAGE_PARAMS",
        MessageParameters::ChaCha20Poly1305(_) => "CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS",
        MessageParameters::Unknown => "of no form",
    }
}

fn access(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "0",
        Access::ReadWrite => "CKF_RW_SESSION",
    }
}

fn user(user: UserType) -> &'static str {
    match user {
        UserType::So => "CKU_SO",
        UserType::User => "CKU_USER",
        UserType::ContextSpecific => "CKU_CONTEXT_SPECIFIC",
    }
}

fn room(room: &Room<'_>) -> String {
    match room {
        Room::Query => "null".to_owned(),
        Room::Buffer(buffer) => format!("room for {}", length(buffer.len())),
    }
}

/// An attribute that is sent, with its length, or with its value if that is public.
fn attribute(attribute: &Attribute) -> String {
    let shown = match &attribute.value {
        RawValue::Template(template) => format!("{} attributes", template.len()),
        RawValue::Bytes(value) => {
            let value = value.expose();
            sent(attribute.attribute_type, value).unwrap_or_else(|| length(value.len()))
        }
    };
    format!("{}: {shown}", named("CKA_", attribute.attribute_type))
}

/// A value as it is sent, in the machine's order, if it is public and can be what it says.
fn sent(attribute: AttributeType, value: &[u8]) -> Option<String> {
    let number = || value.try_into().ok().map(u64::from_ne_bytes);
    match (public(attribute)?, value) {
        (Public::Boolean, [0]) => Some(false.to_string()),
        (Public::Boolean, [1]) => Some(true.to_string()),
        (Public::Boolean, _) => None,
        (shape, _) => shown(&shape, number()?),
    }
}

/// A number without a name could be anything that was put there by mistake.
fn shown(shape: &Public, number: u64) -> Option<String> {
    match shape {
        Public::Name(prefix) => pkcs11::constants::name(prefix, number).map(str::to_owned),
        Public::Number => Some(number).filter(|number| *number <= LONGEST).map(|number| number.to_string()),
        Public::Boolean => None,
    }
}

/// The attributes that are asked for.
pub(super) fn types(types: &[AttributeType]) -> String {
    all(types.iter().map(|asked| named("CKA_", *asked)))
}

/// What was told of each.
pub(super) fn revealed(types: &[AttributeType], told: &[Reveal]) -> String {
    let pairs: Vec<_> = types.iter().zip(told).collect();
    all(pairs.into_iter().map(|(asked, told)| format!("{}: {}", named("CKA_", *asked), one(*asked, told))))
}

fn one(asked: AttributeType, told: &Reveal) -> String {
    match told {
        Reveal::Sensitive => "sensitive".to_owned(),
        Reveal::Invalid => "unavailable".to_owned(),
        Reveal::Value(AttributeValue::Bytes(value)) => length(value.len()),
        Reveal::Value(AttributeValue::Ulongs(values)) => format!("{} values", values.len()),
        Reveal::Value(AttributeValue::Template(template)) => format!("{} attributes", template.len()),
        Reveal::Value(AttributeValue::Bool(value)) => match public(asked) {
            Some(Public::Boolean) => value.to_string(),
            _ => length(size_of_val(value)),
        },
        Reveal::Value(AttributeValue::Ulong(value)) => public(asked)
            .and_then(|shape| shown(&shape, *value))
            .unwrap_or_else(|| length(size_of_val(value))),
    }
}
