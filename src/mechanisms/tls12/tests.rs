use super::*;
use crate::fixtures::{derive, derive_several, error, hex, secret_key, sign, verify, wanted, with};
use pkcs11::constants::{CKA_VALUE, CKK_AES, CKM_SHA256, CKM_SHA384};
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
    let sent = vec![Attribute::ulong(CKA_KEY_TYPE, CKK_AES)];
    let templates = material_templates(&mechanism, sent).unwrap();
    let has = |index: usize, attribute: &Attribute| templates[index].as_ref().unwrap().contains(attribute);
    for index in [0, 1] {
        assert!(has(index, &Attribute::ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)));
        assert!(has(index, &Attribute::boolean(CKA_SIGN, true)));
        assert!(has(index, &Attribute::ulong(CKA_VALUE_LEN, 20)));
    }
    for index in [2, 3] {
        assert!(has(index, &Attribute::ulong(CKA_KEY_TYPE, CKK_AES)));
        assert!(has(index, &Attribute::boolean(CKA_ENCRYPT, true)));
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

/// A known answer of P_SHA256, posted to the TLS working group with RFC 5246: its seed is split between both sides here.
#[test]
fn exported_keys_are_the_functions_output() {
    let secret = secret_key(CKK_GENERIC_SECRET, &hex("9bbe436ba940f017b17652849a71db35"));
    let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    let (client, server) = (seed[..8].to_vec(), seed[8..].to_vec());
    let parameters = TlsKdfParameters {
        prf: CKM_SHA256,
        label: b"test label".to_vec(),
        randoms: TlsRandoms { client, server },
        context: Vec::new(),
    };
    let mechanism = with(CKM_TLS12_KDF, Parameters::TlsKdf(parameters));
    let derived = derive(&mechanism, &secret, &wanted(CKK_GENERIC_SECRET, 100)).unwrap();
    let expected = hex(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7\
         077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
    );
    assert_eq!(derived.bytes(CKA_VALUE).unwrap(), expected);
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
        with(CKM_TLS_MAC, Parameters::None),
    ] {
        let refused = error(crate::fixtures::start_sign(&bad, &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{bad:?}");
    }
}
