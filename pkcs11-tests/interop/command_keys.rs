//! Keys that leave a token and come back with the command `claviger`, and the trace of it.

use std::fs;
use std::path::PathBuf;

use pkcs11_tests::program::{hex, openssl, output, over, program, run};
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

use crate::command::{INIT, claviger, pin_file};

on_claviger!(
    a_private_key_that_was_wrapped_comes_back_and_signs,
    a_secret_key_that_was_wrapped_comes_back_and_decrypts,
    the_trace_of_the_command_has_its_calls_and_none_of_its_secrets,
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

/// The seed of RFC 8410 section 10.3 in PKCS#8.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const SEED: [u8; 32] = [
    0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad, 0x3a,
    0xfe, 0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
];

/// What is traced: words apart by blanks.
const TRACED: [&str; 7] = [
    "token init --label by_hand --officer-pin-file officer.pin --user-pin-fd 3",
    "key generate --type aes --label label-of-the-kek --id abcdef0123456789 --pin-fd 3",
    "key import encrypted.pem --passphrase-file passphrase --label label-of-the-key --extractable --pin-fd 3",
    "key show --label label-of-the-key --pin-fd 3",
    "key export --label label-of-the-key --wrap-with label-of-the-kek --out wrapped --pin-fd 3",
    "key delete --label label-of-the-key --yes --pin-fd 3",
    "key import wrapped --unwrap-with label-of-the-kek --type ed25519 --label label-of-the-key --pin-fd 3",
];

/// Functions that these call.
const CALLED: [&str; 12] = [
    "C_InitToken",
    "C_InitPIN",
    "C_Login",
    "C_GetMechanismInfo",
    "C_GenerateKey",
    "C_CreateObject",
    "C_FindObjects",
    "C_GetAttributeValue",
    "C_WrapKey",
    "C_UnwrapKey",
    "C_DestroyObject",
    "C_CloseSession",
];

const WRONG_PIN: &str = "not-the-pin-of-anybody";
const PASSPHRASE: &str = "sesame-of-the-trace";

/// Does all of it with a trace, and a wrong PIN; gives the trace.
fn trace(t: &Test) -> String {
    let trace = PathBuf::from(at(t, "trace"));
    for (name, secret) in [
        ("officer.pin", SO_PIN),
        ("user.pin", USER_PIN),
        ("wrong.pin", WRONG_PIN),
        ("passphrase", PASSPHRASE),
        ("key.pem", KEY),
    ] {
        let _ = pin_file(t, name, secret, 0o600);
    }
    let encrypt = ["pkcs8", "-topk8", "-passout", &format!("pass:{PASSPHRASE}")];
    let _ = run(openssl(encrypt).args(["-in", &at(t, "key.pem"), "-out", &at(t, "encrypted.pem")]));
    let traced = |line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        let answer = output(claviger(t, &words).env("CLAVIGER_TRACE", &trace));
        (answer.status.code(), String::from_utf8(answer.stderr).unwrap())
    };
    for line in TRACED {
        let (code, said) = traced(line);
        assert_eq!(code, Some(0), "{line}: {said}");
    }
    assert_eq!(traced("key list --pin-file wrong.pin").0, Some(3));
    fs::read_to_string(&trace).unwrap()
}

fn found(text: &str, secret: &[u8]) -> bool {
    let raw = text.as_bytes().windows(secret.len()).any(|window| window == secret);
    raw || text.to_lowercase().contains(&hex(secret))
}

fn the_trace_of_the_command_has_its_calls_and_none_of_its_secrets(t: &Test) {
    let text = trace(t);
    for function in CALLED {
        assert!(text.contains(&format!(" {function}(")), "no {function} in\n{text}");
    }
    assert!(text.contains(") = PinIncorrect; "), "{text}");
    let wrapped = fs::read(at(t, "wrapped")).unwrap();
    let secrets: [&[u8]; 9] = [
        SO_PIN.as_bytes(),
        USER_PIN.as_bytes(),
        WRONG_PIN.as_bytes(),
        PASSPHRASE.as_bytes(),
        b"label-of-the-",
        &[0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89],
        &SEED[..16],
        &SEED[16..],
        &wrapped[..16],
    ];
    for secret in secrets {
        assert!(!found(&text, secret), "{}", String::from_utf8_lossy(secret));
        // The search would find it.
        let told = format!("{text}1.2 3/4 C_Login(pPin={})\n", hex(secret).to_uppercase());
        assert!(found(&told, secret), "{}", String::from_utf8_lossy(secret));
    }
}
