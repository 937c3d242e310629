//! TABLE: the attributes of every object, as PKCS#11 v3.2 chapters 4 and 6 tabulate them.
//!
//! The numbers of a row are the footnotes of the standard's own table (section 4.2, "Common footnotes for object
//! attribute tables"), so that both can be laid side by side:
//!
//! | | |
//! |---|---|
//! | 1, 3, 5 | must be given to `C_CreateObject`; to `C_GenerateKey` and `C_GenerateKeyPair`; to `C_UnwrapKey` |
//! | 2, 4, 6 | must not be given to those |
//! | 7 | not revealed of a sensitive or an unextractable key |
//! | 8 | may be changed by `C_SetAttributeValue` and `C_CopyObject` |
//! | 9 | the default is the token's |
//! | 10 | only an officer sets it to TRUE |
//! | 11, 12 | frozen once TRUE; once FALSE |
//! | 20 + n | what footnote n says, said by the prose beneath the table instead |
//! | 41 | may be changed by `C_CopyObject` alone (section 4.1.3) |
//! | 42 | may be destroyed by `C_SetAttributeValue`, with no value (section 4.11, on `CKA_CHECK_VALUE`) |
//!
//! One attribute of the tables is not offered: `CKA_PUBLIC_CRC64_VALUE`, whose footnote 1 would refuse every key
//! that an application of an earlier version of the standard imports.

use pkcs11::constants::{
    CK_CERTIFICATE_CATEGORY_UNSPECIFIED, CK_SECURITY_DOMAIN_UNSPECIFIED, CKA_ALLOWED_MECHANISMS,
    CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_APPLICATION, CKA_CERTIFICATE_CATEGORY,
    CKA_CERTIFICATE_TYPE, CKA_CHECK_VALUE, CKA_CLASS, CKA_COEFFICIENT, CKA_COPYABLE, CKA_DECAPSULATE,
    CKA_DECAPSULATE_TEMPLATE, CKA_DECRYPT, CKA_DERIVE, CKA_DERIVE_TEMPLATE, CKA_DESTROYABLE, CKA_EC_PARAMS,
    CKA_EC_POINT, CKA_ENCAPSULATE, CKA_ENCAPSULATE_TEMPLATE, CKA_ENCRYPT, CKA_END_DATE, CKA_EXPONENT_1,
    CKA_EXPONENT_2, CKA_EXTRACTABLE, CKA_HASH_OF_ISSUER_PUBLIC_KEY, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_ID,
    CKA_ISSUER, CKA_JAVA_MIDP_SECURITY_DOMAIN, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL,
    CKA_MODIFIABLE, CKA_MODULUS, CKA_MODULUS_BITS, CKA_NAME_HASH_ALGORITHM, CKA_NEVER_EXTRACTABLE,
    CKA_OBJECT_ID, CKA_OBJECT_VALIDATION_FLAGS, CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE, CKA_PRIVATE_EXPONENT,
    CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKA_SENSITIVE, CKA_SERIAL_NUMBER, CKA_SIGN, CKA_SIGN_RECOVER,
    CKA_START_DATE, CKA_SUBJECT, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID, CKA_UNWRAP, CKA_UNWRAP_TEMPLATE,
    CKA_URL, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_WRAP_TEMPLATE,
    CKA_WRAP_WITH_TRUSTED, CKC_X_509, CKK_AES, CKK_BLAKE2B_160_HMAC, CKK_BLAKE2B_256_HMAC,
    CKK_BLAKE2B_384_HMAC, CKK_BLAKE2B_512_HMAC, CKK_EC, CKK_GENERIC_SECRET, CKK_MD5_HMAC, CKK_RIPEMD160_HMAC,
    CKK_RSA, CKK_SHA_1_HMAC, CKK_SHA3_224_HMAC, CKK_SHA3_256_HMAC, CKK_SHA3_384_HMAC, CKK_SHA3_512_HMAC,
    CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC,
    CKK_SHA512_HMAC, CKK_SHA512_T_HMAC, CKM_SHA_1, CKO_CERTIFICATE, CKO_DATA, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::constants::{
    CK_OTP_FORMAT_DECIMAL, CK_OTP_PARAM_IGNORED, CK_OTP_PARAM_OPTIONAL, CKA_OTP_CHALLENGE_REQUIREMENT,
    CKA_OTP_COUNTER, CKA_OTP_COUNTER_REQUIREMENT, CKA_OTP_FORMAT, CKA_OTP_LENGTH, CKA_OTP_PIN_REQUIREMENT,
    CKA_OTP_SERVICE_IDENTIFIER, CKA_OTP_SERVICE_LOGO, CKA_OTP_SERVICE_LOGO_TYPE, CKA_OTP_TIME,
    CKA_OTP_TIME_REQUIREMENT, CKA_OTP_USER_FRIENDLY_MODE, CKA_OTP_USER_IDENTIFIER, CKK_HOTP, CKO_OTP_KEY,
};
use pkcs11::constants::{
    CKA_BASE, CKA_PRIME, CKA_PRIME_BITS, CKA_SUBPRIME, CKA_SUBPRIME_BITS, CKA_VALUE_BITS, CKK_DH, CKK_DSA,
    CKO_DOMAIN_PARAMETERS,
};
use pkcs11::constants::{
    CKA_HAS_RESET, CKA_HASH_OF_CERTIFICATE, CKA_HW_FEATURE_TYPE, CKA_MECHANISM_TYPE, CKA_PROFILE_ID,
    CKA_RESET_ON_INIT, CKA_TRUST_CLIENT_AUTH, CKA_TRUST_CODE_SIGNING, CKA_TRUST_EMAIL_PROTECTION,
    CKA_TRUST_IPSEC_IKE, CKA_TRUST_OCSP_SIGNING, CKA_TRUST_SERVER_AUTH, CKA_TRUST_TIME_STAMPING,
    CKA_VALIDATION_AUTHORITY_TYPE, CKA_VALIDATION_CERTIFICATE_IDENTIFIER, CKA_VALIDATION_CERTIFICATE_URI,
    CKA_VALIDATION_COUNTRY, CKA_VALIDATION_FLAG, CKA_VALIDATION_LEVEL, CKA_VALIDATION_MODULE_ID,
    CKA_VALIDATION_PROFILE, CKA_VALIDATION_TYPE, CKA_VALIDATION_VENDOR_URI, CKA_VALIDATION_VERSION,
    CKH_CLOCK, CKH_MONOTONIC_COUNTER, CKO_HW_FEATURE, CKO_MECHANISM, CKO_PROFILE, CKO_TRUST, CKO_VALIDATION,
    CKT_TRUST_UNKNOWN,
};
use pkcs11::constants::{
    CKA_PARAMETER_SET, CKA_SEED, CKK_AES_XTS, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3,
    CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_HKDF, CKK_ML_DSA, CKK_ML_KEM, CKK_POLY1305, CKK_SLH_DSA,
};
use pkcs11::{AttributeType, Attributes, Error, KeyType, ObjectClass, Result};

use Form::{BigInteger, Bool, Bytes, Date, Template, Text, Ulong, Ulongs};
use LeftOut::{Absent, Computed, Empty, False, IfAble, IfSecret, IfUnwrapped, Number, Octets, True};

/// The attributes that rows carry blinded tags for, the rarest first: a search drives from the first of these that
/// it names (docs/decisions/0002).
pub const INDEXED: [AttributeType; 10] = [
    CKA_UNIQUE_ID,
    CKA_ID,
    CKA_LABEL,
    CKA_SUBJECT,
    CKA_ISSUER,
    CKA_SERIAL_NUMBER,
    CKA_APPLICATION,
    CKA_OBJECT_ID,
    CKA_KEY_TYPE,
    CKA_CLASS,
];

/// The data types of the standard's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `CK_BBOOL`: one byte, 0 or 1.
    Bool,
    /// `CK_ULONG` and the types made of it: 8 bytes.
    Ulong,
    /// Byte array.
    Bytes,
    /// RFC 2279 string: UTF-8 without a terminator.
    Text,
    /// `CK_DATE`: empty, or the 8 digits of a day from 1900 on.
    Date,
    /// Array of `CK_ULONG`: a multiple of 8 bytes.
    Ulongs,
    /// Array of attributes.
    Template,
    /// Big integer: big endian, at least one byte; kept without leading zeros.
    BigInteger,
}

/// The value of an attribute that the template leaves out. docs/decisions/0012 says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// There is none, unless the mechanism or the key's components give one.
    Absent,
    /// The token computes it. No template may name it, whatever the footnotes allow.
    Computed,
    /// TRUE.
    True,
    /// FALSE.
    False,
    /// No bytes, no elements.
    Empty,
    /// This number.
    Number(u64),
    /// These bytes.
    Octets(&'static [u8]),
    /// TRUE for private and secret keys.
    IfSecret,
    /// TRUE when keys of this type are made for it: [`Shape::can`].
    IfAble,
    /// TRUE for a key that came in wrapped or encapsulated.
    IfUnwrapped,
}

/// One attribute of a group of objects.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub attribute_type: AttributeType,
    /// Its data type.
    pub form: Form,
    /// Its value when the template leaves it out.
    pub left_out: LeftOut,
    /// Its footnotes: see the head of this file.
    pub notes: &'static [u8],
}

impl Row {
    /// Whether the row's table, or the prose beneath it, says what a footnote of the standard says.
    #[must_use]
    pub fn says(&self, footnote: u8) -> bool {
        self.notes.iter().any(|note| *note == footnote || *note == footnote + 20)
    }
}

const fn row(attribute_type: AttributeType, form: Form, left_out: LeftOut, notes: &'static [u8]) -> Row {
    Row { attribute_type, form, left_out, notes }
}

/// Section 4.2, "Common Object Attributes".
const OBJECT: &[Row] = &[row(CKA_CLASS, Ulong, Absent, &[1]), row(CKA_UNIQUE_ID, Text, Computed, &[2, 4, 6])];

/// Section 4.4, "Common Storage Object Attributes".
const STORAGE: &[Row] = &[
    row(CKA_TOKEN, Bool, False, &[41]),
    row(CKA_PRIVATE, Bool, IfSecret, &[41]),
    row(CKA_MODIFIABLE, Bool, True, &[41]),
    row(CKA_LABEL, Text, Empty, &[28]),
    row(CKA_COPYABLE, Bool, True, &[32]),
    row(CKA_DESTROYABLE, Bool, True, &[41]),
];

/// Section 4.5, "Data Object Attributes".
const DATA: &[Row] = &[
    row(CKA_APPLICATION, Text, Empty, &[]),
    row(CKA_OBJECT_ID, Bytes, Empty, &[]),
    row(CKA_VALUE, Bytes, Empty, &[]),
];

/// Section 4.6, "Common Certificate Object Attributes".
const CERTIFICATE: &[Row] = &[
    row(CKA_CERTIFICATE_TYPE, Ulong, Absent, &[1]),
    row(CKA_TRUSTED, Bool, False, &[10]),
    row(CKA_CERTIFICATE_CATEGORY, Ulong, Number(CK_CERTIFICATE_CATEGORY_UNSPECIFIED), &[]),
    row(CKA_CHECK_VALUE, Bytes, Absent, &[]),
    row(CKA_START_DATE, Date, Empty, &[]),
    row(CKA_END_DATE, Date, Empty, &[]),
    row(CKA_PUBLIC_KEY_INFO, Bytes, Empty, &[]),
];

/// Section 4.6.3, "X.509 Certificate Object Attributes"; its own footnotes 1 and 2 say what footnote 1 says, 3 and 4
/// are rules between attributes.
const X_509: &[Row] = &[
    row(CKA_SUBJECT, Bytes, Absent, &[21]),
    row(CKA_ID, Bytes, Empty, &[28]),
    row(CKA_ISSUER, Bytes, Empty, &[28]),
    row(CKA_SERIAL_NUMBER, Bytes, Empty, &[28]),
    row(CKA_VALUE, Bytes, Absent, &[21]),
    row(CKA_URL, Text, Empty, &[]),
    row(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, Bytes, Empty, &[]),
    row(CKA_HASH_OF_ISSUER_PUBLIC_KEY, Bytes, Empty, &[]),
    row(CKA_JAVA_MIDP_SECURITY_DOMAIN, Ulong, Number(CK_SECURITY_DOMAIN_UNSPECIFIED), &[]),
    row(CKA_NAME_HASH_ALGORITHM, Ulong, Number(CKM_SHA_1), &[]),
];

/// Section 4.8, "Common Key Attributes".
const KEY: &[Row] = &[
    row(CKA_KEY_TYPE, Ulong, Absent, &[1, 5]),
    row(CKA_ID, Bytes, Empty, &[8]),
    row(CKA_START_DATE, Date, Empty, &[8]),
    row(CKA_END_DATE, Date, Empty, &[8]),
    row(CKA_DERIVE, Bool, False, &[8]),
    row(CKA_LOCAL, Bool, Computed, &[2, 4, 6]),
    row(CKA_KEY_GEN_MECHANISM, Ulong, Computed, &[2, 4, 6]),
    row(CKA_ALLOWED_MECHANISMS, Ulongs, Empty, &[]),
    row(CKA_OBJECT_VALIDATION_FLAGS, Ulong, Computed, &[4, 6, 9, 12]),
];

/// Section 4.9, "Common Public Key Attributes".
const PUBLIC_KEY: &[Row] = &[
    row(CKA_SUBJECT, Bytes, Empty, &[8]),
    row(CKA_ENCRYPT, Bool, IfAble, &[8, 9]),
    row(CKA_VERIFY, Bool, IfAble, &[8, 9]),
    row(CKA_VERIFY_RECOVER, Bool, IfAble, &[8, 9]),
    row(CKA_WRAP, Bool, IfAble, &[8, 9]),
    row(CKA_ENCAPSULATE, Bool, IfAble, &[8, 9]),
    row(CKA_TRUSTED, Bool, False, &[10]),
    row(CKA_WRAP_TEMPLATE, Template, Empty, &[]),
    row(CKA_ENCAPSULATE_TEMPLATE, Template, Empty, &[]),
    row(CKA_PUBLIC_KEY_INFO, Bytes, Empty, &[]),
];

/// Section 4.10, "Common Private Key Attributes".
const PRIVATE_KEY: &[Row] = &[
    row(CKA_SUBJECT, Bytes, Empty, &[8]),
    row(CKA_SENSITIVE, Bool, True, &[8, 9, 11]),
    row(CKA_DECRYPT, Bool, IfAble, &[8, 9]),
    row(CKA_SIGN, Bool, IfAble, &[8, 9]),
    row(CKA_SIGN_RECOVER, Bool, IfAble, &[8, 9]),
    row(CKA_UNWRAP, Bool, IfAble, &[8, 9]),
    row(CKA_DECAPSULATE, Bool, IfAble, &[8, 9]),
    row(CKA_EXTRACTABLE, Bool, IfUnwrapped, &[8, 9, 12]),
    row(CKA_ALWAYS_SENSITIVE, Bool, Computed, &[2, 4, 6]),
    row(CKA_NEVER_EXTRACTABLE, Bool, Computed, &[2, 4, 6]),
    row(CKA_WRAP_WITH_TRUSTED, Bool, False, &[11]),
    row(CKA_UNWRAP_TEMPLATE, Template, Empty, &[]),
    row(CKA_DECAPSULATE_TEMPLATE, Template, Empty, &[]),
    row(CKA_ALWAYS_AUTHENTICATE, Bool, False, &[]),
    row(CKA_PUBLIC_KEY_INFO, Bytes, Empty, &[8]),
    row(CKA_DERIVE_TEMPLATE, Template, Empty, &[]),
];

/// Section 4.11, "Common Secret Key Attributes".
const SECRET_KEY: &[Row] = &[
    row(CKA_SENSITIVE, Bool, True, &[8, 11]),
    row(CKA_ENCRYPT, Bool, IfAble, &[8, 9]),
    row(CKA_DECRYPT, Bool, IfAble, &[8, 9]),
    row(CKA_SIGN, Bool, IfAble, &[8, 9]),
    row(CKA_VERIFY, Bool, IfAble, &[8, 9]),
    row(CKA_WRAP, Bool, IfAble, &[8, 9]),
    row(CKA_UNWRAP, Bool, IfAble, &[8, 9]),
    row(CKA_EXTRACTABLE, Bool, IfUnwrapped, &[8, 9, 12]),
    row(CKA_ALWAYS_SENSITIVE, Bool, Computed, &[2, 4, 6]),
    row(CKA_NEVER_EXTRACTABLE, Bool, Computed, &[2, 4, 6]),
    row(CKA_CHECK_VALUE, Bytes, Absent, &[42]),
    row(CKA_WRAP_WITH_TRUSTED, Bool, False, &[11]),
    row(CKA_TRUSTED, Bool, False, &[10]),
    row(CKA_WRAP_TEMPLATE, Template, Empty, &[]),
    row(CKA_UNWRAP_TEMPLATE, Template, Empty, &[]),
    row(CKA_DERIVE_TEMPLATE, Template, Empty, &[]),
];

/// Section 6.1.2, "RSA Public Key Object Attributes"; the exponent of section 6.1.4 where generation is given none.
const RSA_PUBLIC_KEY: &[Row] = &[
    row(CKA_MODULUS, BigInteger, Absent, &[1, 4]),
    row(CKA_MODULUS_BITS, Ulong, Absent, &[2, 3]),
    row(CKA_PUBLIC_EXPONENT, BigInteger, Octets(&[1, 0, 1]), &[1]),
];

/// Section 6.1.3, "RSA Private Key Object Attributes".
const RSA_PRIVATE_KEY: &[Row] = &[
    row(CKA_MODULUS, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_PUBLIC_EXPONENT, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_PRIVATE_EXPONENT, BigInteger, Absent, &[1, 4, 6, 7]),
    row(CKA_PRIME_1, BigInteger, Absent, &[4, 6, 7]),
    row(CKA_PRIME_2, BigInteger, Absent, &[4, 6, 7]),
    row(CKA_EXPONENT_1, BigInteger, Absent, &[4, 6, 7]),
    row(CKA_EXPONENT_2, BigInteger, Absent, &[4, 6, 7]),
    row(CKA_COEFFICIENT, BigInteger, Absent, &[4, 6, 7]),
];

/// Section 6.3.3, "Elliptic Curve Public Key Object Attributes"; sections 6.3.5 and 6.3.7 have the same two rows for
/// Edwards and Montgomery curves.
const EC_PUBLIC_KEY: &[Row] =
    &[row(CKA_EC_PARAMS, Bytes, Absent, &[1, 3]), row(CKA_EC_POINT, Bytes, Absent, &[1, 4])];

/// Section 6.3.4, "Elliptic Curve Private Key Object Attributes".
const EC_PRIVATE_KEY: &[Row] =
    &[row(CKA_EC_PARAMS, Bytes, Absent, &[1, 4, 6]), row(CKA_VALUE, BigInteger, Absent, &[1, 4, 6, 7])];

/// Sections 6.3.6 and 6.3.8, "Edwards" and "Montgomery Elliptic Curve Private Key Object Attributes". Both tables say
/// "Big integer" of a value in little endian order, whose zeros count: it is kept as bytes.
const BYTE_PRIVATE_KEY: &[Row] =
    &[row(CKA_EC_PARAMS, Bytes, Absent, &[1, 4, 6]), row(CKA_VALUE, Bytes, Absent, &[1, 4, 6, 7])];

/// Sections 6.67.2, 6.68.2 and 6.69.2, "ML-DSA", "ML-KEM" and "SLH-DSA Public Key Object Attributes".
const PARAMETER_SET_PUBLIC_KEY: &[Row] =
    &[row(CKA_PARAMETER_SET, Ulong, Absent, &[1, 3]), row(CKA_VALUE, Bytes, Absent, &[1, 4])];

/// Sections 6.67.3 and 6.68.3, "ML-DSA" and "ML-KEM Private Key Object Attributes". Footnote 1 of the value is taken back by
/// the prose beneath: "At least one of `CKA_SEED` and `CKA_VALUE` must be specified", which completing the key checks.
const SEED_PRIVATE_KEY: &[Row] = &[
    row(CKA_PARAMETER_SET, Ulong, Absent, &[1, 4, 6]),
    row(CKA_SEED, Bytes, Absent, &[4, 6, 7]),
    row(CKA_VALUE, Bytes, Absent, &[4, 6, 7]),
];

/// Section 6.69.3, "SLH-DSA Private Key Object Attributes".
const PARAMETER_SET_PRIVATE_KEY: &[Row] =
    &[row(CKA_PARAMETER_SET, Ulong, Absent, &[1, 4, 6]), row(CKA_VALUE, Bytes, Absent, &[1, 4, 6, 7])];

/// Section 4.12, "Common Domain Parameter Attributes".
const DOMAIN_PARAMETERS: &[Row] =
    &[row(CKA_KEY_TYPE, Ulong, Absent, &[1]), row(CKA_LOCAL, Bool, Computed, &[2, 4])];

/// Section 6.4.2, "Diffie-Hellman Public Key Object Attributes".
const DH_PUBLIC_KEY: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 3]),
    row(CKA_BASE, BigInteger, Absent, &[1, 3]),
    row(CKA_VALUE, BigInteger, Absent, &[1, 4]),
];

/// Section 6.4.4, "Diffie-Hellman Private Key Object Attributes".
const DH_PRIVATE_KEY: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_BASE, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_VALUE, BigInteger, Absent, &[1, 4, 6, 7]),
    row(CKA_VALUE_BITS, Ulong, Absent, &[2]),
];

/// Section 6.4.6, "Diffie-Hellman Domain Parameter Object Attributes".
const DH_PARAMETERS: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 4]),
    row(CKA_BASE, BigInteger, Absent, &[1, 4]),
    row(CKA_PRIME_BITS, Ulong, Absent, &[2, 3]),
];

/// Section 6.2.2, "DSA Public Key Object Attributes".
const DSA_PUBLIC_KEY: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 3]),
    row(CKA_SUBPRIME, BigInteger, Absent, &[1, 3]),
    row(CKA_BASE, BigInteger, Absent, &[1, 3]),
    row(CKA_VALUE, BigInteger, Absent, &[1, 4]),
];

/// Section 6.2.4, "DSA Private Key Object Attributes".
const DSA_PRIVATE_KEY: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_SUBPRIME, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_BASE, BigInteger, Absent, &[1, 4, 6]),
    row(CKA_VALUE, BigInteger, Absent, &[1, 4, 6, 7]),
];

/// Section 6.2.5, "DSA Domain Parameter Object Attributes". The length of the order is in the prose beneath alone, which
/// gives it a value where the template says nothing.
const DSA_PARAMETERS: &[Row] = &[
    row(CKA_PRIME, BigInteger, Absent, &[1, 4]),
    row(CKA_SUBPRIME, BigInteger, Absent, &[1, 4]),
    row(CKA_BASE, BigInteger, Absent, &[1, 4]),
    row(CKA_PRIME_BITS, Ulong, Absent, &[2, 3]),
    row(CKA_SUBPRIME_BITS, Ulong, Absent, &[2]),
];

/// Section 6.10.2, "AES Secret Key Object Attributes", section 6.15.2 for XTS, section 6.47.2 for Camellia, and section
/// 6.8.2 for generic secrets, whose table the keys of one HMAC each share (section 6.22): the same two rows.
const VARIABLE_SECRET_KEY: &[Row] =
    &[row(CKA_VALUE, Bytes, Absent, &[1, 4, 6, 7]), row(CKA_VALUE_LEN, Ulong, Absent, &[2, 3])];

/// Sections 6.58.2 and 6.60.2, "ChaCha20" and "Poly1305 Secret Key Object". Their tables have a footnote 3 beside the
/// length, which is always 32: generation does not need to be told, as section 6.58.4 has it.
const SECRET_KEY_OF_32_BYTES: &[Row] =
    &[row(CKA_VALUE, Bytes, Absent, &[1, 4, 6, 7]), row(CKA_VALUE_LEN, Ulong, Absent, &[2])];

/// Section 6.53.5, "Common OTP key attributes", with what they are of a HOTP key where the template leaves them out (section
/// 6.53.9): six digits, from counter 0 on. A key's value and its length are rows of [`VARIABLE_SECRET_KEY`].
const OTP_KEY: &[Row] = &[
    row(CKA_OTP_FORMAT, Ulong, Number(CK_OTP_FORMAT_DECIMAL), &[]),
    row(CKA_OTP_LENGTH, Ulong, Number(6), &[9]),
    row(CKA_OTP_USER_FRIENDLY_MODE, Bool, True, &[9]),
    row(CKA_OTP_CHALLENGE_REQUIREMENT, Ulong, Number(CK_OTP_PARAM_IGNORED), &[9]),
    row(CKA_OTP_TIME_REQUIREMENT, Ulong, Number(CK_OTP_PARAM_IGNORED), &[9]),
    row(CKA_OTP_COUNTER_REQUIREMENT, Ulong, Number(CK_OTP_PARAM_OPTIONAL), &[9]),
    row(CKA_OTP_PIN_REQUIREMENT, Ulong, Number(CK_OTP_PARAM_IGNORED), &[9]),
    row(CKA_OTP_COUNTER, Bytes, Octets(&[0; 8]), &[]),
    row(CKA_OTP_TIME, Text, Empty, &[]),
    row(CKA_OTP_USER_IDENTIFIER, Text, Empty, &[]),
    row(CKA_OTP_SERVICE_IDENTIFIER, Text, Empty, &[]),
    row(CKA_OTP_SERVICE_LOGO, Bytes, Empty, &[]),
    row(CKA_OTP_SERVICE_LOGO_TYPE, Text, Empty, &[]),
];

/// Sections 6.18.2 and 6.18.3 (and Historical section 2.5.2 for DES), "DES2" and "DES3 Secret Key Object Attributes".
const DES_SECRET_KEY: &[Row] = &[row(CKA_VALUE, Bytes, Absent, &[1, 4, 6, 7])];

/// Section 4.7, "Trust Object Attributes". Its footnotes 2 and 3 are rules between attributes.
const TRUST: &[Row] = &[
    row(CKA_ISSUER, Bytes, Absent, &[1]),
    row(CKA_SERIAL_NUMBER, Bytes, Absent, &[1]),
    row(CKA_HASH_OF_CERTIFICATE, Bytes, Empty, &[28]),
    row(CKA_NAME_HASH_ALGORITHM, Ulong, Number(CKM_SHA_1), &[28]),
    row(CKA_TRUST_SERVER_AUTH, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_CLIENT_AUTH, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_CODE_SIGNING, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_EMAIL_PROTECTION, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_IPSEC_IKE, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_TIME_STAMPING, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
    row(CKA_TRUST_OCSP_SIGNING, Ulong, Number(CKT_TRUST_UNKNOWN), &[28]),
];

/// Section 4.13, "Mechanism Objects": "may not be set".
const MECHANISM: &[Row] = &[row(CKA_MECHANISM_TYPE, Ulong, Computed, &[])];

/// Section 4.14, "Profile Object Attributes".
const PROFILE: &[Row] = &[row(CKA_PROFILE_ID, Ulong, Computed, &[])];

/// Section 4.15, "Validation Object Attributes": "read only".
const VALIDATION: &[Row] = &[
    row(CKA_VALIDATION_TYPE, Ulong, Computed, &[]),
    row(CKA_VALIDATION_VERSION, Bytes, Computed, &[]),
    row(CKA_VALIDATION_LEVEL, Ulong, Computed, &[]),
    row(CKA_VALIDATION_MODULE_ID, Text, Computed, &[]),
    row(CKA_VALIDATION_FLAG, Ulong, Computed, &[]),
    row(CKA_VALIDATION_AUTHORITY_TYPE, Ulong, Computed, &[]),
    row(CKA_VALIDATION_COUNTRY, Text, Computed, &[]),
    row(CKA_VALIDATION_CERTIFICATE_IDENTIFIER, Text, Computed, &[]),
    row(CKA_VALIDATION_CERTIFICATE_URI, Text, Computed, &[]),
    row(CKA_VALIDATION_VENDOR_URI, Text, Computed, &[]),
    row(CKA_VALIDATION_PROFILE, Text, Computed, &[]),
];

/// Section 4.3, "Hardware Feature Common Attributes" and "Clock Object Attributes". This clock cannot be set.
const CLOCK: &[Row] = &[row(CKA_HW_FEATURE_TYPE, Ulong, Absent, &[1]), row(CKA_VALUE, Bytes, Computed, &[])];

/// Section 4.3, "Monotonic Counter Attributes".
const COUNTER: &[Row] = &[
    row(CKA_HW_FEATURE_TYPE, Ulong, Absent, &[1]),
    row(CKA_RESET_ON_INIT, Bool, Computed, &[]),
    row(CKA_HAS_RESET, Bool, Computed, &[]),
    row(CKA_VALUE, Bytes, Computed, &[]),
];

/// All attributes of one kind of object.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// `CKA_CLASS`.
    pub class: ObjectClass,
    /// The attribute that tells kinds of a class apart, with its value here.
    pub subtype: Option<(AttributeType, u64)>,
    /// The usage attributes that are TRUE when a template leaves them out.
    pub can: &'static [AttributeType],
    groups: &'static [&'static [Row]],
}

/// Every kind of object, the tables it is made of, and what its keys are for.
pub const SHAPES: &[Shape] = &[
    Shape { class: CKO_DATA, subtype: None, can: &[], groups: &[OBJECT, STORAGE, DATA] },
    Shape {
        class: CKO_CERTIFICATE,
        subtype: Some((CKA_CERTIFICATE_TYPE, CKC_X_509)),
        can: &[],
        groups: &[OBJECT, STORAGE, CERTIFICATE, X_509],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_RSA)),
        can: &[CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, RSA_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC)),
        can: &[CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC_EDWARDS)),
        can: &[CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC_MONTGOMERY)),
        can: &[],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, EC_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_RSA)),
        can: &[CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, RSA_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC)),
        can: &[CKA_SIGN],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, EC_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC_EDWARDS)),
        can: &[CKA_SIGN],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, BYTE_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_EC_MONTGOMERY)),
        can: &[],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, BYTE_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_ML_KEM)),
        can: &[CKA_ENCAPSULATE],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_ML_KEM)),
        can: &[CKA_DECAPSULATE],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, SEED_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_ML_DSA)),
        can: &[CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_ML_DSA)),
        can: &[CKA_SIGN],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, SEED_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_SLH_DSA)),
        can: &[CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, PARAMETER_SET_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_SLH_DSA)),
        can: &[CKA_SIGN],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, PARAMETER_SET_PRIVATE_KEY],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_DH)),
        can: &[],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, DH_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_DH)),
        can: &[],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, DH_PRIVATE_KEY],
    },
    Shape {
        class: CKO_DOMAIN_PARAMETERS,
        subtype: Some((CKA_KEY_TYPE, CKK_DH)),
        can: &[],
        groups: &[OBJECT, STORAGE, DOMAIN_PARAMETERS, DH_PARAMETERS],
    },
    Shape {
        class: CKO_PUBLIC_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_DSA)),
        can: &[CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, PUBLIC_KEY, DSA_PUBLIC_KEY],
    },
    Shape {
        class: CKO_PRIVATE_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_DSA)),
        can: &[CKA_SIGN],
        groups: &[OBJECT, STORAGE, KEY, PRIVATE_KEY, DSA_PRIVATE_KEY],
    },
    Shape {
        class: CKO_DOMAIN_PARAMETERS,
        subtype: Some((CKA_KEY_TYPE, CKK_DSA)),
        can: &[],
        groups: &[OBJECT, STORAGE, DOMAIN_PARAMETERS, DSA_PARAMETERS],
    },
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_HKDF)),
        can: &[],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY],
    },
    block_cipher_key(CKK_AES, &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY]),
    block_cipher_key(CKK_CAMELLIA, &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY]),
    block_cipher_key(CKK_DES, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_SECRET_KEY]),
    block_cipher_key(CKK_DES2, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_SECRET_KEY]),
    block_cipher_key(CKK_DES3, &[OBJECT, STORAGE, KEY, SECRET_KEY, DES_SECRET_KEY]),
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_AES_XTS)),
        can: &[CKA_ENCRYPT, CKA_DECRYPT],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY],
    },
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_CHACHA20)),
        can: &[CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, SECRET_KEY_OF_32_BYTES],
    },
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_POLY1305)),
        can: &[CKA_SIGN, CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, SECRET_KEY_OF_32_BYTES],
    },
    Shape {
        class: CKO_OTP_KEY,
        subtype: Some((CKA_KEY_TYPE, CKK_HOTP)),
        can: &[CKA_SIGN, CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY, OTP_KEY],
    },
    Shape { class: CKO_TRUST, subtype: None, can: &[], groups: &[OBJECT, STORAGE, TRUST] },
    authentication_key(CKK_GENERIC_SECRET),
    authentication_key(CKK_SHA_1_HMAC),
    authentication_key(CKK_SHA224_HMAC),
    authentication_key(CKK_SHA256_HMAC),
    authentication_key(CKK_SHA384_HMAC),
    authentication_key(CKK_SHA512_HMAC),
    authentication_key(CKK_SHA512_224_HMAC),
    authentication_key(CKK_SHA512_256_HMAC),
    authentication_key(CKK_SHA3_224_HMAC),
    authentication_key(CKK_SHA3_256_HMAC),
    authentication_key(CKK_SHA3_384_HMAC),
    authentication_key(CKK_SHA3_512_HMAC),
    authentication_key(CKK_BLAKE2B_160_HMAC),
    authentication_key(CKK_BLAKE2B_256_HMAC),
    authentication_key(CKK_BLAKE2B_384_HMAC),
    authentication_key(CKK_BLAKE2B_512_HMAC),
    authentication_key(CKK_MD5_HMAC),
    authentication_key(CKK_RIPEMD160_HMAC),
    authentication_key(CKK_SHA512_T_HMAC),
];

/// What a token has of itself and nobody makes (docs/decisions/0049).
pub const BUILT_IN: &[Shape] = &[
    Shape { class: CKO_MECHANISM, subtype: None, can: &[], groups: &[OBJECT, STORAGE, MECHANISM] },
    Shape { class: CKO_PROFILE, subtype: None, can: &[], groups: &[OBJECT, STORAGE, PROFILE] },
    Shape { class: CKO_VALIDATION, subtype: None, can: &[], groups: &[OBJECT, STORAGE, VALIDATION] },
    Shape {
        class: CKO_HW_FEATURE,
        subtype: Some((CKA_HW_FEATURE_TYPE, CKH_CLOCK)),
        can: &[],
        groups: &[OBJECT, STORAGE, CLOCK],
    },
    Shape {
        class: CKO_HW_FEATURE,
        subtype: Some((CKA_HW_FEATURE_TYPE, CKH_MONOTONIC_COUNTER)),
        can: &[],
        groups: &[OBJECT, STORAGE, COUNTER],
    },
];

/// Keys of a block cipher, which has modes and MACs.
const fn block_cipher_key(key_type: KeyType, groups: &'static [&'static [Row]]) -> Shape {
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, key_type)),
        can: &[CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP],
        groups,
    }
}

/// Secrets of any length that authenticate messages.
const fn authentication_key(key_type: KeyType) -> Shape {
    Shape {
        class: CKO_SECRET_KEY,
        subtype: Some((CKA_KEY_TYPE, key_type)),
        can: &[CKA_SIGN, CKA_VERIFY],
        groups: &[OBJECT, STORAGE, KEY, SECRET_KEY, VARIABLE_SECRET_KEY],
    }
}

/// The attributes that are templates of keys to come, each with the footnote of what no such template may hold.
/// `CKA_WRAP_TEMPLATE` is compared with keys that are there, so that it may name everything.
const PRESCRIBING: [(AttributeType, u8); 4] = [
    (CKA_UNWRAP_TEMPLATE, 6),
    (CKA_DERIVE_TEMPLATE, 4),
    (CKA_ENCAPSULATE_TEMPLATE, 6),
    (CKA_DECAPSULATE_TEMPLATE, 6),
];

/// The data type of an attribute inside a template that is itself an attribute: refused where no key could ever be made
/// by it.
///
/// # Errors
/// [`Error::AttributeTypeInvalid`] for what no object has, or no private or secret key where one is prescribed;
/// [`Error::AttributeReadOnly`] for what only the token says of them.
pub fn may_prescribe(template: AttributeType, inner: AttributeType) -> Result<Form> {
    // What nobody makes is in no template.
    let form = form_among(SHAPES.iter(), inner).ok_or(Error::AttributeTypeInvalid(inner))?;
    let Some((_, forbidden)) = PRESCRIBING.iter().find(|(attribute, _)| *attribute == template) else {
        return Ok(form);
    };
    let mut rows =
        SHAPES.iter().filter(|shape| shape.is_secret()).filter_map(|shape| shape.row(inner)).peekable();
    rows.peek().ok_or(Error::AttributeTypeInvalid(inner))?;
    if rows.all(|row| row.left_out == Computed || row.says(*forbidden)) {
        return Err(Error::AttributeReadOnly(inner));
    }
    Ok(form)
}

impl Shape {
    /// The shape of a complete object; `None` for one that this version does not know.
    #[must_use]
    pub fn of(object: &Attributes) -> Option<&'static Shape> {
        let class = object.class()?;
        all_shapes().find(|shape| {
            shape.class == class
                && shape.subtype.is_none_or(|(attribute, value)| object.ulong(attribute) == Some(value))
        })
    }

    /// The shapes of a class whose objects can be made.
    pub fn of_class(class: ObjectClass) -> impl Iterator<Item = &'static Shape> {
        SHAPES.iter().filter(move |shape| shape.class == class)
    }

    /// All attributes that such an object can have.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + use<> {
        self.groups.iter().copied().flatten()
    }

    /// The row of an attribute; `None` when such an object cannot have it.
    #[must_use]
    pub fn row(&self, attribute_type: AttributeType) -> Option<&'static Row> {
        self.rows().find(|row| row.attribute_type == attribute_type)
    }

    /// The row of an attribute that stands in a table of its own, and in none of all objects'.
    #[must_use]
    pub fn own_row(&self, attribute_type: AttributeType) -> Option<&'static Row> {
        let common = OBJECT.iter().chain(STORAGE);
        let is_common = common.into_iter().any(|row| row.attribute_type == attribute_type);
        self.row(attribute_type).filter(|_| !is_common)
    }

    /// Whether such an object is a private or a secret key, one of one-time passwords included.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.class, CKO_PRIVATE_KEY | CKO_SECRET_KEY | CKO_OTP_KEY)
    }
}

/// The shapes of all objects.
fn all_shapes() -> impl Iterator<Item = &'static Shape> {
    SHAPES.iter().chain(BUILT_IN)
}

/// The data type of an attribute where no object says which table holds: in a search. It is the same in every table, but for
/// byte arrays that are big integers elsewhere.
#[must_use]
pub fn form_of(attribute_type: AttributeType) -> Option<Form> {
    form_among(all_shapes(), attribute_type)
}

fn form_among(shapes: impl Iterator<Item = &'static Shape>, attribute_type: AttributeType) -> Option<Form> {
    let mut forms = shapes.filter_map(|shape| shape.row(attribute_type)).map(|row| row.form);
    let first = forms.next()?;
    Some(if forms.all(|form| form == first) { first } else { Bytes })
}
