//! OpenSSL as a second opinion: it verifies what the module signs, and the module what it signs.

use std::path::{Path, PathBuf};

use cryptoki_sys::{
    CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS, CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_MODULUS,
    CKA_PUBLIC_EXPONENT, CKA_VERIFY, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKK_EC, CKK_RSA,
    CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS,
    CKM_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_RSA_PKCS,
    CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS, CKO_PUBLIC_KEY,
    CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::{Kind, P256, P384, der, ecdsa_from_der, ecdsa_to_der, generate, sign, spki, verify};
use pkcs11_tests::program::{openssl, output, run, unhex};
use pkcs11_tests::{Template, Test, assert_rv, mechanism, on_both, on_claviger, pss};

on_both!(
    openssl_verifies_our_pkcs1_signatures,
    openssl_verifies_our_pss_signatures,
    openssl_verifies_our_raw_ecdsa_signatures,
    we_verify_openssls_rsa_signatures,
    we_verify_openssls_ecdsa_signatures,
);
on_claviger!(openssl_verifies_our_hashed_ecdsa_signatures, we_verify_openssls_hashed_ecdsa_signatures);

const MESSAGE: &[u8] = b"a message that both sides know";
const HASHES: [&str; 3] = ["sha256", "sha384", "sha512"];

struct Desk(PathBuf);

impl Desk {
    fn of(t: &Test) -> Self {
        let desk = Self(t.installation.folder().to_owned());
        desk.write("message", MESSAGE);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn digest(&self, hash: &str) -> Vec<u8> {
        let mut command = openssl(["dgst", &format!("-{hash}"), "-binary"]);
        run(command.arg(self.path("message")))
    }

    fn openssl_verifies(&self, spki: &[u8], hash: &str, options: &[&str], signature: &[u8]) -> bool {
        let (key, signature) = (self.write("key.der", spki), self.write("signature", signature));
        let mut command = openssl(["dgst", &format!("-{hash}"), "-keyform", "DER", "-verify"]);
        command.arg(key);
        for option in options {
            command.args(["-sigopt", option]);
        }
        output(command.arg("-signature").arg(signature).arg(self.path("message"))).status.success()
    }

    fn openssl_signs(&self, key: &Path, hash: &str, options: &[&str]) -> Vec<u8> {
        let mut command = openssl(["dgst", &format!("-{hash}"), "-sign"]);
        command.arg(key);
        for option in options {
            command.args(["-sigopt", option]);
        }
        run(command.arg(self.path("message")))
    }
}

fn digest_info(hash: &str, digest: &[u8]) -> Vec<u8> {
    let last = match hash {
        "sha256" => 1,
        "sha384" => 2,
        _ => 3,
    };
    let algorithm = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00];
    der(0x30, &[der(0x30, &algorithm), der(0x04, digest)].concat())
}

fn openssl_verifies_our_pkcs1_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let key = spki(t.module, session, pair.public, Kind::Rsa);
    for (hash, hashing) in
        HASHES.into_iter().zip([CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS])
    {
        let hashed = sign(t.module, session, &mechanism(hashing), pair.private, MESSAGE).unwrap();
        assert!(desk.openssl_verifies(&key, hash, &[], &hashed), "{hash}");
        let info = digest_info(hash, &desk.digest(hash));
        let plain = sign(t.module, session, &mechanism(CKM_RSA_PKCS), pair.private, &info).unwrap();
        assert_eq!(plain, hashed, "{hash}");
        let mut wrong = hashed;
        wrong[200] ^= 1;
        assert!(!desk.openssl_verifies(&key, hash, &[], &wrong));
    }
}

const PSS: [(&str, u64, u64, u64); 3] = [
    ("sha256", CKM_SHA256, CKG_MGF1_SHA256, CKM_SHA256_RSA_PKCS_PSS),
    ("sha384", CKM_SHA384, CKG_MGF1_SHA384, CKM_SHA384_RSA_PKCS_PSS),
    ("sha512", CKM_SHA512, CKG_MGF1_SHA512, CKM_SHA512_RSA_PKCS_PSS),
];

fn openssl_verifies_our_pss_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let key = spki(t.module, session, pair.public, Kind::Rsa);
    for (hash, digest, mgf, hashing) in PSS {
        for salt in [0, 20, 32, 64] {
            let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: digest, mgf, sLen: salt };
            let options = ["rsa_padding_mode:pss", &format!("rsa_pss_saltlen:{salt}")];
            let hashed = sign(t.module, session, &pss(hashing, &parameters), pair.private, MESSAGE).unwrap();
            assert!(desk.openssl_verifies(&key, hash, &options, &hashed), "{hash} {salt}");
            let raw = pss(CKM_RSA_PKCS_PSS, &parameters);
            let plain = sign(t.module, session, &raw, pair.private, &desk.digest(hash)).unwrap();
            assert!(desk.openssl_verifies(&key, hash, &options, &plain), "{hash} {salt} of the digest");
        }
    }
}

fn openssl_verifies_our_raw_ecdsa_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    for (kind, hash) in [(Kind::P256, "sha256"), (Kind::P384, "sha384")] {
        let pair = generate(t.module, session, kind, false, "signer");
        let key = spki(t.module, session, pair.public, kind);
        for _ in 0..10 {
            let ecdsa = mechanism(CKM_ECDSA);
            let signature = sign(t.module, session, &ecdsa, pair.private, &desk.digest(hash)).unwrap();
            assert!(desk.openssl_verifies(&key, hash, &[], &ecdsa_to_der(&signature)));
        }
    }
}

fn openssl_verifies_our_hashed_ecdsa_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    for kind in [Kind::P256, Kind::P384] {
        let pair = generate(t.module, session, kind, false, "signer");
        let key = spki(t.module, session, pair.public, kind);
        for (hash, hashing) in HASHES.into_iter().zip([CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512])
        {
            let signature = sign(t.module, session, &mechanism(hashing), pair.private, MESSAGE).unwrap();
            assert!(desk.openssl_verifies(&key, hash, &[], &ecdsa_to_der(&signature)), "{kind:?} {hash}");
        }
    }
}

/// A key of OpenSSL's, as a file and as a public key object.
fn openssl_key(t: &Test, desk: &Desk, session: u64, kind: Kind) -> (PathBuf, u64) {
    let key = desk.path("private.pem");
    let algorithm = if kind == Kind::Rsa { "RSA" } else { "EC" };
    let option = match kind {
        Kind::Rsa => "rsa_keygen_bits:2048",
        Kind::P256 => "ec_paramgen_curve:P-256",
        Kind::P384 => "ec_paramgen_curve:P-384",
    };
    run(openssl(["genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out"]).arg(&key));
    let template = Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY).boolean(CKA_VERIFY, true);
    let template = if kind == Kind::Rsa {
        let modulus = run(openssl(["rsa", "-noout", "-modulus", "-in"]).arg(&key));
        let modulus = String::from_utf8(modulus).unwrap();
        let modulus = unhex(modulus.trim().trim_start_matches("Modulus="));
        template
            .ulong(CKA_KEY_TYPE, CKK_RSA)
            .bytes(CKA_MODULUS, modulus)
            .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
    } else {
        let spki = run(openssl(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&key));
        let half = if kind == Kind::P256 { 32 } else { 48 };
        let point = &spki[spki.len() - 2 * half - 1..];
        template
            .ulong(CKA_KEY_TYPE, CKK_EC)
            .bytes(CKA_EC_PARAMS, if kind == Kind::P256 { P256 } else { P384 })
            .bytes(CKA_EC_POINT, der(0x04, point))
    };
    let (rv, public) = t.module.create_object(session, &template);
    assert_rv!(rv, CKR_OK);
    (key, public)
}

fn judged(t: &Test, session: u64, by: &CK_MECHANISM, key: u64, data: &[u8], signature: &[u8]) {
    assert_rv!(verify(t.module, session, by, key, data, signature), CKR_OK);
    let mut wrong = signature.to_vec();
    wrong[signature.len() / 2] ^= 1;
    assert_rv!(verify(t.module, session, by, key, data, &wrong), CKR_SIGNATURE_INVALID);
}

fn we_verify_openssls_rsa_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    let (file, key) = openssl_key(t, &desk, session, Kind::Rsa);
    for (hash, hashing) in
        HASHES.into_iter().zip([CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS])
    {
        let signature = desk.openssl_signs(&file, hash, &[]);
        judged(t, session, &mechanism(hashing), key, MESSAGE, &signature);
        let info = digest_info(hash, &desk.digest(hash));
        judged(t, session, &mechanism(CKM_RSA_PKCS), key, &info, &signature);
    }
    for (hash, digest, mgf, hashing) in PSS {
        for salt in [0, 20, 32] {
            let options = ["rsa_padding_mode:pss", &format!("rsa_pss_saltlen:{salt}")];
            let signature = desk.openssl_signs(&file, hash, &options);
            let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: digest, mgf, sLen: salt };
            judged(t, session, &pss(hashing, &parameters), key, MESSAGE, &signature);
            judged(t, session, &pss(CKM_RSA_PKCS_PSS, &parameters), key, &desk.digest(hash), &signature);
        }
    }
}

fn we_verify_openssls_ecdsa_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    for (kind, hash, half) in [(Kind::P256, "sha256", 32), (Kind::P384, "sha384", 48)] {
        let (file, key) = openssl_key(t, &desk, session, kind);
        for _ in 0..10 {
            let signature = ecdsa_from_der(&desk.openssl_signs(&file, hash, &[]), half);
            judged(t, session, &mechanism(CKM_ECDSA), key, &desk.digest(hash), &signature);
        }
    }
}

fn we_verify_openssls_hashed_ecdsa_signatures(t: &Test) {
    let desk = Desk::of(t);
    let session = t.token().user_session();
    for (kind, half) in [(Kind::P256, 32), (Kind::P384, 48)] {
        let (file, key) = openssl_key(t, &desk, session, kind);
        for (hash, hashing) in HASHES.into_iter().zip([CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512])
        {
            let signature = ecdsa_from_der(&desk.openssl_signs(&file, hash, &[]), half);
            judged(t, session, &mechanism(hashing), key, MESSAGE, &signature);
        }
    }
}
