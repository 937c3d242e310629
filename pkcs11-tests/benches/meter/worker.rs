//! One thread's part in a row: everything an operation needs, made before it is measured, and a check that the
//! answers are right.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CKA_CLASS, CKA_DESTROYABLE,
    CKA_EC_POINT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE,
    CKA_VALUE_LEN, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKK_GENERIC_SECRET, CKO_SECRET_KEY,
};

use pkcs11_tests::mechanism;

use crate::cases::{Case, Find, Work};
use crate::interface::{Answer, Attributes, Interface};
use crate::recipe::{Handles, Member, Parameter, Recipe};
use crate::store;

/// Not a return value of any module: the answer was wrong.
pub(crate) const WRONG: CK_RV = 0xBAD_0BAD;

/// Longer than any output beside its input: a tag, a padding, a signature of SLH-DSA.
const BEYOND_INPUT: usize = 64 * 1024;
/// What is encrypted for the rows that decrypt.
const SHORT_MESSAGE: [u8; 32] = [0x17; 32];
/// Length in bytes of a secret that is agreed on, decapsulated or unwrapped.
const SECRET: usize = 32;
/// What is wrapped.
const WRAPPED: [u8; SECRET] = [0x2B; SECRET];

/// One thread at one row.
pub(crate) struct Worker {
    module: Interface,
    slot: CK_SLOT_ID,
    session: CK_SESSION_HANDLE,
    case: Case,
    keys: Handles,
    parameter: Parameter,
    nonce: [u8; 16],
    input: Vec<u8>,
    /// Of the rows that verify.
    signature: Vec<u8>,
    /// What the rows that wrap wrap.
    wrapped: CK_OBJECT_HANDLE,
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
            Work::Sign(len) | Work::Verify(len) | Work::Encrypt(len) | Work::Digest(len, _) => len,
            _ => SHORT_MESSAGE.len(),
        };
        let derived = match case.work {
            // The length comes with the wrapped key.
            Work::Wrap => open_secret(),
            Work::DerivePublic => Attributes::default().flag(CKA_TOKEN, false).flag(CKA_DESTROYABLE, true),
            Work::Derive(len) => open_secret().ulong(CKA_VALUE_LEN, len as u64),
            _ => open_secret().ulong(CKA_VALUE_LEN, SECRET as u64),
        };
        let nonce = [thread; 16];
        let mut worker = Self {
            module,
            slot,
            session,
            case: *case,
            keys: keys.unwrap_or(Handles { private: 0, public: 0 }),
            parameter: Parameter::new(case.mechanism.parameter, nonce, &[]),
            nonce,
            input: (0..=250).cycle().take(len).collect(),
            signature: Vec::new(),
            wrapped: 0,
            out: vec![0; len + BEYOND_INPUT],
            out_len: 0,
            sequence: 0,
            derived,
            made: None,
        };
        worker.prepare_input()?;
        Ok(worker)
    }

    fn prepare_input(&mut self) -> Answer<()> {
        let (module, session, mut mechanism) = (self.module, self.session, self.mechanism());
        match self.case.work {
            Work::Verify(_) => {
                let len =
                    module.sign(session, &mut mechanism, self.keys.private, &self.input, &mut self.out)?;
                self.signature = self.out[..len].to_vec();
            }
            Work::Decrypt => {
                let len = module.encrypt(
                    session,
                    &mut mechanism,
                    self.keys.public,
                    &SHORT_MESSAGE,
                    &mut self.out,
                )?;
                self.input = self.out[..len].to_vec();
            }
            Work::Derive(len) => self.prepare_derivation(len)?,
            Work::Wrap => self.wrapped = module.create(session, &open_secret().bytes(CKA_VALUE, WRAPPED))?,
            Work::Decapsulate => {
                let (len, made) = module.encapsulate(
                    session,
                    &mut mechanism,
                    self.keys.public,
                    &self.derived,
                    &mut self.out,
                )?;
                self.input = self.out[..len].to_vec();
                let told = self.value_of(made)?;
                if !self.decapsulates_to(&told)? {
                    return Err(WRONG);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Derives twice: from both sides of an agreement, else from the same key. Both must come to one secret.
    fn prepare_derivation(&mut self, len: usize) -> Answer<()> {
        let members = self.case.mechanism.parameter;
        let own = self.keys;
        let (first, second) = match self.case.key {
            Some(recipe)
                if members.iter().any(|member| matches!(member, Member::Peer | Member::PeerItself)) =>
            {
                let other = recipe.generate(self.module, self.session, false, "the other side")?;
                self.agree_with(own.public)?;
                let first = self.derived_secret(other.private)?;
                // This is what stays for the operations that are measured.
                self.agree_with(other.public)?;
                (first, self.derived_secret(own.private)?)
            }
            _ => (self.derived_secret(own.private)?, self.derived_secret(own.private)?),
        };
        let right = first == second && first.len() == len && first.iter().any(|byte| *byte != 0);
        if right { Ok(()) } else { Err(WRONG) }
    }

    fn derived_secret(&mut self, key: CK_OBJECT_HANDLE) -> Answer<Vec<u8>> {
        let mut mechanism = self.mechanism();
        let made = self.module.derive(self.session, &mut mechanism, key, &self.derived)?;
        self.value_of(made)
    }

    /// Reads the value of a secret that was just made, and takes it away.
    fn value_of(&mut self, made: CK_OBJECT_HANDLE) -> Answer<Vec<u8>> {
        let mut value = vec![0; BEYOND_INPUT];
        let [len] = self.module.read(self.session, made, [CKA_VALUE], &mut value)?;
        self.module.destroy(self.session, made)?;
        value.truncate(len);
        Ok(value)
    }

    /// Whether the ciphertext, which is the input or was just written, holds this secret.
    fn decapsulates_to(&mut self, secret: &[u8]) -> Answer<bool> {
        let mut mechanism = self.mechanism();
        let ciphertext = match self.case.work {
            Work::Decapsulate => &self.input,
            _ => &self.out[..self.out_len],
        };
        let key = self.keys.private;
        let made = self.module.decapsulate(self.session, &mut mechanism, key, &self.derived, ciphertext)?;
        Ok(secret.len() == SECRET && self.value_of(made)? == secret)
    }

    /// Takes the public value of a key into the parameter, without the DER that some modules put around it.
    fn agree_with(&mut self, public: CK_OBJECT_HANDLE) -> Answer<()> {
        let is_number = matches!(self.case.mechanism.parameter, [Member::PeerItself]);
        let value = if is_number { CKA_VALUE } else { CKA_EC_POINT };
        let [len] = self.module.read(self.session, public, [value], &mut self.out)?;
        let peer = match &self.out[..len] {
            number if is_number => number,
            // Points of up to 127 bytes, then of up to 255: the length tells an OCTET STRING from an uncompressed point.
            [4, told, point @ ..] if usize::from(*told) == point.len() => point,
            [4, 0x81, told, point @ ..] if usize::from(*told) == point.len() => point,
            point => point,
        };
        self.parameter = Parameter::new(self.case.mechanism.parameter, self.nonce, peer);
        Ok(())
    }

    fn mechanism(&mut self) -> CK_MECHANISM {
        self.parameter.mechanism(self.case.mechanism.kind)
    }

    /// An initialisation vector that no message before had.
    fn renew_nonce(&mut self) {
        self.sequence += 1;
        self.nonce[4..12].copy_from_slice(&self.sequence.to_be_bytes());
        self.parameter.renew(&self.nonce);
    }

    /// The operation that is measured.
    pub(crate) fn operate(&mut self) -> Answer<()> {
        let (module, session) = (self.module, self.session);
        if matches!(self.case.work, Work::Encrypt(_)) {
            self.renew_nonce();
        }
        let mut mechanism = self.mechanism();
        let (input, out) = (&self.input, &mut self.out);
        match self.case.work {
            Work::Sign(_) => {
                self.out_len = module.sign(session, &mut mechanism, self.keys.private, input, out)?;
            }
            Work::Password => {
                self.out_len = module.sign(session, &mut mechanism, self.keys.private, &[], out)?;
            }
            Work::Verify(_) => {
                module.verify(session, &mut mechanism, self.keys.public, input, &self.signature)?;
            }
            Work::Encrypt(_) => {
                self.out_len = module.encrypt(session, &mut mechanism, self.keys.public, input, out)?;
            }
            Work::Decrypt => {
                self.out_len = module.decrypt(session, &mut mechanism, self.keys.private, input, out)?;
            }
            Work::Digest(..) => {
                self.out_len = module.digest(session, &mut mechanism, input, out)?;
            }
            Work::Derive(_) | Work::DerivePublic | Work::Encapsulate | Work::Decapsulate => {
                let made = self.made_from_key(&mut mechanism)?;
                module.destroy(session, made)?;
            }
            Work::Wrap => {
                let keys = (self.keys.private, self.wrapped);
                self.out_len = module.wrap(session, &mut mechanism, keys, out)?;
            }
            Work::Generate(recipe, token) => {
                self.made = Some(recipe.generate(module, session, token, "made and destroyed")?);
            }
            Work::Session => {
                module.close(module.open(self.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)?)?;
            }
            Work::Random(len) => module.random(session, &mut out[..len])?,
            Work::Read => {
                let kinds = [CKA_LABEL, CKA_ID, CKA_KEY_TYPE];
                let [len, ..] = module.read(session, self.keys.private, kinds, out)?;
                self.out_len = len;
            }
            Work::Find(find, objects) => self.find(find, objects)?,
        }
        Ok(())
    }

    /// The secret of a derivation, an encapsulation or a decapsulation.
    fn made_from_key(&mut self, mechanism: &mut CK_MECHANISM) -> Answer<CK_OBJECT_HANDLE> {
        let (module, session, Handles { private, public }) = (self.module, self.session, self.keys);
        match self.case.work {
            Work::Encapsulate => {
                let (len, made) =
                    module.encapsulate(session, mechanism, public, &self.derived, &mut self.out)?;
                self.out_len = len;
                Ok(made)
            }
            Work::Decapsulate => module.decapsulate(session, mechanism, private, &self.derived, &self.input),
            _ => module.derive(session, mechanism, private, &self.derived),
        }
    }

    fn find(&mut self, find: Find, objects: usize) -> Answer<()> {
        // Each time another object: nothing is answered from what was found just now.
        self.sequence += 1;
        let turn = 7919 * self.sequence + u64::from(self.nonce[15]);
        let number = usize::try_from(turn).expect("a number") % objects;
        let (template, expected) = store::wanted(find, number, objects);
        let (found, _) = self.module.find(self.session, &template)?;
        if found == expected { Ok(()) } else { Err(WRONG) }
    }

    /// Whether what is left after an operation has to be taken away, outside the time.
    pub(crate) fn leaves_objects(&self) -> bool {
        matches!(self.case.work, Work::Generate(..))
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
        let right = match self.case.work {
            Work::Sign(_) => {
                let mut mechanism = self.mechanism();
                self.signed_by(&mut mechanism, self.keys)?
            }
            Work::Verify(_) => {
                self.signature[0] ^= 1;
                let refused = self.operate().is_err();
                self.signature[0] ^= 1;
                refused
            }
            Work::Encrypt(_) => self.decrypts()?,
            Work::Decrypt => self.out[..self.out_len] == SHORT_MESSAGE,
            Work::Digest(_, head) => self.out[..self.out_len].starts_with(&head),
            Work::Generate(recipe, _) => self.made_works(recipe)?,
            Work::Random(len) => self.out[..len].iter().any(|byte| *byte != 0),
            Work::Read => {
                let label = self.case.key.map_or("", |key| key.name);
                self.out[..self.out_len] == *label.as_bytes()
            }
            Work::Encapsulate => self.encapsulates()?,
            // Behind two words, two parameters of three words each, and the counter: its digits.
            Work::Password => self.out_len == 78 && self.out[72..self.out_len].iter().all(u8::is_ascii_digit),
            Work::DerivePublic => {
                let mut mechanism = self.mechanism();
                let made = self.made_from_key(&mut mechanism)?;
                let [len] = self.module.read(self.session, made, [CKA_EC_POINT], &mut self.out)?;
                self.module.destroy(self.session, made)?;
                let point = self.out[..len].to_vec();
                let [len] =
                    self.module.read(self.session, self.keys.public, [CKA_EC_POINT], &mut self.out)?;
                self.out[..len] == point
            }
            Work::Wrap => {
                let wrapped = &self.out[..self.out_len];
                let (key, mut mechanism) =
                    (self.keys.private, self.parameter.mechanism(self.case.mechanism.kind));
                let made = self.module.unwrap(self.session, &mut mechanism, key, wrapped, &self.derived)?;
                self.value_of(made)? == WRAPPED
            }
            // Both derivations, and both ends of an encapsulation, were compared before; a find counts what it found; a session that opens has nothing to
            // look at.
            Work::Derive(_) | Work::Decapsulate | Work::Session | Work::Find(..) => true,
        };
        if right { Ok(()) } else { Err(WRONG) }
    }

    /// Encapsulates once more, for its secret.
    fn encapsulates(&mut self) -> Answer<bool> {
        let mut mechanism = self.mechanism();
        let made = self.made_from_key(&mut mechanism)?;
        let told = self.value_of(made)?;
        self.decapsulates_to(&told)
    }

    fn decrypts(&mut self) -> Answer<bool> {
        let mut mechanism = self.mechanism();
        let mut plain = vec![0; self.input.len() + BEYOND_INPUT];
        let sealed = &self.out[..self.out_len];
        let len = self.module.decrypt(self.session, &mut mechanism, self.keys.private, sealed, &mut plain)?;
        Ok(plain[..len] == self.input && sealed != self.input)
    }

    /// Whether `out` verifies as a signature of `input`, and not as one of something else.
    fn signed_by(&mut self, mechanism: &mut CK_MECHANISM, keys: Handles) -> Answer<bool> {
        let signature = &self.out[..self.out_len];
        self.module.verify(self.session, mechanism, keys.public, &self.input, signature)?;
        self.input[0] ^= 1;
        let refused =
            self.module.verify(self.session, mechanism, keys.public, &self.input, signature).is_err();
        self.input[0] ^= 1;
        Ok(refused)
    }

    fn made_works(&mut self, recipe: &Recipe) -> Answer<bool> {
        let Some(made) = self.made else { return Ok(false) };
        let Some(proof) = recipe.proof else {
            // A value that is kept shows that it was made as asked.
            return Ok(self.module.read(self.session, made.private, [CKA_VALUE], &mut self.out).is_err());
        };
        let mut mechanism = mechanism(proof);
        self.out_len =
            self.module.sign(self.session, &mut mechanism, made.private, &self.input, &mut self.out)?;
        self.signed_by(&mut mechanism, made)
    }
}

/// A secret of a session that shows its value.
fn open_secret() -> Attributes {
    Attributes::default()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .flag(CKA_TOKEN, false)
        .flag(CKA_SENSITIVE, false)
        .flag(CKA_EXTRACTABLE, true)
}

impl Drop for Worker {
    fn drop(&mut self) {
        // What a failed row leaves, the next one does not mind.
        let _cleared = self.clear();
        let _closed = self.module.close(self.session);
    }
}

// The pointers inside lead to what the same worker owns.
#[allow(unsafe_code, reason = "C's parameters hold pointers, which are not Send by themselves")]
// SAFETY: every pointer in `parameter` leads into a vector of this worker, which moves along with it, or to a constant.
unsafe impl Send for Worker {}
