//! TABLE: what an application does from beginning to end, with arguments that are right.
//!
//! Random arguments alone rarely come past the first call of an operation. An errand makes its calls in order, each
//! with what the ones before it gave; the caller spoils an argument or puts another call between now and then, so that
//! most mistakes are made close to where an application would make them.

use std::collections::BTreeMap;

use cryptoki_sys::{
    CK_RV, CK_USER_TYPE, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR,
    CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD,
    CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA256, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP,
    CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA_1_HMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS, CKM_SHA512_HMAC, CKR_OK, CKU_SO, CKU_USER,
};
use pkcs11_tests::raw::words::{Function, Word};
use pkcs11_tests::token::LABEL;

use crate::cabinet::Cabinet;
use crate::dice::Dice;
use crate::mechanisms::{family, right_mechanism};
use crate::memory::{Lent, Memory};
use crate::pins::Pins;
use crate::templates;

/// A call of an errand.
#[derive(Clone, Copy)]
enum Step {
    Call(&'static str),
    LogIn(CK_USER_TYPE),
    /// A login with a wrong PIN: whatever it answers, the errand goes on.
    Guess(CK_USER_TYPE),
}

use Step::{Call, Guess, LogIn};

/// What errands of a kind have in common.
struct Plan {
    /// How often, beside the others.
    weight: u64,
    /// Mechanisms to sign with.
    signers: &'static [u64],
    /// Mechanisms to encrypt or wrap with.
    ciphers: &'static [u64],
    steps: &'static [Step],
}

const PLAIN: Plan = Plan { weight: 60, signers: WHOLE_SIGNERS, ciphers: CIPHERS_IN_PARTS, steps: &[] };

const WHOLE_SIGNERS: &[u64] = &[
    CKM_ECDSA,
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_ECDSA_SHA256,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA512_HMAC,
];
const SIGNERS_IN_PARTS: &[u64] = &[
    CKM_ECDSA_SHA256,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA512_HMAC,
];
const WHOLE_CIPHERS: &[u64] = &[
    CKM_AES_ECB,
    CKM_AES_CBC,
    CKM_AES_CBC_PAD,
    CKM_AES_CTR,
    CKM_AES_GCM,
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_OAEP,
    CKM_RSA_X_509,
];
const CIPHERS_IN_PARTS: &[u64] = &[CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM];
const RECOVERERS: &[u64] = &[CKM_RSA_PKCS, CKM_RSA_X_509];
const WRAPPERS: &[u64] =
    &[CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_KWP, CKM_AES_CBC_PAD, CKM_RSA_PKCS_OAEP];
/// What these take is not of any length.
const FUSSY: &[u64] = &[CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509];

const PLANS: &[Plan] = &[
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_Sign"),
            Call("C_VerifyInit"),
            Call("C_Verify"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: SIGNERS_IN_PARTS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_SignUpdate"),
            Call("C_SignUpdate"),
            Call("C_SignFinal"),
            Call("C_VerifyInit"),
            Call("C_VerifyUpdate"),
            Call("C_VerifyUpdate"),
            Call("C_VerifyFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: RECOVERERS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignRecoverInit"),
            Call("C_SignRecover"),
            Call("C_VerifyRecoverInit"),
            Call("C_VerifyRecover"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        ciphers: WHOLE_CIPHERS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_EncryptInit"),
            Call("C_Encrypt"),
            Call("C_DecryptInit"),
            Call("C_Decrypt"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_EncryptInit"),
            Call("C_EncryptUpdate"),
            Call("C_EncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_DecryptInit"),
            Call("C_DecryptUpdate"),
            Call("C_DecryptFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_DigestInit"),
            Call("C_EncryptInit"),
            Call("C_DigestEncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_DigestFinal"),
            Call("C_DecryptInit"),
            Call("C_DigestInit"),
            Call("C_DecryptDigestUpdate"),
            Call("C_DecryptFinal"),
            Call("C_DigestFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: SIGNERS_IN_PARTS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_EncryptInit"),
            Call("C_SignEncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_SignFinal"),
            Call("C_DecryptInit"),
            Call("C_VerifyInit"),
            Call("C_DecryptVerifyUpdate"),
            Call("C_DecryptFinal"),
            Call("C_VerifyFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_DigestInit"),
            Call("C_DigestUpdate"),
            Call("C_DigestKey"),
            Call("C_GetOperationState"),
            Call("C_DigestFinal"),
            Call("C_SetOperationState"),
            Call("C_DigestFinal"),
            Call("C_DigestInit"),
            Call("C_Digest"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        ciphers: WRAPPERS,
        steps: &[Call("C_WrapKey"), Call("C_UnwrapKey"), Call("C_GetObjectSize"), Call("C_DestroyObject")],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_CreateObject"),
            Call("C_GetAttributeValue"),
            Call("C_SetAttributeValue"),
            Call("C_CopyObject"),
            Call("C_FindObjectsInit"),
            Call("C_FindObjects"),
            Call("C_FindObjectsFinal"),
            Call("C_DestroyObject"),
        ],
        ..PLAIN
    },
    Plan {
        weight: 20,
        steps: &[
            Call("C_GenerateKey"),
            Call("C_GenerateKeyPair"),
            Call("C_DeriveKey"),
            Call("C_GenerateRandom"),
            Call("C_SeedRandom"),
        ],
        ..PLAIN
    },
    Plan {
        weight: 10,
        steps: &[Call("C_OpenSession"), Call("C_Logout"), LogIn(CKU_USER), Call("C_SetPIN")],
        ..PLAIN
    },
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_SetPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_InitToken"),
            Call("C_OpenSession"),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    // The user forgets his PIN, and the officer gives him another.
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            Guess(CKU_USER),
            Guess(CKU_USER),
            Guess(CKU_USER),
            Guess(CKU_USER),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    // The officer forgets his: nobody can help, and the token is given up.
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            Guess(CKU_SO),
            Guess(CKU_SO),
            Guess(CKU_SO),
            Guess(CKU_SO),
        ],
        ..PLAIN
    },
    Plan {
        weight: 2,
        steps: &[Call("C_Finalize"), Call("C_Initialize"), Call("C_OpenSession"), LogIn(CKU_USER)],
        ..PLAIN
    },
];

/// What one call gives and another takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Material {
    Message,
    Signature,
    Hidden,
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
    ("C_WrapKey", Material::Wrapped),
    ("C_GetOperationState", Material::State),
];
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
        Self { steps: plan.steps, next: 0, patience: 2, signer, cipher, session, object: 0, carried }
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

    /// Remembers what a call gave.
    pub(crate) fn carry(&mut self, function: &str, result: &[u8]) {
        let Some((_, material)) = GIVES.iter().find(|(name, _)| *name == function) else { return };
        let carried = self.carried.entry(*material).or_default();
        // What was encrypted in parts is decrypted as a whole.
        if *material != Material::Hidden {
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
            let Some(left) = self.patience.checked_sub(1) else { return false };
            self.patience = left;
        }
        self.next < self.steps.len()
    }
}
