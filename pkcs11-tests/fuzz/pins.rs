//! The PINs that stand.

use cryptoki_sys::{CK_USER_TYPE, CKR_OK, CKS_RW_SO_FUNCTIONS, CKU_SO, CKU_USER};
use pkcs11_tests::{Module, SO_PIN, USER_PIN};

use crate::dice::Dice;
use crate::memory::{Lent, Memory};

/// PINs that somebody may be given: plain ones, and those with a colon, whose name is no part of the secret.
const GIVEN: &[&[u8]] = &[
    USER_PIN.as_bytes(),
    SO_PIN.as_bytes(),
    b"1234",
    b":begins with a colon",
    b"user:named-9920",
    b"so:named-5116",
    "é: no name before this colon".as_bytes(),
];

/// What the application remembers of its token's PINs, from the calls that set them.
pub(crate) struct Pins {
    officer: Vec<u8>,
    /// None on a new token.
    user: Option<Vec<u8>>,
}

impl Pins {
    /// Those of a token that the suite made.
    pub(crate) fn of_a_fresh_token() -> Self {
        Self { officer: SO_PIN.into(), user: Some(USER_PIN.into()) }
    }

    pub(crate) fn officer(&self) -> &[u8] {
        &self.officer
    }

    pub(crate) fn user(&self) -> Option<&[u8]> {
        self.user.as_deref()
    }

    /// The PIN of a kind of user; the user's for whoever is neither.
    pub(crate) fn of(&self, user: CK_USER_TYPE) -> &[u8] {
        if user == CKU_SO { &self.officer } else { self.user.as_deref().unwrap_or(USER_PIN.as_bytes()) }
    }

    /// Whose PIN `C_SetPIN` changes in a session.
    pub(crate) fn changed_in(&self, module: &Module, session: u64) -> CK_USER_TYPE {
        let (rv, info) = module.session_info(session);
        if rv == CKR_OK && info.state == CKS_RW_SO_FUNCTIONS { CKU_SO } else { CKU_USER }
    }

    /// A PIN for somebody to have from now on.
    pub(crate) fn fresh(dice: &mut Dice) -> &'static [u8] {
        dice.of(GIVEN)
    }

    /// The officer made the token anew: there is no user.
    pub(crate) fn made_token(&mut self, officer: Vec<u8>) {
        *self = Self { officer, user: None };
    }

    pub(crate) fn changed(&mut self, user: CK_USER_TYPE, pin: Vec<u8>) {
        if user == CKU_SO { self.officer = pin } else { self.user = Some(pin) }
    }
}

/// A PIN at random: mostly one that stands.
pub(crate) fn pin(dice: &mut Dice, memory: &mut Memory, pins: &Pins, function: &str) -> Lent {
    let right = match function {
        "C_InitToken" => pins.officer(),
        "C_InitPIN" => Pins::fresh(dice),
        "C_Login" if dice.once_in(8) => pins.officer(),
        "C_SetPIN" if dice.once_in(2) => Pins::fresh(dice),
        _ => pins.of(CKU_USER),
    };
    match dice.below(40) {
        0 => Lent { pointer: 0, len: 0 },
        1 => Lent { pointer: 0, len: dice.wild_len() },
        2 => Lent { len: dice.wild_len(), ..memory.bytes(b"some-pin") },
        3 => memory.bytes(&[b'1'; 300]),
        4 => memory.bytes(b""),
        5 => memory.bytes(b"not-the-pin"),
        _ => memory.bytes(right),
    }
}
