//! A second opinion: what another implementation makes of random keys, parameters and messages, for every mechanism.
//!
//! The other is OpenSSL's command, `b2sum` of coreutils, or the crates of ML-DSA and ML-KEM; what none of them has in one
//! piece is composed here of what they have. A mechanism that nobody is asked about says which test does that, or why none
//! can.

mod agreements;
mod chance;
mod ciphers;
mod derivations;
mod joining;
mod macs;
mod others;
mod pairs;
mod post_quantum;
mod signatures;
mod table;
mod tls;
mod wraps;

use std::fs;
use std::path::Path;

use cryptoki_sys::{
    CK_KEY_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE,
    CKA_VALUE_LEN, CKK_AES, CKK_AES_XTS, CKK_CAMELLIA, CKK_DES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET,
    CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::operation::{DECRYPTION, DIGESTING, ENCRYPTION, SIGNING};
use pkcs11_tests::mechanisms::{Key, Keyring, ROWS, Row, listed, odd_parity, row, secret, usable};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::hex;
use pkcs11_tests::{Module, Out, Sent, Template, Test};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use chance::Chance;
use ciphers::Given;
use others::{Hash, Theirs};
use post_quantum::Prehash;
use table::OPINIONS;

/// Whom a mechanism is held against, and how.
#[derive(Clone, Copy)]
enum Opinion {
    /// A digest.
    Digest(Hash),
    /// An HMAC.
    Hmac(Hash),
    /// A key that is the digest of another.
    DigestOfKey(Hash),
    /// `openssl mac` with a cipher, which names the bits of its key as `{}`.
    Cmac(&'static str),
    /// The last block of `openssl enc` in CBC over what is filled up with zeros (FIPS 113), and the bytes of a block.
    CbcMac(&'static str, usize),
    /// `openssl enc`, both ways.
    Cipher(&'static str, Given),
    /// `openssl dgst -verify` with options.
    Signature(&'static str, &'static [&'static str]),
    /// `openssl pkeyutl -verify` of what is not hashed, with options.
    Unhashed(&'static [&'static str]),
    /// The crate `ml-dsa`.
    MlDsa(Option<Prehash>),
    /// The mechanism that signs digests, of OpenSSL's digest.
    SlhDsaOf(Prehash),
    /// Something of its own.
    Composed(fn(&Question<'_>) -> Verdict),
    /// Not here: a file of the repository, a test or a sentence in it, and why it is there.
    Elsewhere(&'static str, &'static str, &'static str),
}

/// Whether both opinions are the same; if not, how they differ.
type Verdict = Result<(), String>;

/// One case of a mechanism.
struct Question<'a> {
    m: &'a Module,
    session: u64,
    keyring: &'a Keyring<'a>,
    theirs: &'a Theirs<'a>,
    row: &'static Row,
    message: &'a [u8],
    chance: &'a Chance<'a>,
}

/// Inputs of each mechanism: of the quick form and of the long one.
const CASES: (u32, u32) = (3, 40);
/// Random bytes of one case, besides its message.
const RANDOM: usize = 2048;

/// Asks about every mechanism that the token lists.
pub(crate) fn run(t: &Test, long: bool) {
    let token = t.token();
    let session = token.user_session();
    let (keyring, theirs) = (Keyring::new(t.module, session), Theirs::new(t));
    let mut differing = Vec::new();
    for kind in listed(&token) {
        let (row, opinion) = (row(kind), opinion(kind));
        if let Opinion::Elsewhere(place, _, why) = opinion {
            println!("{}: {place}: {why}", row.name);
            continue;
        }
        let cases = if long { CASES.1 } else { CASES.0 };
        // A shorter case would take as many commands again, and tell no more.
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            max_shrink_iters: 0,
            ..ProptestConfig::default()
        };
        let inputs = (any::<usize>(), vec(any::<u8>(), row.message.most), vec(any::<u8>(), RANDOM));
        let result = TestRunner::new(config).run(&inputs, |(len, bytes, random)| {
            let message = &bytes[..row.message.fitting(len)];
            let (m, keyring, theirs, chance) = (t.module, &keyring, &theirs, &Chance::new(&random));
            let question = Question { m, session, keyring, theirs, row, message, chance };
            question.judge(opinion).map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(why, _) | TestError::Abort(why)) => {
                differing.push(format!("{}: {why}", row.name));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn opinion(kind: CK_MECHANISM_TYPE) -> Opinion {
    let found = OPINIONS.iter().find(|(of, _)| *of == kind);
    found.unwrap_or_else(|| panic!("{} has no second opinion, and no reason", row(kind).name)).1
}

fn same(found: &[u8], other: &[u8]) -> Verdict {
    if found == other { Ok(()) } else { Err(format!("{} here, {} by another", hex(found), hex(other))) }
}

impl Question<'_> {
    fn judge(&self, opinion: Opinion) -> Verdict {
        match opinion {
            Opinion::Digest(hash) => {
                self.digested(&self.plain()).and_then(|d| same(&d, &hash.of(self.message)))
            }
            Opinion::Hmac(hash) => macs::hmac(self, hash),
            Opinion::DigestOfKey(hash) => derivations::digest_of_key(self, hash),
            Opinion::Cmac(cipher) => macs::cmac(self, cipher),
            Opinion::CbcMac(cipher, block) => macs::cbc_mac(self, cipher, block),
            Opinion::Cipher(cipher, given) => ciphers::cipher(self, cipher, given),
            Opinion::Signature(digest, options) => signatures::hashed(self, digest, options),
            Opinion::Unhashed(options) => signatures::unhashed(self, options),
            Opinion::MlDsa(prehash) => post_quantum::ml_dsa(self, prehash),
            Opinion::SlhDsaOf(prehash) => post_quantum::slh_dsa(self, prehash),
            Opinion::Composed(judge) => judge(self),
            Opinion::Elsewhere(..) => panic!("{} is not judged here", self.row.name),
        }
        .map_err(|why| format!("{} bytes: {why}", self.message.len()))
    }

    /// The mechanism without parameters.
    fn plain(&self) -> CK_MECHANISM {
        pkcs11_tests::mechanism(self.row.kind)
    }

    /// A random secret key of a length that goes with the mechanism.
    fn key(&self) -> Vec<u8> {
        let Key::Secret(key_type, len) = self.row.key else { panic!("{} has no secret", self.row.name) };
        let len = match key_type {
            CKK_GENERIC_SECRET if len == GENERIC => self.chance.between(1, 200),
            CKK_AES if len == 16 => 16,
            CKK_AES | CKK_CAMELLIA => self.chance.pick(&[16, 24, 32]),
            CKK_AES_XTS => self.chance.pick(&[32, 64]),
            _ => len,
        };
        let mut value = self.chance.bytes(len);
        if [CKK_DES, CKK_DES2, CKK_DES3].contains(&key_type) {
            odd_parity(&mut value);
        }
        value
    }

    /// Does something with a secret key of the mechanism's type, which is gone afterwards.
    fn with_key<T>(
        &self,
        value: &[u8],
        does: impl FnOnce(CK_OBJECT_HANDLE) -> Result<T, String>,
    ) -> Result<T, String> {
        let Key::Secret(key_type, _) = self.row.key else { panic!("{} has no secret", self.row.name) };
        self.with_key_of(key_type, value, does)
    }

    fn with_key_of<T>(
        &self,
        key_type: CK_KEY_TYPE,
        value: &[u8],
        does: impl FnOnce(CK_OBJECT_HANDLE) -> Result<T, String>,
    ) -> Result<T, String> {
        let key = told(self.m.create_object(self.session, &secret(key_type, value)))?;
        let done = does(key);
        self.forget(key);
        done
    }

    fn digested(&self, by: &CK_MECHANISM) -> Result<Vec<u8>, String> {
        DIGESTING.whole(self.m, self.session, by, 0, self.message).map_err(rv_name)
    }

    fn signed(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE) -> Result<Vec<u8>, String> {
        SIGNING.whole(self.m, self.session, by, key, self.message).map_err(rv_name)
    }

    /// What is encrypted of the message.
    fn encrypted(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE) -> Result<Vec<u8>, String> {
        ENCRYPTION.whole(self.m, self.session, by, key, self.message).map_err(rv_name)
    }

    fn decrypted(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Result<Vec<u8>, String> {
        DECRYPTION.whole(self.m, self.session, by, key, data).map_err(rv_name)
    }

    /// The message encrypted under a key is what another makes of it, which decrypts again.
    fn same_both_ways(&self, by: &CK_MECHANISM, key: &[u8], other: &[u8]) -> Verdict {
        let (sealed, opened) = self
            .with_key(key, |handle| Ok((self.encrypted(by, handle)?, self.decrypted(by, handle, other)?)))?;
        same(&sealed, other)?;
        same(&opened, self.message)
    }

    /// The value of a generic secret of so many bytes that is derived from a key.
    fn derived(&self, by: &CK_MECHANISM, base: CK_OBJECT_HANDLE, len: usize) -> Result<Vec<u8>, String> {
        self.derived_as(by, base, &secret_of(len))
    }

    fn derived_as(
        &self,
        by: &CK_MECHANISM,
        base: CK_OBJECT_HANDLE,
        template: &Template,
    ) -> Result<Vec<u8>, String> {
        let key = told(self.m.derive_key(self.session, Some(by), base, template))?;
        Ok(self.last_value(key))
    }

    /// A secret of so many bytes that is encapsulated to a public key: the ciphertext, and the value.
    fn encapsulated(
        &self,
        by: &CK_MECHANISM,
        public: CK_OBJECT_HANDLE,
        len: usize,
    ) -> Result<(Vec<u8>, Vec<u8>), String> {
        let (mut room, template) = (vec![0; 2048], secret_of(len));
        let (rv, len, key) =
            self.m.encapsulate_key(self.session, Some(by), public, &template, Out::buffer(&mut room));
        room.truncate(usize::try_from(len).unwrap());
        Ok((room, self.last_value(told((rv, key))?)))
    }

    /// The value of a secret of so many bytes that comes out of a ciphertext.
    fn decapsulated(
        &self,
        by: &CK_MECHANISM,
        private: CK_OBJECT_HANDLE,
        ciphertext: &[u8],
        len: usize,
    ) -> Result<Vec<u8>, String> {
        let (ciphertext, template) = (Sent::from(ciphertext), secret_of(len));
        let key = self.m.decapsulate_key(self.session, Some(by), private, &template, ciphertext);
        Ok(self.last_value(told(key)?))
    }

    /// The value of an object, which is gone afterwards.
    fn last_value(&self, object: CK_OBJECT_HANDLE) -> Vec<u8> {
        let value = attribute(self.m, self.session, object, CKA_VALUE);
        self.forget(object);
        value
    }

    fn forget(&self, object: CK_OBJECT_HANDLE) {
        assert_eq!(self.m.destroy_object(self.session, object), CKR_OK);
    }
}

/// The bytes of a generic secret in the table of mechanisms, where any length goes.
const GENERIC: usize = 40;

/// A generic secret of so many bytes, which can be read.
fn secret_of(len: usize) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    usable(template).ulong(CKA_VALUE_LEN, len as u64)
}

/// A handle, or the name of the value that came in its place.
fn told((rv, object): (u64, CK_OBJECT_HANDLE)) -> Result<CK_OBJECT_HANDLE, String> {
    if rv == CKR_OK { Ok(object) } else { Err(rv_name(rv)) }
}

#[test]
fn every_mechanism_has_one_opinion() {
    for row in ROWS {
        let count = OPINIONS.iter().filter(|(of, _)| *of == row.kind).count();
        assert_eq!(count, 1, "{}", row.name);
    }
    assert_eq!(OPINIONS.len(), ROWS.len(), "an opinion about a mechanism that has no row");
}

/// What is said to be elsewhere is there.
#[test]
fn every_opinion_that_is_elsewhere_is_found_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (kind, opinion) in OPINIONS {
        let Opinion::Elsewhere(place, word, _) = opinion else { continue };
        let text = fs::read_to_string(root.join(place)).unwrap_or_else(|why| panic!("{place}: {why}"));
        assert!(text.contains(word), "{}: {place} has no {word}", row(*kind).name);
    }
}
