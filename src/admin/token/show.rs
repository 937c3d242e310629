//! `claviger token show`

use std::path::PathBuf;

use clap::Args;
use pkcs11::administration::{PinTrials, TokenDetails, Whereabouts};
use pkcs11::constants as c;
use pkcs11::{Error, MechanismType, SlotId, Token, TokenInfo};
use serde::Serialize;

use super::{Shown, Slot, write_json};
use crate::choice::TokenChoice;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::screen::Tone;
use crate::show::{flags, mechanism_name, printable};

/// TABLE: mechanisms that make keys, the kind of key for people, and the unit of its sizes.
const KINDS: &[(MechanismType, &str, &str)] = &[
    (c::CKM_RSA_PKCS_KEY_PAIR_GEN, "RSA", "bits"),
    (c::CKM_EC_KEY_PAIR_GEN, "EC", "bits"),
    (c::CKM_EC_EDWARDS_KEY_PAIR_GEN, "Edwards", "bits"),
    (c::CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "Montgomery", "bits"),
    (c::CKM_AES_KEY_GEN, "AES", "bytes"),
    (c::CKM_GENERIC_SECRET_KEY_GEN, "generic secret", "bits"),
];

/// Shows one token.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    token: TokenChoice,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A token in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    shown: Shown,
    shortest_pin: u64,
    longest_pin: u64,
    /// None where he has no PIN yet, or it is not known.
    officer_pin: Option<Tries>,
    user_pin: Option<Tries>,
    /// Sessions that one application may have open; none without a limit.
    max_sessions: Option<u64>,
    /// Whether it offers approved algorithms alone.
    approved_only: bool,
    /// The folder of the token's files, and their bytes.
    store: Option<PathBuf>,
    store_bytes: Option<u64>,
    device_key: Option<PathBuf>,
    /// By the names of the standard.
    mechanisms: Vec<String>,
    /// Of those that have sizes.
    key_sizes: Vec<KeySizes>,
}

/// How far a PIN is from being locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Tries {
    /// Wrong ones in a row that lock it.
    limit: u32,
    /// Wrong ones that are left.
    left: u32,
    locked: bool,
}

impl Tries {
    fn of(PinTrials { limit, failures }: PinTrials) -> Self {
        let left = limit.saturating_sub(failures);
        Self { limit, left, locked: left == 0 }
    }

    fn words(tries: Option<Self>) -> String {
        match tries {
            None => "none yet".to_owned(),
            Some(Self { limit, locked: true, .. }) => format!("locked, after {limit} wrong ones"),
            Some(Self { limit, left, .. }) => format!("{left} of {limit} tries left"),
        }
    }
}

/// The sizes of a mechanism's keys, in the unit that the standard has for it.
#[derive(Serialize)]
struct KeySizes {
    mechanism: String,
    smallest: u64,
    largest: u64,
}

impl Verb for Show {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let token = stage.token()?;
        let (slot, info) = self.token.find(&*token)?;
        let sizes = sizes(&*token, slot)?;
        let details = details(&*token, slot)?;
        if self.json {
            return write_json(stage.out, &detail(Slot::of(&*token, slot).shown(), &info, details, &sizes));
        }
        for (name, value) in lines(slot, &info, &details, &sizes) {
            let name = format!("{name:14}");
            writeln!(stage.out, "{}{}", stage.screen.paint(Tone::Heading, &name), printable(&value))?;
        }
        Ok(())
    }
}

/// A mechanism with its smallest and its largest key.
type Sizes = (MechanismType, u64, u64);

fn sizes(token: &dyn Token, slot: SlotId) -> Result<Vec<Sizes>> {
    let failed = |error| Failure::token(format!("the mechanisms of slot {} cannot be listed", slot.0), error);
    let known = token.mechanism_list(slot).map_err(failed)?;
    let size = |mechanism| {
        let info = token.mechanism_info(slot, mechanism).map_err(failed)?;
        Ok((mechanism, info.min_key_size, info.max_key_size))
    };
    known.into_iter().map(size).collect()
}

/// What the token tells beside the standard's; nothing where it tells no more.
fn details(token: &dyn Token, slot: SlotId) -> Result<Option<TokenDetails>> {
    match token.token_details(slot) {
        Ok(details) => Ok(Some(details)),
        Err(Error::FunctionNotSupported) => Ok(None),
        Err(error) => Err(Failure::token(format!("the token in slot {} cannot be looked at", slot.0), error)),
    }
}

/// The two PINs, if the token tells of them.
fn tries(details: Option<&TokenDetails>) -> [Option<Tries>; 2] {
    let tries = |whose: fn(&TokenDetails) -> Option<PinTrials>| details.and_then(whose).map(Tries::of);
    [tries(|details| details.officer), tries(|details| details.user)]
}

/// The limit of sessions (`CK_EFFECTIVELY_INFINITE` is 0).
fn session_limit(info: &TokenInfo) -> Option<u64> {
    (info.max_sessions != 0).then_some(info.max_sessions)
}

fn detail(shown: Shown, info: &TokenInfo, details: Option<TokenDetails>, sizes: &[Sizes]) -> Detail {
    let [officer_pin, user_pin] = tries(details.as_ref());
    let approved_only = details.as_ref().is_some_and(|details| details.approved_only);
    let lies = details.and_then(|details| details.whereabouts);
    let (store, device_key, store_bytes) = match lies {
        Some(Whereabouts { folder, device_key, size }) => (Some(folder), Some(device_key), Some(size)),
        None => (None, None, None),
    };
    let sized = sizes.iter().filter(|(_, _, largest)| *largest != 0);
    Detail {
        shown,
        shortest_pin: info.min_pin_len,
        longest_pin: info.max_pin_len,
        officer_pin,
        user_pin,
        max_sessions: session_limit(info),
        approved_only,
        store,
        store_bytes,
        device_key,
        mechanisms: sizes.iter().map(|(mechanism, ..)| mechanism_name(*mechanism)).collect(),
        key_sizes: sized
            .map(|(mechanism, smallest, largest)| KeySizes {
                mechanism: mechanism_name(*mechanism),
                smallest: *smallest,
                largest: *largest,
            })
            .collect(),
    }
}

fn lines(
    slot: SlotId,
    info: &TokenInfo,
    details: &Option<TokenDetails>,
    sizes: &[Sizes],
) -> Vec<(&'static str, String)> {
    let state: Vec<_> = flags(info.flags).map(|flag| flag.words).collect();
    let mut lines = vec![
        ("label", info.label.clone()),
        ("serial number", info.serial_number.clone()),
        ("slot", slot.0.to_string()),
        ("made by", format!("{}, {}", info.manufacturer, info.model)),
        ("state", state.join(", ")),
        ("PINs", format!("{} to {} bytes", info.min_pin_len, info.max_pin_len)),
    ];
    if let Some(details) = details {
        let [officer, user] = tries(Some(details));
        let algorithms = if details.approved_only { "approved ones alone" } else { "all" };
        lines.push(("algorithms", algorithms.to_owned()));
        lines.extend([("officer's PIN", Tries::words(officer)), ("user's PIN", Tries::words(user))]);
    }
    let sessions = session_limit(info).map_or_else(
        || "without limit".to_owned(),
        |limit| format!("at most {limit} of one application at a time"),
    );
    lines.push(("sessions", sessions));
    if let Some(Whereabouts { folder, device_key, size }) =
        details.as_ref().and_then(|details| details.whereabouts.as_ref())
    {
        lines.extend([
            ("store", format!("{}, {} KiB", folder.display(), size.div_ceil(1024))),
            ("device key", device_key.display().to_string()),
        ]);
    }
    lines.push(("keys", kinds(sizes)));
    lines.push(("mechanisms", format!("{}, which --json lists", sizes.len())));
    lines
}

/// The kinds of keys that can be made, with their sizes.
fn kinds(sizes: &[Sizes]) -> String {
    let kind = |(mechanism, name, unit): &(MechanismType, &str, &str)| {
        let (_, smallest, largest) = sizes.iter().find(|(known, ..)| known == mechanism)?;
        Some(if smallest == largest {
            format!("{name} {smallest} {unit}")
        } else {
            format!("{name} {smallest} to {largest} {unit}")
        })
    };
    KINDS.iter().filter_map(kind).collect::<Vec<_>>().join(", ")
}
