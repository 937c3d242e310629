//! C programs compiled against Debian's p11-kit header.

use pkcs11_tests::program::{build_c, over, run};
use pkcs11_tests::{Test, USER_PIN, on_both, on_claviger};
use std::process::Command;

on_both!(a_c_program_walks_through_a_tokens_day);
on_claviger!(unloading_the_module_while_a_thread_lives_harms_nobody, a_process_may_exit_without_finalize);

fn built(t: &Test, source: &str) -> Command {
    let program = t.installation.folder().join(source.trim_end_matches(".c"));
    build_c(source, &program, &[]);
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
