//! AES-XCBC-MAC (RFC 3566; PKCS#11 v3.2 sections 6.10.11 and 6.10.12), of keys of 16 bytes as the RFC has it.

use std::sync::Arc;

use engine::mechanism::{Key as EngineKey, Signing, Verifying};
use pkcs11::constants::CKM_AES_XCBC_MAC_96;
use pkcs11::{Mechanism, Result};
use zeroize::Zeroizing;

use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, Key};
use crate::block::mac::BlockMac;
use crate::{downcast, no_parameter};

/// Bytes of the shorter MAC.
const SHORT: usize = 12;

fn start(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<BlockMac<Key, BLOCK>>> {
    no_parameter(mechanism)?;
    let key: Arc<Key> = downcast(key)?;
    let subkey = |number| {
        let mut block = [number; BLOCK];
        key.block(Direction::Encrypt, &mut block);
        block
    };
    let len = if mechanism.mechanism_type == CKM_AES_XCBC_MAC_96 { SHORT } else { BLOCK };
    let chaining = Zeroizing::new(subkey(1));
    Ok(BlockMac::xcbc(Arc::new(Key::new(chaining.as_slice())?), [subkey(2), subkey(3)], len))
}

pub(super) fn sign(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Signing>> {
    Ok(start(mechanism, key)?)
}

pub(super) fn verify(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Verifying>> {
    Ok(start(mechanism, key)?)
}
