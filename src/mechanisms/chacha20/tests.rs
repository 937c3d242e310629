use super::*;
use crate::fixtures::{Ability, error, hex, in_parts, secret_key, start_cipher, whole, with};
use ::chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use pkcs11::{ChaCha20Parameters, ChaCha20Poly1305Parameters, Mechanism, Parameters};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

/// RFC 8439 sections 2.4.2 and 2.8.2.
const SUNSCREEN: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you \
only one tip for the future, sunscreen would be it.";

fn stream(block_counter: &[u8], nonce: &[u8]) -> Mechanism {
    let (block_counter, nonce) = (block_counter.to_vec(), nonce.to_vec());
    with(CKM_CHACHA20, Parameters::ChaCha20(ChaCha20Parameters { block_counter, nonce }))
}

fn poly(nonce: &[u8], aad: &[u8]) -> Mechanism {
    let parameters = ChaCha20Poly1305Parameters { nonce: nonce.to_vec(), aad: aad.to_vec() };
    with(CKM_CHACHA20_POLY1305, Parameters::ChaCha20Poly1305(parameters))
}

fn key(value: &[u8]) -> Arc<dyn EngineKey> {
    secret_key(CKK_CHACHA20, value)
}

#[test]
fn the_published_stream_comes_out_both_ways() {
    let key = key(&(0..32).collect::<Vec<u8>>());
    let mechanism = stream(&[1, 0, 0, 0], &hex("000000000000004a00000000"));
    let sealed = hex("6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b\
         f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8\
         07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736\
         5af90bbf74a35be6b40b8eedf2785e42874d");
    assert_eq!(whole(Can::encrypt, &mechanism, &key, SUNSCREEN), Ok(sealed.clone()));
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed), Ok(SUNSCREEN.to_vec()));
}

#[test]
fn the_published_sealed_messages_come_out_both_ways() {
    let key = key(&(0x80..0xa0).collect::<Vec<u8>>());
    let aad = hex("50515253c0c1c2c3c4c5c6c7");
    // RFC 8439 section 2.8.2, and draft-irtf-cfrg-xchacha-03 appendix A.3.1.
    for (nonce, sealed) in [
        (
            "070000004041424344454647",
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6\
             3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36\
             92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
             3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691",
        ),
        (
            "404142434445464748494a4b4c4d4e4f5051525354555657",
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        ),
    ] {
        let (mechanism, sealed) = (poly(&hex(nonce), &aad), hex(sealed));
        assert_eq!(whole(Can::encrypt, &mechanism, &key, SUNSCREEN), Ok(sealed.clone()));
        assert_eq!(in_parts(Can::encrypt, &mechanism, &key, SUNSCREEN.chunks(13)), Ok(sealed.clone()));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed), Ok(SUNSCREEN.to_vec()));
    }
}

proptest! {
    #[test]
    fn another_implementation_encrypts_alike(
        value in any::<[u8; 32]>(),
        nonce in any::<[u8; 24]>(),
        counter in any::<u32>(),
        upper in any::<u16>(),
        aad in vec(any::<u8>(), 0..40),
        data in vec(any::<u8>(), 0..300),
    ) {
        let ours = |mechanism: &Mechanism| whole(Can::encrypt, mechanism, &key(&value), &data).unwrap();
        let counter = counter & (u32::MAX >> 1);
        let mut theirs = data.clone();
        let mut cipher = ::chacha20::ChaCha20::new_from_slices(&value, &nonce[..12]).unwrap();
        cipher.seek(64 * u64::from(counter));
        cipher.apply_keystream(&mut theirs);
        prop_assert_eq!(ours(&stream(&counter.to_le_bytes(), &nonce[..12])), theirs);

        // Both halves of the counter, and the lower one close to its end.
        let number = u64::from(upper) << 32 | 0xffff_fffe;
        let mut theirs = data.clone();
        let mut cipher = ::chacha20::ChaCha20Legacy::new_from_slices(&value, &nonce[..8]).unwrap();
        cipher.seek(64 * number);
        cipher.apply_keystream(&mut theirs);
        prop_assert_eq!(ours(&stream(&number.to_le_bytes(), &nonce[..8])), theirs);

        let mut theirs = data.clone();
        let mut cipher = ::chacha20::XChaCha20::new_from_slices(&value, &nonce).unwrap();
        cipher.seek(64 * u64::from(counter));
        cipher.apply_keystream(&mut theirs);
        prop_assert_eq!(ours(&stream(&u64::from(counter).to_le_bytes(), &nonce)), &theirs[..]);
        prop_assert_eq!(ours(&stream(&counter.to_le_bytes(), &nonce)), theirs);

        let payload = || Payload { msg: &data[..], aad: &aad };
        let theirs = chacha20poly1305::ChaCha20Poly1305::new(&value.into());
        let theirs = theirs.encrypt(&nonce[..12].try_into().unwrap(), payload()).unwrap();
        prop_assert_eq!(ours(&poly(&nonce[..12], &aad)), theirs);
        let theirs = chacha20poly1305::XChaCha20Poly1305::new(&value.into());
        let theirs = theirs.encrypt(&nonce.into(), payload()).unwrap();
        prop_assert_eq!(ours(&poly(&nonce, &aad)), theirs);
    }
}

#[test]
fn a_counter_that_would_come_twice_is_refused() {
    let key = key(&[7; 32]);
    for (counter, nonce) in
        [(vec![255; 4], 12), (vec![255; 4], 8), (vec![255; 4], 24), (vec![255; 8], 8), (vec![255; 8], 24)]
    {
        let mechanism = stream(&counter, &vec![1; nonce]);
        assert!(whole(Can::encrypt, &mechanism, &key, &[0; 64]).is_ok());
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &[0; 65]), Err(Error::DataLenRange));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &[0; 65]), Err(Error::EncryptedDataLenRange));
        let parts = [&[0; 60][..], &[0; 4], &[0; 1]];
        assert_eq!(in_parts(Can::encrypt, &mechanism, &key, parts), Err(Error::DataLenRange));
        assert!(in_parts(Can::encrypt, &mechanism, &key, parts[..2].iter().copied()).is_ok());
    }
}

#[test]
fn counters_and_nonces_of_other_lengths_are_refused() {
    let key = key(&[7; 32]);
    let refused = |mechanism: Mechanism| {
        for ability in [Can::encrypt as Ability, Can::decrypt] {
            let found = error(start_cipher(ability, &mechanism, &key));
            assert!(matches!(found, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}: {found:?}");
        }
    };
    for counter in [0, 1, 3, 5, 7, 9, 16] {
        refused(stream(&vec![0; counter], &[1; 12]));
    }
    for nonce in [0, 7, 9, 11, 13, 16, 23, 25, 96] {
        refused(stream(&[0; 4], &vec![1; nonce]));
        refused(poly(&vec![1; nonce], b""));
    }
    // 96 bits leave no room for a counter of 64, and no document says how the original nonce is authenticated.
    refused(stream(&[0; 8], &[1; 12]));
    refused(poly(&[1; 8], b""));
}

#[test]
fn nothing_is_given_out_unless_the_tag_holds() {
    let key = key(&[7; 32]);
    for nonce in [&[7; 12][..], &[7; 24]] {
        let mechanism = poly(nonce, b"aad");
        let sealed = whole(Can::encrypt, &mechanism, &key, b"sixteen or more bytes").unwrap();
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            let cipher = start_cipher(Can::decrypt, &mechanism, &key).unwrap();
            let mut out = vec![0; cipher.whole_len(changed.len())];
            assert_eq!(cipher.whole(&changed, &mut out), Err(Error::EncryptedDataInvalid));
            assert_eq!(out, vec![0; out.len()]);
            let found = in_parts(Can::decrypt, &mechanism, &key, changed.chunks(5));
            assert_eq!(found, Err(Error::EncryptedDataInvalid));
        }
        let longer = [&sealed[..], &[0]].concat();
        for other in [&sealed[..sealed.len() - 1], &longer] {
            assert_eq!(whole(Can::decrypt, &mechanism, &key, other), Err(Error::EncryptedDataInvalid));
        }
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed[..15]), Err(Error::EncryptedDataLenRange));
        let other = poly(nonce, b"dad");
        assert_eq!(whole(Can::decrypt, &other, &key, &sealed), Err(Error::EncryptedDataInvalid));
        assert_eq!(start_cipher(Can::decrypt, &mechanism, &key).unwrap().update_len(1000), 0);
    }
}
