use std::collections::VecDeque;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;

use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

use super::*;
use crate::mock::Answers;

fn officer(file: Option<PathBuf>, descriptor: Option<u32>) -> Wanted {
    Wanted::new("officer's", "officer-pin", file, descriptor)
}

/// A file of mode `mode` that holds `text`.
fn file(text: &[u8], mode: u32) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    file
}

fn read(text: &[u8]) -> Result<Secret> {
    let file = file(text, 0o600);
    officer(Some(file.path().to_owned()), None).known(&mut Answers::none())
}

fn reason(result: Result<Secret>) -> String {
    match result {
        Err(Failure::Refused { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_end_of_the_line_is_not_part_of_the_pin() {
    for text in [b"12 34".as_slice(), b"12 34\n", b"12 34\r\n"] {
        assert_eq!(read(text).unwrap().expose(), b"12 34");
    }
    assert_eq!(read(b"1234\r").unwrap().expose(), b"1234\r");
}

#[test]
fn a_file_that_is_empty_long_or_of_two_lines_is_refused() {
    assert_eq!(reason(read(b"")), "the officer's PIN is empty");
    assert_eq!(reason(read(b"\n")), "the officer's PIN is empty");
    assert!(reason(read(b"1234\n5678\n")).ends_with(": more than one line"));
    assert!(reason(read(&[b'1'; LONGEST + 1])).ends_with(": more than 1024 bytes"));
    assert_eq!(read(&[b'1'; LONGEST]).unwrap().len(), LONGEST);
}

#[test]
fn a_file_that_others_may_read_is_refused_with_the_command_that_helps() {
    for mode in [0o604, 0o602, 0o620, 0o660] {
        let file = file(b"1234\n", mode);
        let Err(Failure::Refused { reason, remedy, .. }) =
            officer(Some(file.path().to_owned()), None).known(&mut Answers::none())
        else {
            panic!("mode {mode:o} was taken");
        };
        let path = file.path().display();
        assert_eq!(reason, format!("others may read or write {path}, which holds the officer's PIN"));
        assert!(remedy.starts_with(&format!("chmod 600 {path}")), "{remedy}");
    }
}

#[test]
fn a_file_for_a_group_is_taken_from_root_alone() {
    let file = file(b"1234\n", 0o440);
    let result = officer(Some(file.path().to_owned()), None).known(&mut Answers::none());
    assert_eq!(result.is_ok(), file.as_file().metadata().unwrap().uid() == 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let result = officer(Some(PathBuf::from("/nonexistent/pin")), None).known(&mut Answers::none());
    assert_eq!(
        reason(result),
        "the officer's PIN cannot be read from /nonexistent/pin: No such file or directory (os error 2)"
    );
}

#[test]
fn a_descriptor_is_read_to_its_end() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"from a pipe\n").unwrap();
    drop(writer);
    let number = u32::try_from(reader.as_raw_fd()).unwrap();
    assert_eq!(officer(None, Some(number)).known(&mut Answers::none()).unwrap().expose(), b"from a pipe");
}

#[test]
fn a_terminal_is_not_read_as_a_file_for_it_would_show_the_pin() {
    let terminal = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let path = ptsname_r(&terminal).unwrap();
    let refusal = reason(officer(Some(PathBuf::from(&path)), None).known(&mut Answers::none()));
    assert_eq!(refusal, format!("{path} is a terminal, which would show the officer's PIN"));
}

#[test]
fn a_descriptor_that_is_not_open_is_named() {
    let refusal = reason(officer(None, Some(987_654)).known(&mut Answers::none()));
    assert!(refusal.starts_with("the officer's PIN cannot be read from descriptor 987654: "), "{refusal}");
}

#[test]
fn a_new_pin_is_asked_for_twice_and_a_known_one_once() {
    let mut answers = Answers::of(&["1234", "1234", "5678"]);
    assert_eq!(officer(None, None).new_one(&mut answers, |_| Ok(())).unwrap().expose(), b"1234");
    assert_eq!(officer(None, None).known(&mut answers).unwrap().expose(), b"5678");
    assert_eq!(
        answers.prompts,
        ["A PIN for the officer: ", "The same PIN again: ", "The officer's PIN: "].map(str::to_owned)
    );
    assert_eq!(answers.left, VecDeque::new());
}

#[test]
fn a_pin_that_is_not_good_enough_is_told_before_it_is_typed_again() {
    let mut answers = Answers::of(&["1", "1"]);
    let refused = officer(None, None).new_one(&mut answers, |_| Err(Failure::pin("it is too short", "")));
    assert_eq!(reason(refused), "it is too short");
    assert_eq!(answers.prompts, ["A PIN for the officer: "]);
    assert_eq!(answers.left.len(), 1, "the second was not asked for");
}

#[test]
fn two_different_entries_are_asked_for_again_but_not_for_ever() {
    let mut answers = Answers::of(&["1234", "1243", "1234", "1234"]);
    assert_eq!(officer(None, None).new_one(&mut answers, |_| Ok(())).unwrap().expose(), b"1234");
    let mut answers = Answers::of(&["1", "2", "3", "4", "5", "6"]);
    assert_eq!(
        reason(officer(None, None).new_one(&mut answers, |_| Ok(()))),
        "the officer's PIN was typed differently 3 times"
    );
}

#[test]
fn without_a_terminal_the_refusal_says_which_options_to_use() {
    let Err(Failure::Refused { reason, remedy, .. }) = officer(None, None).known(&mut Answers::none()) else {
        panic!("something was read");
    };
    assert_eq!(reason, "there is no terminal to ask for the officer's PIN (entity not found)");
    assert_eq!(remedy, "name a file with --officer-pin-file, or a descriptor with --officer-pin-fd");
}

#[test]
fn no_pin_is_printed() {
    let secret = read(b"sesame-42").unwrap();
    assert!(!format!("{secret:?}").contains("sesame"));
}
