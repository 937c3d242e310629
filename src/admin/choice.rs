//! Which token and which object a command means.

use clap::Args;
use pkcs11::{Error, SlotId, Token, TokenInfo};

use crate::failure::{Failure, Result};
use crate::token::Slot;
use crate::uri::Uri;

/// How alike a name must be to be offered instead: 1 less the share of letters that differ (Damerau-Levenshtein).
const ALIKE: f64 = 0.6;

/// The token that a command is about.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TokenChoice {
    /// The token, by its label; may be left out while there is one token only
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["slot", "serial"])]
    token: Option<String>,
    /// The token, by its serial number
    #[arg(long, value_name = "SERIAL", conflicts_with = "slot")]
    serial: Option<String>,
    /// The token, by the number of its slot
    #[arg(long, value_name = "N")]
    slot: Option<u64>,
    /// Said by a URI alone.
    #[arg(skip)]
    manufacturer: Option<String>,
    #[arg(skip)]
    model: Option<String>,
}

impl TokenChoice {
    /// Whether it says anything at all.
    pub(crate) fn is_said(&self) -> bool {
        self.token.is_some() || self.is_for_ever()
    }

    /// Whether it names one token for ever, as a label does not.
    pub(crate) fn is_for_ever(&self) -> bool {
        self.serial.is_some() || self.slot.is_some()
    }

    /// The slot that was given.
    pub(crate) fn slot(&self) -> Option<u64> {
        self.slot
    }

    /// This choice, and what a URI says besides.
    pub(crate) fn with(&self, uri: &Uri) -> Result<Self> {
        let differ =
            |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        if differ(&self.token, &uri.token)
            || differ(&self.serial, &uri.serial)
            || (self.slot.is_some() && uri.slot.is_some() && self.slot != uri.slot)
        {
            return Err(Failure::Usage(
                "claviger: the URI names another token than --token, --serial or --slot\n".to_owned(),
            ));
        }
        Ok(Self {
            token: self.token.clone().or_else(|| uri.token.clone()),
            serial: self.serial.clone().or_else(|| uri.serial.clone()),
            slot: self.slot.or(uri.slot),
            manufacturer: uri.manufacturer.clone(),
            model: uri.model.clone(),
        })
    }

    /// The one initialised token that is meant.
    pub(crate) fn find(&self, token: &dyn Token) -> Result<(SlotId, TokenInfo)> {
        let slots = Slot::all(token)?;
        if let Some(number) = self.slot {
            return in_slot(slots, number);
        }
        let held: Vec<_> = slots.iter().filter_map(Slot::held).collect();
        let is = |wanted: &Option<String>, told: &str| wanted.as_ref().is_none_or(|wanted| wanted == told);
        let fits = |info: &TokenInfo| {
            is(&self.token, &info.label)
                && is(&self.serial, &info.serial_number)
                && is(&self.manufacturer, &info.manufacturer)
                && is(&self.model, &info.model)
        };
        let fitting: Vec<_> = held.iter().filter(|(_, info)| fits(info)).collect();
        match fitting.as_slice() {
            [(slot, info)] => Ok((*slot, (*info).clone())),
            [] => Err(self.none(&slots, &held)),
            several => Err(several_tokens(several)),
        }
    }

    fn none(&self, slots: &[Slot], held: &[(SlotId, &TokenInfo)]) -> Failure {
        // What cannot be read may be what was meant.
        let unread = slots.iter().find_map(|slot| Some((slot.id, slot.token.as_ref().err()?)));
        let named = match (&self.token, &self.serial) {
            (Some(label), _) => format!("there is no token \"{label}\""),
            (None, Some(serial)) => format!("there is no token with the serial number {serial}"),
            (None, None) if held.is_empty() => "there is no token yet".to_owned(),
            (None, None) => "there is no such token".to_owned(),
        };
        if let Some((slot, error)) = unread {
            return Failure::token(format!("{named}, but slot {} cannot be read", slot.0), error.clone());
        }
        let labels = held.iter().map(|(_, info)| info.label.as_str());
        let meant = self.token.as_deref().and_then(|label| nearest(label, labels));
        Failure::not_found(
            named,
            match (meant, held.is_empty()) {
                (Some(label), _) => format!("did you mean \"{label}\"?"),
                (None, true) => "`claviger token init --label NAME` makes one".to_owned(),
                (None, false) => "`claviger token list` shows the tokens".to_owned(),
            },
        )
    }
}

fn in_slot(slots: Vec<Slot>, number: u64) -> Result<(SlotId, TokenInfo)> {
    let slot = slots
        .into_iter()
        .find(|slot| slot.id.0 == number)
        .ok_or_else(|| Failure::token(format!("slot {number} cannot be used"), Error::SlotIdInvalid))?;
    if let Some((id, info)) = slot.held() {
        return Ok((id, info.clone()));
    }
    Err(Failure::token(
        format!("slot {number} holds no token that can be used"),
        slot.token.err().unwrap_or(Error::TokenNotInitialized),
    ))
}

fn several_tokens(several: &[&(SlotId, &TokenInfo)]) -> Failure {
    let listed: Vec<_> = several
        .iter()
        .map(|(slot, info)| {
            format!("\"{}\" (slot {}, serial number {})", info.label, slot.0, info.serial_number)
        })
        .collect();
    let alike =
        several.iter().all(|(_, info)| several.first().is_some_and(|(_, first)| first.label == info.label));
    let way = if alike {
        "say which with --serial or --slot"
    } else {
        "say which with --token, --serial or --slot"
    };
    Failure::not_found(
        format!("there are {} tokens that could be meant: {}", several.len(), listed.join(", ")),
        way,
    )
}

/// The name that was probably meant, if one is alike.
pub(crate) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |name| (strsim::normalized_damerau_levenshtein(typed, name), name);
    let best = names.map(alike).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness > ALIKE).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_alike_is_offered() {
        let names = || ["web", "mail", "signing"].into_iter();
        assert_eq!(nearest("wbe", names()), Some("web"));
        assert_eq!(nearest("sining", names()), Some("signing"));
        assert_eq!(nearest("database", names()), None);
        assert_eq!(nearest("x", std::iter::empty()), None);
    }
}
