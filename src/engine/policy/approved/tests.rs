use super::Act::Digest;
use super::*;
use pkcs11::constants::{CKM_ECDSA_SHA256, CKM_SHA_1, CKM_SHA1_RSA_PKCS};

#[test]
fn years_begin_and_end_where_the_calendar_says() {
    // Milliseconds of the last moment of a year, and of the first of the next.
    for (last, year) in [
        (0, 1970),
        (31_535_999_999, 1970),
        (31_536_000_000, 1971),
        (951_782_399_999, 2000),
        (978_307_199_999, 2000),
        (978_307_200_000, 2001),
        (1_924_991_999_999, 2030),
        (1_924_992_000_000, 2031),
        (4_102_444_800_000, 2100),
    ] {
        assert_eq!(year_of(last), year, "{last}");
    }
}

fn plain(mechanism_type: MechanismType) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

fn asked(mechanism: &Mechanism, act: Act, year: u64) -> Asked<'_> {
    Asked { act, mechanism, key: None, size: 0, year, is_known_prime: |_| false }
}

#[test]
fn sha_1_ends_with_the_year_2030() {
    let by = plain(CKM_SHA_1);
    assert_eq!(judge(&asked(&by, Digest, 2030)), Ok(Doubt::Nothing));
    assert_eq!(judge(&asked(&by, Digest, 2031)), Err(Error::MechanismInvalid(CKM_SHA_1)));
    let by = plain(CKM_SHA1_RSA_PKCS);
    let verify = Asked { size: 2048, ..asked(&by, Use(Verify), 2040) };
    assert_eq!(judge(&verify), Ok(Doubt::Nothing));
    assert_eq!(judge(&Asked { act: Use(Sign), ..verify }), Err(Error::MechanismInvalid(CKM_SHA1_RSA_PKCS)));
}

#[test]
fn every_row_says_something_and_nothing_is_said_twice() {
    let mut said = Vec::new();
    for row in APPROVALS {
        assert!(!row.by.is_empty() && !row.mechanisms.is_empty() && !row.acts.is_empty());
        for mechanism in row.mechanisms {
            for act in row.acts {
                let this = (*mechanism, *act);
                assert!(!said.contains(&this), "{this:?} twice");
                said.push(this);
            }
        }
    }
}

#[test]
fn a_curve_is_judged_by_its_identifier() {
    let by = plain(CKM_ECDSA_SHA256);
    for (curve, expected) in [
        (&b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"[..], Ok(Doubt::Nothing)),
        // secp256k1
        (b"\x06\x05\x2b\x81\x04\x00\x0a", Err(Error::MechanismInvalid(CKM_ECDSA_SHA256))),
        (b"", Err(Error::MechanismInvalid(CKM_ECDSA_SHA256))),
    ] {
        let mut key = Attributes::new();
        key.set_bytes(CKA_EC_PARAMS, curve);
        let asked = Asked { key: Some(&key), size: 256, ..asked(&by, Use(Sign), 2026) };
        assert_eq!(judge(&asked), expected);
    }
}
