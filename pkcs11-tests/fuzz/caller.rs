//! The application that calls at random.

mod settling;

use std::collections::BTreeMap;

use cryptoki_sys::{
    CK_RV, CKF_DONT_BLOCK, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK, CKU_SO,
    CKU_USER,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::words::{FUNCTIONS, Function, Word};
use pkcs11_tests::token::LABEL;
use pkcs11_tests::{Module, Test};

use crate::answers::{Answers, is_sick};
use crate::cabinet::{Cabinet, Rsa};
use crate::dice::Dice;
use crate::errands::{Errand, Means};
use crate::mechanisms::Family;
use crate::memory::{Lent, Memory};
use crate::pins::{Pins, pin};
use crate::{mechanisms, templates};

/// Calls after which the application looks whether it still has what it needs to get anywhere.
const SETTLE: u64 = 300;
/// Handles that are remembered, of each kind.
const KEPT: usize = 120;
/// One call in this many begins an errand, when none is under way.
const ERRAND: u64 = 12;
/// One call in this many is put between those of an errand.
const BETWEEN: u64 = 8;
/// One call in this many of an errand has an argument that is random.
const SPOILED: u64 = 12;

/// One call in this many, for functions that are slow or that undo much.
const RARE: &[(&str, u64)] = &[
    ("C_Initialize", 20),
    ("C_Finalize", 120),
    ("C_InitToken", 50),
    ("C_InitPIN", 20),
    ("C_SetPIN", 50),
    ("C_Login", 20),
    ("C_Logout", 100),
    ("C_CloseAllSessions", 100),
    ("C_CloseSession", 40),
    ("C_OpenSession", 4),
    ("C_DestroyObject", 20),
    ("C_GenerateKeyPair", 6),
    ("C_CreateObject", 2),
];

/// What leaves the application without a login or without its keys.
const UNSETTLING: &[&str] = &["C_Finalize", "C_CloseAllSessions", "C_InitToken", "C_Logout"];

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
    pins: Pins,
    sessions: Vec<u64>,
    rsa: Rsa,
    cabinet: Cabinet,
    /// The call before which the cabinet's keys were made.
    stocked_at: u64,
    /// What calls have made, besides the cabinet.
    objects: Vec<(u64, Family)>,
    sequel: Option<Sequel>,
    errand: Option<Errand>,
    /// The last result of a function.
    results: BTreeMap<&'static str, Vec<u8>>,
    made: u64,
    /// The call before which the application looks after itself.
    settle_at: u64,
    answers: Answers,
    trace: bool,
}

impl Caller {
    pub(crate) fn new(t: &Test, seed: u64, trace: bool) -> Self {
        let token = t.token();
        let session = token.user_session();
        let rsa = Rsa::taken_out(t.module, session);
        let mut dice = Dice::new(seed);
        Self {
            module: t.module,
            memory: Memory::new(&mut dice),
            dice,
            slot: token.slot,
            pins: Pins::of_a_fresh_token(),
            sessions: vec![session],
            cabinet: Cabinet::stocked(t.module, session, &rsa),
            rsa,
            stocked_at: 0,
            objects: Vec::new(),
            sequel: None,
            errand: None,
            results: BTreeMap::new(),
            made: 0,
            settle_at: 0,
            answers: Answers::default(),
            trace,
        }
    }

    /// Calls made so far.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// What was answered so far.
    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// One call: at random, or the next of an errand.
    pub(crate) fn call(&mut self) {
        if self.errand.is_none() && self.settle_at <= self.made {
            self.settle();
        }
        if self.errand.is_none() && self.dice.once_in(ERRAND) {
            self.sequel = None;
            self.errand = Some(Errand::any(&mut self.dice, self.sessions[0]));
        }
        let next = self.errand.as_ref().map(Errand::function).filter(|_| !self.dice.once_in(BETWEEN));
        let function = next.unwrap_or_else(|| self.function());
        self.memory.clear();
        if let Some(errand) = self.errand.as_mut().filter(|_| next.is_none()) {
            errand.disturb();
        }
        let words = self.words(function, next.is_some());
        if self.trace {
            println!("{} {}{words:x?}", self.made, function.name);
        }
        let rv = function.call(self.module, &words);
        self.made += 1;
        if self.answers.saw(function.name, rv) {
            let unlisted = self.module.recorder.unlisted();
            let fits = unlisted.is_empty() && !is_sick(rv);
            assert!(fits, "call {}: {}{words:x?} answered {}", self.made, function.name, rv_name(rv));
        }
        if next.is_some() {
            let fits = self.errand_allows(function, &words, rv);
            assert!(
                fits,
                "call {}: {}{words:x?} does not give back what was given",
                self.made, function.name
            );
        }
        if rv == CKR_OK {
            self.learn(function, &words, next.is_some());
        }
        if next.is_some() {
            self.go_on(function, &words, rv);
        }
        if rv == CKR_CRYPTOKI_NOT_INITIALIZED && self.dice.once_in(4) {
            self.settle_at = self.made;
        }
    }

    /// What a call wrote into its room, if it has one and was given it.
    fn result(&self, function: &Function, words: &[u64]) -> Option<Vec<u8>> {
        let output = function.words.iter().position(|word| *word == Word::Output);
        let index = output.filter(|index| words[*index] != 0)?;
        let len = self.memory.words_at(words[index + 1]).first().copied().unwrap_or(0);
        Some(self.memory.read(words[index], len))
    }

    /// Whether the errand's call was answered as those before it allow.
    fn errand_allows(&self, function: &Function, words: &[u64], rv: CK_RV) -> bool {
        let result = if rv == CKR_OK { self.result(function, words) } else { None };
        let errand = self.errand.as_ref();
        errand.is_none_or(|errand| errand.allows(function.name, rv, result.as_deref().unwrap_or_default()))
    }

    /// The errand's call was answered.
    fn go_on(&mut self, function: &Function, words: &[u64], rv: CK_RV) {
        let output = function.words.iter().position(|word| *word == Word::Output);
        let asked_only = output.is_some_and(|index| words[index] == 0);
        if !self.errand.as_mut().is_some_and(|errand| errand.goes_on(rv, asked_only)) {
            self.errand = None;
        }
        // Without a login little else gets anywhere.
        if UNSETTLING.contains(&function.name) {
            self.settle_at = self.made;
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

    /// A word for each argument.
    fn words(&mut self, function: &Function, of_errand: bool) -> Vec<u64> {
        let mut words: Vec<u64> = Vec::with_capacity(function.words.len());
        let spoiled =
            (of_errand && self.dice.once_in(SPOILED)).then(|| self.dice.index(function.words.len().max(1)));
        if let Some(errand) = self.errand.as_mut().filter(|_| spoiled.is_some()) {
            errand.disturb();
        }
        let (mut after, mut family) = (0, None);
        for (index, word) in function.words.iter().enumerate() {
            let number = function.words[..=index].iter().filter(|before| *before == word).count();
            let right = match of_errand && spoiled != Some(index) {
                true => self.right(*word, number, function.name),
                false => None,
            };
            let lent = match *word {
                Word::Length => Lent { pointer: after, len: 0 },
                _ => right.unwrap_or_else(|| self.random(*word, number, function, family)),
            };
            if *word == Word::Mechanism {
                family = self.memory.words_at(lent.pointer).first().map(|kind| mechanisms::family(*kind));
            }
            after = lent.len;
            words.push(lent.pointer);
        }
        words
    }

    /// The argument that the errand needs, if any.
    fn right(&mut self, word: Word, number: usize, function: &str) -> Option<Lent> {
        let errand = self.errand.as_ref()?;
        let whose = match function {
            "C_SetPIN" => self.pins.changed_in(self.module, errand.session()),
            _ => CKU_USER,
        };
        let mut with = Means {
            dice: &mut self.dice,
            memory: &mut self.memory,
            pins: &self.pins,
            cabinet: &self.cabinet,
            slot: self.slot,
            whose,
        };
        errand.word(word, number, function, &mut with)
    }

    /// An argument at random; `number` counts the function's arguments of this kind.
    fn random(&mut self, word: Word, number: usize, function: &Function, family: Option<Family>) -> Lent {
        match word {
            Word::Template => {
                let useful = templates::useful(&mut self.dice, &mut self.memory, function.name, number == 2);
                templates::template(&mut self.dice, &mut self.memory, useful)
            }
            Word::Input => self.input(function, number),
            // A saved operation needs a key less often than not.
            Word::Object if function.name == "C_SetOperationState" && self.dice.once_in(2) => {
                Lent { pointer: 0, len: 0 }
            }
            Word::Object => Lent { pointer: self.object(family), len: 0 },
            word => self.word(word, function.name),
        }
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
        let all: Vec<(u64, Family)> =
            self.cabinet.objects().into_iter().chain(self.objects.clone()).collect();
        let family = family.filter(|_| !self.dice.once_in(8));
        let fits = |object: &&(u64, Family)| family.is_none_or(|family| object.1 == family);
        let known: Vec<u64> = all.iter().filter(fits).map(|object| object.0).collect();
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
            Word::Slot => {
                // It has no other argument to be wrong.
                let wrong = dice.once_in(if function == "C_CloseAllSessions" { 2 } else { 10 });
                alone(if wrong { dice.of(&[0, 1, 99, u64::MAX]) } else { self.slot })
            }
            Word::Session => match (&self.sequel, &self.errand) {
                (Some(sequel), _) => alone(sequel.session),
                (None, Some(errand)) if dice.once_in(2) => alone(errand.session()),
                _ => alone(handle(dice, &self.sessions)),
            },
            Word::Type => alone(mechanisms::any_type(dice)),
            Word::User => alone(dice.of(&[CKU_USER, CKU_USER, CKU_USER, CKU_SO, 2, 3, u64::MAX])),
            Word::Flags => alone(flags(dice)),
            Word::Blocking => alone(dice.word() | CKF_DONT_BLOCK),
            Word::Label => alone(if dice.once_in(10) { 0 } else { memory.bytes(LABEL).pointer }),
            Word::Pin => pin(dice, memory, &self.pins, function),
            Word::Asked => templates::asked(dice, memory),
            Word::Mechanism => alone(mechanisms::mechanism(dice, memory, function, &self.cabinet.point)),
            Word::Output => memory.output(dice),
            Word::Fill => memory.input(dice),
            Word::List => memory.list(dice),
            Word::Found => memory.found(dice),
            Word::Callback | Word::Length | Word::Template | Word::Input | Word::Object => alone(0),
        }
    }

    /// Remembers what a call gave.
    fn learn(&mut self, function: &Function, words: &[u64], of_errand: bool) {
        self.learn_pin(function.name, words);
        let placed = |word: &u64| self.memory.words_at(*word).first().copied().filter(|handle| *handle != 0);
        let places = function.words.iter().zip(words).filter(|(kind, _)| **kind == Word::Place);
        let handles: Vec<u64> = places.filter_map(|(_, word)| placed(word)).collect();
        let kind = || self.memory.words_at(words[1]).first().copied().unwrap_or(0);
        let family = match function.name {
            "C_GenerateKey" | "C_GenerateKeyPair" => mechanisms::family(kind()),
            "C_UnwrapKey" | "C_DeriveKey" => Family::Generic,
            "C_OpenSession" | "C_CreateObject" | "C_CopyObject" => Family::Other,
            _ => return self.learn_result(function, words, of_errand),
        };
        if let Some(errand) = self.errand.as_mut().filter(|_| of_errand) {
            errand.hold(function.name, &handles);
        }
        if function.name == "C_OpenSession" {
            return keep(&mut self.dice, &mut self.sessions, handles);
        }
        keep(&mut self.dice, &mut self.objects, handles.into_iter().map(|handle| (handle, family)).collect());
    }

    /// Remembers the PIN that a call has set, if it was this token's.
    fn learn_pin(&mut self, function: &str, words: &[u64]) {
        let in_slot = |session| self.module.session_info(session).1.slotID == self.slot;
        let read = |index: usize| self.memory.bytes_at(words[index], words[index + 1]);
        match function {
            "C_InitToken" if words[0] == self.slot => self.pins.made_token(read(1)),
            "C_InitPIN" if in_slot(words[0]) => self.pins.changed(CKU_USER, read(1)),
            "C_SetPIN" if in_slot(words[0]) => {
                self.pins.changed(self.pins.changed_in(self.module, words[0]), read(3));
            }
            _ => {}
        }
    }

    fn learn_result(&mut self, function: &Function, words: &[u64], of_errand: bool) {
        if let Some(result) = self.result(function, words) {
            if let Some(errand) = self.errand.as_mut().filter(|_| of_errand) {
                errand.carry(function.name, &result);
            }
            self.results.insert(function.name, result);
        }
        if of_errand {
            return;
        }
        if let Some((_, functions)) = SEQUELS.iter().find(|(name, _)| *name == function.name) {
            self.sequel = Some(Sequel { functions, session: words[0] });
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
