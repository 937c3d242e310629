//! What the tests of commands share: a real engine over a temporary folder, and a person who types.

use std::ffi::OsString;
use std::sync::Arc;

use assembly::Config;
use pkcs11::{Access, Attribute, ObjectHandle, Token, UserType};
use tempfile::TempDir;

use crate::command::{Stage, run};
use crate::mock::Answers;
use crate::screen::Screen;
use crate::session::UserSession;

/// The user's PIN of a bench's token.
pub(crate) const PIN: &str = "user-pin-1";
/// The officer's.
pub(crate) const OFFICER_PIN: &str = "officer-1";

/// What a command line did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Tokens in a folder of their own.
pub(crate) struct Bench {
    _folder: TempDir,
    token: Arc<dyn Token>,
}

impl Bench {
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claviger.toml");
        std::fs::write(&path, "data = \"data\"\n[pin]\nmemory = 8192\npasses = 1\n").unwrap();
        let token = assembly::open(&Config::from_file(&path).unwrap()).unwrap().token;
        Self { _folder: folder, token }
    }

    /// With one token of this label.
    pub(crate) fn with_token(label: &str) -> Self {
        let bench = Self::empty();
        bench.add_token(label);
        bench
    }

    pub(crate) fn add_token(&self, label: &str) {
        let typed = [OFFICER_PIN, OFFICER_PIN, PIN, PIN];
        let done = self.claviger(&["token", "init", "--label", label], &typed);
        assert_eq!((done.code, done.err.as_str()), (0, ""));
    }

    /// Runs a command line; `typed` are the lines that the person at the terminal answers with.
    pub(crate) fn claviger(&self, line: &[&str], typed: &[&str]) -> Done {
        let (mut out, mut err, mut answers) = (Vec::new(), Vec::new(), Answers::of(typed));
        let mut stage = Stage {
            open: &|| Ok(Arc::clone(&self.token)),
            asker: &mut answers,
            out: &mut out,
            err: &mut err,
            screen: Screen::default(),
        };
        let code = run(["claviger"].iter().chain(line).map(OsString::from), &mut stage);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done { code, out: text(out), err: text(err) }
    }

    /// A session of the user's with the one token.
    pub(crate) fn session(&self, access: Access) -> UserSession {
        let token = Arc::clone(&self.token);
        let slot = token.slot_list(true, true).unwrap()[0];
        let handle = token.open_session(slot, access, true).unwrap();
        token.login(handle, UserType::User, Some(PIN.as_bytes())).unwrap();
        let info = token.token_info(slot).unwrap();
        UserSession { token, slot, handle, info }
    }

    /// Creates an object as the user of the one token.
    pub(crate) fn create(&self, template: Vec<Attribute>) -> ObjectHandle {
        let slots = self.token.slot_list(true, true).unwrap();
        let session = self.token.open_session(slots[0], Access::ReadWrite, true).unwrap();
        self.token.login(session, UserType::User, Some(PIN.as_bytes())).unwrap();
        let object = self.token.create_object(session, template).unwrap();
        self.token.close_session(session).unwrap();
        object
    }
}

/// Compares JSON with the file beside the code that keeps its form; what differs from run to run is blanked before.
/// `WRITE_JSON=1` writes the file anew, for whoever adds a field.
pub(crate) fn keeps_its_form(file: &str, json: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let blanked: String = json.lines().map(|line| blank(line) + "\n").collect();
    if std::env::var_os("WRITE_JSON").is_some() {
        std::fs::write(&path, &blanked).unwrap();
    }
    assert_eq!(blanked, std::fs::read_to_string(&path).unwrap(), "{file}");
}

/// What differs from run to run.
const VARYING: [&str; 12] = [
    "unique_id",
    "CKA_UNIQUE_ID",
    "CKA_CHECK_VALUE",
    "CKA_PUBLIC_KEY_INFO",
    "CKA_VALUE",
    "serial",
    "store",
    "device_key",
    "pem",
    "file",
    "not_before",
    "not_after",
];

fn blank(line: &str) -> String {
    if let Some((before, after)) = line.split_once("unique ID ") {
        return format!("{before}unique ID ...{}", after.find(')').map_or("", |end| &after[end..]));
    }
    for name in VARYING {
        if let Some((before, _)) = line.split_once(&format!("\"{name}\": \"")) {
            return format!("{before}\"{name}\": \"...\",");
        }
    }
    for name in ["slot", "store_bytes"] {
        if let Some((before, _)) = line.split_once(&format!("\"{name}\": ")) {
            return format!("{before}\"{name}\": 0,");
        }
    }
    if let Some((before, _)) = line.split_once("\"per_second\": ") {
        return format!("{before}\"per_second\": 0.0");
    }
    match line.split_once("serial=") {
        Some((before, after)) => {
            format!("{before}serial=...{}", after.find(';').map_or("", |end| &after[end..]))
        }
        None => line.to_owned(),
    }
}

/// Runs openssl; gives what it writes.
pub(crate) fn openssl(arguments: &[&str]) -> String {
    let mut command = std::process::Command::new("openssl");
    let output = command.args(arguments).stdin(std::process::Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
