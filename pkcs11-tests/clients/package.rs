//! The Debian package: what is in it, and a page followed from it alone.
//!
//! It is made of what cargo has built for the tests, in the same way as `make deb` makes it of a release build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pkcs11_tests::Test;
use pkcs11_tests::privilege::is_root_here;
use pkcs11_tests::program::{free_port, program, run};
use pkcs11_tests::provider::beside_this_program;

use crate::report::Line;
use crate::shell::{Source, follow_from, fresh, repository};
use crate::table::ROWS;

/// Where Debian has what the package brings to be read.
const DOCUMENTS: &str = "usr/share/doc/claviger";

macro_rules! in_a_process_of_its_own {
    ($($(#[ignore = $reason:literal])? $name:ident,)*) => {
        mod claviger {
            $(
                #[test]
                $(#[ignore = $reason])?
                fn $name() {
                    let path = concat!(module_path!(), "::", stringify!($name));
                    pkcs11_tests::isolation::run(pkcs11_tests::Provider::Claviger, path, super::$name);
                }
            )*
        }
    };
}
in_a_process_of_its_own! {
    the_package_has_its_files_where_debian_wants_them,
    what_was_installed_is_taken_away_again_and_nothing_else,
    a_page_is_followed_from_the_package,
    #[ignore = "twenty reloads under load once more"]
    servers_with_workers_of_another_user_are_set_up_from_the_package,
}

/// Makes the package in `folder`, compressed as Debian wants it or, which is quick, not at all.
fn packed(folder: &Path, compression: &str) -> PathBuf {
    let built = beside_this_program("claviger").expect("build it with cargo build -p claviger-admin");
    let mut command = Command::new(repository().join("scripts/make-deb"));
    command.env("BUILT", built.parent().unwrap()).env("OUTPUT", folder).env("CARGO_NET_OFFLINE", "true");
    command.env("COMPRESSION", compression);
    // A checkout without its history has packages too.
    command
        .env("DEBFULLNAME", "A tester")
        .env("DEBEMAIL", "tester@example.org")
        .env("SOURCE_DATE_EPOCH", "1700000000");
    let said = String::from_utf8(run(&mut command)).unwrap();
    PathBuf::from(said.trim())
}

/// The package's files, below a folder; and its control files, below another.
fn unpacked(t: &Test) -> (PathBuf, PathBuf) {
    let package = packed(t.installation.folder(), "none");
    let (files, control) = (fresh(t, "unpacked"), fresh(t, "control"));
    run(program("dpkg-deb", "dpkg").arg("--extract").arg(&package).arg(&files));
    run(program("dpkg-deb", "dpkg").arg("--control").arg(&package).arg(&control));
    (files, control)
}

/// Every file below a folder, by its path from there.
fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            } else {
                let path = entry.path();
                let _is_new = found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// The module's path from the package's top.
fn module_among(files: &BTreeSet<String>) -> &str {
    files.iter().find(|path| path.ends_with("/pkcs11/libclaviger.so")).expect("the module")
}

fn the_package_has_its_files_where_debian_wants_them(t: &Test) {
    let (folder, control) = unpacked(t);
    let files = files_below(&folder);
    let module = module_among(&files);
    assert!(module.starts_with("usr/lib/") && module.contains("-linux-gnu/"), "{module}");
    for wanted in [
        "etc/claviger/claviger.toml",
        "usr/bin/claviger",
        "usr/include/claviger.h",
        "usr/share/bash-completion/completions/claviger",
        "usr/share/zsh/vendor-completions/_claviger",
        "usr/share/fish/vendor_completions.d/claviger.fish",
        "usr/share/man/man1/claviger.1.gz",
        "usr/share/p11-kit/modules/claviger.module",
        "usr/share/doc/claviger/copyright",
        "usr/share/doc/claviger/changelog.gz",
        "usr/share/doc/claviger/NOTICES.gz",
        "usr/share/doc/claviger/README.md",
    ] {
        assert!(files.contains(wanted), "{wanted} is missing among {files:#?}");
    }
    for row in ROWS {
        assert!(files.contains(&format!("{DOCUMENTS}/{}", row.page)), "{} is missing", row.page);
    }
    let text = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert!(text("usr/share/p11-kit/modules/claviger.module").contains(&format!("module: /{module}\n")));
    let libraries = module.strip_suffix("/pkcs11/libclaviger.so").unwrap();
    assert!(text(&format!("{libraries}/pkgconfig/claviger.pc")).contains(&format!("p11_module=/{module}\n")));
    for example in files.iter().filter(|path| path.starts_with(&format!("{DOCUMENTS}/examples/"))) {
        let named = text(example);
        assert_eq!(named.matches("libclaviger.so").count(), named.matches(module).count(), "{example}");
    }
    assert_eq!(fs::read_to_string(control.join("conffiles")).unwrap(), "/etc/claviger/claviger.toml\n");
    let mut sums = program("md5sum", "coreutils");
    let _all_fit =
        run(sums.args(["--check", "--quiet", "--strict"]).arg(control.join("md5sums")).current_dir(&folder));
    let _each_leads_somewhere =
        run(Command::new(repository().join("scripts/check-links")).arg(folder.join(DOCUMENTS)));
}

/// `make install` and `make uninstall`.
fn what_was_installed_is_taken_away_again_and_nothing_else(t: &Test) {
    let built = beside_this_program("claviger").expect("build it with cargo build -p claviger-admin");
    let root = fresh(t, "installed");
    let kept = root.join("opt/lib/pkgconfig/another.pc");
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, "somebody's").unwrap();
    let install = |word: &[&str]| {
        let mut command = Command::new(repository().join("scripts/install"));
        command.args(word).env("BUILT", built.parent().unwrap());
        run(command.env("DESTDIR", &root).env("PREFIX", "/opt"))
    };
    let told = String::from_utf8(install(&[])).unwrap();
    let there = files_below(&root);
    assert_eq!(told.lines().count() + 1, there.len(), "each file is told of: {told}");
    for wanted in
        ["opt/lib/pkcs11/libclaviger.so", "opt/bin/claviger", "opt/share/man/man1/claviger-key-list.1"]
    {
        assert!(there.contains(wanted), "{wanted} is missing among {there:#?}");
    }
    let named = fs::read_to_string(root.join("opt/lib/pkgconfig/claviger.pc")).unwrap();
    assert!(named.contains("p11_module=/opt/lib/pkcs11/libclaviger.so\n"), "{named}");
    let _removed = install(&["remove"]);
    assert_eq!(files_below(&root), BTreeSet::from(["opt/lib/pkgconfig/another.pc".to_owned()]));
    assert!(!root.join("opt/share/doc/claviger").exists(), "an empty folder is left");
}

/// What `docs/integrations/README.md` tells a reader to type first, with the package's folder in place of `/`, and
/// ports that are free.
fn way_in(readme: &str, package: &Path) -> String {
    let typed = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    let mut typed = typed.collect::<Vec<_>>().join("\n") + "\n";
    assert!(
        ["MODULE=", "EXAMPLES=", "CLAVIGER_CONF=", "PORT="].iter().all(|name| typed.contains(name)),
        "{typed}"
    );
    for port in ["8443", "8444", "8445"] {
        assert!(typed.contains(port), "{typed}");
        typed = typed.replace(port, &free_port().to_string());
    }
    // The costs of PINs are not what is tried.
    typed += "printf '[pin]\\nmemory = 8192\\npasses = 1\\n' >>claviger.toml\n";
    typed.replace("=/usr/", &format!("={}/usr/", package.display()))
}

fn a_page_is_followed_from_the_package(t: &Test) {
    follow_as_its_reader(t, "docs/integrations/openssl.md");
}

fn servers_with_workers_of_another_user_are_set_up_from_the_package(t: &Test) {
    follow_as_its_reader(t, "docs/integrations/nginx.md");
}

/// Unpacks the package, types what its pages tell to type first, and follows one.
fn follow_as_its_reader(t: &Test, page: &str) {
    let (folder, _) = unpacked(t);
    let files = files_below(&folder);
    let readme = fs::read_to_string(folder.join(DOCUMENTS).join("docs/integrations/README.md")).unwrap();
    // It is written for the architecture that most have.
    let readme = readme.replace("usr/lib/x86_64-linux-gnu/pkcs11/libclaviger.so", module_among(&files));
    let source = Source {
        pages: folder.join(DOCUMENTS),
        commands: folder.join("usr/bin"),
        module: "/not told by the page".into(),
        before: way_in(&readme, &folder),
    };
    let _version = follow_from(&source, t, ROWS.iter().find(|row| row.page == page).unwrap());
}

#[test]
#[ignore = "it takes root, debootstrap and Debian's archive, and some minutes: `make interop` runs it"]
fn the_package_installs_works_and_purges_in_an_empty_debian() {
    let line = Line::begin(
        "debian_package",
        "Debian package",
        env!("CARGO_PKG_VERSION"),
        "apt-get install, p11-kit, a token of root's and a shared one, purge",
    );
    let debootstrap =
        ["/usr/sbin/debootstrap", "/sbin/debootstrap"].iter().any(|path| Path::new(path).exists());
    if !is_root_here() || !debootstrap {
        line.end("left out here: it takes root and debootstrap");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(repository().join("scripts/check-deb"));
    command.env("PACKAGE", packed(folder.path(), "xz")).stdin(Stdio::null());
    let said = String::from_utf8_lossy(&run(&mut command)).into_owned();
    assert!(said.contains("check-deb: installs, works, purges"), "{said}");
    line.end("passed");
}
