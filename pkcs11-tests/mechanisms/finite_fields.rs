//! Groups of numbers modulo a prime: one for Diffie-Hellman, two for DSA.

use cryptoki_sys::{CKA_BASE, CKA_PRIME, CKA_SUBPRIME};

use crate::Template;
use crate::program::unhex;

/// `ffdhe2048` of RFC 7919 appendix A.1, whose base is 2.
pub const FFDHE2048: &str = "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9\
 7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935\
 984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb\
 b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61\
 9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa\
 886b423861285c97ffffffffffffffff";

/// A domain of DSA: prime, order and base (RFC 6979 appendix A.2.1).
pub const DSA_1024: [&str; 3] = [
    "86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447e6533b86b18bed6e8a48b784a14c252c\
     5be0dbf60b86d6385bd2f12fb763ed8873abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c\
     881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779",
    "996f967f6c8e388d9e28d01e205fba957a5698b1",
    "07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d89bbcd97e904e09114d9a7defdeadfc9\
     078ea544d2e401aeecc40bb9fbbf78fd87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4\
     17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd",
];

/// A domain of DSA: prime, order and base (RFC 6979 appendix A.2.2).
pub const DSA_2048: [&str; 3] = [
    "9db6fb5951b66bb6fe1e140f1d2ce5502374161fd6538df1648218642f0b5c48c8f7a41aadfa187324b87674fa1822b0\
     0f1ecf8136943d7c55757264e5a1a44ffe012e9936e00c1d3e9310b01c7d179805d3058b2a9f4bb6f9716bfe6117c6b5\
     b3cc4d9be341104ad4a80ad6c94e005f4b993e14f091eb51743bf33050c38de235567e1b34c3d6a5c0ceaa1a0f368213\
     c3d19843d0b4b09dcb9fc72d39c8de41f1bf14d4bb4563ca28371621cad3324b6a2d392145bebfac748805236f5ca2fe\
     92b871cd8f9c36d3292b5509ca8caa77a2adfc7bfd77dda6f71125a7456fea153e433256a2261c6a06ed3693797e7995\
     fad5aabbcfbe3eda2741e375404ae25b",
    "f2c3119374ce76c9356990b465374a17f23f9ed35089bd969f61c6dde9998c1f",
    "5c7ff6b06f8f143fe8288433493e4769c4d988ace5be25a0e24809670716c613d7b0cee6932f8faa7c44d2cb24523da5\
     3fbe4f6ec3595892d1aa58c4328a06c46a15662e7eaa703a1decf8bbb2d05dbe2eb956c142a338661d10461c0d135472\
     085057f3494309ffa73c611f78b32adbb5740c361c9f35be90997db2014e2ef5aa61782f52abeb8bd6432c4dd097bc54\
     23b285dafb60dc364e8161f4a2a35aca3a10b1c4d203cc76a470a33afdcbdd92959859abd8b56e1725252d78eac66e71\
     ba9ae3f1dd2487199874393cd4d832186800654760e1e34c09e4d155179f9ec0dc4473f996bdce6eed1cabed8b6f116f\
     7ad9cf505df0f998e34ab27514b0ffe7",
];

/// A group of Diffie-Hellman as attributes: [`FFDHE2048`].
#[must_use]
pub fn dh_group() -> Template {
    Template::new().bytes(CKA_PRIME, unhex(FFDHE2048)).bytes(CKA_BASE, [2])
}

/// A domain of DSA as attributes.
#[must_use]
pub fn dsa_domain([p, q, g]: [&str; 3]) -> Template {
    Template::new().bytes(CKA_PRIME, unhex(p)).bytes(CKA_SUBPRIME, unhex(q)).bytes(CKA_BASE, unhex(g))
}
