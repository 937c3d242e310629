//! How the shared library is linked.

fn main() {
    // The library stays in the process once loaded: a thread-local destructor of ours or of AWS-LC would otherwise
    // run in memory that dlclose has taken away, and so would the handlers of pthread_atfork.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}
