//! 4: the host's OpenSSL calls us, and what we compute with never meets it.

use std::process::Command;

use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{
    Background, free_port, listening, openssl, over, program, require, run, run_with_input,
};
use pkcs11_tests::{Test, USER_PIN, on_claviger};

on_claviger!(
    pain_04_the_library_gives_and_takes_nothing_of_libcrypto,
    pain_04_openssl_works_with_the_engine_for_everything,
    pain_04_tls_works_with_the_engine_for_everything,
);

/// Makes an RSA and an EC pair, and a configuration that gives OpenSSL the engine, with `more` lines about it.
pub(crate) fn prepare(t: &Test, more: &str) {
    let said = String::from_utf8(run(&mut openssl(["version", "-e"]))).unwrap();
    require(&format!("{}/pkcs11.so", said.split('"').nth(1).unwrap()), "libengine-pkcs11-openssl");
    let session = t.token().user_session();
    let _rsa = generate(t.module, session, Kind::Rsa, true, "rsa");
    let _ec = generate(t.module, session, Kind::P256, true, "ec");
    assert_eq!(t.module.finalize(), 0);
    let module = t.module.path().display();
    let text = format!(
        "openssl_conf = openssl\n[openssl]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\nengine_id = \
         pkcs11\nMODULE_PATH = {module}\n{more}init = 1\n[req]\ndistinguished_name = name\n[name]\n"
    );
    std::fs::write(t.installation.folder().join("openssl.cnf"), text).unwrap();
}

/// The key's name to the engine.
pub(crate) fn url(label: &str) -> String {
    format!("pkcs11:token=a%20token%20under%20test;object={label};type=private?pin-value={USER_PIN}")
}

/// `openssl` with the engine at hand, in the test's folder.
pub(crate) fn openssl_with_engine(t: &Test, arguments: &[&str]) -> Command {
    let mut command = openssl(arguments);
    command.env("OPENSSL_CONF", t.installation.folder().join("openssl.cnf"));
    command.current_dir(t.installation.folder());
    over(&mut command, &t.installation);
    command
}

fn pain_04_the_library_gives_and_takes_nothing_of_libcrypto(t: &Test) {
    let mut nm = program("nm", "binutils");
    let given = String::from_utf8(run(nm.args(["-D", "--defined-only"]).arg(t.module.path()))).unwrap();
    let names: Vec<&str> = given.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(names.len() > 68);
    let others: Vec<&&str> = names.iter().filter(|name| !name.starts_with("C_")).collect();
    assert_eq!(others, [&""; 0]);
    let mut needed = program("readelf", "binutils");
    let needed = String::from_utf8(run(needed.arg("-d").arg(t.module.path()))).unwrap();
    assert!(needed.contains("libc.so.6") && !needed.contains("libcrypto"), "{needed}");
}

fn pain_04_openssl_works_with_the_engine_for_everything(t: &Test) {
    prepare(t, "default_algorithms = ALL\n");
    let does = |arguments: &[&str]| String::from_utf8(run(&mut openssl_with_engine(t, arguments))).unwrap();
    assert!(does(&["list", "-engines"]).contains("pkcs11"));
    assert!(does(&["list", "-digest-algorithms"]).contains("SHA2-256"));
    let _rsa = does(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "own.key"]);
    let _ec =
        does(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "own-ec.key"]);
    assert_eq!(does(&["rand", "-hex", "16"]).trim().len(), 32);
    // `req` with a key of its own fails where the engine stands for everything, whatever module is behind it.
    std::fs::write(t.installation.folder().join("data.txt"), "data").unwrap();
    for key in ["own.key", "own-ec.key"] {
        let _public = does(&["pkey", "-in", key, "-pubout", "-out", "own.pub"]);
        let _signed = does(&["dgst", "-sha256", "-sign", key, "-out", "data.sig", "data.txt"]);
        let said = does(&["dgst", "-sha256", "-verify", "own.pub", "-signature", "data.sig", "data.txt"]);
        assert_eq!(said, "Verified OK\n", "{key}");
    }
    let key = url("rsa");
    let ours = [
        "req", "-x509", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key", &key, "-subj", "/CN=ours",
    ];
    let _made = does(&[&ours[..], &["-days", "2", "-out", "ours.crt"]].concat());
    assert!(does(&["verify", "-CAfile", "ours.crt", "ours.crt"]).contains("OK"));
}

fn pain_04_tls_works_with_the_engine_for_everything(t: &Test) {
    prepare(t, "default_algorithms = ALL\n");
    let (key, port) = (url("ec"), free_port());
    let address = format!("127.0.0.1:{port}");
    let with_key = ["-engine", "pkcs11", "-keyform", "engine", "-key", &key];
    let request =
        [&["req", "-x509", "-new", "-subj", "/CN=localhost", "-days", "2", "-out", "tls.crt"][..], &with_key];
    let _made = run(&mut openssl_with_engine(t, &request.concat()));
    let serve = [&["s_server", "-cert", "tls.crt", "-accept", &address, "-www"][..], &with_key].concat();
    let mut server = Background::start(&mut openssl_with_engine(t, &serve));
    listening(port, &mut server);
    for version in ["-tls1_2", "-tls1_3"] {
        let connect =
            ["s_client", "-connect", &address, version, "-CAfile", "tls.crt", "-verify_return_error"];
        let mut client = openssl_with_engine(t, &[&connect[..], &["-ign_eof"]].concat());
        let said = run_with_input(&mut client, b"GET / HTTP/1.0\r\n\r\n");
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("Verify return code: 0 (ok)") && said.contains("HTTP/1.0 200 ok"), "{said}");
    }
}
