use std::path::Path;

use pkcs11::constants as c;
use pkcs11::{Access, Attribute, Error, Mechanism, Parameters, Room, UserType};

use super::*;
use crate::{Config, open};

const OFFICER_PIN: &[u8] = b"officer-of-the-trace";
const PIN: &[u8] = b"user-of-the-trace";
const SECRET: &[u8; 32] = b"what-nobody-but-its-owner-reads!";
const LABEL: &[u8] = b"label-of-the-payroll-key";
const PLAINTEXT: &[u8] = b"the salary of the one who signs this";

/// A token of its own in a folder, and the lines of what is asked of it.
fn traced(folder: &Path) -> Traced {
    let config = folder.join("claviger.toml");
    std::fs::write(&config, "data = \"data\"\n[pin]\nmemory = 8192\npasses = 1\n").unwrap();
    let token = open(&Config::from_file(&config).unwrap()).unwrap().token;
    Traced::new(token, Sink::open(&folder.join("trace")).unwrap())
}

/// A mechanism without parameters.
fn plain(mechanism_type: u64) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

/// Makes a token, logs in with a wrong PIN and the right one, and works with a secret.
fn works(token: &dyn Token) {
    let slot = token.slot_list(false, true).unwrap()[0];
    let mut label = [b' '; 32];
    label[..LABEL.len()].copy_from_slice(LABEL);
    token.init_token(slot, Some(OFFICER_PIN), &label).unwrap();
    let session = token.open_session(slot, Access::ReadWrite, true).unwrap();
    token.login(session, UserType::So, Some(OFFICER_PIN)).unwrap();
    token.init_pin(session, Some(PIN)).unwrap();
    token.logout(session).unwrap();
    assert_eq!(token.login(session, UserType::User, Some(SECRET)), Err(Error::PinIncorrect));
    token.login(session, UserType::User, Some(PIN)).unwrap();
    let template = vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_SECRET_KEY),
        Attribute::ulong(c::CKA_KEY_TYPE, c::CKK_AES),
        Attribute::boolean(c::CKA_SENSITIVE, false),
        Attribute::boolean(c::CKA_EXTRACTABLE, true),
        Attribute::bytes(c::CKA_LABEL, LABEL),
        Attribute::bytes(c::CKA_VALUE, SECRET),
    ];
    let key = token.create_object(session, template).unwrap();
    let told = token.attribute_values(session, key, &[c::CKA_CLASS, c::CKA_VALUE, c::CKA_MODULUS]).unwrap();
    assert_eq!(told.len(), 3);
    token.encrypt_init(session, Some(plain(c::CKM_AES_ECB)), key).unwrap();
    let mut sealed = [0; 32];
    assert_eq!(token.encrypt(session, &PLAINTEXT[..32], &mut Room::Buffer(&mut sealed)), Ok(32));
    token.mechanism_info(slot, c::CKM_AES_ECB).unwrap();
    token.close_session(session).unwrap();
}

#[test]
fn a_call_leaves_a_line_with_names_and_lengths_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    works(&traced(folder.path()));
    let text = std::fs::read_to_string(folder.path().join("trace")).unwrap();
    let has = |part: &str| assert!(text.contains(part), "no {part:?} in\n{text}");
    has("C_InitToken(slotID=");
    has(", pPin=20 bytes, pLabel=32 bytes) = CKR_OK; ");
    has(", userType=CKU_USER, pPin=32 bytes) = PinIncorrect; ");
    has(", userType=CKU_USER, pPin=17 bytes) = CKR_OK; ");
    has(
        "pTemplate=[CKA_CLASS: CKO_SECRET_KEY, CKA_KEY_TYPE: CKK_AES, CKA_SENSITIVE: false, CKA_EXTRACTABLE: true, \
         CKA_LABEL: 24 bytes, CKA_VALUE: 32 bytes]) = CKR_OK, ",
    );
    has(
        "pTemplate=[CKA_CLASS, CKA_VALUE, CKA_MODULUS]) = CKR_OK, [CKA_CLASS: CKO_SECRET_KEY, CKA_VALUE: 32 bytes, \
         CKA_MODULUS: unavailable]; ",
    );
    has("pData=32 bytes, pEncryptedData=room for 32 bytes) = CKR_OK, 32 bytes; ");
    has("type=CKM_AES_ECB) = CKR_OK, sizes ");
    let me = format!(" {}/", std::process::id());
    assert!(text.lines().all(|line| line.contains(&me) && line.ends_with(" us")), "{text}");
    for secret in [OFFICER_PIN, PIN, SECRET, LABEL, PLAINTEXT] {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!text.contains(std::str::from_utf8(&secret[..16]).unwrap()), "{text}");
        assert!(!text.to_lowercase().contains(&hex[..16]), "{text}");
    }
}

/// What is added to the traits with a body of its own would otherwise be asked of the wrapper alone.
#[test]
fn every_method_of_a_token_is_handed_on() {
    let table = include_str!("traced.rs");
    let traits = [include_str!("../../pkcs11/cryptoki.rs"), include_str!("../../pkcs11/administration.rs")];
    let methods = traits.iter().flat_map(|text| text.lines()).filter_map(|line| {
        let (name, _) = line.trim_start().strip_prefix("fn ")?.split_once('(')?;
        Some(name)
    });
    let mut seen = 0;
    for method in methods {
        let in_table = table.contains(&format!("=> {method}("));
        assert!(in_table || table.contains(&format!("    fn {method}(")), "{method}");
        seen += 1;
    }
    assert!(seen > 60, "{seen} methods");
}
