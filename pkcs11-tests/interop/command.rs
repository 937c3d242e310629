//! The command `claviger`, and other programs over the token that it makes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pkcs11_tests::program::{openssl, output, over, program, run};
use pkcs11_tests::provider::beside_this_program;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

on_claviger!(
    a_token_that_the_command_made_is_listed_and_used_by_others,
    a_pin_file_that_others_may_read_is_refused,
    a_key_and_its_certificate_from_a_pkcs12_are_used_by_pkcs11_tool,
    a_reader_that_goes_away_is_no_failure,
    without_a_terminal_nothing_is_asked_and_nothing_done,
    a_wrong_line_is_told_with_what_was_meant_and_does_nothing,
);

/// The command, which is told its arguments and finds the user's PIN on descriptor 3.
pub(crate) fn claviger(t: &Test, arguments: &[&str]) -> Command {
    let path =
        beside_this_program("claviger").expect("claviger: build it with cargo build -p claviger-admin");
    let mut command = program("sh", "dash");
    command.args(["-c", "exec \"$@\" 3<user.pin", "sh"]).arg(path).args(arguments);
    command.current_dir(t.installation.folder());
    over(&mut command, &t.installation);
    command
}

pub(crate) fn pin_file(t: &Test, name: &str, pin: &str, mode: u32) -> PathBuf {
    let path = t.installation.folder().join(name);
    fs::write(&path, pin).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

pub(crate) const INIT: [&str; 8] =
    ["token", "init", "--label", "by hand", "--officer-pin-file", "officer.pin", "--user-pin-fd", "3"];

fn a_token_that_the_command_made_is_listed_and_used_by_others(t: &Test) {
    let _officer = pin_file(t, "officer.pin", SO_PIN, 0o600);
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let _ = run(&mut claviger(t, &INIT));
    let listed = String::from_utf8(run(&mut claviger(t, &["token", "list", "--json"]))).unwrap();
    assert!(listed.contains("\"by hand\""), "{listed}");

    let tool = |arguments: &[&str]| {
        let mut command = program("pkcs11-tool", "opensc");
        command.arg("--module").arg(t.module.path()).args(["--token-label", "by hand", "--login", "--pin"]);
        command.arg(USER_PIN).args(arguments);
        String::from_utf8(run(over(&mut command, &t.installation))).unwrap()
    };
    assert_eq!(tool(&["--list-objects"]), "", "the token is empty");
    let _ = tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "first"]);
    let objects = tool(&["--list-objects"]);
    assert!(objects.contains("Private Key Object; EC") && objects.contains("first"), "{objects}");
}

fn a_key_and_its_certificate_from_a_pkcs12_are_used_by_pkcs11_tool(t: &Test) {
    let _officer = pin_file(t, "officer.pin", SO_PIN, 0o600);
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let _passphrase = pin_file(t, "passphrase", "sesame", 0o600);
    let _ = run(&mut claviger(t, &INIT));
    let at = |name: &str| t.installation.folder().join(name).to_str().unwrap().to_owned();
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www", "-days", "30"];
    let files = ["-keyout".to_owned(), at("key.pem"), "-out".to_owned(), at("cert.pem")];
    let _ = run(openssl(request).args(files));
    let bundle = ["pkcs12", "-export", "-passout", "pass:sesame", "-name", "www"];
    let _ =
        run(openssl(bundle).args(["-inkey", &at("key.pem"), "-in", &at("cert.pem"), "-out", &at("www.p12")]));
    let line = [
        "key",
        "import",
        "www.p12",
        "--passphrase-file",
        "passphrase",
        "--token",
        "by hand",
        "--pin-fd",
        "3",
    ];
    let _ = run(&mut claviger(t, &line));

    fs::write(at("message"), "to be signed").unwrap();
    let mut tool = program("pkcs11-tool", "opensc");
    tool.arg("--module").arg(t.module.path()).args([
        "--token-label",
        "by hand",
        "--login",
        "--pin",
        USER_PIN,
    ]);
    tool.args(["--sign", "--mechanism", "SHA256-RSA-PKCS", "--label", "www"]);
    tool.args(["--input-file", &at("message"), "--output-file", &at("signature")]);
    let _ = run(over(&mut tool, &t.installation));
    let public = run(openssl(["x509", "-pubkey", "-noout", "-in"]).arg(at("cert.pem")));
    fs::write(at("public.pem"), public).unwrap();
    let verify =
        ["dgst", "-sha256", "-verify", &at("public.pem"), "-signature", &at("signature"), &at("message")];
    let _ = run(&mut openssl(verify));
    let exported = run(&mut claviger(t, &["cert", "export", "--token", "by hand", "--label", "www"]));
    assert_eq!(exported, fs::read(at("cert.pem")).unwrap());
}

fn a_reader_that_goes_away_is_no_failure(t: &Test) {
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let mut command = claviger(t, &["token", "list", "--help"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let answer = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let answer = answer.wait_with_output().unwrap();
    assert_eq!((answer.status.code(), answer.stderr.as_slice()), (Some(0), b"".as_slice()));
}

fn without_a_terminal_nothing_is_asked_and_nothing_done(t: &Test) {
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let mut command = program("setsid", "util-linux");
    let path =
        beside_this_program("claviger").expect("claviger: build it with cargo build -p claviger-admin");
    command.arg("--wait").arg(path).args(["token", "init", "--label", "by nobody"]);
    let answer = output(over(&mut command, &t.installation));
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(3), "{said}");
    assert!(said.contains("there is no terminal to ask for the officer's PIN"), "{said}");
    let listed = String::from_utf8(run(&mut claviger(t, &["token", "list", "--json"]))).unwrap();
    assert!(!listed.contains("by nobody"), "{listed}");
}

fn a_pin_file_that_others_may_read_is_refused(t: &Test) {
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    for mode in [0o604, 0o602] {
        let _officer = pin_file(t, "officer.pin", SO_PIN, mode);
        let answer = output(&mut claviger(t, &INIT));
        let said = String::from_utf8(answer.stderr).unwrap();
        assert_eq!(answer.status.code(), Some(3), "{said}");
        assert!(
            said.contains("others may read or write officer.pin, which holds the officer's PIN"),
            "{said}"
        );
        assert!(said.contains("chmod 600 officer.pin"), "{said}");
        assert!(!said.contains(SO_PIN), "the PIN is in the message");
        let listed = String::from_utf8(run(&mut claviger(t, &["token", "list", "--json"]))).unwrap();
        assert!(!listed.contains("by hand"), "refused, and a token was made: {listed}");
    }
}

fn a_wrong_line_is_told_with_what_was_meant_and_does_nothing(t: &Test) {
    let _officer = pin_file(t, "officer.pin", SO_PIN, 0o600);
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let _ = run(&mut claviger(t, &INIT));
    let make = ["key", "generate", "--type", "ec", "--label", "a"];
    let lines: [(&[&str], &str); 12] = [
        (&["tokne", "list"], "'token'"),
        (&["key", "lsit"], "'list'"),
        (&["key", "list", "--jsn"], "'--json'"),
        (&["key", "list", "more"], "unexpected argument 'more'"),
        (&["key"], "Usage: claviger key <COMMAND>"),
        (&["key", "generate", "--type", "ec"], "--label <LABEL>"),
        (&["key", "generate", "--label", "a"], "--type <TYPE>"),
        (&["key", "generate", "--type", "ec:P-265", "--label", "a"], "did you mean ec:P-256?"),
        (&[&make[..], &["--pin-fd", "3", "--pin-file", "user.pin"]].concat(), "cannot be used with"),
        (&[&make[..], &["--token", "by hand", "--slot", "0"]].concat(), "cannot be used with"),
        (&["key", "list", "--public", "--pin-fd", "3"], "cannot be used with"),
        (
            &["key", "show", "--label", "a", "--uri", "pkcs11:object=a", "--pin-fd", "3"],
            "cannot be used with",
        ),
    ];
    for (line, words) in lines {
        let answer = output(&mut claviger(t, line));
        let said = String::from_utf8(answer.stderr).unwrap();
        assert_eq!(
            (answer.status.code(), answer.stdout.as_slice()),
            (Some(2), b"".as_slice()),
            "{line:?}: {said}"
        );
        assert!(said.contains(words), "{line:?}: {said}");
    }
    let listed = run(&mut claviger(t, &["key", "list", "--pin-fd", "3"]));
    assert_eq!(String::from_utf8(listed).unwrap().lines().count(), 1, "a key was made");
}
