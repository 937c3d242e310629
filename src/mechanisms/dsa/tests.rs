use super::*;
use crate::fixtures::{
    complete as completed, from_bytes as unwrapped, generate as generated, generate_key, hex, of_class,
    parse as parsed, parse_pair, plain, sign as signed, start_sign, start_verify, to_bytes as wrapped,
    verify as verified,
};
use pkcs11::constants::{CKM_SHA256_HMAC, CKO_SECRET_KEY};

/// Wycheproof's first valid cases of each size of keys: mechanism, prime, order, base and public key, message, signature.
const VECTORS: [(u64, [&str; 4], &str, &str); 3] = [
    (
        CKM_DSA_SHA224,
        [
            "8f7935d9b9aae9bfabed887acf4951b6f32ec59e3baf3718e8eac4961f3efd3606e74351a9c4183339b809e7c2ae1c53\
             9ba7475b85d011adb8b47987754984695cac0e8f14b3360828a22ffa27110a3d62a993453409a0fe696c4658f84bdd20\
             819c3709a01057b195adcd00233dba5484b6291f9d648ef883448677979cec04b434a6ac2e75e9985de23db0292fc111\
             8c9ffa9d8181e7338db792b730d7b9e349592f68099872153915ea3d6b8b4653c633458f803b32a4c2e0f27290256e4e\
             3f8a3b0838a1c450e4e18c1a29a37ddf5ea143de4b66ff04903ed5cf1623e158d487c608e97f211cd81dca23cb6e3807\
             65f822e342be484c05763939601cd667",
            "baf696a68578f7dfdee7fa67c977c785ef32b233bae580c0bcd5695d",
            "16a65c58204850704e7502a39757040d34da3a3478c154d4e4a5c02d242ee04f96e61e4bd0904abdac8f37eeb1e09f31\
             82d23c9043cb642f88004160edf9ca09b32076a79c32a627f2473e91879ba2c4e744bd2081544cb55b802c368d1fa83e\
             d489e94e0fa0688e32428a5c78c478c68d0527b71c9a3abb0b0be12c44689639e7d3ce74db101a65aa2b87f64c6826db\
             3ec72f4b5599834bb4edb02f7c90e9a496d3a55d535bebfc45d4f619f63f3dedbb873925c2f224e07731296da887ec1e\
             4748f87efb5fdeb75484316b2232dee553ddaf02112b0d1f02da30973224fe27aeda8b9d4b2922d9ba8be39ed9e103a6\
             3c52810bc688b7e2ed4316e1ef17dbde",
            "1e77f842b1ae0fcd9929d394161d41e14614ff7507a9a31f4a1f14d22e2a627a1f4e596624883f1a5b168e9425146f22\
             d5f6ee28757414714bb994ba1129f015d6e04a717edf9b530a5d5cab94f14631e8b4cf79aeb358cc741845553841e8ac\
             461630e804a62f43676ba6794af66899c377b869ea612a7b9fe6611aa96be52eb8b62c979117bbbcca8a7ec1e1ffab1c\
             7dfcfc7048700d3ae3858136e897701d7c2921b5dfef1d1f897f50d96ca1b5c2edc58cada18919e35642f0807eebfa00\
             c99a32f4d095c3188f78ed54711be0325c4b532aeccd6540a567c327225440ea15319bde06510479a1861799e25b57de\
             cc73c036d75a0702bd373ca231349931",
        ],
        "313233343030",
        "a939df97ddbe605a925e2456acc196ceea94410d54eed9d501befb902f50ce7bac70f84f265794a3ada363f9afacf7b8\
         8c5273e23cac5e55",
    ),
    (
        CKM_DSA_SHA256,
        [
            "faa45850a6f185cff01790524f60c6867461578fcb013cf340fe495b43b46acc759c0d2f61bfaef901f510274298876f\
             3048f41d13697ccb77fb540ed0b3fbc7a60a3c97297310fa929d90837eeb6ed0ee82a36c5f4c9dc4e2ea07d20f27675c\
             48152abdf6f6dba66cfd8f58aed85d77ae8bb367b1348a5f46099d511507ad6575bbf8ec6ba48baa620cdcf1bd2ec7aa\
             afeae6d98d235921203af64814163cdd11424968f5ab77fad662306eea7ee69792f2b5d39d658ab9d927f368e68363ac\
             18178e30409633c4d488fb1fb92d22bca9214a4dfb720f28f4511f9be42e53e7f907d2d41f92bac9ca5e87580082390b\
             bd0c229b2dc7e899aed654f7df062cf9",
            "fefbe4917b5ea7dbb3d5c62dc15bf430d8464813d2431819fe556832c3889d2f",
            "38971fbfad52d9e8a84a2c17ed90ccff311648100e962c3269be255cab1471507ba40f457f5fb7990f6591b72b146e65\
             213c619275b9b58d7597f41b42c55535592301e35b3a469dd5b204d70ccdd3cd477f65bd0f52eae53578fee143a43ae6\
             8b725c3c324fc91a84ecb7489dc67346ad11f3a0afdea009ce53201fa12207aea5b4461ab0ffaa801beab94f648797aa\
             1192be18345b270435ccb4678ce663c7bf35f7a7a3c98fc4907bd12701230469a18e3ae6327acad29dac259bc5f5e912\
             e64fe7ad0364af74ecace858cbf7a36a1dac9f9ddc7665fb7c639019971cc2691e2b586666691914b4f3785ef0d1a83f\
             34a8130ed29724ce443493fceee25aa7",
            "669300e7128ef31a126fb015c525596a21bbd43082f8ca6d6f7a9974e4825085d1a50092956cd02016206c572d43eb90\
             146f384454ac7f185f85af8855efcd3b9116c14e4ff859e07b2dad84f91fe23d7c09945368db0ab30fff942741fcfa40\
             f39ea82596370149bf168b79ef3067ba883ee3af6025465a79e96de11bd2f7f6eda740398ef4347ee4551b8571281272\
             f5cb83b0356f37e3ed5a19b084dff5156a3c78f8fdc3ccb5b3db431aa08a280c4a9da780aa4eeca8fb74ed7135b13701\
             21c15328f17e0504ea2e2c68e2e53268f875f17ce3cabd34e77866711c68c711a8ea4fa136a685cd07f5fff584d6c813\
             cf3bffd0d705795998562b9235e61430",
        ],
        "313233343030",
        "3be2ad698f533f614e3a51d78516e1351c3290f3804f5a9f71e91957c3cddbe2be73fbe8557f552300c7419f25c44e7f\
         0f9fd1e46bd4f3425e1618d320fd5ae6",
    ),
    (
        CKM_DSA_SHA256,
        [
            "dcd2f71fba7aeb46aeea858ab76f2102fa97a953abce9d791aa269f0161733ac3df25f5c9db3448f82846e355e230896\
             14046d42b030298d94f5365d942cbb5490e40a1d5e6e577cc646a807f049a1fb42b97a9e64efa1aa9ef93bb3c7120ddb\
             f9c403e580431f1789127f0a64ea7b036ef12d07f02103655d63ddda3c44ad328f727c1d060fc92e3616976cf11bf1fe\
             efff033490d98929252b585cd92c081afcc71dae6341ae8dd05e62ae297ad2b00560ec94f1f64482816e3af052fc1daf\
             f0a9bf52034012594d4246036d040fa5e741e693e36b064bedb224ea1f7c6c86171ca8fcfac98c5db6e34dad307c5bfd\
             ece4e578f0e18fcaaee9d5b330ed69a72d8fddf878a58a57914247825ae6ed1cb8a6b241ea694b77f843eee40f1be90f\
             26b26154813647d1e1af01254cf21cfdd2e9eba7e431bd8db6164d05a3d3ae9371af5d0d39a3a9b9f07ba61233c77a6b\
             fc273515fb844db8fafd69b559ce844c7a3d686ea4991d9fe74cad560489f3c1dbb4fd171ea8ae7874e302207c02a7b1",
            "f870d35ca9f84e6acad808d6ac35b13ee4073f26ea84fefe08c4d9a565754037",
            "6dea4b8c3fe3ab91e3229fb14c1cfa822915769af161405f48b7fadfe1ec5d9fec4ef0cfbb2233ffddfa5a554cfc68c6\
             bc6a0ba30cef6f51309294e622b58d4face00ae9669d9172b15696839ed332afd906e3f427d85a9af73562b845be53a3\
             713c0219402a4c208e9b6a6873235e0bc20442e70ab69edd46e8f3f7d58cb35ea3690c673f54cd37377725739f00ebe2\
             b3b53bdaf89ddac74012f8486bd3f5217579b4a303f61bccc98931faba969c8c2a27acb04bc21201edf9a7f6b42e10f7\
             5dd23c3ab073d7290d173ebe6cb1919607bfe2bf0d829a609d8d3cda7044ff8dfbbd463e68c9403a45834ec547a7d4fd\
             5abc68c5997cdc397120698f879356e0e74b62fe1a2938a5d1b486b53a5e0cb875e23a2e834ea563a4a9d4be44045877\
             df020c30e22e55603f63d74ed2cafde18180ec294a7ce263d56eb280562687f61f898f3c7d2b37d7f00250a43ca989de\
             16fa1aab7d83e0dbf6aa66edc36ad79eecfe2f91cfab6285ba10ae713126f69326540c461e44e45bdf076e4ed8d3e924",
            "7e0062e6f32ecab1effa38391b71a523221d6e97a61f55238f0a623cc42980b987fb22ec6138e8d1c0d36c05d059ca0c\
             a3f1a526a5f67b216341abcd04105bb8efc9e479c2532f9dea6cddfb4f57de5b9d6964e3d314eb89693a3d57f82b9ff9\
             3e0e0d11d72fa4f1bd82bb2b20f1b59547aff7711db319d7d06e6964beb294e44d34c2a21c7ac7cdac5e91f2f6d18304\
             2afc3644b09837fa2225a074ceb65d499f73cee04c705c82bb912f97d765d5f9c8cb442019e7dac1e1ccccee990335ea\
             3b8c837583595cd4f83169d4787fe4675386d604e8e205b977c7ab236950428254e3b836bd00296257238d22bda16a72\
             2e405df82029e3384931fb0e4903c3f8771fb15708d4cb3238e7b2a68131be518a08d6efd483a01537a432046dcbd1ff\
             a5ff831e0257b292012d5e1a44c6e32019a6b3ae176a67edaf12eb27e68fa60a05af4e5448d606c392b4a672b44298b1\
             775a16b9440b131eb0d91ca3fde1a1e528b5fffc31ffdf1449169c2f4abd96809a75fb6c85ae845940c45d5af8334057",
        ],
        "313233343030",
        "75372ea72fa5e6cbfc7a9f521a7dc997110d4733142c8e9f87295cdd4388e88a07db3d8d4e1e5aaafe3de950d7f92fe2\
         bc11e10b486b7280b2518312b651b982",
    ),
];

fn key_of(class: u64, numbers: [&[u8]; 3], value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    for (part, number) in [CKA_PRIME, CKA_SUBPRIME, CKA_BASE].into_iter().zip(numbers) {
        attributes.set_bytes(part, number);
    }
    attributes.set_bytes(CKA_VALUE, value);
    of_class(class, CKK_DSA, attributes)
}

/// The numbers of a vector.
fn numbers(vector: usize) -> [Vec<u8>; 4] {
    VECTORS[vector].1.map(hex)
}

fn public(vector: usize) -> Attributes {
    let [p, q, g, y] = numbers(vector);
    key_of(CKO_PUBLIC_KEY, [&p, &q, &g], &y)
}

fn private(vector: usize, value: &[u8]) -> Attributes {
    let [p, q, g, _] = numbers(vector);
    key_of(CKO_PRIVATE_KEY, [&p, &q, &g], value)
}

#[test]
fn published_signatures_verify_and_no_changed_byte_does() {
    for (vector, (mechanism, _, message, signature)) in VECTORS.into_iter().enumerate() {
        let (message, signature) = (hex(message), hex(signature));
        completed(&public(vector)).unwrap();
        let key = parsed(&public(vector)).unwrap();
        assert_eq!(verified(&plain(mechanism), &key, &message, &signature), Ok(()));
        for i in (0..signature.len()).step_by(5) {
            let mut changed = signature.clone();
            changed[i] ^= 1;
            let refused = verified(&plain(mechanism), &key, &message, &changed);
            assert_eq!(refused, Err(Error::SignatureInvalid));
        }
        let zeros = vec![0; signature.len()];
        assert_eq!(verified(&plain(mechanism), &key, &message, &zeros), Err(Error::SignatureInvalid));
        for impossible in [&[][..], &signature[1..], &[&signature[..], &[0]].concat()] {
            let refused = verified(&plain(mechanism), &key, &message, impossible);
            assert_eq!(refused, Err(Error::SignatureLenRange));
        }
    }
}

#[test]
fn a_pair_signs_by_every_mechanism_and_its_wrapped_form_again() {
    let mut template = public(1);
    template.remove(CKA_VALUE);
    let pair = generated(CKM_DSA_KEY_PAIR_GEN, &template).unwrap();
    let kept = of_class(CKO_PRIVATE_KEY, CKK_DSA, pair.private.clone());
    let again =
        unwrapped(&of_class(CKO_PRIVATE_KEY, CKK_DSA, Attributes::new()), &wrapped(&kept).unwrap()).unwrap();
    for part in [CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE, CKA_PUBLIC_KEY_INFO] {
        assert_eq!(again.bytes(part), kept.bytes(part));
    }
    assert_eq!(pair.public.bytes(CKA_PUBLIC_KEY_INFO), kept.bytes(CKA_PUBLIC_KEY_INFO));
    assert_eq!(public_key_of(&kept).unwrap().bytes(CKA_VALUE), pair.public.bytes(CKA_VALUE));
    let (private, public) = parse_pair(CKK_DSA, pair);
    assert_eq!((private.size(), public.size()), (2048, 2048));
    for by in HASHES.map(|(by, _)| by).into_iter().chain([CKM_DSA]) {
        let signature = signed(&plain(by), &private, b"message").unwrap();
        assert_eq!(signature.len(), 64);
        assert_eq!(verified(&plain(by), &public, b"message", &signature), Ok(()));
        assert_eq!(verified(&plain(by), &public, b"massage", &signature), Err(Error::SignatureInvalid));
        assert_eq!(start_sign(&plain(by), &public).err(), Some(Error::KeyTypeInconsistent));
        assert_eq!(start_verify(&plain(by), &private).err(), Some(Error::KeyTypeInconsistent));
    }
    assert_eq!(signed(&plain(CKM_DSA), &private, b""), Err(Error::DataLenRange));
    assert_eq!(start_sign(&plain(CKM_SHA256_HMAC), &private).err(), Some(Error::KeyTypeInconsistent));
}

#[test]
fn a_private_key_has_the_public_one_that_belongs_to_it() {
    let key = completed(&private(1, &[0, 0, 3])).unwrap();
    assert_eq!(key.bytes(CKA_VALUE), Some(&[3][..]));
    let [p, _, g, _] = numbers(1);
    let cube = power(&g, &[3], &p).unwrap();
    assert_eq!(public_key_of(&private(1, &[3])).unwrap().bytes(CKA_VALUE), Some(&cube[..]));
    let mut foreign = private(1, &[3]);
    foreign
        .set_bytes(CKA_PUBLIC_KEY_INFO, completed(&public(1)).unwrap().bytes(CKA_PUBLIC_KEY_INFO).unwrap());
    assert_eq!(completed(&foreign), Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
}

#[test]
fn what_is_no_domain_and_no_key_is_refused() {
    let [p, q, g, y] = numbers(1);
    let with_last = |number: &[u8], change: u8| {
        let mut other = number.to_vec();
        *other.last_mut().unwrap() ^= change;
        other
    };
    let (even, composite) = (with_last(&p, 1), with_last(&p, 2));
    let (other_q, [_, q_224, ..]) = (with_last(&q, 2), numbers(0));
    let below = with_last(&p, 1);
    let one = [1].to_vec();
    for (numbers, culprit) in [
        ([&even, &q, &g], CKA_PRIME),
        ([&composite, &q, &g], CKA_PRIME),
        ([&q, &q, &g], CKA_PRIME),
        ([&p, &other_q, &g], CKA_SUBPRIME),
        ([&p, &q_224, &g], CKA_SUBPRIME),
        ([&p, &p, &g], CKA_SUBPRIME),
        ([&p, &q, &one], CKA_BASE),
        ([&p, &q, &below], CKA_BASE),
        ([&p, &q, &p], CKA_BASE),
        ([&p, &q, &vec![2]], CKA_BASE),
    ] {
        let key = key_of(CKO_PUBLIC_KEY, numbers.map(Vec::as_slice), &y);
        assert_eq!(completed(&key), Err(Error::AttributeValueInvalid(culprit)));
        let made = generated(CKM_DSA_KEY_PAIR_GEN, &key).err();
        assert_eq!(made, Some(Error::AttributeValueInvalid(culprit)));
    }
    for none in [&one, &p, &below, &vec![2]] {
        let key = key_of(CKO_PUBLIC_KEY, [&p, &q, &g], none);
        assert_eq!(completed(&key), Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    for none in [&q, &vec![0xff; 32], &vec![1; 33]] {
        assert_eq!(completed(&private(1, none)), Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    assert_eq!(completed(&private(1, &[0, 0])), Err(Error::TemplateIncomplete(CKA_VALUE)));
    let secret = key_of(CKO_SECRET_KEY, [&p, &q, &g], &y);
    assert!(matches!(completed(&secret), Err(Error::TemplateInconsistent(_))));
    let bytes = wrapped(&private(1, &[3])).unwrap();
    let template = of_class(CKO_PRIVATE_KEY, CKK_DSA, Attributes::new());
    for cut in (0..bytes.len()).step_by(3) {
        assert_eq!(unwrapped(&template, &bytes[..cut]), Err(Error::WrappedKeyInvalid));
    }
}

#[test]
fn parameters_that_are_made_are_parameters() {
    let mut template = of_class(CKO_DOMAIN_PARAMETERS, CKK_DSA, Attributes::new());
    let mechanism = plain(CKM_DSA_PARAMETER_GEN);
    assert_eq!(generate_key(&mechanism, &template), Err(Error::TemplateIncomplete(CKA_PRIME_BITS)));
    for none in [0, 512, 1023, 1536, u64::MAX] {
        template.set_ulong(CKA_PRIME_BITS, none);
        let refused = generate_key(&mechanism, &template);
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_PRIME_BITS)));
    }
    for (bits, asked, order) in [(1024, None, 160), (2048, None, 224), (2048, Some(256), 256)] {
        let mut template = of_class(CKO_DOMAIN_PARAMETERS, CKK_DSA, Attributes::new());
        template.set_ulong(CKA_PRIME_BITS, bits);
        if let Some(asked) = asked {
            template.set_ulong(CKA_SUBPRIME_BITS, asked);
        }
        let made = generate_key(&mechanism, &template).unwrap();
        template.extend(made);
        template.remove(CKA_PRIME_BITS);
        assert_eq!(template.ulong(CKA_SUBPRIME_BITS), Some(order), "section 6.2.5");
        let complete = completed(&template).unwrap();
        assert_eq!(
            (complete.ulong(CKA_PRIME_BITS), complete.ulong(CKA_SUBPRIME_BITS)),
            (Some(bits), Some(order))
        );
        assert!(parsed(&template).is_err());
    }
    template.set_ulong(CKA_PRIME_BITS, 1024);
    for none in [0, 128, 224, u64::MAX] {
        template.set_ulong(CKA_SUBPRIME_BITS, none);
        let refused = generate_key(&mechanism, &template);
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_SUBPRIME_BITS)));
    }
}
