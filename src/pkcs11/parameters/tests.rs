//! What is written is read again, and nothing else is.

use super::*;
use crate::{
    CcmMessageParameters, CcmWrapParameters, ChaCha20Poly1305MessageParameters, GcmMessageParameters,
    GcmWrapParameters, Mechanism, MessageParameters, constants::CKA_WRAP_TEMPLATE,
};

fn oaep() -> OaepParameters {
    OaepParameters { hash: 1, mgf: 2, source: 1, label: b"label".to_vec() }
}

fn hkdf(salt: HkdfSalt) -> Parameters {
    Parameters::Hkdf(HkdfParameters { extract: true, expand: false, hash: 7, salt, info: vec![2; 3] })
}

fn randoms() -> TlsRandoms {
    TlsRandoms { client: vec![1; 32], server: vec![2; 32] }
}

/// Every choice there is among the data of SP 800-108, and templates within templates.
fn sp800_108() -> Parameters {
    let format = || CounterFormat { little_endian: true, width_bits: 16 };
    let inner = vec![Attribute::bytes(3, b"inner")];
    let nested = Attribute { attribute_type: CKA_WRAP_TEMPLATE, value: RawValue::Template(inner) };
    Parameters::Sp800108(Sp800108Parameters {
        prf: 0x251,
        data: vec![
            PrfData::IterationVariable(None),
            PrfData::IterationVariable(Some(format())),
            PrfData::Counter(format()),
            PrfData::DkmLength(DkmLengthFormat { method: 1, little_endian: false, width_bits: 32 }),
            PrfData::Bytes(vec![]),
            PrfData::Bytes(b"label".to_vec()),
            PrfData::Key(ObjectHandle(5)),
        ],
        iv: vec![9; 4],
        additional: vec![vec![], vec![Attribute::ulong(0x161, 16), Attribute::boolean(1, true), nested]],
    })
}

fn forms_of_ciphers_and_derivations() -> Vec<Parameters> {
    vec![
        Parameters::None,
        Parameters::Pss(PssParameters { hash: 1, mgf: 2, salt_len: 3 }),
        Parameters::Oaep(oaep()),
        Parameters::Bytes(vec![7; 16]),
        Parameters::Counter(CounterParameters { counter_bits: 32, block: [9; 16] }),
        Parameters::Gcm(GcmParameters { iv: vec![1; 12], aad: vec![], tag_bits: 128 }),
        Parameters::Ecdh1(Ecdh1Parameters { kdf: 1, shared: vec![], public: vec![4; 65] }),
        Parameters::Unknown,
        Parameters::GcmWrap(GcmWrapParameters {
            iv: vec![1; 12],
            fixed_bits: 32,
            generator: 1,
            aad: vec![2],
            tag_bits: 128,
        }),
        Parameters::CcmWrap(CcmWrapParameters {
            nonce: vec![1; 13],
            fixed_bits: 0,
            generator: 3,
            aad: vec![],
            mac_len: 16,
        }),
        Parameters::Eddsa(EddsaParameters { prehash: true, context: vec![1, 2] }),
        Parameters::Eddsa(EddsaParameters { prehash: false, context: vec![] }),
        Parameters::MacLen(12),
        Parameters::Pbkd2(Pbkd2Parameters {
            salt_source: 1,
            salt: vec![1; 8],
            iterations: 1000,
            prf: 4,
            prf_data: vec![],
            password: Secret::from(b"password".as_slice()),
        }),
        hkdf(HkdfSalt::Null),
        hkdf(HkdfSalt::Data(vec![4; 5])),
        hkdf(HkdfSalt::Key(ObjectHandle(9))),
        Parameters::Ccm(CcmParameters { data_len: 5, nonce: vec![1; 12], aad: vec![2], mac_len: 16 }),
        Parameters::ChaCha20(ChaCha20Parameters { block_counter: vec![0; 4], nonce: vec![3; 12] }),
        Parameters::ChaCha20Poly1305(ChaCha20Poly1305Parameters { nonce: vec![3; 12], aad: vec![] }),
        Parameters::RsaAesKeyWrap(RsaAesKeyWrapParameters { aes_key_bits: 256, oaep: oaep() }),
        Parameters::EcdhAesKeyWrap(EcdhAesKeyWrapParameters { aes_key_bits: 128, kdf: 2, shared: vec![] }),
        Parameters::DerivationString(Secret::from([1, 2, 3])),
        Parameters::CbcEncryptData(CbcEncryptDataParameters { iv: vec![0; 8], data: Secret::from([5; 16]) }),
        Parameters::Key(ObjectHandle(0x10_0000_0001)),
        Parameters::Extract(21),
        sp800_108(),
    ]
}

fn forms_of_tls_and_signatures() -> Vec<Parameters> {
    let (mac_bits, key_bits, iv_bits) = (160, 256, 128);
    vec![
        Parameters::Tls12Master(Tls12MasterParameters {
            randoms: randoms(),
            tells_version: true,
            hash: 0x250,
        }),
        Parameters::Tls12ExtendedMaster(Tls12ExtendedMasterParameters {
            hash: 0x250,
            session_hash: vec![7; 32],
            tells_version: false,
        }),
        Parameters::Tls12KeyMaterial(Tls12KeyMaterialParameters {
            mac_bits,
            key_bits,
            iv_bits,
            is_export: false,
            randoms: randoms(),
            hash: 0x250,
        }),
        Parameters::TlsKdf(TlsKdfParameters { prf: 1, label: vec![1], randoms: randoms(), context: vec![] }),
        Parameters::TlsMac(TlsMacParameters { hash: 0x250, mac_len: 12, server_or_client: 1 }),
        Parameters::SignContext(SignContextParameters { hedge: 0, context: vec![] }),
        Parameters::HashSignContext(HashSignContextParameters { hedge: 1, context: vec![1], hash: 0x250 }),
        Parameters::Otp(vec![
            OtpParameter { kind: 2, value: Secret::from([8; 8]) },
            OtpParameter { kind: 6, value: Secret::default() },
        ]),
    ]
}

fn every_form() -> Vec<Parameters> {
    [forms_of_ciphers_and_derivations(), forms_of_tls_and_signatures()].concat()
}

#[test]
fn every_form_of_parameters_travels() {
    let mut seen = std::collections::BTreeSet::new();
    for parameters in every_form() {
        seen.insert(parameters.write().0);
        let mechanism = Mechanism { mechanism_type: 0x1087, parameters };
        assert_eq!(Mechanism::decode(mechanism.encode().expose()).unwrap(), mechanism);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), (0..=31).collect::<Vec<_>>());
    assert!(Parameters::read(32, &[]).is_err());
}

#[test]
fn parameters_that_are_cut_or_have_more_are_refused() {
    for parameters in every_form() {
        let (form, bytes) = parameters.write();
        let bytes = bytes.expose();
        let longer = [bytes, &[0]].concat();
        // Bytes as such have every length.
        for changed in [bytes.get(..bytes.len().saturating_sub(1)).unwrap(), &longer] {
            let read = Parameters::read(form, changed);
            assert!(!read.is_ok_and(|read| read == parameters) || changed == bytes, "{form}");
        }
    }
    assert!(Parameters::read(1, &[1, 2, 3]).is_err());
    assert!(Parameters::read(0, &[1]).is_err());
}

#[test]
fn the_keys_that_parameters_name_are_told_in_their_order() {
    let keys = |parameters| Mechanism { mechanism_type: 1, parameters }.keys();
    assert_eq!(keys(sp800_108()), [ObjectHandle(5)]);
    assert_eq!(keys(Parameters::Key(ObjectHandle(4))), [ObjectHandle(4)]);
    assert_eq!(keys(hkdf(HkdfSalt::Key(ObjectHandle(9)))), [ObjectHandle(9)]);
    assert_eq!(keys(hkdf(HkdfSalt::Null)), []);
    assert_eq!(keys(Parameters::Extract(4)), []);
}

#[test]
fn what_is_written_of_a_message_is_read_again_and_nothing_else_is() {
    let gcm =
        GcmMessageParameters { iv: vec![1; 12], fixed_bits: 32, generator: 1, tag: vec![], tag_bits: 128 };
    let ccm = CcmMessageParameters {
        data_len: 5,
        nonce: vec![2; 13],
        fixed_bits: 0,
        generator: 0,
        mac: vec![3; 16],
        mac_len: 16,
    };
    let chacha = ChaCha20Poly1305MessageParameters { nonce: vec![4; 12], tag: vec![5; 16] };
    for parameters in [
        MessageParameters::None,
        MessageParameters::Gcm(gcm),
        MessageParameters::Ccm(ccm),
        MessageParameters::ChaCha20Poly1305(chacha),
        MessageParameters::Unknown,
    ] {
        let bytes = parameters.encode();
        assert_eq!(MessageParameters::decode(bytes.expose()).unwrap(), parameters);
        let longer = [bytes.expose(), &[0]].concat();
        assert!(MessageParameters::decode(&longer).is_err());
        assert!(MessageParameters::decode(&bytes.expose()[..bytes.len() - 1]).is_err());
    }
    assert!(MessageParameters::read(9, &[]).is_err());
}
