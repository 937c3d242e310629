//! The one table of pages: a row for each, and a test of each row.
//!
//! `make interop` runs all of them; `make test` leaves out those that say `#[ignore]`, with the reason.

use std::collections::BTreeSet;
use std::path::Path;

use crate::report::Line;

/// A page and the client that it is about.
pub(crate) struct Row {
    /// From the top of the checkout.
    pub(crate) page: &'static str,
    /// What the table calls the client.
    pub(crate) client: &'static str,
    /// A command that prints its version: a line with a digit.
    pub(crate) version: &'static str,
    /// The programs that the page runs, each with Debian's package.
    pub(crate) programs: &'static [(&'static str, &'static str)],
    /// What the page does with it.
    pub(crate) does: &'static str,
}

/// Pages that take root.
pub(crate) const AS_ROOT: &[&str] = &["docs/operating/containers.md"];

/// Clients that no page runs: name and reason.
const NOT_TRIED: &[(&str, &str)] =
    &[("pkcs11-provider", "Debian 12 has no package of it: OpenSSL is tried with libp11's engine")];

macro_rules! pages {
    ($($(#[ignore = $reason:literal])? $name:ident: $row:expr,)*) => {
        pub(crate) const ROWS: &[Row] = &[$($row),*];
        $(
            #[test]
            $(#[ignore = $reason])?
            fn $name() {
                let path = concat!(module_path!(), "::", stringify!($name));
                pkcs11_tests::isolation::run(pkcs11_tests::Provider::Claviger, path, |t| {
                    crate::shell::follow(t, stringify!($name), &$row);
                });
            }
        )*
    };
}

// Rows stand in the order of their pages' names.
pages! {
    configure: Row {
        page: "docs/integrations/configure.md",
        client: "claviger configure",
        version: "claviger --version | cut -d ' ' -f 2",
        programs: &[
            ("nginx", "nginx"),
            ("apache2", "apache2"),
            ("stunnel4", "stunnel4"),
            ("curl", "curl"),
            ("ods-hsmutil", "libhsm-bin"),
            ("pkcs11-tool", "opensc"),
            ("openssl", "openssl"),
        ],
        does: "what it writes, read by the clients; claviger doctor",
    },
    #[ignore = "it takes the right to mount, which root in a container has not"]
    containers: Row {
        page: "docs/operating/containers.md",
        client: "a container",
        version: "unshare --version | sed 's|.* ||'",
        programs: &[("unshare", "util-linux"), ("setpriv", "util-linux"), ("pkcs11-tool", "opensc")],
        does: "read-only file systems, a user id that is in no database",
    },
    curl: Row {
        page: "docs/integrations/curl.md",
        client: "curl",
        version: "curl --version | sed -n 's|^curl \\([^ ]*\\) .*|\\1|p'",
        programs: &[("curl", "curl"), ("pkcs11-tool", "opensc"), ("openssl", "openssl")],
        does: "client certificates, RSA and P-256, TLS 1.2 and 1.3",
    },
    openssl: Row {
        page: "docs/integrations/openssl.md",
        client: "OpenSSL, libp11's engine",
        version: "openssl version | cut -d ' ' -f 2",
        programs: &[("openssl", "openssl"), ("pkcs11-tool", "opensc")],
        does: "req, x509 -CA, cms, pkeyutl: RSA, PSS, OAEP, P-256, ECDH",
    },
    stunnel: Row {
        page: "docs/integrations/stunnel.md",
        client: "stunnel",
        version: "stunnel4 -version 2>&1 | sed -n 's|.*stunnel \\([0-9.]*\\) on.*|\\1|p'",
        programs: &[("stunnel4", "stunnel4"), ("pkcs11-tool", "opensc"), ("curl", "curl"), ("python3", "python3")],
        does: "TLS 1.2 and 1.3 with RSA and P-256",
    },
    apache: Row {
        page: "docs/integrations/apache.md",
        client: "Apache httpd",
        version: "apache2 -v | sed -n 's|.*Apache/||p'",
        programs: &[("apache2", "apache2"), ("pkcs11-tool", "opensc"), ("openssl", "openssl"), ("curl", "curl")],
        does: "TLS 1.2 and 1.3 with RSA, PSS and P-256; 20 graceful restarts under load",
    },
    certification_authority: Row {
        page: "docs/integrations/certification-authority.md",
        client: "openssl ca",
        version: "openssl version | cut -d' ' -f1,2",
        programs: &[("openssl", "openssl"), ("pkcs11-tool", "opensc")],
        does: "root on P-384, issuer of RSA; servers, clients; revocation lists",
    },
    gnutls: Row {
        page: "docs/integrations/gnutls.md",
        client: "GnuTLS",
        version: "certtool --version | sed -n '1s/certtool //p'",
        programs: &[
            ("p11tool", "gnutls-bin"),
            ("certtool", "gnutls-bin"),
            ("gnutls-serv", "gnutls-bin"),
            ("curl", "curl"),
        ],
        does: "p11tool, certtool; gnutls-serv: TLS 1.2 and 1.3 with RSA; PIN locked and set anew",
    },
    #[ignore = "starts a Java machine some twenty times: half a minute"]
    java: Row {
        page: "docs/integrations/java.md",
        client: "Java SunPKCS11",
        version: "java -version 2>&1 | sed -n '1s/.*\"\\(.*\\)\".*/OpenJDK \\1/p'",
        programs: &[
            ("java", "openjdk-17-jdk-headless"),
            ("keytool", "openjdk-17-jdk-headless"),
            ("jarsigner", "openjdk-17-jdk-headless"),
            ("openssl", "openssl"),
            ("curl", "curl"),
            ("pkcs11-tool", "opensc"),
        ],
        does: "keytool, jarsigner; signatures, GCM, OAEP, HMAC, ECDH; TLS 1.2 and 1.3",
    },
    nginx: Row {
        page: "docs/integrations/nginx.md",
        client: "nginx",
        version: "nginx -v 2>&1 | sed 's|.*/||'",
        programs: &[("nginx", "nginx"), ("pkcs11-tool", "opensc"), ("openssl", "openssl"), ("curl", "curl")],
        does: "TLS 1.2 and 1.3 with RSA, PSS and P-256; 20 reloads under load",
    },
    nss: Row {
        page: "docs/integrations/nss.md",
        client: "NSS",
        version: "cd $(mktemp -d) && modutil -force -dbdir sql:. -create >/dev/null && \
                  modutil -dbdir sql:. -list 'NSS Internal PKCS #11 Module' | sed -n 's/^Library Version: //p'",
        programs: &[
            ("modutil", "libnss3-tools"),
            ("certutil", "libnss3-tools"),
            ("selfserv", "libnss3-tools"),
            ("curl", "curl"),
        ],
        does: "modutil; certutil: RSA, P-256, certificates; selfserv",
    },
    opendnssec: Row {
        page: "docs/integrations/opendnssec.md",
        client: "OpenDNSSEC",
        version: "ods-hsmutil -V 2>&1 | sed -n 's/.* version //p'",
        programs: &[("ods-hsmutil", "libhsm-bin"), ("ods-hsmspeed", "libhsm-bin"), ("pkcs11-tool", "opensc")],
        does: "ods-hsmutil, ods-hsmspeed: RSA, P-256, P-384, Ed25519; DNSKEY records, its own test",
    },
    openssh: Row {
        page: "docs/integrations/openssh.md",
        client: "OpenSSH",
        version: "ssh -V 2>&1 | sed 's/OpenSSH_\\([^ ,]*\\).*/\\1/'",
        programs: &[
            ("ssh", "openssh-client"),
            ("ssh-agent", "openssh-client"),
            ("ssh-keygen", "openssh-client"),
            ("sshd", "openssh-server"),
            ("pkcs11-tool", "opensc"),
        ],
        does: "ssh-keygen -D, login to sshd, agent, certificates of an authority in the token",
    },
    p11_kit: Row {
        page: "docs/integrations/p11-kit.md",
        client: "p11-kit",
        version: "p11-kit list-modules | sed -n 's/.*library-version: //p' | sed 1q",
        programs: &[
            ("p11-kit", "p11-kit"),
            ("p11tool", "gnutls-bin"),
            ("pkcs11-tool", "opensc"),
            ("openssl", "openssl"),
            ("setpriv", "util-linux"),
        ],
        does: "module file, list-modules, p11tool, proxy, server and p11-kit-client.so",
    },
    changing_a_pin: Row {
        page: "docs/operating/changing-a-pin.md",
        client: "a PIN changed under nginx",
        version: "nginx -v 2>&1 | sed 's|.*/||'",
        programs: &[("nginx", "nginx"), ("pkcs11-tool", "opensc"), ("openssl", "openssl"), ("curl", "curl")],
        does: "new PIN, new master, no dropped connection; a locked PIN opened",
    },
    rotating_a_tls_key: Row {
        page: "docs/operating/rotating-a-tls-key.md",
        client: "a TLS key rotated under nginx",
        version: "nginx -v 2>&1 | sed 's|.*/||'",
        programs: &[("nginx", "nginx"), ("pkcs11-tool", "opensc"), ("openssl", "openssl"), ("curl", "curl")],
        does: "new key, reload, old key deleted, no dropped connection",
    },
    forgotten_officer_pin: Row {
        page: "docs/operating/forgotten-officer-pin.md",
        client: "a forgotten officer PIN",
        version: "opensc-tool --info | sed -n 's|^OpenSC \\([0-9.]*\\).*|\\1|p'",
        programs: &[("pkcs11-tool", "opensc"), ("opensc-tool", "opensc")],
        does: "user goes on; new token; the old one deleted",
    },
    unattended_start: Row {
        page: "docs/operating/unattended-start.md",
        client: "an unattended start",
        version: "openssl version | cut -d ' ' -f 2",
        programs: &[("pkcs11-tool", "opensc"), ("openssl", "openssl")],
        does: "pin-source file, a folder as systemd's credentials",
    },
}

#[test]
fn every_page_has_its_row_and_every_row_its_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut pages = BTreeSet::new();
    for folder in ["integrations", "operating"] {
        for entry in std::fs::read_dir(docs.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "README.md" {
                let _is_new = pages.insert(format!("docs/{folder}/{name}"));
            }
        }
    }
    for page in pages.iter().filter(|page| page.starts_with("docs/integrations/")) {
        let text = std::fs::read_to_string(docs.join("..").join(page)).unwrap();
        // `claviger configure` prints examples itself.
        assert!(
            page.ends_with("configure.md") || text.contains("$EXAMPLES/") || text.contains("$EXAMPLES\"/"),
            "{page}"
        );
    }
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.page.to_owned()).collect();
    assert_eq!(rows, pages);
    let read = std::fs::read_to_string(docs.join("integrations/README.md")).unwrap();
    for (client, why) in NOT_TRIED {
        assert!(read.contains(&format!("| {client}")), "{client} is not told of on the page of clients");
        Line::begin(client, client, "-", why).end("not tried");
    }
}
