//! The demonstration of TLS offload that the repository ships.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pkcs11_tests::program::{program, run};
use pkcs11_tests::{Test, on_claviger};

on_claviger!(the_nginx_demo_works_twice);

fn the_nginx_demo_works_twice(t: &Test) {
    let demo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/nginx/demo");
    for needed in ["nginx", "curl", "cc"] {
        let _ = program(needed, needed);
    }
    for round in 0..2 {
        let mut command = program("bash", "bash");
        command.arg(&demo).env("MODULE", t.module.path()).env("TMPDIR", t.installation.folder());
        std::fs::set_permissions(t.installation.folder(), PermissionsExt::from_mode(0o711)).unwrap();
        let said = String::from_utf8(run(&mut command)).unwrap();
        assert_eq!(said.lines().last(), Some("TLS offload works"), "in round {round}: {said}");
        let left: Vec<_> = std::fs::read_dir(t.installation.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("claviger-demo."))
            .collect();
        assert!(left.is_empty(), "round {round} left {left:?}");
    }
}
