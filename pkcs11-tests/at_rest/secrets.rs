//! What the files tell somebody who reads them: nothing that was stored.

use std::fs;
use std::path::{Path, PathBuf};

use cryptoki_sys::{
    CKA_APPLICATION, CKA_CLASS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_PRIME_1,
    CKA_PRIVATE, CKA_PRIVATE_EXPONENT, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE, CKO_DATA, CKR_OK,
};
use pkcs11_tests::keys::{Kind, attribute};
use pkcs11_tests::program::hex;
use pkcs11_tests::{SO_PIN, Template, Test, USER_PIN, assert_rv, on_claviger};

on_claviger!(
    no_file_of_the_token_holds_what_was_stored,
    the_log_holds_no_secret_at_its_loudest,
    the_search_would_find_them,
    files_and_folders_are_for_their_owner_alone,
);

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=group.len()].copy_from_slice(group);
        let word = u32::from_be_bytes(word);
        for digit in 0..=group.len() {
            text.push(char::from(ALPHABET[(word >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    text
}

/// The ways in which bytes could lie in a file.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("raw", secret.to_vec()),
        ("hex", hex(secret).into_bytes()),
        ("HEX", hex(secret).to_uppercase().into_bytes()),
        ("reversed", secret.iter().rev().copied().collect()),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        forms.push(("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        forms.push(("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    }
    for offset in 0..3 {
        // Only the digits that the secret alone decides, wherever it begins within a group of three.
        let text = base64(&[vec![0; offset], secret.to_vec()].concat());
        let first = (offset * 8).div_ceil(6);
        let last = (offset + secret.len()) * 8 / 6;
        forms.push(("base64", text.as_bytes()[first..last].to_vec()));
    }
    forms
}

/// Where one of the secrets shows.
pub(crate) fn shows(folder: &Path, secrets: &[(&str, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        for (name, secret) in secrets {
            assert!(secret.len() >= 8, "{name} is too short to be told from chance");
            for (form, needle) in forms(secret) {
                if bytes.windows(needle.len()).any(|window| window == needle) {
                    found.push(format!("{name} as {form} in {}", file.display()));
                }
            }
        }
    }
    found
}

const LABEL: &str = "label-of-the-payroll-key";
const ID: &[u8] = b"id-of-the-payroll-key";
const NOTE: &str = "a note that nobody else may read";

/// Stores keys, objects, labels, IDs and PINs; gives everything that must not show.
pub(crate) fn stored(t: &Test) -> Vec<(&'static str, Vec<u8>)> {
    let token = t.token();
    let session = token.user_session();
    let m = t.module;
    let mut secrets = vec![
        ("SO PIN", SO_PIN.as_bytes().to_vec()),
        ("user PIN", USER_PIN.as_bytes().to_vec()),
        ("label", LABEL.as_bytes().to_vec()),
        ("id", ID.to_vec()),
        ("note", NOTE.as_bytes().to_vec()),
        ("application", b"application-of-the-note".to_vec()),
    ];
    for kind in [Kind::Rsa, Kind::P256, Kind::P384] {
        let named =
            |template: Template| template.boolean(CKA_TOKEN, true).bytes(CKA_LABEL, LABEL).bytes(CKA_ID, ID);
        let open = kind.private_template().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
        let (rv, public, private) = m.generate_key_pair(
            session,
            Some(&kind.generator()),
            &named(kind.public_template()),
            &named(open),
        );
        assert_rv!(rv, CKR_OK);
        if kind == Kind::Rsa {
            secrets.push(("private exponent", attribute(m, session, private, CKA_PRIVATE_EXPONENT)));
            secrets.push(("prime", attribute(m, session, private, CKA_PRIME_1)));
            secrets.push(("modulus", attribute(m, session, public, CKA_MODULUS)));
        } else {
            secrets.push(("EC private value", attribute(m, session, private, CKA_VALUE)));
            secrets.push(("EC point", attribute(m, session, public, CKA_EC_POINT)));
        }
    }
    for private in [true, false] {
        let note = Template::new()
            .ulong(CKA_CLASS, CKO_DATA)
            .boolean(CKA_TOKEN, true)
            .boolean(CKA_PRIVATE, private)
            .bytes(CKA_LABEL, LABEL)
            .bytes(CKA_APPLICATION, "application-of-the-note")
            .bytes(CKA_VALUE, NOTE);
        assert_rv!(m.create_object(session, &note).0, CKR_OK);
    }
    let newer = "the-pin-that-came-later";
    assert_rv!(m.set_pin(session, USER_PIN.into(), newer.into()), CKR_OK);
    secrets.push(("newer PIN", newer.as_bytes().to_vec()));
    secrets
}

fn no_file_of_the_token_holds_what_was_stored(t: &Test) {
    let secrets = stored(t);
    assert!(files(&t.installation.data()).len() >= 4);
    assert_eq!(shows(&t.installation.data(), &secrets), [""; 0], "while the token is open");
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_eq!(shows(&t.installation.data(), &secrets), [""; 0], "after it was closed");
}

fn the_log_holds_no_secret_at_its_loudest(t: &Test) {
    let loud = fs::read_to_string(t.installation.configuration()).unwrap().replace("\"warn\"", "\"debug\"");
    fs::write(t.installation.configuration(), loud).unwrap();
    let secrets = stored(t);
    let token =
        pkcs11_tests::Token { module: t.module, slot: pkcs11_tests::token::initialised_slots(t.module)[0] };
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    let session = token.open_rw();
    assert_ne!(t.module.login(session, 1, "a-wrong-pin-for-the-log".into()), CKR_OK);
    let mut secrets = secrets;
    secrets.push(("wrong PIN", b"a-wrong-pin-for-the-log".to_vec()));
    let aside = t.installation.folder().join("log");
    fs::create_dir(&aside).unwrap();
    fs::copy(t.installation.folder().join("output"), aside.join("output")).unwrap();
    assert_eq!(shows(&aside, &secrets), [""; 0]);
}

fn the_search_would_find_them(t: &Test) {
    let folder = t.installation.folder().join("planted");
    fs::create_dir(&folder).unwrap();
    let secrets = [("note", NOTE.as_bytes().to_vec())];
    for (form, bytes) in forms(NOTE.as_bytes()) {
        fs::write(folder.join("file"), [b"before".as_slice(), &bytes, b"after"].concat()).unwrap();
        assert_ne!(shows(&folder, &secrets), [""; 0], "{form}");
    }
    fs::write(folder.join("file"), base64(&[b"x", NOTE.as_bytes(), b"yz"].concat())).unwrap();
    assert_ne!(shows(&folder, &secrets), [""; 0]);
    assert_eq!(base64(b"light work."), "bGlnaHQgd29yay4");
    fs::write(folder.join("file"), "nothing of it").unwrap();
    assert_eq!(shows(&folder, &secrets), [""; 0]);
}

fn files_and_folders_are_for_their_owner_alone(t: &Test) {
    use std::os::unix::fs::MetadataExt as _;
    let _secrets = stored(t);
    for file in files(&t.installation.data()) {
        let mode = fs::metadata(&file).unwrap().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", file.display());
    }
    for folder in ["tokens", "device-keys"] {
        let mode = fs::metadata(t.installation.data().join(folder)).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700, "{folder}");
    }
}
