//! `claviger object show`

use std::collections::BTreeMap;

use clap::Args;
use pkcs11::constants as c;
use pkcs11::{AttributeType, AttributeValue};
use serde::Serialize;
use serde_json::Value;

use super::{Found, ObjectChoice, Shown, attributes, hexadecimal, word};
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::screen::Tone;
use crate::session::{UserSession, Window};
use crate::show::printable;
use crate::token::write_json;
use crate::uri;

/// Shows one object.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    object: ObjectChoice,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, self.object.uri())?;
        let found = self.object.one(&session, "object", &[])?;
        let detail = Detail::read(&session, &found)?;
        if self.json {
            return write_json(stage.out, &detail);
        }
        show(&detail, stage)
    }
}

/// What is shown of every object that has it: nothing that is a key's value.
const SHOWN: &[AttributeType] = &[
    c::CKA_CLASS,
    c::CKA_KEY_TYPE,
    c::CKA_CERTIFICATE_TYPE,
    c::CKA_LABEL,
    c::CKA_ID,
    c::CKA_UNIQUE_ID,
    c::CKA_TOKEN,
    c::CKA_PRIVATE,
    c::CKA_MODIFIABLE,
    c::CKA_COPYABLE,
    c::CKA_DESTROYABLE,
    c::CKA_SENSITIVE,
    c::CKA_ALWAYS_SENSITIVE,
    c::CKA_EXTRACTABLE,
    c::CKA_NEVER_EXTRACTABLE,
    c::CKA_WRAP_WITH_TRUSTED,
    c::CKA_ALWAYS_AUTHENTICATE,
    c::CKA_TRUSTED,
    c::CKA_LOCAL,
    c::CKA_KEY_GEN_MECHANISM,
    c::CKA_SIGN,
    c::CKA_SIGN_RECOVER,
    c::CKA_VERIFY,
    c::CKA_VERIFY_RECOVER,
    c::CKA_ENCRYPT,
    c::CKA_DECRYPT,
    c::CKA_WRAP,
    c::CKA_UNWRAP,
    c::CKA_DERIVE,
    c::CKA_ENCAPSULATE,
    c::CKA_DECAPSULATE,
    c::CKA_ALLOWED_MECHANISMS,
    c::CKA_START_DATE,
    c::CKA_END_DATE,
    c::CKA_MODULUS_BITS,
    c::CKA_PUBLIC_EXPONENT,
    c::CKA_EC_PARAMS,
    c::CKA_PARAMETER_SET,
    c::CKA_VALUE_LEN,
    c::CKA_CHECK_VALUE,
    c::CKA_SUBJECT,
    c::CKA_ISSUER,
    c::CKA_SERIAL_NUMBER,
    c::CKA_PUBLIC_KEY_INFO,
    c::CKA_APPLICATION,
    c::CKA_OBJECT_ID,
    c::CKA_URL,
];

/// Those that hold text.
const TEXTS: &[AttributeType] =
    &[c::CKA_LABEL, c::CKA_UNIQUE_ID, c::CKA_APPLICATION, c::CKA_URL, c::CKA_START_DATE, c::CKA_END_DATE];

/// Those whose number has a name, and how such names begin.
const NAMED: &[(AttributeType, &str)] = &[
    (c::CKA_CLASS, "CKO_"),
    (c::CKA_KEY_TYPE, "CKK_"),
    (c::CKA_CERTIFICATE_TYPE, "CKC_"),
    (c::CKA_KEY_GEN_MECHANISM, "CKM_"),
];

/// Words for what a person looks for first.
const USES: &[AttributeType] = &[
    c::CKA_SIGN,
    c::CKA_VERIFY,
    c::CKA_ENCRYPT,
    c::CKA_DECRYPT,
    c::CKA_WRAP,
    c::CKA_UNWRAP,
    c::CKA_DERIVE,
    c::CKA_ENCAPSULATE,
    c::CKA_DECAPSULATE,
];

/// An object in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    shown: Shown,
    uri: String,
    /// What a key may do: `sign`.
    usage: Vec<String>,
    /// By the standard's names: numbers that have a name as that, bytes in hexadecimal.
    attributes: BTreeMap<&'static str, Value>,
    #[serde(skip)]
    described: String,
}

impl Detail {
    /// Reads what there is to tell of an object.
    pub(crate) fn read(session: &UserSession, found: &Found) -> Result<Self> {
        let told = attributes(session, found.handle, SHOWN)?;
        let named = SHOWN.iter().filter_map(|attribute| {
            let told = value(*attribute, told.value(*attribute)?);
            let set = found.parameter_set().filter(|_| *attribute == c::CKA_PARAMETER_SET);
            Some((c::name("CKA_", *attribute)?, set.map_or(told, Value::from)))
        });
        let usage = USES.iter().filter(|attribute| told.is(**attribute));
        let (label, id) = (found.label(), found.attributes.bytes(c::CKA_ID).unwrap_or_default());
        let (info, class) = (&session.info, found.attributes.class().unwrap_or_default());
        Ok(Self {
            shown: found.shown(),
            uri: uri::of_object(&info.label, &info.serial_number, class, &label, id),
            usage: usage.map(|attribute| word(c::name("CKA_", *attribute), *attribute)).collect(),
            attributes: named.collect(),
            described: found.described(),
        })
    }
}

fn value(attribute: AttributeType, value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(yes) => Value::from(*yes),
        AttributeValue::Ulong(number) => {
            let prefix = NAMED.iter().find(|(named, _)| *named == attribute).map(|(_, prefix)| *prefix);
            match prefix.and_then(|prefix| c::name(prefix, *number)) {
                Some(name) => Value::from(name),
                None => Value::from(*number),
            }
        }
        AttributeValue::Bytes(bytes) if TEXTS.contains(&attribute) => {
            Value::from(String::from_utf8_lossy(bytes.expose()).into_owned())
        }
        AttributeValue::Bytes(bytes) => Value::from(hexadecimal(bytes.expose())),
        AttributeValue::Ulongs(numbers) => numbers
            .iter()
            .map(|number| c::name("CKM_", *number).map_or(Value::from(*number), Value::from))
            .collect(),
        AttributeValue::Template(template) => Value::from(format!("{} attributes", template.len())),
    }
}

/// Shows an object to a person.
pub(crate) fn show(detail: &Detail, stage: &mut Stage<'_>) -> Result<()> {
    let screen = stage.screen;
    writeln!(stage.out, "{}", screen.paint(Tone::Heading, &printable(&detail.described)))?;
    let lines = [("uri", detail.uri.clone()), ("may", detail.usage.join(", "))];
    let named = lines.into_iter().filter(|(_, words)| !words.is_empty());
    let attributes = detail.attributes.iter().map(|(name, value)| (*name, plain(value)));
    for (name, words) in named.chain(attributes) {
        let words = printable(&words).into_owned();
        writeln!(stage.out, "  {name:24}{}", if words.is_empty() { "-" } else { &words })?;
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
