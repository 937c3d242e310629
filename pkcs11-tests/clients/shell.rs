//! Runs a page's blocks in one shell, in a fresh folder.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use pkcs11_tests::Test;
use pkcs11_tests::isolation::finished;
use pkcs11_tests::privilege::is_root_here;
use pkcs11_tests::program::{free_port, over, program, run};
use pkcs11_tests::provider::beside_this_program;

use crate::household::Household;
use crate::page::{Block, Kind, blocks};
use crate::report::Line;
use crate::table::{AS_ROOT, Row};

/// How long a page may take before it is called hung: less than the isolation of tests grants.
const HUNG_AFTER: Duration = Duration::from_secs(300);

/// The checkout.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder above").to_owned()
}

/// Where the pages and what they speak of are.
pub(crate) struct Source {
    /// The folder that has `docs` and `examples`.
    pub(crate) pages: PathBuf,
    /// The folder of the command.
    pub(crate) commands: PathBuf,
    pub(crate) module: PathBuf,
    /// What is typed before the page's first block.
    pub(crate) before: String,
}

impl Source {
    /// This checkout, and what cargo has built of it.
    pub(crate) fn checkout(t: &Test) -> Self {
        let claviger = beside_this_program("claviger").expect("build it with cargo build -p claviger-admin");
        Self {
            pages: repository(),
            commands: claviger.parent().unwrap().to_owned(),
            module: t.installation.copy_for_others(t.module.path()),
            before: String::new(),
        }
    }
}

/// Follows a page of this checkout from its first block to its last, and keeps a line about it.
///
/// # Panics
/// When a program is missing, a block does not do what it is to do, or prints something else.
pub(crate) fn follow(t: &Test, name: &str, row: &Row) {
    if AS_ROOT.contains(&row.page) && !is_root_here() {
        Line::begin(name, row.client, "-", row.does).end("left out here: it takes root");
        return;
    }
    let line = Line::begin(name, row.client, "-", row.does);
    let version = follow_from(&Source::checkout(t), t, row);
    line.end_with(&version, "passed");
}

/// Follows a page; gives the version of its program.
///
/// # Panics
/// As [`follow`].
pub(crate) fn follow_from(source: &Source, t: &Test, row: &Row) -> String {
    for (name, package) in row.programs {
        let _is_there = program(name, package);
    }
    // Workers of another user find their way to the tokens.
    fs::set_permissions(t.installation.folder(), fs::Permissions::from_mode(0o711)).unwrap();
    let folder = fresh(t, "page");
    let version = version(source, t, &folder, row);
    let page = source.pages.join(row.page);
    let blocks = blocks(&page);
    let kept = fresh(t, "blocks");
    fs::write(kept.join("script"), script(&source.before, &blocks, &kept)).unwrap();
    let household = Household::found();
    let shell = program("bash", "bash");
    let mut shell = furnished(shell, source, t, &folder);
    let child = shell.arg(kept.join("script")).stdin(Stdio::null()).spawn().unwrap();
    let status = finished(child, HUNG_AFTER);
    drop(household);
    judge(&page, &blocks, &kept, status);
    version
}

pub(crate) fn fresh(t: &Test, name: &str) -> PathBuf {
    let folder = t.installation.folder().join(name);
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The version in the program's own words.
fn version(source: &Source, t: &Test, folder: &Path, row: &Row) -> String {
    let mut command = furnished(program("bash", "bash"), source, t, folder);
    command.args(["-c", row.version]);
    let said = String::from_utf8_lossy(&run(&mut command)).trim().to_owned();
    let is_one = !said.contains('\n') && said.contains(|letter: char| letter.is_ascii_digit());
    assert!(is_one, "{} gives no version: {said:?}", row.version);
    said
}

/// A command in the page's folder, with the environment that `docs/integrations/README.md` promises and no other.
fn furnished(mut command: Command, source: &Source, t: &Test, folder: &Path) -> Command {
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", source.commands.display());
    command.env_clear().current_dir(folder);
    command
        .env("PATH", path)
        .env("HOME", folder)
        .env("TMPDIR", t.installation.folder())
        .env("LC_ALL", "C.UTF-8");
    command.env("MODULE", &source.module).env("EXAMPLES", source.pages.join("examples"));
    for name in ["PORT", "PORT_2", "PORT_3"] {
        command.env(name, free_port().to_string());
    }
    over(&mut command, &t.installation);
    command
}

/// One script out of all blocks. Each says that it is its turn, and has a file of its own for what it prints.
fn script(before: &str, blocks: &[Block], kept: &Path) -> String {
    let mut script = format!("set -eu\n{before}");
    for block in blocks {
        let source = kept.join(format!("{}.block", block.line));
        fs::write(&source, &block.text).unwrap();
        let (line, source, kept) = (block.line, source.display(), kept.display());
        let turn = format!("echo {line} >'{kept}/turn'\nexec >'{kept}/{line}.printed' 2>&1\n");
        let _never_fails = match block.kind {
            Kind::Succeeds => writeln!(script, "{turn}. '{source}'"),
            // In a subshell that is no condition, since `set -e` holds in no other.
            Kind::Fails => writeln!(
                script,
                "{turn}set +e\n(set -e; . '{source}')\n[ $? != 0 ] || {{ echo 'It was to fail.'; exit 1; }}\nset -e"
            ),
            Kind::File => {
                let name = block.file_name().expect("checked when it was read");
                writeln!(script, "{turn}mkdir -p \"$(dirname '{name}')\"\ncp '{source}' '{name}'")
            }
            Kind::Printed => Ok(()),
        };
    }
    script.push_str(": the end\n");
    let _never_fails = writeln!(script, "echo end >'{}/turn'", kept.display());
    script
}

fn judge(page: &Path, blocks: &[Block], kept: &Path, status: Option<ExitStatus>) {
    let turn = fs::read_to_string(kept.join("turn")).unwrap_or_default();
    let printed = |line: usize| {
        String::from_utf8_lossy(&fs::read(kept.join(format!("{line}.printed"))).unwrap_or_default())
            .into_owned()
    };
    if turn.trim() != "end" {
        let failed = blocks.iter().find(|block| block.line.to_string() == turn.trim());
        let failed = failed.unwrap_or_else(|| panic!("{}: ended with {status:?}", page.display()));
        let how = if status.is_some() { "went wrong" } else { "did not end in time" };
        panic!(
            "{}:{}: this {how}:\n{}\nwhat it printed:\n{}",
            page.display(),
            failed.line,
            failed.text,
            printed(failed.line)
        );
    }
    for pair in blocks.windows(2) {
        let [commands, text] = pair else { continue };
        let missing = (text.kind == Kind::Printed).then(|| printed(commands.line));
        let missing = missing.and_then(|printed| Some((text.first_line_not_in(&printed)?, printed)));
        if let Some((line, printed)) = missing {
            panic!("{}:{}: not printed: {line}\nbut:\n{printed}", page.display(), text.line);
        }
    }
}
