use crate::tests::{Bench, PIN, keeps_its_form, openssl};

#[test]
fn a_certificate_gets_the_id_of_its_key_and_is_shown_exported_and_deleted() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, cert) = (path("key.pem"), path("cert.pem"));
    let subject = ["-subj", "/CN=www.example.org/O=Example", "-days", "3650", "-set_serial", "0x1234"];
    let made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(&[&made[..], &["-keyout", &key, "-out", &cert], &subject].concat());
    let imported = bench.claviger(&["key", "import", &key, "--label", "tls", "--id", "0a0b"], &[PIN]);
    assert_eq!(imported.code, 0, "{}", imported.err);

    let imported = bench.claviger(&["cert", "import", &cert, "--json"], &[PIN]);
    assert_eq!((imported.code, imported.err.as_str()), (0, ""));
    keeps_its_form("cert/import.json", &imported.out);
    let again = bench.claviger(&["cert", "import", &cert], &[PIN]);
    assert_eq!((again.code, again.out.as_str()), (0, ""));
    assert_eq!(again.err, "claviger: the certificate \"www.example.org\" is there already\n");

    let listed = bench.claviger(&["cert", "list"], &[]);
    let row = listed.out.lines().nth(1).unwrap();
    assert!(row.starts_with("www.example.org  O=Example,CN=www.example.org  20"), "{row}");
    assert!(row.ends_with("Z  0a0b"), "{row}");
    let shown = bench.claviger(&["cert", "show", "--id", "0a0b"], &[]);
    assert!(shown.out.contains("serial number  1234\n"), "{}", shown.out);
    let exported = bench.claviger(&["cert", "export", "--label", "www.example.org"], &[]);
    assert_eq!(exported.out, std::fs::read_to_string(&cert).unwrap());
    let there = bench.claviger(&["cert", "export", "--id", "0a0b", "--out", &cert], &[]);
    assert_eq!((there.code, there.out.as_str()), (1, ""));
    assert!(there.err.contains("name another file"), "{}", there.err);

    let deleted = bench.claviger(&["cert", "delete", "--id", "0a0b", "--yes"], &[PIN]);
    assert_eq!(deleted.code, 0, "{}", deleted.err);
    assert_eq!(bench.claviger(&["cert", "list"], &[]).out.lines().count(), 1);
    assert_eq!(bench.claviger(&["key", "list"], &[PIN]).out.lines().count(), 3, "the keys stay");
}

#[test]
fn a_key_is_no_certificate() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", key.to_str().unwrap()]);
    let done = bench.claviger(&["cert", "import", key.to_str().unwrap()], &[PIN]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("claviger key import"), "{}", done.err);
}

#[test]
fn the_json_of_certificates_keeps_its_form() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, cert) = (path("key.pem"), path("cert.pem"));
    let made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let subject = ["-subj", "/CN=www", "-set_serial", "0x1234", "-keyout", &key, "-out", &cert];
    openssl(&[&made[..], &subject].concat());
    let run = |line: &[&str]| {
        let done = bench.claviger(line, &[PIN]);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{line:?}");
        done.out
    };
    run(&["cert", "import", &cert, "--id", "0a"]);
    keeps_its_form("cert/list.json", &run(&["cert", "list", "--json"]));
    keeps_its_form("cert/show.json", &run(&["cert", "show", "--id", "0a", "--json"]));
    let exported = run(&["cert", "export", "--id", "0a", "--json"]);
    keeps_its_form("cert/export.json", &exported);
    let told: serde_json::Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(told["pem"], std::fs::read_to_string(&cert).unwrap());
    let file = path("out.pem");
    let exported = run(&["cert", "export", "--id", "0a", "--out", &file, "--json"]);
    keeps_its_form("cert/export_into_a_file.json", &exported);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&cert).unwrap());
    keeps_its_form("cert/delete.json", &run(&["cert", "delete", "--id", "0a", "--yes", "--json"]));
}
