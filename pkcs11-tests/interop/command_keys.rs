//! Keys that leave a token and come back with the command `claviger`.

use std::fs;

use pkcs11_tests::program::{openssl, over, program, run};
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

use crate::command::{INIT, claviger, pin_file};

on_claviger!(
    a_private_key_that_was_wrapped_comes_back_and_signs,
    a_secret_key_that_was_wrapped_comes_back_and_decrypts,
);

fn with_token(t: &Test) {
    let _officer = pin_file(t, "officer.pin", SO_PIN, 0o600);
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let _ = run(&mut claviger(t, &INIT));
}

fn done(t: &Test, line: &[&str]) -> String {
    String::from_utf8(run(&mut claviger(t, &[line, &["--pin-fd", "3"]].concat()))).unwrap()
}

fn at(t: &Test, name: &str) -> String {
    t.installation.folder().join(name).to_str().unwrap().to_owned()
}

/// Runs pkcs11-tool as the user of the token.
fn tool(t: &Test, arguments: &[&str]) {
    let mut command = program("pkcs11-tool", "opensc");
    command.arg("--module").arg(t.module.path()).args([
        "--token-label",
        "by hand",
        "--login",
        "--pin",
        USER_PIN,
    ]);
    let _ = run(over(command.args(arguments), &t.installation));
}

fn a_private_key_that_was_wrapped_comes_back_and_signs(t: &Test) {
    with_token(t);
    done(t, &["key", "generate", "--type", "aes", "--label", "kek", "--usage", "wrap,unwrap"]);
    done(t, &["key", "generate", "--type", "rsa:2048", "--label", "mail", "--extractable"]);
    fs::write(at(t, "public.pem"), done(t, &["key", "export", "--label", "mail"])).unwrap();
    done(t, &["key", "export", "--label", "mail", "--wrap-with", "kek", "--out", "mail.wrapped"]);
    done(t, &["key", "delete", "--label", "mail", "--yes"]);
    done(t, &["key", "import", "mail.wrapped", "--unwrap-with", "kek", "--type", "rsa", "--label", "mail"]);
    fs::write(at(t, "message"), "to be signed").unwrap();
    let (message, signature) = (at(t, "message"), at(t, "signature"));
    let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--label", "mail"];
    tool(t, &[&sign[..], &["--input-file", &message, "--output-file", &signature]].concat());
    let public = at(t, "public.pem");
    let _ = run(&mut openssl(["dgst", "-sha256", "-verify", &public, "-signature", &signature, &message]));
}

fn a_secret_key_that_was_wrapped_comes_back_and_decrypts(t: &Test) {
    with_token(t);
    done(t, &["key", "generate", "--type", "rsa:2048", "--label", "kek", "--usage", "wrap,unwrap"]);
    done(t, &["key", "generate", "--type", "aes:256", "--label", "disk", "--id", "0d", "--extractable"]);
    fs::write(at(t, "plain"), "sixteen bytes ok").unwrap();
    let iv = "000102030405060708090a0b0c0d0e0f";
    let cipher = ["--mechanism", "AES-CBC-PAD", "--iv", iv, "--id", "0d"];
    let (plain, sealed, opened) = (at(t, "plain"), at(t, "sealed"), at(t, "opened"));
    let encrypt = ["--encrypt", "--input-file", &plain, "--output-file", &sealed];
    tool(t, &[&encrypt[..], &cipher].concat());
    done(t, &["key", "export", "--label", "disk", "--wrap-with", "kek", "--out", "disk.wrapped"]);
    done(t, &["key", "delete", "--label", "disk", "--yes"]);
    let back = ["key", "import", "disk.wrapped", "--unwrap-with", "kek", "--type", "aes"];
    done(t, &[&back[..], &["--label", "disk", "--id", "0d"]].concat());
    let decrypt = ["--decrypt", "--input-file", &sealed, "--output-file", &opened];
    tool(t, &[&decrypt[..], &cipher].concat());
    assert_eq!(fs::read(&opened).unwrap(), fs::read(&plain).unwrap());
}
