//! Keys of one-time passwords: the counter that each password takes (PKCS#11 v3.2 section 6.53.9, RFC 4226 section 5).

use pkcs11::constants::{CKA_OTP_COUNTER, CKO_OTP_KEY};
use pkcs11::{Attributes, Error, Result};

/// The counter that the next password is made with, and the key's attributes once it is taken.
///
/// # Errors
/// [`Error::Bug`] for a key without a counter; [`Error::Primitive`] for one that is used up: none is given twice.
pub fn taken(key: &Attributes) -> Result<([u8; 8], Attributes)> {
    let counter = key.bytes(CKA_OTP_COUNTER).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    let counter = counter.ok_or(Error::Bug("a key of one-time passwords without a counter"))?;
    let next = u64::from_be_bytes(counter).checked_add(1);
    let next = next.ok_or(Error::Primitive("all passwords of this key have been given"))?;
    let mut after = key.clone();
    after.set_bytes(CKA_OTP_COUNTER, &next.to_be_bytes());
    Ok((counter, after))
}

/// Whether an object may have a copy.
///
/// # Errors
/// [`Error::ActionProhibited`] for a key of one-time passwords: the copy would give those that its original gives.
pub fn may_have_copies(object: &Attributes) -> Result<()> {
    if object.class() == Some(CKO_OTP_KEY) {
        return Err(Error::ActionProhibited("a copy would give the passwords that its original gives"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(counter: &[u8]) -> Attributes {
        let mut key = Attributes::new();
        key.set_bytes(CKA_OTP_COUNTER, counter);
        key
    }

    #[test]
    fn each_password_takes_the_next_counter_and_the_last_is_not_taken() {
        let (counter, after) = taken(&key(&[0, 0, 0, 0, 0, 0, 0, 255])).unwrap();
        assert_eq!(
            (counter, after.bytes(CKA_OTP_COUNTER)),
            ([0, 0, 0, 0, 0, 0, 0, 255], Some(&[0, 0, 0, 0, 0, 0, 1, 0][..]))
        );
        assert!(matches!(taken(&key(&[255; 8])), Err(Error::Primitive(_))));
        assert!(matches!(taken(&key(&[0; 7])), Err(Error::Bug(_))));
    }
}
