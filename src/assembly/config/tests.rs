use std::os::unix::fs::{PermissionsExt, chown};

use tempfile::TempDir;

use super::*;

/// A machine of its own: a home folder, a system file, no variables.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(machine.path("home")).unwrap();
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file with `text`, and gives its path.
    fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn surroundings(&self) -> Surroundings<'static> {
        Surroundings {
            named_file: None,
            trace_file: None,
            config_home: None,
            data_home: None,
            home: Some(self.path("home")),
            account_home: &|| None,
            user: geteuid(),
            system_file: self.path("etc/claviger/claviger.toml"),
        }
    }

    /// What a system file with this text is refused with; the path must be the file's.
    fn refusal(&self, text: &str) -> String {
        let path = self.write("etc/claviger/claviger.toml", text);
        self.refusal_of(&path)
    }

    fn refusal_of(&self, path: &Path) -> String {
        match Config::read(path, &self.surroundings()) {
            Err(Error::Configuration { path: blamed, reason }) => {
                assert_eq!(blamed, path);
                assert_eq!(reason.lines().count(), 1, "one line: {reason:?}");
                reason
            }
            other => panic!("not refused for its configuration: {other:?}"),
        }
    }
}

#[test]
fn without_any_file_tokens_lie_in_the_data_folder_of_the_home() {
    let machine = Machine::new();
    let config = Config::found(&machine.surroundings()).unwrap();
    assert_eq!(config.file, None);
    assert_eq!(config.data, machine.path("home/.local/share/claviger"));
    assert_eq!(config.device_keys, machine.path("home/.local/share/claviger/device-keys"));
    assert_eq!(config.group, None);
    assert_eq!(config.journal, Journal { destination: Destination::Stderr, level: LevelFilter::Warn });
    assert_eq!(config.busy_wait, Duration::from_secs(10));
    assert_eq!(config.settings.user_pin_limit, 10);
}

#[test]
fn the_data_folder_of_the_environment_goes_before_that_of_the_home() {
    let machine = Machine::new();
    let surroundings = Surroundings { data_home: Some(machine.path("data")), ..machine.surroundings() };
    assert_eq!(Config::found(&surroundings).unwrap().data, machine.path("data/claviger"));
}

#[test]
fn a_home_that_the_environment_does_not_name_comes_from_the_user_database() {
    let machine = Machine::new();
    let home = machine.path("home");
    let account = || Some(home.clone());
    let surroundings = Surroundings { home: None, account_home: &account, ..machine.surroundings() };
    assert_eq!(Config::found(&surroundings).unwrap().data, home.join(".local/share/claviger"));
}

#[test]
fn files_go_before_one_another_named_then_own_then_system() {
    let machine = Machine::new();
    let system = machine.write("etc/claviger/claviger.toml", "data = '/system'");
    assert_eq!(Config::found(&machine.surroundings()).unwrap().file, Some(system));

    let own = machine.write("home/.config/claviger/claviger.toml", "data = '/own'");
    assert_eq!(Config::found(&machine.surroundings()).unwrap().file, Some(own));

    let xdg = machine.write("xdg/claviger/claviger.toml", "data = '/xdg'");
    let surroundings = Surroundings { config_home: Some(machine.path("xdg")), ..machine.surroundings() };
    assert_eq!(Config::found(&surroundings).unwrap().file, Some(xdg));

    let named = machine.write("named.toml", "data = '/named'");
    let surroundings = Surroundings { named_file: Some(named.clone().into_os_string()), ..surroundings };
    let config = Config::found(&surroundings).unwrap();
    assert_eq!((config.file, config.data), (Some(named), PathBuf::from("/named")));
}

#[test]
fn another_configuration_folder_hides_that_of_the_home() {
    let machine = Machine::new();
    machine.write("home/.config/claviger/claviger.toml", "data = '/own'");
    let surroundings = Surroundings { config_home: Some(machine.path("empty")), ..machine.surroundings() };
    assert_eq!(Config::found(&surroundings).unwrap().file, None);
}

#[test]
fn a_named_file_that_is_not_there_is_refused_though_others_are() {
    let machine = Machine::new();
    machine.write("etc/claviger/claviger.toml", "data = '/system'");
    let named = machine.path("missing.toml");
    let surroundings =
        Surroundings { named_file: Some(named.clone().into_os_string()), ..machine.surroundings() };
    assert_eq!(
        Config::found(&surroundings).unwrap_err(),
        refused(&named, "cannot be read: No such file or directory (os error 2) (named by CLAVIGER_CONF)")
    );
}

#[test]
fn without_file_and_home_the_refusal_says_which_file_to_write() {
    let machine = Machine::new();
    let system = machine.path("etc/claviger/claviger.toml");
    let surroundings = Surroundings { home: None, user: Uid::from_raw(4711), ..machine.surroundings() };
    assert_eq!(
        Config::found(&surroundings).unwrap_err(),
        refused(
            &system,
            "there is no configuration file, and no home folder is known for user id 4711: write this file, or \
             name one in CLAVIGER_CONF"
        )
    );
}

#[test]
fn a_home_that_is_not_there_is_named() {
    let machine = Machine::new();
    let home = machine.path("nobody");
    let system = machine.path("etc/claviger/claviger.toml");
    let surroundings = Surroundings { home: Some(home.clone()), ..machine.surroundings() };
    let reason = format!(
        "there is no configuration file, and the home folder {} is not there: write this file, or name one in \
         CLAVIGER_CONF",
        home.display()
    );
    assert_eq!(Config::found(&surroundings).unwrap_err(), refused(&system, reason));
}

#[test]
fn a_trace_is_named_only_by_an_environment_that_is_believed() {
    let variable = |name: &str| (name == "CLAVIGER_TRACE").then(|| OsString::from("/tmp/trace"));
    assert_eq!(Surroundings::of(true, &variable).trace_file, Some(PathBuf::from("/tmp/trace")));
    assert_eq!(Surroundings::of(false, &variable).trace_file, None);
    assert_eq!(Surroundings::of(true, &|_| Some(OsString::new())).trace_file, None);
}

#[test]
fn what_a_process_of_another_user_finds_is_found_by_its_environment_alone() {
    let machine = Machine::new();
    let own = machine.write("home/.config/claviger/claviger.toml", "data = '/own'");
    let home = machine.path("home").into_os_string();
    let variable = |name: &str| (name == "HOME").then(|| home.clone());
    let config = Config::load_of(geteuid().as_raw(), &variable).unwrap();
    assert_eq!((config.file, config.data), (Some(own), PathBuf::from("/own")));

    let named = machine.write("named.toml", "data = '/named'").into_os_string();
    let variable = |name: &str| (name == "CLAVIGER_CONF").then(|| named.clone());
    assert_eq!(Config::load_of(geteuid().as_raw(), &variable).unwrap().data, PathBuf::from("/named"));
}

#[test]
fn a_file_of_another_user_is_refused_as_that_process_would() {
    let machine = Machine::new();
    let file = machine.write("named.toml", "data = '/named'");
    let owner = std::os::unix::fs::MetadataExt::uid(&file.metadata().unwrap());
    let named = file.clone().into_os_string();
    let variable = |name: &str| (name == "CLAVIGER_CONF").then(|| named.clone());
    let found = Config::load_of(owner + 1, &variable);
    // Root's is believed by everybody.
    assert_eq!(found.is_ok(), owner == 0, "{found:?}");
}

#[test]
fn a_file_without_data_folder_needs_a_home() {
    let machine = Machine::new();
    let path = machine.write("claviger.toml", "busy-wait = 5");
    let config = Config::read(&path, &machine.surroundings()).unwrap();
    assert_eq!(config.data, machine.path("home/.local/share/claviger"));

    let homeless = Surroundings { home: None, user: Uid::from_raw(4711), ..machine.surroundings() };
    assert_eq!(
        Config::read(&path, &homeless).unwrap_err(),
        refused(&path, "`data` is not set, and no home folder is known for user id 4711: set `data`")
    );
}

#[test]
fn every_key_is_taken() {
    let machine = Machine::new();
    let path = machine.write(
        "claviger.toml",
        "data = '/srv/tokens'\ndevice-keys = '/etc/keys'\ngroup = 33\nlog = 'syslog'\nlog-level = 'debug'\n\
         busy-wait = 7\nmax-sessions = 512\n[new-token]\nuser-pin-limit = 3\nofficer-pin-limit = 100\n[pin]\n\
         memory = 131072\npasses = 4\n",
    );
    let config = Config::read(&path, &machine.surroundings()).unwrap();
    assert_eq!(config.data, PathBuf::from("/srv/tokens"));
    assert_eq!(config.device_keys, PathBuf::from("/etc/keys"));
    assert_eq!(config.group, Some(33));
    assert_eq!(config.journal, Journal { destination: Destination::Syslog, level: LevelFilter::Debug });
    assert_eq!(config.busy_wait, Duration::from_secs(7));
    assert_eq!(config.settings.max_sessions, 512);
    assert_eq!((config.settings.user_pin_limit, config.settings.officer_pin_limit), (3, 100));
    assert_eq!((config.settings.pin_cost.memory, config.settings.pin_cost.passes), (131_072, 4));
}

#[test]
fn a_group_may_be_named() {
    let machine = Machine::new();
    let path = machine.write("claviger.toml", "group = 'root'");
    assert_eq!(Config::read(&path, &machine.surroundings()).unwrap().group, Some(0));
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let machine = Machine::new();
    let path = machine.write("conf/claviger.toml", "data = 'tokens'\ndevice-keys = '../keys'");
    let config = Config::read(&path, &machine.surroundings()).unwrap();
    assert_eq!(config.data, machine.path("conf/tokens"));
    assert_eq!(config.device_keys, machine.path("conf/../keys"));
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    let reason = Machine::new().refusal("# first\ndata = \n");
    assert!(reason.starts_with("line 2: "), "{reason}");
}

#[test]
fn keys_and_values_that_cannot_be_are_refused_with_line_and_reason() {
    const ROWS: &[(&str, &str)] = &[
        (
            "\nslots = 4",
            "line 2: unknown field `slots`, expected one of `data`, `device-keys`, `group`, `log`, `log-level`, \
             `busy-wait`, `max-sessions`, `new-token`, `pin`",
        ),
        ("[pin]\nlanes = 2", "line 2: unknown field `lanes`, expected `memory` or `passes`"),
        (
            "[new-token]\n\npin-limit = 2",
            "line 3: unknown field `pin-limit`, expected one of `user-pin-limit`, \
             `officer-pin-limit`, `approved`",
        ),
        ("data = 4", "line 1: invalid type: integer `4`, expected a string"),
        ("data = ''", "line 1: the path of a folder cannot be empty or hold a zero byte"),
        ("data = '~/tokens'", "line 1: a tilde is not expanded: write the whole path"),
        ("group = true", "line 1: invalid type: boolean `true`, expected the name or the number of a group"),
        ("group = -1", "line 1: invalid value: integer `-1`, expected the name or the number of a group"),
        ("\n\ngroup = 'no such group'", "line 3: there is no group \"no such group\""),
        ("log = 'file'", "line 1: unknown variant `file`, expected one of `stderr`, `syslog`, `none`"),
        (
            "log-level = 'loud'",
            "line 1: unknown variant `loud`, expected one of `error`, `warn`, `info`, `debug`",
        ),
        ("busy-wait = 0", "line 1: invalid value: integer `0`, expected a whole number from 1 to 3600"),
        (
            "busy-wait = 0.5",
            "line 1: invalid type: floating point `0.5`, expected a whole number from 1 to 3600",
        ),
        (
            "max-sessions = -1",
            "line 1: invalid value: integer `-1`, expected a whole number from 0 to 1000000",
        ),
        (
            "[new-token]\nuser-pin-limit = 2",
            "line 2: invalid value: integer `2`, expected a whole number from 3 to 100",
        ),
        (
            "[new-token]\nofficer-pin-limit = 101",
            "line 2: invalid value: integer `101`, expected a whole number from 3 to 100",
        ),
        (
            "[pin]\nmemory = 4096",
            "line 2: invalid value: integer `4096`, expected a whole number from 8192 to 2097152",
        ),
        ("[pin]\npasses = '3'", "line 2: invalid type: string \"3\", expected a whole number from 1 to 64"),
    ];
    let machine = Machine::new();
    for (text, reason) in ROWS {
        assert_eq!(machine.refusal(text), *reason, "for {text:?}");
    }
}

#[test]
fn device_keys_among_the_tokens_are_refused() {
    let machine = Machine::new();
    for text in ["data = '/a'\ndevice-keys = '/a'", "data = '/a'\ndevice-keys = '/a/tokens/k'"] {
        assert_eq!(
            machine.refusal(text),
            "`device-keys` must name a folder apart from the tokens: whoever copies the one must not have the other"
        );
    }
}

#[test]
fn a_file_that_everybody_may_write_is_refused() {
    let machine = Machine::new();
    let path = machine.write("claviger.toml", "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(machine.refusal_of(&path), "everybody may write it: chmod o-w");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
    assert!(Config::read(&path, &machine.surroundings()).is_ok());
}

#[test]
fn a_file_of_another_user_is_refused() {
    let machine = Machine::new();
    let path = machine.write("claviger.toml", "");
    if chown(&path, Some(4711), None).is_err() {
        return assert!(!geteuid().is_root(), "only root can give files away");
    }
    assert_eq!(
        machine.refusal_of(&path),
        "belongs to user id 4711, neither to root nor to user id 0: chown it"
    );
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting_for_it() {
    let machine = Machine::new();
    let folder = machine.path("home");
    assert_eq!(machine.refusal_of(&folder), "is not a regular file");
    let pipe = machine.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(machine.refusal_of(&pipe), "is not a regular file");
}

#[test]
fn a_file_too_long_or_not_in_utf_8_is_refused() {
    let machine = Machine::new();
    let path = machine.write("claviger.toml", &"#".repeat(65_537));
    assert_eq!(machine.refusal_of(&path), "is longer than 65536 bytes");
    machine.write("claviger.toml", &"#".repeat(65_536));
    assert!(Config::read(&path, &machine.surroundings()).is_ok());
    std::fs::write(&path, b"data = '\xff'").unwrap();
    assert_eq!(machine.refusal_of(&path), "cannot be read: stream did not contain valid UTF-8");
}

#[test]
fn an_own_file_behind_a_loop_of_links_is_refused_and_not_passed_over() {
    let machine = Machine::new();
    let path = machine.path("home/.config/claviger/claviger.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    assert!(matches!(
        Config::found(&machine.surroundings()),
        Err(Error::Configuration { path: blamed, reason }) if blamed == path && reason.starts_with("cannot be looked at: ")
    ));
}

#[test]
fn a_process_with_more_rights_than_its_caller_takes_nothing_from_the_environment() {
    let variable = |name: &str| Some(OsString::from(format!("/{name}")));
    let trusting = Surroundings::of(true, &variable);
    assert_eq!(trusting.named_file, Some(OsString::from("/CLAVIGER_CONF")));
    assert_eq!(trusting.config_home, Some(PathBuf::from("/XDG_CONFIG_HOME")));
    assert_eq!(trusting.data_home, Some(PathBuf::from("/XDG_DATA_HOME")));
    assert_eq!(trusting.home, Some(PathBuf::from("/HOME")));
    let wary = Surroundings::of(false, &variable);
    assert_eq!((wary.named_file, wary.config_home, wary.data_home, wary.home), (None, None, None, None));
}

#[test]
fn variables_that_are_empty_or_no_absolute_folder_count_as_absent() {
    let empty = Surroundings::of(true, &|_| Some(OsString::new()));
    assert_eq!((empty.named_file, empty.config_home, empty.data_home, empty.home), (None, None, None, None));
    let relative = Surroundings::of(true, &|_| Some(OsString::from("here")));
    assert_eq!(relative.named_file, Some(OsString::from("here")));
    assert_eq!((relative.config_home, relative.data_home, relative.home), (None, None, None));
}

/// Marks the answer of the program among the lines of the test harness.
const MARK: &str = "believed: ";
/// An ordinary user of no rights.
const NOBODY: u32 = 65_534;

#[test]
#[ignore = "started by its neighbour as a set-user-id program"]
fn a_program_that_became_its_owner_altogether() {
    let nobody = nix::unistd::Uid::from_raw(NOBODY);
    if geteuid() == nobody {
        // From here on the user ids are all the same, and what the kernel tells in /proc is hidden from it.
        nix::unistd::setresuid(nobody, nobody, nobody).unwrap();
        println!("\n{MARK}{:?}", Surroundings::of_this_process().named_file);
    }
}

#[test]
fn a_set_user_id_program_that_became_its_owner_still_takes_nothing_from_the_environment() {
    let machine = Machine::new();
    std::fs::set_permissions(machine.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = machine.path("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    if chown(&program, Some(NOBODY), None).is_err() {
        return assert!(!geteuid().is_root(), "only root can give files away");
    }
    let run = |mode: u32| {
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = std::process::Command::new(&program);
        command.args(["--exact", "config::tests::a_program_that_became_its_owner_altogether"]);
        command.args(["--ignored", "--nocapture", "--test-threads=1"]).env(FILE_VARIABLE, "/named");
        if mode == 0o755 {
            std::os::unix::process::CommandExt::uid(&mut command, NOBODY);
        }
        let said = command.output().unwrap();
        assert!(said.status.success());
        let said = String::from_utf8(said.stdout).unwrap();
        said.lines().find_map(|line| line.strip_prefix(MARK)).map(str::to_owned)
    };
    assert_eq!(run(0o755).as_deref(), Some("Some(\"/named\")"), "a program with its caller's rights");
    // On a file system mounted with `nosuid` the program never gets its owner's rights, and answers nothing.
    if let Some(believed) = run(0o4755) {
        assert_eq!(believed, "None");
    }
}

#[test]
fn the_page_about_the_configuration_shows_every_key_and_the_defaults() {
    let page = include_str!("../../../docs/configuration.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let machine = Machine::new();
    let path = machine.write("claviger.toml", &example.replace("group = \"claviger\"", "group = 33"));
    let shown = Config::read(&path, &machine.surroundings()).unwrap();
    let default = Config::in_folder("/var/lib/claviger");
    assert_eq!(shown.data, default.data);
    assert_eq!(shown.journal, default.journal);
    assert_eq!(shown.busy_wait, default.busy_wait);
    assert_eq!(format!("{:?}", shown.settings), format!("{:?}", default.settings));

    for (table, unknown) in [("", "x = 0"), ("new-token.", "[new-token]\nx = 0"), ("pin.", "[pin]\nx = 0")] {
        let refusal = machine.refusal(unknown);
        let expected = refusal.split_once("expected ").unwrap().1;
        for key in expected.split('`').skip(1).step_by(2).filter(|key| !["new-token", "pin"].contains(key)) {
            assert!(
                page.contains(&format!("| `{table}{key}` |")),
                "{table}{key} is not in the table of keys"
            );
        }
    }
}
