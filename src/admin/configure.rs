//! `claviger configure`: what to put into a client's configuration, with the paths of this installation filled in.

mod installation;
#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::Serialize;

use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::token::write_json;

use installation::Installation;
pub(crate) use installation::library;

/// A client's configuration and where it goes.
pub(crate) struct Snippet {
    /// As it is typed.
    client: &'static str,
    /// The text; what stands between @ signs is filled in.
    text: &'static str,
    /// Where it goes, and what else the client needs.
    place: &'static str,
}

/// A client that can be configured.
pub(crate) trait Client {
    const SNIPPET: Snippet;
}

/// Declares the clients: type, name, text, place.
macro_rules! clients {
    ($($client:ident $name:literal $text:literal $place:literal;)*) => {
        $(
            pub(crate) struct $client;

            impl Client for $client {
                const SNIPPET: Snippet =
                    Snippet { client: $name, text: include_str!(concat!("configure/", $text)), place: $place };
            }
        )*
        #[cfg(test)]
        const SNIPPETS: &[Snippet] = &[$($client::SNIPPET),*];
    };
}

clients! {
    P11Kit "p11-kit" "p11-kit.module"
        "save it as /etc/pkcs11/modules/claviger.module, or for one user below ~/.config/pkcs11/modules";
    Nginx "nginx" "nginx.conf"
        "part of it goes outside every block, part into a server; OPENSSL_CONF names what `claviger configure openssl` \
         writes";
    Apache "apache" "apache.conf"
        "OPENSSL_CONF in /etc/apache2/envvars names what `claviger configure openssl` writes";
    Stunnel "stunnel" "stunnel.conf" "part of it goes before the services, part into one";
    Openssl "openssl" "openssl.cnf" "the client must find OPENSSL_CONF=@file@ in its environment";
    Curl "curl" "curl.conf" "curl --config @file@; OPENSSL_CONF names what `claviger configure openssl` writes";
    Openssh "openssh" "ssh.conf" "it goes into ~/.ssh/config";
    Nss "nss" "nss.sh" "sh @file@";
    Java "java" "java.cfg" "-providerArg @file@";
    Opendnssec "opendnssec" "opendnssec.xml" "it goes into RepositoryList of /etc/opendnssec/conf.xml";
    Systemd "systemd" "systemd.conf"
        "save it as /etc/systemd/system/NAME.service.d/claviger.conf, then `systemctl daemon-reload`";
}

/// What stands for a key that is not named.
const KEY: &str = "KEY";

/// Prints or writes a client's configuration.
#[derive(Debug, Args)]
struct Options {
    /// The library; without it, the one that is installed with this command
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// The token, by its label; may be left out while there is one token only
    #[arg(long, value_name = "LABEL")]
    token: Option<String>,
    /// The key, by its label
    #[arg(long, value_name = "LABEL", default_value = KEY)]
    key: String,
    /// The file that holds the user's PIN; without it, user.pin beside the configuration
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Write it into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file that is there
    #[arg(long, requires = "output")]
    force: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// The arguments of `claviger configure` with one client.
pub(crate) struct Configure<C>(Options, PhantomData<C>);

impl<C> FromArgMatches for Configure<C> {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        Ok(Self(Options::from_arg_matches(matches)?, PhantomData))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<C> Args for Configure<C> {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

impl<C: Client> Verb for Configure<C> {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let installation =
            Installation::found(self.0.module.clone(), self.0.token.clone(), self.0.pin_file.clone(), stage)?;
        self.0.write(&C::SNIPPET, &installation, stage)
    }
}

/// A configuration in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Written<'a> {
    client: &'a str,
    text: &'a str,
    /// Where it goes, in words.
    place: &'a str,
    /// The file that was written, if one was.
    output: Option<&'a Path>,
}

impl Options {
    fn write(&self, snippet: &Snippet, installation: &Installation, stage: &mut Stage<'_>) -> Result<()> {
        let fill = |text| installation.fill(text, &self.key, self.output.as_deref());
        let (text, place) = (fill(snippet.text), fill(snippet.place));
        if self.key == KEY && snippet.text.contains("@uri@") {
            stage.tell("KEY stands for the key's label: name it with --key");
        }
        let client = snippet.client;
        if let Some(path) = &self.output {
            save(path, &text, self.force)?;
        }
        if self.json {
            let output = self.output.as_deref();
            return write_json(stage.out, &Written { client, text: &text, place: &place, output });
        }
        match &self.output {
            Some(path) => stage.tell(&format!("{} is written: {place}", path.display())),
            None => {
                stage.out.write_all(text.as_bytes())?;
                stage.tell(&place);
            }
        }
        if snippet.text.contains("@uri@") || snippet.text.contains("@pin@") {
            stage.tell(&format!("the user's PIN is expected in {}", installation.pin.display()));
        }
        if let Some(path) = installation.named_configuration() {
            stage.tell(&format!("the client must find CLAVIGER_CONF={} in its environment", path.display()));
        }
        Ok(())
    }
}

/// Writes a file that is not there yet, or in the place of one that is.
fn save(path: &Path, text: &str, replace: bool) -> Result<()> {
    let cannot = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::refused(
            format!("{} is there already", path.display()),
            "name another file, or replace this one with --force",
        ),
        _ => Failure::refused(
            format!("{} cannot be written: {error}", path.display()),
            "name a file in a folder that is there and can be written, or leave --output out and see the text",
        ),
    };
    if !replace {
        return fill_new(path, text).map_err(cannot);
    }
    // Whoever reads the file meanwhile sees the old one or the new one.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    fill_new(&beside, text).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::refused(
            format!("{} is left over from another try", beside.display()),
            "take it away and try again",
        ),
        _ => cannot(error),
    })?;
    fs::rename(&beside, path).map_err(|error| {
        // What is told is why the name was refused.
        let _ = fs::remove_file(&beside);
        cannot(error)
    })
}

/// Writes a whole file or none.
fn fill_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        // What is told is why it could not be filled.
        let _ = fs::remove_file(path);
    })
}
