//! How keys are made, and what mechanisms are given: as data, so that a row of the table in `cases.rs` says all of it.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG,
    CKA_EXTRACTABLE, CKA_ID, CKA_LABEL, CKA_PRIVATE, CKA_SENSITIVE, CKA_TOKEN,
};

use pkcs11_tests::program::unhex;

use crate::interface::{Answer, Attributes, Interface};

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// `CK_BBOOL`
    Flag(bool),
    /// `CK_ULONG`
    Number(CK_ULONG),
    /// An array of bytes.
    Bytes(&'static [u8]),
    /// The same, in hexadecimal.
    Hexadecimal(&'static str),
}

/// Attributes beside those that every key has here: a label and an id; sensitive and not extractable, unless it says
/// otherwise.
pub(crate) type Template = &'static [(CK_ATTRIBUTE_TYPE, Value)];

/// A key that rows are measured with.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// Its label, too.
    pub(crate) name: &'static str,
    /// What makes it.
    pub(crate) generator: Mechanism,
    /// Of the secret or the private key.
    pub(crate) kept: Template,
    /// Of the public key; a secret key has none.
    pub(crate) shown: Option<Template>,
    /// What a new pair signs 32 bytes with, to show that it works. A key without shows that it keeps its value.
    pub(crate) proof: Option<CK_MECHANISM_TYPE>,
}

/// The handles of one key; of a secret key twice the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handles {
    /// What signs and decrypts.
    pub(crate) private: CK_OBJECT_HANDLE,
    /// What verifies and encrypts.
    pub(crate) public: CK_OBJECT_HANDLE,
}

impl Recipe {
    /// Makes one, in the token or in the session.
    pub(crate) fn generate(
        &self,
        module: Interface,
        session: CK_SESSION_HANDLE,
        token: bool,
        label: &str,
    ) -> Answer<Handles> {
        let named = |private, template| {
            let named = Attributes::default()
                .flag(CKA_TOKEN, token)
                .flag(CKA_PRIVATE, private)
                .bytes(CKA_LABEL, label)
                .bytes(CKA_ID, label);
            with(named, template)
        };
        let guards = [(CKA_SENSITIVE, true), (CKA_EXTRACTABLE, false)];
        let unsaid = guards.iter().filter(|(guard, _)| self.kept.iter().all(|(kind, _)| kind != guard));
        let kept = unsaid.fold(named(true, self.kept), |kept, (guard, value)| kept.flag(*guard, *value));
        let mut parameter = Parameter::new(self.generator.parameter, [0; 16], &[]);
        let mut generator = parameter.mechanism(self.generator.kind);
        let Some(shown) = self.shown else {
            let made = module.generate(session, &mut generator, &kept)?;
            return Ok(Handles { private: made, public: made });
        };
        let (private, public) =
            module.generate_pair(session, &mut generator, (&kept, &named(false, shown)))?;
        Ok(Handles { private, public })
    }
}

fn with(attributes: Attributes, template: Template) -> Attributes {
    template.iter().fold(attributes, |attributes, (kind, value)| match value {
        Value::Flag(value) => attributes.flag(*kind, *value),
        Value::Number(value) => attributes.ulong(*kind, *value),
        Value::Bytes(value) => attributes.bytes(*kind, value),
        Value::Hexadecimal(value) => attributes.bytes(*kind, unhex(value)),
    })
}

/// A mechanism with the structure that it takes, member by member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mechanism {
    /// Its type.
    pub(crate) kind: CK_MECHANISM_TYPE,
    /// Nothing for one without a parameter.
    pub(crate) parameter: &'static [Member],
}

/// A member of a parameter structure. All take whole words here, as `CK_ULONG` and pointers do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member {
    /// A `CK_ULONG`.
    Number(CK_ULONG),
    /// As many `CK_BBOOL` as fit, with the padding behind them.
    Flags(&'static [u8]),
    /// A pointer to bytes, or null where there are none. Their length is a member of its own.
    Bytes(&'static [u8]),
    /// A pointer to a nonce of up to 16 bytes, new in each message.
    Nonce,
    /// So many bytes of such a nonce themselves, up to 16. Another member may follow whole words alone.
    Block(usize),
    /// A pointer to a structure, or to an array of them, in which nothing changes.
    Structure(&'static [Member]),
    /// How long the other side's public value is.
    PeerLen,
    /// A pointer to the other side's public value: the row agrees with another key.
    Peer,
    /// Alone: the parameter is the other side's public value, no structure.
    PeerItself,
}

/// A parameter structure in memory, with everything that it points to: moving it moves none of that.
#[derive(Default)]
pub(crate) struct Parameter {
    words: Vec<*mut c_void>,
    /// Of the words in bytes.
    len: usize,
    /// What members point to.
    structures: Vec<Parameter>,
    nonce: Vec<u8>,
    /// Where a nonce lies among the words, and how many bytes of it.
    block: Option<(usize, usize)>,
    peer: Vec<u8>,
    is_peer: bool,
}

const WORD: usize = size_of::<usize>();

/// Bytes as they lie in memory, up to a word of them.
fn word(bytes: &[u8]) -> *mut c_void {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    ptr::without_provenance_mut(usize::from_ne_bytes(word))
}

impl Parameter {
    /// Lays out `members`, with the first nonce.
    ///
    /// # Panics
    /// When a member is longer than it may be.
    pub(crate) fn new(members: &[Member], nonce: [u8; 16], peer: &[u8]) -> Self {
        let mut made = Self { nonce: nonce.to_vec(), peer: peer.to_vec(), ..Self::default() };
        for member in members {
            let next = match member {
                Member::Number(number) => word(&number.to_ne_bytes()),
                Member::Flags(flags) => word(flags),
                Member::Bytes([]) => ptr::null_mut(),
                Member::Bytes(bytes) => bytes.as_ptr().cast_mut().cast(),
                Member::Nonce => made.nonce.as_mut_ptr().cast(),
                Member::Block(len) => {
                    made.block = Some((made.words.len(), *len));
                    made.words.extend(nonce[..*len].chunks(WORD).map(word));
                    made.len += len;
                    continue;
                }
                Member::Structure(members) => {
                    let mut structure = Self::new(members, nonce, &[]);
                    let place = structure.words.as_mut_ptr().cast();
                    made.structures.push(structure);
                    place
                }
                Member::PeerItself => {
                    made.is_peer = true;
                    continue;
                }
                Member::PeerLen => ptr::without_provenance_mut(made.peer.len()),
                Member::Peer => made.peer.as_mut_ptr().cast(),
            };
            made.words.push(next);
            made.len += WORD;
        }
        made
    }

    /// Puts another nonce in the place of the one before, wherever it lies.
    pub(crate) fn renew(&mut self, nonce: &[u8; 16]) {
        self.nonce.copy_from_slice(nonce);
        if let Some((first, len)) = self.block {
            for (place, bytes) in self.words[first..].iter_mut().zip(nonce[..len].chunks(WORD)) {
                *place = word(bytes);
            }
        }
    }

    /// A mechanism that points here.
    pub(crate) fn mechanism(&mut self, kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
        if self.is_peer {
            let (place, len) = (self.peer.as_mut_ptr().cast(), self.peer.len() as CK_ULONG);
            return CK_MECHANISM { mechanism: kind, pParameter: place, ulParameterLen: len };
        }
        let place = if self.len == 0 { ptr::null_mut() } else { self.words.as_mut_ptr().cast() };
        CK_MECHANISM { mechanism: kind, pParameter: place, ulParameterLen: self.len as CK_ULONG }
    }
}
