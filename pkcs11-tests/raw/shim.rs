//! The shim of `c/failing.c`, when it is preloaded into this process.

use libloading::os::unix::Library;

/// Lets the `count`-th write from now fail with `EIO`, with `-count` all after it too; 0 counts without failing.
///
/// # Panics
/// When the shim is not preloaded.
pub fn arm(count: i64) {
    let this = Library::this();
    // SAFETY: the shim defines it with this type.
    let symbol = unsafe { this.get::<unsafe extern "C" fn(i64)>(b"failing_arm\0") };
    let arm = symbol.expect("the shim is preloaded");
    // SAFETY: it sets two numbers.
    unsafe { arm(count) };
}

/// Lets every write fail with `ENOSPC` until the next [`arm`].
///
/// # Panics
/// When the shim is not preloaded.
pub fn arm_full() {
    let this = Library::this();
    // SAFETY: the shim defines it with this type.
    let symbol = unsafe { this.get::<unsafe extern "C" fn()>(b"failing_arm_full\0") };
    let arm = symbol.expect("the shim is preloaded");
    // SAFETY: it sets numbers.
    unsafe { arm() };
}

/// Lets every `fsync` and `fdatasync` fail until the next [`arm`].
///
/// # Panics
/// When the shim is not preloaded.
pub fn arm_syncs() {
    let this = Library::this();
    // SAFETY: the shim defines it with this type.
    let symbol = unsafe { this.get::<unsafe extern "C" fn()>(b"failing_arm_syncs\0") };
    let arm = symbol.expect("the shim is preloaded");
    // SAFETY: it sets a number.
    unsafe { arm() };
}

/// How many writes there were since.
///
/// # Panics
/// When the shim is not preloaded.
#[must_use]
pub fn written() -> i64 {
    let this = Library::this();
    // SAFETY: the shim defines it with this type.
    let symbol = unsafe { this.get::<unsafe extern "C" fn() -> i64>(b"failing_written\0") };
    let written = symbol.expect("the shim is preloaded");
    // SAFETY: it reads a number.
    unsafe { written() }
}
