//! What is measured: a row for each operation.

use std::sync::Arc;

use pkcs11::constants as c;
use pkcs11::{
    Access, Attribute, GcmParameters, Mechanism, MechanismType, ObjectHandle, Parameters, Result, Room,
    SessionHandle, SlotId, Token,
};

use crate::curves::CURVES;
use crate::session::UserSession;

/// The longest signature or MAC, and what a cipher adds.
const BEYOND_INPUT: usize = 512;
/// A GCM initialisation vector in bytes, and a tag in bits.
const GCM: (usize, u64) = (12, 128);
const KIB: usize = 1024;

/// An operation.
pub(super) struct Operation {
    pub(super) name: &'static str,
    key: Key,
    work: Work,
    mechanism: MechanismType,
    /// Bytes of input.
    len: usize,
}

/// Which key an operation needs.
#[derive(Clone, Copy)]
enum Key {
    /// A pair; its modulus in bits.
    Rsa(u64),
    /// A pair on the curve of this name.
    OnCurve(&'static str),
    /// A secret key: what makes it, and what it may do.
    Secret(MechanismType, [u64; 2]),
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Sign,
    Verify,
    Encrypt,
    Digest,
    Random,
}

const fn row(name: &'static str, key: Key, work: Work, mechanism: MechanismType, len: usize) -> Operation {
    Operation { name, key, work, mechanism, len }
}

const AES: Key = Key::Secret(c::CKM_AES_KEY_GEN, [c::CKA_ENCRYPT, c::CKA_DECRYPT]);
const HMAC: Key = Key::Secret(c::CKM_GENERIC_SECRET_KEY_GEN, [c::CKA_SIGN, c::CKA_VERIFY]);

/// Everything that is measured, in the order in which it is shown.
pub(super) const OPERATIONS: &[Operation] = &[
    row("RSA-2048 sign", Key::Rsa(2048), Work::Sign, c::CKM_SHA256_RSA_PKCS, 64),
    row("RSA-2048 verify", Key::Rsa(2048), Work::Verify, c::CKM_SHA256_RSA_PKCS, 64),
    row("RSA-3072 sign", Key::Rsa(3072), Work::Sign, c::CKM_SHA256_RSA_PKCS, 64),
    row("P-256 sign", Key::OnCurve("P-256"), Work::Sign, c::CKM_ECDSA, 32),
    row("P-256 verify", Key::OnCurve("P-256"), Work::Verify, c::CKM_ECDSA, 32),
    row("P-384 sign", Key::OnCurve("P-384"), Work::Sign, c::CKM_ECDSA, 48),
    row("Ed25519 sign", Key::OnCurve("Ed25519"), Work::Sign, c::CKM_EDDSA, 64),
    row("AES-256-GCM 1 KiB", AES, Work::Encrypt, c::CKM_AES_GCM, KIB),
    row("AES-256-GCM 16 KiB", AES, Work::Encrypt, c::CKM_AES_GCM, 16 * KIB),
    row("HMAC-SHA-256 1 KiB", HMAC, Work::Sign, c::CKM_SHA256_HMAC, KIB),
    row("SHA-256 16 KiB", Key::None, Work::Digest, c::CKM_SHA256, 16 * KIB),
    row("random 32 bytes", Key::None, Work::Random, 0, 32),
];

/// The handles of a key: what signs, what verifies.
#[derive(Clone, Copy)]
pub(super) struct Keys {
    private: ObjectHandle,
    public: ObjectHandle,
}

impl Operation {
    /// Makes the operation's key, in the session: it goes when the session does.
    pub(super) fn keys(&self, session: &UserSession) -> Result<Keys> {
        let (token, handle) = (&session.token, session.handle);
        let mechanism = |mechanism_type| Mechanism { mechanism_type, parameters: Parameters::None };
        let own = |uses: &[u64]| {
            let uses = uses.iter().map(|used| Attribute::boolean(*used, true));
            std::iter::once(Attribute::boolean(c::CKA_TOKEN, false)).chain(uses).collect::<Vec<_>>()
        };
        let pair = |made_by, parameters: Vec<Attribute>| {
            let public = [own(&[c::CKA_VERIFY]), parameters].concat();
            let (public, private) =
                token.generate_key_pair(handle, mechanism(made_by), public, own(&[c::CKA_SIGN]))?;
            Ok(Keys { private, public })
        };
        match self.key {
            // Never asked for: what takes no key names none.
            Key::None => Ok(Keys { private: ObjectHandle(0), public: ObjectHandle(0) }),
            Key::Rsa(bits) => pair(
                c::CKM_RSA_PKCS_KEY_PAIR_GEN,
                vec![
                    Attribute::ulong(c::CKA_MODULUS_BITS, bits),
                    Attribute::bytes(c::CKA_PUBLIC_EXPONENT, &[1, 0, 1]),
                ],
            ),
            Key::OnCurve(name) => {
                let curve = CURVES.iter().find(|curve| curve.names.contains(&name));
                let curve = curve.ok_or(pkcs11::Error::Bug("a curve that the table lacks"))?;
                pair(curve.mechanism, vec![Attribute::bytes(c::CKA_EC_PARAMS, curve.params)])
            }
            Key::Secret(made_by, uses) => {
                let template = [own(&uses), vec![Attribute::ulong(c::CKA_VALUE_LEN, 32)]].concat();
                let key = token.generate_key(handle, mechanism(made_by), template)?;
                Ok(Keys { private: key, public: key })
            }
        }
    }
}

/// One thread with a session of its own, ready to do an operation over and over.
pub(super) struct Operator {
    token: Arc<dyn Token>,
    session: SessionHandle,
    row: &'static Operation,
    keys: Keys,
    input: Vec<u8>,
    signature: Vec<u8>,
    out: Vec<u8>,
    /// Messages so far: no initialisation vector comes twice.
    sequence: u64,
}

impl Operator {
    pub(super) fn new(
        token: Arc<dyn Token>,
        slot: SlotId,
        row: &'static Operation,
        keys: Keys,
    ) -> Result<Self> {
        let session = token.open_session(slot, Access::ReadOnly, true)?;
        let (input, out) = (vec![0x5A; row.len], vec![0; row.len + BEYOND_INPUT]);
        let mut operator = Self { token, session, row, keys, input, signature: Vec::new(), out, sequence: 0 };
        if row.work == Work::Verify {
            let len = operator.sign()?;
            operator.signature = operator.out.get(..len).unwrap_or_default().to_vec();
        }
        Ok(operator)
    }

    fn mechanism(&mut self) -> Option<Mechanism> {
        self.sequence += 1;
        let parameters = if self.row.mechanism == c::CKM_AES_GCM {
            let (iv_len, tag_bits) = GCM;
            let mut iv = self.sequence.to_be_bytes().to_vec();
            iv.resize(iv_len, 0);
            Parameters::Gcm(GcmParameters { iv, aad: Vec::new(), tag_bits })
        } else {
            Parameters::None
        };
        Some(Mechanism { mechanism_type: self.row.mechanism, parameters })
    }

    fn sign(&mut self) -> Result<usize> {
        let mechanism = self.mechanism();
        self.token.sign_init(self.session, mechanism, self.keys.private)?;
        self.token.sign(self.session, &self.input, &mut Room::Buffer(&mut self.out))
    }

    /// The operation that is measured.
    pub(super) fn operate(&mut self) -> Result<()> {
        match self.row.work {
            Work::Sign => self.sign().map(drop),
            Work::Verify => {
                let mechanism = self.mechanism();
                self.token.verify_init(self.session, mechanism, self.keys.public)?;
                self.token.verify(self.session, &self.input, &self.signature)
            }
            Work::Encrypt => {
                let mechanism = self.mechanism();
                self.token.encrypt_init(self.session, mechanism, self.keys.private)?;
                self.token.encrypt(self.session, &self.input, &mut Room::Buffer(&mut self.out)).map(drop)
            }
            Work::Digest => {
                let mechanism = self.mechanism();
                self.token.digest_init(self.session, mechanism)?;
                self.token.digest(self.session, &self.input, &mut Room::Buffer(&mut self.out)).map(drop)
            }
            Work::Random => self.token.generate_random(self.session, &mut self.input),
        }
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if let Err(error) = self.token.close_session(self.session) {
            log::debug!("the session is closed already: {error}");
        }
    }
}
