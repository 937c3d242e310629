use super::*;
use crate::fixtures::{
    complete as completed, derive as derived, from_bytes as unwrapped, generate as generated, generate_key,
    hex, of_class, parse as parsed, parse_pair, plain, to_bytes as wrapped, wanted, with,
};
use ::rsa::BoxedUint;
use p384::elliptic_curve::bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use p384::elliptic_curve::bigint::{Odd, Resize};
use pkcs11::constants::{CKK_AES, CKO_SECRET_KEY};

/// RFC 3526 section 3: the group of 2048 bits, whose base is 2.
const PRIME: &str = "\
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
    EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
    EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
    83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
    E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
    15728E5A8AACAA68FFFFFFFFFFFFFFFF";

fn group(p: &[u8], g: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_PRIME, p);
    attributes.set_bytes(CKA_BASE, g);
    attributes
}

fn key_of(class: u64, p: &[u8], g: &[u8], value: &[u8]) -> Attributes {
    let mut attributes = group(p, g);
    attributes.set_bytes(CKA_VALUE, value);
    of_class(class, CKK_DH, attributes)
}

fn public(value: &[u8]) -> Attributes {
    key_of(CKO_PUBLIC_KEY, &hex(PRIME), &[2], value)
}

fn private(value: &[u8]) -> Attributes {
    key_of(CKO_PRIVATE_KEY, &hex(PRIME), &[2], value)
}

fn by(public: &[u8]) -> Mechanism {
    with(CKM_DH_PKCS_DERIVE, Parameters::Bytes(public.to_vec()))
}

/// A power by the crate `crypto-bigint`.
fn power_by_another(base: &[u8], exponent: &[u8], p: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes).resize(2048);
    let parameters = BoxedMontyParams::new(Odd::new(number(p)).unwrap());
    let power = BoxedMontyForm::new(number(base), &parameters).pow(&number(exponent)).retrieve();
    power.to_be_bytes().to_vec()
}

fn less(number: &[u8], less: u8) -> Vec<u8> {
    let mut below = number.to_vec();
    *below.last_mut().unwrap() -= less;
    below
}

#[test]
fn both_sides_agree_and_another_implementation_with_them() {
    let p = hex(PRIME);
    let pairs = [(); 2].map(|()| generated(CKM_DH_PKCS_KEY_PAIR_GEN, &group(&p, &[0, 2])).unwrap());
    let value = |attributes: &Attributes| attributes.bytes(CKA_VALUE).unwrap().to_vec();
    let publics = [0, 1].map(|i: usize| value(&pairs[i].public));
    let privates = [0, 1].map(|i: usize| value(&pairs[i].private));
    assert_ne!(publics[0], publics[1]);
    let expected = power_by_another(&publics[1], &privates[0], &p);
    assert_eq!(without_leading_zeros(&power_by_another(&[2], &privates[0], &p)), publics[0]);
    let [one, other] = pairs.map(|pair| parse_pair(CKK_DH, pair).0);
    let template = of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new());
    let ours = derived(&by(&publics[1]), &one, &template).unwrap();
    assert_eq!(ours.bytes(CKA_VALUE), Some(&expected[..]), "as long as the prime");
    let theirs = derived(&by(&[&[0], &publics[0][..]].concat()), &other, &template).unwrap();
    assert_eq!(theirs.bytes(CKA_VALUE), Some(&expected[..]));
    let aes = derived(&by(&publics[1]), &one, &wanted(CKK_AES, 32)).unwrap();
    assert_eq!(aes.bytes(CKA_VALUE), Some(&expected[224..]), "the last bytes");
    let without = derived(&by(&publics[1]), &one, &of_class(CKO_SECRET_KEY, CKK_AES, Attributes::new()));
    assert_eq!(without, Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    let more = derived(&by(&publics[1]), &one, &wanted(CKK_GENERIC_SECRET, 257));
    assert!(matches!(more, Err(Error::TemplateInconsistent(_))));
}

/// 3 is no square modulo this prime: it is not of the order of the base.
#[test]
fn a_public_value_outside_the_group_derives_nothing_and_is_no_key() {
    let p = hex(PRIME);
    let key = parsed(&private(&[7; 32])).unwrap();
    let template = of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new());
    let q = Group { p: p.clone(), g: vec![2] }.order().unwrap();
    let outside = (3..40u8).find(|number| power(&[*number], &q, &p).unwrap() != [1]).unwrap();
    for none in [vec![], vec![0], vec![1], less(&p, 1), p.clone(), [&[1], &p[..]].concat(), vec![outside]] {
        let refused = derived(&by(&none), &key, &template);
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{none:02x?}");
        let expected = match without_leading_zeros(&none) {
            [] => Error::TemplateIncomplete(CKA_VALUE),
            _ => Error::AttributeValueInvalid(CKA_VALUE),
        };
        assert_eq!(completed(&public(&none)), Err(expected));
    }
    for wrong in [Parameters::None, Parameters::Unknown] {
        let refused = derived(&with(CKM_DH_PKCS_DERIVE, wrong), &key, &template);
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
    }
    let peer = parsed(&public(&[4])).unwrap();
    assert_eq!(derived(&by(&[4]), &peer, &template), Err(Error::KeyTypeInconsistent));
}

#[test]
fn what_is_no_group_is_refused() {
    let p = hex(PRIME);
    // Odd and as long, but not prime; even; too short; a base outside.
    let mut long = p.clone();
    long.splice(0..0, [0xff; 800]);
    for (p, g, culprit) in [
        (less(&p, 2), vec![2], CKA_PRIME),
        (less(&p, 1), vec![2], CKA_PRIME),
        (vec![0xff; 96], vec![2], CKA_PRIME),
        (long, vec![2], CKA_PRIME),
        (p.clone(), vec![1], CKA_BASE),
        (p.clone(), less(&p, 1), CKA_BASE),
        (p.clone(), p.clone(), CKA_BASE),
    ] {
        let refused = Error::AttributeValueInvalid(culprit);
        let template = group(&p, &g);
        assert_eq!(generated(CKM_DH_PKCS_KEY_PAIR_GEN, &template).err(), Some(refused.clone()));
        for class in [CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_DOMAIN_PARAMETERS] {
            assert_eq!(completed(&key_of(class, &p, &g, &[4])), Err(refused.clone()));
        }
    }
}

#[test]
fn a_private_key_keeps_its_numbers_and_its_wrapped_form() {
    let key = completed(&private(&[7; 32])).unwrap();
    assert_eq!((key.bytes(CKA_VALUE), key.ulong(CKA_VALUE_BITS)), (Some(&[7; 32][..]), Some(251)));
    let peer = public_key_of(&private(&[7; 32])).unwrap();
    assert_eq!(peer.bytes(CKA_PUBLIC_KEY_INFO), key.bytes(CKA_PUBLIC_KEY_INFO));
    let completed_peer = completed(&of_class(CKO_PUBLIC_KEY, CKK_DH, peer.clone())).unwrap();
    assert_eq!(completed_peer, peer);
    let bytes = wrapped(&private(&[7; 32])).unwrap();
    let template = of_class(CKO_PRIVATE_KEY, CKK_DH, Attributes::new());
    assert_eq!(unwrapped(&template, &bytes), Ok(key));
    for cut in (0..bytes.len()).step_by(7) {
        assert_eq!(unwrapped(&template, &bytes[..cut]), Err(Error::WrappedKeyInvalid));
    }
    for none in [&[7; 19][..], &hex(PRIME), &less(&hex(PRIME), 1)] {
        assert_eq!(completed(&private(none)), Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    let mut foreign = private(&[7; 32]);
    foreign.set_bytes(CKA_PUBLIC_KEY_INFO, b"\x30\x00");
    assert_eq!(completed(&foreign), Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
}

#[test]
fn parameters_that_are_made_are_parameters() {
    let mut template = of_class(CKO_DOMAIN_PARAMETERS, CKK_DH, Attributes::new());
    let mechanism = plain(CKM_DH_PKCS_PARAMETER_GEN);
    assert_eq!(generate_key(&mechanism, &template), Err(Error::TemplateIncomplete(CKA_PRIME_BITS)));
    for none in [0, 512, 1023, 2049, 8192, u64::MAX] {
        template.set_ulong(CKA_PRIME_BITS, none);
        let refused = generate_key(&mechanism, &template);
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_PRIME_BITS)));
    }
    let mut known = of_class(CKO_DOMAIN_PARAMETERS, CKK_DH, group(&hex(PRIME), &[2]));
    assert_eq!(completed(&known).unwrap().ulong(CKA_PRIME_BITS), Some(2048));
    known.set_ulong(CKA_PRIME_BITS, 2048);
    assert!(parsed(&known).is_err());
}
