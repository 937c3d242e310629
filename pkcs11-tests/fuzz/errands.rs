//! What an application does from beginning to end, with arguments that are right.
//!
//! Random arguments alone rarely come past the first call of an operation. An errand makes its calls in order, each
//! with what the ones before it gave; the caller spoils an argument or puts another call between now and then, so that
//! most mistakes are made close to where an application would make them. What nobody disturbed must give back what it
//! was given.

mod plans;

use std::collections::BTreeMap;

use cryptoki_sys::{
    CK_RV, CK_USER_TYPE, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_AES_CBC_PAD, CKM_AES_GCM, CKM_AES_KEY_GEN,
    CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CKM_SHA256, CKR_OK, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKU_USER,
};
use pkcs11_tests::raw::words::{Function, Word};
use pkcs11_tests::token::LABEL;

use crate::cabinet::Cabinet;
use crate::dice::Dice;
use crate::mechanisms::{family, right_mechanism};
use crate::memory::{Lent, Memory};
use crate::pins::Pins;
use crate::templates;
use plans::Step::{self, Call, Guess, LogIn};
use plans::{FUSSY, PLANS};

/// What one call gives and another takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Material {
    Message,
    Signature,
    Hidden,
    Opened,
    Digest,
    Wrapped,
    State,
}

/// Results that are kept.
const GIVES: &[(&str, Material)] = &[
    ("C_Sign", Material::Signature),
    ("C_SignFinal", Material::Signature),
    ("C_SignRecover", Material::Signature),
    ("C_Encrypt", Material::Hidden),
    ("C_EncryptUpdate", Material::Hidden),
    ("C_EncryptFinal", Material::Hidden),
    ("C_DigestEncryptUpdate", Material::Hidden),
    ("C_SignEncryptUpdate", Material::Hidden),
    ("C_DecryptUpdate", Material::Opened),
    ("C_DecryptDigestUpdate", Material::Opened),
    ("C_DecryptVerifyUpdate", Material::Opened),
    ("C_DigestFinal", Material::Digest),
    ("C_WrapKey", Material::Wrapped),
    ("C_GetOperationState", Material::State),
];
/// Functions that encrypt the message as a part of what is decrypted later.
const ENCRYPT_A_PART: &[&str] = &["C_EncryptUpdate", "C_DigestEncryptUpdate", "C_SignEncryptUpdate"];
/// Decryptions whose last part comes with `C_DecryptFinal`.
const HOLDS_BACK: &[u64] = &[CKM_AES_CBC_PAD, CKM_AES_GCM];
/// Inputs, by function and number, that are not the message.
const TAKES: &[(&str, usize, Material)] = &[
    ("C_Verify", 2, Material::Signature),
    ("C_VerifyFinal", 1, Material::Signature),
    ("C_VerifyRecover", 1, Material::Signature),
    ("C_Decrypt", 1, Material::Hidden),
    ("C_DecryptUpdate", 1, Material::Hidden),
    ("C_DecryptDigestUpdate", 1, Material::Hidden),
    ("C_DecryptVerifyUpdate", 1, Material::Hidden),
    ("C_UnwrapKey", 1, Material::Wrapped),
    ("C_SetOperationState", 1, Material::State),
];

/// What an errand works with besides what it carries.
pub(crate) struct Means<'a> {
    pub(crate) dice: &'a mut Dice,
    pub(crate) memory: &'a mut Memory,
    pub(crate) pins: &'a Pins,
    pub(crate) cabinet: &'a Cabinet,
    pub(crate) slot: u64,
    /// Whose PIN `C_SetPIN` would change now.
    pub(crate) whose: CK_USER_TYPE,
}

/// An errand under way.
pub(crate) struct Errand {
    steps: &'static [Step],
    next: usize,
    /// Refusals that it bears before it is given up.
    patience: u32,
    /// Whether every argument so far was right, every answer `CKR_OK`, and no other call in between.
    undisturbed: bool,
    signer: u64,
    cipher: u64,
    session: u64,
    object: u64,
    carried: BTreeMap<Material, Vec<u8>>,
}

impl Errand {
    /// An errand of any kind; `session` is one that is open.
    pub(crate) fn any(dice: &mut Dice, session: u64) -> Self {
        let mut chosen = dice.below(PLANS.iter().map(|plan| plan.weight).sum());
        let plan = PLANS.iter().find(|plan| {
            let here = chosen < plan.weight;
            chosen = chosen.saturating_sub(plan.weight);
            here
        });
        let plan = plan.expect("a number below the sum of all weights");
        let (signer, cipher) = (dice.of(plan.signers), dice.of(plan.ciphers));
        let fussy = [signer, cipher].iter().any(|kind| FUSSY.contains(kind));
        let len = if fussy { 32 } else { 16 * (1 + dice.index(20)) };
        let message = (0..len).map(|_| dice.word() as u8 & 0x7F).collect();
        let carried = BTreeMap::from([(Material::Message, message)]);
        Self {
            steps: plan.steps,
            next: 0,
            patience: 2,
            undisturbed: true,
            signer,
            cipher,
            session,
            object: 0,
            carried,
        }
    }

    /// The session that it works in.
    pub(crate) fn session(&self) -> u64 {
        self.session
    }

    /// The function that comes next.
    pub(crate) fn function(&self) -> &'static Function {
        Function::named(match self.steps[self.next] {
            Call(name) => name,
            LogIn(_) | Guess(_) => "C_Login",
        })
    }

    /// What an argument must be; `None` where anything will do. `number` counts the function's arguments of this kind.
    pub(crate) fn word(
        &self,
        word: Word,
        number: usize,
        function: &str,
        with: &mut Means<'_>,
    ) -> Option<Lent> {
        let alone = |pointer| Some(Lent { pointer, len: 0 });
        match word {
            Word::Arguments | Word::Reserved => alone(0),
            Word::Place => alone(with.memory.room()),
            Word::Slot => alone(with.slot),
            Word::Session => alone(self.session),
            Word::Object => alone(self.key(function, number, with.cabinet)),
            Word::User => alone(self.user()),
            Word::Flags => alone(CKF_SERIAL_SESSION | CKF_RW_SESSION),
            Word::Label => Some(with.memory.bytes(LABEL)),
            Word::Pin => Some(self.pin(function, number, with)),
            Word::Input => Some(self.input(function, number, with)),
            Word::Template => {
                let useful = templates::useful(with.dice, with.memory, function, number == 2);
                Some(templates::exactly(with.memory, &useful))
            }
            Word::Asked => Some(templates::one_asked(with.memory)),
            Word::Mechanism => {
                alone(right_mechanism(with.memory, self.mechanism(function), &with.cabinet.point))
            }
            Word::Output => Some(with.memory.enough(with.dice)),
            _ => None,
        }
    }

    fn user(&self) -> CK_USER_TYPE {
        if let LogIn(user) | Guess(user) = self.steps[self.next] { user } else { CKU_USER }
    }

    fn pin(&self, function: &str, number: usize, with: &mut Means<'_>) -> Lent {
        let pin = match (function, number, self.steps[self.next]) {
            ("C_InitToken", ..) => with.pins.officer(),
            ("C_InitPIN", ..) | ("C_SetPIN", 2, _) => Pins::fresh(with.dice),
            ("C_SetPIN", ..) => with.pins.of(with.whose),
            (_, _, Guess(_)) => b"not-the-pin",
            _ => with.pins.of(self.user()),
        };
        with.memory.bytes(pin)
    }

    fn input(&self, function: &str, number: usize, with: &mut Means<'_>) -> Lent {
        let taken = TAKES.iter().find(|(name, place, _)| (*name, *place) == (function, number));
        let material = taken.map_or(Material::Message, |(.., material)| *material);
        let bytes = self.carried.get(&material).map_or(&[][..], Vec::as_slice);
        // The first input may lie where the output will.
        match number == 1 && with.dice.once_in(2) {
            true => with.memory.placed(with.dice, bytes),
            false => with.memory.bytes(bytes),
        }
    }

    fn mechanism(&self, function: &str) -> u64 {
        match function {
            "C_DigestInit" => CKM_SHA256,
            "C_EncryptInit" | "C_DecryptInit" | "C_WrapKey" | "C_UnwrapKey" => self.cipher,
            "C_GenerateKey" => CKM_AES_KEY_GEN,
            "C_GenerateKeyPair" => CKM_EC_KEY_PAIR_GEN,
            "C_DeriveKey" => CKM_ECDH1_DERIVE,
            _ => self.signer,
        }
    }

    fn key(&self, function: &str, number: usize, cabinet: &Cabinet) -> u64 {
        let pair = cabinet.pair(family(self.mechanism(function)));
        match function {
            "C_EncryptInit" | "C_VerifyInit" | "C_VerifyRecoverInit" => pair.public,
            "C_WrapKey" if number == 1 => pair.public,
            "C_WrapKey" | "C_DigestKey" => cabinet.generic,
            "C_SignInit" | "C_SignRecoverInit" | "C_DecryptInit" | "C_UnwrapKey" | "C_DeriveKey" => {
                pair.private
            }
            // A digest's state needs no keys.
            "C_SetOperationState" => 0,
            _ => self.object,
        }
    }

    /// An argument was spoiled, or another call came in between: from now on anything may be answered.
    pub(crate) fn disturb(&mut self) {
        self.undisturbed = false;
    }

    /// Whether an answer is one that the calls before it allow: undisturbed, what was just signed holds, what was
    /// encrypted comes back, and a digest of the same is the same.
    pub(crate) fn allows(&self, function: &str, rv: CK_RV, result: &[u8]) -> bool {
        let carried = |material| self.carried.get(&material).map_or(&[][..], Vec::as_slice);
        let message = carried(Material::Message);
        match function {
            _ if !self.undisturbed => true,
            // The last part is not there yet when the other operation of the two is fed.
            "C_DigestFinal" | "C_VerifyFinal" if HOLDS_BACK.contains(&self.cipher) => true,
            "C_Verify" | "C_VerifyFinal" | "C_VerifyRecover"
                if [CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE].contains(&rv) =>
            {
                false
            }
            _ if rv != CKR_OK => true,
            // Without padding a shorter number comes back with zeros before it.
            "C_Decrypt" | "C_VerifyRecover" => result.ends_with(message),
            "C_DecryptFinal" => {
                let is_part = |step: &&Step| matches!(step, Call(name) if ENCRYPT_A_PART.contains(name));
                let parts = self.steps.iter().filter(is_part).count();
                [carried(Material::Opened), result].concat() == message.repeat(parts)
            }
            "C_DigestFinal" => [&[][..], result].contains(&carried(Material::Digest)),
            _ => true,
        }
    }

    /// Remembers what a call gave.
    pub(crate) fn carry(&mut self, function: &str, result: &[u8]) {
        let Some((_, material)) = GIVES.iter().find(|(name, _)| *name == function) else { return };
        let carried = self.carried.entry(*material).or_default();
        // What was encrypted in parts is decrypted as a whole.
        if !matches!(material, Material::Hidden | Material::Opened) {
            carried.clear();
        }
        carried.extend(result);
    }

    /// Remembers the handles that a call gave.
    pub(crate) fn hold(&mut self, function: &str, handles: &[u64]) {
        let Some(first) = handles.first() else { return };
        if function == "C_OpenSession" { self.session = *first } else { self.object = *first }
    }

    /// Goes on after an answer. `asked_only` says that a length was asked for, and nothing done. False when the errand
    /// is over or given up.
    pub(crate) fn goes_on(&mut self, rv: CK_RV, asked_only: bool) -> bool {
        let guessed = matches!(self.steps[self.next], Guess(_));
        if (rv == CKR_OK && !asked_only) || guessed {
            self.next += 1;
        } else {
            self.undisturbed = false;
            let Some(left) = self.patience.checked_sub(1) else { return false };
            self.patience = left;
        }
        self.next < self.steps.len()
    }
}
