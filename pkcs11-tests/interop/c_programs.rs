//! C programs compiled against Debian's p11-kit header, and one against ours.

use pkcs11_tests::program::{build_c, build_c_with_our_header, over, run};
use pkcs11_tests::{Test, USER_PIN, on_both, on_claviger};
use std::path::Path;
use std::process::Command;

on_both!(a_c_program_walks_through_a_tokens_day);
on_claviger!(
    unloading_the_module_while_a_thread_lives_harms_nobody,
    a_process_may_exit_without_finalize,
    a_program_of_2_40_finds_the_interfaces_and_the_functions_that_it_knows,
    a_program_with_our_header_finds_the_interfaces_and_all_their_functions,
);

fn built(t: &Test, source: &str) -> Command {
    built_by(t, source, |program| build_c(source, program, &[]))
}

fn built_by(t: &Test, source: &str, build: impl FnOnce(&Path)) -> Command {
    let program = t.installation.folder().join(source.trim_end_matches(".c"));
    build(&program);
    let mut command = Command::new(program);
    over(&mut command, &t.installation).arg(t.module.path()).arg(USER_PIN);
    command
}

fn with_a_token(t: &Test) {
    let _token = t.token();
    assert_eq!(t.module.finalize(), 0);
}

fn a_c_program_walks_through_a_tokens_day(t: &Test) {
    with_a_token(t);
    let said = run(&mut built(t, "walk.c"));
    assert_eq!(String::from_utf8_lossy(&said), "signed, verified, found and destroyed\n");
}

fn unloading_the_module_while_a_thread_lives_harms_nobody(t: &Test) {
    with_a_token(t);
    for _ in 0..5 {
        let said = run(built(t, "unload.c").arg("finalize"));
        assert_eq!(String::from_utf8_lossy(&said), "unloaded\n");
    }
}

fn a_process_may_exit_without_finalize(t: &Test) {
    with_a_token(t);
    for _ in 0..5 {
        let said = run(built(t, "unload.c").arg("leave"));
        assert_eq!(String::from_utf8_lossy(&said), "unloaded\n");
    }
}

/// What C_GetInterfaceList and C_GetInterface answer to c/interfaces.h: a line for a question of name, version and flags.
/// No version gives 3.0 (docs/decisions/0027); no interface has a flag, and so none is given to who asks for one.
const QUESTIONS: &str = r#"number: CKR_OK, 3
too little room: CKR_BUFFER_TOO_SMALL, 3
listed: PKCS 11 3.2, flags 0
listed: PKCS 11 3.0, flags 0
listed: PKCS 11 2.40, flags 0, that of C_GetFunctionList
"PKCS 11", 2.40, 0: PKCS 11 2.40, flags 0
NULL, 2.40, 0: PKCS 11 2.40, flags 0
"PKCS 11", 3.0, 0: PKCS 11 3.0, flags 0
NULL, 3.0, 0: PKCS 11 3.0, flags 0
"PKCS 11", 3.2, 0: PKCS 11 3.2, flags 0
NULL, 3.2, 0: PKCS 11 3.2, flags 0
"PKCS 11", 3.1, 0: CKR_ARGUMENTS_BAD
NULL, 3.1, 0: CKR_ARGUMENTS_BAD
"PKCS 11", 2.20, 0: CKR_ARGUMENTS_BAD
NULL, 2.20, 0: CKR_ARGUMENTS_BAD
"PKCS 11", 4.0, 0: CKR_ARGUMENTS_BAD
NULL, 4.0, 0: CKR_ARGUMENTS_BAD
"PKCS 11", 0.0, 0: CKR_ARGUMENTS_BAD
NULL, 0.0, 0: CKR_ARGUMENTS_BAD
"PKCS 11", NULL, 0: PKCS 11 3.0, flags 0
NULL, NULL, 0: PKCS 11 3.0, flags 0
"PKCS 11", 3.2, 0: PKCS 11 3.2, flags 0
"PKCS 11", NULL, 1: CKR_ARGUMENTS_BAD
NULL, NULL, 1: CKR_ARGUMENTS_BAD
"PKCS 11", 3.2, 1: CKR_ARGUMENTS_BAD
"PKCS 11", NULL, 2: CKR_ARGUMENTS_BAD
NULL, NULL, 2: CKR_ARGUMENTS_BAD
"PKCS 11", 3.2, 2: CKR_ARGUMENTS_BAD
"PKCS 12", NULL, 0: CKR_ARGUMENTS_BAD
"PKCS 12", 3.0, 0: CKR_ARGUMENTS_BAD
"PKCS 1", NULL, 0: CKR_ARGUMENTS_BAD
"PKCS 1", 3.0, 0: CKR_ARGUMENTS_BAD
"PKCS 11 ", NULL, 0: CKR_ARGUMENTS_BAD
"PKCS 11 ", 3.0, 0: CKR_ARGUMENTS_BAD
"pkcs 11", NULL, 0: CKR_ARGUMENTS_BAD
"pkcs 11", 3.0, 0: CKR_ARGUMENTS_BAD
"", NULL, 0: CKR_ARGUMENTS_BAD
"", 3.0, 0: CKR_ARGUMENTS_BAD
no place: CKR_ARGUMENTS_BAD
no place for a number: CKR_ARGUMENTS_BAD
"#;

/// What every list answers before and after C_Initialize; `known` is how many functions each has by a program's header.
fn calls(known: [(&str, usize); 3]) -> String {
    let mut lines = String::new();
    for info in ["CKR_CRYPTOKI_NOT_INITIALIZED, version 0.0", "CKR_OK, version 3.2"] {
        for (list, entries) in known {
            let counted = format!("{list}: {entries} entries, 0 missing");
            lines += &format!("{counted}, C_GetInfo {info}, C_GetFunctionList 2.40\n");
        }
    }
    lines
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList. The digest is the example "abc" of FIPS 180.
fn a_program_of_2_40_finds_the_interfaces_and_the_functions_that_it_knows(t: &Test) {
    with_a_token(t);
    let said = run(&mut built(t, "interfaces_older.c"));
    let calls = calls([("3.2", 68), ("3.0", 68), ("2.40", 68)]);
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let digests = format!("3.2: {digest}\n3.0: {digest}\n2.40: {digest}\n");
    assert_eq!(String::from_utf8_lossy(&said), format!("{QUESTIONS}{calls}{digests}"));
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList.
fn a_program_with_our_header_finds_the_interfaces_and_all_their_functions(t: &Test) {
    with_a_token(t);
    let source = "interfaces_ours.c";
    let said = run(&mut built_by(t, source, |program| build_c_with_our_header(source, program)));
    let calls = calls([("3.2", 104), ("3.0", 92), ("2.40", 68)]);
    let newer = "\
3.2: C_GetSessionValidationFlags at first CKR_OK, 0
3.2: C_GetSessionValidationFlags after a key CKR_OK, 1
3.2: C_GetSessionValidationFlags after MD5 CKR_OK, 0
3.0: vectors made, messages hidden and back, a changed one CKR_AEAD_DECRYPT_FAILED
3.0: C_SessionCancel of others CKR_OK, then a message CKR_OK; \
C_SessionCancel CKR_OK, then a message CKR_OPERATION_NOT_INITIALIZED
3.2: vectors made, messages hidden and back, a changed one CKR_AEAD_DECRYPT_FAILED
3.2: C_SessionCancel of others CKR_OK, then a message CKR_OK; \
C_SessionCancel CKR_OK, then a message CKR_OPERATION_NOT_INITIALIZED
3.2: C_GetSessionValidationFlags after AES-GCM CKR_OK, 1
";
    assert_eq!(String::from_utf8_lossy(&said), format!("{QUESTIONS}{calls}{newer}"));
}
