use pkcs11::Secret;
use pkcs11::constants as c;

use super::*;

fn refusing() -> impl FnMut() -> std::result::Result<Secret, Refusal> {
    || Err(Refusal::NotAsked)
}

fn reason(bytes: &[u8]) -> String {
    match parse(bytes, &mut refusing()) {
        Err(Refusal::Form(reason, _)) => reason,
        other => panic!("{other:?}"),
    }
}

/// The private key of RFC 8410 section 10.3.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
/// The public key of RFC 8410 section 10.1.
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

#[test]
fn keys_are_read_whatever_text_stands_around_them() {
    let text = format!("a comment\r\n{}\nand another\n{ED25519_PUBLIC}", ED25519.replace('\n', "\r\n"));
    let contents = parse(text.as_bytes(), &mut refusing()).unwrap();
    assert_eq!((contents.private_keys.len(), contents.public_keys.len()), (1, 1));
    assert_eq!(contents.private_keys[0].key_type, c::CKK_EC_EDWARDS);
    let value = contents.private_keys[0].attributes.iter().find(|a| a.attribute_type == c::CKA_VALUE);
    assert_eq!(value.map(|value| format!("{:?}", value.value)).unwrap(), "Bytes(Secret(32 bytes))");
}

#[test]
fn what_is_no_key_is_told() {
    assert!(reason(b"").contains("neither a key nor a certificate"));
    assert!(reason(b"hello").contains("neither a key nor a certificate"));
    assert!(reason(&[0; 4096]).contains("neither a key nor a certificate"));
    assert!(reason(b"-----BEGIN PRIVATE KEY-----\nMC4C").contains("has no end"));
    let damaged = ED25519.replace("MC4C", "MC4!");
    assert!(reason(damaged.as_bytes()).contains("base64"));
    let other = ED25519.replace("PRIVATE KEY", "DH PARAMETERS");
    assert!(reason(other.as_bytes()).contains("DH PARAMETERS"));
    let old = ED25519.replace("KEY-----\nMC", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nMC");
    assert!(reason(old.as_bytes()).contains("old way"));
}

#[test]
fn no_cut_and_no_flipped_bit_of_a_file_panics() {
    let whole = pem_rfc7468::decode_vec(ED25519.as_bytes()).unwrap().1;
    for length in 0..whole.len() {
        let outcome = parse(&whole[..length], &mut refusing());
        assert!(outcome.is_err(), "{length} bytes");
    }
    for at in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        if let Ok(contents) = parse(&bytes, &mut refusing()) {
            assert!(!contents.is_empty(), "bit {at}");
        }
    }
}
