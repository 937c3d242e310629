//! The command `claviger`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    claviger_admin::main(std::env::args_os())
}
