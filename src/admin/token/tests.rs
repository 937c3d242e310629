use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use pkcs11::Error;

use crate::command::{Stage, run};
use crate::mock::{Answers, Mock, MockSlot};
use crate::screen::Screen;

mod pins;
mod showing;

/// What a command line did.
#[derive(Debug)]
struct Done {
    code: u8,
    out: String,
    err: String,
    prompts: Vec<String>,
}

fn claviger(token: &Arc<Mock>, line: &[&str], typed: &[&str]) -> Done {
    let (mut out, mut err, mut answers) = (Vec::new(), Vec::new(), Answers::of(typed));
    let mut stage = Stage {
        open: &|| Ok(Arc::clone(token) as Arc<dyn pkcs11::Token>),
        asker: &mut answers,
        out: &mut out,
        err: &mut err,
        screen: Screen::default(),
    };
    let code = run(["claviger"].iter().chain(line).map(OsString::from), &mut stage);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code, out: text(out), err: text(err), prompts: answers.prompts }
}

fn two_slots() -> Arc<Mock> {
    Mock::with(vec![MockSlot::holding(7, "web"), MockSlot::empty(1_234_567_890)])
}

const TYPED: &[&str] = &["officer-1", "officer-1", "user-pin-1", "user-pin-1"];

fn made(token: &Mock, at: usize) -> (String, Vec<u8>, Option<Vec<u8>>) {
    token.state().slots[at].token.clone().unwrap()
}

#[test]
fn the_list_is_a_table_with_flags_in_words() {
    let done = claviger(&two_slots(), &["token", "list"], &[]);
    assert_eq!(
        done.out,
        "SLOT        LABEL  SERIAL            STATE\n\
         7           web    0000000000000007  initialised, user PIN set, login required, random numbers\n\
         1234567890  -      -                 empty\n"
    );
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}

#[test]
fn the_list_in_json_keeps_its_form() {
    let token = two_slots();
    token.state().slots.push(MockSlot { problem: Some(Error::TokenNotInitialized), ..MockSlot::empty(9) });
    let done = claviger(&token, &["token", "list", "--json"], &[]);
    assert_eq!(done.out, include_str!("list.json"));
    assert_eq!(done.code, 4);
}

#[test]
fn a_token_that_cannot_be_read_hides_no_other_and_makes_a_failure() {
    let token = two_slots();
    let reason = "of another token".to_owned();
    token.state().slots[0].problem = Some(Error::DeviceKey { path: PathBuf::from("/keys/1"), reason });
    let done = claviger(&token, &["token", "list"], &[]);
    assert_eq!(
        done.out,
        "SLOT        LABEL  SERIAL  STATE\n\
         7           -      -       device key /keys/1: of another token\n\
         1234567890  -      -       empty\n"
    );
    assert_eq!(done.code, 5);
    assert_eq!(
        done.err,
        "claviger: the token in slot 7 cannot be read: device key /keys/1: of another token\n  what to do: put that \
         right; a device key that is lost has to come from a backup, for nothing else opens the token\n"
    );
}

#[test]
fn init_makes_a_token_in_the_first_empty_slot_and_says_which() {
    let token = two_slots();
    let done = claviger(&token, &["token", "init", "--label", "mail"], TYPED);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out, "Slot 1234567890 holds the token \"mail\", serial number 00000000499602d2.\n");
    assert_eq!(made(&token, 1), ("mail".to_owned(), b"officer-1".to_vec(), Some(b"user-pin-1".to_vec())));
    assert_eq!(token.state().session, None);
    assert_eq!(
        done.prompts,
        ["A PIN for the officer: ", "The same PIN again: ", "A PIN for the user: ", "The same PIN again: "]
    );
}

#[test]
fn init_in_json_keeps_its_form() {
    let done = claviger(&two_slots(), &["token", "init", "--label", "mail", "--json"], TYPED);
    assert_eq!(done.out, include_str!("init.json"));
    assert_eq!(done.code, 0);
}

#[test]
fn init_takes_pins_from_files_and_asks_for_none() {
    let token = two_slots();
    let folder = tempfile::tempdir().unwrap();
    let pin = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (officer, user) = (pin("officer", "officer-2\n"), pin("user", "user-2"));
    let line = ["token", "init", "--label", "mail", "--officer-pin-file", &officer, "--user-pin-file", &user];
    let done = claviger(&token, &line, &[]);
    assert_eq!((done.code, done.prompts.len()), (0, 0), "{}", done.err);
    assert_eq!(made(&token, 1), ("mail".to_owned(), b"officer-2".to_vec(), Some(b"user-2".to_vec())));
}

#[test]
fn a_second_token_of_one_label_is_told_of() {
    let done = claviger(&two_slots(), &["token", "init", "--label", "web"], TYPED);
    assert_eq!((done.code, done.err.as_str()), (0, "claviger: the token in slot 7 has the same label\n"));
}

#[test]
fn without_an_empty_slot_nothing_is_asked() {
    let token = Mock::with(vec![MockSlot::holding(7, "web")]);
    let done = claviger(&token, &["token", "init", "--label", "mail"], TYPED);
    assert_eq!((done.code, done.prompts.len()), (1, 0));
    assert_eq!(
        done.err,
        "claviger: there is no empty slot\n  what to do: one is made where the data folder can be written: see \
         docs/configuration.md for permissions\n"
    );
}

#[test]
fn an_initialised_token_is_left_alone_without_again() {
    let token = two_slots();
    let before = token.state().slots.clone();
    let done = claviger(&token, &["token", "init", "--label", "mail", "--slot", "7"], TYPED);
    assert_eq!((done.code, done.prompts.len()), (1, 0));
    assert_eq!(
        done.err,
        "claviger: slot 7 holds the token \"web\", serial number 0000000000000007\n  what to do: to make a new \
         token, leave --slot out; to lose every key and object in this one, add --again and give the PIN of its \
         officer\n"
    );
    assert_eq!(token.state().slots, before);
}

#[test]
fn again_says_what_is_lost_and_takes_the_officers_pin_once() {
    let token = two_slots();
    let line = ["token", "init", "--label", "mail", "--slot", "7", "--again"];
    let done = claviger(&token, &line, &["web", "old-officer", "user-pin-1", "user-pin-1"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(
        done.err,
        "claviger: slot 7 holds the token \"web\", serial number 0000000000000007: every key and object in it and \
         the PINs of its users will be lost\n"
    );
    assert_eq!(
        done.prompts,
        [
            "Type the label of the token to destroy it: ",
            "The officer's PIN: ",
            "A PIN for the user: ",
            "The same PIN again: "
        ]
    );
    assert_eq!(made(&token, 0), ("mail".to_owned(), b"old-officer".to_vec(), Some(b"user-pin-1".to_vec())));
}

#[test]
fn again_with_a_wrong_pin_changes_nothing() {
    let token = two_slots();
    let before = token.state().slots.clone();
    let line = ["token", "init", "--label", "mail", "--slot", "7", "--again", "--yes"];
    let done = claviger(&token, &line, &["not-the-pin", "user-pin-1", "user-pin-1"]);
    assert_eq!(done.code, 3);
    assert!(
        done.err.ends_with(
            "claviger: the token in slot 7 cannot be initialised: wrong PIN\n  what to do: \
             try again with the right PIN; too many wrong ones lock it, and `claviger token show` tells how many are left\n"
        ),
        "{}",
        done.err
    );
    assert_eq!(token.state().slots, before);
}

#[test]
fn again_destroys_nothing_unless_the_label_is_typed_or_yes_is_said() {
    let token = two_slots();
    let before = token.state().slots.clone();
    let line = ["token", "init", "--label", "mail", "--slot", "7", "--again"];
    for (typed, words) in [
        (&["mail"][..], "nothing was destroyed: that is not its name\n  what to do: type \"web\"\n"),
        (
            &[],
            "there is no terminal to ask whether to destroy the token\n  what to do: add --yes if that is meant\n",
        ),
    ] {
        let done = claviger(&token, &line, typed);
        assert_eq!((done.code, done.out.as_str(), done.prompts.len()), (1, "", 1));
        assert!(done.err.ends_with(words), "{}", done.err);
        assert_eq!(token.state().slots, before);
    }
    let confirmed = [&line[..], &["--yes", "--json"]].concat();
    let done = claviger(&token, &confirmed, &["old-officer", "user-pin-1", "user-pin-1"]);
    assert_eq!((done.code, done.err.as_str(), done.prompts.len()), (0, "", 3));
    assert_eq!(done.out, include_str!("init-again.json"));
    assert_eq!(made(&token, 0), ("mail".to_owned(), b"old-officer".to_vec(), Some(b"user-pin-1".to_vec())));
}

#[test]
fn again_in_an_empty_slot_is_refused() {
    let done = claviger(
        &two_slots(),
        &["token", "init", "--label", "mail", "--slot", "1234567890", "--again"],
        TYPED,
    );
    assert_eq!(done.code, 1);
    assert!(done.err.starts_with("claviger: slot 1234567890 is empty\n"), "{}", done.err);
}

#[test]
fn a_slot_that_is_not_there_is_named() {
    let done = claviger(&two_slots(), &["token", "init", "--label", "mail", "--slot", "8"], TYPED);
    assert_eq!(
        done.err,
        "claviger: slot 8 cannot be used: there is no such slot\n  what to do: `claviger token list` shows the \
         slots\n"
    );
}

#[test]
fn a_pin_of_impossible_length_is_refused_before_anything_is_made() {
    let token = two_slots();
    for typed in [["abc", "abc", "user-pin-1", "user-pin-1"], ["officer-1", "officer-1", "u", "u"]] {
        let done = claviger(&token, &["token", "init", "--label", "mail"], &typed);
        assert_eq!(done.code, 3);
        assert!(
            done.err.ends_with("PIN is too short or too long\n  what to do: choose one of 4 to 16 bytes\n")
        );
        assert_eq!(token.state().slots[1], MockSlot::empty(1_234_567_890));
    }
}

#[test]
fn a_user_without_pin_is_told_of_with_the_way_out_and_no_session_stays() {
    let token = two_slots();
    token.state().init_pin = Some(Error::PinInvalid("it reads as a name"));
    let done = claviger(&token, &["token", "init", "--label", "mail"], TYPED);
    assert_eq!(done.code, 1);
    assert_eq!(
        done.err,
        "claviger: the token in slot 1234567890 is initialised, but its user has no PIN: the PIN is not possible: it \
         reads as a name\n  what to do: choose another PIN; then `claviger token init-pin --slot 1234567890`\n"
    );
    assert_eq!(token.state().session, None);
}

#[test]
fn command_lines_that_are_wrong_give_2_and_open_no_token() {
    const LINES: &[&[&str]] = &[
        &[],
        &["token"],
        &["token", "destroy"],
        &["token", "init"],
        &["token", "init", "--label", ""],
        &["token", "init", "--label", "   "],
        &["token", "init", "--label", "a\nb"],
        &["token", "init", "--label", "123456789012345678901234567890123"],
        &["token", "init", "--label", "mail", "--again"],
        &["token", "init", "--label", "mail", "--yes"],
        &["token", "init", "--label", "mail", "--slot", "7", "--yes"],
        &["token", "init", "--label", "mail", "--slot", "-1"],
        &["token", "init", "--label", "mail", "--pin", "1234"],
        &["token", "init", "--label", "mail", "--officer-pin-file", "/a", "--officer-pin-fd", "3"],
        &["token", "init", "--label", "mail", "--officer-pin-fd", "3", "--user-pin-fd", "3"],
        &["token", "list", "--all"],
        &["token", "show", "--token", "a", "--slot", "1"],
        &["token", "init-pin", "--pin-file", "/a"],
        &["token", "init-pin", "--officer-pin-fd", "3", "--user-pin-fd", "3"],
        &["token", "init-pin", "--user-pin-file", "/a", "--user-pin-fd", "3"],
        &["token", "change-pin", "1234", "4321"],
        &["token", "change-pin", "--pin-fd", "3", "--new-pin-fd", "3"],
        &["token", "change-pin", "--officer-pin-file", "/a"],
    ];
    for line in LINES {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut stage = Stage {
            open: &|| panic!("opened by {line:?}"),
            asker: &mut Answers::none(),
            out: &mut out,
            err: &mut err,
            screen: Screen::default(),
        };
        let code = run(["claviger"].iter().chain(*line).map(OsString::from), &mut stage);
        assert_eq!((code, out.is_empty(), err.is_empty()), (2, true, false), "{line:?}");
    }
}

#[test]
fn help_of_every_command_names_the_exit_codes() {
    for line in [&["--help"][..], &["token", "init", "--help"], &["token", "list", "--help"]] {
        let done = claviger(&two_slots(), line, &[]);
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        assert!(done.out.contains("Exit codes:\n  0  done\n"), "{}", done.out);
    }
    let done = claviger(&two_slots(), &["--version"], &[]);
    assert_eq!(done.out, format!("claviger {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_configuration_that_is_refused_is_told_with_path_and_reason() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let refusal = Error::Configuration {
        path: PathBuf::from("/etc/claviger/claviger.toml"),
        reason: "line 3: unknown field `slots`".to_owned(),
    };
    let mut stage = Stage {
        open: &|| Err(refusal.clone()),
        asker: &mut Answers::none(),
        out: &mut out,
        err: &mut err,
        screen: Screen::default(),
    };
    assert_eq!(run(["claviger", "token", "list"].map(OsString::from), &mut stage), 5);
    assert_eq!(
        String::from_utf8(err).unwrap(),
        "claviger: the tokens cannot be opened: /etc/claviger/claviger.toml: line 3: unknown field `slots`\n  what \
         to do: put that right; docs/configuration.md lists keys and permissions\n"
    );
}

/// A pipe whose reader has gone.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_quiet() {
    let token = two_slots();
    for line in [&["token", "list"][..], &["token", "list", "--json"], &["--help"]] {
        let mut err = Vec::new();
        let mut stage = Stage {
            open: &|| Ok(Arc::clone(&token) as Arc<dyn pkcs11::Token>),
            asker: &mut Answers::none(),
            out: &mut Broken,
            err: &mut err,
            screen: Screen::default(),
        };
        let code = run(["claviger"].iter().chain(line).map(OsString::from), &mut stage);
        assert_eq!((code, err.len()), (0, 0), "{line:?}");
    }
}

#[test]
fn a_token_is_made_though_nobody_reads_standard_error() {
    let token = two_slots();
    let mut out = Vec::new();
    let mut stage = Stage {
        open: &|| Ok(Arc::clone(&token) as Arc<dyn pkcs11::Token>),
        asker: &mut Answers::of(TYPED),
        out: &mut out,
        err: &mut Broken,
        screen: Screen::default(),
    };
    let line = ["claviger", "token", "init", "--label", "web"];
    assert_eq!(run(line.map(OsString::from), &mut stage), 0);
    assert!(made(&token, 1).2.is_some());
}

mod delete {
    use crate::tests::{Bench, OFFICER_PIN, PIN, keeps_its_form};

    fn slots(bench: &Bench) -> Vec<String> {
        let listed = bench.claviger(&["token", "list"], &[]);
        assert_eq!(listed.code, 0, "{}", listed.err);
        listed.out.lines().skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn a_token_goes_after_its_label_was_typed_and_the_others_stay_in_their_slots() {
        let bench = Bench::with_token("web");
        bench.add_token("mail");
        let before = slots(&bench);
        let done = bench.claviger(&["token", "delete", "--token", "web"], &["web"]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.err.contains("every key and object of the token"), "{}", done.err);
        assert!(done.out.starts_with("The token \"web\" in slot "), "{}", done.out);
        assert_eq!(slots(&bench), before[1..]);
        assert_eq!(bench.claviger(&["object", "list"], &[PIN]).code, 0, "mail is the one token that is left");
        let made =
            bench.claviger(&["token", "init", "--label", "web"], &[OFFICER_PIN, OFFICER_PIN, PIN, PIN]);
        assert_eq!(made.code, 0, "{}", made.err);
        let number = before[0].split(' ').next().unwrap();
        assert!(!slots(&bench).iter().any(|row| row.starts_with(number)), "{:?}", slots(&bench));
    }

    #[test]
    fn what_went_is_told_in_json_that_keeps_its_form() {
        let bench = Bench::with_token("web");
        let done = bench.claviger(&["token", "delete", "--token", "web", "--json"], &["web"]);
        assert_eq!(done.code, 0, "{}", done.err);
        keeps_its_form("token/delete.json", &done.out);
    }

    #[test]
    fn nothing_goes_unless_it_is_confirmed_or_said_for_ever() {
        let bench = Bench::with_token("web");
        let before = slots(&bench);
        for (line, typed, code) in [
            (&["token", "delete"][..], &[][..], 2),
            (&["token", "delete", "--yes"], &[], 2),
            (&["token", "delete", "--token", "web", "--yes"], &[], 2),
            (&["token", "delete", "--token", "web"], &["wbe"], 1),
            (&["token", "delete", "--token", "web"], &[], 1),
            (&["token", "delete", "--token", "wbe"], &["wbe"], 4),
            (&["token", "delete", "--slot", "1", "--yes"], &[], 4),
        ] {
            let done = bench.claviger(line, typed);
            assert_eq!((done.code, done.out.as_str()), (code, ""), "{line:?}");
            assert_eq!(slots(&bench), before);
        }
        let session = bench.session(pkcs11::Access::ReadOnly);
        let serial = session.info.serial_number.clone();
        let line = ["token", "delete", "--serial", &serial, "--yes"];
        let done = bench.claviger(&line, &[]);
        assert_eq!(done.code, 1, "a session is open");
        assert!(done.err.contains("end the programs that use the token"), "{}", done.err);
        drop(session);
        assert_eq!(bench.claviger(&line, &[]).code, 0);
        assert_eq!(slots(&bench).len(), 1, "the empty slot");
    }
}
