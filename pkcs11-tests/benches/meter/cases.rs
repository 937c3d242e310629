//! What is measured: a row for each operation, with the key and the mechanism.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG, CKA_DECRYPT, CKA_DERIVE, CKA_EC_PARAMS,
    CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_LABEL, CKA_MODULUS_BITS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE_LEN, CKA_VERIFY, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM,
    CKM_AES_KEY_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_EDDSA,
    CKM_GENERIC_SECRET_KEY_GEN, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_SHA_1,
    CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
};
use pkcs11_tests::mechanism;

use crate::interface::{Answer, Attributes, Interface};

/// A key that rows are measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyKind {
    /// RSA with so many bits.
    Rsa(u16),
    /// EC over P-256.
    P256,
    /// EC over P-384.
    P384,
    /// EC over P-521.
    P521,
    /// Ed25519.
    Ed25519,
    /// AES of 256 bits.
    Aes,
    /// A generic secret of 32 bytes.
    Hmac,
}

/// What one operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `C_SignInit`, `C_Sign` of so many bytes.
    Sign(KeyKind, CK_MECHANISM_TYPE, usize),
    /// `C_VerifyInit`, `C_Verify` of a good signature.
    Verify(KeyKind, CK_MECHANISM_TYPE, usize),
    /// `C_EncryptInit`, `C_Encrypt`.
    Encrypt(KeyKind, CK_MECHANISM_TYPE, usize),
    /// `C_DecryptInit`, `C_Decrypt` of 32 bytes; with OAEP, under this hash.
    Decrypt(KeyKind, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE),
    /// `C_DigestInit`, `C_Digest`.
    Digest(CK_MECHANISM_TYPE, usize),
    /// `C_DeriveKey` by ECDH, `C_DestroyObject`.
    Derive(KeyKind),
    /// `C_GenerateKey` or `C_GenerateKeyPair`, into a session or into the token. Destroying is not measured.
    Generate(KeyKind, bool),
    /// `C_OpenSession`, `C_CloseSession`.
    Session,
    /// `C_GenerateRandom` of so many bytes.
    Random(usize),
    /// `C_GetAttributeValue` of three attributes.
    Read(KeyKind),
}

/// A row: its name, which starts with the group that it is shown in, and what is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// `group/name`
    pub(crate) name: &'static str,
    /// What one operation is.
    pub(crate) work: Work,
}

const fn row(name: &'static str, work: Work) -> Case {
    Case { name, work }
}

use KeyKind::{Aes, Ed25519, Hmac, P256, P384, P521, Rsa};
use Work::{Decrypt, Derive, Digest, Encrypt, Generate, Random, Read, Session, Sign, Verify};

/// A `DigestInfo` of SHA-256 is as long as this.
const DIGEST_INFO: usize = 51;
const KIB: usize = 1024;

/// Every row but those of the store.
pub(crate) const CASES: &[Case] = &[
    row("sign/rsa2048-pkcs", Sign(Rsa(2048), CKM_RSA_PKCS, DIGEST_INFO)),
    row("sign/rsa2048-sha256-pkcs", Sign(Rsa(2048), CKM_SHA256_RSA_PKCS, 256)),
    row("sign/rsa2048-pss-sha256", Sign(Rsa(2048), CKM_SHA256_RSA_PKCS_PSS, 256)),
    row("sign/rsa3072-pkcs", Sign(Rsa(3072), CKM_RSA_PKCS, DIGEST_INFO)),
    row("sign/rsa4096-pkcs", Sign(Rsa(4096), CKM_RSA_PKCS, DIGEST_INFO)),
    row("sign/ecdsa-p256", Sign(P256, CKM_ECDSA, 32)),
    row("sign/ecdsa-p384", Sign(P384, CKM_ECDSA, 48)),
    row("sign/ecdsa-p521", Sign(P521, CKM_ECDSA, 64)),
    row("sign/ed25519", Sign(Ed25519, CKM_EDDSA, 64)),
    row("verify/rsa2048-pkcs", Verify(Rsa(2048), CKM_RSA_PKCS, DIGEST_INFO)),
    row("verify/ecdsa-p256", Verify(P256, CKM_ECDSA, 32)),
    row("verify/ecdsa-p384", Verify(P384, CKM_ECDSA, 48)),
    row("decrypt/rsa2048-pkcs", Decrypt(Rsa(2048), CKM_RSA_PKCS, 0)),
    row("decrypt/rsa2048-oaep-sha1", Decrypt(Rsa(2048), CKM_RSA_PKCS_OAEP, CKM_SHA_1)),
    row("decrypt/rsa2048-oaep-sha256", Decrypt(Rsa(2048), CKM_RSA_PKCS_OAEP, CKM_SHA256)),
    row("derive/ecdh-p256", Derive(P256)),
    row("bulk/aes256-gcm-16", Encrypt(Aes, CKM_AES_GCM, 16)),
    row("bulk/aes256-gcm-1k", Encrypt(Aes, CKM_AES_GCM, KIB)),
    row("bulk/aes256-gcm-16k", Encrypt(Aes, CKM_AES_GCM, 16 * KIB)),
    row("bulk/aes256-gcm-1m", Encrypt(Aes, CKM_AES_GCM, KIB * KIB)),
    row("bulk/aes256-cbcpad-1k", Encrypt(Aes, CKM_AES_CBC_PAD, KIB)),
    row("bulk/aes256-cbcpad-1m", Encrypt(Aes, CKM_AES_CBC_PAD, KIB * KIB)),
    row("bulk/aes256-ctr-1k", Encrypt(Aes, CKM_AES_CTR, KIB)),
    row("bulk/aes256-ctr-1m", Encrypt(Aes, CKM_AES_CTR, KIB * KIB)),
    row("bulk/sha256-64", Digest(CKM_SHA256, 64)),
    row("bulk/sha256-16k", Digest(CKM_SHA256, 16 * KIB)),
    row("bulk/sha256-1m", Digest(CKM_SHA256, KIB * KIB)),
    row("bulk/hmac-sha256-64", Sign(Hmac, CKM_SHA256_HMAC, 64)),
    row("bulk/hmac-sha256-16k", Sign(Hmac, CKM_SHA256_HMAC, 16 * KIB)),
    row("keygen/rsa2048-session", Generate(Rsa(2048), false)),
    row("keygen/p256-session", Generate(P256, false)),
    row("keygen/aes256-session", Generate(Aes, false)),
    row("keygen/rsa2048-token", Generate(Rsa(2048), true)),
    row("keygen/p256-token", Generate(P256, true)),
    row("keygen/aes256-token", Generate(Aes, true)),
    row("small/open-close-session", Session),
    row("small/random-32", Random(32)),
    row("small/getattr-3", Read(Rsa(2048))),
];

impl Case {
    /// The key that must be there before.
    pub(crate) fn key(&self) -> Option<KeyKind> {
        match self.work {
            Sign(key, ..)
            | Verify(key, ..)
            | Encrypt(key, ..)
            | Decrypt(key, ..)
            | Derive(key)
            | Read(key) => Some(key),
            Digest(..) | Generate(..) | Session | Random(_) => None,
        }
    }

    /// Its mechanism, or 0 where it takes none or its own.
    pub(crate) fn mechanism(&self) -> CK_MECHANISM_TYPE {
        match self.work {
            Sign(_, kind, _) | Verify(_, kind, _) | Encrypt(_, kind, _) | Decrypt(_, kind, _) => kind,
            Digest(kind, _) => kind,
            Derive(_) => cryptoki_sys::CKM_ECDH1_DERIVE,
            Generate(..) | Session | Random(_) | Read(_) => 0,
        }
    }

    /// How many times as long as others it is measured: finding primes takes very different times.
    pub(crate) fn patience(&self) -> f64 {
        if matches!(self.work, Generate(Rsa(_), _)) { 5.0 } else { 1.0 }
    }
}

/// The handles of one key; of a secret key twice the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handles {
    /// What signs and decrypts.
    pub(crate) private: CK_OBJECT_HANDLE,
    /// What verifies and encrypts.
    pub(crate) public: CK_OBJECT_HANDLE,
}

impl KeyKind {
    /// Its label.
    pub(crate) fn label(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Makes one, in the token or in the session.
    pub(crate) fn generate(
        self,
        module: Interface,
        session: CK_SESSION_HANDLE,
        token: bool,
        label: &str,
    ) -> Answer<Handles> {
        let named =
            || Attributes::default().flag(CKA_TOKEN, token).bytes(CKA_LABEL, label).bytes(CKA_ID, label);
        let kept = || named().flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false);
        let shown = || named().flag(CKA_PRIVATE, false).flag(CKA_VERIFY, true);
        let secret = |generator, first, second| {
            let template = kept().ulong(CKA_VALUE_LEN, 32).flag(first, true).flag(second, true);
            let made = module.generate(session, &mut mechanism(generator), &template)?;
            Ok(Handles { private: made, public: made })
        };
        let (generator, private, public) = match self {
            Aes => return secret(CKM_AES_KEY_GEN, CKA_ENCRYPT, CKA_DECRYPT),
            Hmac => return secret(CKM_GENERIC_SECRET_KEY_GEN, CKA_SIGN, CKA_VERIFY),
            Rsa(bits) => (
                CKM_RSA_PKCS_KEY_PAIR_GEN,
                kept().flag(CKA_SIGN, true).flag(CKA_DECRYPT, true),
                shown()
                    .flag(CKA_ENCRYPT, true)
                    .ulong(CKA_MODULUS_BITS, CK_ULONG::from(bits))
                    .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]),
            ),
            Ed25519 => (
                CKM_EC_EDWARDS_KEY_PAIR_GEN,
                kept().flag(CKA_SIGN, true),
                shown().bytes(CKA_EC_PARAMS, self.curve()),
            ),
            P256 | P384 | P521 => (
                CKM_EC_KEY_PAIR_GEN,
                kept().flag(CKA_SIGN, true).flag(CKA_DERIVE, true),
                shown().bytes(CKA_EC_PARAMS, self.curve()),
            ),
        };
        let (private, public) =
            module.generate_pair(session, &mut mechanism(generator), (&private, &public))?;
        Ok(Handles { private, public })
    }

    /// The curve as DER object identifier.
    fn curve(self) -> &'static [u8] {
        match self {
            P256 => pkcs11_tests::keys::P256,
            P384 => pkcs11_tests::keys::P384,
            P521 => &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23],
            Ed25519 => &[0x06, 0x03, 0x2B, 0x65, 0x70],
            Rsa(_) | Aes | Hmac => &[],
        }
    }
}
