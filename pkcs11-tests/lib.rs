//! Tests of any PKCS#11 module through its C interface.
