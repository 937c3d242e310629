//! TABLE: the parameters of single messages as values (PKCS#11 v3.2 sections 5.9, 5.11, 6.13 and 6.61), with their canonical
//! bytes. What a message's encryption makes, vector and tag, is written into them.

use super::{Field, Reader, Secret, WRONG, Writer};
use crate::Result;
use crate::encode::Record;

/// What a message-based process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Messaging {
    /// `C_MessageEncryptInit`
    Encrypt,
    /// `C_MessageDecryptInit`
    Decrypt,
    /// `C_MessageSignInit`
    Sign,
    /// `C_MessageVerifyInit`
    Verify,
}

forms! {
    MessageParameters
    /// `pParameter` null and length 0.
    0 None;
    /// `CK_GCM_MESSAGE_PARAMS`.
    1 Gcm(GcmMessageParameters);
    /// `CK_CCM_MESSAGE_PARAMS`.
    2 Ccm(CcmMessageParameters);
    /// `CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS`.
    3 ChaCha20Poly1305(ChaCha20Poly1305MessageParameters);
    /// A form that the mechanism does not take, bytes of a wrong length, or places that cannot be there: each mechanism
    /// refuses it with `CKR_MECHANISM_PARAM_INVALID`.
    4 Unknown;
}

structures! {
    /// `CK_GCM_MESSAGE_PARAMS` (PKCS#11 v3.2 section 6.13.8).
    GcmMessageParameters {
        /// Initialisation vector, or what is given of it; after an encryption that generated it, the whole.
        iv: Vec<u8>,
        /// How many of its most significant bits are given and kept.
        fixed_bits: u64,
        /// What makes the rest: a `CKG_` value.
        generator: u64,
        /// The tag that is to hold; empty where none is needed yet. After an encryption its tag.
        tag: Vec<u8>,
        /// Length of the tag in bits.
        tag_bits: u64,
    }
    /// `CK_CCM_MESSAGE_PARAMS` (PKCS#11 v3.2 section 6.13.8).
    CcmMessageParameters {
        /// Length of the plaintext in bytes.
        data_len: u64,
        /// The nonce, or what is given of it: 7 to 13 bytes. After an encryption that generated it, the whole.
        nonce: Vec<u8>,
        /// How many of its most significant bits are given and kept.
        fixed_bits: u64,
        /// What makes the rest: a `CKG_` value.
        generator: u64,
        /// The MAC that is to hold; empty where none is needed yet. After an encryption its MAC.
        mac: Vec<u8>,
        /// Length of the MAC in bytes.
        mac_len: u64,
    }
    /// `CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS` (PKCS#11 v3.2 section 6.61.3).
    ChaCha20Poly1305MessageParameters {
        /// The nonce.
        nonce: Vec<u8>,
        /// The tag that is to hold; empty where none is needed yet. After an encryption its tag: 16 bytes.
        tag: Vec<u8>,
    }
}

structures! {
    /// `CK_GCM_WRAP_PARAMS` (PKCS#11 v3.2 section 6.13.8).
    GcmWrapParameters {
        /// Initialisation vector, or what is given of it; after a wrapping that generated it, the whole.
        iv: Vec<u8>,
        /// How many of its most significant bits are given and kept.
        fixed_bits: u64,
        /// What makes the rest: a `CKG_` value.
        generator: u64,
        /// Additional authenticated data.
        aad: Vec<u8>,
        /// Length of the tag in bits.
        tag_bits: u64,
    }
    /// `CK_CCM_WRAP_PARAMS` (PKCS#11 v3.2 section 6.13.8).
    CcmWrapParameters {
        /// The nonce, or what is given of it: 7 to 13 bytes. After a wrapping that generated it, the whole.
        nonce: Vec<u8>,
        /// How many of its most significant bits are given and kept.
        fixed_bits: u64,
        /// What makes the rest: a `CKG_` value.
        generator: u64,
        /// Additional authenticated data.
        aad: Vec<u8>,
        /// Length of the MAC in bytes.
        mac_len: u64,
    }
}

const FORM: u16 = 1;
const VALUE: u16 = 2;

impl MessageParameters {
    /// The canonical form: form and value.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let (form, value) = self.write();
        Writer::new().number(FORM, form).field(VALUE, value.expose()).finish()
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`](crate::Error::Encoding)
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let record = Record::read(bytes, &[FORM, VALUE])?;
        Self::read(record.number(FORM)?, record.bytes(VALUE)?)
    }
}
