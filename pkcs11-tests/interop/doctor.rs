//! `claviger doctor` and `claviger configure` over configurations that are another user's, or nobody's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pkcs11_tests::privilege::is_root_here;
use pkcs11_tests::program::{Background, output, over, program, run};
use pkcs11_tests::provider::beside_this_program;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

on_claviger!(
    doctor_looks_where_a_process_of_another_user_looks_and_leaves_nothing_of_its_own,
    configure_says_which_file_it_would_read_and_how_to_make_one,
);

const NOBODY: u32 = 65534;

fn command() -> PathBuf {
    beside_this_program("claviger").expect("claviger: build it with cargo build -p claviger-admin")
}

/// All that is in a folder, it included.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let below = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let deeper = below.flat_map(|path| if path.is_dir() { all_in(&path) } else { vec![path] });
    [folder.to_owned()].into_iter().chain(deeper).collect()
}

/// The home of another user, with a configuration; and a process of his.
struct Other {
    home: PathBuf,
    process: Background,
}

fn other(t: &Test) -> Other {
    let folder = t.installation.folder();
    fs::set_permissions(folder, Permissions::from_mode(0o711)).unwrap();
    let home = folder.join("home");
    fs::create_dir_all(home.join(".config/claviger")).unwrap();
    let configuration = home.join(".config/claviger/claviger.toml");
    let text = format!("data = \"{}/tokens\"\n[pin]\nmemory = 8192\npasses = 1\n", home.display());
    fs::write(&configuration, text).unwrap();
    for (name, pin) in [("officer.pin", SO_PIN), ("user.pin", USER_PIN)] {
        fs::write(home.join(name), pin).unwrap();
        fs::set_permissions(home.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    for path in all_in(&home) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut sleeper = program("sleep", "coreutils");
    sleeper.arg("3600").env_clear().env("HOME", &home).uid(NOBODY).gid(NOBODY);
    Other { process: Background::start(&mut sleeper), home }
}

fn doctor(t: &Test, other: &Other) -> Output {
    let mut doctor = Command::new(command());
    doctor.args(["doctor", "--pid", &other.process.id().to_string(), "--pin-file"]);
    doctor
        .arg(other.home.join("user.pin"))
        .arg("--module")
        .arg(t.installation.copy_for_others(t.module.path()));
    output(over(&mut doctor, &t.installation))
}

fn doctor_looks_where_a_process_of_another_user_looks_and_leaves_nothing_of_its_own(t: &Test) {
    if !is_root_here() {
        return;
    }
    let other = other(t);
    let told = doctor(t, &other);
    let words = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(1), "{words}");
    let home = other.home.display().to_string();
    for line in [
        format!("good   configuration    {home}/.config/claviger/claviger.toml"),
        format!("note   data folder      {home}/tokens is not there yet"),
        format!("note   configuration    tokens of nobody lie in {home}/tokens, yours in "),
        "wrong  tokens           nobody has no tokens".to_owned(),
    ] {
        assert!(words.contains(&line), "no {line:?} in {words}");
    }
    assert!(!other.home.join("tokens").exists(), "it was made by somebody who only looks");

    let mut init = Command::new(t.installation.copy_for_others(&command()));
    init.args(["token", "init", "--label", "theirs", "--officer-pin-file", "officer.pin"]);
    init.args(["--user-pin-file", "user.pin"]).current_dir(&other.home);
    let _said = run(init.env_clear().env("HOME", &other.home).uid(NOBODY).gid(NOBODY));
    // The empty place is made anew by whoever lists: with the rights of the one who is looked at.
    let tokens = fs::read_dir(other.home.join("tokens/tokens")).unwrap().map(|entry| entry.unwrap().path());
    for empty in tokens.filter(|token| !token.join("store.db").exists()) {
        fs::remove_dir(empty).unwrap();
    }
    let told = doctor(t, &other);
    let words = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{words}");
    assert!(words.contains("good   tokens           \"theirs\""), "{words}");
    let left = all_in(&other.home);
    assert_eq!(left.iter().filter(|path| path.parent().unwrap().ends_with("tokens/tokens")).count(), 2);
    for path in left {
        assert_eq!(path.metadata().unwrap().uid(), NOBODY, "{}", path.display());
    }
}

fn configure_says_which_file_it_would_read_and_how_to_make_one(t: &Test) {
    let home = t.installation.folder().join("home");
    fs::create_dir(&home).unwrap();
    let configure = |output_file: &str| {
        let mut configure = Command::new(command());
        configure.args(["configure", "systemd", "--module", "/m.so", "--output", output_file]);
        output(configure.env_clear().env("HOME", &home).current_dir(&home))
    };
    let told = configure("first.conf");
    let words = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(0), "{words}");
    let written = fs::read_to_string(home.join("first.conf")).unwrap();
    if !Path::new("/etc/claviger/claviger.toml").exists() {
        let own = home.join(".config/claviger/claviger.toml").display().to_string();
        assert!(words.contains("there is no configuration file"), "{words}");
        assert!(words.contains(&format!("nor is {own} or /etc/claviger/claviger.toml there")), "{words}");
        assert!(words.contains("root makes /etc/claviger/claviger.toml"), "{words}");
        assert!(written.contains("CLAVIGER_CONF=/etc/claviger/claviger.toml"), "{written}");
    }

    let own = home.join(".config/claviger/claviger.toml");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "").unwrap();
    let told = configure("second.conf");
    let words = String::from_utf8(told.stderr).unwrap();
    assert!(!words.contains("there is no configuration file"), "{words}");
    let written = fs::read_to_string(home.join("second.conf")).unwrap();
    assert!(written.contains(&format!("CLAVIGER_CONF={}", own.display())), "{written}");

    fs::write(&own, "slots = 3\n").unwrap();
    let told = configure("third.conf");
    let words = String::from_utf8(told.stderr).unwrap();
    assert!(words.contains("the configuration cannot be used, nor by a client: "), "{words}");
    assert!(words.contains("unknown field `slots`"), "{words}");
}
