use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use pkcs11::Access;
use tempfile::TempDir;

use super::*;
use crate::tests::Bench;

/// A user who is in no group of ours.
const STRANGER: u32 = 4_000_000;

/// An installation in a folder of its own, with one token.
struct Ward {
    folder: TempDir,
    patient: Patient,
}

impl Ward {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("claviger.toml");
        fs::write(&file, "data = \"data\"\ndevice-keys = \"keys\"\n[pin]\nmemory = 8192\npasses = 1\n")
            .unwrap();
        let config = Config::from_file(&file).unwrap();
        let module = folder.path().join("libclaviger.so");
        fs::write(&module, b"\x7fELF...").unwrap();
        let patient = Patient {
            token: Some(assembly::open(&config).map(|opened| opened.token)),
            own_data: None,
            config: Ok(config),
            person: Person::of_this_process(),
            module: Ok(module),
            pin_file: None,
            module_folders: vec![folder.path().join("modules")],
            memlock: None,
        };
        Self { folder, patient }
    }

    fn with_token() -> Self {
        let ward = Self::empty();
        let token = ward.token();
        let slot = token.slot_list(false, true).unwrap()[0];
        let mut label = [b' '; 32];
        label[..3].copy_from_slice(b"web");
        token.init_token(slot, Some(b"officer-1"), &label).unwrap();
        let session = token.open_session(slot, Access::ReadWrite, true).unwrap();
        token.login(session, pkcs11::UserType::So, Some(b"officer-1")).unwrap();
        token.init_pin(session, Some(b"user-pin-1")).unwrap();
        token.close_session(session).unwrap();
        ward
    }

    fn token(&self) -> Arc<dyn Token> {
        Arc::clone(self.patient.token.as_ref().unwrap().as_ref().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        set_mode(&path, mode);
        path
    }

    /// The findings of one check that are not good.
    fn complaints(&self, check: &str) -> Vec<(State, String)> {
        let report = examine(&self.patient);
        assert_eq!(
            report.wrong,
            report.findings.iter().filter(|finding| finding.state == State::Wrong).count()
        );
        let bad =
            report.findings.into_iter().filter(|found| found.check == check && found.state != State::Good);
        bad.inspect(|found| assert!(!found.fix.is_empty(), "{found:?}"))
            .map(|found| (found.state, found.words))
            .collect()
    }

    fn complaint(&self, check: &str) -> (State, String) {
        let found = self.complaints(check);
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn stranger() -> Person {
    Person { uid: STRANGER, groups: vec![STRANGER], name: "stranger".to_owned(), acted: false }
}

#[test]
fn an_installation_that_works_has_nothing_wrong() {
    let ward = Ward::with_token();
    let report = examine(&ward.patient);
    let wrong: Vec<_> = report.findings.iter().filter(|found| found.state == State::Wrong).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let (state, words) = ward.complaint("configuration");
    assert_eq!(state, State::Note);
    assert!(words.contains("environment"), "{words}");
}

/// A home folder is its owner's, and root looks at it.
#[test]
fn what_somebody_put_among_module_files_neither_stops_nor_fills_the_doctor() {
    let ward = Ward::with_token();
    let folder = ward.path("modules");
    fs::create_dir(&folder).unwrap();
    nix::unistd::mkfifo(&folder.join("pipe.module"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("/dev/zero", folder.join("zero.module")).unwrap();
    fs::File::create(folder.join("long.module")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(small(folder.join("long.module")).unwrap().len(), 1 << 20);
    let (state, words) = ward.complaint("p11-kit");
    assert_eq!(state, State::Note);
    assert!(words.starts_with("no module file names the library"), "{words}");
}

#[test]
fn a_configuration_that_is_refused_is_told_of_and_nothing_is_guessed_from_it() {
    let mut ward = Ward::with_token();
    let file = ward.write("bad.toml", "slots = 3\n", 0o644);
    let error = Config::from_file(&file).unwrap_err();
    ward.patient.token = Some(Err(error.clone()));
    ward.patient.config = Err(error);
    let (state, words) = ward.complaint("configuration");
    assert_eq!(state, State::Wrong);
    assert!(words.contains("unknown field `slots`"), "{words}");
    assert!(ward.complaints("tokens").is_empty());
}

#[test]
fn another_user_is_stopped_at_the_first_folder_that_is_closed() {
    let mut ward = Ward::with_token();
    ward.patient.person = stranger();
    set_mode(ward.folder.path(), 0o700);
    let (_, words) = ward.complaint("configuration");
    let folder = ward.folder.path().display();
    assert!(words.starts_with(&format!("stranger may not pass {folder} (")), "{words}");
    assert!(words.ends_with(" 0700)"), "{words}");
}

#[test]
fn another_users_workers_are_told_which_folder_and_file_they_may_not_use() {
    let mut ward = Ward::with_token();
    ward.patient.person = stranger();
    set_mode(ward.folder.path(), 0o755);
    for (check, folder) in [("data folder", "data"), ("device keys", "keys")] {
        let (state, words) = ward.complaint(check);
        assert_eq!(state, State::Wrong);
        assert!(words.contains(&format!("{} (", ward.path(folder).display())), "{words}");
    }
    // The folders are opened by hand, and the files in them are not.
    set_mode(&ward.path("data"), 0o777);
    set_mode(&ward.path("data/tokens"), 0o777);
    let (state, words) = ward.complaint("files of tokens");
    assert_eq!(state, State::Wrong);
    assert!(words.contains("/tokens/") && words.contains("more like this"), "{words}");
}

#[test]
fn a_folder_that_is_not_there_is_not_made_and_who_could_make_it_is_told() {
    let mut ward = Ward::empty();
    ward.patient.token = None;
    ward.patient.config.as_mut().unwrap().data = ward.path("nowhere/data");
    ward.patient.config.as_mut().unwrap().device_keys = ward.path("nowhere/keys");
    let (state, words) = ward.complaint("data folder");
    assert!(state == State::Note && words.ends_with("nowhere/data is not there yet"), "{words}");
    let (state, words) = ward.complaint("tokens");
    assert!(state == State::Wrong && words.ends_with(" has no tokens"), "{words}");
    set_mode(ward.folder.path(), 0o755);
    ward.patient.person = stranger();
    let (state, words) = ward.complaint("data folder");
    assert_eq!(state, State::Wrong);
    assert!(words.contains("is not there, and stranger may not write"), "{words}");
    for check in ["device keys", "files of tokens", "disk"] {
        assert!(ward.complaints(check).is_empty(), "{check}");
    }
    assert!(!ward.path("nowhere").exists());
}

#[test]
fn tokens_that_lie_elsewhere_than_ones_own_are_told_of() {
    let mut ward = Ward::with_token();
    ward.patient.own_data = Some("/root/tokens".into());
    let found = ward.complaints("configuration");
    assert!(found[0].1.contains("yours in /root/tokens: what you make is not seen there"), "{found:?}");
}

#[test]
fn a_folder_of_device_keys_that_others_may_write_is_wrong() {
    let ward = Ward::with_token();
    set_mode(&ward.path("keys"), 0o770);
    let (state, words) = ward.complaint("device keys");
    assert_eq!(state, State::Wrong);
    assert!(words.contains("put another key in place"), "{words}");
}

#[test]
fn no_token_and_a_user_without_a_pin_and_a_locked_pin_are_told_apart() {
    assert_eq!(Ward::empty().complaint("tokens"), (State::Wrong, "no token is initialised".to_owned()));

    let ward = Ward::with_token();
    let token = ward.token();
    let slot = token.slot_list(true, true).unwrap()[0];
    let session = token.open_session(slot, Access::ReadWrite, true).unwrap();
    for tried in 1..=10 {
        token.login(session, pkcs11::UserType::User, Some(b"wrong-pin")).unwrap_err();
        if tried == 9 {
            let expected = (State::Note, "\"web\": one more wrong user's PIN locks it".to_owned());
            assert_eq!(ward.complaint("tokens"), expected);
        }
    }
    token.close_session(session).unwrap();
    assert_eq!(ward.complaint("tokens"), (State::Wrong, "\"web\": the user's PIN is locked".to_owned()));

    token.init_token(slot, Some(b"officer-1"), &[b'x'; 32]).unwrap();
    let (state, words) = ward.complaint("tokens");
    assert_eq!(state, State::Wrong);
    assert!(words.ends_with(": its user has no PIN"), "{words}");
}

#[test]
fn a_token_that_cannot_be_read_is_told_of_with_the_reason() {
    let mut ward = Ward::with_token();
    let key = fs::read_dir(ward.path("keys")).unwrap().next().unwrap().unwrap().path();
    fs::rename(&key, ward.path("elsewhere")).unwrap();
    let config = ward.patient.config.as_ref().unwrap();
    ward.patient.token = Some(assembly::open(config).map(|opened| opened.token));
    let (state, words) = ward.complaint("tokens");
    assert_eq!(state, State::Wrong);
    assert!(words.starts_with("slot ") && words.contains("device key"), "{words}");
}

#[test]
fn a_library_that_is_absent_or_none_is_wrong() {
    let mut ward = Ward::with_token();
    ward.patient.module = Ok(ward.write("libclaviger.so", "text", 0o644));
    assert!(ward.complaint("library").1.ends_with("is no library"));
    ward.patient.module = Ok(ward.path("nowhere.so"));
    assert!(ward.complaint("library").1.contains("No such file"));
}

#[test]
fn a_module_file_is_looked_at_as_p11_kit_does() {
    let ward = Ward::with_token();
    let module = ward.path("libclaviger.so");
    let text = format!("# ours\nmodule: {}\n", module.display());
    assert_eq!(ward.complaint("p11-kit").0, State::Note, "no module file");

    let good = ward.write("modules/claviger.module", &text, 0o644);
    assert!(ward.complaints("p11-kit").is_empty());

    let second = ward.write("modules/second.module", &text, 0o644);
    assert!(ward.complaint("p11-kit").1.contains("both name the library"));
    fs::remove_file(second).unwrap();

    fs::rename(&good, ward.path("modules/claviger.conf")).unwrap();
    assert!(ward.complaint("p11-kit").1.contains("for its name"));
    fs::remove_file(ward.path("modules/claviger.conf")).unwrap();

    let _ = ward.write("modules/claviger.module", "module: /nonexistent/libclaviger.so\n", 0o644);
    let (state, words) = ward.complaint("p11-kit");
    assert_eq!(state, State::Wrong);
    assert!(words.contains("names what cannot be loaded"), "{words}");
}

#[test]
fn a_pin_file_holds_one_line_for_its_reader_alone_and_is_never_shown() {
    let mut ward = Ward::with_token();
    for (text, mode, state, words) in [
        ("user-pin-1\n", 0o600, State::Note, "ends its line"),
        ("user-pin-1", 0o644, State::Wrong, "others may read or write"),
        ("", 0o600, State::Wrong, "is empty"),
        ("user-pin-1\nmore\n", 0o600, State::Wrong, "more than one line"),
        ("abc", 0o600, State::Wrong, "too short or too long"),
        ("a PIN of thirty-two bytes exactly", 0o600, State::Wrong, "over 31 bytes, which libp11's engine"),
    ] {
        ward.patient.pin_file = Some(ward.write("user.pin", text, mode));
        let found = ward.complaint("PIN source");
        assert!(found.0 == state && found.1.contains(words), "{found:?}");
        assert!(!serde_json::to_string(&examine(&ward.patient)).unwrap().contains("user-pin-1"));
    }
    ward.patient.pin_file = Some(ward.write("user.pin", "user-pin-1", 0o600));
    assert!(ward.complaints("PIN source").is_empty());
    ward.patient.pin_file = Some(ward.path("nowhere.pin"));
    assert!(ward.complaint("PIN source").1.contains("No such file"));
}

#[test]
fn little_locked_memory_is_told_of_unless_root_has_it() {
    let mut ward = Ward::with_token();
    let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                  Max locked memory         65536                67108864             bytes     \n";
    let path = ward.write("limits", limits, 0o644);
    ward.patient.memlock = clients::memlock_of(path.to_str().unwrap());
    ward.patient.person = stranger();
    let found = ward.complaint("locked memory");
    assert_eq!(
        found,
        (State::Note, "stranger may lock 64 KiB of memory: keys beyond that may be swapped out".to_owned())
    );
    ward.patient.person.uid = 0;
    assert!(ward.complaints("locked memory").is_empty());
    ward.patient.memlock = clients::memlock_of("/nonexistent");
    assert_eq!(ward.patient.memlock, None);
}

#[test]
fn the_person_is_that_of_the_process_or_of_the_user_database() {
    let this = Person::of_this_process();
    let of_process = Person::of_process(std::process::id()).unwrap();
    assert_eq!((this.uid, &this.name), (of_process.uid, &of_process.name));
    assert!(this.groups.iter().all(|group| of_process.groups.contains(group)));
    assert_eq!(Person::named("root").unwrap().uid, 0);
    assert_eq!(Person::named("no such user").unwrap_err().exit_code(), 4);
    assert_eq!(Person::of_process(u32::MAX).unwrap_err().exit_code(), 4);
}

#[test]
fn the_words_and_the_json_of_a_report_stay_as_they_are() {
    let mut report = Report { check: "tokens", ..Report::default() };
    report.good("\"web\"");
    report.wrong("\"mail\": the user's PIN is locked", "the officer sets a new one");
    let mut json = Vec::new();
    write_json(&mut json, &report).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), include_str!("report.json"));
}

#[test]
fn something_wrong_makes_the_exit_code_1_and_is_on_standard_output() {
    let bench = Bench::empty();
    let line = ["doctor", "--module", "/nonexistent/libclaviger.so"];
    let done = bench.claviger(&line, &[]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(
        done.out.contains("wrong  library          /nonexistent/libclaviger.so: No such file"),
        "{}",
        done.out
    );
    assert!(done.err.contains("wrong"), "{}", done.err);
    let json = bench.claviger(&[&line[..], &["--json"]].concat(), &[]);
    assert_eq!(json.code, 1);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(report["wrong"].as_u64().unwrap() >= 1, "{report}");
    assert_eq!(bench.claviger(&["doctor", "--user", "no such user"], &[]).code, 4);
}
