use super::*;
use crate::fixtures::hex;

fn ours() -> VaultPrimitives {
    VaultPrimitives::new()
}

#[test]
fn rfc_8452_vectors_of_aes_256_gcm_siv_come_out() {
    // Appendix C.2: associated data, plain text, result.
    let vectors = [
        ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
        ("", "0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
        (
            "",
            "0100000000000000000000000000000002000000000000000000000000000000",
            "4a6a9db4c8c6549201b9edb53006cba821ec9cf850948a7c86c68ac7539d027fe819e63abcd020b006a976397632eb5d",
        ),
        (
            "010000000000000000000000000000000200",
            "0300000000000000000000000000000004000000",
            "43dd0163cdb48f9fe3212bf61b201976067f342bb879ad976d8242acc188ab59cabfe307",
        ),
    ];
    let key = Secret::new(hex("0100000000000000000000000000000000000000000000000000000000000000"));
    let nonce: [u8; NONCE] = hex("030000000000000000000000").try_into().unwrap();
    for (associated, plain, result) in vectors {
        let sealed = seal_under(nonce, &key, &hex(associated), &hex(plain)).unwrap();
        assert_eq!(sealed, [&nonce[..], &hex(result)].concat());
        let opened = ours().open(&key, &hex(associated), &sealed).unwrap();
        assert_eq!(opened.expose(), hex(plain));
    }
}

#[test]
fn a_sealed_box_opens_under_its_key_and_associated_data_alone() {
    let primitives = ours();
    let key = Secret::new(vec![7; 32]);
    let sealed = primitives.seal(&key, b"row 1", b"plain").unwrap();
    assert_eq!(sealed.len(), 5 + SEAL_OVERHEAD);
    assert_ne!(sealed, primitives.seal(&key, b"row 1", b"plain").unwrap(), "a nonce came twice");
    assert_eq!(primitives.open(&key, b"row 1", &sealed), Some(Secret::from(&b"plain"[..])));
    assert_eq!(primitives.open(&key, b"row 2", &sealed), None);
    assert_eq!(primitives.open(&Secret::new(vec![8; 32]), b"row 1", &sealed), None);
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 0x80;
        assert_eq!(primitives.open(&key, b"row 1", &changed), None, "byte {i}");
        assert_eq!(primitives.open(&key, b"row 1", &sealed[..i]), None, "cut at {i}");
    }
    for len in [0, 16, 31, 33] {
        let key = Secret::new(vec![7; len]);
        assert!(primitives.seal(&key, b"", b"").is_err());
        assert_eq!(primitives.open(&key, b"row 1", &sealed), None);
    }
}

#[test]
fn rfc_5869_vectors_of_hkdf_sha256_come_out() {
    // Appendix A.1 and A.3: pseudorandom key, info, the first 32 bytes of the output.
    for (key, info, output) in [
        (
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ] {
        let (key, info) = (hex(key), hex(info));
        let (first, second) = info.split_at(info.len() / 2);
        assert_eq!(ours().expand_sha256(&key, &[first, second]).expose(), hex(output));
    }
}

#[test]
fn hkdf_sha384_is_extract_and_expand_as_written_out() {
    // RFC 5869 section 2 by hand over HMAC, since it has no vector of SHA-384.
    let mac = |key: &[u8], parts: &[&[u8]]| {
        let mut mac = <Hmac<Sha384> as KeyInit>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes()
    };
    let key = mac(b"salt", &[b"input"]);
    let expected = mac(&key, &[b"info", &[1]]);
    let found = ours().hkdf_sha384(b"salt", &[b"in", b"put"], &[b"in", b"fo"]);
    assert_eq!(found.expose(), &expected[..32]);
}

#[test]
fn rfc_4231_vectors_of_hmac_sha256_come_out() {
    // Test cases 1, 2, 3, 6 and 7.
    for (key, data, expected) in [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (vec![0xaa; 20], vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            vec![0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. The key \
              needs to be hashed before being used by the HMAC algorithm."
                .to_vec(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ] {
        let (first, second) = data.split_at(data.len() / 3);
        assert_eq!(ours().hmac_sha256(&key, &[first, b"", second]).to_vec(), hex(expected));
    }
}

#[test]
fn a_key_of_one_block_and_one_byte_more_are_hashed_as_the_crate_does() {
    for len in [0, 63, 64, 65] {
        let mut theirs = <Hmac<Sha256> as KeyInit>::new_from_slice(&vec![3; len]).unwrap();
        theirs.update(b"message");
        assert_eq!(ours().hmac_sha256(&vec![3; len], &[b"message"]), *theirs.finalize().into_bytes());
    }
}

#[test]
fn digests_run_over_the_parts_as_one() {
    assert_eq!(
        ours().sha256(&[b"a", b"", b"bc"]).to_vec(),
        hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
    assert_eq!(
        ours().sha384(&[b"ab", b"c"]).to_vec(),
        hex(
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        )
    );
}

#[test]
fn rfc_9106_vector_of_argon2id_comes_out() {
    // Section 5.3.
    let mut params = argon2::ParamsBuilder::new();
    params.m_cost(32).t_cost(3).p_cost(4).output_len(32);
    params.data(argon2::AssociatedData::new(&[4; 12]).unwrap());
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params.build().unwrap())
            .unwrap();
    let tag = derive(&argon2, &[1; 32], &[2; 16]).unwrap();
    assert_eq!(tag.expose(), hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
}

#[test]
fn the_reference_implementations_vectors_of_argon2id_come_out() {
    for (cost, expected) in [
        (
            PinCost { memory: 65536, passes: 2, lanes: 1 },
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
        ),
        (
            PinCost { memory: 256, passes: 2, lanes: 2 },
            "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
        ),
    ] {
        let key = ours().argon2id(b"password", b"somesalt", cost).unwrap();
        assert_eq!(key.expose(), hex(expected));
    }
}

#[test]
fn a_cost_out_of_bounds_is_refused_before_it_costs_anything() {
    let right = PinCost { memory: 64, passes: 1, lanes: 1 };
    assert!(ours().argon2id(b"pin", b"somesalt", right).is_ok());
    for cost in [
        PinCost { memory: 7, ..right },
        PinCost { memory: (2 << 20) + 1, ..right },
        PinCost { memory: u32::MAX, ..right },
        PinCost { passes: 0, ..right },
        PinCost { passes: 65, ..right },
        PinCost { lanes: 0, ..right },
        PinCost { lanes: 17, memory: 1024, ..right },
        PinCost { lanes: 16, memory: 64, ..right },
    ] {
        assert!(matches!(ours().argon2id(b"pin", b"somesalt", cost), Err(Error::Primitive(_))), "{cost:?}");
    }
}

/// RFC 6979 appendix A.2.6.
const SCALAR: &str =
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5";
const POINT: &str =
    "02EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13";

#[test]
fn rfc_6979_signatures_on_p384_come_out_bit_for_bit() {
    let scalar = Secret::new(hex(SCALAR));
    let point = ours().p384_point(&scalar).unwrap();
    assert_eq!(point.to_vec(), hex(POINT));
    for (message, expected) in [
        (
            [&b"sam"[..], b"ple"],
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46\
             99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
        (
            [&b""[..], b"test"],
            "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB\
             DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5",
        ),
    ] {
        let signature = ours().p384_sign(&scalar, &message).unwrap();
        assert_eq!(signature.to_vec(), hex(expected));
        assert!(ours().p384_verify(&point, &message, &signature));
        assert!(!ours().p384_verify(&point, &[b"another"], &signature));
    }
}

#[test]
fn no_changed_byte_of_signature_or_point_verifies() {
    let scalar = ours().p384_generate().unwrap();
    let point = ours().p384_point(&scalar).unwrap();
    let signature = ours().p384_sign(&scalar, &[b"link"]).unwrap();
    for i in 0..P384_SIGNATURE {
        let mut changed = signature;
        changed[i] ^= 1;
        assert!(!ours().p384_verify(&point, &[b"link"], &changed));
        assert!(!ours().p384_verify(&point, &[b"link"], &signature[..i]));
    }
    for i in 0..P384_POINT {
        let mut changed = point;
        changed[i] ^= 1;
        assert!(!ours().p384_verify(&changed, &[b"link"], &signature));
        assert!(!ours().p384_verify(&point[..i], &[b"link"], &signature));
    }
}

#[test]
fn products_commute_and_are_what_ecdh_gives() {
    let (a, b) = (ours().p384_generate().unwrap(), ours().p384_generate().unwrap());
    assert_ne!(a, b);
    let (point_a, point_b) = (ours().p384_point(&a).unwrap(), ours().p384_point(&b).unwrap());
    let product = ours().p384_multiply(&a, &point_b).unwrap();
    assert_eq!(product, ours().p384_multiply(&b, &point_a).unwrap());
    let key = PublicKey::from_sec1_bytes(&point_b).unwrap();
    let shared = p384::ecdh::diffie_hellman(
        SecretKey::from_slice(a.expose()).unwrap().to_nonzero_scalar(),
        key.as_affine(),
    );
    assert_eq!(product.expose()[1..], shared.raw_secret_bytes()[..]);
}

#[test]
fn scalars_and_points_that_are_none_are_refused() {
    let order = hex(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    );
    for scalar in [vec![0; 48], order, vec![0xff; 48], vec![1; 47], vec![1; 49], vec![]] {
        let scalar = Secret::new(scalar);
        assert!(ours().p384_point(&scalar).is_err());
        assert!(ours().p384_sign(&scalar, &[b"message"]).is_err());
        assert!(ours().p384_multiply(&scalar, &hex(POINT)).is_err());
    }
    let scalar = Secret::new(hex(SCALAR));
    for point in [vec![0], vec![2; 48], vec![0xff; 49], [vec![5], vec![1; 48]].concat(), vec![]] {
        assert!(ours().p384_multiply(&scalar, &point).is_err());
    }
}

#[test]
fn equal_compares_length_and_every_byte() {
    assert!(ours().equal(b"", b""));
    assert!(ours().equal(b"same", b"same"));
    assert!(!ours().equal(b"same", b"sama"));
    assert!(!ours().equal(b"same", b"sam"));
}

#[test]
fn locked_bytes_are_zero_at_first_and_keep_what_they_are_given() {
    let primitives = ours();
    for len in [0, 48, 5000] {
        let mut locked = primitives.locked(len).unwrap();
        assert_eq!(locked.bytes(), vec![0; len]);
        locked.bytes_mut().fill(9);
        assert_eq!(locked.bytes(), vec![9; len]);
    }
}
