//! 1: programs that end in whatever order, with and without `C_Finalize`.

use std::process::{Command, Stdio};

use cryptoki_sys::CKR_CRYPTOKI_NOT_INITIALIZED;
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{Background, free_port, listening, openssl, over, program, run};
use pkcs11_tests::{Test, USER_PIN, on_claviger};

use crate::host_openssl::{openssl_with_engine, prepare, url};

on_claviger!(
    pain_01_openssl_signs_and_exits,
    pain_01_a_tls_server_exits_when_it_has_served,
    pain_01_a_tls_server_exits_when_it_is_told_to,
    pain_01_p11tool_signs_and_exits,
    pain_01_certutil_lists_and_exits,
    pain_01_python_exits_with_and_without_finalize,
);

fn pain_01_openssl_signs_and_exits(t: &Test) {
    prepare(t, "");
    std::fs::write(t.installation.folder().join("data.txt"), "data").unwrap();
    for label in ["rsa", "ec"] {
        let key = url(label);
        let sign = ["dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256", "-sign", &key, "data.txt"];
        assert!(!run(&mut openssl_with_engine(t, &sign)).is_empty(), "{label}");
    }
}

fn pain_01_p11tool_signs_and_exits(t: &Test) {
    let session = t.token().user_session();
    let _rsa = generate(t.module, session, Kind::Rsa, true, "rsa");
    assert_eq!(t.module.finalize(), 0);
    let mut command = program("p11tool", "gnutls-bin");
    command.arg("--provider").arg(t.module.path()).env("GNUTLS_PIN", USER_PIN);
    command.args(["--batch", "--login", "--test-sign", &url("rsa")]);
    let _said = run(over(&mut command, &t.installation));
}

/// `openssl s_server` with a key of the token, and the port that it listens on.
fn tls_server(t: &Test, label: &str, more: &[&str]) -> (Background, u16) {
    let (key, port) = (url(label), free_port());
    let address = format!("127.0.0.1:{port}");
    let with_key = ["-engine", "pkcs11", "-keyform", "engine", "-key", &key];
    let request = ["req", "-x509", "-new", "-subj", "/CN=localhost", "-days", "2", "-out", "tls.crt"];
    let _made = run(&mut openssl_with_engine(t, &[&request[..], &with_key].concat()));
    let serve = [&["s_server", "-cert", "tls.crt", "-accept", &address][..], &with_key, more].concat();
    let mut server = Background::start(openssl_with_engine(t, &serve).stdout(Stdio::null()));
    // What looks whether it listens is a client too, and the first.
    listening(port, &mut server);
    (server, port)
}

/// A client of its own, without the engine.
fn tls_client(t: &Test, port: u16) -> Command {
    let mut client = openssl(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-CAfile", "tls.crt"]);
    client.arg("-verify_return_error").current_dir(t.installation.folder());
    client
}

fn pain_01_a_tls_server_exits_when_it_has_served(t: &Test) {
    prepare(t, "");
    for label in ["rsa", "ec"] {
        let (mut server, port) = tls_server(t, label, &["-naccept", "2"]);
        let said = String::from_utf8_lossy(&run(&mut tls_client(t, port))).into_owned();
        assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
        let status = server.end();
        assert_eq!(status.code(), Some(0), "{label}: {status:?}");
    }
}

/// `Q` at the beginning of a line, while a client is there, ends the connection and the server.
fn pain_01_a_tls_server_exits_when_it_is_told_to(t: &Test) {
    prepare(t, "");
    for label in ["rsa", "ec"] {
        let (mut server, port) = tls_server(t, label, &[]);
        let mut client = Background::start(tls_client(t, port).stdout(Stdio::piped()));
        let mut lines = client.lines();
        while lines.next_line().expect("a handshake").trim() != "Verify return code: 0 (ok)" {}
        server.say(b"Q\n");
        let status = server.end();
        assert_eq!(status.code(), Some(0), "{label}: {status:?}");
    }
}

fn pain_01_certutil_lists_and_exits(t: &Test) {
    let session = t.token().user_session();
    let _rsa = generate(t.module, session, Kind::Rsa, true, "rsa");
    assert_eq!(t.module.finalize(), 0);
    let folder = t.installation.folder().join("nss");
    std::fs::create_dir(&folder).unwrap();
    let database = format!("sql:{}", folder.display());
    let _made = run(program("certutil", "libnss3-tools").args(["-N", "--empty-password", "-d", &database]));
    let mut text = std::fs::read_to_string(folder.join("pkcs11.txt")).unwrap();
    text += &format!("\nlibrary={}\nname=claviger\n", t.module.path().display());
    std::fs::write(folder.join("pkcs11.txt"), text).unwrap();
    let pin = t.installation.folder().join("pin");
    std::fs::write(&pin, USER_PIN).unwrap();
    let mut command = program("certutil", "libnss3-tools");
    command.args(["-K", "-d", &database, "-h", "a token under test", "-f"]).arg(pin);
    let said = String::from_utf8(run(over(&mut command, &t.installation))).unwrap();
    assert!(said.contains("rsa"), "{said}");
}

/// Leaves threads inside, and calls once more after everything, as handlers of others do at an exit.
const LEAVES: &str = "
import atexit, ctypes, sys, threading
module = ctypes.CDLL(sys.argv[1])
assert module.C_Initialize(None) == 0
info = ctypes.create_string_buffer(1024)
def asks():
    while module.C_GetInfo(info) == 0:
        pass
for _ in range(4):
    threading.Thread(target=asks, daemon=True).start()
if sys.argv[2] == 'finalizes':
    assert module.C_Finalize(None) == 0
    answer = module.C_GetInfo(ctypes.create_string_buffer(1024))
    assert answer == int(sys.argv[3]), hex(answer)
atexit.register(module.C_GetInfo, ctypes.create_string_buffer(1024))
print('done')
";

fn pain_01_python_exits_with_and_without_finalize(t: &Test) {
    let _token = t.token();
    assert_eq!(t.module.finalize(), 0);
    for leaves in ["finalizes", "just leaves"] {
        for _ in 0..5 {
            let mut command = program("python3", "python3");
            command.args(["-c", LEAVES]).arg(t.module.path()).arg(leaves);
            command.arg(CKR_CRYPTOKI_NOT_INITIALIZED.to_string());
            assert_eq!(run(over(&mut command, &t.installation)), b"done\n", "{leaves}");
        }
    }
}
