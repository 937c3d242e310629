//! 1: programs that end in whatever order, with and without `C_Finalize`.

use cryptoki_sys::CKR_CRYPTOKI_NOT_INITIALIZED;
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{over, program, run};
use pkcs11_tests::{Test, USER_PIN, on_claviger};

use crate::host_openssl::{openssl_with_engine, prepare, url};

on_claviger!(
    pain_01_openssl_signs_and_exits,
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

/// Debian's certutil is no part of the tests' packages: where it is not, there is nothing to try.
fn pain_01_certutil_lists_and_exits(t: &Test) {
    if !std::path::Path::new("/usr/bin/certutil").exists() {
        eprintln!("certutil (libnss3-tools) is not installed");
        return;
    }
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
