//! Sessions and who is logged in.

use crate::SlotId;

/// Names a session to an application; never 0 (`CK_INVALID_HANDLE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHandle(pub u64);

/// Whether a session may change token objects (`CKF_RW_SESSION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read-only: token objects are looked at and used, session objects are free.
    ReadOnly,
    /// Read-write.
    ReadWrite,
}

/// `CKU_` values (PKCS#11 v3.2 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserType {
    /// `CKU_SO`: an officer.
    So,
    /// `CKU_USER`.
    User,
    /// `CKU_CONTEXT_SPECIFIC`: for one operation.
    ContextSpecific,
}

/// `CKS_` values (PKCS#11 v3.2 section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// `CKS_RO_PUBLIC_SESSION`
    ReadOnlyPublic,
    /// `CKS_RO_USER_FUNCTIONS`
    ReadOnlyUser,
    /// `CKS_RW_PUBLIC_SESSION`
    ReadWritePublic,
    /// `CKS_RW_USER_FUNCTIONS`
    ReadWriteUser,
    /// `CKS_RW_SO_FUNCTIONS`
    ReadWriteSo,
}

/// What `C_GetSessionInfo` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The slot whose token the session is with.
    pub slot: SlotId,
    /// State of the session.
    pub state: SessionState,
    /// Read-only or read-write.
    pub access: Access,
    /// Device error, 0 when there is none.
    pub device_error: u64,
    /// Whether its calls may be left to jobs.
    pub asynchronous: bool,
}
