//! TABLE: the parameters of mechanisms as values, a row a form, with their canonical bytes.
//!
//! A row has the form's number, which no other form ever had or gets, its name, and its structure. A field's type says how
//! it is encoded.

use crate::constants::{
    CK_SP800_108_BYTE_ARRAY, CK_SP800_108_COUNTER, CK_SP800_108_DKM_LENGTH, CK_SP800_108_ITERATION_VARIABLE,
    CK_SP800_108_KEY_HANDLE, CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL,
};
use crate::encode::{Reader, Writer};
use crate::mechanism::MechanismType;
use crate::{Attribute, Error, ObjectHandle, RawValue, Result, Secret, Template};

/// A part of parameters that has one encoding.
trait Field: Sized {
    fn write(&self) -> Secret;
    fn read(bytes: &[u8]) -> Result<Self>;
}

const WRONG: Error = Error::Encoding("the parameters of a mechanism");

/// Structures whose canonical form is the list of their fields.
macro_rules! structures {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty, )+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type, )+
        }

        impl Field for $name {
            fn write(&self) -> Secret {
                let mut list = Writer::new();
                $( list.item(self.$field.write().expose()); )+
                list.finish()
            }

            fn read(bytes: &[u8]) -> Result<Self> {
                let mut list = Reader::new(bytes);
                let read = Self { $( $field: Field::read(list.item()?.ok_or(WRONG)?)?, )+ };
                if list.item()?.is_none() { Ok(read) } else { Err(WRONG) }
            }
        }
    )+};
}

/// The forms, and a choice over all of them.
macro_rules! forms {
    ($name:ident $( $(#[$doc:meta])+ $number:literal $form:ident $(($type:ty))?; )+) => {
        /// Parameters by their form.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$doc])+ $form $(($type))?, )+
        }

        impl $name {
            /// The form's number and its canonical bytes.
            pub(crate) fn write(&self) -> (u64, Secret) {
                match self {
                    $( forms!(@pattern fields $form $(($type))?) => ($number, forms!(@write fields $(($type))?)), )+
                }
            }

            /// Reads what `write` wrote.
            pub(crate) fn read(form: u64, bytes: &[u8]) -> Result<Self> {
                match form {
                    $( $number => forms!(@read bytes $form $(($type))?), )+
                    _ => Err(WRONG),
                }
            }
        }
    };
    (@pattern $fields:ident $form:ident) => { Self::$form };
    (@pattern $fields:ident $form:ident ($type:ty)) => { Self::$form($fields) };
    (@write $fields:ident) => { Secret::default() };
    (@write $fields:ident ($type:ty)) => { <$type as Field>::write($fields) };
    (@read $bytes:ident $form:ident) => { if $bytes.is_empty() { Ok(Self::$form) } else { Err(WRONG) } };
    (@read $bytes:ident $form:ident ($type:ty)) => { <$type as Field>::read($bytes).map(Self::$form) };
}

forms! {
    Parameters
    /// `pParameter` null and length 0.
    0 None;
    /// `CK_RSA_PKCS_PSS_PARAMS`.
    1 Pss(PssParameters);
    /// `CK_RSA_PKCS_OAEP_PARAMS`.
    2 Oaep(OaepParameters);
    /// Bytes as such: an initialisation vector, or another party's public value.
    3 Bytes(Vec<u8>);
    /// `CK_AES_CTR_PARAMS` and `CK_CAMELLIA_CTR_PARAMS`.
    4 Counter(CounterParameters);
    /// `CK_GCM_PARAMS`.
    5 Gcm(GcmParameters);
    /// `CK_ECDH1_DERIVE_PARAMS`.
    6 Ecdh1(Ecdh1Parameters);
    /// A form that the mechanism does not take, or bytes of a wrong length: each mechanism refuses it with
    /// `CKR_MECHANISM_PARAM_INVALID`.
    7 Unknown;
    /// `CK_EDDSA_PARAMS`.
    8 Eddsa(EddsaParameters);
    /// `CK_MAC_GENERAL_PARAMS`: the length of a MAC in bytes, or of a digest in bits (`CKM_SHA512_T`).
    9 MacLen(u64);
    /// `CK_PKCS5_PBKD2_PARAMS2`, or `CK_PKCS5_PBKD2_PARAMS`, which says the same.
    10 Pbkd2(Pbkd2Parameters);
    /// `CK_HKDF_PARAMS`.
    11 Hkdf(HkdfParameters);
    /// `CK_CCM_PARAMS`.
    12 Ccm(CcmParameters);
    /// `CK_CHACHA20_PARAMS`.
    13 ChaCha20(ChaCha20Parameters);
    /// `CK_SALSA20_CHACHA20_POLY1305_PARAMS`.
    14 ChaCha20Poly1305(ChaCha20Poly1305Parameters);
    /// `CK_RSA_AES_KEY_WRAP_PARAMS`.
    15 RsaAesKeyWrap(RsaAesKeyWrapParameters);
    /// `CK_ECDH_AES_KEY_WRAP_PARAMS`.
    16 EcdhAesKeyWrap(EcdhAesKeyWrapParameters);
    /// `CK_KEY_DERIVATION_STRING_DATA`.
    17 DerivationString(Secret);
    /// `CK_AES_CBC_ENCRYPT_DATA_PARAMS`, `CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS` and `CK_DES_CBC_ENCRYPT_DATA_PARAMS`.
    18 CbcEncryptData(CbcEncryptDataParameters);
    /// `CK_OBJECT_HANDLE`: another key.
    19 Key(ObjectHandle);
    /// `CK_EXTRACT_PARAMS`: the first bit of a key to take.
    20 Extract(u64);
    /// `CK_SP800_108_KDF_PARAMS` and `CK_SP800_108_FEEDBACK_KDF_PARAMS`.
    21 Sp800108(Sp800108Parameters);
    /// `CK_TLS12_MASTER_KEY_DERIVE_PARAMS`.
    22 Tls12Master(Tls12MasterParameters);
    /// `CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS`.
    23 Tls12ExtendedMaster(Tls12ExtendedMasterParameters);
    /// `CK_TLS12_KEY_MAT_PARAMS`.
    24 Tls12KeyMaterial(Tls12KeyMaterialParameters);
    /// `CK_TLS_KDF_PARAMS`.
    25 TlsKdf(TlsKdfParameters);
    /// `CK_TLS_MAC_PARAMS`.
    26 TlsMac(TlsMacParameters);
    /// `CK_SIGN_ADDITIONAL_CONTEXT`.
    27 SignContext(SignContextParameters);
    /// `CK_HASH_SIGN_ADDITIONAL_CONTEXT`.
    28 HashSignContext(HashSignContextParameters);
    /// `CK_OTP_PARAMS`.
    29 Otp(Vec<OtpParameter>);
    /// `CK_GCM_WRAP_PARAMS`, to wrap.
    30 GcmWrap(message::GcmWrapParameters);
    /// `CK_CCM_WRAP_PARAMS`, to wrap.
    31 CcmWrap(message::CcmWrapParameters);
}

structures! {
    /// `CK_RSA_PKCS_PSS_PARAMS` (PKCS#11 v3.2 section 6.1.10).
    PssParameters {
        /// Digest mechanism of the message: a `CKM_` value.
        hash: MechanismType,
        /// Mask generation function: a `CKG_` value.
        mgf: u64,
        /// Length of the salt in bytes.
        salt_len: u64,
    }
    /// `CK_RSA_PKCS_OAEP_PARAMS` (PKCS#11 v3.2 section 6.1.8).
    OaepParameters {
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
        /// Mask generation function: a `CKG_` value.
        mgf: u64,
        /// Where the label comes from: 0 or `CKZ_DATA_SPECIFIED`.
        source: u64,
        /// The label; empty when `source` is 0.
        label: Vec<u8>,
    }
    /// `CK_AES_CTR_PARAMS` (PKCS#11 v3.2 section 6.11) and `CK_CAMELLIA_CTR_PARAMS` (section 6.47.7).
    CounterParameters {
        /// How many low bits of the block count: 1 to 128.
        counter_bits: u64,
        /// The first block.
        block: [u8; 16],
    }
    /// `CK_GCM_PARAMS` (PKCS#11 v3.2 section 6.13.3).
    GcmParameters {
        /// Initialisation vector.
        iv: Vec<u8>,
        /// Additional authenticated data.
        aad: Vec<u8>,
        /// Length of the tag in bits.
        tag_bits: u64,
    }
    /// `CK_CCM_PARAMS` (PKCS#11 v3.2 section 6.13.3).
    CcmParameters {
        /// Length of the plaintext in bytes.
        data_len: u64,
        /// The nonce: 7 to 13 bytes.
        nonce: Vec<u8>,
        /// Additional authenticated data.
        aad: Vec<u8>,
        /// Length of the MAC in bytes.
        mac_len: u64,
    }
    /// `CK_ECDH1_DERIVE_PARAMS` (PKCS#11 v3.2 section 6.3.16).
    Ecdh1Parameters {
        /// Key derivation function: a `CKD_` value.
        kdf: u64,
        /// Data shared between both parties; empty for none.
        shared: Vec<u8>,
        /// The other party's public key, in any form that points are sent in.
        public: Vec<u8>,
    }
    /// `CK_EDDSA_PARAMS` (PKCS#11 v3.2 section 6.3.16).
    EddsaParameters {
        /// Whether the message's digest is signed instead of the message.
        prehash: bool,
        /// The context, empty for none.
        context: Vec<u8>,
    }
    /// `CK_PKCS5_PBKD2_PARAMS2` (PKCS#11 v3.2 section 6.37.3).
    Pbkd2Parameters {
        /// Where the salt comes from: a `CKZ_SALT_` value.
        salt_source: u64,
        /// The salt.
        salt: Vec<u8>,
        /// How often the function is applied for each block.
        iterations: u64,
        /// The pseudo-random function: a `CKP_` value.
        prf: u64,
        /// What that function takes besides; no function of this version takes any.
        prf_data: Vec<u8>,
        /// The password.
        password: Secret,
    }
    /// `CK_HKDF_PARAMS` (PKCS#11 v3.2 section 6.62.2).
    HkdfParameters {
        /// Whether the first stage runs.
        extract: bool,
        /// Whether the second stage runs.
        expand: bool,
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
        /// The salt of the first stage.
        salt: HkdfSalt,
        /// What the second stage is told.
        info: Vec<u8>,
    }
    /// `CK_CHACHA20_PARAMS` (PKCS#11 v3.2 section 6.58.3).
    ChaCha20Parameters {
        /// The number of the first block, little endian: 4 or 8 bytes, as long as said.
        block_counter: Vec<u8>,
        /// The nonce: 8, 12 or 24 bytes.
        nonce: Vec<u8>,
    }
    /// `CK_SALSA20_CHACHA20_POLY1305_PARAMS` (PKCS#11 v3.2 section 6.61).
    ChaCha20Poly1305Parameters {
        /// The nonce.
        nonce: Vec<u8>,
        /// Additional authenticated data.
        aad: Vec<u8>,
    }
    /// `CK_RSA_AES_KEY_WRAP_PARAMS` (PKCS#11 v3.2 section 6.1.21).
    RsaAesKeyWrapParameters {
        /// Length of the temporary AES key in bits.
        aes_key_bits: u64,
        /// How the temporary key is encrypted.
        oaep: OaepParameters,
    }
    /// `CK_ECDH_AES_KEY_WRAP_PARAMS` (PKCS#11 v3.2 section 6.3.20).
    EcdhAesKeyWrapParameters {
        /// Length of the temporary AES key in bits.
        aes_key_bits: u64,
        /// Key derivation function: a `CKD_` value.
        kdf: u64,
        /// Data shared between both parties; empty for none.
        shared: Vec<u8>,
    }
    /// `CK_AES_CBC_ENCRYPT_DATA_PARAMS` and its like (PKCS#11 v3.2 section 6.17.2).
    CbcEncryptDataParameters {
        /// Initialisation vector: a block.
        iv: Vec<u8>,
        /// What is encrypted: whole blocks.
        data: Secret,
    }
    /// `CK_SP800_108_KDF_PARAMS` and `CK_SP800_108_FEEDBACK_KDF_PARAMS` (PKCS#11 v3.2 section 6.42).
    Sp800108Parameters {
        /// The pseudo-random function: the `CKM_` value of a MAC.
        prf: MechanismType,
        /// What the function is given at each step, in this order.
        data: Vec<PrfData>,
        /// What the first step is chained to; empty for none, and for modes that are not chained.
        iv: Vec<u8>,
        /// Templates of the keys to derive beside the first.
        additional: Vec<Template>,
    }
    /// `CK_SP800_108_COUNTER_FORMAT` (PKCS#11 v3.2 section 6.42.2).
    CounterFormat {
        /// Whether the least significant byte stands first.
        little_endian: bool,
        /// Width in bits.
        width_bits: u64,
    }
    /// `CK_SP800_108_DKM_LENGTH_FORMAT` (PKCS#11 v3.2 section 6.42.2).
    DkmLengthFormat {
        /// What is counted: a `CK_SP800_108_DKM_LENGTH_SUM_OF_` value.
        method: u64,
        /// Whether the least significant byte stands first.
        little_endian: bool,
        /// Width in bits.
        width_bits: u64,
    }
    /// `CK_SSL3_RANDOM_DATA` (PKCS#11 v3.2 section 6.39.2).
    TlsRandoms {
        /// The client's.
        client: Vec<u8>,
        /// The server's.
        server: Vec<u8>,
    }
    /// `CK_TLS12_MASTER_KEY_DERIVE_PARAMS` (PKCS#11 v3.2 section 6.39.2).
    Tls12MasterParameters {
        /// Both sides' random values.
        randoms: TlsRandoms,
        /// Whether the protocol's version in the pre-master secret is to be told.
        tells_version: bool,
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
    }
    /// `CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS` (PKCS#11 v3.2 section 6.39.2).
    Tls12ExtendedMasterParameters {
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
        /// The digest of the handshake so far.
        session_hash: Vec<u8>,
        /// Whether the protocol's version in the pre-master secret is to be told.
        tells_version: bool,
    }
    /// `CK_TLS12_KEY_MAT_PARAMS` (PKCS#11 v3.2 section 6.39.2).
    Tls12KeyMaterialParameters {
        /// Length of each key of a MAC in bits.
        mac_bits: u64,
        /// Length of each key of a cipher in bits.
        key_bits: u64,
        /// Length of each initialisation vector in bits.
        iv_bits: u64,
        /// Whether an export cipher was agreed on, which TLS 1.2 has none of.
        is_export: bool,
        /// Both sides' random values.
        randoms: TlsRandoms,
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
    }
    /// `CK_TLS_KDF_PARAMS` (PKCS#11 v3.2 section 6.39.2).
    TlsKdfParameters {
        /// Digest mechanism, or `CKM_TLS_PRF`: a `CKM_` value.
        prf: MechanismType,
        /// What the keys are for.
        label: Vec<u8>,
        /// Both sides' random values.
        randoms: TlsRandoms,
        /// Context, empty for none.
        context: Vec<u8>,
    }
    /// `CK_TLS_MAC_PARAMS` (PKCS#11 v3.2 section 6.39.2).
    TlsMacParameters {
        /// Digest mechanism, or `CKM_TLS_PRF`: a `CKM_` value.
        hash: MechanismType,
        /// Length of the MAC in bytes.
        mac_len: u64,
        /// Whose message is authenticated: 1 for the server's, 2 for the client's.
        server_or_client: u64,
    }
    /// `CK_SIGN_ADDITIONAL_CONTEXT` (PKCS#11 v3.2 sections 6.67.5 and 6.69.5).
    SignContextParameters {
        /// Whether the signature is randomised: a `CKH_` value.
        hedge: u64,
        /// The context, empty for none: 255 bytes at most.
        context: Vec<u8>,
    }
    /// `CK_HASH_SIGN_ADDITIONAL_CONTEXT` (PKCS#11 v3.2 sections 6.67.5 and 6.69.5).
    HashSignContextParameters {
        /// Whether the signature is randomised: a `CKH_` value.
        hedge: u64,
        /// The context, empty for none: 255 bytes at most.
        context: Vec<u8>,
        /// Digest mechanism: a `CKM_` value.
        hash: MechanismType,
    }
    /// `CK_OTP_PARAM` (PKCS#11 v3.2 section 6.53.7).
    OtpParameter {
        /// Which: a `CK_OTP_` value.
        kind: u64,
        /// Its value as sent.
        value: Secret,
    }
}

/// Where the salt of HKDF comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HkdfSalt {
    /// `CKF_HKDF_SALT_NULL`: there is none.
    Null,
    /// `CKF_HKDF_SALT_DATA`
    Data(Vec<u8>),
    /// `CKF_HKDF_SALT_KEY`: a key's value.
    Key(ObjectHandle),
}

/// `CK_PRF_DATA_PARAM` (PKCS#11 v3.2 section 6.42.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrfData {
    /// `CK_SP800_108_ITERATION_VARIABLE`: the counter of counter mode, which has a format; what is chained otherwise.
    IterationVariable(Option<CounterFormat>),
    /// `CK_SP800_108_COUNTER`: a counter of the modes that are chained.
    Counter(CounterFormat),
    /// `CK_SP800_108_DKM_LENGTH`: the length of what is derived.
    DkmLength(DkmLengthFormat),
    /// `CK_SP800_108_BYTE_ARRAY`
    Bytes(Vec<u8>),
    /// `CK_SP800_108_KEY_HANDLE`: a key's value.
    Key(ObjectHandle),
}

/// A number and what belongs to it: the canonical form of a choice.
fn choice(kind: u64, value: &Secret) -> Secret {
    let mut writer = Writer::new();
    writer.raw(&kind.to_be_bytes()).raw(value.expose()).finish()
}

fn chosen(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let (kind, value) = bytes.split_first_chunk().ok_or(WRONG)?;
    Ok((u64::from_be_bytes(*kind), value))
}

impl Field for HkdfSalt {
    fn write(&self) -> Secret {
        match self {
            Self::Null => choice(CKF_HKDF_SALT_NULL, &Secret::default()),
            Self::Data(salt) => choice(CKF_HKDF_SALT_DATA, &salt.write()),
            Self::Key(key) => choice(CKF_HKDF_SALT_KEY, &key.write()),
        }
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        match chosen(bytes)? {
            (CKF_HKDF_SALT_NULL, []) => Ok(Self::Null),
            (CKF_HKDF_SALT_DATA, salt) => Field::read(salt).map(Self::Data),
            (CKF_HKDF_SALT_KEY, key) => Field::read(key).map(Self::Key),
            _ => Err(WRONG),
        }
    }
}

impl Field for PrfData {
    fn write(&self) -> Secret {
        match self {
            Self::IterationVariable(None) => choice(CK_SP800_108_ITERATION_VARIABLE, &Secret::default()),
            Self::IterationVariable(Some(format)) => choice(CK_SP800_108_ITERATION_VARIABLE, &format.write()),
            Self::Counter(format) => choice(CK_SP800_108_COUNTER, &format.write()),
            Self::DkmLength(format) => choice(CK_SP800_108_DKM_LENGTH, &format.write()),
            Self::Bytes(data) => choice(CK_SP800_108_BYTE_ARRAY, &data.write()),
            Self::Key(key) => choice(CK_SP800_108_KEY_HANDLE, &key.write()),
        }
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        match chosen(bytes)? {
            (CK_SP800_108_ITERATION_VARIABLE, []) => Ok(Self::IterationVariable(None)),
            (CK_SP800_108_ITERATION_VARIABLE, format) => {
                Field::read(format).map(|format| Self::IterationVariable(Some(format)))
            }
            (CK_SP800_108_COUNTER, format) => Field::read(format).map(Self::Counter),
            (CK_SP800_108_DKM_LENGTH, format) => Field::read(format).map(Self::DkmLength),
            (CK_SP800_108_BYTE_ARRAY, data) => Field::read(data).map(Self::Bytes),
            (CK_SP800_108_KEY_HANDLE, key) => Field::read(key).map(Self::Key),
            _ => Err(WRONG),
        }
    }
}

impl Field for u64 {
    fn write(&self) -> Secret {
        Secret::from(self.to_be_bytes())
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(u64::from_be_bytes).map_err(|_| WRONG)
    }
}

impl Field for bool {
    fn write(&self) -> Secret {
        Secret::from([u8::from(*self)])
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(WRONG),
        }
    }
}

impl Field for ObjectHandle {
    fn write(&self) -> Secret {
        self.0.write()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        u64::read(bytes).map(Self)
    }
}

impl Field for Secret {
    fn write(&self) -> Secret {
        self.clone()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        Ok(Self::from(bytes))
    }
}

impl Field for Vec<u8> {
    fn write(&self) -> Secret {
        Secret::from(self.as_slice())
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        Ok(bytes.to_vec())
    }
}

impl<const N: usize> Field for [u8; N] {
    fn write(&self) -> Secret {
        Secret::from(self.as_slice())
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map_err(|_| WRONG)
    }
}

/// What there may be any number of.
trait Item: Field {}

impl Item for PrfData {}
impl Item for OtpParameter {}
impl Item for Template {}
impl Item for Attribute {}

impl<T: Item> Field for Vec<T> {
    fn write(&self) -> Secret {
        let mut list = Writer::new();
        for item in self {
            list.item(item.write().expose());
        }
        list.finish()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let mut list = Reader::new(bytes);
        let mut items = Self::new();
        while let Some(item) = list.item()? {
            items.push(T::read(item)?);
        }
        Ok(items)
    }
}

/// Whether an attribute's value is bytes or a template.
const BYTES: u8 = 0;
const TEMPLATE: u8 = 1;

impl Field for Attribute {
    fn write(&self) -> Secret {
        let (form, value) = match &self.value {
            RawValue::Bytes(bytes) => (BYTES, bytes.clone()),
            RawValue::Template(template) => (TEMPLATE, template.write()),
        };
        let mut writer = Writer::new();
        writer.raw(&self.attribute_type.to_be_bytes()).raw(&[form]).raw(value.expose()).finish()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let (attribute_type, value) = chosen(bytes)?;
        let value = match value.split_first() {
            Some((&BYTES, bytes)) => RawValue::Bytes(Secret::from(bytes)),
            Some((&TEMPLATE, template)) => RawValue::Template(Field::read(template)?),
            _ => return Err(WRONG),
        };
        Ok(Self { attribute_type, value })
    }
}

// After the macros, which it uses.
pub mod message;

#[cfg(test)]
mod tests;
