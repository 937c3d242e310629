//! Session keys that may do whatever keys of their type can, each made once.

use std::cell::RefCell;

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_KEY_TYPE, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CKA_CLASS,
    CKA_DECAPSULATE, CKA_DECRYPT, CKA_DERIVE, CKA_ENCAPSULATE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_TYPE,
    CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_TOKEN, CKA_UNWRAP, CKA_VALUE, CKA_VERIFY,
    CKA_VERIFY_RECOVER, CKA_WRAP, CKK_DES, CKK_DES2, CKK_DES3, CKK_HOTP, CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DSA_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN,
    CKO_OTP_KEY, CKO_SECRET_KEY, CKR_OK,
};

use super::{Key, PairKind};
use crate::{Module, Template, assert_rv, mechanism};

/// The two handles of a pair, or twice that of a secret key; nothing twice for a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Signs, decrypts, unwraps, derives.
    pub private: CK_OBJECT_HANDLE,
    /// Verifies, encrypts, wraps.
    pub public: CK_OBJECT_HANDLE,
}

/// The usages of a pair: of the public key, of the private key.
type Usages = (&'static [CK_ATTRIBUTE_TYPE], &'static [CK_ATTRIBUTE_TYPE]);

/// What the pairs of a generator can.
const USAGES: &[(CK_MECHANISM_TYPE, Usages)] = &[
    (
        CKM_RSA_PKCS_KEY_PAIR_GEN,
        (
            &[CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_ENCRYPT, CKA_WRAP, CKA_ENCAPSULATE],
            &[CKA_SIGN, CKA_SIGN_RECOVER, CKA_DECRYPT, CKA_UNWRAP, CKA_DECAPSULATE],
        ),
    ),
    (
        CKM_EC_KEY_PAIR_GEN,
        (&[CKA_VERIFY, CKA_WRAP, CKA_ENCAPSULATE], &[CKA_SIGN, CKA_DERIVE, CKA_UNWRAP, CKA_DECAPSULATE]),
    ),
    (CKM_EC_EDWARDS_KEY_PAIR_GEN, (&[CKA_VERIFY], &[CKA_SIGN])),
    (
        CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
        (&[CKA_WRAP, CKA_ENCAPSULATE], &[CKA_DERIVE, CKA_UNWRAP, CKA_DECAPSULATE]),
    ),
    (CKM_DH_PKCS_KEY_PAIR_GEN, (&[], &[CKA_DERIVE])),
    (CKM_DSA_KEY_PAIR_GEN, (&[CKA_VERIFY], &[CKA_SIGN])),
    (CKM_ML_KEM_KEY_PAIR_GEN, (&[CKA_ENCAPSULATE], &[CKA_DECAPSULATE])),
    (CKM_ML_DSA_KEY_PAIR_GEN, (&[CKA_VERIFY], &[CKA_SIGN])),
    (CKM_SLH_DSA_KEY_PAIR_GEN, (&[CKA_VERIFY], &[CKA_SIGN])),
];

/// The keys of a session.
pub struct Keyring<'a> {
    module: &'a Module,
    session: CK_SESSION_HANDLE,
    pairs: RefCell<Vec<(CK_MECHANISM_TYPE, Template, Keys)>>,
}

impl<'a> Keyring<'a> {
    /// No key yet.
    #[must_use]
    pub fn new(module: &'a Module, session: CK_SESSION_HANDLE) -> Self {
        Self { module, session, pairs: RefCell::default() }
    }

    /// The key that a row asks for; a secret one is the same in every life, with the odd parity that DES wants.
    ///
    /// # Panics
    /// When the module refuses to make it.
    #[must_use]
    pub fn keys(&self, key: Key) -> Keys {
        match key {
            Key::None => Keys { private: 0, public: 0 },
            Key::Secret(key_type, len) => {
                let mut value: Vec<u8> =
                    (0..len).map(|at| at.wrapping_mul(73).to_le_bytes()[0] ^ 0x5A).collect();
                if [CKK_DES, CKK_DES2, CKK_DES3].contains(&key_type) {
                    odd_parity(&mut value);
                }
                let (rv, key) = self.module.create_object(self.session, &secret(key_type, &value));
                assert_rv!(rv, CKR_OK, "for key type {key_type:#x}");
                Keys { private: key, public: key }
            }
            Key::Pair(kind) => self.pair(kind),
        }
    }

    fn pair(&self, kind: PairKind) -> Keys {
        let wanted = (kind.public)();
        let known = self
            .pairs
            .borrow()
            .iter()
            .find_map(|(by, public, keys)| (*by == kind.generator && *public == wanted).then_some(*keys));
        known.unwrap_or_else(|| {
            let keys = new_pair(self.module, self.session, kind);
            self.pairs.borrow_mut().push((kind.generator, wanted, keys));
            keys
        })
    }
}

/// Gives each byte the odd parity that keys of DES have, in its lowest bit.
pub fn odd_parity(value: &mut [u8]) {
    value.iter_mut().for_each(|byte| *byte ^= u8::from(byte.count_ones().is_multiple_of(2)));
}

/// A new pair of session keys that may do all they can; the private one can be read.
///
/// # Panics
/// When the module refuses.
#[must_use]
pub fn new_pair(module: &Module, session: CK_SESSION_HANDLE, kind: PairKind) -> Keys {
    let of_kind = USAGES.iter().find(|(generator, _)| *generator == kind.generator);
    let (of_public, of_private) = of_kind.expect("the usages of this generator").1;
    let may = |template: Template, usages: &[CK_ATTRIBUTE_TYPE]| {
        usages
            .iter()
            .fold(template.boolean(CKA_TOKEN, false), |template, usage| template.boolean(*usage, true))
    };
    let public = may((kind.public)(), of_public);
    let private = may(Template::new(), of_private)
        .boolean(CKA_PRIVATE, true)
        .boolean(CKA_SENSITIVE, false)
        .boolean(CKA_EXTRACTABLE, true);
    let (rv, public, private) =
        module.generate_key_pair(session, Some(&mechanism(kind.generator)), &public, &private);
    assert_rv!(rv, CKR_OK, "for a pair by {:#x}", kind.generator);
    Keys { private, public }
}

/// A secret session key that may do everything and can be read.
#[must_use]
pub fn secret(key_type: CK_KEY_TYPE, value: &[u8]) -> Template {
    let class = if key_type == CKK_HOTP { CKO_OTP_KEY } else { CKO_SECRET_KEY };
    usable(Template::new().ulong(CKA_CLASS, class).ulong(CKA_KEY_TYPE, key_type).bytes(CKA_VALUE, value))
}

/// The same template, of a session key that may do everything and can be read.
#[must_use]
pub fn usable(template: Template) -> Template {
    let usages = [CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE];
    let template = template
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_PRIVATE, false)
        .boolean(CKA_SENSITIVE, false)
        .boolean(CKA_EXTRACTABLE, true);
    usages.iter().fold(template, |template, usage| template.boolean(*usage, true))
}
