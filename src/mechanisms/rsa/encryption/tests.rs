use super::*;
use crate::fixtures::{
    Ability, error, from_bytes, hex, in_parts, of_class, parse, plain, secret_key, sign, start_cipher,
    to_bytes, verify, whole, with,
};
use ::rsa::{BoxedUint, Pkcs1v15Encrypt, RsaPrivateKey};
use engine::mechanism::Can;
use pkcs11::constants::{
    CKA_MODULUS, CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKG_MGF1_SHA1,
    CKG_MGF1_SHA3_512, CKG_MGF1_SHA256, CKG_MGF1_SHA512, CKK_GENERIC_SECRET, CKK_RSA, CKM_MD5, CKM_SHA_1,
    CKM_SHA3_256, CKM_SHA256, CKM_SHA512, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, OaepParameters};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::digest::HASHES;

/// draft-irtf-cfrg-rsa-guidance appendix B.1: the key, as PKCS #8.
const KEY: &str = "308204bd020100300d06092a864886f70d0101010500048204a7308204a30201000282010100c8cc839714098da56caa\
    23640f93dc8997c16372968fc1b0c6df5113c1c94e8b21e48ad2297e65419011b4e6d8f5e73b1b78b257400321d1ef6b\
    602d4ec8ce8d141c94905eb4ad306639a49206534b6e7f2607423e97dffd133c88d721399defbc7e96ccdcbd7f3aae1f\
    e892712bfb4929817d511666440a1facb7a208f5ea165910add8a3f2d497202360ccb632024f0d07169c1918f316f794\
    b143aef54ec87522a4c02978f9689980bffbf649c307e81819bff88409638d48bd94be152b59ff649fa0bd629d0ffa18\
    13c3abf4b56bd3c2ea5465dffa14589292a9d8a24ad26be7ee0510741b6382d43c83d5bfa40a46613d062be445517dbc\
    af0cb4e1a7690203010001028201001455010e0f2d587663a666a6ff1ccdbbf0edd8100646d02a023922908992c4ad39\
    e5565929726ef6508c3a71158ef0b6ff751d39d07580bb2d2f063210442d0603ff50dbbd7b35fe2c9bb19a47a1af85a4\
    c24901e02ca8b58b7919b20edf32aacfbf51adb4bc4b61b9b7e968caa4d570f70ef18d8063228893e47d439efca79325\
    9bcf2cd108a3d8688cdf078e7ac799969f2339d2c1f522b969684629a933baaec2681625eab84f4e56f4447e9d88fb9a\
    199cf71023e0e257b14441b33c84d3bc67ca8031d2612618103a7a0a40844262f75d8890cd616e51f9035488fd6e099d\
    e8ff6d65a4ff118254807c9f58d2fbba8ba151dc8c68be349c977a204e04c102818100f8f5ad6ba828931bea459b8a3f\
    6dc041d23482409c2571e963f31f748602a256371b3883ed459ecf970526459edd16e05522f5a45d94751b2ec2daf272\
    c7f8816a52c00d18080171634da899d7973222f51b937630548696a9f7d8c24a59497c1efcd455cfb97ee86d2b6d3497\
    2b332fda303f04999b4eb6b5cc0bb33e7761dd02818100ce7a2e3b49a90b96330a12dc682bdfbdfbae8dd6dc03b6147a\
    efbd575743f0f6da4d86235061b71afd9cad2d34025e56ac86b0f7743eb35e1acbca237895424465b706ed22175e5718\
    c8c70b6703ea8f6b510f945be48e5a36bb3c3c91732b589dfc05d72d80903194452bda21348647ec72943f11a846e62f\
    aebe8eb536b0fd02818076fe15f18ae239cdf1df6b445ca4bc6bb968d788c21933a4f5dcd280033d6712062cc08a6df2\
    04c1fbd0be46307443e6dd4a6456375429d4e038ca256faf1c9bde91c6b17b76f81995f91c48cbbebc7bf0e3494c0835\
    9e4e8cd6a587d7b96d6221fd7e0fb5c5575f082ee57769798071b2bbb4a32238151b47314bb654790311028181009988\
    48b055499a1009cbc7d294b36b1ffdf2020e6e7364053e94de1a000dc9340587f7e27276f68cdf608d753b63377b03b6\
    f4084d2c027c4b38960a6233ba9ed9738b76f10ea75be456078bf701f67cc6b3f3fdc186e64336c76b372e80910ec80b\
    0adcc23d02fb9ae10486a28248075b4ea7e56ddfcf3882e451561471a291028180643bf746429f7d83667a0653021347\
    efbfc05e6351f821a9debb60e0eccde5005ad9e9ec31e558f7e92c29328e74569d7cef7c74cabc2b355ed401a1a0914b\
    4e3cbb06484e58196051169ed14caa2efa6ea044e054d26144cc1629c55010558a04e133f44b7c244dac25bf913c57b8\
    90ee49f548259cd63404fef6859dcf975a";
/// Sections B.1.2 and B.1.3, which are well padded, and B.1.5, 7, 8, 9 and 12, which are not: ciphertext and message.
const DECRYPTIONS: [(&str, &str); 7] = [
    (
        "8bfe264e85d3bdeaa6b8851b8e3b956ee3d226fd3f69063a86880173a273d9f283b2eebdd1ed35f7e02d91c571981b67\
         37d5320bd8396b0f3ad5b019daec1b0aab3cbbc026395f4fd14f13673f2dfc81f9b660ec26ac381e6db3299b4e460b43\
         fab9955df2b3cfaa20e900e19c856238fd371899c2bf2ce8c868b76754e5db3b036533fd603746be13c10d4e3e6022eb\
         c905d20c2a7f32b215a4cd53b3f44ca1c327d2c2b651145821c08396c89071f665349c25e44d2733cd9305985ceef643\
         0c3cf57af5fa224089221218fa34737c79c446d28a94c41c96e4e92ac53fbcf384dea8419ea089f8784445a492c812eb\
         0d409467f75afd7d4d1078886205a066",
        "6c6f72656d20697073756d20646f6c6f722073697420616d6574",
    ),
    (
        "443ad9c5f00a1f4e9601717d274aacc93a824cb4d99b3c6a42e2b017e52e018443bd77d34a80703cd9b6acf523cd3b2c\
         d1fea31940a68fba828836f1c3ed2fef071e95e0922ff0f47d0e81dacc13ecdeda3db6476f41e5b3f9ccfcfdf9155800\
         7b68ffbbe5e93bb088f1e4f0bb39bc7d8600b38930ecd00a341d8cc76955837efff0f0797c4b46fb1b375bba49bcdc87\
         7f39aaadb045c56b836072383eec6627ae280ad4f9a45d6e5b4cc7cf61d42b194ff0b9c9167c621e5380d8333e3b7f20\
         c8d564c9ec6c2805f77c0146adea2f688a943b67ce8889f4a6353e6396d551c36a6dbf19359a825d14b69ccc4fd747cf\
         14a1ca8578d7f0a67dc14b37f5e17ca3",
        "",
    ),
    (
        "20aaa8adbbc593a924ba1c5c7990b5c2242ae4b99d0fe636a19a4cf754edbcee774e472fe028160ed42634f8864900cb\
         514006da642cae6ae8c7d087caebcfa6dad1551301e130344989a1d462d4164505f6393933450c67bc6d39d8f5160907\
         cabc251b737925a1cf21e5c6aa5781b7769f6a2a583d97cce008c0f8b6add5f0b2bd80bee60237aa39bb20719fe75749\
         f4bc4e42466ef5a861ae3a92395c7d858d430bfe38040f445ea93fa2958b503539800ffa5ce5f8cf51fa8171a91f36cb\
         4f4575e8de6b4d3f096ee140b938fd2f50ee13f0d050222e2a72b0a3069ff3a6738e82c87090caa5aed4fcbe882c4964\
         6aa250b98f12f83c8d528113614a29e7",
        "",
    ),
    (
        "006f89db685c0a132700c6a17f88a37a6635d0ab89de4c45dc09736c891ca5bf3401ce34c6e5d51e94ed2f518857ddc1\
         2d9f9f9e68e01cdc30d86ae5dd83988c0c46a8e39daa1b328a23def551d67fa1964fb15242c83ddd7dd5b1aec720a391\
         d0b86cb16cf4d3c466850c3df88a3ed85993900d1287a0c90c4b04d34ba29e59967661f3f10e0c998f64e14e777e8e81\
         371eca5318b4e0b53414292130c821477c51e2bff844836ab10dff293d82e4f40d345968ef268c92ed0bc238f31d50f4\
         d3f759c23964923e135d15527556410fbd2c451d6a2aa852dc88b01139c6fdd826736d8cd3780601b2977b09c080bd8c\
         0fa471606ad59f053ad33d9eeb905f20",
        "2b5dd72df3cae37f1aef",
    ),
    (
        "1439e08c3f84c1a7fec74ce07614b20e01f6fa4e8c2a6cffdc3520d8889e5d9a950c6425798f85d4be38d300ea5695f1\
         3ecd4cb389d1ff5b82484b494d6280ab7fa78e645933981cb934cce8bfcd114cc0e6811eefa47aae20af638a1cd163d2\
         d3366186d0a07df0c81f6c9f3171cf3561472e98a6006bf75ddb457bed036dcce199369de7d94ef2c68e8467ee0604ee\
         a2b3009479162a7891ba5c40cab17f49e1c438cb6eaea4f76ce23cce0e483ff0e96fa790ea15be67671814342d0a23f4\
         a20262b6182e72f3a67cd289711503c85516a9ed225422f98b116f1ab080a80abd6f0216df88d8cfd67c139243be8dd7\
         8502a7aaf6bc99d7da71bcdf627e7354",
        "0f9b",
    ),
    (
        "9b2ec9c0c917c98f1ad3d0119aec6be51ae3106e9af1914d48600ab6a2c0c0c8ae02a2dc3039906ff3aac904af32ec79\
         8fd65f3ad1afa2e69400e7c1de81f5728f3b3291f38263bc7a90a0563e43ce7a0d4ee9c0d8a716621ca5d3d081188769\
         ce1b131af7d35b13dea99153579c86db31fe07d5a2c14d621b77854e48a8df41b5798563af489a291e417b6a334c6322\
         2627376118c02c53b6e86310f728734ffc86ef9d7c8bf56c0c841b24b82b59f51aee4526ba1c4268506d301e4ebc498c\
         6aebb6fd5258c876bf900bac8ca4d309dd522f6a6343599a8bc3760f422c10c72d0ad527ce4af1874124ace3d99bb74d\
         b8d69d2528db22c3a37644640f95c05f",
        "a1f8c9255c35cfba403ccc",
    ),
    (
        "a7a340675a82c30e22219a55bc07cdf36d47d01834c1834f917f18b517419ce9de2a96460e745024436470ed85e94297\
         b283537d52189c406a3f533cb405cc6a9dba46b482ce98b6e3dd52d8fce2237425617e38c11fbc46b61897ef200d01e4\
         f25f5f6c4c5b38cd0de38ba11908b86595a8036a08a42a3d05b79600a97ac18ba368a08d6cf6ccb624f6e8002afc7559\
         9fba4de3d4f3ba7d208391ebe8d21f8282b18e2c10869eb2702e68f9176b42b0ddc9d763f0c86ba0ff92c957aaeab76d\
         9ab8da52ea297ec11d92d770146faa1b300e0f91ef969b53e7d2907ffc984e9a9c9d11fb7d6cba91972059b46506b035\
         efec6575c46d7114a6b935864858445f",
        "63cb0bf65fc8255dd29e17",
    ),
];

/// RSA Laboratories' test vectors for OAEP, example 1.1: modulus, private exponent, message and ciphertext.
const OAEP: [&str; 4] = [
    "a8b3b284af8eb50b387034a860f146c4919f318763cd6c5598c8ae4811a1e0abc4c7e0b082d693a5e7fced675cf46685\
     12772c0cbc64a742c6c630f533c8cc72f62ae833c40bf25842e984bb78bdbf97c0107d55bdb662f5c4e0fab9845cb514\
     8ef7392dd3aaff93ae1e6b667bb3d4247616d4f5ba10d4cfd226de88d39f16fb",
    "53339cfdb79fc8466a655c7316aca85c55fd8f6dd898fdaf119517ef4f52e8fd8e258df93fee180fa0e4ab29693cd83b\
     152a553d4ac4d1812b8b9fa5af0e7f55fe7304df41570926f3311f15c4d65a732c483116ee3d3d2d0af3549ad9bf7cbf\
     b78ad884f84d5beb04724dc7369b31def37d0cf539e9cfcdd3de653729ead5d1",
    "6628194e12073db03ba94cda9ef9532397d50dba79b987004afefe34",
    "354fe67b4a126d5d35fe36c777791a3f7ba13def484e2d3908aff722fad468fb21696de95d0be911c2d3174f8afcc201\
     035f7b6d8e69402de5451618c21a535fa9d7bfc5b8dd9fc243f8cf927db31322d6e881eaa91a996170e657a05a266426\
     d98c88003f8477c1227094a0d9fa1e8c4024309ce1ecccb5210035d47ac72e8a",
];

fn private() -> Attributes {
    let template = of_class(CKO_PRIVATE_KEY, CKK_RSA, Attributes::new());
    of_class(CKO_PRIVATE_KEY, CKK_RSA, from_bytes(&template, &hex(KEY)).unwrap())
}

/// The private and the public key of an attribute set.
fn pair(private: &Attributes) -> (Arc<dyn Key>, Arc<dyn Key>) {
    let mut public = Attributes::new();
    for part in [CKA_MODULUS, CKA_PUBLIC_EXPONENT] {
        public.set_bytes(part, private.bytes(part).unwrap());
    }
    (parse(private).unwrap(), parse(&of_class(CKO_PUBLIC_KEY, CKK_RSA, public)).unwrap())
}

/// The key in the other implementation.
fn theirs() -> RsaPrivateKey {
    let private = private();
    let number = |part| BoxedUint::from_be_slice_vartime(private.bytes(part).unwrap());
    RsaPrivateKey::from_components(
        number(CKA_MODULUS),
        number(CKA_PUBLIC_EXPONENT),
        number(CKA_PRIVATE_EXPONENT),
        vec![number(CKA_PRIME_1), number(CKA_PRIME_2)],
    )
    .unwrap()
}

fn oaep(hash: u64, mgf: u64, source: u64, label: &[u8]) -> Mechanism {
    let parameters = OaepParameters { hash, mgf, source, label: label.to_vec() };
    with(CKM_RSA_PKCS_OAEP, Parameters::Oaep(parameters))
}

#[test]
fn published_ciphertexts_decrypt_whether_they_are_well_padded_or_not() {
    let (key, _) = pair(&private());
    for (ciphertext, message) in DECRYPTIONS {
        for ability in [Can::decrypt as Ability, Can::unwrap] {
            assert_eq!(whole(ability, &plain(CKM_RSA_PKCS), &key, &hex(ciphertext)), Ok(hex(message)));
        }
    }
}

#[test]
fn a_badly_padded_ciphertext_always_gives_the_same_message_and_the_one_that_another_implementation_gives() {
    let (key, _) = pair(&private());
    let theirs = theirs();
    let mechanism = plain(CKM_RSA_PKCS);
    for i in 0..40u8 {
        let mut ciphertext: Vec<u8> = (0..=255u8).map(|j| j.wrapping_mul(i).wrapping_add(i)).collect();
        ciphertext[0] = i;
        let message = whole(Can::decrypt, &mechanism, &key, &ciphertext).unwrap();
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &ciphertext), Ok(message.clone()));
        assert_eq!(in_parts(Can::decrypt, &mechanism, &key, ciphertext.chunks(100)), Ok(message.clone()));
        assert_eq!(theirs.decrypt(Pkcs1v15Encrypt, &ciphertext).unwrap(), message);
    }
}

#[test]
fn a_message_of_every_length_comes_back_under_pkcs1() {
    let (private, public) = pair(&private());
    let mechanism = plain(CKM_RSA_PKCS);
    let theirs = theirs();
    for len in [0, 1, 16, 48, 244, 245] {
        let message = vec![0; len];
        for (forth, back) in [(Can::encrypt as Ability, Can::decrypt as Ability), (Can::wrap, Can::unwrap)] {
            let ciphertext = whole(forth, &mechanism, &public, &message).unwrap();
            assert_eq!(whole(back, &mechanism, &private, &ciphertext), Ok(message.clone()));
            assert_eq!(theirs.decrypt(Pkcs1v15Encrypt, &ciphertext).unwrap(), message);
        }
    }
    assert_eq!(whole(Can::encrypt, &mechanism, &public, &[0; 246]), Err(Error::DataLenRange));
}

#[test]
fn a_published_oaep_ciphertext_decrypts() {
    let [modulus, exponent, message, ciphertext] = OAEP.map(hex);
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_MODULUS, &modulus);
    attributes.set_bytes(CKA_PRIVATE_EXPONENT, &exponent);
    let attributes = of_class(CKO_PRIVATE_KEY, CKK_RSA, attributes);
    let complete = crate::fixtures::complete(&attributes).unwrap();
    let key = parse(&of_class(CKO_PRIVATE_KEY, CKK_RSA, complete)).unwrap();
    let mechanism = oaep(CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, b"");
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &ciphertext), Ok(message));
}

#[test]
fn oaep_takes_each_hash_with_each_mask() {
    let (private, public) = pair(&private());
    for (row, hash) in HASHES.iter().filter_map(|row| hash_of(row.digest).map(|hash| (row, hash))) {
        for (mgf, _) in super::super::MGFS {
            let mechanism = oaep(row.digest, mgf, CKZ_DATA_SPECIFIED, b"label");
            let longest = 256 - 2 - 2 * hash.digest_len();
            let message = vec![0x5a; longest];
            let ciphertext = whole(Can::encrypt, &mechanism, &public, &message).unwrap();
            assert_eq!(whole(Can::decrypt, &mechanism, &private, &ciphertext), Ok(message));
            let refused = whole(Can::encrypt, &mechanism, &public, &vec![0; longest + 1]);
            assert_eq!(refused, Err(Error::DataLenRange));
        }
    }
}

#[test]
fn another_implementation_reads_our_oaep() {
    let (_, public) = pair(&private());
    let theirs = theirs();
    let encrypt = |hash, mgf, label: &[u8]| {
        whole(Can::wrap, &oaep(hash, mgf, CKZ_DATA_SPECIFIED, label), &public, b"message").unwrap()
    };
    let read = theirs.decrypt(::rsa::Oaep::<Sha256>::new(), &encrypt(CKM_SHA256, CKG_MGF1_SHA256, b""));
    assert_eq!(read.unwrap(), b"message");
    let scheme = ::rsa::Oaep::<Sha1, Sha512>::new_with_mgf_hash_and_label(&b"a label"[..]);
    assert_eq!(theirs.decrypt(scheme, &encrypt(CKM_SHA_1, CKG_MGF1_SHA512, b"a label")).unwrap(), b"message");
    let scheme = ::rsa::Oaep::<Sha512, Sha1>::new_with_mgf_hash_and_label(&b"\0"[..]);
    assert_eq!(theirs.decrypt(scheme, &encrypt(CKM_SHA512, CKG_MGF1_SHA1, b"\0")).unwrap(), b"message");
    let scheme = ::rsa::Oaep::<sha3::Sha3_256, sha3::Sha3_512>::new_with_mgf_hash_and_label(&b"3"[..]);
    let read = theirs.decrypt(scheme, &encrypt(CKM_SHA3_256, CKG_MGF1_SHA3_512, b"3"));
    assert_eq!(read.unwrap(), b"message");
}

#[test]
fn oaep_under_another_label_hash_or_mask_is_refused() {
    let (private, public) = pair(&private());
    let mechanism = oaep(CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b"label");
    let ciphertext = whole(Can::encrypt, &mechanism, &public, b"message").unwrap();
    for other in [
        oaep(CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b"lable"),
        oaep(CKM_SHA256, CKG_MGF1_SHA256, 0, b""),
        oaep(CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, b"label"),
        oaep(CKM_SHA512, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b"label"),
    ] {
        assert_eq!(whole(Can::decrypt, &other, &private, &ciphertext), Err(Error::EncryptedDataInvalid));
    }
    let mut changed = ciphertext;
    changed[255] ^= 1;
    assert_eq!(whole(Can::decrypt, &mechanism, &private, &changed), Err(Error::EncryptedDataInvalid));
}

#[test]
fn parameters_of_another_form_are_refused() {
    let (private, public) = pair(&private());
    for mechanism in [
        plain(CKM_RSA_PKCS_OAEP),
        with(CKM_RSA_PKCS_OAEP, Parameters::Unknown),
        oaep(CKM_MD5, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b""),
        oaep(CKM_RSA_PKCS, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b""),
        oaep(CKM_SHA256, 0, CKZ_DATA_SPECIFIED, b""),
        oaep(CKM_SHA256, 0, CKZ_DATA_SPECIFIED, b""),
        oaep(CKM_SHA256, CKG_MGF1_SHA256, 2, b""),
        oaep(CKM_SHA256, CKG_MGF1_SHA256, 0, b"label"),
        with(CKM_RSA_PKCS, Parameters::Unknown),
        with(CKM_RSA_X_509, Parameters::Unknown),
    ] {
        for (ability, key) in [(Can::encrypt as Ability, &public), (Can::decrypt, &private)] {
            let refused = error(start_cipher(ability, &mechanism, key));
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
        }
    }
}

#[test]
fn ciphertexts_of_another_length_and_numbers_over_the_modulus_are_refused() {
    let (private, _) = pair(&private());
    for mechanism in [
        plain(CKM_RSA_PKCS),
        plain(CKM_RSA_X_509),
        oaep(CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b""),
    ] {
        for len in [0, 1, 255, 257, 1000] {
            let refused = Err(Error::EncryptedDataLenRange);
            assert_eq!(whole(Can::decrypt, &mechanism, &private, &vec![0; len]), refused);
            assert_eq!(in_parts(Can::decrypt, &mechanism, &private, vec![0; len].chunks(99)), refused);
        }
        assert_eq!(whole(Can::decrypt, &mechanism, &private, &[255; 256]), Err(Error::EncryptedDataInvalid));
    }
}

/// Everybody sees of such a number what comes of it, so that the error tells nobody anything.
#[test]
fn a_number_that_is_its_own_result_is_no_ciphertext() {
    let attributes = private();
    let mut one_less = attributes.bytes(CKA_MODULUS).unwrap().to_vec();
    one_less[255] -= 1;
    let (private, _) = pair(&attributes);
    for number in [[&[0; 255][..], &[1]].concat(), one_less] {
        for mechanism in [plain(CKM_RSA_PKCS), plain(CKM_RSA_X_509)] {
            let refused = whole(Can::decrypt, &mechanism, &private, &number);
            assert_eq!(refused, Err(Error::EncryptedDataInvalid));
        }
        assert_eq!(sign(&plain(CKM_RSA_X_509), &private, &number), Err(Error::DataInvalid));
    }
}

#[test]
fn bare_rsa_fills_up_with_zeros_and_gives_as_many_bytes_as_the_modulus() {
    let (private, public) = pair(&private());
    let mechanism = plain(CKM_RSA_X_509);
    for len in [0, 1, 16, 255] {
        let message = vec![0x5a; len];
        let padded = [vec![0; 256 - len], message.clone()].concat();
        let ciphertext = whole(Can::encrypt, &mechanism, &public, &message).unwrap();
        assert_eq!(whole(Can::decrypt, &mechanism, &private, &ciphertext), Ok(padded.clone()));
        let signature = sign(&mechanism, &private, &message).unwrap();
        assert_eq!(verify(&mechanism, &public, &message, &signature), Ok(()));
        assert_eq!(verify(&mechanism, &public, &padded, &signature), Ok(()));
        assert_eq!(verify(&mechanism, &public, b"other", &signature), Err(Error::SignatureInvalid));
        assert_eq!(whole(Can::sign_recover, &mechanism, &private, &message), Ok(signature.clone()));
        assert_eq!(whole(Can::verify_recover, &mechanism, &public, &signature), Ok(padded));
    }
    assert_eq!(whole(Can::encrypt, &mechanism, &public, &[255; 256]), Err(Error::DataInvalid));
    assert_eq!(sign(&mechanism, &private, &[255; 256]), Err(Error::DataInvalid));
    assert_eq!(whole(Can::sign_recover, &mechanism, &private, &[255; 256]), Err(Error::DataInvalid));
    assert_eq!(whole(Can::encrypt, &mechanism, &public, &[0; 257]), Err(Error::DataLenRange));
    assert_eq!(sign(&mechanism, &private, &[0; 257]), Err(Error::DataLenRange));
    assert_eq!(verify(&mechanism, &public, b"message", &[255; 256]), Err(Error::SignatureInvalid));
    assert_eq!(verify(&mechanism, &public, b"message", &[0; 255]), Err(Error::SignatureLenRange));
}

#[test]
fn a_secret_key_wrapped_bare_comes_back_as_the_last_bytes() {
    let (private, public) = pair(&private());
    let mechanism = plain(CKM_RSA_X_509);
    let wrapped = whole(Can::wrap, &mechanism, &public, &[0, 7, 7, 0]).unwrap();
    let bytes = whole(Can::unwrap, &mechanism, &private, &wrapped).unwrap();
    assert_eq!((bytes.len(), &bytes[252..]), (256, &[0, 7, 7, 0][..]));
}

#[test]
fn a_signature_gives_its_message_back() {
    let (private, public) = pair(&private());
    let mechanism = plain(CKM_RSA_PKCS);
    for len in [0, 1, 51, 245] {
        let message = vec![0x5a; len];
        let signature = whole(Can::sign_recover, &mechanism, &private, &message).unwrap();
        assert_eq!(sign(&mechanism, &private, &message), Ok(signature.clone()));
        assert_eq!(whole(Can::verify_recover, &mechanism, &public, &signature), Ok(message.clone()));
        assert_eq!(in_parts(Can::verify_recover, &mechanism, &public, signature.chunks(9)), Ok(message));
        let mut wrong = signature;
        wrong[200] ^= 1;
        assert_eq!(whole(Can::verify_recover, &mechanism, &public, &wrong), Err(Error::SignatureInvalid));
    }
    assert_eq!(whole(Can::sign_recover, &mechanism, &private, &[0; 246]), Err(Error::DataLenRange));
    for len in [0, 1, 255, 257] {
        let refused = whole(Can::verify_recover, &mechanism, &public, &vec![0; len]);
        assert_eq!(refused, Err(Error::SignatureLenRange));
    }
    let over_the_modulus = whole(Can::verify_recover, &mechanism, &public, &[255; 256]);
    assert_eq!(over_the_modulus, Err(Error::SignatureInvalid));
}

#[test]
fn each_half_of_a_pair_does_its_own_part_alone() {
    let (private, public) = pair(&private());
    let secret = secret_key(CKK_GENERIC_SECRET, b"secret");
    let mechanism = plain(CKM_RSA_PKCS);
    for (ability, wrong) in [
        (Can::encrypt as Ability, &private),
        (Can::wrap, &private),
        (Can::verify_recover, &private),
        (Can::decrypt, &public),
        (Can::unwrap, &public),
        (Can::sign_recover, &public),
        (Can::encrypt, &secret),
        (Can::decrypt, &secret),
    ] {
        assert_eq!(error(start_cipher(ability, &mechanism, wrong)), Some(Error::KeyTypeInconsistent));
    }
}

#[test]
fn a_private_key_is_wrapped_as_the_pkcs8_that_it_came_from() {
    assert_eq!(to_bytes(&private()), Ok(hex(KEY)));
    let template = of_class(CKO_PRIVATE_KEY, CKK_RSA, Attributes::new());
    // A block cipher pads with zeros.
    let padded = [hex(KEY), vec![0; 15]].concat();
    assert!(from_bytes(&template, &padded).is_ok());
    let trailing = [hex(KEY), vec![1]].concat();
    assert_eq!(from_bytes(&template, &trailing), Err(Error::WrappedKeyInvalid));
    let der = hex(KEY);
    for cut in 0..der.len() {
        assert_eq!(from_bytes(&template, &der[..cut]), Err(Error::WrappedKeyInvalid));
    }
    let public = of_class(CKO_PUBLIC_KEY, CKK_RSA, Attributes::new());
    assert!(matches!(from_bytes(&public, &der), Err(Error::TemplateInconsistent(_))));
}
