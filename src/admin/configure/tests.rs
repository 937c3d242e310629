use std::os::unix::fs::symlink;

use super::*;
use crate::tests::Bench;

fn installation(token: &str) -> Installation {
    Installation {
        module: "/usr/lib/pkcs11/libclaviger.so".into(),
        configuration: Some("/srv/claviger.toml".into()),
        token: token.to_owned(),
        slot: Some(17),
        pin: "/srv/user.pin".into(),
    }
}

#[test]
fn every_place_is_filled_in() {
    for snippet in SNIPPETS {
        let text = installation("web").fill(snippet.text, "tls", None);
        assert!(!text.contains('@'), "{}: {text}", snippet.client);
        assert!(text.ends_with('\n') && text.len() > snippet.text.len(), "{}", snippet.client);
    }
}

#[test]
fn a_label_is_encoded_for_where_it_stands() {
    let awkward = installation("a&b; <ü>");
    let nginx = awkward.fill(Nginx::SNIPPET.text, "my key?", None);
    assert!(
        nginx.contains(
            "\"engine:pkcs11:pkcs11:token=a%26b%3B%20%3C%C3%BC%3E;object=my%20key%3F;type=private?pin-source=file:/srv/user.pin\""
        ),
        "{nginx}"
    );
    let opendnssec = awkward.fill(Opendnssec::SNIPPET.text, "", None);
    assert!(opendnssec.contains("<TokenLabel>a&amp;b; &lt;ü&gt;</TokenLabel>"), "{opendnssec}");
}

#[test]
fn the_one_token_is_taken_and_its_slot_told() {
    let bench = Bench::with_token("web");
    let done = bench.claviger(&["configure", "java", "--module", "/usr/lib/libclaviger.so"], &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("library = /usr/lib/libclaviger.so\n"), "{}", done.out);
    let slot = done.out.lines().find_map(|line| line.strip_prefix("slot = ")).unwrap();
    assert!(slot.parse::<u64>().is_ok(), "{slot}");
}

#[test]
fn a_token_that_is_not_there_is_told_of_and_its_configuration_written_all_the_same() {
    let bench = Bench::empty();
    let line = ["configure", "nginx", "--module", "/m.so", "--token", "mail", "--key", "tls"];
    let done = bench.claviger(&line, &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("the token \"mail\" is not seen here"), "{}", done.err);
    assert!(done.out.contains("pkcs11:token=mail;object=tls;type=private"), "{}", done.out);
}

#[test]
fn a_path_with_a_blank_or_a_quote_is_refused() {
    let bench = Bench::with_token("web");
    for path in ["/a b/m.so", "/a\"b", "/a\nb"] {
        let done = bench.claviger(&["configure", "p11-kit", "--module", path], &[]);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{path:?}");
        assert!(done.err.contains("--module"), "{}", done.err);
    }
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claviger.module");
    let output = path.to_str().unwrap();
    let line = ["configure", "p11-kit", "--module", "/m.so", "--output", output];
    let written = || fs::read_to_string(&path).unwrap();
    assert_eq!(bench.claviger(&line, &[]).code, 0);
    assert!(written().contains("module: /m.so\n"));

    fs::write(&path, "somebody's").unwrap();
    let refused = bench.claviger(&line, &[]);
    assert_eq!((refused.code, written().as_str()), (1, "somebody's"));
    assert!(refused.err.contains("is there already") && refused.err.contains("--force"), "{}", refused.err);

    let forced = bench.claviger(&[&line[..], &["--force"]].concat(), &[]);
    assert_eq!((forced.code, forced.out.as_str()), (0, ""));
    assert!(written().contains("module: /m.so\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_file_says_its_own_name() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    for (client, before) in
        [("openssl", "OPENSSL_CONF="), ("java", "-providerArg "), ("nss", "sh "), ("curl", "curl --config ")]
    {
        let path = folder.path().join(client);
        let named = format!("{before}{}", path.display());
        let line = ["configure", client, "--module", "/m.so", "--output", path.to_str().unwrap()];
        let done = bench.claviger(&line, &[]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(fs::read_to_string(&path).unwrap().contains(&named), "{client}");
        assert!(done.err.contains(&named), "{}", done.err);
        let printed = bench.claviger(&["configure", client, "--module", "/m.so"], &[]);
        assert!(printed.out.contains(&format!("{before}FILE")), "{}", printed.out);
    }
}

#[test]
fn a_link_that_leads_nowhere_is_not_written_through() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let (link, named) = (folder.path().join("link"), folder.path().join("named"));
    symlink(&named, &link).unwrap();
    let line = ["configure", "p11-kit", "--module", "/m.so", "--output", link.to_str().unwrap()];
    assert_eq!(bench.claviger(&line, &[]).code, 1);
    assert!(!named.exists());
}

#[test]
fn a_folder_that_is_not_there_is_told_of() {
    let bench = Bench::with_token("web");
    let line = ["configure", "p11-kit", "--module", "/m.so", "--output", "/nonexistent/claviger.module"];
    for force in [&[][..], &["--force"]] {
        let done = bench.claviger(&[&line[..], force].concat(), &[]);
        assert_eq!(done.code, 1);
        assert!(done.err.contains("/nonexistent/claviger.module cannot be written"), "{}", done.err);
    }
}

#[test]
fn json_holds_the_text_and_where_it_goes() {
    let bench = Bench::with_token("web");
    let done = bench.claviger(&["configure", "p11-kit", "--module", "/m.so", "--json"], &[]);
    assert_eq!(done.out, include_str!("p11-kit.json"));
}
