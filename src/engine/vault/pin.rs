//! PINs: their grammar, and the counters that bound how often one may be tried.

use pkcs11::{Error, Result, Secret};

use super::keyring::PersonId;
use super::row::Life;
use crate::place::{COUNTER_COPY, CounterCopies, Counters, Hold};
use crate::primitives::Primitives;

/// Shortest PIN in bytes.
pub const MIN_PIN: usize = 4;
/// Longest PIN in bytes, a name before it included.
pub const MAX_PIN: usize = 255;
const MAX_NAME: usize = 64;

/// A PIN as the application gave it, read once.
pub struct Pin<'a> {
    /// Whose it says it is; `None` for the default person of the kind of user.
    pub name: Option<&'a str>,
    /// What is tried.
    pub secret: &'a [u8],
}

impl<'a> Pin<'a> {
    /// Reads `name:secret`, `:secret` or `secret`. A name is 1 to 64 of `[A-Za-z0-9._@-]` before the first colon;
    /// what has a colon but no such name before it is a secret as a whole.
    ///
    /// # Errors
    /// [`Error::PinLenRange`] above [`MAX_PIN`] bytes; [`Error::ArgumentsBad`] without a PIN, since there is no
    /// other way to enter one.
    pub fn read(pin: Option<&'a [u8]>) -> Result<Self> {
        let pin = pin.ok_or(Error::ArgumentsBad("no PIN, and there is no protected authentication path"))?;
        if pin.len() > MAX_PIN {
            return Err(Error::PinLenRange);
        }
        let Some(colon) = pin.iter().position(|byte| *byte == b':') else {
            return Ok(Self { name: None, secret: pin });
        };
        let (before, after) = pin.split_at(colon);
        let after = after.get(1..).unwrap_or_default();
        if before.is_empty() {
            return Ok(Self { name: None, secret: after });
        }
        match std::str::from_utf8(before) {
            Ok(name) if is_name(name) => Ok(Self { name: Some(name), secret: after }),
            _ => Ok(Self { name: None, secret: pin }),
        }
    }

    /// Reads a new PIN: one that [`Pin::read`] will give back for the default person.
    ///
    /// # Errors
    /// [`Error::PinLenRange`] for fewer than [`MIN_PIN`] or more than [`MAX_PIN`] bytes; [`Error::PinInvalid`] for one
    /// that would read as another person's at the next login; [`Error::ArgumentsBad`].
    pub fn fresh(pin: Option<&'a [u8]>) -> Result<Self> {
        let read = Self::read(pin)?;
        if read.name.is_some() {
            return Err(Error::PinInvalid(
                "what stands before its colon would read as a name; start it with a colon",
            ));
        }
        if read.secret.len() < MIN_PIN {
            return Err(Error::PinLenRange);
        }
        Ok(read)
    }
}

impl<'a> Pin<'a> {
    /// Reads the PIN of a person who is known already; a name before it must be his.
    ///
    /// # Errors
    /// Those of [`Pin::read`]; [`Error::PinIncorrect`] for another's name.
    pub fn of(pin: Option<&'a [u8]>, name: &'a str) -> Result<Self> {
        Self::read(pin)?.given_by(name)
    }

    /// The same PIN, as that of a person who is known already.
    ///
    /// # Errors
    /// [`Error::PinIncorrect`] for another's name.
    pub fn given_by(self, name: &'a str) -> Result<Self> {
        match self.name {
            Some(other) if other != name => Err(Error::PinIncorrect),
            _ => Ok(Self { name: Some(name), ..self }),
        }
    }

    /// Reads a new PIN of a person who is known already.
    ///
    /// # Errors
    /// Those of [`Pin::fresh`].
    pub fn fresh_for(pin: Option<&'a [u8]>, name: &str) -> Result<Self> {
        let read = Self::read(pin)?;
        match read.name {
            Some(own) if own == name && read.secret.len() >= MIN_PIN => Ok(read),
            Some(own) if own == name => Err(Error::PinLenRange),
            _ => Self::fresh(pin),
        }
    }
}

/// Whether a text can be a person's name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte))
}

/// What a counter record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Raised with each writing; the copy with the higher one counts.
    pub sequence: u64,
    /// Whose record it is.
    pub person: PersonId,
    /// The version of the keyring that was opened last; an older one is refused.
    pub keyring_version: u64,
    /// Trials that did not open the keyring, or have not yet.
    pub failures: u32,
    /// Raised with each success: tells a trial that ends late whether its count was taken back by another.
    pub resets: u32,
    /// The last step of a time-based code that was accepted.
    pub last_step: u64,
}

const MAC_AT: usize = COUNTER_COPY - 32;
const MAGIC: &[u8; 4] = b"CVC1";

/// The counters of one life of a token.
pub struct Trials<'a> {
    /// The primitives.
    pub primitives: &'a dyn Primitives,
    /// Token and incarnation.
    pub life: &'a Life,
    /// The MAC key of records.
    pub key: &'a Secret,
    /// Where they lie.
    pub counters: &'a dyn Counters,
}

/// Where a person's record is, and the bound on it.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Number of the record.
    pub record: u32,
    /// Whose it must be.
    pub person: PersonId,
    /// Failures at which the person is locked.
    pub limit: u32,
}

enum Counted {
    Go { resets: u32 },
    AtLimit,
}

impl Trials<'_> {
    /// Lays down a fresh record. Call it under the administration's lock.
    ///
    /// # Errors
    /// Those of the counters.
    pub fn admit(&self, record: u32, person: PersonId, keyring_version: u64) -> Result<()> {
        for copy in 0..2 {
            self.counters.update(record, &mut |before| {
                let sequence = before.iter().filter_map(read_sequence).max().unwrap_or(0).saturating_add(1);
                let counter =
                    Counter { sequence, person, keyring_version, failures: 0, resets: 0, last_step: 0 };
                Ok(Some((copy, self.encode(record, &counter))))
            })?;
        }
        Ok(())
    }

    /// What the record says now.
    ///
    /// # Errors
    /// [`Error::Forged`] when neither copy is one that this token wrote for this person.
    pub fn counter(&self, allowance: Allowance) -> Result<Counter> {
        let mut found = Err(Error::Bug("a counter was not read"));
        self.counters.update(allowance.record, &mut |copies| {
            found = self.decode(allowance, copies).map(|(counter, _)| counter);
            Ok(None)
        })?;
        found
    }

    /// Counts a trial, runs it, and takes the count back when it gives something. `attempt` is handed the record's
    /// keyring version and gives the version that it opened; trials of one person run side by side until the limit is
    /// met.
    ///
    /// # Errors
    /// [`Error::PinIncorrect`] when the trial gives nothing, [`Error::PinLocked`] at the limit, [`Error::Forged`] for a
    /// record that is not right, and the errors of the trial, which do not count since they judge no PIN.
    pub fn run<T>(
        &self,
        allowance: Allowance,
        mut attempt: impl FnMut(u64) -> Result<Option<(u64, T)>>,
    ) -> Result<T> {
        let mut hold = Hold::Shared;
        loop {
            let held = self.counters.hold(allowance.record, hold)?;
            let mut version = 0;
            let counted = self.count(allowance, &mut version)?;
            match (counted, hold) {
                (Counted::AtLimit, Hold::Exclusive) => return Err(Error::PinLocked),
                (Counted::AtLimit, Hold::Shared) => {
                    // Some of the counted may be trials in flight: judge when they have ended.
                    drop(held);
                    hold = Hold::Exclusive;
                }
                (Counted::Go { resets }, _) => {
                    let outcome = attempt(version);
                    let opened = outcome.as_ref().map(|right| right.as_ref().map(|(version, _)| *version));
                    let settled = self.settle(allowance, resets, opened);
                    let right = outcome?;
                    settled?;
                    return right.map(|(_, right)| right).ok_or(Error::PinIncorrect);
                }
            }
        }
    }

    /// Remembers that a keyring of this version has been written.
    ///
    /// # Errors
    /// [`Error::Forged`], and those of the counters.
    pub fn raise_keyring_version(&self, allowance: Allowance, version: u64) -> Result<()> {
        self.change(allowance, |counter| {
            let raised = version > counter.keyring_version;
            counter.keyring_version = counter.keyring_version.max(version);
            raised
        })
    }

    fn count(&self, allowance: Allowance, version: &mut u64) -> Result<Counted> {
        let mut counted = Counted::AtLimit;
        self.change(allowance, |counter| {
            *version = counter.keyring_version;
            if counter.failures >= allowance.limit {
                return false;
            }
            counter.failures += 1;
            counted = Counted::Go { resets: counter.resets };
            true
        })?;
        Ok(counted)
    }

    /// `opened` is the version of the keyring that the trial opened, if it was right.
    fn settle(
        &self,
        allowance: Allowance,
        resets: u32,
        opened: std::result::Result<Option<u64>, &Error>,
    ) -> Result<()> {
        self.change(allowance, |counter| {
            // Somebody's success may have taken this trial's count back while it ran.
            let counted = counter.resets == resets;
            match opened {
                Ok(Some(version)) => {
                    counter.keyring_version = counter.keyring_version.max(version);
                    counter.failures = 0;
                    counter.resets = counter.resets.wrapping_add(1);
                }
                Ok(None) if !counted => counter.failures = counter.failures.saturating_add(1),
                Err(_) if counted => counter.failures = counter.failures.saturating_sub(1),
                Ok(None) | Err(_) => return false,
            }
            true
        })
    }

    fn change(&self, allowance: Allowance, mut change: impl FnMut(&mut Counter) -> bool) -> Result<()> {
        self.counters.update(allowance.record, &mut |copies| {
            let (mut counter, copy) = self.decode(allowance, copies)?;
            if !change(&mut counter) {
                return Ok(None);
            }
            counter.sequence = counter.sequence.saturating_add(1);
            Ok(Some((1 - copy.min(1), self.encode(allowance.record, &counter))))
        })
    }

    /// The copy that counts, and which it is. A copy that fails its check is refused, and since it may have been the
    /// newer one, the other then counts with one failure more than it says.
    fn decode(&self, allowance: Allowance, copies: &CounterCopies) -> Result<(Counter, usize)> {
        let [first, second] = copies;
        let what = || format!("counter record {}", allowance.record);
        let read = (self.read(allowance, first), self.read(allowance, second));
        match read {
            (Some(a), Some(b)) if a.sequence > b.sequence => Ok((a, 0)),
            (Some(_), Some(b)) => Ok((b, 1)),
            (Some(a), None) => Ok((self.suspect(a, &what()), 0)),
            (None, Some(b)) => Ok((self.suspect(b, &what()), 1)),
            (None, None) => Err(Error::Forged {
                what: what(),
                reason: "neither of its copies carries the token's check value",
            }),
        }
    }

    fn suspect(&self, mut counter: Counter, what: &str) -> Counter {
        log::error!("{what}: one of its copies is refused, it does not carry the token's check value");
        counter.failures = counter.failures.saturating_add(1);
        counter.sequence = counter.sequence.saturating_add(1);
        counter
    }

    fn encode(&self, record: u32, counter: &Counter) -> [u8; COUNTER_COPY] {
        let mut copy = [0; COUNTER_COPY];
        let fields: [&[u8]; 8] = [
            MAGIC,
            &counter.sequence.to_be_bytes(),
            &counter.person,
            &self.life.incarnation.to_be_bytes(),
            &counter.keyring_version.to_be_bytes(),
            &counter.failures.to_be_bytes(),
            &counter.resets.to_be_bytes(),
            &counter.last_step.to_be_bytes(),
        ];
        let (clear, place) = copy.split_at_mut(MAC_AT);
        clear.iter_mut().zip(fields.concat()).for_each(|(to, from)| *to = from);
        place.copy_from_slice(&self.mac(record, clear));
        copy
    }

    fn read(&self, allowance: Allowance, copy: &[u8; COUNTER_COPY]) -> Option<Counter> {
        let (clear, mac) = copy.split_at_checked(MAC_AT)?;
        if !self.primitives.equal(&self.mac(allowance.record, clear), mac) {
            return None;
        }
        let mut rest = clear.strip_prefix(MAGIC)?;
        let counter = Counter {
            sequence: u64::from_be_bytes(take(&mut rest)?),
            person: take(&mut rest)?,
            keyring_version: {
                let incarnation = u64::from_be_bytes(take(&mut rest)?);
                (incarnation == self.life.incarnation).then_some(())?;
                u64::from_be_bytes(take(&mut rest)?)
            },
            failures: u32::from_be_bytes(take(&mut rest)?),
            resets: u32::from_be_bytes(take(&mut rest)?),
            last_step: u64::from_be_bytes(take(&mut rest)?),
        };
        (counter.person == allowance.person).then_some(counter)
    }

    fn mac(&self, record: u32, clear: &[u8]) -> [u8; 32] {
        self.primitives.hmac_sha256(self.key.expose(), &[&record.to_be_bytes(), clear])
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn read_sequence(copy: &[u8; COUNTER_COPY]) -> Option<u64> {
    let mut rest = copy.strip_prefix(MAGIC.as_slice())?;
    take(&mut rest).map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pin: &[u8]) -> (Option<String>, Vec<u8>) {
        let pin = Pin::read(Some(pin)).unwrap();
        (pin.name.map(str::to_owned), pin.secret.to_vec())
    }

    #[test]
    fn a_name_before_the_first_colon_is_read_and_nothing_else_is() {
        assert_eq!(name(b"1234"), (None, b"1234".to_vec()));
        assert_eq!(name(b"alice:se:cret"), (Some("alice".to_owned()), b"se:cret".to_vec()));
        assert_eq!(name(b":alice:secret"), (None, b"alice:secret".to_vec()));
        assert_eq!(name(b"al ice:secret"), (None, b"al ice:secret".to_vec()));
        assert_eq!(name(b"\xffx:secret"), (None, b"\xffx:secret".to_vec()));
        let long = [b"a".repeat(65).as_slice(), b":x"].concat();
        assert_eq!(name(&long), (None, long.clone()));
    }

    #[test]
    fn a_new_pin_that_would_read_as_a_name_is_refused() {
        assert!(matches!(Pin::fresh(Some(b"alice:secret")), Err(Error::PinInvalid(_))));
        assert!(matches!(Pin::fresh(Some(b"123")), Err(Error::PinLenRange)));
        assert!(matches!(Pin::fresh(Some(b":123")), Err(Error::PinLenRange)));
        assert_eq!(Pin::fresh(Some(b":1234")).unwrap().secret, b"1234");
        assert!(matches!(Pin::fresh(Some(&[b'x'; 256])), Err(Error::PinLenRange)));
        assert_eq!(Pin::fresh(Some(&[b'x'; 255])).unwrap().secret.len(), 255);
        assert!(matches!(Pin::fresh(None), Err(Error::ArgumentsBad(_))));
    }
}
