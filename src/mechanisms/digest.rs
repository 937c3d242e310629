//! SHA-2 (FIPS 180-4; PKCS#11 v3.2 section 6.20 and following).

use engine::mechanism::{Can, Digesting, MechanismRow, Saving};
use pkcs11::constants::{CKM_SHA256, CKM_SHA384, CKM_SHA512};
use pkcs11::{Error, Mechanism, MechanismType, Result};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::aws_lc::rsa::Hash;
use crate::no_parameter;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[row(CKM_SHA256), row(CKM_SHA384), row(CKM_SHA512)];

const fn row(mechanism: MechanismType) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[], sizes: (0, 0), flags: 0, can: &[Can::Digest(digest)] }
}

fn digest(mechanism: &Mechanism) -> Result<Box<dyn Digesting>> {
    no_parameter(mechanism)?;
    let hash = hash_of(mechanism.mechanism_type).ok_or(Error::MechanismInvalid(mechanism.mechanism_type))?;
    Ok(Box::new(Running::new(hash)))
}

/// The hash function of a digest mechanism.
pub(crate) fn hash_of(mechanism: MechanismType) -> Option<Hash> {
    match mechanism {
        CKM_SHA256 => Some(Hash::Sha256),
        CKM_SHA384 => Some(Hash::Sha384),
        CKM_SHA512 => Some(Hash::Sha512),
        _ => None,
    }
}

/// A digest on its way.
#[derive(Clone)]
pub(crate) enum Running {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// A finished digest, in a place that fits the longest.
pub(crate) struct Output {
    bytes: [u8; 64],
    len: usize,
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Running {
    pub(crate) fn new(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256(Sha256::new()),
            Hash::Sha384 => Self::Sha384(Sha384::new()),
            Hash::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(part),
            Self::Sha384(state) => state.update(part),
            Self::Sha512(state) => state.update(part),
        }
    }

    pub(crate) fn finish(self) -> Output {
        let mut output = Output { bytes: [0; 64], len: 0 };
        let mut keep = |digest: &[u8]| {
            for (place, byte) in output.bytes.iter_mut().zip(digest) {
                *place = *byte;
            }
            output.len = digest.len();
        };
        match self {
            Self::Sha256(state) => keep(&state.finalize()),
            Self::Sha384(state) => keep(&state.finalize()),
            Self::Sha512(state) => keep(&state.finalize()),
        }
        output
    }
}

impl Saving for Running {}

impl Digesting for Running {
    fn digest_len(&self) -> usize {
        match self {
            Self::Sha256(_) => 32,
            Self::Sha384(_) => 48,
            Self::Sha512(_) => 64,
        }
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        Running::update(self, part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let digest = Running::finish(*self);
        if out.len() != digest.len {
            return Err(Error::Bug("a digest's place has another length"));
        }
        out.copy_from_slice(digest.as_ref());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::hex;
    use pkcs11::{Parameters, PssParameters};

    /// FIPS 180-4's example message "abc", and the empty one (NIST's SHA examples).
    const VECTORS: [(MechanismType, &[u8], &str); 5] = [
        (CKM_SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (CKM_SHA256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            CKM_SHA384,
            b"abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            CKM_SHA512,
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            CKM_SHA512,
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
    ];

    fn start(mechanism_type: MechanismType) -> Box<dyn Digesting> {
        digest(&Mechanism { mechanism_type, parameters: Parameters::None }).unwrap()
    }

    #[test]
    fn published_digests_come_out_whatever_the_parts() {
        for (mechanism, message, expected) in VECTORS {
            for part_len in [1, 2, 100] {
                let mut running = start(mechanism);
                message.chunks(part_len).for_each(|part| running.update(part).unwrap());
                let mut out = vec![0; running.digest_len()];
                running.finish(&mut out).unwrap();
                assert_eq!(out, hex(expected));
            }
        }
    }

    #[test]
    fn a_digest_takes_no_parameter() {
        let pss = PssParameters { hash: CKM_SHA256, mgf: 0, salt_len: 0 };
        for parameters in [Parameters::Unknown, Parameters::Pss(pss)] {
            let refused = digest(&Mechanism { mechanism_type: CKM_SHA256, parameters }).err();
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        }
    }
}
