//! ML-DSA and SLH-DSA as NIST's samples of ACVP have them: keys of a seed, and whole signatures without randomness, pure
//! and of a hash. Keys and signatures are long, so that of a published one its SHA-256 stands here.

use std::str::SplitWhitespace;

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_TYPE, CK_ULONG, CKA_PUBLIC_KEY_INFO, CKA_SEED, CKA_VALUE,
    CKH_DETERMINISTIC_REQUIRED, CKK_ML_DSA, CKK_SLH_DSA, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224,
    CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224,
    CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128,
    CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_256,
    CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224, CKM_HASH_SLH_DSA_SHA256,
    CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE256,
    CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512, CKM_SHA224,
    CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_256, CKM_SLH_DSA, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKP_ML_DSA_44, CKP_ML_DSA_65, CKP_ML_DSA_87, CKP_SLH_DSA_SHA2_128F,
    CKP_SLH_DSA_SHA2_128S, CKP_SLH_DSA_SHA2_192F, CKP_SLH_DSA_SHA2_192S, CKP_SLH_DSA_SHA2_256F,
    CKP_SLH_DSA_SHA2_256S, CKP_SLH_DSA_SHAKE_128F, CKP_SLH_DSA_SHAKE_128S, CKP_SLH_DSA_SHAKE_192F,
    CKP_SLH_DSA_SHAKE_192S, CKP_SLH_DSA_SHAKE_256F, CKP_SLH_DSA_SHAKE_256S, CKR_OK,
};
use pkcs11_tests::Sent;
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{hash_sign_context, sign_context, with};

use crate::desk::Desk;
use crate::post_quantum::key;

/// How the file is read is said at its beginning.
const SIGNATURES: &str = include_str!("acvp_signatures.txt");

/// Parameter sets by FIPS 204 and FIPS 205.
const SETS: &[(&str, CK_ULONG)] = &[
    ("ML-DSA-44", CKP_ML_DSA_44),
    ("ML-DSA-65", CKP_ML_DSA_65),
    ("ML-DSA-87", CKP_ML_DSA_87),
    ("SLH-DSA-SHA2-128f", CKP_SLH_DSA_SHA2_128F),
    ("SLH-DSA-SHA2-128s", CKP_SLH_DSA_SHA2_128S),
    ("SLH-DSA-SHA2-192f", CKP_SLH_DSA_SHA2_192F),
    ("SLH-DSA-SHA2-192s", CKP_SLH_DSA_SHA2_192S),
    ("SLH-DSA-SHA2-256f", CKP_SLH_DSA_SHA2_256F),
    ("SLH-DSA-SHA2-256s", CKP_SLH_DSA_SHA2_256S),
    ("SLH-DSA-SHAKE-128f", CKP_SLH_DSA_SHAKE_128F),
    ("SLH-DSA-SHAKE-128s", CKP_SLH_DSA_SHAKE_128S),
    ("SLH-DSA-SHAKE-192f", CKP_SLH_DSA_SHAKE_192F),
    ("SLH-DSA-SHAKE-192s", CKP_SLH_DSA_SHAKE_192S),
    ("SLH-DSA-SHAKE-256f", CKP_SLH_DSA_SHAKE_256F),
    ("SLH-DSA-SHAKE-256s", CKP_SLH_DSA_SHAKE_256S),
];

/// A hash function by ACVP's name.
struct HashForms {
    name: &'static str,
    /// The mechanism by which a caller makes the digest, where there is one.
    digest: Option<CK_MECHANISM_TYPE>,
    /// The mechanisms that hash by themselves, of ML-DSA and of SLH-DSA.
    signs: Option<[CK_MECHANISM_TYPE; 2]>,
}

const HASHES: &[HashForms] = &[
    hash("SHA2-224", CKM_SHA224, [CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224]),
    hash("SHA2-256", CKM_SHA256, [CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256]),
    hash("SHA2-384", CKM_SHA384, [CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384]),
    hash("SHA2-512", CKM_SHA512, [CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512]),
    HashForms { name: "SHA2-512/224", digest: Some(CKM_SHA512_224), signs: None },
    HashForms { name: "SHA2-512/256", digest: Some(CKM_SHA512_256), signs: None },
    hash("SHA3-224", CKM_SHA3_224, [CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224]),
    hash("SHA3-256", CKM_SHA3_256, [CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256]),
    hash("SHA3-384", CKM_SHA3_384, [CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384]),
    hash("SHA3-512", CKM_SHA3_512, [CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512]),
    HashForms {
        name: "SHAKE-128",
        digest: None,
        signs: Some([CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128]),
    },
    HashForms {
        name: "SHAKE-256",
        digest: None,
        signs: Some([CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256]),
    },
];

const fn hash(name: &'static str, digest: CK_MECHANISM_TYPE, signs: [CK_MECHANISM_TYPE; 2]) -> HashForms {
    HashForms { name, digest: Some(digest), signs: Some(signs) }
}

/// ML-DSA-keyGen-FIPS204, cases 1, 26 and 51: parameter set, bytes of a public key, seed, and SHA-256 of the public and
/// of the private key.
const KEYS: &[(CK_ULONG, usize, [&str; 3])] = &[
    (
        CKP_ML_DSA_44,
        1312,
        [
            "7194b13c95231010afd2c909992bd2003ba6f437c3886bdbe3f6b867a14ba161",
            "838b88b6ac41e2c60698173e08ca173d0b0d2839205806e56a8a3d53195f3a03",
            "1c911d163cd0a5563e06f22403f7e16334fee17c2abb66f11ddf39ca6307ec58",
        ],
    ),
    (
        CKP_ML_DSA_65,
        1952,
        [
            "a991fd42b071d49c48ae3e75c647459e0daad1e1ba356a04801912d3294bcff8",
            "b1a7d0d2f0d7a04b9d5ffccd9bd578864dab4a01cdd7f70a05cd1f4f0672e43a",
            "56c53ac82fbff7d81b7a8cfbbc73011ceccad677e16dc53f2ece66d49aa11edd",
        ],
    ),
    (
        CKP_ML_DSA_87,
        2592,
        [
            "a16f5b0796703e2d1a0140a35cbf36efabe70e752ba59b6a9a0e9c4b05302f73",
            "33f49649f05ec2fc3b050007b18ade043bbc8d1c0ded03a269d540486daaa5f4",
            "c64e15742f27d7d8e2832f7d55a5c014f2c9536082f3a3181cfc6246908dd649",
        ],
    ),
];

pub(crate) fn run(desk: &Desk<'_>) {
    ml_dsa_keys(desk);
    let samples = SIGNATURES.lines().filter(|line| !line.starts_with('#')).map(Sample::read);
    for sample in samples.filter(|sample| desk.is_long() || !sample.is_slow()) {
        sample.run(desk);
    }
}

fn ml_dsa_keys(desk: &Desk<'_>) {
    for (set, public_len, parts) in KEYS {
        let [seed, public, private] = parts.map(unhex);
        let key = key(desk, (CKO_PRIVATE_KEY, CKK_ML_DSA, *set), (CKA_SEED, &seed));
        let told = |kind| key.map(|key| attribute(desk.m, desk.session, key, kind));
        // The key is the end of the structure (RFC 5280 section 4.1).
        let found = told(CKA_PUBLIC_KEY_INFO).map(|info| info[info.len() - public_len..].to_vec());
        let source = "ACVP ML-DSA-keyGen-FIPS204, SHA-256 of the keys";
        for (what, found, expected) in [("public", found, public), ("private", told(CKA_VALUE), private)] {
            let found = found.and_then(|found| desk.digest(CKM_SHA256, &found));
            desk.compare(CKM_ML_DSA_KEY_PAIR_GEN, source, format!("{set} {what}"), &found, &expected);
        }
    }
}

/// A line of the file.
struct Sample {
    /// The names in front: parameter set, hash function, case.
    case: [&'static str; 3],
    context: Vec<u8>,
    message: Vec<u8>,
    private: Vec<u8>,
    signature_digest: Vec<u8>,
}

impl Sample {
    fn read(line: &'static str) -> Self {
        let mut words = line.split_whitespace();
        let case = [(); 3].map(|()| words.next().unwrap());
        let bytes = |words: &mut SplitWhitespace<'_>| match words.next().unwrap() {
            "-" => Vec::new(),
            word => unhex(word),
        };
        let [context, message, private, signature_digest] = [(); 4].map(|()| bytes(&mut words));
        Self { case, context, message, private, signature_digest }
    }

    /// The sets of SLH-DSA with small signatures take seconds to sign.
    fn is_slow(&self) -> bool {
        self.case[0].starts_with("SLH") && self.case[0].ends_with('s')
    }

    fn run(&self, desk: &Desk<'_>) {
        let [set, hash, _] = self.case;
        let is_slh_dsa = set.starts_with("SLH");
        let [pure, of_digest] =
            if is_slh_dsa { [CKM_SLH_DSA, CKM_HASH_SLH_DSA] } else { [CKM_ML_DSA, CKM_HASH_ML_DSA] };
        if hash == "pure" {
            self.whole(desk, pure);
            return;
        }
        let forms = HASHES.iter().find(|forms| forms.name == hash).unwrap();
        if let Some(signs) = forms.signs {
            self.whole(desk, signs[usize::from(is_slh_dsa)]);
        }
        if let Some(digest) = forms.digest {
            let made = desk.digest(digest, &self.message).unwrap();
            let context = hash_sign_context(CKH_DETERMINISTIC_REQUIRED, Sent::from(&self.context), digest);
            self.signed(desk, &with(of_digest, &context), &made);
        }
    }

    /// The message is signed whole.
    fn whole(&self, desk: &Desk<'_>, kind: CK_MECHANISM_TYPE) {
        let context = sign_context(CKH_DETERMINISTIC_REQUIRED, Sent::from(&self.context));
        self.signed(desk, &with(kind, &context), &self.message);
    }

    /// The signature is the published one, and SLH-DSA's holds under the public key, the latter half of the private one.
    fn signed(&self, desk: &Desk<'_>, by: &CK_MECHANISM, data: &[u8]) {
        let [set, _, case] = self.case;
        let parameter_set = SETS.iter().find(|(name, _)| *name == set).unwrap().1;
        let (key_type, source) = if set.starts_with("SLH") {
            (CKK_SLH_DSA, "ACVP SLH-DSA-sigGen-FIPS205, SHA-256 of the signature")
        } else {
            (CKK_ML_DSA, "ACVP ML-DSA-sigGen-FIPS204, SHA-256 of the signature")
        };
        let private = key(desk, (CKO_PRIVATE_KEY, key_type, parameter_set), (CKA_VALUE, &self.private));
        let signature: Answer = private.and_then(|key| desk.sign(by, key, data));
        let found =
            signature.as_ref().map_err(|rv| *rv).and_then(|signature| desk.digest(CKM_SHA256, signature));
        desk.compare(by.mechanism, source, format!("{set} case {case}"), &found, &self.signature_digest);
        private.into_iter().for_each(|key| desk.forget(key));
        if key_type == CKK_SLH_DSA
            && let Ok(signature) = signature
        {
            let value = &self.private[self.private.len() / 2..];
            let public = key(desk, (CKO_PUBLIC_KEY, key_type, parameter_set), (CKA_VALUE, value)).unwrap();
            let rv = desk.verify(by, public, data, &signature);
            desk.count(by.mechanism, source, rv_name(rv), rv == CKR_OK);
            desk.forget(public);
        }
    }
}
