use super::*;
use crate::fixtures::{complete, generate, of_class, plain};
use pkcs11::Parameters;
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_MODULUS_BITS, CKA_PARAMETER_SET, CKK_GENERIC_SECRET, CKM_EC_EDWARDS_KEY_PAIR_GEN,
    CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKP_ML_DSA_87,
    CKP_ML_KEM_512, CKP_SLH_DSA_SHA2_128F,
};

fn on(name: &str) -> Attributes {
    let mut template = Attributes::new();
    let name = [&[0x13, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
    template.set_bytes(CKA_EC_PARAMS, &name);
    template
}

#[test]
fn the_public_key_is_the_one_that_was_made_with_the_private_one() {
    let mut rsa = Attributes::new();
    rsa.set_ulong(CKA_MODULUS_BITS, 2048);
    let of_set = |set: u64| {
        let mut template = Attributes::new();
        template.set_ulong(CKA_PARAMETER_SET, set);
        template
    };
    for (maker, key_type, template) in [
        (CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, rsa),
        (CKM_EC_KEY_PAIR_GEN, CKK_EC, on("P-521")),
        (CKM_EC_KEY_PAIR_GEN, CKK_EC, on("secp256k1")),
        (CKM_EC_KEY_PAIR_GEN, CKK_EC, on("brainpoolP256r1")),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, on("ed25519")),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, on("ed448")),
        (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, on("x25519")),
        (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, on("x448")),
        (CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, of_set(CKP_ML_KEM_512)),
        (CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, of_set(CKP_ML_DSA_87)),
        (CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, of_set(CKP_SLH_DSA_SHA2_128F)),
    ] {
        let pair = generate(maker, &template).unwrap();
        let private = of_class(CKO_PRIVATE_KEY, key_type, pair.private);
        let found = public_key_of(&plain(CKM_PUB_KEY_FROM_PRIV_KEY), &private).unwrap();
        let made = complete(&of_class(CKO_PUBLIC_KEY, key_type, pair.public)).unwrap();
        assert_eq!(found, made, "{key_type:#x}");
    }
}

#[test]
fn only_a_private_key_has_a_public_one() {
    let mechanism = plain(CKM_PUB_KEY_FROM_PRIV_KEY);
    for (class, key_type) in [(CKO_PUBLIC_KEY, CKK_EC), (CKO_SECRET_KEY, CKK_GENERIC_SECRET)] {
        let key = of_class(class, key_type, Attributes::new());
        assert_eq!(public_key_of(&mechanism, &key), Err(Error::KeyTypeInconsistent));
    }
    let with = Mechanism { parameters: Parameters::Bytes(vec![1]), ..mechanism };
    let key = of_class(CKO_PRIVATE_KEY, CKK_EC, Attributes::new());
    assert!(matches!(public_key_of(&with, &key), Err(Error::MechanismParamInvalid(_))));
}
