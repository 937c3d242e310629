//! Slots, tokens and what is told about them.

/// Names a slot: fits a positive 32-bit integer and never changes for the life of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u64);

/// A `CK_VERSION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The whole number.
    pub major: u8,
    /// Hundredths.
    pub minor: u8,
}

/// What `C_GetInfo` tells, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryInfo {
    /// Who made the library, at most 32 bytes.
    pub manufacturer: String,
    /// What the library is, at most 32 bytes.
    pub description: String,
    /// Version of the library.
    pub version: Version,
}

/// What `C_GetSlotInfo` tells, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// What the slot is, at most 64 bytes.
    pub description: String,
    /// Who made it, at most 32 bytes.
    pub manufacturer: String,
    /// `CKF_TOKEN_PRESENT` and its like.
    pub flags: u64,
    /// Version of the slot's "hardware".
    pub hardware: Version,
    /// Version of its "firmware".
    pub firmware: Version,
}

/// What `C_GetTokenInfo` tells, without padding; `None` is `CK_UNAVAILABLE_INFORMATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// The label given to `C_InitToken`, without its trailing blanks; at most 32 bytes.
    pub label: String,
    /// Who made it, at most 32 bytes.
    pub manufacturer: String,
    /// What it is, at most 16 bytes.
    pub model: String,
    /// The token's own number, at most 16 bytes.
    pub serial_number: String,
    /// `CKF_` flags of section 3.2, table "Token Information Flags".
    pub flags: u64,
    /// Sessions an application can have open; 0 is `CK_EFFECTIVELY_INFINITE`.
    pub max_sessions: u64,
    /// Sessions this application has open.
    pub sessions: u64,
    /// As `max_sessions`, read-write ones.
    pub max_rw_sessions: u64,
    /// Read-write sessions this application has open.
    pub rw_sessions: u64,
    /// Longest PIN in bytes.
    pub max_pin_len: u64,
    /// Shortest PIN in bytes.
    pub min_pin_len: u64,
    /// Bytes for public objects.
    pub total_public_memory: Option<u64>,
    /// Bytes still free for public objects.
    pub free_public_memory: Option<u64>,
    /// Bytes for private objects.
    pub total_private_memory: Option<u64>,
    /// Bytes still free for private objects.
    pub free_private_memory: Option<u64>,
    /// Version of the token's "hardware".
    pub hardware: Version,
    /// Version of its "firmware".
    pub firmware: Version,
    /// The token's time in UTC as `YYYYMMDDhhmmss00`, with `CKF_CLOCK_ON_TOKEN` among the flags; empty without.
    pub utc_time: String,
}
