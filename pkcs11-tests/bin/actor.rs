//! A PKCS#11 application that is told by lines on standard input what to call, and answers each with a line: the
//! name of the return value and what was given.
//!
//! `initialize`, `finalize`, `slots`, `open rw|ro` (a session with the first token, or the one that `slot N` named),
//! `login so|user PIN`, `logout`, `generate rsa|p256|p384 LABEL token|session`, `find LABEL|*`, `read HANDLE`,
//! `relabel HANDLE TEXT N` (N labels, one after the other: TEXT-1 to TEXT-N), `sign rsa|ec HANDLE HEX`,
//! `password HANDLE` (the next one-time password: its counter, and the digits),
//! `verify rsa|ec HANDLE HEX HEX`, `destroy HANDLE`, `random N`, `info`,
//! `init-token SLOT PIN`, `init-pin PIN`, `set-pin OLD NEW`, `close`, `arm N` (lets the preloaded shim fail the
//! N-th write from now), `arm-syncs` (lets every sync fail), `written` (writes since then).
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's tool says what is wrong by panicking"
)]

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CKA_LABEL, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKM_ECDSA, CKM_SHA256_RSA_PKCS, CKR_OK, CKU_SO, CKU_USER,
};
use pkcs11_tests::actor::{LISTED_VARIABLE, MET, MODULE_VARIABLE};
use pkcs11_tests::keys::{self, Kind};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::{hex, unhex};
use pkcs11_tests::raw::one_time::{hotp, told};
use pkcs11_tests::raw::shim;
use pkcs11_tests::token::{self, LABEL};
use pkcs11_tests::{Module, Out, Sent, Template, mechanism};

struct Actor {
    module: &'static Module,
    slot: Option<CK_SLOT_ID>,
    session: CK_SESSION_HANDLE,
}

type Answer = (CK_RV, Vec<String>);

fn only(rv: CK_RV) -> Answer {
    (rv, Vec::new())
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

fn signature_mechanism(word: &str) -> CK_MECHANISM {
    mechanism(if word == "rsa" { CKM_SHA256_RSA_PKCS } else { CKM_ECDSA })
}

impl Actor {
    fn act(&mut self, words: &[&str]) -> Answer {
        let (module, session) = (self.module, self.session);
        match words {
            ["initialize"] => only(module.initialize()),
            ["finalize"] => only(module.finalize()),
            ["slots"] => (CKR_OK, token::initialised_slots(module).iter().map(ToString::to_string).collect()),
            ["slot", slot] => {
                self.slot = Some(number(slot));
                only(CKR_OK)
            }
            ["open", access] => self.open(*access == "rw"),
            ["close"] => only(module.close_session(session)),
            ["login", user, pin] => {
                only(module.login(session, if *user == "so" { CKU_SO } else { CKU_USER }, (*pin).into()))
            }
            ["logout"] => only(module.logout(session)),
            ["init-token", slot, pin] => only(module.init_token(number(slot), (*pin).into(), Some(LABEL))),
            ["init-pin", pin] => only(module.init_pin(session, (*pin).into())),
            ["set-pin", old, new] => only(module.set_pin(session, (*old).into(), (*new).into())),
            ["arm", count] => {
                shim::arm(number(count));
                only(CKR_OK)
            }
            ["arm-syncs"] => {
                shim::arm_syncs();
                only(CKR_OK)
            }
            ["written"] => (CKR_OK, vec![shim::written().to_string()]),
            _ => self.act_on_objects(words),
        }
    }

    fn act_on_objects(&self, words: &[&str]) -> Answer {
        let (module, session) = (self.module, self.session);
        match words {
            ["generate", kind, label, place] => self.generate(kind, label, *place == "token"),
            ["find", "*"] => self.find(&Template::new()),
            ["find", label] => self.find(&Template::new().bytes(CKA_LABEL, label)),
            ["relabel", object, text, times] => only(self.relabel(number(object), text, number(times))),
            ["destroy", object] => only(module.destroy_object(session, number(object))),
            ["read", object] => {
                let (rv, answers) =
                    module.attribute_values(session, number(object), &[(CKA_LABEL, Some(256))]);
                (rv, vec![hex(&answers[0].0)])
            }
            ["sign", kind, key, data] => {
                match keys::sign(module, session, &signature_mechanism(kind), number(key), &unhex(data)) {
                    Ok(signature) => (CKR_OK, vec![hex(&signature)]),
                    Err(rv) => only(rv),
                }
            }
            ["password", key] => self.password(number(key)),
            ["verify", kind, key, data, signature] => {
                let mechanism = signature_mechanism(kind);
                let (data, signature) = (unhex(data), unhex(signature));
                only(keys::verify(module, session, &mechanism, number(key), &data, &signature))
            }
            ["random", len] => {
                let mut bytes = vec![0; number(len)];
                let rv = module.generate_random(session, Out::buffer(&mut bytes));
                (rv, vec![hex(&bytes)])
            }
            ["info"] => {
                let (rv, info) = module.token_info(self.slot.unwrap_or_default());
                (rv, vec![info.flags.to_string()])
            }
            _ => panic!("the actor does not know {words:?}"),
        }
    }

    /// The counter of the next one-time password, and the password.
    fn password(&self, key: CK_OBJECT_HANDLE) -> Answer {
        let (module, session) = (self.module, self.session);
        let rv = module.sign_init(session, Some(&hotp(&[]).mechanism()), key);
        if rv != CKR_OK {
            return only(rv);
        }
        let mut room = [0; 128];
        let (rv, _) = module.sign(session, Sent::null(0), Out::buffer(&mut room));
        if rv != CKR_OK {
            return only(rv);
        }
        let password = told(&room);
        (rv, vec![password.counter.to_string(), password.digits])
    }

    /// Gives an object one label after the other; tells the first refusal.
    fn relabel(&self, object: CK_OBJECT_HANDLE, text: &str, times: usize) -> CK_RV {
        let change = |turn| {
            let label = Template::new().bytes(CKA_LABEL, format!("{text}-{turn}"));
            self.module.set_attribute_values(self.session, object, &label)
        };
        (1..=times).map(change).find(|rv| *rv != CKR_OK).unwrap_or(CKR_OK)
    }

    fn open(&mut self, writing: bool) -> Answer {
        if self.slot.is_none() {
            self.slot = token::initialised_slots(self.module).first().copied();
        }
        let flags = CKF_SERIAL_SESSION | if writing { CKF_RW_SESSION } else { 0 };
        let (rv, session) = self.module.open_session(self.slot.unwrap_or_default(), flags);
        self.session = session;
        only(rv)
    }

    fn generate(&self, kind: &str, label: &str, token: bool) -> Answer {
        let kind = match kind {
            "rsa" => Kind::Rsa,
            "p256" => Kind::P256,
            _ => Kind::P384,
        };
        let named =
            |template: Template| template.boolean(cryptoki_sys::CKA_TOKEN, token).bytes(CKA_LABEL, label);
        let (rv, public, private): (CK_RV, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) =
            self.module.generate_key_pair(
                self.session,
                Some(&kind.generator()),
                &named(kind.public_template()),
                &named(kind.private_template()),
            );
        (rv, vec![public.to_string(), private.to_string()])
    }

    fn find(&self, template: &Template) -> Answer {
        let rv = self.module.find_objects_init(self.session, template);
        if rv != CKR_OK {
            return only(rv);
        }
        let (rv, objects) = self.module.find_objects(self.session, 1000);
        let _ended = self.module.find_objects_final(self.session);
        (rv, objects.iter().map(ToString::to_string).collect())
    }
}

fn main() {
    let path = env::var_os(MODULE_VARIABLE).expect("the module's path in the environment");
    let mut actor = Actor { module: Module::open(Path::new(&path)), slot: None, session: 0 };
    let listed = env::var_os(LISTED_VARIABLE).is_some();
    let mut told = BTreeSet::new();
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        let (rv, words) = actor.act(&words);
        if listed {
            let unlisted = actor.module.recorder.unlisted();
            assert!(unlisted.is_empty(), "not listed by chapter 5 of the standard: {unlisted:?}");
            let met = actor.module.recorder.answers();
            for (function, rv) in met.difference(&told) {
                writeln!(output, "{MET} {function} {}", rv_name(*rv)).expect("somebody who listens");
            }
            told = met;
        }
        writeln!(output, "{} {}", rv_name(rv), words.join(" ")).expect("somebody who listens");
        output.flush().expect("somebody who listens");
    }
}
