//! The standard's attribute tables, copied out a second time, so that the tables of the engine are held against what
//! stands there and not against themselves. Samples and expectations follow from these lines alone.

use pkcs11::constants::*;
use pkcs11::{Attribute, AttributeType, RawValue};

/// A line of a table: attribute, footnotes, data type, and what the prose beneath the table adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub attribute: AttributeType,
    pub notes: &'static [u8],
    pub data_type: &'static str,
    pub prose: &'static str,
}

const fn line(attribute: AttributeType, notes: &'static [u8], data_type: &'static str) -> Line {
    Line { attribute, notes, data_type, prose: "" }
}

const fn prose(
    attribute: AttributeType,
    notes: &'static [u8],
    data_type: &'static str,
    prose: &'static str,
) -> Line {
    Line { attribute, notes, data_type, prose }
}

const MODIFIABLE: &str = "only this may be modified";
const COPY: &str = "may be changed while copying";
const ONE_WAY: &str = "cannot be set to TRUE once it is FALSE";
const CREATED_WITH: &str = "MUST be specified when the object is created";
const DESTROYED: &str = "C_SetAttributeValue may be used to destroy the attribute, by supplying no-value";
const OURS: &str = "made by the token, more restrictive than the table";
const VERIFIED: &str = "MUST be consistent with the private key";

const OBJECT: &[Line] =
    &[line(CKA_CLASS, &[1], "CK_OBJECT_CLASS"), line(CKA_UNIQUE_ID, &[2, 4, 6], "RFC2279 string")];
const STORAGE: &[Line] = &[
    prose(CKA_TOKEN, &[], "CK_BBOOL", COPY),
    prose(CKA_PRIVATE, &[], "CK_BBOOL", COPY),
    prose(CKA_MODIFIABLE, &[], "CK_BBOOL", COPY),
    prose(CKA_LABEL, &[], "RFC2279 string", MODIFIABLE),
    prose(CKA_COPYABLE, &[], "CK_BBOOL", ONE_WAY),
    prose(CKA_DESTROYABLE, &[], "CK_BBOOL", COPY),
];
const DATA: &[Line] = &[
    line(CKA_APPLICATION, &[], "RFC2279 string"),
    line(CKA_OBJECT_ID, &[], "Byte array"),
    line(CKA_VALUE, &[], "Byte array"),
];
const CERTIFICATE: &[Line] = &[
    line(CKA_CERTIFICATE_TYPE, &[1], "CK_CERTIFICATE_TYPE"),
    line(CKA_TRUSTED, &[10], "CK_BBOOL"),
    line(CKA_CERTIFICATE_CATEGORY, &[], "CK_CERTIFICATE_CATEGORY"),
    line(CKA_CHECK_VALUE, &[], "Byte array"),
    line(CKA_START_DATE, &[], "CK_DATE"),
    line(CKA_END_DATE, &[], "CK_DATE"),
    line(CKA_PUBLIC_KEY_INFO, &[], "Byte array"),
    prose(CKA_SUBJECT, &[], "Byte array", CREATED_WITH),
    prose(CKA_ID, &[], "Byte array", MODIFIABLE),
    prose(CKA_ISSUER, &[], "Byte array", MODIFIABLE),
    prose(CKA_SERIAL_NUMBER, &[], "Byte array", MODIFIABLE),
    prose(CKA_VALUE, &[], "Byte array", CREATED_WITH),
    line(CKA_URL, &[], "RFC2279 string"),
    line(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, &[], "Byte array"),
    line(CKA_HASH_OF_ISSUER_PUBLIC_KEY, &[], "Byte array"),
    line(CKA_JAVA_MIDP_SECURITY_DOMAIN, &[], "CK_JAVA_MIDP_SECURITY_DOMAIN"),
    line(CKA_NAME_HASH_ALGORITHM, &[], "CK_MECHANISM_TYPE"),
];
const TRUST: &[Line] = &[
    line(CKA_ISSUER, &[1], "Byte array"),
    line(CKA_SERIAL_NUMBER, &[1], "Byte array"),
    prose(CKA_HASH_OF_CERTIFICATE, &[], "Byte array", MODIFIABLE),
    prose(CKA_NAME_HASH_ALGORITHM, &[], "CK_MECHANISM_TYPE", MODIFIABLE),
    prose(CKA_TRUST_SERVER_AUTH, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_CLIENT_AUTH, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_CODE_SIGNING, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_EMAIL_PROTECTION, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_IPSEC_IKE, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_TIME_STAMPING, &[], "CK_TRUST", MODIFIABLE),
    prose(CKA_TRUST_OCSP_SIGNING, &[], "CK_TRUST", MODIFIABLE),
];
const KEY: &[Line] = &[
    line(CKA_KEY_TYPE, &[1, 5], "CK_KEY_TYPE"),
    line(CKA_ID, &[8], "Byte array"),
    line(CKA_START_DATE, &[8], "CK_DATE"),
    line(CKA_END_DATE, &[8], "CK_DATE"),
    line(CKA_DERIVE, &[8], "CK_BBOOL"),
    line(CKA_LOCAL, &[2, 4, 6], "CK_BBOOL"),
    line(CKA_KEY_GEN_MECHANISM, &[2, 4, 6], "CK_MECHANISM_TYPE"),
    line(CKA_ALLOWED_MECHANISMS, &[], "CK_MECHANISM_TYPE_PTR"),
    prose(CKA_OBJECT_VALIDATION_FLAGS, &[4, 6, 9, 12], "CK_FLAGS", OURS),
];
const PUBLIC_KEY: &[Line] = &[
    line(CKA_SUBJECT, &[8], "Byte array"),
    line(CKA_ENCRYPT, &[8, 9], "CK_BBOOL"),
    line(CKA_VERIFY, &[8, 9], "CK_BBOOL"),
    line(CKA_VERIFY_RECOVER, &[8, 9], "CK_BBOOL"),
    line(CKA_WRAP, &[8, 9], "CK_BBOOL"),
    line(CKA_ENCAPSULATE, &[8, 9], "CK_BBOOL"),
    line(CKA_TRUSTED, &[10], "CK_BBOOL"),
    line(CKA_WRAP_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_ENCAPSULATE_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_PUBLIC_KEY_INFO, &[], "Byte array"),
];
const PRIVATE_KEY: &[Line] = &[
    line(CKA_SUBJECT, &[8], "Byte array"),
    line(CKA_SENSITIVE, &[8, 9, 11], "CK_BBOOL"),
    line(CKA_DECRYPT, &[8, 9], "CK_BBOOL"),
    line(CKA_SIGN, &[8, 9], "CK_BBOOL"),
    line(CKA_SIGN_RECOVER, &[8, 9], "CK_BBOOL"),
    line(CKA_UNWRAP, &[8, 9], "CK_BBOOL"),
    line(CKA_DECAPSULATE, &[8, 9], "CK_BBOOL"),
    line(CKA_EXTRACTABLE, &[8, 9, 12], "CK_BBOOL"),
    line(CKA_ALWAYS_SENSITIVE, &[2, 4, 6], "CK_BBOOL"),
    line(CKA_NEVER_EXTRACTABLE, &[2, 4, 6], "CK_BBOOL"),
    line(CKA_WRAP_WITH_TRUSTED, &[11], "CK_BBOOL"),
    line(CKA_UNWRAP_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_DECAPSULATE_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_ALWAYS_AUTHENTICATE, &[], "CK_BBOOL"),
    prose(CKA_PUBLIC_KEY_INFO, &[8], "Byte array", VERIFIED),
    line(CKA_DERIVE_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
];
const SECRET_KEY: &[Line] = &[
    line(CKA_SENSITIVE, &[8, 11], "CK_BBOOL"),
    line(CKA_ENCRYPT, &[8, 9], "CK_BBOOL"),
    line(CKA_DECRYPT, &[8, 9], "CK_BBOOL"),
    line(CKA_SIGN, &[8, 9], "CK_BBOOL"),
    line(CKA_VERIFY, &[8, 9], "CK_BBOOL"),
    line(CKA_WRAP, &[8, 9], "CK_BBOOL"),
    line(CKA_UNWRAP, &[8, 9], "CK_BBOOL"),
    line(CKA_EXTRACTABLE, &[8, 9, 12], "CK_BBOOL"),
    line(CKA_ALWAYS_SENSITIVE, &[2, 4, 6], "CK_BBOOL"),
    line(CKA_NEVER_EXTRACTABLE, &[2, 4, 6], "CK_BBOOL"),
    prose(CKA_CHECK_VALUE, &[], "Byte array", DESTROYED),
    line(CKA_WRAP_WITH_TRUSTED, &[11], "CK_BBOOL"),
    line(CKA_TRUSTED, &[10], "CK_BBOOL"),
    line(CKA_WRAP_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_UNWRAP_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
    line(CKA_DERIVE_TEMPLATE, &[], "CK_ATTRIBUTE_PTR"),
];
const RSA_PUBLIC: &[Line] = &[
    line(CKA_MODULUS, &[1, 4], "Big integer"),
    line(CKA_MODULUS_BITS, &[2, 3], "CK_ULONG"),
    line(CKA_PUBLIC_EXPONENT, &[1], "Big integer"),
];
const RSA_PRIVATE: &[Line] = &[
    line(CKA_MODULUS, &[1, 4, 6], "Big integer"),
    line(CKA_PUBLIC_EXPONENT, &[1, 4, 6], "Big integer"),
    line(CKA_PRIVATE_EXPONENT, &[1, 4, 6, 7], "Big integer"),
    line(CKA_PRIME_1, &[4, 6, 7], "Big integer"),
    line(CKA_PRIME_2, &[4, 6, 7], "Big integer"),
    line(CKA_EXPONENT_1, &[4, 6, 7], "Big integer"),
    line(CKA_EXPONENT_2, &[4, 6, 7], "Big integer"),
    line(CKA_COEFFICIENT, &[4, 6, 7], "Big integer"),
];
const EC_PUBLIC: &[Line] =
    &[line(CKA_EC_PARAMS, &[1, 3], "Byte array"), line(CKA_EC_POINT, &[1, 4], "Byte array")];
const EC_PRIVATE: &[Line] =
    &[line(CKA_EC_PARAMS, &[1, 4, 6], "Byte array"), line(CKA_VALUE, &[1, 4, 6, 7], "Big integer")];
/// The standard's "Big integer" of a value in little endian order: bytes, whose zeros count.
const BYTE_PRIVATE: &[Line] =
    &[line(CKA_EC_PARAMS, &[1, 4, 6], "Byte array"), line(CKA_VALUE, &[1, 4, 6, 7], "Byte array")];
const PARAMETER_SET_PUBLIC: &[Line] = &[
    line(CKA_PARAMETER_SET, &[1, 3], "CK_ML_KEM_PARAMETER_SET_TYPE"),
    line(CKA_VALUE, &[1, 4], "Byte array"),
];
/// The tables have footnote 1 at the value; the prose: "At least one of CKA_SEED and CKA_VALUE must be specified".
const SEED_PRIVATE: &[Line] = &[
    line(CKA_PARAMETER_SET, &[1, 4, 6], "CK_ML_KEM_PARAMETER_SET_TYPE"),
    line(CKA_SEED, &[4, 6, 7], "Byte array"),
    line(CKA_VALUE, &[4, 6, 7], "Byte array"),
];
const PARAMETER_SET_PRIVATE: &[Line] = &[
    line(CKA_PARAMETER_SET, &[1, 4, 6], "CK_SLH_DSA_PARAMETER_SET_TYPE"),
    line(CKA_VALUE, &[1, 4, 6, 7], "Byte array"),
];
const PARAMETERS: &[Line] = &[line(CKA_KEY_TYPE, &[1], "CK_KEY_TYPE"), line(CKA_LOCAL, &[2, 4], "CK_BBOOL")];
const DH_PUBLIC: &[Line] = &[
    line(CKA_PRIME, &[1, 3], "Big integer"),
    line(CKA_BASE, &[1, 3], "Big integer"),
    line(CKA_VALUE, &[1, 4], "Big integer"),
];
const DH_PRIVATE: &[Line] = &[
    line(CKA_PRIME, &[1, 4, 6], "Big integer"),
    line(CKA_BASE, &[1, 4, 6], "Big integer"),
    line(CKA_VALUE, &[1, 4, 6, 7], "Big integer"),
    line(CKA_VALUE_BITS, &[2], "CK_ULONG"),
];
const DH_PARAMETERS: &[Line] = &[
    line(CKA_PRIME, &[1, 4], "Big integer"),
    line(CKA_BASE, &[1, 4], "Big integer"),
    line(CKA_PRIME_BITS, &[2, 3], "CK_ULONG"),
];
const DSA_PUBLIC: &[Line] = &[
    line(CKA_PRIME, &[1, 3], "Big integer"),
    line(CKA_SUBPRIME, &[1, 3], "Big integer"),
    line(CKA_BASE, &[1, 3], "Big integer"),
    line(CKA_VALUE, &[1, 4], "Big integer"),
];
const DSA_PRIVATE: &[Line] = &[
    line(CKA_PRIME, &[1, 4, 6], "Big integer"),
    line(CKA_SUBPRIME, &[1, 4, 6], "Big integer"),
    line(CKA_BASE, &[1, 4, 6], "Big integer"),
    line(CKA_VALUE, &[1, 4, 6, 7], "Big integer"),
];
/// The length of the order is in the prose beneath the table alone, which gives it a value where the template says nothing.
const DSA_PARAMETERS: &[Line] = &[
    line(CKA_PRIME, &[1, 4], "Big integer"),
    line(CKA_SUBPRIME, &[1, 4], "Big integer"),
    line(CKA_BASE, &[1, 4], "Big integer"),
    line(CKA_PRIME_BITS, &[2, 3], "CK_ULONG"),
    line(CKA_SUBPRIME_BITS, &[2], "CK_ULONG"),
];
const SECRET_VALUE: &[Line] =
    &[line(CKA_VALUE, &[1, 4, 6, 7], "Byte array"), line(CKA_VALUE_LEN, &[2, 3], "CK_ULONG")];
const DES_VALUE: &[Line] = &[line(CKA_VALUE, &[1, 4, 6, 7], "Byte array")];
/// The tables of ChaCha20 and Poly1305 have a footnote 3 beside the length; their generations, which make keys of one
/// length, do not speak of it.
const VALUE_OF_32_BYTES: &[Line] =
    &[line(CKA_VALUE, &[1, 4, 6, 7], "Byte array"), line(CKA_VALUE_LEN, &[2], "CK_ULONG")];

const OTP: &[Line] = &[
    line(CKA_OTP_FORMAT, &[], "CK_ULONG"),
    line(CKA_OTP_LENGTH, &[9], "CK_ULONG"),
    line(CKA_OTP_USER_FRIENDLY_MODE, &[9], "CK_BBOOL"),
    line(CKA_OTP_CHALLENGE_REQUIREMENT, &[9], "CK_ULONG"),
    line(CKA_OTP_TIME_REQUIREMENT, &[9], "CK_ULONG"),
    line(CKA_OTP_COUNTER_REQUIREMENT, &[9], "CK_ULONG"),
    line(CKA_OTP_PIN_REQUIREMENT, &[9], "CK_ULONG"),
    line(CKA_OTP_COUNTER, &[], "Byte array"),
    line(CKA_OTP_TIME, &[], "RFC2279 string"),
    line(CKA_OTP_USER_IDENTIFIER, &[], "RFC2279 string"),
    line(CKA_OTP_SERVICE_IDENTIFIER, &[], "RFC2279 string"),
    line(CKA_OTP_SERVICE_LOGO, &[], "Byte array"),
    line(CKA_OTP_SERVICE_LOGO_TYPE, &[], "RFC2279 string"),
];

/// A kind of object with its tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub class: u64,
    /// `CKA_CERTIFICATE_TYPE` or `CKA_KEY_TYPE`.
    pub subtype: Option<u64>,
    tables: &'static [&'static [Line]],
}

pub(super) const KINDS: &[Kind] = &[
    Kind { class: CKO_DATA, subtype: None, tables: &[OBJECT, STORAGE, DATA] },
    Kind { class: CKO_CERTIFICATE, subtype: Some(CKC_X_509), tables: &[OBJECT, STORAGE, CERTIFICATE] },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_RSA),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, RSA_PUBLIC],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_EC),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_EC_EDWARDS),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_EC_MONTGOMERY),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_RSA),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, RSA_PRIVATE],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_EC),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, EC_PRIVATE],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_EC_EDWARDS),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, BYTE_PRIVATE],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_EC_MONTGOMERY),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, BYTE_PRIVATE],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_ML_KEM),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_ML_KEM),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, SEED_PRIVATE],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_ML_DSA),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_ML_DSA),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, SEED_PRIVATE],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_SLH_DSA),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_SLH_DSA),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, PARAMETER_SET_PRIVATE],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_DH),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, DH_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_DH),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, DH_PRIVATE],
    },
    Kind {
        class: CKO_DOMAIN_PARAMETERS,
        subtype: Some(CKK_DH),
        tables: &[OBJECT, STORAGE, PARAMETERS, DH_PARAMETERS],
    },
    Kind {
        class: CKO_PUBLIC_KEY,
        subtype: Some(CKK_DSA),
        tables: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, DSA_PUBLIC],
    },
    Kind {
        class: CKO_PRIVATE_KEY,
        subtype: Some(CKK_DSA),
        tables: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, DSA_PRIVATE],
    },
    Kind {
        class: CKO_DOMAIN_PARAMETERS,
        subtype: Some(CKK_DSA),
        tables: &[OBJECT, STORAGE, PARAMETERS, DSA_PARAMETERS],
    },
    Kind {
        class: CKO_SECRET_KEY,
        subtype: Some(CKK_HKDF),
        tables: &[OBJECT, STORAGE, KEY, SECRET_KEY, SECRET_VALUE],
    },
    secret(CKK_AES),
    secret(CKK_CAMELLIA),
    secret_of(CKK_DES, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_VALUE]),
    secret_of(CKK_DES2, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_VALUE]),
    secret_of(CKK_DES3, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_VALUE]),
    secret(CKK_AES_XTS),
    secret_of(CKK_CHACHA20, &[OBJECT, STORAGE, KEY, SECRET_KEY, VALUE_OF_32_BYTES]),
    secret_of(CKK_POLY1305, &[OBJECT, STORAGE, KEY, SECRET_KEY, VALUE_OF_32_BYTES]),
    Kind {
        class: CKO_OTP_KEY,
        subtype: Some(CKK_HOTP),
        tables: &[OBJECT, STORAGE, KEY, SECRET_KEY, SECRET_VALUE, OTP],
    },
    Kind { class: CKO_TRUST, subtype: None, tables: &[OBJECT, STORAGE, TRUST] },
    secret(CKK_GENERIC_SECRET),
    secret(CKK_SHA_1_HMAC),
    secret(CKK_SHA224_HMAC),
    secret(CKK_SHA256_HMAC),
    secret(CKK_SHA384_HMAC),
    secret(CKK_SHA512_HMAC),
    secret(CKK_SHA512_224_HMAC),
    secret(CKK_SHA512_256_HMAC),
    secret(CKK_SHA3_224_HMAC),
    secret(CKK_SHA3_256_HMAC),
    secret(CKK_SHA3_384_HMAC),
    secret(CKK_SHA3_512_HMAC),
    secret(CKK_BLAKE2B_160_HMAC),
    secret(CKK_BLAKE2B_256_HMAC),
    secret(CKK_BLAKE2B_384_HMAC),
    secret(CKK_BLAKE2B_512_HMAC),
    secret(CKK_MD5_HMAC),
    secret(CKK_RIPEMD160_HMAC),
    secret(CKK_SHA512_T_HMAC),
];

const fn secret(key_type: u64) -> Kind {
    secret_of(key_type, &[OBJECT, STORAGE, KEY, SECRET_KEY, SECRET_VALUE])
}

const fn secret_of(key_type: u64, tables: &'static [&'static [Line]]) -> Kind {
    Kind { class: CKO_SECRET_KEY, subtype: Some(key_type), tables }
}

impl Kind {
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> + use<> {
        self.tables.iter().copied().flatten().copied()
    }

    pub(super) fn is_key(&self) -> bool {
        matches!(self.class, CKO_PUBLIC_KEY | CKO_PRIVATE_KEY | CKO_SECRET_KEY | CKO_OTP_KEY)
    }

    pub(super) fn is_secret(&self) -> bool {
        matches!(self.class, CKO_PRIVATE_KEY | CKO_SECRET_KEY | CKO_OTP_KEY)
    }

    /// A value that the attribute of such an object may have, other than the default where there is a choice.
    pub(super) fn sample(&self, line: Line) -> Attribute {
        let attribute = line.attribute;
        match (attribute, line.data_type) {
            (CKA_CLASS, _) => Attribute::ulong(attribute, self.class),
            (CKA_CERTIFICATE_TYPE | CKA_KEY_TYPE, _) => {
                Attribute::ulong(attribute, self.subtype.expect("kinds with this attribute have a subtype"))
            }
            (CKA_MODIFIABLE | CKA_COPYABLE | CKA_DESTROYABLE, _) => Attribute::boolean(attribute, false),
            (_, "CK_BBOOL") => Attribute::boolean(attribute, true),
            (_, "CK_DATE") => Attribute::bytes(attribute, b"20240229"),
            (_, "RFC2279 string") => Attribute::bytes(attribute, "Schlüssel".as_bytes()),
            (_, "Byte array" | "Big integer") => Attribute::bytes(attribute, &[3, 2, 1]),
            (_, "CK_ATTRIBUTE_PTR") => {
                let inner = vec![Attribute::boolean(CKA_EXTRACTABLE, true)];
                Attribute { attribute_type: attribute, value: RawValue::Template(inner) }
            }
            (_, "CK_MECHANISM_TYPE_PTR") => {
                let list: Vec<u8> = [CKM_RSA_PKCS, CKM_ECDSA].iter().flat_map(|m| m.to_ne_bytes()).collect();
                Attribute::bytes(attribute, &list)
            }
            _ => Attribute::ulong(attribute, 2),
        }
    }

    /// The samples of all lines that hold.
    pub(super) fn template(&self, holds: impl Fn(&Line) -> bool) -> Vec<Attribute> {
        self.lines().filter(holds).map(|line| self.sample(line)).collect()
    }
}

impl Line {
    pub(super) fn has(&self, footnote: u8) -> bool {
        self.notes.contains(&footnote)
    }

    /// Whether `C_CreateObject` must be given the attribute.
    pub(super) fn created_with(&self) -> bool {
        self.has(1) || self.prose == CREATED_WITH
    }

    /// Whether no template may hold it.
    pub(super) fn is_ours(&self) -> bool {
        (self.has(2) && self.has(4)) || self.prose == OURS
    }

    /// Whether it may be changed from one value to any other.
    pub(super) fn is_modifiable(&self) -> bool {
        self.prose == MODIFIABLE || (self.has(8) && self.prose != VERIFIED)
    }

    pub(super) fn is_copied_freely(&self) -> bool {
        self.prose == COPY
    }

    /// The value after which it is frozen.
    pub(super) fn frozen_at(&self) -> Option<bool> {
        if self.has(11) {
            return Some(true);
        }
        (!self.is_ours() && (self.has(12) || self.prose == ONE_WAY)).then_some(false)
    }

    pub(super) fn is_verified(&self) -> bool {
        self.prose == VERIFIED
    }

    pub(super) fn is_destroyed_by_nothing(&self) -> bool {
        self.prose == DESTROYED
    }
}
