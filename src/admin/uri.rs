//! `pkcs11:` URIs (RFC 7512), by which other programs name tokens and objects.

use std::path::PathBuf;

use pkcs11::ObjectClass;
use pkcs11::constants as c;

use crate::choice::nearest;

/// What a URI says; what it leaves out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uri {
    pub(crate) token: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) slot: Option<u64>,
    pub(crate) label: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) class: Option<ObjectClass>,
    /// Where the PIN is, if it is a file.
    pub(crate) pin_file: Option<PathBuf>,
}

/// The values of `type` (RFC 7512 section 2.3).
const CLASSES: &[(&str, ObjectClass)] = &[
    ("private", c::CKO_PRIVATE_KEY),
    ("public", c::CKO_PUBLIC_KEY),
    ("secret-key", c::CKO_SECRET_KEY),
    ("cert", c::CKO_CERTIFICATE),
    ("data", c::CKO_DATA),
];

/// The attributes of a path that are understood here, and those of a query.
const NAMES: &[&str] = &[
    "token",
    "serial",
    "manufacturer",
    "model",
    "slot-id",
    "object",
    "id",
    "type",
    "pin-source",
    "module-name",
    "module-path",
];

impl Uri {
    /// Reads a URI.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"))
            .and_then(|scheme| text.strip_prefix(scheme))
            .ok_or("a URI of an object begins with pkcs11:")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        let mut seen = Vec::new();
        for part in path.split(';').chain(query.split('&')).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("\"{part}\" has no value"))?;
            if seen.contains(&name) {
                return Err(format!("\"{name}\" is given twice"));
            }
            seen.push(name);
            uri.set(name, value)?;
        }
        Ok(uri)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = || {
            String::from_utf8(decoded(value)?).map_err(|_| format!("the value of \"{name}\" is not UTF-8"))
        };
        match name {
            "token" => self.token = Some(text()?),
            "serial" => self.serial = Some(text()?),
            "manufacturer" => self.manufacturer = Some(text()?),
            "model" => self.model = Some(text()?),
            "slot-id" => {
                let number = value.parse().map_err(|_| "the value of \"slot-id\" is a number".to_owned())?;
                self.slot = Some(number);
            }
            "object" => self.label = Some(text()?),
            "id" => self.id = Some(decoded(value)?),
            "type" => {
                let row = CLASSES.iter().find(|(word, _)| *word == value);
                let words = || CLASSES.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                let (_, class) = row.ok_or_else(|| format!("the value of \"type\" is one of {}", words()))?;
                self.class = Some(*class);
            }
            "pin-source" => {
                let source = text()?;
                let path = source.strip_prefix("file:").unwrap_or(&source);
                if path.starts_with('|') {
                    return Err("a PIN is read from a file, not from a program".to_owned());
                }
                self.pin_file = Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)));
            }
            "pin-value" => {
                return Err("a PIN is never an argument, which every user of the machine can read".to_owned());
            }
            // This is the library.
            "module-name" | "module-path" => {}
            unknown => {
                let meant = nearest(unknown, NAMES.iter().copied());
                let meant = meant.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
                return Err(format!("\"{unknown}\" is not understood here{meant}"));
            }
        }
        Ok(())
    }
}

/// Takes percent-encoding off.
fn decoded(value: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut left = value.bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(left.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let both = digit().zip(digit());
        let (high, low) = both.ok_or("after % come two hexadecimal digits")?;
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

/// The URI of an object, with what names it best.
pub(crate) fn of_object(token: &str, serial: &str, class: ObjectClass, label: &str, id: &[u8]) -> String {
    let mut uri = format!("pkcs11:token={};serial={}", encoded(token.as_bytes()), encoded(serial.as_bytes()));
    if !id.is_empty() {
        uri.push_str(";id=");
        uri.extend(id.iter().map(|byte| format!("%{byte:02X}")));
    }
    if !label.is_empty() {
        uri.push_str(&format!(";object={}", encoded(label.as_bytes())));
    }
    if let Some((word, _)) = CLASSES.iter().find(|(_, known)| *known == class) {
        uri.push_str(&format!(";type={word}"));
    }
    uri
}

fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    bytes
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_says_token_object_id_type_and_where_the_pin_is() {
        let uri = "pkcs11:token=The%20token;object=web;id=%01a%FF;type=private?pin-source=file:/run/pin";
        let read = Uri::parse(uri).unwrap();
        assert_eq!(read.token.as_deref(), Some("The token"));
        assert_eq!(read.label.as_deref(), Some("web"));
        assert_eq!(read.id.as_deref(), Some(b"\x01a\xff".as_slice()));
        assert_eq!(read.class, Some(c::CKO_PRIVATE_KEY));
        assert_eq!(read.pin_file, Some(PathBuf::from("/run/pin")));
        assert_eq!(Uri::parse("PKCS11:slot-id=7").unwrap().slot, Some(7));
        assert_eq!(Uri::parse("pkcs11:").unwrap(), Uri::default());
    }

    #[test]
    fn a_uri_that_is_written_is_read_back() {
        let text = of_object("a;b", "00ff", c::CKO_CERTIFICATE, "größer", &[0, 0x25]);
        let read = Uri::parse(&text).unwrap();
        assert_eq!((read.token.as_deref(), read.serial.as_deref()), (Some("a;b"), Some("00ff")));
        assert_eq!((read.label.as_deref(), read.id), (Some("größer"), Some(vec![0, 0x25])));
        assert_eq!(read.class, Some(c::CKO_CERTIFICATE));
    }

    #[test]
    fn what_is_wrong_with_a_uri_is_said() {
        let refused = [
            ("http://x", "begins with pkcs11:"),
            ("pkcs1", "begins with pkcs11:"),
            ("pkcs11:object", "\"object\" has no value"),
            ("pkcs11:object=a;object=b", "\"object\" is given twice"),
            ("pkcs11:objct=a", "did you mean \"object\"?"),
            ("pkcs11:id=%4", "two hexadecimal digits"),
            ("pkcs11:type=key", "private, public"),
            ("pkcs11:object=%FF", "not UTF-8"),
            ("pkcs11:?pin-value=1234", "never an argument"),
            ("pkcs11:?pin-source=|cat", "not from a program"),
        ];
        for (text, words) in refused {
            let told = Uri::parse(text).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}
