//! What every mode of every cipher has in common.

use std::sync::Arc;

use crate::fixtures::{
    Ability, cut, derive, error, generate_key, hex, in_lives, in_parts, of_class, plain, secret_key,
    start_cipher, to_bytes, whole, with,
};
use engine::mechanism::{Can, Key};
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKA_VALUE, CKA_VALUE_LEN, CKK_AES, CKK_AES_XTS, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES,
    CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKK_POLY1305, CKM_AES_CBC, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CCM,
    CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CTS, CKM_AES_ECB,
    CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_OFB, CKM_AES_XTS, CKM_AES_XTS_KEY_GEN, CKM_CAMELLIA_CBC,
    CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_PAD, CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB,
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_KEY_GEN, CKM_CHACHA20, CKM_CHACHA20_KEY_GEN,
    CKM_CHACHA20_POLY1305, CKM_DES_CBC, CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_CBC_PAD, CKM_DES_ECB,
    CKM_DES_ECB_ENCRYPT_DATA, CKM_DES_KEY_GEN, CKM_DES2_KEY_GEN, CKM_DES3_CBC, CKM_DES3_CBC_ENCRYPT_DATA,
    CKM_DES3_CBC_PAD, CKM_DES3_ECB, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_KEY_GEN, CKM_POLY1305_KEY_GEN,
    CKO_SECRET_KEY,
};
use pkcs11::{
    Attributes, CbcEncryptDataParameters, CcmParameters, ChaCha20Parameters, ChaCha20Poly1305Parameters,
    CounterParameters, Error, Mechanism, MechanismType, Parameters, Secret,
};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

/// Which messages a mode takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// All.
    Any,
    /// Whole blocks of so many bytes.
    Blocks(usize),
    /// At least so many bytes.
    From(usize),
}

struct Case {
    mechanism: Mechanism,
    key: Arc<dyn Key>,
    takes: Takes,
    /// Whether an encryption tells its state.
    tells_state: bool,
}

fn iv(len: usize) -> Parameters {
    Parameters::Bytes((1..).take(len).collect())
}

/// Every mode, for a message of `len` bytes.
fn cases(len: usize) -> Vec<Case> {
    let case = |mechanism, parameters, key_type, key_len, takes| Case {
        mechanism: with(mechanism, parameters),
        key: secret_key(key_type, &(1..).take(key_len).collect::<Vec<u8>>()),
        takes,
        tells_state: mechanism != CKM_CHACHA20_POLY1305,
    };
    let counter = Parameters::Counter(CounterParameters { counter_bits: 64, block: [7; 16] });
    let stream = |block_counter: &[u8], nonce: usize| {
        let nonce = (1..).take(nonce).collect();
        Parameters::ChaCha20(ChaCha20Parameters { block_counter: block_counter.to_vec(), nonce })
    };
    let poly = |nonce| {
        let nonce = (1..).take(nonce).collect();
        Parameters::ChaCha20Poly1305(ChaCha20Poly1305Parameters { nonce, aad: b"aad".to_vec() })
    };
    let ccm = |nonce: usize, mac_len, aad: &[u8]| {
        let nonce = (1..).take(nonce).collect();
        Parameters::Ccm(CcmParameters { data_len: len as u64, nonce, aad: aad.to_vec(), mac_len })
    };
    vec![
        case(CKM_AES_CFB1, iv(16), CKK_AES, 16, Takes::Any),
        case(CKM_AES_CFB8, iv(16), CKK_AES, 24, Takes::Any),
        case(CKM_AES_CFB64, iv(16), CKK_AES, 32, Takes::Any),
        case(CKM_AES_CFB128, iv(16), CKK_AES, 16, Takes::Any),
        case(CKM_AES_OFB, iv(16), CKK_AES, 24, Takes::Any),
        case(CKM_AES_CTS, iv(16), CKK_AES, 32, Takes::From(16)),
        case(CKM_AES_XTS, iv(16), CKK_AES_XTS, 32, Takes::From(16)),
        case(CKM_AES_XTS, iv(16), CKK_AES_XTS, 64, Takes::From(16)),
        case(CKM_AES_CCM, ccm(13, 4, b""), CKK_AES, 16, Takes::Any),
        case(CKM_AES_CCM, ccm(7, 16, b"additional data"), CKK_AES, 32, Takes::Any),
        case(CKM_DES_ECB, Parameters::None, CKK_DES, 8, Takes::Blocks(8)),
        case(CKM_DES_CBC, iv(8), CKK_DES, 8, Takes::Blocks(8)),
        case(CKM_DES_CBC_PAD, iv(8), CKK_DES, 8, Takes::Any),
        case(CKM_DES3_ECB, Parameters::None, CKK_DES2, 16, Takes::Blocks(8)),
        case(CKM_DES3_CBC, iv(8), CKK_DES3, 24, Takes::Blocks(8)),
        case(CKM_DES3_CBC_PAD, iv(8), CKK_DES3, 24, Takes::Any),
        case(CKM_CAMELLIA_ECB, Parameters::None, CKK_CAMELLIA, 16, Takes::Blocks(16)),
        case(CKM_CAMELLIA_CBC, iv(16), CKK_CAMELLIA, 24, Takes::Blocks(16)),
        case(CKM_CAMELLIA_CBC_PAD, iv(16), CKK_CAMELLIA, 32, Takes::Any),
        case(CKM_CAMELLIA_CTR, counter, CKK_CAMELLIA, 32, Takes::Any),
        case(CKM_CHACHA20, stream(&[9, 0, 0, 0], 12), CKK_CHACHA20, 32, Takes::Any),
        // The lower half of the counter overflows on the way.
        case(CKM_CHACHA20, stream(&[254, 255, 255, 255, 3, 0, 0, 0], 8), CKK_CHACHA20, 32, Takes::Any),
        case(CKM_CHACHA20, stream(&[0; 8], 24), CKK_CHACHA20, 32, Takes::Any),
        case(CKM_CHACHA20_POLY1305, poly(12), CKK_CHACHA20, 32, Takes::Any),
        case(CKM_CHACHA20_POLY1305, poly(24), CKK_CHACHA20, 32, Takes::Any),
    ]
}

proptest! {
    #[test]
    fn parts_and_saved_states_give_what_the_whole_gives(
        data in vec(any::<u8>(), 0..400),
        sizes in vec(0usize..70, 0..20),
    ) {
        for Case { mechanism, key, takes, tells_state } in cases(data.len()) {
            let data = match takes {
                Takes::Any => data.clone(),
                Takes::Blocks(block) => data[..data.len() - data.len() % block].to_vec(),
                Takes::From(least) => [&vec![7; least], &data[..]].concat(),
            };
            let sealed = whole(Can::encrypt, &mechanism, &key, &data).unwrap();
            let name = mechanism.mechanism_type;
            let parts = cut(&data, &sizes);
            let found = in_parts(Can::encrypt, &mechanism, &key, parts.clone());
            prop_assert_eq!(found.unwrap(), &sealed[..], "{:#x}", name);
            if tells_state {
                let found = in_lives(Can::encrypt, &mechanism, &key, &parts);
                prop_assert_eq!(found.unwrap(), &sealed[..], "{:#x}", name);
            }
            let parts = cut(&sealed, &sizes);
            prop_assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed).unwrap(), &data[..], "{:#x}", name);
            let found = in_parts(Can::decrypt, &mechanism, &key, parts.clone());
            prop_assert_eq!(found.unwrap(), &data[..], "{:#x}", name);
            let found = in_lives(Can::decrypt, &mechanism, &key, &parts);
            prop_assert_eq!(found.unwrap(), &data[..], "{:#x}", name);
        }
    }
}

#[test]
fn a_message_of_a_length_that_the_mode_does_not_take_is_refused_before_anything_is_written() {
    for Case { mechanism, key, takes, .. } in cases(0) {
        let lengths = match takes {
            Takes::Any => continue,
            Takes::Blocks(block) => vec![1, block - 1, block + 1],
            Takes::From(least) => vec![0, 1, least - 1],
        };
        for len in lengths {
            let data = vec![7; len];
            for (ability, refused) in
                [(Can::encrypt as Ability, Error::DataLenRange), (Can::decrypt, Error::EncryptedDataLenRange)]
            {
                let cipher = start_cipher(ability, &mechanism, &key).unwrap();
                let mut out = vec![0; cipher.whole_len(len)];
                assert_eq!(cipher.whole(&data, &mut out), Err(refused.clone()), "{mechanism:?}");
                assert!(out.iter().all(|byte| *byte == 0));
                assert_eq!(in_parts(ability, &mechanism, &key, data.chunks(5)), Err(refused));
            }
        }
    }
}

#[test]
fn parameters_of_another_form_and_keys_of_another_type_are_refused_by_every_mode() {
    let other = secret_key(CKK_GENERIC_SECRET, &[7; 32]);
    for Case { mechanism, key, .. } in cases(5) {
        let mut wrong = vec![Parameters::Unknown, Parameters::MacLen(8), Parameters::Bytes(vec![0; 17])];
        if mechanism.parameters != Parameters::None {
            wrong.push(Parameters::None);
        }
        if let Parameters::Bytes(iv) = &mechanism.parameters {
            wrong.extend([0, iv.len() - 1, iv.len() + 1].map(|len| Parameters::Bytes(vec![0; len])));
        }
        let row = crate::MECHANISMS.row(mechanism.mechanism_type).unwrap();
        for can in row.can {
            let start = [Can::encrypt as Ability, Can::decrypt, Can::wrap, Can::unwrap];
            // What it does to messages takes no parameters here.
            let Some(start) = start.into_iter().find_map(|ability| ability(can)) else { continue };
            for parameters in &wrong {
                let found = error(start(&with(mechanism.mechanism_type, parameters.clone()), &key));
                assert!(matches!(found, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}: {found:?}");
            }
            assert_eq!(error(start(&mechanism, &other)), Some(Error::KeyTypeInconsistent));
        }
    }
}

#[test]
fn what_is_no_state_is_refused_by_every_mode() {
    for Case { mechanism, key, tells_state, .. } in cases(64) {
        for ability in [Can::encrypt as Ability, Can::decrypt] {
            let fresh = || start_cipher(ability, &mechanism, &key).unwrap();
            let Some(state) = fresh().save() else {
                assert!(!tells_state);
                continue;
            };
            let state = state.expose();
            if fresh().update_len(1000) == 0 {
                // What gathers its input takes any as its state.
                continue;
            }
            if !state.is_empty() {
                assert_eq!(fresh().restore(&state[..1]), Err(Error::SavedStateInvalid), "{mechanism:?}");
            }
            let long = [state, &[255; 100]].concat();
            assert_eq!(fresh().restore(&long), Err(Error::SavedStateInvalid), "{mechanism:?}");
        }
    }
}

/// Every mechanism that makes keys of ciphers and of Poly1305: the type, and the lengths that a template must name.
const GENERATIONS: [(MechanismType, u64, &[u64], usize); 7] = [
    (CKM_AES_XTS_KEY_GEN, CKK_AES_XTS, &[32, 64], 0),
    (CKM_DES_KEY_GEN, CKK_DES, &[], 8),
    (CKM_DES2_KEY_GEN, CKK_DES2, &[], 16),
    (CKM_DES3_KEY_GEN, CKK_DES3, &[], 24),
    (CKM_CAMELLIA_KEY_GEN, CKK_CAMELLIA, &[16, 24, 32], 0),
    (CKM_CHACHA20_KEY_GEN, CKK_CHACHA20, &[], 32),
    (CKM_POLY1305_KEY_GEN, CKK_POLY1305, &[], 32),
];

#[test]
fn keys_are_made_in_the_lengths_of_their_types() {
    for (generation, key_type, lengths, only) in GENERATIONS {
        let template = |len: Option<u64>| {
            let mut template = Attributes::new();
            if let Some(len) = len {
                template.set_ulong(CKA_VALUE_LEN, len);
            }
            of_class(CKO_SECRET_KEY, key_type, template)
        };
        let make = |len| generate_key(&plain(generation), &template(len));
        for len in lengths {
            assert_eq!(make(Some(*len)).unwrap().bytes(CKA_VALUE).unwrap().len() as u64, *len);
        }
        if lengths.is_empty() {
            let (one, other) = (make(None).unwrap(), make(None).unwrap());
            assert_eq!(one.bytes(CKA_VALUE).unwrap().len(), only);
            assert_ne!(one.bytes(CKA_VALUE), other.bytes(CKA_VALUE));
            assert_eq!(one.bytes(CKA_CHECK_VALUE).unwrap().len(), 3);
        } else {
            assert_eq!(error(make(None)), Some(Error::TemplateIncomplete(CKA_VALUE_LEN)));
        }
        for wrong in [0, 1, 15, 33, 65, u64::MAX] {
            assert_eq!(error(make(Some(wrong))), Some(Error::AttributeValueInvalid(CKA_VALUE_LEN)));
        }
        let refused = error(generate_key(&with(generation, Parameters::Unknown), &template(None)));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        let key = of_class(CKO_SECRET_KEY, key_type, make(lengths.first().copied()).unwrap());
        assert_eq!(to_bytes(&key).unwrap(), key.bytes(CKA_VALUE).unwrap());
    }
}

/// Derivations: in ECB and in CBC mode, the modes themselves, a base key's type and length, and bytes of a block.
const DERIVATIONS: [(MechanismType, MechanismType, MechanismType, MechanismType, u64, usize, usize); 5] = [
    (CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_ECB, CKM_AES_CBC, CKK_AES, 24, 16),
    (CKM_DES_ECB_ENCRYPT_DATA, CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_ECB, CKM_DES_CBC, CKK_DES, 8, 8),
    (CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_ECB, CKM_DES3_CBC, CKK_DES2, 16, 8),
    (CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_ECB, CKM_DES3_CBC, CKK_DES3, 24, 8),
    (
        CKM_CAMELLIA_ECB_ENCRYPT_DATA,
        CKM_CAMELLIA_CBC_ENCRYPT_DATA,
        CKM_CAMELLIA_ECB,
        CKM_CAMELLIA_CBC,
        CKK_CAMELLIA,
        32,
        16,
    ),
];

fn template(key_type: u64, len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

#[test]
fn a_key_is_derived_of_the_start_of_what_data_is_encrypted_to() {
    for (by_ecb, by_cbc, ecb, cbc, key_type, key_len, block) in DERIVATIONS {
        let key = secret_key(key_type, &(1..).take(key_len).collect::<Vec<u8>>());
        let data: Vec<u8> = (0..48).collect();
        let iv: Vec<u8> = (9..).take(block).collect();
        let of_cbc = CbcEncryptDataParameters { iv: iv.clone(), data: Secret::from(&data[..]) };
        for (derivation, mode) in [
            (with(by_ecb, Parameters::DerivationString(Secret::from(&data[..]))), plain(ecb)),
            (with(by_cbc, Parameters::CbcEncryptData(of_cbc)), with(cbc, Parameters::Bytes(iv))),
        ] {
            let encrypted = whole(Can::encrypt, &mode, &key, &data).unwrap();
            let value = |key_type, len| {
                let derived = derive(&derivation, &key, &template(key_type, len));
                derived.map(|derived| derived.bytes(CKA_VALUE).unwrap().to_vec())
            };
            assert_eq!(value(CKK_GENERIC_SECRET, None), Ok(encrypted.clone()));
            assert_eq!(value(CKK_GENERIC_SECRET, Some(20)), Ok(encrypted[..20].to_vec()));
            assert_eq!(value(CKK_AES, Some(32)), Ok(encrypted[..32].to_vec()));
            assert_eq!(value(CKK_CHACHA20, None), Ok(encrypted[..32].to_vec()));
            assert_eq!(value(CKK_AES, None), Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
            assert_eq!(value(CKK_GENERIC_SECRET, Some(49)), Err(Error::DataLenRange));
            assert_eq!(value(CKK_AES_XTS, Some(64)), Err(Error::DataLenRange));
            let mut with_parity = encrypted[..24].to_vec();
            crate::des::set_parity(&mut with_parity);
            assert_eq!(value(CKK_DES3, None), Ok(with_parity));
        }
    }
}

#[test]
fn a_derivation_takes_whole_blocks_at_least_one_and_its_own_parameters() {
    for (by_ecb, by_cbc, _, _, key_type, key_len, block) in DERIVATIONS {
        let key = secret_key(key_type, &vec![1; key_len]);
        let refused = |mechanism, parameters| {
            let mechanism = with(mechanism, parameters);
            let found = error(derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, None)));
            assert!(matches!(found, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}: {found:?}");
        };
        let of_cbc = |iv: usize, data: usize| {
            let (iv, data) = (vec![0; iv], Secret::zeroed(data));
            Parameters::CbcEncryptData(CbcEncryptDataParameters { iv, data })
        };
        for len in [0, 1, block - 1, block + 1] {
            refused(by_ecb, Parameters::DerivationString(Secret::zeroed(len)));
            refused(by_cbc, of_cbc(block, len));
        }
        for iv in [0, block - 1, block + 1, 24 - block] {
            refused(by_cbc, of_cbc(iv, 2 * block));
        }
        for other in [Parameters::None, Parameters::Unknown, Parameters::Bytes(vec![0; block])] {
            refused(by_ecb, other.clone());
            refused(by_cbc, other);
        }
        let other = secret_key(CKK_GENERIC_SECRET, &[7; 16]);
        let mechanism = with(by_ecb, Parameters::DerivationString(Secret::zeroed(block)));
        let found = error(derive(&mechanism, &other, &template(CKK_GENERIC_SECRET, None)));
        assert_eq!(found, Some(Error::KeyTypeInconsistent));
    }
}

#[test]
fn check_values_are_of_the_cipher_or_of_the_digest() {
    // FIPS 81's key, RFC 3713's (an encrypted block of zeros), and the digest of 32 times 7.
    let value = |key_type, value: &[u8]| {
        let complete = crate::fixtures::complete(&crate::fixtures::secret_attributes(key_type, value));
        complete.unwrap().bytes(CKA_CHECK_VALUE).unwrap().to_vec()
    };
    let des = hex("0123456789abcdef");
    assert_eq!(value(CKK_DES, &des), hex("d5d44f"));
    assert_eq!(value(CKK_DES2, &des.repeat(2)), hex("d5d44f"));
    assert_eq!(value(CKK_DES3, &des.repeat(3)), hex("d5d44f"));
    let camellia = secret_key(CKK_CAMELLIA, &[7; 16]);
    let zeros = whole(Can::encrypt, &plain(CKM_CAMELLIA_ECB), &camellia, &[0; 16]).unwrap();
    assert_eq!(value(CKK_CAMELLIA, &[7; 16]), zeros[..3]);
    let digest = value(CKK_GENERIC_SECRET, &[7; 32]);
    assert_eq!(value(CKK_CHACHA20, &[7; 32]), digest);
    assert_eq!(value(CKK_POLY1305, &[7; 32]), digest);
}
