//! Numbers of the working draft of version 3.3.

use cryptoki_sys::CK_MECHANISM_TYPE;

/// ML-DSA of the mu that the caller computed.
pub const CKM_ML_DSA_EXTERNAL_MU: CK_MECHANISM_TYPE = 0x403C;
