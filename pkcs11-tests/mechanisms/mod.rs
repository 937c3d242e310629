//! How each mechanism is used: with which key, which parameters and which messages.
//!
//! The table holds every mechanism that the module under test lists, so that whoever walks through all of them (in
//! parts, against published values, in an approved mode) finds here what to call each with.

pub mod cloudhsm;
pub mod draft;
pub mod finite_fields;
pub mod forms;
mod keyring;
pub mod operation;
pub mod spoiling;
mod table;

use cryptoki_sys::{
    CK_KEY_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_ULONG, CKF_MESSAGE_DECRYPT, CKF_MESSAGE_ENCRYPT,
    CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY, CKF_MULTI_MESSAGE, CKF_SIGN, CKF_VERIFY, CKR_OK,
};

pub use keyring::{Keyring, Keys, new_pair, odd_parity, secret, usable};
pub use table::{ED448, ED25519, ROWS, X448, X25519};

use crate::raw::key_wraps::KeyWrap;
use crate::raw::parameters::{Parameterised, with};
use crate::{Template, Token, assert_rv, mechanism};

/// The flags of a mechanism that signs and verifies, messages too.
pub const SIGNS: CK_ULONG = CKF_SIGN | CKF_VERIFY | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE;
/// Those of one that encrypts and decrypts messages.
pub const SEALS_MESSAGES: CK_ULONG = CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE;

/// A mechanism and what it is used with.
#[derive(Clone, Copy)]
pub struct Row {
    /// Which.
    pub kind: CK_MECHANISM_TYPE,
    /// Its name, a constant of the standard.
    pub name: &'static str,
    /// The key that it uses, or that it makes.
    pub key: Key,
    /// Its parameters.
    pub parameter: Parameter,
    /// The messages that it takes.
    pub message: Message,
}

/// A key that goes with a mechanism.
#[derive(Clone, Copy)]
pub enum Key {
    /// None: a digest.
    None,
    /// A secret key of a type, with so many bytes.
    Secret(CK_KEY_TYPE, usize),
    /// A pair.
    Pair(PairKind),
}

/// A kind of key pair, and how one is made.
#[derive(Clone, Copy)]
pub struct PairKind {
    /// The mechanism that makes it.
    pub generator: CK_MECHANISM_TYPE,
    /// What the public template says of size, curve or parameter set.
    pub public: fn() -> Template,
}

/// Parameters of a mechanism.
#[derive(Clone, Copy)]
pub enum Parameter {
    /// None.
    None,
    /// An initial vector or another row of bytes.
    Bytes(&'static [u8]),
    /// A number.
    Number(CK_ULONG),
    /// One of the standard's structures; what it points to lives for ever.
    Structure(fn() -> Box<dyn Structure>),
    /// One that tells the length of the message.
    OfLength(fn(usize) -> Box<dyn Structure>),
}

/// A structure of parameters with its mechanism.
pub trait Structure {
    /// The C form; its pointers live as long as `self`.
    fn mechanism(&self) -> CK_MECHANISM;
}

impl<T> Structure for Parameterised<T> {
    fn mechanism(&self) -> CK_MECHANISM {
        Self::mechanism(self)
    }
}

impl Structure for KeyWrap {
    fn mechanism(&self) -> CK_MECHANISM {
        Self::mechanism(self)
    }
}

/// The lengths of messages, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The shortest.
    pub least: usize,
    /// The longest that a test sends.
    pub most: usize,
    /// What every length between is a multiple of, from the shortest on.
    pub step: usize,
}

impl Message {
    /// Any length.
    pub const ANY: Self = Self { least: 0, most: 600, step: 1 };
    /// None: the mechanism makes a key.
    pub const NONE: Self = Self::exactly(0);

    /// Whole blocks.
    #[must_use]
    pub const fn blocks(block: usize) -> Self {
        Self { least: 0, most: 40 * block, step: block }
    }

    /// One length.
    #[must_use]
    pub const fn exactly(len: usize) -> Self {
        Self { least: len, most: len, step: 1 }
    }

    /// Up to a length.
    #[must_use]
    pub const fn up_to(most: usize) -> Self {
        Self { least: 0, most, step: 1 }
    }

    /// At least so many bytes.
    #[must_use]
    pub const fn from(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// A length that fits, made of any number.
    #[must_use]
    pub fn fitting(self, number: usize) -> usize {
        self.least + number % ((self.most - self.least) / self.step + 1) * self.step
    }
}

impl Row {
    /// The mechanism with its parameters for the shortest message; its pointers live as long as the answer.
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.ready_for(self.message.least)
    }

    /// The mechanism with its parameters for a message of `len` bytes; its pointers live as long as the answer.
    #[must_use]
    pub fn ready_for(&self, len: usize) -> Ready {
        match self.parameter {
            Parameter::None => Ready::Plain(mechanism(self.kind)),
            Parameter::Bytes(bytes) => Ready::Plain(with(self.kind, bytes)),
            Parameter::Number(number) => Ready::Number(self.kind, Box::new(number)),
            Parameter::Structure(make) => Ready::Structure(make()),
            Parameter::OfLength(make) => Ready::Structure(make(len)),
        }
    }
}

/// A mechanism with parameters that live as long as this.
pub enum Ready {
    /// None, or for ever.
    Plain(CK_MECHANISM),
    /// A number.
    Number(CK_MECHANISM_TYPE, Box<CK_ULONG>),
    /// A structure.
    Structure(Box<dyn Structure>),
}

impl Ready {
    /// The C form.
    #[must_use]
    pub fn mechanism(&self) -> CK_MECHANISM {
        match self {
            Self::Plain(mechanism) => *mechanism,
            Self::Number(kind, number) => with(*kind, &**number),
            Self::Structure(structure) => structure.mechanism(),
        }
    }
}

/// The row of a mechanism.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn row(kind: CK_MECHANISM_TYPE) -> &'static Row {
    ROWS.iter().find(|row| row.kind == kind).unwrap_or_else(|| panic!("{kind:#x} has no row"))
}

/// The mechanisms that a token lists.
///
/// # Panics
/// When the module refuses.
#[must_use]
pub fn listed(token: &Token) -> Vec<CK_MECHANISM_TYPE> {
    let (rv, count, _) = token.module.mechanism_list(token.slot, None);
    assert_rv!(rv, CKR_OK);
    let (rv, _, kinds) =
        token.module.mechanism_list(token.slot, Some(usize::try_from(count).expect("a count")));
    assert_rv!(rv, CKR_OK);
    kinds
}

/// The flags of a mechanism.
///
/// # Panics
/// When the module refuses.
#[must_use]
pub fn flags(token: &Token, kind: CK_MECHANISM_TYPE) -> CK_ULONG {
    let (rv, info) = token.module.mechanism_info(token.slot, kind);
    assert_rv!(rv, CKR_OK);
    info.flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mechanism_has_one_row() {
        let mut kinds: Vec<_> = ROWS.iter().map(|row| row.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), ROWS.len());
    }

    #[test]
    fn any_number_makes_a_length_that_fits() {
        let blocks = Message::blocks(16).from(32);
        for number in 0..100 {
            let len = blocks.fitting(number);
            assert!(len.is_multiple_of(16) && (32..=640).contains(&len), "{len}");
        }
        assert_eq!(Message::exactly(7).fitting(99), 7);
    }
}
