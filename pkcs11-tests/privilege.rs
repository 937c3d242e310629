//! Tests that need root, for users who are not.

use std::env;
use std::process::Stdio;

use nix::unistd::Uid;

use crate::program::{output, program, told};
use crate::recorder::SEEN_VARIABLE;

/// Begins the line that says why a test was left out.
pub const LEFT_OUT: &str = "left out: ";

/// Whether this process is root's, and the test can go on here.
///
/// Else the whole test runs again through `sudo`, where that asks for no password, in a folder of root's; where it
/// does, standard error says that the test was left out. In both cases nothing is left to do here.
///
/// # Panics
/// When the test fails as root.
#[must_use]
pub fn is_root_here() -> bool {
    if Uid::effective().is_root() {
        return true;
    }
    let why = match again_as_root() {
        Ok(()) => return false,
        Err(why) => why,
    };
    eprintln!("{LEFT_OUT}this test needs root, and {why}");
    false
}

/// Runs this process's one test again.
fn again_as_root() -> Result<(), String> {
    if !["/usr/bin/sudo", "/bin/sudo"].iter().any(|path| std::path::Path::new(path).exists()) {
        return Err("there is no sudo".to_owned());
    }
    let asks = !output(program("sudo", "sudo").args(["-n", "true"])).status.success();
    if asks {
        return Err("sudo asks for a password".to_owned());
    }
    let mut command = program("sudo", "sudo");
    command.args(["-n", "env"]);
    // The provider's variables are the installation's, which the test makes anew.
    for name in ["CLAVIGER_MODULE", "PKCS11_TESTS_HUNG_AFTER", SEEN_VARIABLE, "PATH"] {
        command.args(env::var(name).map(|value| format!("{name}={value}")).ok());
    }
    command.arg(env::current_exe().expect("this program")).args(env::args_os().skip(1));
    let output = output(command.stderr(Stdio::piped()));
    assert!(output.status.success(), "{}", told(&command, &output));
    Ok(())
}
