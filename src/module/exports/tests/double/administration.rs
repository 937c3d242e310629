//! What is not asked through C is refused.

use pkcs11::administration::AuditEvent;
use pkcs11::{Error, Result, SessionHandle, SlotId};

use super::Double;

impl pkcs11::Administration for Double {
    fn audit_events(&self, _slot: SlotId, _from: u64, _limit: usize) -> Result<Vec<AuditEvent>> {
        Err(Error::FunctionNotSupported)
    }

    fn trust_key(
        &self,
        _session: SessionHandle,
        _unique_id: &str,
        _public_key: Option<[u8; 48]>,
        _trusted: bool,
    ) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }
}
