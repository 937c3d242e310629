//! The command `claviger` interrupted: at a question, in the middle of work, and with nobody who reads what it writes.

use std::io::PipeWriter;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use pkcs11_tests::program::run;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

use crate::command::{INIT, claviger, pin_file};
use crate::terminal::Terminal;

on_claviger!(
    ctrl_c_at_a_pin_prompt_ends_with_the_code_of_a_pin_and_the_echo_comes_back,
    a_signal_at_a_pin_prompt_ends_the_command_and_the_echo_comes_back,
    ctrl_c_in_the_middle_of_a_generation_leaves_no_half_of_a_key,
    ctrl_c_at_a_question_deletes_nothing,
    a_closed_pipe_is_no_failure_and_what_was_made_is_whole,
);

/// What Ctrl-C types.
const CTRL_C: &[u8] = b"\x03";

fn with_token(t: &Test) {
    let _officer = pin_file(t, "officer.pin", SO_PIN, 0o600);
    let _user = pin_file(t, "user.pin", USER_PIN, 0o600);
    let _ = run(&mut claviger(t, &INIT));
}

fn keys(t: &Test) -> usize {
    let listed = run(&mut claviger(t, &["key", "list", "--pin-fd", "3"]));
    String::from_utf8(listed).unwrap().lines().count() - 1
}

const GENERATE: [&str; 6] = ["key", "generate", "--type", "ec", "--label", "made"];

fn ctrl_c_at_a_pin_prompt_ends_with_the_code_of_a_pin_and_the_echo_comes_back(t: &Test) {
    with_token(t);
    let mut terminal = Terminal::start(&claviger(t, &GENERATE));
    terminal.until("The user's PIN: ");
    terminal.types(b"half a PIN");
    terminal.types(CTRL_C);
    let (status, echoes, seen) = terminal.ended();
    assert_eq!(status.code(), Some(3), "{seen}");
    assert!(echoes, "{seen}");
    assert!(seen.contains("the user's PIN was not given") && !seen.contains("half a PIN"), "{seen}");
    assert!(!seen.contains("panicked"), "{seen}");
    assert_eq!(keys(t), 0);

    // And a PIN that is typed to its end does what it is for.
    let mut terminal = Terminal::start(&claviger(t, &GENERATE));
    terminal.until("The user's PIN: ");
    terminal.types(format!("{USER_PIN}\n").as_bytes());
    let (status, echoes, seen) = terminal.ended();
    assert_eq!((status.code(), echoes), (Some(0), true), "{seen}");
    assert!(!seen.contains(USER_PIN), "the PIN was echoed");
    assert_eq!(keys(t), 2);
}

fn a_signal_at_a_pin_prompt_ends_the_command_and_the_echo_comes_back(t: &Test) {
    with_token(t);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut terminal = Terminal::start(&claviger(t, &GENERATE));
        terminal.until("The user's PIN: ");
        terminal.types(b"half a PIN");
        terminal.signal(signal);
        let (status, echoes, seen) = terminal.ended();
        assert_eq!(status.signal(), Some(signal as i32), "{status}: {seen}");
        assert!(echoes, "{signal}: {seen}");
        assert!(!seen.contains("half a PIN") && !seen.contains("panicked"), "{signal}: {seen}");
        assert_eq!(keys(t), 0, "{signal}");
    }
}

/// 8192 bits take seconds: the bar, which comes after one, is what is waited for.
fn ctrl_c_in_the_middle_of_a_generation_leaves_no_half_of_a_key(t: &Test) {
    with_token(t);
    let long = ["key", "generate", "--type", "rsa:8192", "--label", "long", "--pin-fd", "3"];
    let mut terminal = Terminal::start(&claviger(t, &long));
    terminal.until("making the key");
    terminal.types(CTRL_C);
    let (status, echoes, seen) = terminal.ended();
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{status}: {seen}");
    assert!(echoes && !seen.contains("panicked"), "{seen}");
    assert_eq!(keys(t), 0);
    // Nothing is left that would be in the way of the next.
    let _ = run(&mut claviger(t, &[&GENERATE[..], &["--pin-fd", "3"]].concat()));
    assert_eq!(keys(t), 2);
}

fn ctrl_c_at_a_question_deletes_nothing(t: &Test) {
    with_token(t);
    let _ = run(&mut claviger(t, &[&GENERATE[..], &["--pin-fd", "3"]].concat()));
    let mut terminal = Terminal::start(&claviger(t, &["key", "delete", "--label", "made", "--pin-fd", "3"]));
    terminal.until("Type yes: ");
    terminal.types(b"yes");
    terminal.types(CTRL_C);
    let (status, echoes, seen) = terminal.ended();
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{status}: {seen}");
    assert!(echoes && !seen.contains("panicked"), "{seen}");
    assert_eq!(keys(t), 2);
}

/// A pipe that nobody reads.
fn nobody() -> PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

fn ends_well(command: &mut Command, line: &[&str]) {
    let answer = command.stdin(Stdio::null()).stdout(nobody()).stderr(Stdio::piped()).spawn().unwrap();
    let answer = answer.wait_with_output().unwrap();
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!((answer.status.code(), said.as_str()), (Some(0), ""), "{line:?}");
}

fn a_closed_pipe_is_no_failure_and_what_was_made_is_whole(t: &Test) {
    with_token(t);
    let make = [&GENERATE[..], &["--pin-fd", "3"]].concat();
    ends_well(&mut claviger(t, &make), &make);
    assert_eq!(keys(t), 2, "both halves");
    let lines: [&[&str]; 12] = [
        &["key", "list", "--pin-fd", "3"],
        &["key", "list", "--json", "--pin-fd", "3"],
        &["key", "show", "--label", "made", "--pin-fd", "3"],
        &["key", "export", "--label", "made", "--pin-fd", "3"],
        &["key", "export", "--label", "made", "--json", "--pin-fd", "3"],
        &["object", "list", "--pin-fd", "3"],
        &["cert", "list"],
        &["token", "list"],
        &["--help"],
        &["key", "import", "--help"],
        &["--version"],
        &["generate", "completions", "bash"],
    ];
    for line in lines {
        ends_well(&mut claviger(t, line), line);
    }
    // Nobody reads what goes wrong either: the exit code is what is left.
    let mut command = claviger(t, &["key", "show", "--label", "absent", "--pin-fd", "3"]);
    let status = command.stdin(Stdio::null()).stdout(nobody()).stderr(nobody()).status().unwrap();
    assert_eq!(status.code(), Some(4), "{status}");
    let gone = ["key", "delete", "--label", "made", "--yes", "--pin-fd", "3"];
    ends_well(&mut claviger(t, &gone), &gone);
    assert_eq!(keys(t), 0);
}
