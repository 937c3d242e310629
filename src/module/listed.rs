//! The values that the standard lists.
