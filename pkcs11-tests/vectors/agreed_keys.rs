//! Keys that ECDH makes of a secret by ANSI X9.63: NIST's ACVP.

use cryptoki_sys::{
    CKA_DERIVE, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF, CKK_EC,
    CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE,
};
use pkcs11_tests::Sent;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1};

use crate::desk::Desk;
use crate::elliptic::private_key;

/// `secp224r1` as DER object identifier.
const P224: &[u8] = &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x21];

/// ACVP's kdf-components ansix9.63-1.0, of a field of 224 bits: function, case, secret, and the shared information and the key that is
/// published for the secret. The mechanism takes no secret, but a point: these are secrets that are the first coordinate of a point of
/// P-224, and its second coordinate follows them. The private key 1 agrees on the first coordinate of whatever point it meets.
const PUBLISHED: &[(u64, u32, [&str; 4])] = &[
    (
        CKD_SHA224_KDF,
        1,
        [
            "c43a513a592831caae3407f8ad159bff0720350e35b40e6673e6de9c",
            "63cd1a275bb734818f23ab62819a5a6b797d126ea403de902293a2cc",
            "",
            "e0b074f177df40b7fb7d9ca307d6ed8d0b4760d6af72f85fe4b66cdbe42c22cb",
        ],
    ),
    (
        CKD_SHA224_KDF,
        41,
        [
            "ddc45c7569247d426b75927661848956b06358edad31ca27109f464c",
            "c263de7cf13001c1a124a340eb9977a34efdeb42004ed4f5f44e4d68",
            "4f77553a0259e9d0ab426462d854b986f31f3c43d3d5832f6b74e638fe79d7770bd7f0d38c34213eb293856710f511dd\
         c31e0c43da0f633f4be26e24979b6430aa7557ea317ca5006316533714ce11da997ed462aa81ed62c122503134855405\
         cb9a3522cfaa5c9781b7c5c77125619b13a3a9eca12fcbdf9726948e1327b828",
            "fbf641ccffdd306ffd4743252e7606cd66822caf90f829a6475543be5ea94789",
        ],
    ),
    (
        CKD_SHA256_KDF,
        114,
        [
            "22c4297f8335559aeb3f277bfc5c1e37567adf069a78f28a86a98270",
            "67b38fe4643e78b3763df1e502f5c1cb0b293cfb9e7577514200b564",
            "",
            "a7d2931d1c2ae5dbb3568708dd59f1d050353b85f86374a4676674389e8003a13b96fe2a0e684506cb0c2865f7c7b0cd\
         51b2df28d2445b0b697e118e2e39fcb7beb11809772df65595ce43f10077851a4f09fe5ae48c2596c9f9db98708cc9c5\
         768c96b7eb3643160f5f0b9ea092d16da66b1cf42b0ee9803e67922d131e6b15",
        ],
    ),
    (
        CKD_SHA256_KDF,
        123,
        [
            "cce9b435dcd8daf3354054196549cd9bc7edc54bc4241dd35a14c594",
            "f29bbac7b1cf9447cccc5a7ae6b0a770f9c2abaafb43adff04095662",
            "69a0e70939a6888677bd9f693d2d1e09edfb5c0352ac30ec7a7e86c977008ea35d7a0bd4db45a404195802923cf1c365\
         d0808f19f717737574c34eddaba1df794fdc5a0092ef897d14541ac521a4afc95c316a567ade7fb87b9ec365c2b85834\
         1e2437ecba1f963bd60af777cfee133729119604d5fd9e87c91420292a60880b",
            "d6ce853d08dcd8dd001bcc4b173b97cada32bd701249add12e4f4eb50a602d5d",
        ],
    ),
    (
        CKD_SHA384_KDF,
        167,
        [
            "41f189d103f43ddeb5d257a9a816065662507644df07088f8a54b9f8",
            "473dc10868d0d3d6283e691c6ac3a1e68c7ae6ad388318f8df6e7d07",
            "",
            "18b210d09eb9592ea533ca02e24bf223a7e951bdc69720c472cb23a2646e1afe",
        ],
    ),
    (
        CKD_SHA384_KDF,
        195,
        [
            "0781085fd151f52b1d8d4b5bf59527071aa35fa4ef36dc60d013abb1",
            "d68901cd5ce79b751e9df5160a533a9d701c294bde1c49c4caab0f46",
            "",
            "5ed7b16ed374159644b02a4bc8b09db396b4a112f042acb9bca820fd5f43149c56e667413c1658c34dfbaa885d69f205\
         9a03d322b3947a36b66c370ca10b83205ef4587632233ee5aa796fd8e6348a336261029f77b07be54cd6778c53501cd4\
         6bd6d66d603d9e38d01d0b5278fdbc1c5be4c50b34843854cc0b2a6b33a7f468",
        ],
    ),
    (
        CKD_SHA512_KDF,
        241,
        [
            "17d62465f39f98dc5ffc0bc660e9896cbc9c5d877fe09900d36fcb5d",
            "1a5fc9671e09457c2f4a7af81261da8064508e8ec10e52280cd1f175",
            "",
            "5bf144c06a14c7bcdb31c27ec9746d280e1b5c7f0e7fa335aa261e03d226683a",
        ],
    ),
    (
        CKD_SHA512_KDF,
        285,
        [
            "151ea9728b1b4131146c497920123882995b0f71720d77c4869e2371",
            "e752ab52c72d46406095b77638c60a853c338dd4bdd87d6610d7661e",
            "",
            "dcdd42b38bad6266416f40096a4eb65c25eabf6c6c92dc0ef8f7d3ee43659b5f9f1f7041279f236b8e2b6c10a0546df7\
         ffe77996f250d3ed2bebd6bda63efac50b4a775bff971fb50dc1382e506e48150a0eb778c83b8d2286361a6921a4fc51\
         c608b596019057545a7d2f06a8462536e776c4d19363940e98422dfec911285e",
        ],
    ),
];

pub(crate) fn run(desk: &Desk<'_>) {
    let mut one = [0; 28];
    one[27] = 1;
    let private = private_key(desk, CKK_EC, P224, &one, CKA_DERIVE).unwrap();
    for (kdf, case, parts) in PUBLISHED {
        let [x, y, info, key] = parts.map(unhex);
        let point = [&[4], &x[..], &y].concat();
        let info = if info.is_empty() { Sent::null(0) } else { Sent::from(&info[..]) };
        for kind in [CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE] {
            let by = Parameterised::new(kind, ecdh1(*kdf, info, Sent::from(&point[..])).parameters);
            let found = desk.derive(&by.mechanism(), private, key.len());
            desk.compare(kind, "NIST ACVP kdf-components ansix9.63-1.0", case, &found, &key);
        }
    }
    desk.forget(private);
}
