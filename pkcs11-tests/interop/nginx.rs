//! nginx with its keys in the token: reloaded under load, as root with workers of another user, and as a plain user.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use pkcs11_tests::privilege::is_root_here;
use pkcs11_tests::program::{Background, free_port, listening, openssl, over, program, run, run_with_input};
use pkcs11_tests::{Test, on_claviger};

use crate::engine::{certificate, prepare, url};

on_claviger!(
    reloaded_twenty_times_under_load_as_root_with_workers_of_another_user,
    reloaded_twenty_times_under_load_as_a_plain_user,
);

const RELOADS: usize = 20;
const REQUESTS_EACH: usize = 10;
/// Debian's user and group for web servers.
const WWW_DATA: u32 = 33;

struct Site {
    ports: [(&'static str, u16); 2],
}

fn configure(t: &Test, user: &str) -> Site {
    let ports = [("rsa", free_port()), ("ec", free_port())];
    let mut servers = String::new();
    for (label, port) in ports {
        let key = url(label);
        let _never_fails = writeln!(
            servers,
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {label}.crt; ssl_certificate_key \
             \"engine:pkcs11:{key}\"; return 200 \"worker $pid.\"; }}"
        );
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path temp_{name};\n"))
        .collect();
    let text = format!(
        "daemon off;\n{user}\nworker_processes 4;\npid nginx.pid;\nerror_log error.log;\nenv CLAVIGER_CONF;\nenv \
         OPENSSL_CONF;\nevents {{ worker_connections 256; }}\nhttp {{\naccess_log off;\nssl_protocols TLSv1.2 \
         TLSv1.3;\nssl_session_cache off;\nssl_session_tickets off;\nkeepalive_timeout 0;\n{temporary}{servers}}}\n"
    );
    fs::write(t.installation.folder().join("nginx.conf"), text).unwrap();
    Site { ports }
}

fn nginx(t: &Test) -> Command {
    let folder = t.installation.folder();
    let mut command = program("nginx", "nginx");
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "error.log"]);
    command.env("OPENSSL_CONF", folder.join("openssl.cnf"));
    over(&mut command, &t.installation);
    command
}

/// One request with a handshake of its own: which worker answered.
fn fetch(folder: &Path, label: &str, port: u16, version: &str) -> String {
    let address = format!("127.0.0.1:{port}");
    let authority = format!("{label}.crt");
    let mut client = openssl(["s_client", "-connect", &address, version, "-CAfile", &authority]);
    client.args(["-verify_return_error", "-servername", "localhost", "-quiet"]);
    let said = run_with_input(client.current_dir(folder), b"GET / HTTP/1.0\r\n\r\n");
    let said = String::from_utf8_lossy(&said).into_owned();
    let worker = said.split("worker ").nth(1).and_then(|rest| rest.split('.').next());
    worker.unwrap_or_else(|| panic!("{label} {version}: {said:?}")).to_owned()
}

/// Twenty reloads, ten requests after each while the workers change; not one may fail.
fn holds(t: &Test, site: &Site, command: &mut Command) {
    let folder = t.installation.folder();
    let mut server = Background::start(command);
    for (_, port) in site.ports {
        listening(port, &mut server);
    }
    let mut workers = BTreeSet::new();
    let mut requests = 0;
    for _ in 0..RELOADS {
        server.signal(Signal::SIGHUP);
        for turn in 0..REQUESTS_EACH {
            let (label, port) = site.ports[turn % 2];
            let version = if turn % 4 < 2 { "-tls1_2" } else { "-tls1_3" };
            workers.insert(fetch(folder, label, port, version));
            requests += 1;
        }
    }
    assert_eq!(requests, 200);
    assert!(workers.len() > RELOADS / 2, "the reloads changed the workers: {workers:?}");
    let log = fs::read_to_string(folder.join("error.log")).unwrap();
    for trouble in ["[emerg]", "[alert]", "[crit]", "signal 11", "exited on signal"] {
        assert!(!log.contains(trouble), "{log}");
    }
}

fn reloaded_twenty_times_under_load_as_root_with_workers_of_another_user(t: &Test) {
    // nginx's workers change their user.
    if !is_root_here() {
        return;
    }
    t.installation.configure("group = \"www-data\"");
    fs::set_permissions(t.installation.folder(), fs::Permissions::from_mode(0o711)).unwrap();
    prepare(t);
    for label in ["rsa", "ec"] {
        certificate(t, label);
    }
    let site = configure(t, "user www-data;");
    holds(t, &site, &mut nginx(t));
}

fn reloaded_twenty_times_under_load_as_a_plain_user(t: &Test) {
    prepare(t);
    for label in ["rsa", "ec"] {
        certificate(t, label);
    }
    let site = configure(t, "");
    let mut command = nginx(t);
    if Uid::effective().is_root() {
        // The whole folder is the plain user's then, as if that user had made it.
        let _ = run(program("chown", "coreutils").args(["-R", "33:33"]).arg(t.installation.folder()));
        command.gid(WWW_DATA).uid(WWW_DATA);
    }
    holds(t, &site, &mut command);
}
