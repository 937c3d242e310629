use super::*;
use crate::fixtures::{derive, derive_several, error, hex, secret_key, sign, verify, wanted, with};
use pkcs11::constants::{CKA_VALUE, CKK_AES, CKM_RIPEMD160};
use pkcs11::{Tls12ExtendedMasterParameters, Tls12MasterParameters, TlsKdfParameters};

/// NIST's CAVP for the functions of TLS 1.2 with SHA-256: pre-master secret, both random values, master secret.
const MASTER_VECTOR: [&str; 4] = [
    "f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc",
    "36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c",
    "f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce",
    "202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf",
];

/// The same set: both random values, the client's first, and 128 bytes of key block from that master secret.
const BLOCK_VECTOR: [&str; 3] = [
    "62e1fd91f23f558a605f28478c58cf72637b89784d959df7e946d3f07bd1b616",
    "ae6c806f8ad4d80784549dff28a4b58fd837681a51d928c3e30ee5ff14f39868",
    "d06139889fffac1e3a71865f504aa5d0d2a2e89506c6f2279b670c3e1b74f531016a2530c51a3a0f7e1d6590d0f0566b2f387f8d\
     11fd4f731cdd572d2eae927f6f2f81410b25e6960be68985add6c38445ad9f8c64bf8068bf9a6679485d966f1ad6f68b43495b10\
     a683755ea2b858d70ccac7ec8b053c6bd41ca299d4e51928",
];

fn randoms(client: &str, server: &str) -> TlsRandoms {
    TlsRandoms { client: hex(client), server: hex(server) }
}

fn master_of(kind: MechanismType, tells_version: bool) -> Mechanism {
    let [_, client, server, _] = MASTER_VECTOR;
    let randoms = randoms(client, server);
    with(kind, Parameters::Tls12Master(Tls12MasterParameters { randoms, tells_version, hash: CKM_SHA256 }))
}

fn template() -> [Option<Attributes>; 1] {
    [Some(wanted(CKK_GENERIC_SECRET, MASTER))]
}

#[test]
fn a_published_master_secret_comes_out_with_the_version_of_its_secret() {
    let [secret, .., expected] = MASTER_VECTOR;
    let key = secret_key(CKK_GENERIC_SECRET, &hex(secret));
    let told = derive_several(&master_of(CKM_TLS12_MASTER_KEY_DERIVE, true), &key, &template()).unwrap();
    assert_eq!(told.keys[0].as_ref().unwrap().bytes(CKA_VALUE).unwrap(), hex(expected));
    assert_eq!(told.told, [0xf8, 0x93]);
    let silent =
        derive_several(&master_of(CKM_TLS12_MASTER_KEY_DERIVE_DH, false), &key, &template()).unwrap();
    assert_eq!(silent.keys[0].as_ref().unwrap().bytes(CKA_VALUE).unwrap(), hex(expected));
    assert!(silent.told.is_empty());
    let refused = derive_several(&master_of(CKM_TLS12_MASTER_KEY_DERIVE_DH, true), &key, &template());
    assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
}

#[test]
fn an_extended_master_secret_has_its_own_label_and_seed() {
    let key = secret_key(CKK_GENERIC_SECRET, &[7; 48]);
    let extended = |session_hash: &[u8]| {
        let (hash, session_hash) = (CKM_SHA384, session_hash.to_vec());
        let parameters = Tls12ExtendedMasterParameters { hash, session_hash, tells_version: false };
        with(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, Parameters::Tls12ExtendedMaster(parameters))
    };
    let derived = derive_several(&extended(&[1; 48]), &key, &template()).unwrap();
    let mut expected = [0; 48];
    let seed = b"extended master secret".iter().chain(&[1; 48]).copied().collect::<Vec<_>>();
    p_hash(CKM_SHA384, &[7; 48], &seed, &mut expected).unwrap();
    assert_eq!(derived.keys[0].as_ref().unwrap().bytes(CKA_VALUE).unwrap(), expected);
    assert!(matches!(
        derive_several(&extended(&[]), &key, &template()),
        Err(Error::MechanismParamInvalid(_))
    ));
}

/// A handshake of TLS 1.2 between two OpenSSL programs, published with its secrets: pre-master secret, digest of the
/// handshake so far, extended master secret, seed and output of the key expansion, both "finished" messages.
const HANDSHAKE: [&str; 4] = [
    "0303c50e21125fec8635a168da82bd7269d18b1ad4d5bea6818527f55f4c2872ad6e4ebaca83bac3b36e69e4ed15916f",
    "57e5535065064b1f5e2286e58b981ee730e055c96e5eba0ffa2fb3d0402672d7",
    "4d35748b193f886fb3193298d08159ae1e94cf77887a2083d6aa164d4e78d734772906f96f336be5518af5b6f450ec5a",
    "b519c2e76e5f09274282cc43f19a8ca065264f716216d20a7d4fc98907fd5f48840800745893ffe3f025d356eba71346456907fab463e830\
     a91cff28eacf6268",
];
const HANDSHAKE_BLOCK: &str = "abad28dab7b616eb03b55b58e516b9b6a30fbf6283be3372179c036f5a662d6ca86cab7f0c17f5aa6c3ffab275ca475834f024e6143e1b5aed\
     0a58c720a35e9c7e8ec02569bfcceecf6e7c5e6da04008bd98803d346317d9d283c2b7bab56ced237d9845d9c2b963a9d03fc8a39042a539\
     8e9f15d280b8536485db2093f5296ff5134eae36a5b49c096a7c6d210a30edba2e61d143b965e6b4664c1e3f821ebd";
const FINISHED: [(u64, &str, &str); 2] = [
    (1, "7d67f8aa2b5b1799b3cbb6e3a700f587a8920b80d7e1848346df829d5add4fe1", "9efc18b4d2a28f38dc3818b6"),
    (2, HANDSHAKE[1], "b16679f75903cdded98f1410"),
];

#[test]
fn the_secrets_of_a_handshake_come_out_from_the_first_to_the_finished_messages() {
    let [pre_master, session_hash, master, seed] = HANDSHAKE.map(hex);
    let parameters = Tls12ExtendedMasterParameters { hash: CKM_SHA256, session_hash, tells_version: true };
    let mechanism = with(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, Parameters::Tls12ExtendedMaster(parameters));
    let derived =
        derive_several(&mechanism, &secret_key(CKK_GENERIC_SECRET, &pre_master), &template()).unwrap();
    assert_eq!(derived.keys[0].as_ref().unwrap().bytes(CKA_VALUE).unwrap(), master);
    assert_eq!(derived.told, [3, 3]);
    let master = secret_key(CKK_GENERIC_SECRET, &master);
    let randoms = TlsRandoms { server: seed[..32].to_vec(), client: seed[32..].to_vec() };
    let (hash, is_export) = (CKM_SHA256, false);
    let parameters =
        Tls12KeyMaterialParameters { mac_bits: 256, key_bits: 256, iv_bits: 128, is_export, randoms, hash };
    let mechanism = with(CKM_TLS12_KEY_AND_MAC_DERIVE, Parameters::Tls12KeyMaterial(parameters));
    let (mac, cipher) = (wanted(CKK_GENERIC_SECRET, 32), wanted(CKK_AES, 32));
    let keys = [Some(mac.clone()), Some(mac), Some(cipher.clone()), Some(cipher)];
    let derived = derive_several(&mechanism, &master, &keys).unwrap();
    let values = derived.keys.iter().flatten().map(|key| key.bytes(CKA_VALUE).unwrap());
    let block: Vec<u8> = values.flatten().chain(&derived.told).copied().collect();
    assert_eq!(block, hex(HANDSHAKE_BLOCK));
    for (side, digest, expected) in FINISHED {
        let mechanism = finished(CKM_TLS_MAC, CKM_SHA256, 12, side);
        assert_eq!(sign(&mechanism, &master, &hex(digest)).unwrap(), hex(expected));
    }
}

/// From the tests of AWS-LC's service indicator: a secret of 32 bytes, both parts of the seed, and the first 32 bytes that
/// come out, by a label that ends with a byte of zero.
const SECRET: &str = "bfe4b7e026555f6adf5d27d689992ad6f76566074b555f6455cdd577a4c70961";
const SEEDS: [&str; 2] = ["8f0de8b6908fb1d26d51f47918635165", "7d241a9d3c59bf3c311e2b21418d3281"];
const SELF_TEST: &[u8] = b"FIPS self test\0";
const EXTENDED: &[u8] = b"extended master secret\0";
const EXPORTED: [(MechanismType, &[u8], &str); 10] = [
    (CKM_TLS_PRF, SELF_TEST, "36a931b043e36472b947540d8afce35c1c15677ea35df23a57fd5016e1a4a637"),
    (CKM_TLS_PRF, EXTENDED, "217218be5adcf7291e8115468d7f7e93ace545261a177c3ad417aae6fc155569"),
    (CKM_SHA_1, SELF_TEST, "bb0a7352f885d7bd1234783b544c75fed7236e223f423499576b14c4c8ae9f4c"),
    (CKM_SHA224, SELF_TEST, "ddaf6faad92b3db9464c558af7a69b0b35cc07a7555b5e3912c0d430df0cdf6b"),
    (CKM_SHA256, SELF_TEST, "6785de60fc0a83e9a22ab3f0270cbaf7fa823d14771d86297939778ad50e9d32"),
    (CKM_SHA384, SELF_TEST, "75153f447afd34ed2b67bcd85796abfff40c0594022381bf0ed2ec7ce0a7c37d"),
    (CKM_SHA512, SELF_TEST, "68b9c84cf551fc7a1f6ce5437380537cae765567e079bf3a5371b79cb503153f"),
    (CKM_SHA256, EXTENDED, "fca034557301221993405609fc8e42e41a0cfa55af19bb3864634bfb79198afc"),
    (CKM_SHA384, EXTENDED, "c537d25e6daf50d21ee6d62650bc36b3c5f91c8f59fdf90ecbe40ba9afa54801"),
    (CKM_SHA512, EXTENDED, "12fe4fd99864273f82bbde871b4301c26c9baa89d0473d56a8f59f2e8dbb7757"),
];

#[test]
fn published_exports_of_every_hash_and_of_tls_1_0_come_out() {
    let key = secret_key(CKK_GENERIC_SECRET, &hex(SECRET));
    let [client, server] = SEEDS.map(hex);
    for (prf, label, expected) in EXPORTED {
        let randoms = TlsRandoms { client: client.clone(), server: server.clone() };
        let parameters = TlsKdfParameters { prf, label: label.to_vec(), randoms, context: Vec::new() };
        let derived =
            derive(&with(CKM_TLS_KDF, Parameters::TlsKdf(parameters)), &key, &wanted(CKK_GENERIC_SECRET, 32));
        assert_eq!(derived.unwrap().bytes(CKA_VALUE).unwrap(), hex(expected));
    }
}

#[test]
fn a_master_secret_is_for_tls_alone_and_a_template_may_allow_less() {
    let allowed = |template: Template| {
        let mut templates =
            master_template(&master_of(CKM_TLS12_MASTER_KEY_DERIVE, false), template).unwrap();
        let template = templates.remove(0).unwrap();
        template.into_iter().filter(|sent| sent.attribute_type == CKA_ALLOWED_MECHANISMS).collect::<Vec<_>>()
    };
    let list = |mechanisms: &[u64]| {
        let bytes: Vec<u8> = mechanisms.iter().flat_map(|mechanism| mechanism.to_ne_bytes()).collect();
        Attribute::bytes(CKA_ALLOWED_MECHANISMS, &bytes)
    };
    let whole = list(&OF_A_MASTER);
    assert_eq!(allowed(vec![]), std::slice::from_ref(&whole));
    for fewer in [list(&[CKM_TLS12_KEY_SAFE_DERIVE]), list(&[CKM_TLS_MAC, CKM_TLS12_KEY_SAFE_DERIVE])] {
        assert_eq!(allowed(vec![fewer.clone()]), [fewer]);
    }
    let torn = Attribute::bytes(CKA_ALLOWED_MECHANISMS, &[1; 7]);
    for other in [list(&[]), list(&[CKM_SHA256]), list(&[CKM_TLS_MAC, CKM_SHA256]), torn] {
        assert_eq!(allowed(vec![other.clone()]), [other, whole.clone()]);
    }
}

fn material_of(kind: MechanismType, [mac_bits, key_bits, iv_bits]: [u64; 3]) -> Mechanism {
    let [client, server, _] = BLOCK_VECTOR;
    let (randoms, is_export, hash) = (randoms(client, server), false, CKM_SHA256);
    let parameters = Tls12KeyMaterialParameters { mac_bits, key_bits, iv_bits, is_export, randoms, hash };
    with(kind, Parameters::Tls12KeyMaterial(parameters))
}

#[test]
fn a_published_key_block_is_dealt_out_in_order() {
    let [.., block] = BLOCK_VECTOR;
    let block = hex(block);
    let key = secret_key(CKK_GENERIC_SECRET, &hex(MASTER_VECTOR[3]));
    let mac = || Some(wanted(CKK_GENERIC_SECRET, 20));
    let cipher = || Some(wanted(CKK_AES, 16));
    let all = [mac(), mac(), cipher(), cipher()];
    let mechanism = material_of(CKM_TLS12_KEY_AND_MAC_DERIVE, [160, 128, 128]);
    let derived = derive_several(&mechanism, &key, &all).unwrap();
    let values: Vec<_> =
        derived.keys.iter().map(|key| key.as_ref().unwrap().bytes(CKA_VALUE).unwrap().to_vec()).collect();
    assert_eq!(values, [&block[..20], &block[20..40], &block[40..56], &block[56..72]]);
    assert_eq!(derived.told, block[72..104]);
    let safe = material_of(CKM_TLS12_KEY_SAFE_DERIVE, [160, 128, 128]);
    assert!(derive_several(&safe, &key, &all).unwrap().told.is_empty());
    // An AEAD has no MAC keys, and a salt of four bytes in the place of a vector.
    let aead = material_of(CKM_TLS12_KEY_AND_MAC_DERIVE, [0, 128, 32]);
    let derived = derive_several(&aead, &key, &[None, None, cipher(), cipher()]).unwrap();
    assert!(derived.keys[0].is_none() && derived.keys[1].is_none());
    assert_eq!(derived.keys[2].as_ref().unwrap().bytes(CKA_VALUE).unwrap(), &block[..16]);
    assert_eq!(derived.told, block[32..40]);
}

#[test]
fn templates_of_key_material_say_what_each_key_is_for() {
    let mechanism = material_of(CKM_TLS12_KEY_AND_MAC_DERIVE, [160, 128, 0]);
    let sent = vec![Attribute::ulong(CKA_KEY_TYPE, CKK_AES), Attribute::boolean(CKA_SIGN, false)];
    let templates = material_templates(&mechanism, sent).unwrap();
    let has = |index: usize, attribute: &Attribute| templates[index].as_ref().unwrap().contains(attribute);
    for index in [0, 1] {
        assert!(has(index, &Attribute::ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)));
        assert!(has(index, &Attribute::boolean(CKA_SIGN, true)));
        assert!(!has(index, &Attribute::boolean(CKA_SIGN, false)));
        assert!(has(index, &Attribute::ulong(CKA_VALUE_LEN, 20)));
    }
    for index in [2, 3] {
        assert!(has(index, &Attribute::ulong(CKA_KEY_TYPE, CKK_AES)));
        assert!(has(index, &Attribute::boolean(CKA_ENCRYPT, true)));
        assert!(has(index, &Attribute::boolean(CKA_SIGN, false)));
        assert!(has(index, &Attribute::ulong(CKA_VALUE_LEN, 16)));
    }
    for bits in [[12, 128, 0], [160, 1 << 40, 0], [160, 7, 0]] {
        let refused = material_templates(&material_of(CKM_TLS12_KEY_AND_MAC_DERIVE, bits), vec![]);
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{bits:?}");
    }
}

fn export(prf: MechanismType, label: &[u8], context: &[u8]) -> Mechanism {
    let randoms = randoms(BLOCK_VECTOR[0], BLOCK_VECTOR[1]);
    let (label, context) = (label.to_vec(), context.to_vec());
    with(CKM_TLS_KDF, Parameters::TlsKdf(TlsKdfParameters { prf, label, randoms, context }))
}

/// Known answers of P_hash, posted to the TLS working group with RFC 5246: hash, secret, seed, output.
const POSTED: [(MechanismType, &str, &str, &str); 3] = [
    (
        CKM_SHA256,
        "9bbe436ba940f017b17652849a71db35",
        "a0ba9f936cda311827a6f796ffd5198c",
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7\
         077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
    ),
    (
        CKM_SHA384,
        "b80b733d6ceefcdc71566ea48e5567df",
        "cd665cf6a8447dd6ff8b27555edb7465",
        "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb40\
         0fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d\
         31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f",
    ),
    (
        CKM_SHA512,
        "b0323523c1853599584d88568bbb05eb",
        "d4640e12e4bcdbfb437f03e6ae418ee5",
        "1261f588c798c5c201ff036e7a9cb5edcd7fe3f94c669a122a4638d7d508b283042df6789875c7147e906d868bc75c45e20eb40c\
         1cf4a1713b27371f68432592f7dc8ea8ef223e12ea8507841311bf68653d0cfc4056d811f025c45ddfa6e6fec702f054b409d6f2\
         8dd0a3233e498da41a3e75c5630eedbe22fe254e33a1b0e9f6b9826675bec7d01a845658dc9c397545401d40b9f46c7a400ee1b8\
         f81ca0a60d1a397a1028bff5d2ef5066126842fb8da4197632bdb54ff6633f86bbc836e640d4d898",
    ),
];

#[test]
fn posted_answers_come_out_of_an_export_whose_seed_both_sides_share() {
    for (prf, secret, seed, expected) in POSTED {
        let (seed, expected) = (hex(seed), hex(expected));
        let (client, server) = (seed[..8].to_vec(), seed[8..].to_vec());
        let (label, context) = (b"test label".to_vec(), Vec::new());
        let parameters = TlsKdfParameters { prf, label, randoms: TlsRandoms { client, server }, context };
        let mechanism = with(CKM_TLS12_KDF, Parameters::TlsKdf(parameters));
        let template = wanted(CKK_GENERIC_SECRET, expected.len() as u64);
        let derived = derive(&mechanism, &secret_key(CKK_GENERIC_SECRET, &hex(secret)), &template).unwrap();
        assert_eq!(derived.bytes(CKA_VALUE).unwrap(), expected);
    }
}

#[test]
fn a_context_is_part_of_what_is_exported_with_its_length() {
    let key = secret_key(CKK_GENERIC_SECRET, &[7; 48]);
    let wanted = wanted(CKK_GENERIC_SECRET, 32);
    let value =
        |mechanism: &Mechanism| derive(mechanism, &key, &wanted).unwrap().bytes(CKA_VALUE).unwrap().to_vec();
    let plain = value(&export(CKM_SHA256, b"EXPERIMENTAL", b""));
    let bound = value(&export(CKM_SHA256, b"EXPERIMENTAL", b"context"));
    assert_ne!(plain, bound);
    let mut expected = [0; 32];
    let parts = [hex(BLOCK_VECTOR[0]), hex(BLOCK_VECTOR[1])].concat();
    let seed = [b"EXPERIMENTAL".as_slice(), &parts, &[0, 7], b"context"].concat();
    p_hash(CKM_SHA256, &[7; 48], &seed, &mut expected).unwrap();
    assert_eq!(bound, expected);
    let long = derive(&export(CKM_SHA256, b"l", &[0; 1 << 16]), &key, &wanted);
    assert!(matches!(long, Err(Error::MechanismParamInvalid(_))));
}

fn finished(kind: MechanismType, hash: MechanismType, mac_len: u64, server_or_client: u64) -> Mechanism {
    with(kind, Parameters::TlsMac(TlsMacParameters { hash, mac_len, server_or_client }))
}

/// Halves of an odd secret share the byte in the middle (RFC 2246 section 5), and the MAC has 12 bytes.
#[test]
fn a_finished_message_of_tls_1_0_is_made_of_both_halves() {
    let secret: Vec<u8> = (0..47).collect();
    let mut expected = [0; 12];
    let mut other = [0; 12];
    let seed = [b"client finished".as_slice(), &[5; 36]].concat();
    p_hash(CKM_MD5, &secret[..24], &seed, &mut expected).unwrap();
    p_hash(CKM_SHA_1, &secret[23..], &seed, &mut other).unwrap();
    expected.iter_mut().zip(other).for_each(|(place, byte)| *place ^= byte);
    let key = secret_key(CKK_GENERIC_SECRET, &secret);
    assert_eq!(sign(&finished(CKM_TLS_MAC, CKM_TLS_PRF, 12, 2), &key, &[5; 36]).unwrap(), expected);
}

#[test]
fn a_finished_message_is_authenticated_for_its_side_alone() {
    let key = secret_key(CKK_GENERIC_SECRET, &[7; 48]);
    let server = finished(CKM_TLS_MAC, CKM_SHA256, 12, 1);
    let mac = sign(&server, &key, &[5; 32]).unwrap();
    let mut expected = [0; 12];
    p_hash(CKM_SHA256, &[7; 48], &[b"server finished".as_slice(), &[5; 32]].concat(), &mut expected).unwrap();
    assert_eq!(mac, expected);
    assert_eq!(verify(&server, &key, &[5; 32], &mac), Ok(()));
    let client = finished(CKM_TLS12_MAC, CKM_SHA256, 12, 2);
    assert_eq!(verify(&client, &key, &[5; 32], &mac), Err(Error::SignatureInvalid));
    assert_eq!(verify(&server, &key, &[5; 32], &mac[..11]), Err(Error::SignatureLenRange));
    for bad in [
        finished(CKM_TLS_MAC, CKM_SHA256, 11, 1),
        finished(CKM_TLS_MAC, CKM_SHA256, 65, 1),
        finished(CKM_TLS_MAC, CKM_SHA256, 12, 3),
        finished(CKM_TLS_MAC, CKM_TLS_PRF, 13, 1),
        finished(CKM_TLS_MAC, 0, 12, 1),
        finished(CKM_TLS_MAC, CKM_MD5, 12, 1),
        finished(CKM_TLS_MAC, CKM_RIPEMD160, 12, 1),
        with(CKM_TLS_MAC, Parameters::None),
    ] {
        let refused = error(crate::fixtures::start_sign(&bad, &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{bad:?}");
    }
}
