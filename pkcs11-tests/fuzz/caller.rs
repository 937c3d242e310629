//! The application that calls at random.

use std::collections::BTreeMap;

use cryptoki_sys::{
    CK_RV, CKA_CLASS, CKA_EC_POINT, CKF_DONT_BLOCK, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR_GENERAL_ERROR,
    CKR_OK, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKU_SO, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::words::{FUNCTIONS, Function, Word};
use pkcs11_tests::token::LABEL;
use pkcs11_tests::{Module, SO_PIN, Test, Token, USER_PIN, assert_rv};

use crate::dice::Dice;
use crate::mechanisms::Family;
use crate::memory::{Lent, Memory};
use crate::{mechanisms, templates};

/// Calls after which the application looks whether it still has what it needs to get anywhere.
const SETTLE: u64 = 300;
/// Handles that are remembered, of each kind.
const KEPT: usize = 120;

/// One call in this many, for functions that are slow or that undo much.
const RARE: &[(&str, u64)] = &[
    ("C_Initialize", 20),
    ("C_Finalize", 2000),
    ("C_InitToken", 1500),
    ("C_InitPIN", 30),
    ("C_SetPIN", 200),
    ("C_Login", 20),
    ("C_Logout", 400),
    ("C_CloseAllSessions", 1000),
    ("C_CloseSession", 40),
    ("C_OpenSession", 4),
    ("C_DestroyObject", 20),
    ("C_GenerateKeyPair", 6),
    ("C_CreateObject", 2),
];

/// What goes on after a function has begun it.
const SEQUELS: &[(&str, &[&str])] = &[
    ("C_EncryptInit", &["C_Encrypt", "C_EncryptUpdate", "C_EncryptFinal", "C_GetOperationState"]),
    ("C_DecryptInit", &["C_Decrypt", "C_DecryptUpdate", "C_DecryptFinal"]),
    ("C_SignInit", &["C_Sign", "C_SignUpdate", "C_SignFinal"]),
    ("C_VerifyInit", &["C_Verify", "C_VerifyUpdate", "C_VerifyFinal"]),
    ("C_SignRecoverInit", &["C_SignRecover"]),
    ("C_VerifyRecoverInit", &["C_VerifyRecover"]),
    (
        "C_DigestInit",
        &["C_Digest", "C_DigestUpdate", "C_DigestKey", "C_DigestFinal", "C_DigestEncryptUpdate"],
    ),
    ("C_FindObjectsInit", &["C_FindObjects", "C_FindObjectsFinal"]),
    ("C_GetOperationState", &["C_SetOperationState"]),
    (
        "C_DigestUpdate",
        &["C_DigestFinal", "C_GetOperationState", "C_DigestEncryptUpdate", "C_DecryptDigestUpdate"],
    ),
    ("C_EncryptUpdate", &["C_EncryptFinal", "C_DigestEncryptUpdate", "C_SignEncryptUpdate"]),
    ("C_DecryptUpdate", &["C_DecryptFinal", "C_DecryptDigestUpdate", "C_DecryptVerifyUpdate"]),
    ("C_SignUpdate", &["C_SignFinal", "C_SignEncryptUpdate"]),
    ("C_VerifyUpdate", &["C_VerifyFinal", "C_DecryptVerifyUpdate"]),
    ("C_WrapKey", &["C_UnwrapKey"]),
];
/// Whose result is another's input.
const FEEDS: &[(&str, &str)] = &[
    ("C_Encrypt", "C_Decrypt"),
    ("C_EncryptUpdate", "C_DecryptUpdate"),
    ("C_Sign", "C_Verify"),
    ("C_SignFinal", "C_VerifyFinal"),
    ("C_SignRecover", "C_VerifyRecover"),
    ("C_WrapKey", "C_UnwrapKey"),
    ("C_GetOperationState", "C_SetOperationState"),
];

/// What may go on, and in which session.
struct Sequel {
    functions: &'static [&'static str],
    session: u64,
}

/// Sessions, keys, and what was answered so far.
pub(crate) struct Caller {
    module: &'static Module,
    dice: Dice,
    memory: Memory,
    slot: u64,
    sessions: Vec<u64>,
    objects: Vec<(u64, Family)>,
    sequel: Option<Sequel>,
    /// The last result of a function.
    results: BTreeMap<&'static str, Vec<u8>>,
    point: Vec<u8>,
    made: u64,
    answers: BTreeMap<&'static str, BTreeMap<CK_RV, u64>>,
    trace: bool,
}

impl Caller {
    pub(crate) fn new(t: &Test, seed: u64, trace: bool) -> Self {
        // Wrong PINs come in rows; a token that is locked for good is no longer of use.
        let configuration = t.installation.configuration();
        let text =
            std::fs::read_to_string(&configuration).unwrap().replace("pin-limit = 3", "pin-limit = 100");
        std::fs::write(&configuration, text).unwrap();
        let token = Token::fresh(t.module);
        let mut dice = Dice::new(seed);
        let memory = Memory::new(&mut dice);
        let mut caller = Self {
            module: t.module,
            dice,
            memory,
            slot: token.slot,
            sessions: Vec::new(),
            objects: Vec::new(),
            sequel: None,
            results: BTreeMap::new(),
            point: Vec::new(),
            made: 0,
            answers: BTreeMap::new(),
            trace,
        };
        caller.settle();
        caller
    }

    /// Calls made so far.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// A line for each function: what it answered how often.
    pub(crate) fn told(&self) -> String {
        let line = |(function, answers): (&&str, &BTreeMap<CK_RV, u64>)| {
            let answers: Vec<String> =
                answers.iter().map(|(rv, times)| format!("{} {times}", rv_name(*rv))).collect();
            format!("{function}: {}", answers.join(", "))
        };
        self.answers.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Functions that can succeed and never did.
    pub(crate) fn never_succeeded(&self) -> Vec<&'static str> {
        let legacy = ["C_GetFunctionStatus", "C_CancelFunction", "C_WaitForSlotEvent"];
        let names = FUNCTIONS.iter().map(|function| function.name);
        let silent =
            |name: &&str| !self.answers.get(name).is_some_and(|answers| answers.contains_key(&CKR_OK));
        names.filter(|name| !legacy.contains(name)).filter(silent).collect()
    }

    /// One call at random.
    pub(crate) fn call(&mut self) {
        if self.made.is_multiple_of(SETTLE) {
            self.settle();
        }
        let function = self.function();
        self.memory.clear();
        let words = self.words(function);
        if self.trace {
            println!("{} {}{words:x?}", self.made, function.name);
        }
        let rv = function.call(self.module, &words);
        self.made += 1;
        *self.answers.entry(function.name).or_default().entry(rv).or_default() += 1;
        assert!(rv != CKR_GENERAL_ERROR, "call {}: {}{words:x?} met a bug", self.made, function.name);
        if rv == CKR_OK {
            self.learn(function, &words);
        }
    }

    fn function(&mut self) -> &'static Function {
        if let Some(sequel) = self.sequel.as_ref().filter(|_| !self.dice.once_in(4)) {
            return Function::named(self.dice.of(sequel.functions));
        }
        self.sequel = None;
        loop {
            let function = &FUNCTIONS[self.dice.index(FUNCTIONS.len())];
            let rare = RARE.iter().find(|(name, _)| *name == function.name);
            if rare.is_none_or(|(_, times)| self.dice.once_in(*times)) {
                return function;
            }
        }
    }

    fn words(&mut self, function: &Function) -> Vec<u64> {
        let mut words: Vec<u64> = Vec::with_capacity(function.words.len());
        let mut after = 0;
        let (mut templates, mut inputs, mut family) = (0, 0, None);
        for word in function.words {
            let lent = match word {
                Word::Length => Lent { pointer: after, len: 0 },
                Word::Template => {
                    templates += 1;
                    let useful =
                        templates::useful(&mut self.dice, &mut self.memory, function.name, templates == 2);
                    templates::template(&mut self.dice, &mut self.memory, useful)
                }
                Word::Input => {
                    inputs += 1;
                    self.input(function, inputs)
                }
                // A saved operation needs a key less often than not.
                Word::Object if function.name == "C_SetOperationState" && self.dice.once_in(2) => {
                    Lent { pointer: 0, len: 0 }
                }
                Word::Object => Lent { pointer: self.object(family), len: 0 },
                word => self.word(*word, function.name),
            };
            if *word == Word::Mechanism {
                family = self.memory.words_at(lent.pointer).first().map(|kind| mechanisms::family(*kind));
            }
            after = lent.len;
            words.push(lent.pointer);
        }
        words
    }

    /// Input: often what another function gave, or the one message that is signed and verified.
    fn input(&mut self, function: &Function, number: usize) -> Lent {
        let last = number == function.words.iter().filter(|word| **word == Word::Input).count();
        let feed = FEEDS.iter().find(|(_, fed)| last && *fed == function.name);
        let fed = feed.and_then(|(from, _)| self.results.get(from));
        match (fed, self.dice.below(4)) {
            (Some(fed), 0..=2) => self.memory.bytes(fed),
            (None, 0) => self.memory.bytes(b"sixteen bytes -- sixteen bytes !"),
            _ => self.memory.input(&mut self.dice),
        }
    }

    /// An object: mostly one that a mechanism can use.
    fn object(&mut self, family: Option<Family>) -> u64 {
        let fits = |object: &&(u64, Family)| family.is_none_or(|family| object.1 == family);
        let fitting: Vec<u64> = self.objects.iter().filter(fits).map(|object| object.0).collect();
        let all: Vec<u64> = self.objects.iter().map(|object| object.0).collect();
        let known = if fitting.is_empty() || self.dice.once_in(8) { all } else { fitting };
        handle(&mut self.dice, &known)
    }

    fn word(&mut self, word: Word, function: &str) -> Lent {
        let (dice, memory) = (&mut self.dice, &mut self.memory);
        let alone = |pointer| Lent { pointer, len: 0 };
        match word {
            Word::Arguments => alone(if dice.once_in(2) { 0 } else { arguments(dice, memory) }),
            Word::Reserved => alone(if dice.once_in(4) { dice.word() } else { 0 }),
            Word::Place => alone(memory.place(dice)),
            Word::Boolean => alone(dice.below(3)),
            Word::Slot => alone(if dice.once_in(10) { dice.of(&[0, 1, 99, u64::MAX]) } else { self.slot }),
            Word::Session => match &self.sequel {
                Some(sequel) => alone(sequel.session),
                None => alone(handle(dice, &self.sessions)),
            },
            Word::Type => alone(mechanisms::any_type(dice)),
            Word::User => alone(dice.of(&[CKU_USER, CKU_USER, CKU_USER, CKU_SO, 2, 3, u64::MAX])),
            Word::Flags => alone(flags(dice)),
            Word::Blocking => alone(dice.word() | CKF_DONT_BLOCK),
            Word::Label => alone(if dice.once_in(10) { 0 } else { memory.bytes(LABEL).pointer }),
            Word::Pin => pin(dice, memory, function),
            Word::Asked => templates::asked(dice, memory),
            Word::Mechanism => alone(mechanisms::mechanism(dice, memory, function, &self.point)),
            Word::Output => memory.output(dice),
            Word::Fill => memory.input(dice),
            Word::List => memory.list(dice),
            Word::Found => memory.found(dice),
            Word::Callback | Word::Length | Word::Template | Word::Input | Word::Object => alone(0),
        }
    }

    /// Remembers the handles that a call gave.
    fn learn(&mut self, function: &Function, words: &[u64]) {
        let placed = |word: &u64| self.memory.words_at(*word).first().copied().filter(|handle| *handle != 0);
        let places = function.words.iter().zip(words).filter(|(kind, _)| **kind == Word::Place);
        let handles: Vec<u64> = places.filter_map(|(_, word)| placed(word)).collect();
        let family = match function.name {
            "C_OpenSession" => return keep(&mut self.dice, &mut self.sessions, handles),
            "C_GenerateKey" | "C_UnwrapKey" | "C_DeriveKey" => Family::Secret,
            "C_GenerateKeyPair" => Family::Ec,
            "C_CreateObject" | "C_CopyObject" => Family::Other,
            _ => return self.learn_result(function, words),
        };
        keep(&mut self.dice, &mut self.objects, handles.into_iter().map(|handle| (handle, family)).collect());
    }

    fn learn_result(&mut self, function: &Function, words: &[u64]) {
        let output = function.words.iter().position(|word| *word == Word::Output);
        if let Some(index) = output.filter(|index| words[*index] != 0) {
            let len = self.memory.words_at(words[index + 1]).first().copied().unwrap_or(0);
            self.results.insert(function.name, self.memory.read(words[index], len));
        }
        if let Some((_, functions)) = SEQUELS.iter().find(|(name, _)| *name == function.name) {
            self.sequel = Some(Sequel { functions, session: words[0] });
        }
    }

    /// Brings the application back to where calls get somewhere: a token, sessions, a login, keys.
    fn settle(&mut self) {
        let _may_be = self.module.initialize();
        let token = Token { module: self.module, slot: self.slot };
        if self.sessions.len() >= KEPT {
            assert_rv!(self.module.close_all_sessions(self.slot), CKR_OK);
        }
        let live = |session: &u64| self.module.session_info(*session).0 == CKR_OK;
        self.sessions.retain(live);
        while self.sessions.len() < 4 {
            let session = token.open_rw();
            self.sessions.push(session);
        }
        self.log_in(token);
        let session = self.sessions[0];
        let known =
            |object: &u64| self.module.attribute_values(session, *object, &[(CKA_CLASS, None)]).0 == CKR_OK;
        self.objects.retain(|object| known(&object.0));
        if self.objects.len() < 12 {
            self.make_keys(session);
        }
        while self.objects.len() >= KEPT {
            let (object, _) = self.objects.remove(0);
            let _may_be_indestructible = self.module.destroy_object(session, object);
        }
        self.change_role();
    }

    /// Now and then the officer takes over, or a token without sessions can be made anew.
    fn change_role(&mut self) {
        if !self.dice.once_in(30) {
            return;
        }
        assert_rv!(self.module.close_all_sessions(self.slot), CKR_OK);
        if self.dice.once_in(3) {
            self.sequel = Some(Sequel { functions: &["C_InitToken"], session: 0 });
            return;
        }
        let session = Token { module: self.module, slot: self.slot }.open_rw();
        self.sessions[0] = session;
        let _the_pin_may_be_another = self.module.login(session, CKU_SO, SO_PIN.into());
        self.sequel = Some(Sequel { functions: &["C_InitPIN", "C_SetPIN"], session });
    }

    fn log_in(&mut self, token: Token) {
        let session = self.sessions[0];
        let user = |pin: &str| {
            let rv = self.module.login(session, CKU_USER, pin.into());
            if rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN {
                assert_rv!(self.module.logout(session), CKR_OK);
                return self.module.login(session, CKU_USER, pin.into());
            }
            rv
        };
        let in_already = [CKR_OK, CKR_USER_ALREADY_LOGGED_IN];
        if [USER_PIN, SO_PIN].iter().any(|pin| in_already.contains(&user(pin))) {
            return;
        }
        // Somebody else's PIN, or none: a new token has both.
        assert_rv!(self.module.close_all_sessions(self.slot), CKR_OK);
        let officer = [SO_PIN, USER_PIN];
        let made = officer
            .iter()
            .find(|pin| self.module.init_token(self.slot, (**pin).into(), Some(LABEL)) == CKR_OK);
        let officer = made.expect("the officer's PIN is one of two");
        self.sessions = vec![token.open_rw()];
        let session = self.sessions[0];
        assert_rv!(self.module.login(session, CKU_SO, (*officer).into()), CKR_OK);
        assert_rv!(self.module.init_pin(session, USER_PIN.into()), CKR_OK);
        assert_rv!(self.module.logout(session), CKR_OK);
        assert_rv!(self.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    }

    fn make_keys(&mut self, session: u64) {
        for kind in [Kind::P256, Kind::Rsa] {
            let pair = generate(self.module, session, kind, false, "fuzz");
            let asked = [(CKA_EC_POINT, Some(200))];
            let (rv, mut values) = self.module.attribute_values(session, pair.public, &asked);
            if let (CKR_OK, Some((mut point, len))) = (rv, values.pop()) {
                point.truncate(len as usize);
                self.point = point;
            }
            let family = if kind == Kind::Rsa { Family::Rsa } else { Family::Ec };
            keep(&mut self.dice, &mut self.objects, vec![(pair.public, family), (pair.private, family)]);
        }
    }
}

/// A handle: mostly one that was given, sometimes one that never was.
fn handle(dice: &mut Dice, known: &[u64]) -> u64 {
    match dice.below(25) {
        0 => dice.of(&[0, 1, 2, u64::MAX, 1 << 63, 1 << 32]),
        1 => dice.word(),
        2 if !known.is_empty() => dice.of(known) ^ (1 << dice.below(64)),
        _ if known.is_empty() => 0,
        // The first few more often, so that operations go on in the same sessions with the same keys.
        3..=16 => known[dice.index(known.len().min(5))],
        _ => dice.of(known),
    }
}

fn keep<T>(dice: &mut Dice, known: &mut Vec<T>, more: Vec<T>) {
    for handle in more {
        if known.len() < KEPT {
            known.push(handle);
        } else {
            let index = dice.index(known.len());
            known[index] = handle;
        }
    }
}

fn flags(dice: &mut Dice) -> u64 {
    match dice.below(10) {
        0 => dice.word(),
        1 => 0,
        2 => CKF_SERIAL_SESSION,
        _ => CKF_SERIAL_SESSION | CKF_RW_SESSION,
    }
}

/// `CK_C_INITIALIZE_ARGS`: no callbacks, or flags that say something about them.
fn arguments(dice: &mut Dice, memory: &mut Memory) -> u64 {
    let flags = dice.of(&[0, 1, 2, 3, u64::MAX]);
    let reserved = if dice.once_in(5) { 1 } else { 0 };
    memory.structure(vec![0, 0, 0, 0, flags, reserved])
}

fn pin(dice: &mut Dice, memory: &mut Memory, function: &str) -> Lent {
    let right = match function {
        "C_Login" | "C_InitPIN" => USER_PIN,
        "C_InitToken" => SO_PIN,
        _ => dice.of(&[USER_PIN, SO_PIN]),
    };
    match dice.below(40) {
        0 => Lent { pointer: 0, len: 0 },
        1 => Lent { pointer: 0, len: dice.wild_len() },
        2 => Lent { len: dice.wild_len(), ..memory.bytes(b"some-pin") },
        3 => memory.bytes(&[b'1'; 300]),
        4 => memory.bytes(b""),
        5 if function != "C_SetPIN" && function != "C_InitPIN" => memory.bytes(b"not-the-pin"),
        _ => memory.bytes(right.as_bytes()),
    }
}
