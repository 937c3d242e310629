//! OpenSSL through its engine (Debian's libengine-pkcs11-openssl).

use std::fmt::Write as _;
use std::process::Command;

use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{
    Background, free_port, listening, openssl, output, over, require, run, run_with_input, told,
};
use pkcs11_tests::{Test, USER_PIN, on_both, on_claviger};

on_both!(dgst_signs_and_openssl_verifies, req_makes_a_certificate_that_verifies);
on_claviger!(s_server_speaks_tls_1_2_and_1_3_with_each_key, a_private_key_is_not_exported);

/// The engine's file, in the folder that OpenSSL looks for engines in: `ENGINESDIR: "/usr/..."`.
fn engine_file() -> String {
    let said = String::from_utf8(run(&mut openssl(["version", "-e"]))).unwrap();
    let folder = said.split('"').nth(1).unwrap_or_else(|| panic!("openssl names no folder: {said:?}"));
    format!("{folder}/pkcs11.so")
}

/// Makes an RSA and an EC pair, and a configuration that names the module to the engine.
pub(crate) fn prepare(t: &Test) {
    require(&engine_file(), "libengine-pkcs11-openssl");
    let token = t.token();
    let session = token.user_session();
    let _rsa = generate(t.module, session, Kind::Rsa, true, "rsa");
    let _ec = generate(t.module, session, Kind::P256, true, "ec");
    assert_eq!(t.module.finalize(), 0);
    let module = t.installation.copy_for_others(t.module.path());
    let module = module.display();
    let mut text =
        String::from("openssl_conf = openssl\n[openssl]\nengines = engines\n[engines]\npkcs11 = pkcs11\n");
    let _never_fails = write!(
        text,
        "[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {module}\ninit = 1\n[req]\ndistinguished_name = name\n[name]\n"
    );
    std::fs::write(t.installation.folder().join("openssl.cnf"), text).unwrap();
}

/// The key's name to the engine.
pub(crate) fn url(label: &str) -> String {
    format!("pkcs11:token=a%20token%20under%20test;object={label};type=private?pin-value={USER_PIN}")
}

/// `openssl` with the engine at hand.
pub(crate) fn engine(t: &Test, arguments: &[&str]) -> Command {
    let mut command = openssl(arguments);
    command.env("OPENSSL_CONF", t.installation.folder().join("openssl.cnf"));
    command.current_dir(t.installation.folder());
    over(&mut command, &t.installation);
    command
}

/// A self-signed certificate of the key, in the test's folder: `rsa.crt`, `ec.crt`.
pub(crate) fn certificate(t: &Test, label: &str) {
    let (key, out) = (url(label), format!("{label}.crt"));
    let request =
        ["req", "-x509", "-new", "-engine", "pkcs11", "-keyform", "engine", "-subj", "/CN=localhost"];
    let names = ["-addext", "subjectAltName=DNS:localhost", "-days", "2", "-key", &key, "-out", &out];
    let _ = run(&mut engine(t, &[&request[..], &names].concat()));
}

fn dgst_signs_and_openssl_verifies(t: &Test) {
    prepare(t);
    std::fs::write(t.installation.folder().join("message"), "what is signed").unwrap();
    for label in ["rsa", "ec"] {
        certificate(t, label);
        let key = url(label);
        let sign = ["dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256", "-sign", &key];
        let _ = run(engine(t, &sign).args(["-out", "signature", "message"]));
        let public = run(&mut engine(t, &["x509", "-pubkey", "-noout", "-in", &format!("{label}.crt")]));
        std::fs::write(t.installation.folder().join("public.pem"), public).unwrap();
        let verify = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "message"];
        assert_eq!(run(openssl(verify).current_dir(t.installation.folder())), b"Verified OK\n");
    }
}

fn req_makes_a_certificate_that_verifies(t: &Test) {
    prepare(t);
    for label in ["rsa", "ec"] {
        certificate(t, label);
        let file = format!("{label}.crt");
        let mut command = openssl(["verify", "-CAfile", &file, &file]);
        let said = run(command.current_dir(t.installation.folder()));
        assert_eq!(String::from_utf8_lossy(&said).trim(), format!("{file}: OK"));
    }
}

fn s_server_speaks_tls_1_2_and_1_3_with_each_key(t: &Test) {
    prepare(t);
    for label in ["rsa", "ec"] {
        certificate(t, label);
        let (key, file, port) = (url(label), format!("{label}.crt"), free_port());
        let address = format!("127.0.0.1:{port}");
        let serve = ["s_server", "-engine", "pkcs11", "-keyform", "engine", "-key", &key, "-cert", &file];
        let mut command = engine(t, &serve);
        let mut server = Background::start(command.args(["-accept", &address, "-www"]));
        listening(port, &mut server);
        for version in ["-tls1_2", "-tls1_3"] {
            let mut client = openssl(["s_client", "-connect", &address, version, "-CAfile", &file]);
            client.args(["-verify_return_error", "-servername", "localhost", "-ign_eof"]);
            let said = run_with_input(client.current_dir(t.installation.folder()), b"GET / HTTP/1.0\r\n\r\n");
            let said = String::from_utf8_lossy(&said);
            assert!(said.contains("Verify return code: 0 (ok)"), "{label} {version}: {said}");
            assert!(said.contains("HTTP/1.0 200 ok"), "{label} {version}: {said}");
        }
    }
}

fn a_private_key_is_not_exported(t: &Test) {
    prepare(t);
    let key = url("rsa");
    let read = ["pkey", "-engine", "pkcs11", "-inform", "engine", "-in", &key];
    let mut command = engine(t, &read);
    let output = output(&mut command);
    assert!(!told(&command, &output).contains("BEGIN PRIVATE KEY"));
    // The same line finds the key: it is the private half alone that does not come.
    let public = run(&mut engine(t, &[&read[..], &["-pubout"]].concat()));
    assert!(public.starts_with(b"-----BEGIN PUBLIC KEY-----"), "{}", String::from_utf8_lossy(&public));
}
