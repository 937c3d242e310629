use super::*;
use crate::fixtures::{
    complete, error, from_bytes, generate, of_class, parse_pair, plain, sign as sign_in_parts, start_sign,
    start_verify, to_bytes, verify as verify_in_parts, with,
};
use pkcs11::constants::{
    CKA_PARAMETER_SET, CKA_PUBLIC_KEY_INFO, CKH_DETERMINISTIC_REQUIRED, CKH_HEDGE_PREFERRED,
    CKH_HEDGE_REQUIRED, CKM_SHA256,
};
use pkcs11::{HashSignContextParameters, Parameters, SignContextParameters};

fn template(parameter_set: u64) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_ulong(CKA_PARAMETER_SET, parameter_set);
    attributes
}

fn private(parameter_set: u64, value: &[u8]) -> Attributes {
    let mut attributes = template(parameter_set);
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_PRIVATE_KEY, CKK_SLH_DSA, attributes)
}

fn by(mechanism: MechanismType, hedge: u64, context: &[u8]) -> Mechanism {
    with(mechanism, Parameters::SignContext(SignContextParameters { hedge, context: context.to_vec() }))
}

fn by_hash(hash: MechanismType, hedge: u64, context: &[u8]) -> Mechanism {
    let parameters = HashSignContextParameters { hedge, context: context.to_vec(), hash };
    with(CKM_HASH_SLH_DSA, Parameters::HashSignContext(parameters))
}

/// The set that signs fastest.
const FAST: u64 = CKP_SLH_DSA_SHA2_128F;

fn fast_pair() -> (Arc<dyn Key>, Arc<dyn Key>) {
    parse_pair(CKK_SLH_DSA, generate(CKM_SLH_DSA_KEY_PAIR_GEN, &template(FAST)).unwrap())
}

/// The library's own names, identifiers and lengths, set by set.
#[test]
fn the_table_of_sets_is_the_librarys() {
    fn check<P: ParameterSet>(index: usize, name: &str) {
        let row = &FAMILY.sets[index];
        assert_eq!(P::NAME, name);
        assert_eq!(P::ALGORITHM_OID.as_bytes(), row.oid, "{name}");
        let key = SigningKey::<P>::try_from(vec![0; row.private_len].as_slice()).unwrap();
        assert_eq!(key.as_ref().to_vec().len(), row.public_len, "{name}");
        assert!(Signature::<P>::try_from(vec![0; row.set.signature_len].as_slice()).is_ok(), "{name}");
        assert_eq!(row.parameter_set, index as u64 + 1);
    }
    check::<Sha2_128s>(0, "SLH-DSA-SHA2-128s");
    check::<Shake128s>(1, "SLH-DSA-SHAKE-128s");
    check::<Sha2_128f>(2, "SLH-DSA-SHA2-128f");
    check::<Shake128f>(3, "SLH-DSA-SHAKE-128f");
    check::<Sha2_192s>(4, "SLH-DSA-SHA2-192s");
    check::<Shake192s>(5, "SLH-DSA-SHAKE-192s");
    check::<Sha2_192f>(6, "SLH-DSA-SHA2-192f");
    check::<Shake192f>(7, "SLH-DSA-SHAKE-192f");
    check::<Sha2_256s>(8, "SLH-DSA-SHA2-256s");
    check::<Shake256s>(9, "SLH-DSA-SHAKE-256s");
    check::<Sha2_256f>(10, "SLH-DSA-SHA2-256f");
    check::<Shake256f>(11, "SLH-DSA-SHAKE-256f");
}

#[test]
fn every_set_signs_what_it_verifies() {
    for row in FAMILY.sets {
        let pair = generate(CKM_SLH_DSA_KEY_PAIR_GEN, &template(row.parameter_set)).unwrap();
        assert_eq!(pair.private.bytes(CKA_PUBLIC_KEY_INFO), pair.public.bytes(CKA_PUBLIC_KEY_INFO));
        let (private, public) = parse_pair(CKK_SLH_DSA, pair);
        assert_eq!((private.size(), public.size()), (row.public_len as u64, row.public_len as u64));
        let mechanism = by(CKM_SLH_DSA, CKH_HEDGE_PREFERRED, b"context");
        let signature = sign_in_parts(&mechanism, &private, b"message").unwrap();
        assert_eq!(signature.len(), row.set.signature_len);
        verify_in_parts(&mechanism, &public, b"message", &signature).unwrap();
        let verdict = verify_in_parts(&plain(CKM_SLH_DSA), &public, b"message", &signature);
        assert_eq!(verdict, Err(Error::SignatureInvalid));
    }
}

#[test]
fn every_form_signs_what_it_verifies_and_no_other_form_takes_it() {
    let (private, public) = fast_pair();
    let forms: Vec<_> = MECHANISMS.iter().map(|row| row.mechanism).skip(1).collect();
    assert_eq!(forms.len(), 12);
    let mechanism = |form| match form {
        CKM_HASH_SLH_DSA => by_hash(CKM_SHA256, CKH_HEDGE_PREFERRED, b"for this"),
        form => by(form, CKH_HEDGE_PREFERRED, b"for this"),
    };
    // As long as a digest of SHA-256.
    let message = [7; 32];
    for form in &forms {
        let signature = sign_in_parts(&mechanism(*form), &private, &message).unwrap();
        for other in &forms {
            let verdict = verify_in_parts(&mechanism(*other), &public, &message, &signature);
            let expected = if form == other { Ok(()) } else { Err(Error::SignatureInvalid) };
            assert_eq!(verdict, expected, "{form:#x} {other:#x}");
        }
    }
}

#[test]
fn hedged_signatures_differ_and_deterministic_ones_do_not() {
    let (private, public) = fast_pair();
    let twice =
        |mechanism: &Mechanism| [(); 2].map(|()| sign_in_parts(mechanism, &private, b"message").unwrap());
    for hedged in [plain(CKM_SLH_DSA), by(CKM_SLH_DSA, CKH_HEDGE_REQUIRED, &[])] {
        let [first, second] = twice(&hedged);
        assert_ne!(first, second);
    }
    let [first, second] = twice(&by(CKM_SLH_DSA, CKH_DETERMINISTIC_REQUIRED, &[]));
    assert_eq!(first, second);
    verify_in_parts(&plain(CKM_SLH_DSA), &public, b"message", &first).unwrap();
}

#[test]
fn a_message_hashed_here_is_signed_as_the_callers_digest_is() {
    let (private, public) = fast_pair();
    let digest = crate::digest::of(crate::aws_lc::hash::Hash::Sha256, &[b"message"]).unwrap();
    let here = by(CKM_HASH_SLH_DSA_SHA256, CKH_DETERMINISTIC_REQUIRED, b"ctx");
    let there = by_hash(CKM_SHA256, CKH_DETERMINISTIC_REQUIRED, b"ctx");
    let signature = sign_in_parts(&here, &private, b"message").unwrap();
    assert_eq!(sign_in_parts(&there, &private, digest.as_ref()).unwrap(), signature);
    for wrong in [&digest.as_ref()[1..], &[digest.as_ref(), &[0]].concat(), &[]] {
        assert_eq!(error(sign_in_parts(&there, &private, wrong)), Some(Error::DataLenRange));
        assert_eq!(verify_in_parts(&there, &public, wrong, &signature), Err(Error::DataLenRange));
    }
}

#[test]
fn parameters_out_of_bounds_are_refused() {
    let (private, public) = fast_pair();
    for mechanism in [
        by(CKM_SLH_DSA, 3, &[]),
        by(CKM_SLH_DSA, CKH_HEDGE_PREFERRED, &[0; 256]),
        with(CKM_SLH_DSA, Parameters::Unknown),
        plain(CKM_HASH_SLH_DSA),
        by_hash(CKM_SLH_DSA, CKH_HEDGE_PREFERRED, &[]),
    ] {
        let refused = start_sign(&mechanism, &private).err();
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
    }
    assert!(start_verify(&by(CKM_SLH_DSA, 3, &[]), &public).is_ok());
    assert_eq!(error(start_sign(&plain(CKM_SLH_DSA), &public)), Some(Error::KeyTypeInconsistent));
}

#[test]
fn a_signature_that_was_altered_cut_or_prolonged_is_refused() {
    let (private, public) = fast_pair();
    let mechanism = plain(CKM_SLH_DSA);
    let signature = sign_in_parts(&mechanism, &private, b"message").unwrap();
    for place in (0..signature.len()).step_by(997).chain([signature.len() - 1]) {
        let mut altered = signature.clone();
        altered[place] ^= 1;
        let verdict = verify_in_parts(&mechanism, &public, b"message", &altered);
        assert_eq!(verdict, Err(Error::SignatureInvalid), "{place}");
    }
    for wrong in [&signature[1..], &[&signature[..], &[0]].concat(), &[]] {
        let verdict = verify_in_parts(&mechanism, &public, b"message", wrong);
        assert_eq!(verdict, Err(Error::SignatureLenRange));
    }
}

#[test]
fn a_private_key_is_taken_whose_root_is_that_of_its_seeds() {
    const WRONG: Option<Error> = Some(Error::AttributeValueInvalid(CKA_VALUE));
    let pair = generate(CKM_SLH_DSA_KEY_PAIR_GEN, &template(FAST)).unwrap();
    let value = pair.private.bytes(CKA_VALUE).unwrap();
    let made = complete(&private(FAST, value)).unwrap();
    assert_eq!(made.bytes(CKA_PUBLIC_KEY_INFO), pair.public.bytes(CKA_PUBLIC_KEY_INFO));
    // The two secret seeds that the root depends on, the public one, and the root; the second may be any.
    for place in [0, 32, 63] {
        let mut altered = value.to_vec();
        altered[place] ^= 1;
        assert_eq!(error(complete(&private(FAST, &altered))), WRONG, "{place}");
    }
    for wrong in [&value[1..], &[value, &[0]].concat()] {
        assert_eq!(error(complete(&private(FAST, wrong))), WRONG);
    }
    assert_eq!(error(complete(&private(FAST, &[]))), Some(Error::TemplateIncomplete(CKA_VALUE)));
    assert_eq!(error(complete(&private(13, value))), Some(Error::ParameterSetNotSupported));
    assert_eq!(error(complete(&private(0, value))), Some(Error::ParameterSetNotSupported));
}

#[test]
fn a_private_key_is_wrapped_as_rfc_9909_says() {
    let pair = generate(CKM_SLH_DSA_KEY_PAIR_GEN, &template(FAST)).unwrap();
    let value = pair.private.bytes(CKA_VALUE).unwrap();
    let wrapped = to_bytes(&private(FAST, value)).unwrap();
    // No element of its own within the octets of the key.
    let mut expected =
        b"\x30\x52\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x15\x04\x40".to_vec();
    expected.extend_from_slice(value);
    assert_eq!(wrapped, expected);
    let template = of_class(CKO_PRIVATE_KEY, CKK_SLH_DSA, Attributes::new());
    let read = from_bytes(&template, &wrapped).unwrap();
    assert_eq!(read.bytes(CKA_VALUE), Some(value));
    assert_eq!(read.ulong(CKA_PARAMETER_SET), Some(FAST));
}

#[test]
fn a_saved_signature_goes_on() {
    let (private, public) = fast_pair();
    for form in [plain(CKM_SLH_DSA), plain(CKM_HASH_SLH_DSA_SHAKE256)] {
        let mut first = start_sign(&form, &private).unwrap();
        first.update(b"mess").unwrap();
        let mut second = start_sign(&form, &private).unwrap();
        second.restore(first.save().unwrap().expose()).unwrap();
        second.update(b"age").unwrap();
        let mut signature = vec![0; second.signature_len()];
        second.finish(&mut signature).unwrap();
        verify_in_parts(&form, &public, b"message", &signature).unwrap();
    }
}
