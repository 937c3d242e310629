//! `claviger key generate`

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use pkcs11::constants as c;
use pkcs11::{Access, Attribute, Error, Mechanism, ObjectHandle, Parameters};
use serde::Serialize;

use super::kind::{Half, Kind, Use, examples, usage};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::namesakes::Newcomer;
use crate::object::{Found, Id, Shown};
use crate::offered;
use crate::parameter_sets::family_of;
use crate::session::{Door, UserSession};
use crate::show::printable;
use crate::token::write_json;

/// Length of an ID that is made up, in bytes.
const ID: usize = 16;

/// What `--help` tells of `--type`.
fn told() -> String {
    let usual = "What is left out after a colon is the usual: 3072 bits of rsa, P-256 of ec";
    format!("What to make: {}. {usual}", examples().join(", "))
}

/// Makes a key, or a pair of keys, in the token.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    door: Door,
    /// What to make: rsa:BITS (3072 without), ec:CURVE (P-256 without), ed25519, ed448, x25519, x448, ml-dsa-65,
    /// ml-kem-768, slh-dsa-sha2-128s, aes:BITS, camellia:BITS, chacha20, des3, hmac:BYTES, generic:BYTES and more
    #[arg(long = "type", value_name = "TYPE", value_parser = Kind::parse, long_help = told())]
    kind: Kind,
    /// What the key is called
    #[arg(long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    label: String,
    #[command(flatten)]
    about: About,
}

/// What was made, in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Made {
    keys: Vec<Shown>,
    /// What standard error tells beside it.
    warnings: Vec<String>,
}

/// The ID of a new key and what it may do.
#[derive(Clone, Debug, Args)]
pub(super) struct About {
    /// The ID (CKA_ID) by which key and certificate find each other, in hexadecimal; made up if not given
    #[arg(long, value_name = "HEX", value_parser = Id::parse)]
    pub(super) id: Option<Id>,
    /// What the key may do and nothing else, separated by commas; without this, what its type is for
    #[arg(long, value_name = "USES", value_delimiter = ',')]
    pub(super) usage: Vec<Use>,
    /// Let the key leave the token, wrapped by another key
    #[arg(long)]
    pub(super) extractable: bool,
    /// Write JSON, for programs
    #[arg(long)]
    pub(super) json: bool,
}

impl About {
    /// Refuses what a key of this kind cannot do.
    pub(super) fn check(&self, able: &[Use]) -> Result<()> {
        let name = |used: &Use| format!("{used:?}").to_lowercase();
        match self.usage.iter().find(|used| !able.contains(used)) {
            None => Ok(()),
            Some(used) => Err(Failure::Usage(format!(
                "claviger: a key of this type cannot {}\n  what to do: choose --usage among {}\n",
                name(used),
                able.iter().map(name).collect::<Vec<_>>().join(",")
            ))),
        }
    }

    /// The attributes that name a key of one class.
    pub(super) fn named(&self, label: &str, id: &[u8]) -> Vec<Attribute> {
        vec![
            Attribute::boolean(c::CKA_TOKEN, true),
            Attribute::bytes(c::CKA_LABEL, label.as_bytes()),
            Attribute::bytes(c::CKA_ID, id),
        ]
    }

    /// The attributes that say what one half may do. `usual` is for a key whose uses are not said.
    pub(super) fn allowed(&self, half: Half, able: &[Use], usual: &[Use]) -> Vec<Attribute> {
        let uses = if self.usage.is_empty() { usual } else { &self.usage };
        let mut allowed = if uses.is_empty() { Vec::new() } else { usage(half, able, uses) };
        if half != Half::Public {
            allowed.push(Attribute::boolean(c::CKA_EXTRACTABLE, self.extractable));
        }
        allowed
    }

    /// The ID that was given, or one made up by the token.
    pub(super) fn id(&self, session: &UserSession) -> Result<Vec<u8>> {
        if let Some(id) = &self.id {
            return Ok(id.0.clone());
        }
        let mut id = vec![0; ID];
        session
            .token
            .generate_random(session.handle, &mut id)
            .map_err(|error| Failure::token("no ID can be made up", error))?;
        Ok(id)
    }

    /// Tells what was made; `warnings` are for JSON, and were told before.
    pub(super) fn tell(
        &self,
        done: &str,
        made: &[Found],
        warnings: Vec<String>,
        stage: &mut Stage<'_>,
    ) -> Result<()> {
        if self.json {
            let keys = made.iter().map(Found::shown).collect();
            return write_json(stage.out, &Made { keys, warnings });
        }
        for key in made {
            writeln!(stage.out, "{done} {}.", printable(&key.described()))?;
        }
        Ok(())
    }
}

impl Verb for Generate {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        self.about.check(self.kind.able())?;
        let label = self.label.as_str();
        let session = self.door.enter(stage, Access::ReadWrite)?;
        if let Kind::Rsa(bits) = self.kind {
            offered::check(&session, c::CKK_RSA, bits, "nothing was made")?;
        }
        let id = self.about.id(&session)?;
        let new = Newcomer::UNKNOWN;
        let warnings = [breakable(&self.kind), new.of_label(&session, label)?, new.of_id(&session, &id)?];
        let warnings: Vec<_> = warnings.into_iter().flatten().collect();
        warnings.iter().for_each(|words| stage.tell(words));
        let running = stage.screen.progress("making the key");
        let made = self.make(&session, label, &id);
        drop(running);
        let made = made.map_err(|error| Failure::token(format!("the key \"{label}\" is not made"), error))?;
        let made: Vec<_> = made.into_iter().map(|key| Found::read(&session, key)).collect::<Result<_>>()?;
        self.about.tell("Made", &made, warnings, stage)
    }
}

/// What is to be said of a key that is made although it can be broken.
fn breakable(kind: &Kind) -> Option<String> {
    let small = matches!(kind, Kind::Rsa(bits) if *bits < 2048);
    small.then(|| {
        "RSA keys of less than 2048 bits can be broken: make a longer one, unless an old program takes no other".to_owned()
    })
}

impl Generate {
    /// Makes the key; of a pair, the private one comes first.
    fn make(&self, session: &UserSession, label: &str, id: &[u8]) -> pkcs11::Result<Vec<ObjectHandle>> {
        let template = |half, own: Vec<Attribute>| {
            let allowed = self.about.allowed(half, self.kind.able(), self.kind.usual());
            [self.about.named(label, id), own, allowed].concat()
        };
        let mechanism = |mechanism_type| Mechanism { mechanism_type, parameters: Parameters::None };
        let (token, handle) = (&session.token, session.handle);
        let pair = |made_by, own| {
            let (public, private) = (template(Half::Public, own), template(Half::Private, Vec::new()));
            let (public, private) = token.generate_key_pair(handle, mechanism(made_by), public, private)?;
            Ok(vec![private, public])
        };
        match self.kind {
            Kind::Rsa(bits) => {
                let own = vec![
                    Attribute::ulong(c::CKA_MODULUS_BITS, bits),
                    Attribute::bytes(c::CKA_PUBLIC_EXPONENT, &[1, 0, 1]),
                ];
                pair(c::CKM_RSA_PKCS_KEY_PAIR_GEN, own)
            }
            Kind::OnCurve(curve) => {
                pair(curve.mechanism, vec![Attribute::bytes(c::CKA_EC_PARAMS, curve.params)])
            }
            Kind::OfSet(set) => {
                let family = family_of(set.key_type).ok_or(Error::Bug("a parameter set without a family"))?;
                pair(family.mechanism, vec![Attribute::ulong(c::CKA_PARAMETER_SET, set.number)])
            }
            Kind::Secret(row, bytes) => {
                let own = bytes.map(|bytes| Attribute::ulong(c::CKA_VALUE_LEN, bytes)).into_iter().collect();
                let template = template(Half::Secret, own);
                Ok(vec![token.generate_key(handle, mechanism(row.generator), template)?])
            }
        }
    }
}
