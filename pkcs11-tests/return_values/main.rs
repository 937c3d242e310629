//! Every return value that the standard lists for a function was met by a test of conformance or at_rest, or stands
//! in `return_values_unprovoked.txt` with the reason why none can meet it.
//!
//! Those tests run before this one, with the same folder in `PKCS11_TESTS_SEEN`, as `scripts/run-tests` does it.

use std::env;
use std::path::Path;

use pkcs11_tests::provoked::{Expected, met_in};
use pkcs11_tests::recorder::SEEN_VARIABLE;

#[test]
fn every_value_that_the_standard_lists_was_met_or_cannot_be() {
    let expected = Expected::of_the_standard();
    let malformed = expected.malformed();
    assert!(malformed.is_empty(), "return_values_unprovoked.txt:\n{}", malformed.join("\n"));
    let Some(folder) = env::var_os(SEEN_VARIABLE) else {
        eprintln!("{SEEN_VARIABLE} names no folder: nothing was checked but the form of the table");
        return;
    };
    let met = met_in(Path::new(&folder));
    assert!(!met.is_empty(), "no test has recorded anything in {}", folder.display());
    let verdict = expected.judge(&met);
    eprintln!("{} values listed, {} met, {} that cannot be", verdict.listed, verdict.met, verdict.unprovoked);
    assert!(verdict.stale.is_empty(), "said to be impossible, and met:\n{}", verdict.stale.join("\n"));
    assert!(
        verdict.missing.is_empty(),
        "neither met nor said to be impossible:\n{}",
        verdict.missing.join("\n")
    );
}
