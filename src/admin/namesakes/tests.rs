use std::path::Path;

use crate::tests::{Bench, Done, PIN, keeps_its_form, openssl};

const TAKEN: &str = "the ID 01 is that of another already, private key \"first\" (ID 01, unique ID ";

fn run(bench: &Bench, line: &[&str]) -> Done {
    let done = bench.claviger(line, &[PIN]);
    assert_eq!(done.code, 0, "{line:?}: {}", done.err);
    done
}

fn warnings(done: &Done) -> Vec<String> {
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let told = told["warnings"].as_array().unwrap().iter().map(|words| words.as_str().unwrap().to_owned());
    let told: Vec<_> = told.collect();
    for words in &told {
        assert!(done.err.contains(&format!("claviger: {words}\n")), "{}", done.err);
    }
    assert_eq!(done.err.lines().count(), told.len(), "{}", done.err);
    told
}

/// A key and a certificate for it, in a folder.
fn pair(folder: &Path, name: &str) -> (String, String) {
    let at = |end: &str| folder.join(format!("{name}.{end}")).to_str().unwrap().to_owned();
    let (key, cert) = (at("key"), at("pem"));
    let made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let subject = format!("/CN={name}");
    openssl(&[&made[..], &["-subj", &subject, "-keyout", &key, "-out", &cert]].concat());
    (key, cert)
}

#[test]
fn an_id_or_a_label_that_is_in_use_is_told_of_when_a_key_is_made() {
    let bench = Bench::with_token("web");
    let make = |label: &str, id: &str| {
        run(&bench, &["key", "generate", "--type", "ec", "--label", label, "--id", id, "--json"])
    };
    assert_eq!(warnings(&make("first", "01")), [""; 0]);
    let told = warnings(&make("second", "01"));
    assert!(told.len() == 1 && told[0].starts_with(TAKEN), "{told:?}");
    let told = warnings(&make("first", "03"));
    assert_eq!(told, ["there is a key \"first\" already, with ID 01: choose between them by --id"]);
    assert_eq!(warnings(&make("third", "04")), [""; 0]);
    let both = make("first", "01");
    assert_eq!(warnings(&both).len(), 2);
    keeps_its_form("namesakes/warnings.json", &both.out);
    assert_eq!(run(&bench, &["key", "list"]).out.lines().count(), 1 + 5 * 2, "all of them were made");
}

#[test]
fn an_id_that_is_in_use_is_told_of_when_a_key_is_imported() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    run(&bench, &["key", "generate", "--type", "ec", "--label", "first", "--id", "01"]);
    let (key, cert) = pair(folder.path(), "www");
    let taken = run(&bench, &["key", "import", &key, "--label", "www", "--id", "01", "--json"]);
    let told = warnings(&taken);
    assert!(told.len() == 1 && told[0].starts_with(TAKEN), "{told:?}");
    run(&bench, &["key", "delete", "--label", "www", "--yes"]);

    // What belongs together has one ID: nothing to tell.
    assert_eq!(warnings(&run(&bench, &["cert", "import", &cert, "--id", "02", "--json"])), [""; 0]);
    let own = run(&bench, &["key", "import", &key, "--label", "www", "--id", "02", "--json"]);
    assert_eq!(warnings(&own), [""; 0]);
    let public = run(&bench, &["key", "export", "--label", "www"]).out;
    let file = folder.path().join("public.pem");
    std::fs::write(&file, public).unwrap();
    let file = file.to_str().unwrap();
    let again = run(&bench, &["key", "import", file, "--label", "www", "--id", "02", "--json"]);
    assert_eq!(warnings(&again), [""; 0]);
}

#[test]
fn a_certificate_with_the_id_of_a_key_that_it_is_not_for_is_told_of() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    run(&bench, &["key", "generate", "--type", "ec", "--label", "first", "--id", "01"]);
    let (_, cert) = pair(folder.path(), "www");
    let done = run(&bench, &["cert", "import", &cert, "--id", "01", "--json"]);
    let told = warnings(&done);
    assert!(told.len() == 1 && told[0].starts_with(TAKEN), "{told:?}");
    let (_, other) = pair(folder.path(), "other");
    let told = warnings(&run(&bench, &["cert", "import", &other, "--id", "01", "--json"]));
    assert_eq!(told.len(), 1);
    let there = run(&bench, &["cert", "import", &other, "--json"]);
    assert_eq!(warnings(&there), ["the certificate \"other\" is there already"]);
}
