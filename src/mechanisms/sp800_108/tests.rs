use super::*;
use crate::fixtures::{derive, derive_several, hex, of_class, secret_key, wanted, with};
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKA_VALUE, CKA_VALUE_LEN, CKK_AES, CKK_GENERIC_SECRET, CKM_MD5, CKM_SHA256,
    CKM_SHA512_224_HMAC, CKO_SECRET_KEY,
};
use pkcs11::{CounterFormat, DkmLengthFormat, ObjectHandle};

fn counter(width_bits: u64) -> CounterFormat {
    CounterFormat { little_endian: false, width_bits }
}

fn length(method: u64, width_bits: u64) -> PrfData {
    PrfData::DkmLength(DkmLengthFormat { method, little_endian: false, width_bits })
}

fn kdf(kind: MechanismType, prf: u64, data: Vec<PrfData>, iv: &[u8]) -> Mechanism {
    let parameters = Sp800108Parameters { prf, data, iv: iv.to_vec(), additional: Vec::new() };
    with(kind, Parameters::Sp800108(parameters))
}

/// Function, key type, width of the counter, key, fixed data, output.
type Vector = (u64, u64, u64, &'static str, &'static str, &'static str);

/// NIST's CAVP, KDFCTR_gen.rsp, with the counter before the fixed data.
const COUNTER: [Vector; 5] = [
    (
        CKM_AES_CMAC,
        CKK_AES,
        8,
        "dff1e50ac0b69dc40f1051d46c2b069c",
        "c16e6e02c5a3dcc8d78b9ac1306877761310455b4e41469951d9e6c2245a064b33fd8c3b01203a7824485bf0a64060c4648b707d\
         2607935699316ea5",
        "8be8f0869b3c0ba97b71863d1b9f7813",
    ),
    (
        CKM_AES_CMAC,
        CKK_AES,
        8,
        "682e814d872397eba71170a693514904",
        "e323cdfa7873a0d72cd86ffb4468744f097db60498f7d0e3a43bafd2d1af675e4a88338723b1236199705357c47bf1d89b2f4617\
         a340980e6331625c",
        "dac9b6ca405749cfb065a0f1e42c7c4224d3d5db32fdafe9dee6ca193316f2c7",
    ),
    (
        CKM_SHA256_HMAC,
        CKK_GENERIC_SECRET,
        16,
        "d4349c26108719debacc04e166a09063ffb5e17bcbaf8738dc2618aa7d1e97ae",
        "da1f5ed45ead428689b0ecca9dbc2569e76953cda0df085499cca6d5949d8995e1e42bbdc94b0dd78c164867c364a64c894de852\
         94ad89d267ff443d",
        "00550ae0f29a2373269af175e7f829ec32c3d05099a39f8c0e02caa00b68afb7457669334383ffb2",
    ),
    (
        CKM_SHA256_HMAC,
        CKK_GENERIC_SECRET,
        32,
        "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac",
        "1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacace6a5946542da3dfe24ff626b4897898cafb7db83\
         bdff3c14fa46fd4b",
        "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f12d0dd1152cf44430",
    ),
    (
        CKM_SHA384_HMAC,
        CKK_GENERIC_SECRET,
        24,
        "af3cd100d14dcb5e63f8915eced4b59477936c48e0e2b9232449a97d53d3eddf9e00bf44a8f2370c38a13434c13e0977",
        "81f178f11615309844af84e163ff694f1936f7528aba6f0e60d41b4afac87e9dd48fbb5aebe534733f576950484aab15b386b468\
         a055a1e0be8982c0",
        "0b52be4ebd8b2116df895a42317ac78808993673c99da6391f0eee13cc8470fa",
    ),
];

#[test]
fn published_keys_of_counter_mode_come_out() {
    for (prf, key_type, width, key, fixed, expected) in COUNTER {
        let data = vec![PrfData::IterationVariable(Some(counter(width))), PrfData::Bytes(hex(fixed))];
        let mechanism = kdf(CKM_SP800_108_COUNTER_KDF, prf, data, &[]);
        let expected = hex(expected);
        let template = wanted(CKK_GENERIC_SECRET, expected.len() as u64);
        let derived = derive(&mechanism, &secret_key(key_type, &hex(key)), &template).unwrap();
        assert_eq!(derived.bytes(CKA_VALUE).unwrap(), expected);
    }
}

/// Mode, function, key, first chained value, fixed data, output.
type Chained = (MechanismType, u64, &'static str, &'static str, &'static str, &'static str);

/// NIST's CAVP for the modes that are chained, with a counter of 32 bits behind what is chained and before the fixed data.
const CHAINED: [Chained; 4] = [
    (
        CKM_SP800_108_FEEDBACK_KDF,
        CKM_SHA256_HMAC,
        "94d74ec6747861a3b06fbf8db8bcce620bdca7f1edaa5155d34b58eb29df55d9",
        "694746501393b2fdd1220eb4e53a41961f760edb43a4216d6a2a7c0306ba162b",
        "e67c92a5816746464d8f12e32167664de4f183d6c5a867707103db44b697ff50434d21864c4fd1df7fe99629be0894eaa44ca6",
        "1475bf8c0b29c217207165c6618b99e59af773706e9afb11a1b46bbb7bc98b26bfaa24d39d168a6c5ae5e58d25e9817785ffdd1e\
         419bcbc9ed043ef42223c4b6",
    ),
    (
        CKM_SP800_108_FEEDBACK_KDF,
        CKM_SHA256_HMAC,
        "c895d8c7b64c346ce75dd55602895e95997136309959c754bbc294b65f71b465",
        "",
        "541a3ca9d786283cc8fc6ea475d8d04204eeb76b7cd80e1b0ac676e9d39b5cc9f52ea8309f5ccac9a38d63ea2d598c564bde0a",
        "17e16518944cffc2c4ae33ab0486d63d88f5e0098bc0f5851a68c6d25d54b4c775dbc446ea3a774a5ba21ee11ffcd9268affe87b\
         2d0001fd7d8f8bf68bb7592a",
    ),
    (
        CKM_SP800_108_DOUBLE_PIPELINE_KDF,
        CKM_SHA384_HMAC,
        "ad0203ec0464190e22f7bef523e6649883b18305e564b789270f7ca553bfac8c5d9351bf9db39eb20f0ff6ebc3b33776",
        "",
        "5b264d46a8bb2ff273cdf9f4b643c1aab15e3629ea6717124da0475591f8a4457057ebf1db99ab53aeaebe3560f60b3d44f333",
        "7c7bb93281975eb25bf9131d1e05a6a93e843d07aafcf1786a4b852a52332b5390bf1ea69f2028c00d9ad2641dd4ab5dee909d7f\
         702e1b5056e77f78143841f6d185298d10ba",
    ),
    (
        CKM_SP800_108_DOUBLE_PIPELINE_KDF,
        CKM_SHA512_HMAC,
        "fa016a04bb256af4606bf2472b7eb4fb2344550aa0b8f3690746c5260b2ea47625d88b74b4b6cca0f9ddea5222574e4624a66d7f\
         28bfd0a54c2338fbbd3a0050",
        "",
        "6d0c444dc0e9daef0c489e8dcc4da85c2f66356f4f11959f91348c985879e5c2153f22e4ce6baed6d55444c48de384465b68ab",
        "221b902e67cc680f6deb5bde87be6f21a3fbe2e216508451dcbffcba4adeccd2ecf4d0e79ee83a201244fed871a39c2e181f241c\
         3c75d4f71c052aa9887a8153",
    ),
];

#[test]
fn published_keys_of_the_chained_modes_come_out() {
    for (kind, prf, key, iv, fixed, expected) in CHAINED {
        let data =
            vec![PrfData::IterationVariable(None), PrfData::Counter(counter(32)), PrfData::Bytes(hex(fixed))];
        let expected = hex(expected);
        let template = wanted(CKK_GENERIC_SECRET, expected.len() as u64);
        let key = secret_key(CKK_GENERIC_SECRET, &hex(key));
        let derived = derive(&kdf(kind, prf, data, &hex(iv)), &key, &template).unwrap();
        assert_eq!(derived.bytes(CKA_VALUE).unwrap(), expected);
    }
}

/// NIST's CAVP, the double pipeline without a counter: two segments and a part of a third.
#[test]
fn a_published_key_of_the_double_pipeline_without_a_counter_comes_out() {
    let key = "3575f4983c01fdff6445ccfa009e9e3664938aca79ad1fd03011c8ef0bcc2695870970b61ddcee13dc9f69dde88086c53b8f8f\
               1c392643f2c0b7ba1898811409";
    let fixed = "f6cfe07a8f3d102f3ae4cd333beb84dd8ae60169294f17eb941dec211eba61d8c4e1d65f1a87f91c0c58eac3921a13e3837077";
    let expected = hex(
        "7e2cb2ca9176410950c9bed9d95be3ecef241c8f0ead04ff89178af1e21360d7b73abb99f3a096d238b9bc0f2e898a37d4df5d2b\
         83e7c677e9ce2264a522abaa04c082ca461a8e7ca8949ca13f1748f355a4605146320cd7e184fa8270d315d0e83933e3eebb94e0\
         2c658e5ed5538e4ba9b82c3262d96349bcc70a26517fd53e373b",
    );
    let data = vec![PrfData::IterationVariable(None), PrfData::Bytes(hex(fixed))];
    let mechanism = kdf(CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SHA512_HMAC, data, &[]);
    let template = wanted(CKK_GENERIC_SECRET, expected.len() as u64);
    let derived = derive(&mechanism, &secret_key(CKK_GENERIC_SECRET, &hex(key)), &template).unwrap();
    assert_eq!(derived.bytes(CKA_VALUE).unwrap(), expected);
}

/// One step after another by the words of SP 800-108r1 sections 4.2 and 4.3, over the crate `hmac`.
#[test]
fn chained_modes_are_those_of_the_publication() {
    use ::hmac::{Hmac, KeyInit, Mac};
    let mac = |parts: &[&[u8]]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&[9; 32]).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    };
    let key = secret_key(CKK_GENERIC_SECRET, &[9; 32]);
    let (iv, label) = ([5u8; 7], b"label".as_slice());
    let len = 512u32.to_be_bytes();
    let data = vec![
        PrfData::IterationVariable(None),
        PrfData::Counter(counter(16)),
        PrfData::Bytes(label.to_vec()),
        length(CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, 32),
    ];
    let template = wanted(CKK_GENERIC_SECRET, 64);
    let derived = |kind| derive(&kdf(kind, CKM_SHA256_HMAC, data.clone(), &iv), &key, &template).unwrap();
    let first = mac(&[&iv, &[0, 1], label, &len]);
    let second = mac(&[&first, &[0, 2], label, &len]);
    let feedback = derived(CKM_SP800_108_FEEDBACK_KDF);
    assert_eq!(feedback.bytes(CKA_VALUE).unwrap(), [first, second].concat());
    let start = mac(&[label, &len]);
    let first = mac(&[&start, &[0, 1], label, &len]);
    let second = mac(&[&mac(&[&start]), &[0, 2], label, &len]);
    let pipeline = derived(CKM_SP800_108_DOUBLE_PIPELINE_KDF);
    assert_eq!(pipeline.bytes(CKA_VALUE).unwrap(), [first, second].concat());
}

/// The example of section 6.42.6: 48 and 16 bytes of SHA-256 are three segments.
#[test]
fn no_segment_is_used_for_two_keys() {
    let key = secret_key(CKK_GENERIC_SECRET, &[3; 32]);
    let templates = [Some(wanted(CKK_GENERIC_SECRET, 48)), Some(wanted(CKK_AES, 16))];
    for (method, bits) in
        [(CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, 512u16), (CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, 768)]
    {
        let data = |length| vec![PrfData::IterationVariable(Some(counter(32))), length];
        let told = kdf(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, data(length(method, 16)), &[]);
        let keys = derive_several(&told, &key, &templates).unwrap().keys;
        let value = |index: usize| keys[index].as_ref().unwrap().bytes(CKA_VALUE).unwrap().to_vec();
        let bits = PrfData::Bytes(bits.to_be_bytes().to_vec());
        let same = kdf(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, data(bits), &[]);
        let stream = derive(&same, &key, &wanted(CKK_GENERIC_SECRET, 96)).unwrap();
        let stream = stream.bytes(CKA_VALUE).unwrap();
        assert_eq!((value(0).as_slice(), value(1).as_slice()), (&stream[..48], &stream[64..80]));
    }
}

#[test]
fn a_template_that_is_wrong_is_named_by_its_place() {
    let key = secret_key(CKK_GENERIC_SECRET, &[3; 32]);
    let mechanism = kdf(
        CKM_SP800_108_COUNTER_KDF,
        CKM_SHA256_HMAC,
        vec![PrfData::IterationVariable(Some(counter(32)))],
        &[],
    );
    let good = || wanted(CKK_GENERIC_SECRET, 16);
    let mut another = good();
    another.set_bytes(CKA_CHECK_VALUE, &[1, 2, 3]);
    let untold = of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new());
    for (bad, expected) in [
        (wanted(CKK_AES, 17), Error::AttributeValueInvalid(CKA_VALUE_LEN)),
        (untold, Error::TemplateIncomplete(CKA_VALUE_LEN)),
        (another, Error::AttributeValueInvalid(CKA_CHECK_VALUE)),
    ] {
        let refused = |keys: &[Attributes]| {
            let keys: Vec<_> = keys.iter().cloned().map(Some).collect();
            derive_several(&mechanism, &key, &keys).unwrap_err()
        };
        assert_eq!(refused(&[bad.clone(), good()]), expected);
        assert_eq!(refused(&[good(), good(), bad]), expected.of_derived_key(2));
    }
}

#[test]
fn a_key_among_the_data_counts_by_its_value_and_numbers_can_be_little_endian() {
    let key = secret_key(CKK_GENERIC_SECRET, &[3; 32]);
    let named = secret_key(CKK_AES, b"sixteen bytes it");
    let number = |little_endian| CounterFormat { little_endian, width_bits: 16 };
    let mechanism = |data| kdf(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, data, &[]);
    let with_key =
        mechanism(vec![PrfData::IterationVariable(Some(number(true))), PrfData::Key(ObjectHandle(4))]);
    let bases = Bases { key: &key, named: &[named] };
    let template = wanted(CKK_GENERIC_SECRET, 32);
    let derived = crate::fixtures::derive_from(&with_key, &bases, &template).unwrap();
    // One is 0x0100 in little endian: the same as 256 would be, which no counter of one segment reaches.
    let plain = mechanism(vec![
        PrfData::IterationVariable(Some(number(true))),
        PrfData::Bytes(b"sixteen bytes it".to_vec()),
    ]);
    assert_eq!(derived.bytes(CKA_VALUE), derive(&plain, &key, &template).unwrap().bytes(CKA_VALUE));
    let big = mechanism(vec![
        PrfData::IterationVariable(Some(number(false))),
        PrfData::Bytes(b"sixteen bytes it".to_vec()),
    ]);
    assert_ne!(derived.bytes(CKA_VALUE), derive(&big, &key, &template).unwrap().bytes(CKA_VALUE));
}

#[test]
fn data_that_a_mode_does_not_take_are_refused() {
    let variable = || PrfData::IterationVariable(Some(counter(8)));
    let chained = || PrfData::IterationVariable(None);
    let other = || PrfData::Counter(counter(8));
    let len = || length(CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, 16);
    let key = secret_key(CKK_GENERIC_SECRET, &[3; 32]);
    let template = wanted(CKK_GENERIC_SECRET, 32);
    for (kind, data) in [
        (CKM_SP800_108_COUNTER_KDF, vec![]),
        (CKM_SP800_108_COUNTER_KDF, vec![chained()]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), variable()]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), other()]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), len(), len()]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), PrfData::Bytes(vec![])]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), length(9, 16)]),
        (CKM_SP800_108_COUNTER_KDF, vec![variable(), length(CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, 8)]),
        (CKM_SP800_108_COUNTER_KDF, vec![PrfData::IterationVariable(Some(counter(7)))]),
        (CKM_SP800_108_COUNTER_KDF, vec![PrfData::IterationVariable(Some(counter(0)))]),
        (CKM_SP800_108_COUNTER_KDF, vec![PrfData::IterationVariable(Some(counter(40)))]),
        (CKM_SP800_108_FEEDBACK_KDF, vec![variable()]),
        (CKM_SP800_108_FEEDBACK_KDF, vec![other()]),
        (CKM_SP800_108_FEEDBACK_KDF, vec![chained(), other(), other()]),
        (CKM_SP800_108_DOUBLE_PIPELINE_KDF, vec![variable()]),
    ] {
        let refused = derive(&kdf(kind, CKM_SHA256_HMAC, data.clone(), &[]), &key, &template).unwrap_err();
        assert!(matches!(refused, Error::MechanismParamInvalid(_)), "{data:?}: {refused:?}");
    }
    let good = || vec![variable()];
    for prf in [CKM_MD5, CKM_SHA256, CKM_SHA512_224_HMAC, 0] {
        let refused = derive(&kdf(CKM_SP800_108_COUNTER_KDF, prf, good(), &[]), &key, &template);
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
    }
    let refused = derive(&kdf(CKM_SP800_108_COUNTER_KDF, CKM_AES_CMAC, good(), &[]), &key, &template);
    assert_eq!(refused.unwrap_err(), Error::KeyTypeInconsistent);
    // A counter of 8 bits ends at 255 segments.
    let longest = wanted(CKK_GENERIC_SECRET, 255 * 32);
    let mechanism = kdf(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, good(), &[]);
    assert!(derive(&mechanism, &key, &longest).is_ok());
    let refused = derive(&mechanism, &key, &wanted(CKK_GENERIC_SECRET, 255 * 32 + 1));
    assert_eq!(refused.unwrap_err(), Error::KeySizeRange);
}

#[test]
fn long_data_and_long_keys_are_derived_from() {
    let key = secret_key(CKK_GENERIC_SECRET, &[3; 32]);
    let with_data = |len| {
        let data = vec![PrfData::IterationVariable(Some(counter(32))), PrfData::Bytes(vec![0; len])];
        kdf(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, data, &[])
    };
    for (data, len) in [((1 << 20) + 1, 1 << 10), (1, (1 << 20) + 1)] {
        let made = derive(&with_data(data), &key, &wanted(CKK_GENERIC_SECRET, len)).unwrap();
        let value = made.bytes(CKA_VALUE).unwrap();
        assert_eq!(value.len() as u64, len);
        // A segment is a MAC of the counter and the data, whatever comes before it.
        let last = len.div_ceil(32);
        let mut message = u32::try_from(last).unwrap().to_be_bytes().to_vec();
        message.resize(4 + data, 0);
        let segment = Prf::new(CKM_SHA256_HMAC, &key).unwrap().of(&message).unwrap();
        let start = usize::try_from(32 * (last - 1)).unwrap();
        assert_eq!(value[start..], segment.expose()[..value.len() - start]);
    }
}
