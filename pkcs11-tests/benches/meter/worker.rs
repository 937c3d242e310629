//! One thread's part in a row: everything an operation needs, made before it is measured, and a check that the
//! answers are right.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_ECDH1_DERIVE_PARAMS, CK_GCM_PARAMS, CK_MECHANISM, CK_OBJECT_HANDLE,
    CK_RSA_PKCS_OAEP_PARAMS, CK_RSA_PKCS_PSS_PARAMS, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG,
    CKA_CLASS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_SENSITIVE, CKA_TOKEN,
    CKA_VALUE, CKA_VALUE_LEN, CKD_NULL, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKG_MGF1_SHA1, CKG_MGF1_SHA256,
    CKK_GENERIC_SECRET, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM, CKM_ECDSA, CKM_RSA_PKCS,
    CKM_RSA_PKCS_OAEP, CKM_SHA256, CKM_SHA256_RSA_PKCS_PSS, CKO_SECRET_KEY, CKZ_DATA_SPECIFIED,
};
use pkcs11_tests::mechanism;

use crate::cases::{Case, Handles, KeyKind, Work};
use crate::interface::{Answer, Attributes, Interface};

/// Not a return value of any module: the answer was wrong.
pub(crate) const WRONG: CK_RV = 0xBAD_0BAD;

/// Longer than any output beside its input: a tag, a padding, an RSA signature.
const BEYOND_INPUT: usize = 1024;
/// What is encrypted for the rows that decrypt.
const SHORT_MESSAGE: [u8; 32] = [0x17; 32];
/// SHA-256 of the bytes 0, 1, .. 250, 0, 1, .. by their number: its first bytes.
const DIGESTS: [(usize, [u8; 8]); 3] = [
    (64, [0xFD, 0xEA, 0xB9, 0xAC, 0xF3, 0x71, 0x03, 0x62]),
    (16_384, [0x43, 0x48, 0xE3, 0xB9, 0x8E, 0x8A, 0x32, 0x7B]),
    (1_048_576, [0x63, 0x1B, 0x84, 0x02, 0x7D, 0x6B, 0x9E, 0x52]),
];

/// A parameter of a mechanism, in C's form.
enum Parameter {
    None,
    Iv([u8; 16]),
    Pss(CK_RSA_PKCS_PSS_PARAMS),
    Oaep(CK_RSA_PKCS_OAEP_PARAMS),
    Gcm(CK_GCM_PARAMS),
    Ctr(CK_AES_CTR_PARAMS),
    Ecdh(CK_ECDH1_DERIVE_PARAMS),
}

/// One thread at one row. What C points into lives in boxes and does not move.
pub(crate) struct Worker {
    module: Interface,
    slot: CK_SLOT_ID,
    session: CK_SESSION_HANDLE,
    work: Work,
    kind: CK_ULONG,
    keys: Handles,
    parameter: Box<Parameter>,
    iv: Box<[u8; 16]>,
    /// The public point of an agreement.
    peer: Vec<u8>,
    input: Vec<u8>,
    /// Of the rows that verify.
    signature: Vec<u8>,
    out: Vec<u8>,
    out_len: usize,
    sequence: u64,
    derived: Attributes,
    made: Option<Handles>,
}

impl Worker {
    /// Opens a session and makes everything that `case` needs; `keys` are those of its key.
    pub(crate) fn prepare(
        module: Interface,
        slot: CK_SLOT_ID,
        case: &Case,
        keys: Option<Handles>,
        thread: u8,
    ) -> Answer<Self> {
        let session = module.open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)?;
        let len = match case.work {
            Work::Sign(_, _, len) | Work::Verify(_, _, len) | Work::Encrypt(_, _, len) => len,
            Work::Digest(_, len) => len,
            _ => SHORT_MESSAGE.len(),
        };
        let derived = Attributes::default()
            .ulong(CKA_CLASS, CKO_SECRET_KEY)
            .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
            .ulong(CKA_VALUE_LEN, 32)
            .flag(CKA_TOKEN, false)
            .flag(CKA_SENSITIVE, false)
            .flag(CKA_EXTRACTABLE, true);
        let mut worker = Self {
            module,
            slot,
            session,
            work: case.work,
            kind: case.mechanism(),
            keys: keys.unwrap_or(Handles { private: 0, public: 0 }),
            parameter: Box::new(Parameter::None),
            iv: Box::new([thread; 16]),
            peer: Vec::new(),
            input: (0..=250).cycle().take(len).collect(),
            signature: Vec::new(),
            out: vec![0; len + BEYOND_INPUT],
            out_len: 0,
            sequence: 0,
            derived,
            made: None,
        };
        *worker.parameter = worker.new_parameter();
        worker.prepare_input()?;
        Ok(worker)
    }

    fn new_parameter(&mut self) -> Parameter {
        let (hash, mgf) = match self.work {
            Work::Decrypt(_, _, hash) if hash != CKM_SHA256 => (hash, CKG_MGF1_SHA1),
            _ => (CKM_SHA256, CKG_MGF1_SHA256),
        };
        match self.kind {
            CKM_SHA256_RSA_PKCS_PSS => {
                Parameter::Pss(CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: 32 })
            }
            CKM_RSA_PKCS_OAEP => Parameter::Oaep(CK_RSA_PKCS_OAEP_PARAMS {
                hashAlg: hash,
                mgf,
                source: CKZ_DATA_SPECIFIED,
                pSourceData: ptr::null_mut(),
                ulSourceDataLen: 0,
            }),
            CKM_AES_GCM => Parameter::Gcm(CK_GCM_PARAMS {
                pIv: self.iv.as_mut_ptr(),
                ulIvLen: 12,
                ulIvBits: 96,
                pAAD: ptr::null_mut(),
                ulAADLen: 0,
                ulTagBits: 128,
            }),
            CKM_AES_CTR => Parameter::Ctr(CK_AES_CTR_PARAMS { ulCounterBits: 32, cb: *self.iv }),
            CKM_AES_CBC_PAD => Parameter::Iv(*self.iv),
            _ => Parameter::None,
        }
    }

    fn prepare_input(&mut self) -> Answer<()> {
        let (module, session) = (self.module, self.session);
        match self.work {
            Work::Verify(..) => {
                let mut mechanism = self.mechanism();
                let len =
                    module.sign(session, &mut mechanism, self.keys.private, &self.input, &mut self.out)?;
                self.signature = self.out[..len].to_vec();
            }
            Work::Decrypt(..) => {
                let mut mechanism = self.mechanism();
                let len = module.encrypt(
                    session,
                    &mut mechanism,
                    self.keys.public,
                    &SHORT_MESSAGE,
                    &mut self.out,
                )?;
                self.input = self.out[..len].to_vec();
            }
            Work::Derive(key) => self.prepare_agreement(key)?,
            _ => {}
        }
        Ok(())
    }

    /// Agrees with another key, from both sides: each must come to the same secret.
    fn prepare_agreement(&mut self, kind: KeyKind) -> Answer<()> {
        let other = kind.generate(self.module, self.session, false, "the other side")?;
        let own = self.keys;
        let mut secrets = Vec::new();
        // The last is what stays for the operations that are measured.
        for (private, public) in [(other.private, own.public), (own.private, other.public)] {
            self.agree_with(public)?;
            let mut mechanism = self.mechanism();
            let made = self.module.derive(self.session, &mut mechanism, private, &self.derived)?;
            let [len] = self.module.read(self.session, made, [CKA_VALUE], &mut self.out)?;
            secrets.push(self.out[..len].to_vec());
            self.module.destroy(self.session, made)?;
        }
        if secrets[0] == secrets[1] && !secrets[0].is_empty() { Ok(()) } else { Err(WRONG) }
    }

    /// Takes the point of a public key, without the DER around it.
    fn agree_with(&mut self, public: CK_OBJECT_HANDLE) -> Answer<()> {
        let [len] = self.module.read(self.session, public, [CKA_EC_POINT], &mut self.out)?;
        let point = &self.out[..len];
        self.peer = if len % 2 == 1 && point[0] == 4 && len != 67 { point } else { &point[2..] }.to_vec();
        *self.parameter = Parameter::Ecdh(CK_ECDH1_DERIVE_PARAMS {
            kdf: CKD_NULL,
            ulSharedDataLen: 0,
            pSharedData: ptr::null_mut(),
            ulPublicDataLen: self.peer.len() as CK_ULONG,
            pPublicData: self.peer.as_mut_ptr(),
        });
        Ok(())
    }

    fn mechanism(&mut self) -> CK_MECHANISM {
        fn of<T>(kind: CK_ULONG, parameter: &mut T) -> CK_MECHANISM {
            CK_MECHANISM {
                mechanism: kind,
                pParameter: ptr::from_mut(parameter).cast::<c_void>(),
                ulParameterLen: size_of::<T>() as CK_ULONG,
            }
        }
        match &mut *self.parameter {
            Parameter::None => mechanism(self.kind),
            Parameter::Iv(iv) => of(self.kind, iv),
            Parameter::Pss(pss) => of(self.kind, pss),
            Parameter::Oaep(oaep) => of(self.kind, oaep),
            Parameter::Gcm(gcm) => of(self.kind, gcm),
            Parameter::Ctr(ctr) => of(self.kind, ctr),
            Parameter::Ecdh(ecdh) => of(self.kind, ecdh),
        }
    }

    /// An initialisation vector that no message before had.
    fn renew_iv(&mut self) {
        self.sequence += 1;
        self.iv[4..12].copy_from_slice(&self.sequence.to_be_bytes());
        match &mut *self.parameter {
            Parameter::Ctr(ctr) => ctr.cb[..12].copy_from_slice(&self.iv[..12]),
            Parameter::Iv(iv) => *iv = *self.iv,
            _ => {}
        }
    }

    /// The operation that is measured.
    pub(crate) fn operate(&mut self) -> Answer<()> {
        let (module, session) = (self.module, self.session);
        match self.work {
            Work::Sign(..) => {
                let mut mechanism = self.mechanism();
                self.out_len =
                    module.sign(session, &mut mechanism, self.keys.private, &self.input, &mut self.out)?;
            }
            Work::Verify(..) => {
                let mut mechanism = self.mechanism();
                module.verify(session, &mut mechanism, self.keys.public, &self.input, &self.signature)?;
            }
            Work::Encrypt(..) => {
                self.renew_iv();
                let mut mechanism = self.mechanism();
                self.out_len =
                    module.encrypt(session, &mut mechanism, self.keys.private, &self.input, &mut self.out)?;
            }
            Work::Decrypt(..) => {
                let mut mechanism = self.mechanism();
                self.out_len =
                    module.decrypt(session, &mut mechanism, self.keys.private, &self.input, &mut self.out)?;
            }
            Work::Digest(..) => {
                let mut mechanism = self.mechanism();
                self.out_len = module.digest(session, &mut mechanism, &self.input, &mut self.out)?;
            }
            Work::Derive(_) => {
                let mut mechanism = self.mechanism();
                let made = module.derive(session, &mut mechanism, self.keys.private, &self.derived)?;
                module.destroy(session, made)?;
            }
            Work::Generate(key, token) => {
                self.made = Some(key.generate(module, session, token, "made and destroyed")?);
            }
            Work::Session => {
                module.close(module.open(self.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)?)?;
            }
            Work::Random(len) => module.random(session, &mut self.out[..len])?,
            Work::Read(_) => {
                let kinds = [CKA_LABEL, CKA_ID, CKA_KEY_TYPE];
                let [len, ..] = module.read(session, self.keys.private, kinds, &mut self.out)?;
                self.out_len = len;
            }
        }
        Ok(())
    }

    /// Whether what is left after an operation has to be taken away, outside the time.
    pub(crate) fn leaves_objects(&self) -> bool {
        matches!(self.work, Work::Generate(..))
    }

    /// Takes away what the last operation made.
    pub(crate) fn clear(&mut self) -> Answer<()> {
        if let Some(Handles { private, public }) = self.made.take() {
            self.module.destroy(self.session, private)?;
            if public != private {
                self.module.destroy(self.session, public)?;
            }
        }
        Ok(())
    }

    /// Whether the last operation's answer is right.
    pub(crate) fn check(&mut self) -> Answer<()> {
        let right = match self.work {
            Work::Sign(..) => self.signed_by(self.keys)?,
            Work::Verify(..) => {
                self.signature[0] ^= 1;
                let refused = self.operate().is_err();
                self.signature[0] ^= 1;
                refused
            }
            Work::Encrypt(..) => {
                let mut mechanism = self.mechanism();
                let mut plain = vec![0; self.input.len() + BEYOND_INPUT];
                let sealed = &self.out[..self.out_len];
                let len = self.module.decrypt(
                    self.session,
                    &mut mechanism,
                    self.keys.private,
                    sealed,
                    &mut plain,
                )?;
                plain[..len] == self.input
            }
            Work::Decrypt(..) => self.out[..self.out_len] == SHORT_MESSAGE,
            Work::Digest(_, len) => {
                let known = DIGESTS.iter().find(|(of, _)| *of == len);
                self.out_len == 32 && known.is_some_and(|(_, head)| self.out.starts_with(head))
            }
            Work::Generate(key, _) => self.made_works(key)?,
            Work::Random(len) => self.out[..len].iter().any(|byte| *byte != 0),
            Work::Read(key) => self.out[..self.out_len] == *key.label().as_bytes(),
            // Both sides of an agreement were compared before; a session that opens has nothing to look at.
            Work::Derive(_) | Work::Session => true,
        };
        if right { Ok(()) } else { Err(WRONG) }
    }

    /// Whether `out` verifies as a signature of `input`, and not as one of something else.
    fn signed_by(&mut self, keys: Handles) -> Answer<bool> {
        let mut mechanism = self.mechanism();
        let signature = &self.out[..self.out_len];
        self.module.verify(self.session, &mut mechanism, keys.public, &self.input, signature)?;
        self.input[0] ^= 1;
        let refused =
            self.module.verify(self.session, &mut mechanism, keys.public, &self.input, signature).is_err();
        self.input[0] ^= 1;
        Ok(refused)
    }

    fn made_works(&mut self, key: KeyKind) -> Answer<bool> {
        let Some(made) = self.made else { return Ok(false) };
        self.kind = match key {
            KeyKind::Rsa(_) => CKM_RSA_PKCS,
            KeyKind::P256 => CKM_ECDSA,
            // A value that is kept shows that it was made as asked.
            _ => {
                return Ok(self.module.read(self.session, made.private, [CKA_VALUE], &mut self.out).is_err());
            }
        };
        let mut mechanism = self.mechanism();
        self.out_len =
            self.module.sign(self.session, &mut mechanism, made.private, &self.input, &mut self.out)?;
        self.signed_by(made)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // What a failed row leaves, the next one does not mind.
        let _cleared = self.clear();
        let _closed = self.module.close(self.session);
    }
}

// The pointers inside lead to boxes of the same worker.
#[allow(unsafe_code, reason = "C's parameters hold pointers, which are not Send by themselves")]
// SAFETY: every pointer in `parameter` leads into a box or a vector of this worker, which moves along with it.
unsafe impl Send for Worker {}
