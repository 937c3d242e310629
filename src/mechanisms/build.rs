//! Refuses a build against an AWS-LC that would cost every process and every forked child up to 115 ms at its first
//! random byte, or that is not the one this tree was measured and tested with.

use std::env;
use std::process::ExitCode;

/// What must be set, to what, and why.
const SETTINGS: [(&str, &str, &str); 2] = [
    ("AWS_LC_SYS_NO_JITTER_ENTROPY", "1", "jitter entropy makes the first random byte of every process slow"),
    ("AWS_LC_SYS_USE_SYSTEM", "0", "a system's AWS-LC may be any version, with jitter entropy on"),
];

fn main() -> ExitCode {
    let target = env::var("TARGET").unwrap_or_default().replace('-', "_");
    let mut refused = false;
    for (name, value, reason) in SETTINGS {
        println!("cargo::rerun-if-env-changed={name}");
        let for_target = format!("{name}_{target}");
        println!("cargo::rerun-if-env-changed={for_target}");
        // AWS-LC's own build script lets the variable with the target's name win.
        let found = env::var(&for_target).or_else(|_| env::var(name));
        if found.as_deref() != Ok(value) {
            println!(
                "cargo::error={name} must be {value}, because {reason}: build from the workspace's root, whose \
                 .cargo/config.toml sets it, and set no {name} of your own"
            );
            refused = true;
        }
    }
    if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
