//! `p11tool` of GnuTLS.

use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{over, program, run};
use pkcs11_tests::{Test, USER_PIN, on_both};

on_both!(list_all_shows_the_objects, list_tokens_shows_the_token);

fn p11tool(t: &Test, arguments: &[&str]) -> String {
    let mut command = program("p11tool", "gnutls-bin");
    command.arg("--provider").arg(t.module.path()).args(arguments).env("GNUTLS_PIN", USER_PIN);
    String::from_utf8(run(over(&mut command, &t.installation))).unwrap()
}

fn list_all_shows_the_objects(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let _rsa = generate(t.module, session, Kind::Rsa, true, "first-key");
    let _ec = generate(t.module, session, Kind::P256, true, "second-key");
    assert_eq!(t.module.finalize(), 0);
    let url = "pkcs11:token=a%20token%20under%20test";
    let public = p11tool(t, &["--batch", "--list-all", url]);
    assert!(public.contains("first-key") && public.contains("second-key"), "{public}");
    let private = p11tool(t, &["--batch", "--login", "--list-all-privkeys", url]);
    assert!(private.contains("first-key") && private.contains("second-key"), "{private}");
    assert!(private.contains("type=private"), "{private}");
}

fn list_tokens_shows_the_token(t: &Test) {
    let _token = t.token();
    assert_eq!(t.module.finalize(), 0);
    let tokens = p11tool(t, &["--list-tokens"]);
    assert!(tokens.contains("a token under test"), "{tokens}");
}
