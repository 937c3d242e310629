//! TABLE: numbers that the committee has given for version 3.3 of the standard, whose text is a working draft
//! (docs/decisions/0035).

use crate::mechanism::MechanismType;

/// ML-DSA of the mu that the caller computed (FIPS 204 algorithm 7 from line 7 on).
pub const CKM_ML_DSA_EXTERNAL_MU: MechanismType = 0x403c;

/// Every name with its number.
pub(crate) const NAMED: [(&str, MechanismType); 1] = [("CKM_ML_DSA_EXTERNAL_MU", CKM_ML_DSA_EXTERNAL_MU)];
