//! Which object a command means.

use clap::Args;
use pkcs11::constants as c;
use pkcs11::{Attribute, ObjectClass};

use super::Found;
use crate::choice::nearest;
use crate::failure::{Failure, Result};
use crate::session::UserSession;
use crate::uri::Uri;

/// An object, by what names it; several of these together narrow the choice.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ObjectChoice {
    /// The object with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// The object with this ID (CKA_ID), in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = Id::parse)]
    id: Option<Id>,
    /// The object with this unique ID (CKA_UNIQUE_ID), which no other object has
    #[arg(long, value_name = "ID")]
    unique_id: Option<String>,
    /// The object that a pkcs11: URI names (RFC 7512); it may name the token and the file of the PIN too
    #[arg(long, value_name = "URI", value_parser = Uri::parse, conflicts_with_all = ["label", "id", "unique_id"])]
    uri: Option<Uri>,
}

/// A `CKA_ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) Vec<u8>);

impl Id {
    /// Reads hexadecimal: colons between bytes are overlooked.
    pub(crate) fn parse(text: &str) -> std::result::Result<Self, String> {
        let wrong = || "an ID is written as hexadecimal digits, two for each byte".to_owned();
        let digits: Vec<u8> = text
            .chars()
            .filter(|letter| *letter != ':')
            .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or_else(wrong))
            .collect::<std::result::Result<_, _>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.is_empty() || !rest.is_empty() {
            return Err(wrong());
        }
        Ok(Self(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
    }
}

impl ObjectChoice {
    /// The URI, which may name the token as well.
    pub(crate) fn uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }

    fn wanted_label(&self) -> Option<&str> {
        self.label.as_deref().or_else(|| self.uri.as_ref()?.label.as_deref())
    }

    fn template(&self) -> Vec<Attribute> {
        let uri = self.uri.as_ref();
        let id = self.id.as_ref().map(|id| &id.0).or_else(|| uri?.id.as_ref());
        let label = self.wanted_label().map(|label| Attribute::bytes(c::CKA_LABEL, label.as_bytes()));
        let id = id.map(|id| Attribute::bytes(c::CKA_ID, id));
        let unique = self.unique_id.as_ref().map(|id| Attribute::bytes(c::CKA_UNIQUE_ID, id.as_bytes()));
        let class = uri.and_then(|uri| uri.class).map(|class| Attribute::ulong(c::CKA_CLASS, class));
        label.into_iter().chain(id).chain(unique).chain(class).collect()
    }

    /// The objects of `classes` (all, where none is given) that fit; at least one. `kind` as in "key".
    pub(crate) fn fitting(
        &self,
        session: &UserSession,
        kind: &str,
        classes: &[ObjectClass],
    ) -> Result<Vec<Found>> {
        let one_of = |found: &Found| {
            classes.is_empty() || found.attributes.class().is_some_and(|class| classes.contains(&class))
        };
        let mut found = Found::all(session, self.template())?;
        found.retain(one_of);
        if found.is_empty() {
            let mut all = Found::all(session, Vec::new())?;
            all.retain(one_of);
            return Err(self.none(session, kind, &all));
        }
        Ok(found)
    }

    /// The one object that fits.
    pub(crate) fn one(&self, session: &UserSession, kind: &str, classes: &[ObjectClass]) -> Result<Found> {
        let mut found = self.fitting(session, kind, classes)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (last, _) => Err(several(kind, found.iter().chain(&last))),
        }
    }

    fn none(&self, session: &UserSession, kind: &str, all: &[Found]) -> Failure {
        let labels: Vec<_> = all.iter().map(Found::label).collect();
        let meant = self.wanted_label().and_then(|label| nearest(label, labels.iter().map(String::as_str)));
        let named = self.wanted_label().map_or_else(
            || format!("there is no such {kind}"),
            |label| format!("there is no {kind} \"{label}\""),
        );
        let reason = format!("{named} on the token \"{}\"", session.info.label);
        match meant.filter(|meant| Some(*meant) != self.wanted_label()) {
            Some(label) => Failure::not_found(reason, format!("did you mean \"{label}\"?")),
            None => Failure::not_found(reason, "`claviger object list` shows what is there"),
        }
    }
}

/// The failure that lists what could be meant.
pub(crate) fn several<'f>(kind: &str, found: impl Iterator<Item = &'f Found>) -> Failure {
    let listed: Vec<_> = found.map(Found::described).collect();
    Failure::not_found(
        format!("there are {} that could be the {kind} that is meant: {}", listed.len(), listed.join("; ")),
        "narrow it down with --id, or name one with --unique-id",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_hexadecimal_with_and_without_colons() {
        assert_eq!(Id::parse("00fF"), Ok(Id(vec![0, 255])));
        assert_eq!(Id::parse("00:ff"), Ok(Id(vec![0, 255])));
        for wrong in ["", "0", "xy", "0 1", ":"] {
            assert!(Id::parse(wrong).is_err(), "{wrong}");
        }
    }
}
