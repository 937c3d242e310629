//! Who is asked: the commands of OpenSSL and coreutils, with random bytes in hexadecimal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use pkcs11_tests::Test;
use pkcs11_tests::program::{hex, openssl, program, run, run_with_input, unhex};

/// A hash function of another implementation.
#[derive(Clone, Copy)]
pub(super) enum Hash {
    /// OpenSSL's name.
    Openssl(&'static str),
    /// BLAKE2b of so many bits, which only `b2sum` has.
    Blake2b(usize),
}

impl Hash {
    /// The digest.
    pub(super) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Openssl(name) => {
                run_with_input(&mut openssl(["dgst", "-binary", &format!("-{name}")]), data)
            }
            Self::Blake2b(bits) => {
                let mut command = program("b2sum", "coreutils");
                let told = run_with_input(command.args(["--length", &bits.to_string()]), data);
                let told = String::from_utf8(told).unwrap();
                unhex(told.split_whitespace().next().unwrap())
            }
        }
    }

    /// The HMAC (RFC 2104), which is composed for BLAKE2b.
    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        let Self::Openssl(name) = self else { return self.composed_hmac(key, data) };
        mac(&["-digest", name, "-macopt", &format!("hexkey:{}", hex(key)), "HMAC"], data)
    }

    fn composed_hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        /// Bytes of a block of BLAKE2b (RFC 7693 section 2.1).
        const BLOCK: usize = 128;
        let mut block = if key.len() > BLOCK { self.of(key) } else { key.to_vec() };
        block.resize(BLOCK, 0);
        let padded = |pad: u8| -> Vec<u8> { block.iter().map(|byte| byte ^ pad).collect() };
        let inner = self.of(&[&padded(0x36), data].concat());
        self.of(&[padded(0x5C), inner].concat())
    }
}

/// `len` bytes of `shake128` or `shake256`.
pub(super) fn shake(name: &str, data: &[u8], len: usize) -> Vec<u8> {
    let name = format!("-{name}");
    run_with_input(&mut openssl(["dgst", "-binary", &name, "-xoflen", &len.to_string()]), data)
}

/// `openssl mac`.
pub(super) fn mac(arguments: &[&str], data: &[u8]) -> Vec<u8> {
    run_with_input(openssl(["mac", "-binary"]).args(arguments), data)
}

/// The name of a cipher that names the bits of its key as `{}`.
pub(super) fn sized(cipher: &str, key: &[u8]) -> String {
    cipher.replace("{}", &(key.len() * 8).to_string())
}

/// Whether a cipher pads its last block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    None,
    Pkcs7,
}

/// `openssl enc`.
pub(super) fn encrypted(cipher: &str, key: &[u8], iv: &[u8], padding: Padding, data: &[u8]) -> Vec<u8> {
    run_with_input(enc(cipher, key, iv).args((padding == Padding::None).then_some("-nopad")), data)
}

/// `openssl enc -d`.
pub(super) fn decrypted(cipher: &str, key: &[u8], iv: &[u8], data: &[u8]) -> Vec<u8> {
    run_with_input(enc(cipher, key, iv).args(["-d", "-nopad"]), data)
}

fn enc(cipher: &str, key: &[u8], iv: &[u8]) -> std::process::Command {
    let mut command = openssl(["enc", &format!("-{}", sized(cipher, key)), "-K", &hex(key)]);
    // Single DES is in the legacy provider.
    command.args(["-provider", "legacy", "-provider", "default"]);
    if !iv.is_empty() {
        command.args(["-iv", &hex(iv)]);
    }
    command
}

/// Whole blocks of AES, each by itself.
pub(super) fn aes_blocks(key: &[u8], blocks: &[u8]) -> Vec<u8> {
    encrypted("aes-{}-ecb", key, &[], Padding::None, blocks)
}

/// `openssl kdf` with options.
pub(super) fn kdf(name: &str, len: usize, options: &[String]) -> Vec<u8> {
    let mut command = openssl(["kdf", "-binary", "-keylen", &len.to_string()]);
    for option in options {
        command.args(["-kdfopt", option]);
    }
    run(command.arg(name))
}

/// Keys that OpenSSL makes, each once, and files for its commands.
pub(super) struct Theirs<'a> {
    t: &'a Test,
    made: RefCell<BTreeMap<String, TheirKey>>,
}

/// A key of OpenSSL's.
#[derive(Clone)]
pub(super) struct TheirKey {
    /// The private key.
    pub(super) file: PathBuf,
    /// Its `SubjectPublicKeyInfo`.
    pub(super) public: Vec<u8>,
}

impl<'a> Theirs<'a> {
    pub(super) fn new(t: &'a Test) -> Self {
        Self { t, made: RefCell::default() }
    }

    /// The key that `openssl genpkey` makes with an algorithm and an option, or none.
    pub(super) fn key(&self, algorithm: &str, option: &str) -> TheirKey {
        let name = format!("theirs-{algorithm}-{}.pem", option.replace(':', "-"));
        let mut made = self.made.borrow_mut();
        let key = made.entry(name.clone()).or_insert_with(|| {
            let file = self.t.installation.folder().join(name);
            let mut command = openssl(["genpkey", "-algorithm", algorithm]);
            if !option.is_empty() {
                command.args(["-pkeyopt", option]);
            }
            run(command.arg("-out").arg(&file));
            let public = run(openssl(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&file));
            TheirKey { file, public }
        });
        key.clone()
    }

    /// A file of the test's folder.
    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.t.installation.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// What `openssl pkeyutl` derives of its own key and a `SubjectPublicKeyInfo`.
    pub(super) fn agreed(&self, own: &TheirKey, peer: &[u8], options: &[&str]) -> Vec<u8> {
        let peer = self.file("peer.der", peer);
        let mut command = openssl(["pkeyutl", "-derive", "-peerform", "DER", "-peerkey"]);
        command.arg(peer).arg("-inkey").arg(&own.file);
        for option in options {
            command.args(["-pkeyopt", option]);
        }
        run(&mut command)
    }

    /// What `openssl pkeyutl -decrypt` makes of a ciphertext.
    pub(super) fn opened(&self, own: &TheirKey, sealed: &[u8], options: &[&str]) -> Vec<u8> {
        let sealed = self.file("sealed", sealed);
        let mut command = openssl(["pkeyutl", "-decrypt", "-inkey"]);
        command.arg(&own.file).arg("-in").arg(sealed);
        for option in options {
            command.args(["-pkeyopt", option]);
        }
        run(&mut command)
    }

    /// What `openssl pkeyutl -encrypt` makes of a message for a `SubjectPublicKeyInfo`.
    pub(super) fn sealed(&self, public: &[u8], message: &[u8], options: &[&str]) -> Vec<u8> {
        let (public, message) = (self.file("public.der", public), self.file("message", message));
        let mut command = openssl(["pkeyutl", "-encrypt", "-keyform", "DER", "-pubin", "-inkey"]);
        command.arg(public).arg("-in").arg(message);
        for option in options {
            command.args(["-pkeyopt", option]);
        }
        run(&mut command)
    }
}
