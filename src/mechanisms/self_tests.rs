//! Self-tests of the approved algorithms, with answers that other libraries and NIST gave (FIPS 140-3 implementation
//! guidance 10.3.A), and the trial of a new key pair. Each runs through the mechanism that it stands for.

mod pair;

use std::sync::Arc;

use engine::mechanism::{Bases, Can, Decapsulation, Derivation, Key, MechanismRow, Mechanisms, SelfTest};
use pkcs11::constants::{
    CKA_BASE, CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_MODULUS, CKA_PARAMETER_SET,
    CKA_PRIME, CKA_PUBLIC_EXPONENT, CKA_SEED, CKA_SUBPRIME, CKA_VALUE, CKA_VALUE_LEN, CKD_NULL,
    CKG_MGF1_SHA256, CKH_DETERMINISTIC_REQUIRED, CKK_AES, CKK_AES_XTS, CKK_DES3, CKK_DH, CKK_DSA, CKK_EC,
    CKK_EC_EDWARDS, CKK_GENERIC_SECRET, CKK_HKDF, CKK_ML_DSA, CKK_ML_KEM, CKK_RSA, CKK_SLH_DSA, CKM_AES_CBC,
    CKM_AES_CCM, CKM_AES_CFB8, CKM_AES_CFB128, CKM_AES_CMAC, CKM_AES_CTR, CKM_AES_ECB, CKM_AES_GCM,
    CKM_AES_GMAC, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_OFB, CKM_AES_XTS,
    CKM_CONCATENATE_BASE_AND_KEY, CKM_DES3_CBC, CKM_DES3_CMAC, CKM_DH_PKCS_DERIVE, CKM_DSA_SHA256,
    CKM_ECDH1_DERIVE, CKM_ECDSA_SHA256, CKM_EDDSA, CKM_HASH_ML_DSA_SHA384, CKM_HKDF_DERIVE, CKM_ML_KEM,
    CKM_PKCS5_PBKD2, CKM_RSA_PKCS_OAEP, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA3_224, CKM_SHA3_224_HMAC,
    CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_512, CKM_SHA3_512_HMAC,
    CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_256,
    CKM_SHA512_256_HMAC, CKM_SHA512_HMAC, CKM_SLH_DSA, CKM_SP800_108_COUNTER_KDF,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKP_ML_DSA_44,
    CKP_ML_KEM_768, CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_SLH_DSA_SHA2_128F, CKZ_SALT_SPECIFIED,
};
use pkcs11::{
    Attributes, CcmParameters, CounterFormat, CounterParameters, Ecdh1Parameters, Error, GcmParameters,
    HkdfParameters, HkdfSalt, KeyType, Mechanism, MechanismType, OaepParameters, Parameters, Pbkd2Parameters,
    PrfData, PssParameters, Result, Secret, SignContextParameters, Sp800108Parameters,
    Tls12ExtendedMasterParameters,
};

use crate::{
    aes, des, dh, digest, dsa, ec, edwards, hkdf, hmac, ml_dsa, ml_kem, pbkdf2, rsa, slh_dsa, sp800_108,
    tls12,
};
use sha2::{Digest, Sha256};

pub(crate) use pair::pair;

/// Each line has a name and a value.
const ANSWERS: &str = include_str!("self_tests/answers.txt");

/// Every test once. What a test covers has passed with it.
pub(crate) const TESTS: &[SelfTest] = &[
    test("hash functions", hashes_inside, hashes),
    test("HMAC", macs_inside, hmacs),
    test(
        "AES",
        |mechanism| is_of(aes::MECHANISMS, mechanism) || is_of(sp800_108::MECHANISMS, mechanism),
        aes,
    ),
    test("triple DES", |mechanism| is_of(des::MECHANISMS, mechanism), triple_des),
    test("RSA", |mechanism| is_of(rsa::MECHANISMS, mechanism), rsa),
    test("ECDSA and ECDH", |mechanism| is_of(ec::MECHANISMS, mechanism), elliptic),
    test("EdDSA", |mechanism| is_of(edwards::MECHANISMS, mechanism), edwards),
    test("Diffie-Hellman", |mechanism| is_of(dh::MECHANISMS, mechanism), diffie_hellman),
    test("DSA", |mechanism| is_of(dsa::MECHANISMS, mechanism), dsa),
    test("PBKDF2", |mechanism| is_of(pbkdf2::MECHANISMS, mechanism), password),
    test("HKDF", |mechanism| is_of(hkdf::MECHANISMS, mechanism), hkdf),
    test("SP 800-108", |mechanism| is_of(sp800_108::MECHANISMS, mechanism), counter_kdf),
    test("TLS 1.2", |mechanism| is_of(tls12::MECHANISMS, mechanism), extended_master),
    test("ML-KEM", |mechanism| is_of(ml_kem::MECHANISMS, mechanism), encapsulation),
    test("ML-DSA", |mechanism| is_of(ml_dsa::MECHANISMS, mechanism), ml_dsa),
    test("SLH-DSA", |mechanism| is_of(slh_dsa::MECHANISMS, mechanism), slh_dsa),
    test("random bytes", |_| true, random),
    // Bytes are moved.
    test("joining", |mechanism| mechanism == CKM_CONCATENATE_BASE_AND_KEY, |_| Ok(())),
];

const fn test(
    name: &'static str,
    covers: fn(MechanismType) -> bool,
    run: fn(&Mechanisms) -> Result<()>,
) -> SelfTest {
    SelfTest { name, covers, run }
}

fn is_of(table: &[MechanismRow], mechanism: MechanismType) -> bool {
    table.iter().any(|row| row.mechanism == mechanism)
}

/// Whether a mechanism has a hash inside.
fn hashes_inside(mechanism: MechanismType) -> bool {
    let tables: [&[MechanismRow]; 12] = [
        digest::MECHANISMS,
        hmac::MECHANISMS,
        rsa::MECHANISMS,
        ec::MECHANISMS,
        edwards::MECHANISMS,
        dsa::MECHANISMS,
        pbkdf2::MECHANISMS,
        hkdf::MECHANISMS,
        sp800_108::MECHANISMS,
        tls12::MECHANISMS,
        ml_dsa::MECHANISMS,
        slh_dsa::MECHANISMS,
    ];
    tables.iter().any(|table| is_of(table, mechanism))
}

/// Whether a mechanism has an HMAC inside.
fn macs_inside(mechanism: MechanismType) -> bool {
    let tables =
        [hmac::MECHANISMS, pbkdf2::MECHANISMS, hkdf::MECHANISMS, sp800_108::MECHANISMS, tls12::MECHANISMS];
    tables.iter().any(|table| is_of(table, mechanism))
}

/// A test's own failure: which answer was wrong.
const WRONG: Error = Error::SelfTest("an answer is wrong");

/// A value of [`ANSWERS`].
fn known(name: &str) -> Result<Vec<u8>> {
    let line = ANSWERS.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits: Option<Vec<u8>> = line
        .ok_or(WRONG)?
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.ok_or(WRONG)?;
    let bytes: Result<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| if let [high, low] = pair { Ok(high << 4 | low) } else { Err(WRONG) })
        .collect();
    #[cfg(test)]
    let bytes = bytes.map(|bytes| tests::altered(name, bytes));
    bytes
}

/// The first bytes of the key that secret algorithms are tested with.
fn first(len: usize) -> Result<Vec<u8>> {
    known("key")?.get(..len).map(<[u8]>::to_vec).ok_or(WRONG)
}

fn is(right: bool) -> Result<()> {
    if right { Ok(()) } else { Err(WRONG) }
}

fn with(mechanism_type: MechanismType, parameters: Parameters) -> Mechanism {
    Mechanism { mechanism_type, parameters }
}

fn plain(mechanism_type: MechanismType) -> Mechanism {
    with(mechanism_type, Parameters::None)
}

/// What runs the tests: the tables that the token runs.
struct Bench<'a>(&'a Mechanisms);

impl Bench<'_> {
    fn ability<T>(&self, mechanism: &Mechanism, which: fn(&Can) -> Option<T>) -> Result<T> {
        let row = self.0.row(mechanism.mechanism_type);
        row.and_then(|row| row.can.iter().find_map(which)).ok_or(WRONG)
    }

    /// A key of components, completed and parsed.
    fn key(&self, class: u64, key_type: KeyType, parts: &[(u64, &[u8])]) -> Result<Arc<dyn Key>> {
        let mut attributes = Attributes::new();
        attributes.set_ulong(CKA_CLASS, class);
        attributes.set_ulong(CKA_KEY_TYPE, key_type);
        for (part, value) in parts {
            match *part {
                CKA_PARAMETER_SET => {
                    let number = <[u8; 8]>::try_from(*value).map_err(|_| WRONG)?;
                    attributes.set_ulong(CKA_PARAMETER_SET, u64::from_be_bytes(number));
                }
                part => attributes.set_bytes(part, value),
            }
        }
        self.finished(key_type, attributes)
    }

    fn finished(&self, key_type: KeyType, mut attributes: Attributes) -> Result<Arc<dyn Key>> {
        let row = self.0.key_type(key_type).ok_or(WRONG)?;
        let completed = (row.complete)(&attributes)?;
        attributes.extend(completed);
        (row.parse)(&attributes)
    }

    fn secret(&self, key_type: KeyType, value: &[u8]) -> Result<Arc<dyn Key>> {
        self.key(CKO_SECRET_KEY, key_type, &[(CKA_VALUE, value)])
    }

    /// A private key of its `PrivateKeyInfo`.
    fn private(&self, key_type: KeyType, name: &str) -> Result<Arc<dyn Key>> {
        let mut template = Attributes::new();
        template.set_ulong(CKA_CLASS, CKO_PRIVATE_KEY);
        template.set_ulong(CKA_KEY_TYPE, key_type);
        let row = self.0.key_type(key_type).ok_or(WRONG)?;
        let read = (row.from_bytes)(&template, &known(name)?)?;
        template.extend(read);
        self.finished(key_type, template)
    }

    fn digests(&self, mechanism: MechanismType, name: &str) -> Result<()> {
        let mechanism = plain(mechanism);
        let mut digest = self.ability(&mechanism, Can::digest)?(&mechanism)?;
        digest.update(&known("message")?)?;
        let mut out = vec![0; digest.digest_len()];
        digest.finish(&mut out)?;
        is(out == known(name)?)
    }

    fn signature(&self, mechanism: &Mechanism, key: &Arc<dyn Key>, message: &[u8]) -> Result<Vec<u8>> {
        let mut signing = self.ability(mechanism, Can::sign)?(mechanism, key)?;
        signing.update(message)?;
        let mut out = vec![0; signing.signature_len()];
        signing.finish(&mut out)?;
        Ok(out)
    }

    fn verifies(
        &self,
        mechanism: &Mechanism,
        key: &Arc<dyn Key>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let mut verifying = self.ability(mechanism, Can::verify)?(mechanism, key)?;
        verifying.update(message)?;
        verifying.finish(signature)
    }

    /// A signature that holds, and the same with a bit turned, which must not.
    fn judges(
        &self,
        mechanism: &Mechanism,
        key: &Arc<dyn Key>,
        message: &[u8],
        mut signature: Vec<u8>,
    ) -> Result<()> {
        self.verifies(mechanism, key, message, &signature)?;
        if let Some(last) = signature.last_mut() {
            *last ^= 1;
        }
        is(self.verifies(mechanism, key, message, &signature).is_err())
    }

    /// A MAC by a known key, made and judged.
    fn authenticates(&self, mechanism: &Mechanism, key: &Arc<dyn Key>, name: &str) -> Result<()> {
        let message = known("message")?;
        let mac = self.signature(mechanism, key, &message)?;
        is(mac == known(name)?)?;
        self.judges(mechanism, key, &message, mac)
    }

    /// A ciphertext both ways; one way alone for what only decrypts.
    fn deciphers(&self, mechanism: &Mechanism, key: &Arc<dyn Key>, plain: &[u8], name: &str) -> Result<()> {
        let sealed = known(name)?;
        let cipher = self.ability(mechanism, Can::decrypt)?(mechanism, key)?;
        let mut out = vec![0; cipher.whole_len(sealed.len())];
        let len = cipher.whole(&sealed, &mut out)?;
        is(out.get(..len) == Some(plain))
    }

    fn enciphers(&self, mechanism: &Mechanism, key: &Arc<dyn Key>, plain: &[u8], name: &str) -> Result<()> {
        let cipher = self.ability(mechanism, Can::encrypt)?(mechanism, key)?;
        let mut out = vec![0; cipher.whole_len(plain.len())];
        let len = cipher.whole(plain, &mut out)?;
        is(out.get(..len) == Some(&known(name)?))?;
        self.deciphers(mechanism, key, plain, name)
    }

    fn decapsulated(
        &self,
        mechanism: &Mechanism,
        key: &Arc<dyn Key>,
        template: &Attributes,
        ciphertext: &[u8],
    ) -> Result<Attributes> {
        match self.ability(mechanism, Can::decapsulate)? {
            Decapsulation::Secret(decapsulate) => decapsulate(mechanism, key, template, ciphertext),
            Decapsulation::Unwrapping(_) => Err(WRONG),
        }
    }

    /// A secret of `len` bytes, derived.
    fn derives(&self, mechanism: &Mechanism, key: &Arc<dyn Key>, len: usize, name: &str) -> Result<()> {
        let mut template = Attributes::new();
        template.set_ulong(CKA_CLASS, CKO_SECRET_KEY);
        template.set_ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
        template.set_ulong(CKA_VALUE_LEN, len as u64);
        let bases = Bases { key, named: &[] };
        let made = match self.ability(mechanism, Can::derive)? {
            Derivation::Key(_, derive) | Derivation::Data(derive) => derive(mechanism, &bases, &template)?,
            Derivation::Several(several) => {
                let made = (several.derive)(mechanism, &bases, &[Some(template)])?;
                made.keys.into_iter().flatten().next().ok_or(WRONG)?
            }
            Derivation::Public(_) => return Err(WRONG),
        };
        is(made.bytes(CKA_VALUE) == Some(&known(name)?))
    }
}

fn hashes(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    for (mechanism, name) in [
        (CKM_SHA_1, "sha-1"),
        (CKM_SHA224, "sha-224"),
        (CKM_SHA256, "sha-256"),
        (CKM_SHA384, "sha-384"),
        (CKM_SHA512, "sha-512"),
        (CKM_SHA512_224, "sha-512/224"),
        (CKM_SHA512_256, "sha-512/256"),
        (CKM_SHA3_224, "sha3-224"),
        (CKM_SHA3_256, "sha3-256"),
        (CKM_SHA3_384, "sha3-384"),
        (CKM_SHA3_512, "sha3-512"),
    ] {
        bench.digests(mechanism, name)?;
    }
    Ok(())
}

fn hmacs(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_GENERIC_SECRET, &first(32)?)?;
    for (mechanism, name) in [
        (CKM_SHA_1_HMAC, "hmac-sha-1"),
        (CKM_SHA224_HMAC, "hmac-sha-224"),
        (CKM_SHA256_HMAC, "hmac-sha-256"),
        (CKM_SHA384_HMAC, "hmac-sha-384"),
        (CKM_SHA512_HMAC, "hmac-sha-512"),
        (CKM_SHA512_224_HMAC, "hmac-sha-512/224"),
        (CKM_SHA512_256_HMAC, "hmac-sha-512/256"),
        (CKM_SHA3_224_HMAC, "hmac-sha3-224"),
        (CKM_SHA3_256_HMAC, "hmac-sha3-256"),
        (CKM_SHA3_384_HMAC, "hmac-sha3-384"),
        (CKM_SHA3_512_HMAC, "hmac-sha3-512"),
    ] {
        bench.authenticates(&plain(mechanism), &key, name)?;
    }
    Ok(())
}

fn aes(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_AES, &first(32)?)?;
    let (vector, blocks) = (known("vector")?, known("blocks")?);
    let nonce = vector.get(..12).ok_or(WRONG)?.to_vec();
    let counter = CounterParameters {
        counter_bits: 128,
        block: <[u8; 16]>::try_from(vector.as_slice()).map_err(|_| WRONG)?,
    };
    let gcm = |aad: Vec<u8>| Parameters::Gcm(GcmParameters { iv: nonce.clone(), aad, tag_bits: 128 });
    let ccm = Parameters::Ccm(CcmParameters {
        data_len: blocks.len() as u64,
        nonce: nonce.clone(),
        aad: known("message")?,
        mac_len: 16,
    });
    for (mechanism, parameters, name) in [
        (CKM_AES_ECB, Parameters::None, "aes-ecb"),
        (CKM_AES_CBC, Parameters::Bytes(vector.clone()), "aes-cbc"),
        (CKM_AES_CTR, Parameters::Counter(counter), "aes-ctr"),
        (CKM_AES_CFB128, Parameters::Bytes(vector.clone()), "aes-cfb128"),
        (CKM_AES_CFB8, Parameters::Bytes(vector.clone()), "aes-cfb8"),
        (CKM_AES_OFB, Parameters::Bytes(vector.clone()), "aes-ofb"),
        (CKM_AES_GCM, gcm(known("message")?), "aes-gcm"),
        (CKM_AES_CCM, ccm, "aes-ccm"),
        (CKM_AES_KEY_WRAP, Parameters::None, "aes-key-wrap"),
        (CKM_AES_KEY_WRAP_KWP, Parameters::None, "aes-kwp"),
    ] {
        bench.enciphers(&with(mechanism, parameters), &key, &blocks, name)?;
    }
    bench.authenticates(&plain(CKM_AES_CMAC), &key, "aes-cmac")?;
    bench.authenticates(&with(CKM_AES_GMAC, gcm(Vec::new())), &key, "aes-gmac")?;
    let key = bench.secret(CKK_AES_XTS, &first(64)?)?;
    bench.enciphers(&with(CKM_AES_XTS, Parameters::Bytes(vector)), &key, &blocks, "aes-xts")
}

fn triple_des(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_DES3, &known("des3-key")?)?;
    let vector = known("vector")?.get(..8).ok_or(WRONG)?.to_vec();
    let by = with(CKM_DES3_CBC, Parameters::Bytes(vector));
    bench.deciphers(&by, &key, &known("blocks")?, "des3-cbc")?;
    bench.judges(&plain(CKM_DES3_CMAC), &key, &known("message")?, known("des3-cmac")?)
}

fn rsa(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let private = bench.private(CKK_RSA, "rsa-private")?;
    let modulus = known("rsa-modulus")?;
    let parts: [(u64, &[u8]); 2] = [(CKA_MODULUS, &modulus), (CKA_PUBLIC_EXPONENT, &[1, 0, 1])];
    let public = bench.key(CKO_PUBLIC_KEY, CKK_RSA, &parts)?;
    let message = known("message")?;
    let by = plain(CKM_SHA256_RSA_PKCS);
    let signature = bench.signature(&by, &private, &message)?;
    is(signature == known("rsa-signature")?)?;
    bench.judges(&by, &public, &message, signature)?;
    let pss = PssParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, salt_len: 32 };
    let by = with(CKM_SHA256_RSA_PKCS_PSS, Parameters::Pss(pss));
    bench.judges(&by, &public, &message, known("rsa-pss")?)?;
    let signature = bench.signature(&by, &private, &message)?;
    bench.judges(&by, &public, &message, signature)?;
    let oaep = OaepParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, source: 0, label: Vec::new() };
    bench.deciphers(&with(CKM_RSA_PKCS_OAEP, Parameters::Oaep(oaep)), &private, &message, "rsa-oaep")
}

/// P-256 (SP 800-186 section 3.2.1.3).
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// RFC 8410 section 3.
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const ED448: &[u8] = b"\x06\x03\x2b\x65\x71";

fn elliptic(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let private = bench.private(CKK_EC, "ec-private")?;
    let point = known("ec-point")?;
    let public = bench.key(CKO_PUBLIC_KEY, CKK_EC, &[(CKA_EC_PARAMS, P256), (CKA_EC_POINT, &point)])?;
    let (by, message) = (plain(CKM_ECDSA_SHA256), known("message")?);
    bench.judges(&by, &public, &message, known("ecdsa")?)?;
    let signature = bench.signature(&by, &private, &message)?;
    bench.judges(&by, &public, &message, signature)?;
    let parameters = Ecdh1Parameters { kdf: CKD_NULL, shared: Vec::new(), public: known("ec-peer")? };
    bench.derives(&with(CKM_ECDH1_DERIVE, Parameters::Ecdh1(parameters)), &private, 32, "ecdh")
}

fn edwards(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let (by, message) = (plain(CKM_EDDSA), known("message")?);
    let curves = [
        (ED25519, "ed25519-private", "ed25519-public", "ed25519"),
        (ED448, "ed448-private", "ed448-public", "ed448"),
    ];
    for (curve, private, public, name) in curves {
        let private = bench.private(CKK_EC_EDWARDS, private)?;
        let point = known(public)?;
        let parts: [(u64, &[u8]); 2] = [(CKA_EC_PARAMS, curve), (CKA_EC_POINT, &point)];
        let public = bench.key(CKO_PUBLIC_KEY, CKK_EC_EDWARDS, &parts)?;
        let signature = bench.signature(&by, &private, &message)?;
        is(signature == known(name)?)?;
        bench.judges(&by, &public, &message, signature)?;
    }
    Ok(())
}

fn diffie_hellman(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let (prime, private) = (known("dh-prime")?, known("dh-private")?);
    let parts: [(u64, &[u8]); 3] = [(CKA_PRIME, &prime), (CKA_BASE, &[2]), (CKA_VALUE, &private)];
    let key = bench.key(CKO_PRIVATE_KEY, CKK_DH, &parts)?;
    bench.derives(&with(CKM_DH_PKCS_DERIVE, Parameters::Bytes(known("dh-peer")?)), &key, 256, "dh")
}

fn dsa(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let [prime, subprime, base, public] =
        [known("dsa-prime")?, known("dsa-subprime")?, known("dsa-base")?, known("dsa-public")?];
    let parts: [(u64, &[u8]); 4] =
        [(CKA_PRIME, &prime), (CKA_SUBPRIME, &subprime), (CKA_BASE, &base), (CKA_VALUE, &public)];
    let key = bench.key(CKO_PUBLIC_KEY, CKK_DSA, &parts)?;
    bench.judges(&plain(CKM_DSA_SHA256), &key, &known("message")?, known("dsa")?)
}

fn password(mechanisms: &Mechanisms) -> Result<()> {
    let by = with(
        CKM_PKCS5_PBKD2,
        Parameters::Pbkd2(Pbkd2Parameters {
            salt_source: CKZ_SALT_SPECIFIED,
            salt: known("vector")?,
            iterations: 1000,
            prf: CKP_PKCS5_PBKD2_HMAC_SHA256,
            prf_data: Vec::new(),
            password: Secret::new(first(32)?),
        }),
    );
    let mut template = Attributes::new();
    template.set_ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    template.set_ulong(CKA_VALUE_LEN, 32);
    let (_, make) = Bench(mechanisms).ability(&by, Can::generate_key)?;
    is(make(&by, &template)?.bytes(CKA_VALUE) == Some(&known("pbkdf2")?))
}

fn hkdf(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_HKDF, &first(32)?)?;
    let parameters = HkdfParameters {
        extract: true,
        expand: true,
        hash: CKM_SHA256,
        salt: HkdfSalt::Data(known("vector")?),
        info: known("message")?,
    };
    bench.derives(&with(CKM_HKDF_DERIVE, Parameters::Hkdf(parameters)), &key, 48, "hkdf")
}

fn counter_kdf(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_GENERIC_SECRET, &first(32)?)?;
    let counter = CounterFormat { little_endian: false, width_bits: 32 };
    let parameters = Sp800108Parameters {
        prf: CKM_SHA256_HMAC,
        data: vec![PrfData::IterationVariable(Some(counter)), PrfData::Bytes(known("message")?)],
        iv: Vec::new(),
        additional: Vec::new(),
    };
    bench.derives(&with(CKM_SP800_108_COUNTER_KDF, Parameters::Sp800108(parameters)), &key, 32, "sp800-108")
}

fn extended_master(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let key = bench.secret(CKK_GENERIC_SECRET, &known("tls12-pre-master")?)?;
    let parameters = Tls12ExtendedMasterParameters {
        hash: CKM_SHA256,
        session_hash: known("sha-256")?,
        tells_version: false,
    };
    let by = with(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, Parameters::Tls12ExtendedMaster(parameters));
    bench.derives(&by, &key, 48, "tls12-extended-master")
}

fn encapsulation(mechanisms: &Mechanisms) -> Result<()> {
    let bench = Bench(mechanisms);
    let (set, seed) = (CKP_ML_KEM_768.to_be_bytes(), known("ml-kem-seed")?);
    let parts: [(u64, &[u8]); 2] = [(CKA_PARAMETER_SET, &set), (CKA_SEED, &seed)];
    let key = bench.key(CKO_PRIVATE_KEY, CKK_ML_KEM, &parts)?;
    let by = plain(CKM_ML_KEM);
    let mut template = Attributes::new();
    template.set_ulong(CKA_CLASS, CKO_SECRET_KEY);
    template.set_ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let made = bench.decapsulated(&by, &key, &template, &known("ml-kem-ciphertext")?)?;
    is(made.bytes(CKA_VALUE) == Some(&known("ml-kem")?))
}

/// Whether a private key signs as NIST's sample does.
fn signs_as_sampled(
    mechanisms: &Mechanisms,
    mechanism: MechanismType,
    (key_type, parameter_set): (KeyType, u64),
    name: &str,
) -> Result<()> {
    let bench = Bench(mechanisms);
    let (set, value) = (parameter_set.to_be_bytes(), known(&format!("{name}-private"))?);
    let parts: [(u64, &[u8]); 2] = [(CKA_PARAMETER_SET, &set), (CKA_VALUE, &value)];
    let key = bench.key(CKO_PRIVATE_KEY, key_type, &parts)?;
    let context = known(&format!("{name}-context"))?;
    let parameters = SignContextParameters { hedge: CKH_DETERMINISTIC_REQUIRED, context };
    let by = with(mechanism, Parameters::SignContext(parameters));
    let signature = bench.signature(&by, &key, &known(&format!("{name}-message"))?)?;
    is(Sha256::digest(&signature).as_slice() == known(name)?)
}

fn ml_dsa(mechanisms: &Mechanisms) -> Result<()> {
    signs_as_sampled(mechanisms, CKM_HASH_ML_DSA_SHA384, (CKK_ML_DSA, CKP_ML_DSA_44), "ml-dsa")
}

fn slh_dsa(mechanisms: &Mechanisms) -> Result<()> {
    signs_as_sampled(mechanisms, CKM_SLH_DSA, (CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F), "slh-dsa")
}

/// The generator's own tests are inside the library; here it must not stand still.
fn random(_: &Mechanisms) -> Result<()> {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    crate::aws_lc::random(&mut first)?;
    crate::aws_lc::random(&mut second)?;
    is(first != second && first != [0; 32])
}

#[cfg(test)]
mod tests;
