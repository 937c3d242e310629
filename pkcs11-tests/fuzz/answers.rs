//! What the functions answered, and whether that says that the generator is any good.

use std::collections::BTreeMap;

use cryptoki_sys::{
    CK_RV, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR, CKR_HOST_MEMORY,
    CKR_OK, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::words::FUNCTIONS;

/// Listed values that no call on a healthy machine may meet, whatever its arguments.
const SICK: &[CK_RV] = &[
    CKR_GENERAL_ERROR,
    CKR_FUNCTION_FAILED,
    CKR_HOST_MEMORY,
    CKR_DEVICE_ERROR,
    CKR_DEVICE_REMOVED,
    CKR_TOKEN_NOT_PRESENT,
    CKR_TOKEN_NOT_RECOGNIZED,
];
/// Functions that always refuse (section 5.21).
const LEGACY: &[&str] = &["C_GetFunctionStatus", "C_CancelFunction"];

/// Whether a value means that something is broken.
pub(crate) fn is_sick(rv: CK_RV) -> bool {
    SICK.contains(&rv)
}

/// How often each function gave each value.
#[derive(Default)]
pub(crate) struct Answers(BTreeMap<&'static str, BTreeMap<CK_RV, u64>>);

impl Answers {
    /// Counts an answer; true when it is the first of its kind.
    pub(crate) fn saw(&mut self, function: &'static str, rv: CK_RV) -> bool {
        let times = self.0.entry(function).or_default().entry(rv).or_default();
        *times += 1;
        *times == 1
    }

    /// A line for each function.
    pub(crate) fn told(&self) -> String {
        let line = |(function, answers): (&&str, &BTreeMap<CK_RV, u64>)| {
            let answers: Vec<String> =
                answers.iter().map(|(rv, times)| format!("{} {times}", rv_name(*rv))).collect();
            format!("{function}: {}", answers.join(", "))
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Functions that succeeded, or refused, fewer than `least` times though they can do both; with how often.
    pub(crate) fn lopsided(&self, least: u64) -> Vec<String> {
        let mut found = Vec::new();
        for function in FUNCTIONS {
            let answers = self.0.get(function.name);
            let all: u64 = answers.map_or(0, |answers| answers.values().sum());
            let succeeded = answers.and_then(|answers| answers.get(&CKR_OK)).copied().unwrap_or(0);
            let refused = all - succeeded;
            if refused < least || (succeeded < least && !LEGACY.contains(&function.name)) {
                found.push(format!("{} succeeded {succeeded} times, refused {refused}", function.name));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use cryptoki_sys::CKR_ARGUMENTS_BAD;

    use super::*;

    #[test]
    fn a_function_that_only_refuses_is_named_unless_it_always_must() {
        let mut answers = Answers::default();
        for function in FUNCTIONS {
            answers.saw(function.name, CKR_ARGUMENTS_BAD);
            if function.name != "C_Verify" && !LEGACY.contains(&function.name) {
                answers.saw(function.name, CKR_OK);
            }
        }
        assert_eq!(answers.lopsided(1), ["C_Verify succeeded 0 times, refused 1"]);
        answers.saw("C_Verify", CKR_OK);
        assert_eq!(answers.lopsided(1), [""; 0]);
        assert_eq!(answers.lopsided(2).len(), FUNCTIONS.len());
    }
}
