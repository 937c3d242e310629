//! Answers in the form that C sees: `CK_INFO` and its like, handles, numbers.

use cryptoki_sys::{
    CK_INFO, CK_MECHANISM_INFO, CK_SESSION_INFO, CK_SLOT_INFO, CK_TOKEN_INFO, CK_ULONG,
    CK_UNAVAILABLE_INFORMATION, CK_VERSION,
};
use pkcs11::constants::{
    CKF_ASYNC_SESSION, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS,
    CKS_RW_PUBLIC_SESSION, CKS_RW_SO_FUNCTIONS, CKS_RW_USER_FUNCTIONS,
};
use pkcs11::{
    Access, LibraryInfo, MechanismInfo, MechanismType, ObjectHandle, SessionHandle, SessionInfo,
    SessionState, SlotId, SlotInfo, TokenInfo, Version,
};

/// The version of the standard that `C_GetInfo` names: the newest whose functions are all in the lists.
const STANDARD: CK_VERSION = CK_VERSION { major: 3, minor: 2 };

/// An answer that has a form in C.
pub(crate) trait Record<C> {
    fn record(&self) -> C;
}

/// Text of exactly `N` bytes: cut at a character, padded with blanks, not terminated (section 3.1).
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    let text = text.as_bytes().get(..text.floor_char_boundary(N)).unwrap_or_default();
    for (place, byte) in field.iter_mut().zip(text) {
        *place = *byte;
    }
    field
}

impl Record<CK_ULONG> for SlotId {
    fn record(&self) -> CK_ULONG {
        self.0
    }
}

impl Record<CK_ULONG> for MechanismType {
    fn record(&self) -> CK_ULONG {
        *self
    }
}

impl Record<CK_ULONG> for SessionHandle {
    fn record(&self) -> CK_ULONG {
        self.0
    }
}

impl Record<CK_ULONG> for ObjectHandle {
    fn record(&self) -> CK_ULONG {
        self.0
    }
}

impl Record<CK_VERSION> for Version {
    fn record(&self) -> CK_VERSION {
        CK_VERSION { major: self.major, minor: self.minor }
    }
}

impl Record<CK_INFO> for LibraryInfo {
    fn record(&self) -> CK_INFO {
        CK_INFO {
            cryptokiVersion: STANDARD,
            manufacturerID: padded(&self.manufacturer),
            flags: 0,
            libraryDescription: padded(&self.description),
            libraryVersion: self.version.record(),
        }
    }
}

impl Record<CK_SLOT_INFO> for SlotInfo {
    fn record(&self) -> CK_SLOT_INFO {
        CK_SLOT_INFO {
            slotDescription: padded(&self.description),
            manufacturerID: padded(&self.manufacturer),
            flags: self.flags,
            hardwareVersion: self.hardware.record(),
            firmwareVersion: self.firmware.record(),
        }
    }
}

impl Record<CK_TOKEN_INFO> for TokenInfo {
    fn record(&self) -> CK_TOKEN_INFO {
        let memory = |bytes: Option<u64>| bytes.unwrap_or(CK_UNAVAILABLE_INFORMATION);
        CK_TOKEN_INFO {
            label: padded(&self.label),
            manufacturerID: padded(&self.manufacturer),
            model: padded(&self.model),
            serialNumber: padded(&self.serial_number),
            flags: self.flags,
            ulMaxSessionCount: self.max_sessions,
            ulSessionCount: self.sessions,
            ulMaxRwSessionCount: self.max_rw_sessions,
            ulRwSessionCount: self.rw_sessions,
            ulMaxPinLen: self.max_pin_len,
            ulMinPinLen: self.min_pin_len,
            ulTotalPublicMemory: memory(self.total_public_memory),
            ulFreePublicMemory: memory(self.free_public_memory),
            ulTotalPrivateMemory: memory(self.total_private_memory),
            ulFreePrivateMemory: memory(self.free_private_memory),
            hardwareVersion: self.hardware.record(),
            firmwareVersion: self.firmware.record(),
            utcTime: padded(&self.utc_time),
        }
    }
}

impl Record<CK_MECHANISM_INFO> for MechanismInfo {
    fn record(&self) -> CK_MECHANISM_INFO {
        CK_MECHANISM_INFO {
            ulMinKeySize: self.min_key_size,
            ulMaxKeySize: self.max_key_size,
            flags: self.flags,
        }
    }
}

impl Record<CK_SESSION_INFO> for SessionInfo {
    fn record(&self) -> CK_SESSION_INFO {
        let state = match self.state {
            SessionState::ReadOnlyPublic => CKS_RO_PUBLIC_SESSION,
            SessionState::ReadOnlyUser => CKS_RO_USER_FUNCTIONS,
            SessionState::ReadWritePublic => CKS_RW_PUBLIC_SESSION,
            SessionState::ReadWriteUser => CKS_RW_USER_FUNCTIONS,
            SessionState::ReadWriteSo => CKS_RW_SO_FUNCTIONS,
        };
        let asynchronous = if self.asynchronous { CKF_ASYNC_SESSION } else { 0 };
        let writing = match self.access {
            Access::ReadOnly => 0,
            Access::ReadWrite => CKF_RW_SESSION,
        };
        CK_SESSION_INFO {
            slotID: self.slot.0,
            state,
            flags: CKF_SERIAL_SESSION | writing | asynchronous,
            ulDeviceError: self.device_error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_padded_with_blanks_and_not_terminated() {
        assert_eq!(&padded::<6>("abc"), b"abc   ");
        assert_eq!(&padded::<3>("abc"), b"abc");
        assert_eq!(&padded::<2>(""), b"  ");
    }

    #[test]
    fn text_too_long_is_cut_at_a_character() {
        assert_eq!(&padded::<4>("abcé"), b"abc ");
        assert_eq!(&padded::<5>("abcé"), "abcé".as_bytes());
    }
}
