use super::*;
use crate::ec::PublicKey;
use crate::fixtures::{generate as generated, parse_pair, start_cipher, whole, with};
use engine::mechanism::Can;
use p384::elliptic_curve::sec1::ToSec1Point;
use pkcs11::Attributes;
use pkcs11::constants::{
    CKA_EC_PARAMS, CKD_NULL, CKD_SHA256_KDF, CKK_EC, CKK_EC_MONTGOMERY, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP,
    CKM_ECDH_X_AES_KEY_WRAP,
};
use sha2::{Digest, Sha256};

const KEY: &[u8] = b"some key that is wrapped, of 37 bytes";

fn by(mechanism: u64, bits: u64, kdf: u64, shared: &[u8]) -> Mechanism {
    let parameters = EcdhAesKeyWrapParameters { aes_key_bits: bits, kdf, shared: shared.to_vec() };
    with(mechanism, Parameters::EcdhAesKeyWrap(parameters))
}

fn pair(maker: u64, key_type: u64, parameters: &[u8]) -> Pair {
    let mut template = Attributes::new();
    template.set_bytes(CKA_EC_PARAMS, parameters);
    parse_pair(key_type, generated(maker, &template).unwrap())
}

/// A private and a public key.
type Pair = (Arc<dyn Key>, Arc<dyn Key>);

/// Mechanism, key pair, and length of the public key.
fn pairs() -> Vec<(u64, Pair, usize)> {
    let on = |name: &str| [&[0x13, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
    let curves = [("P-224", 57), ("P-256", 65), ("P-521", 133), ("secp256k1", 65), ("brainpoolP384r1", 97)];
    let on_curves = curves.into_iter().flat_map(|(name, len)| {
        let made = pair(CKM_EC_KEY_PAIR_GEN, CKK_EC, &on(name));
        [(CKM_ECDH_AES_KEY_WRAP, made.clone(), len), (CKM_ECDH_COF_AES_KEY_WRAP, made, len)]
    });
    let montgomery = [("x25519", 32), ("x448", 56)].into_iter().flat_map(|(name, len)| {
        let made = pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, &on(name));
        [(CKM_ECDH_AES_KEY_WRAP, made.clone(), len), (CKM_ECDH_X_AES_KEY_WRAP, made, len)]
    });
    on_curves.chain(montgomery).collect()
}

#[test]
fn what_is_wrapped_on_each_curve_unwraps_and_nothing_altered_does() {
    for (mechanism, (private, public), len) in pairs() {
        let mechanism = by(mechanism, 256, CKD_SHA256_KDF, b"shared");
        let wrapped = whole(Can::wrap, &mechanism, &public, KEY).unwrap();
        assert_eq!(wrapped.len(), len + 48);
        assert_ne!(whole(Can::wrap, &mechanism, &public, KEY).unwrap()[..len], wrapped[..len], "one use");
        assert_eq!(whole(Can::unwrap, &mechanism, &private, &wrapped).unwrap(), KEY);
        for i in [0, len / 2, len - 2, len, wrapped.len() - 1] {
            let mut changed = wrapped.clone();
            changed[i] ^= 2;
            let refused = whole(Can::unwrap, &mechanism, &private, &changed);
            assert_eq!(refused, Err(Error::EncryptedDataInvalid), "byte {i}");
        }
        for cut in [0, 1, len, len + 8, wrapped.len() - 1] {
            let refused = whole(Can::unwrap, &mechanism, &private, &wrapped[..cut]);
            assert_eq!(refused, Err(Error::EncryptedDataLenRange), "{cut} bytes");
        }
        let other = match &mechanism.parameters {
            Parameters::EcdhAesKeyWrap(parameters) => {
                by(mechanism.mechanism_type, parameters.aes_key_bits, parameters.kdf, b"others")
            }
            _ => unreachable!("made above"),
        };
        let refused = whole(Can::unwrap, &other, &private, &wrapped);
        assert_eq!(refused, Err(Error::EncryptedDataInvalid));
    }
}

/// SEC 1 section 3.6.1 over p384's ECDH, and KWP, by other libraries.
#[test]
fn another_implementation_unwraps_on_p_384() {
    let theirs = p384::SecretKey::from_slice(&[7; 48]).unwrap();
    let point = theirs.public_key().to_sec1_point(false).as_bytes().to_vec();
    let ours: Arc<dyn Key> = Arc::new(PublicKey::from_point(super::super::Curve::P384, &point).unwrap());
    for kdf in [CKD_NULL, CKD_SHA256_KDF] {
        let mechanism = by(CKM_ECDH_AES_KEY_WRAP, 256, kdf, b"");
        let wrapped = whole(Can::wrap, &mechanism, &ours, KEY).unwrap();
        let (public, rest) = wrapped.split_at(97);
        let public = p384::PublicKey::from_sec1_bytes(public).unwrap();
        let product = p384::ecdh::diffie_hellman(theirs.to_nonzero_scalar(), public.as_affine());
        let secret = product.raw_secret_bytes().to_vec();
        let temporary: [u8; 32] = match kdf {
            CKD_NULL => secret[..32].try_into().unwrap(),
            _ => Sha256::new().chain_update(secret).chain_update(1u32.to_be_bytes()).finalize().into(),
        };
        let mut place = [0; 64];
        use aes_gcm_siv::aead::KeyInit as _;
        let kwp = aes_kw::KwpAes256::new(&temporary.into());
        assert_eq!(kwp.unwrap_key(rest, &mut place).unwrap(), KEY);
    }
}

#[test]
fn parameters_and_keys_that_do_not_fit_are_refused() {
    let name = b"\x13\x05P-224";
    let (private, public) = pair(CKM_EC_KEY_PAIR_GEN, CKK_EC, name);
    for wrong in [
        by(CKM_ECDH_AES_KEY_WRAP, 0, CKD_SHA256_KDF, b""),
        by(CKM_ECDH_AES_KEY_WRAP, 32, CKD_SHA256_KDF, b""),
        by(CKM_ECDH_AES_KEY_WRAP, u64::MAX, CKD_SHA256_KDF, b""),
        by(CKM_ECDH_AES_KEY_WRAP, 256, 0, b""),
        by(CKM_ECDH_AES_KEY_WRAP, 128, CKD_NULL, b"shared"),
        with(CKM_ECDH_AES_KEY_WRAP, Parameters::None),
        with(CKM_ECDH_AES_KEY_WRAP, Parameters::Unknown),
    ] {
        for (ability, key) in [(Can::wrap as crate::fixtures::Ability, &public), (Can::unwrap, &private)] {
            let refused = start_cipher(ability, &wrong, key).err();
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        }
    }
    // A secret of 28 bytes holds no key of 32.
    let too_long = by(CKM_ECDH_AES_KEY_WRAP, 256, CKD_NULL, b"");
    let refused = whole(Can::wrap, &too_long, &public, KEY);
    assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
    let fits = by(CKM_ECDH_AES_KEY_WRAP, 192, CKD_NULL, b"");
    let wrapped = whole(Can::wrap, &fits, &public, KEY).unwrap();
    assert_eq!(whole(Can::unwrap, &fits, &private, &wrapped).unwrap(), KEY);
    assert_eq!(whole(Can::wrap, &fits, &public, b""), Err(Error::DataLenRange));
    assert_eq!(whole(Can::wrap, &fits, &private, KEY), Err(Error::KeyTypeInconsistent));
    assert_eq!(whole(Can::unwrap, &fits, &public, &wrapped), Err(Error::KeyTypeInconsistent));
}
