//! What is asked of mechanisms when they wrap keys, and not of them otherwise.

use super::*;

#[test]
fn a_key_is_wrapped_and_unwrapped_only_under_a_tag_of_96_bits_or_more() {
    let key = key(&[1; 16]);
    for tag_bits in [128, 120, 112, 104, 96] {
        let sealed = whole(Can::wrap, &gcm(&[1], b"", tag_bits), &key, b"a key").unwrap();
        assert_eq!(whole(Can::unwrap, &gcm(&[1], b"", tag_bits), &key, &sealed), Ok(b"a key".to_vec()));
    }
    for tag_bits in [64, 32] {
        let sealed = whole(Can::encrypt, &gcm(&[1], b"", tag_bits), &key, b"a message").unwrap();
        for ability in [Can::wrap as Ability, Can::unwrap] {
            let refused = whole(ability, &gcm(&[1], b"", tag_bits), &key, &sealed);
            assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
        }
    }
}

#[test]
fn key_wrapping_takes_more_than_a_mebibyte() {
    let key = key(&[1; 16]);
    let much: Vec<u8> = (0..=255).cycle().take((1 << 20) + 8).collect();
    for mechanism in wraps() {
        let wrapped = whole(Can::encrypt, &mechanism, &key, &much).unwrap();
        assert!(whole(Can::decrypt, &mechanism, &key, &wrapped).unwrap() == much);
        assert!(in_parts(Can::decrypt, &mechanism, &key, wrapped.chunks(1 << 19)).unwrap() == much);
    }
}
