//! The chain of links: each holds a roster and the signatures of officers of the link before, as in TUF's root.

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use super::roster::{ALGORITHM_P384, Role, Roster};
use crate::primitives::Primitives;
use crate::store::{Header, RowId, SealedRow};
use crate::vault::keyring::{LinkHash, PersonId, RosterPin};
use crate::vault::row::{Life, describe};

/// One signature under a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSignature {
    /// Who signs.
    pub person: PersonId,
    /// With which algorithm.
    pub algorithm: u64,
    /// With which of the person's keys.
    pub key: Vec<u8>,
    /// The signature in the algorithm's form.
    pub signature: Vec<u8>,
    /// A signed window of a login below the quorum, when it came that way; opaque until that is offered.
    pub window: Option<Vec<u8>>,
}

/// A roster with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is signed, read.
    pub roster: Roster,
    /// By whom.
    pub signatures: Vec<LinkSignature>,
    /// What is signed, to the byte: fields that this version may skip are part of it.
    signed: Vec<u8>,
}

const BODY: u16 = 1;
const SIGNATURES: u16 = 2;
const SIGNED_AS: &[u8] = b"claviger/1 link";

impl Link {
    /// The row's content.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|s| {
            let mut writer = Writer::new();
            writer.field(1, &s.person).number(2, s.algorithm).field(3, &s.key).field(4, &s.signature);
            writer.optional(5, s.window.as_deref()).finish()
        });
        let mut writer = Writer::new();
        writer.field(BODY, &self.signed).list(SIGNATURES, signatures);
        writer.finish().expose().to_vec()
    }

    /// Reads a row's content; believes nothing yet.
    ///
    /// # Errors
    /// [`Error::Encoding`]
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let record = Record::read(bytes, &[BODY, SIGNATURES])?;
        let signed = record.bytes(BODY)?.to_vec();
        let roster = Roster::decode(&signed)?;
        let mut signatures = Vec::new();
        for item in record.list(SIGNATURES)? {
            let signature = Record::read(item, &[1, 2, 3, 4, 5])?;
            signatures.push(LinkSignature {
                person: signature.array(1)?,
                algorithm: signature.number(2)?,
                key: signature.bytes(3)?.to_vec(),
                signature: signature.bytes(4)?.to_vec(),
                window: signature.optional(5).map(<[u8]>::to_vec),
            });
        }
        Ok(Self { roster, signatures, signed })
    }

    /// SHA-384 of what is signed.
    #[must_use]
    pub fn hash(&self, primitives: &dyn Primitives) -> LinkHash {
        primitives.sha384(&[SIGNED_AS, &self.signed])
    }

    pub(super) fn sign(
        roster: Roster,
        primitives: &dyn Primitives,
        person: PersonId,
        key: &Secret,
    ) -> Result<Self> {
        let signed = roster.encode().expose().to_vec();
        let signature = primitives.p384_sign(key, &[SIGNED_AS, &signed])?;
        let signature = LinkSignature {
            person,
            algorithm: ALGORITHM_P384,
            key: primitives.p384_point(key)?.to_vec(),
            signature: signature.to_vec(),
            window: None,
        };
        Ok(Self { roster, signatures: vec![signature], signed })
    }

    /// Distinct officers of `before` whose signatures under this link hold.
    fn signers(&self, before: &Roster, primitives: &dyn Primitives) -> usize {
        let mut signers: Vec<PersonId> = Vec::new();
        for signature in &self.signatures {
            let officer = before.person(&signature.person).filter(|person| person.role == Role::Officer);
            let listed = officer.is_some_and(|person| {
                person
                    .signing
                    .iter()
                    .any(|key| key.algorithm == signature.algorithm && key.key == signature.key)
            });
            if listed
                && !signers.contains(&signature.person)
                && signature.algorithm == ALGORITHM_P384
                && primitives.p384_verify(&signature.key, &[SIGNED_AS, &self.signed], &signature.signature)
            {
                signers.push(signature.person);
            }
        }
        signers.len()
    }

    /// Whether this link may follow `before`, whose row and hash are given.
    ///
    /// # Errors
    /// [`Error::Forged`] with what does not hold.
    pub fn check_follows(
        &self,
        before: &Roster,
        row: RowId,
        hash: &LinkHash,
        primitives: &dyn Primitives,
    ) -> Result<()> {
        let next = &self.roster;
        let rules: [(bool, &'static str); 7] = [
            (next.token == before.token, "it is of another token"),
            (next.version == before.version.saturating_add(1), "its version does not follow"),
            (next.previous == Some((row, *hash)), "it does not name the link before it"),
            (
                next.incarnation == before.incarnation
                    || next.incarnation == before.incarnation.saturating_add(1),
                "its incarnation does not follow",
            ),
            (next.mode >= before.mode, "it leaves approved mode"),
            (has_quorum(next), "it has fewer officers than must agree"),
            (
                self.signers(before, primitives)
                    >= usize::try_from(before.quorum.max(1)).unwrap_or(usize::MAX),
                "too few officers of the link before it have signed it",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, reason)) => Err(refused(next.version, reason)),
            None => Ok(()),
        }
    }

    /// Whether this link may be the first of a token.
    ///
    /// # Errors
    /// [`Error::Forged`] with what does not hold.
    pub fn check_founding(&self, primitives: &dyn Primitives) -> Result<()> {
        let roster = &self.roster;
        if roster.version != 1 || roster.previous.is_some() || !has_quorum(roster) {
            return Err(refused(roster.version, "it cannot be the first of a token"));
        }
        if self.signers(roster, primitives) == 0 {
            return Err(refused(roster.version, "its founder has not signed it"));
        }
        Ok(())
    }
}

fn has_quorum(roster: &Roster) -> bool {
    let officers = roster.people.iter().filter(|person| person.role == Role::Officer).count();
    roster.quorum >= 1 && usize::try_from(roster.quorum).is_ok_and(|quorum| quorum <= officers)
}

fn refused(version: u64, reason: &'static str) -> Error {
    Error::Forged { what: format!("link {version} of the roster"), reason }
}

/// Reads a link's row.
///
/// # Errors
/// [`Error::Forged`] when it is missing or not in the form of a link.
pub fn read_row(id: RowId, row: Option<&SealedRow>) -> Result<Link> {
    let row = row.ok_or_else(|| Error::Forged {
        what: format!("row {}", id.0),
        reason: "a link of the roster should be there",
    })?;
    let refuse = |reason| Error::Forged { what: describe(&row.header), reason };
    let link = Link::decode(&row.body).map_err(|_| refuse("it is not in the form of a link"))?;
    if row.header != header(id, link.roster.incarnation) {
        return Err(refuse("what stands beside it is not that of a link"));
    }
    Ok(link)
}

/// SHA-256 of a link's row as a whole, signatures and header included: what the public head names.
#[must_use]
pub fn digest(row: &SealedRow, life: &Life, primitives: &dyn Primitives) -> [u8; 32] {
    primitives.sha256(&[b"claviger/1 link row", &life.associated(&row.header), &row.body])
}

/// Verifies the chain from what a keyring has pinned up to the current link; gives the pin to move to.
///
/// `load` gives the row of an id. Every link in between is checked against the one before it.
///
/// # Errors
/// [`Error::Forged`] when the pinned link is not an ancestor, or a link does not follow.
pub fn verify_since(
    pin: &RosterPin,
    current: (RowId, &Link),
    primitives: &dyn Primitives,
    mut load: impl FnMut(RowId) -> Result<Option<SealedRow>>,
) -> Result<RosterPin> {
    let mut chain = vec![(current.0, current.1.clone())];
    while let Some((_, newest)) = chain.last()
        && newest.roster.version > pin.version
    {
        let (row, _) = newest.roster.previous.ok_or_else(|| {
            refused(newest.roster.version, "it is the first of its chain, and not the one that was seen last")
        })?;
        let link = read_row(row, load(row)?.as_ref())?;
        if link.roster.version >= newest.roster.version {
            return Err(refused(
                link.roster.version,
                "its version does not come before that of its successor",
            ));
        }
        chain.push((row, link));
    }
    let Some((mut row, mut before)) = chain.pop() else { return Err(Error::Bug("an empty chain")) };
    let mut hash = before.hash(primitives);
    if before.roster.version != pin.version || hash != pin.hash {
        return Err(refused(
            before.roster.version,
            "the roster is older than, or not a successor of, the one seen last",
        ));
    }
    while let Some((next_row, next)) = chain.pop() {
        next.check_follows(&before.roster, row, &hash, primitives)?;
        hash = next.hash(primitives);
        (row, before) = (next_row, next);
    }
    Ok(RosterPin { version: before.roster.version, hash })
}

/// A header of a link's row: links are in clear, on the public shelf.
#[must_use]
pub fn header(id: RowId, incarnation: u64) -> Header {
    Header {
        format: crate::vault::row::FORMAT,
        id,
        shelf: crate::store::Shelf::PUBLIC,
        kind: crate::store::RowKind::Link,
        incarnation,
        vault_key: 0,
        generation: 0,
        version: 1,
    }
}
