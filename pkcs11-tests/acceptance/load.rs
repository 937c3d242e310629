//! 2: a server with many workers, replaced again and again under load.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::Signal;
use pkcs11_tests::Test;
use pkcs11_tests::program::{Background, free_port, listening, over, program, run};

use crate::host_openssl::{openssl_with_engine, prepare, url};

const WORKERS: usize = 8;
const RELOADS: usize = 20;

/// Handshakes, each on a connection of its own, from four threads; a line after every one in twenty.
const CLIENT: &str = "
import socket, ssl, sys, threading
port, each = int(sys.argv[1]), int(sys.argv[2]) // 4
context = ssl.create_default_context(cafile=sys.argv[3])
# print writes a line and its end apart: two threads would mix them.
telling = threading.Lock()
def visits():
    for visit in range(each):
        with socket.create_connection(('localhost', port), timeout=60) as plain:
            with context.wrap_socket(plain, server_hostname='localhost') as client:
                client.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
                answer = b''
                while part := client.recv(1000):
                    answer += part
                assert b'200 OK' in answer, answer
        if visit % (each // 5) == 0:
            with telling:
                print('visited', flush=True)
failed = []
threading.excepthook = lambda failure: failed.append(failure.exc_value)
threads = [threading.Thread(target=visits) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print('failed:', failed, flush=True)
";

/// All of them must succeed while the workers are replaced twenty times.
fn handshakes(t: &Test, count: usize) {
    prepare(t, "");
    let (key, port) = (url("ec"), free_port());
    let request = ["req", "-x509", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key", &key];
    let names = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-days",
        "2",
        "-out",
        "tls.crt",
    ];
    let _made = run(&mut openssl_with_engine(t, &[&request[..], &names].concat()));
    let folder = t.installation.folder();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    let user = if nix::unistd::Uid::effective().is_root() { "user root;" } else { "" };
    let text = format!(
        "daemon off;\nmaster_process on;\n{user}\nworker_processes {WORKERS};\npid nginx.pid;\nenv CLAVIGER_CONF;\nenv \
         OPENSSL_CONF;\nevents {{}}\nhttp {{\naccess_log off;\nssl_session_cache off;\nssl_session_tickets \
         off;\nkeepalive_timeout 0;\n{temporary}server {{ listen localhost:{port} ssl; ssl_certificate tls.crt; \
         ssl_certificate_key \"engine:pkcs11:{key}\"; return 200 served; }} }}\n"
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut nginx = program("nginx", "nginx");
    nginx.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "error.log"]);
    nginx.env("OPENSSL_CONF", folder.join("openssl.cnf"));
    let mut server = Background::start(over(&mut nginx, &t.installation));
    listening(port, &mut server);
    let mut client = program("python3", "python3");
    client.args(["-c", CLIENT, &port.to_string(), &count.to_string()]).arg(folder.join("tls.crt"));
    let mut client = Background::start(client.stdout(Stdio::piped()));
    let mut lines = client.lines();
    let mut visited = 0;
    let last = loop {
        let line = lines.next_line().expect("the client's last line");
        if line != "visited" {
            break line;
        }
        server.signal(Signal::SIGHUP);
        visited += 1;
    };
    assert_eq!((last.as_str(), visited), ("failed: []", RELOADS));
    let log = fs::read_to_string(folder.join("error.log")).unwrap();
    for trouble in ["[emerg]", "[alert]", "[crit]", "exited on signal"] {
        assert!(!log.contains(trouble), "{log}");
    }
}

fn pain_02_eight_workers_serve_while_they_are_replaced(t: &Test) {
    handshakes(t, 400);
}

fn pain_02_ten_thousand_handshakes_while_workers_are_replaced(t: &Test) {
    handshakes(t, 10_000);
}

mod claviger_alone {
    use pkcs11_tests::Provider;
    use pkcs11_tests::isolation::run;

    #[test]
    fn pain_02_eight_workers_serve_while_they_are_replaced() {
        let path = concat!(module_path!(), "::pain_02_eight_workers_serve_while_they_are_replaced");
        run(Provider::Claviger, path, super::pain_02_eight_workers_serve_while_they_are_replaced);
    }

    #[test]
    #[ignore = "ten thousand handshakes: `make interop` runs it"]
    fn pain_02_ten_thousand_handshakes_while_workers_are_replaced() {
        let path = concat!(module_path!(), "::pain_02_ten_thousand_handshakes_while_workers_are_replaced");
        run(Provider::Claviger, path, super::pain_02_ten_thousand_handshakes_while_workers_are_replaced);
    }
}
