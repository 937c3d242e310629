//! `CLAVIGER_TRACE`: every call leaves a line, none of them a secret, and no trouble with the file harms a call.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::IntoRawFd as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use cryptoki_sys::{
    CK_ATTRIBUTE, CKA_CLASS, CKA_DECRYPT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL,
    CKA_PRIVATE_EXPONENT, CKA_SENSITIVE, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP, CKF_DONT_BLOCK, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKK_AES, CKM_AES_CBC_PAD, CKM_PKCS5_PBKD2, CKM_SHA256, CKM_SHA256_HMAC,
    CKO_SECRET_KEY, CKP_PKCS5_PBKD2_HMAC_SHA256, CKR_ARGUMENTS_BAD, CKR_OK, CKU_USER,
};
use pkcs11_tests::disk::{can_fail, set_mode};
use pkcs11_tests::raw::parameters::{pbkd2, with};
use pkcs11_tests::raw::process::set_variable;
use pkcs11_tests::raw::shim;
use pkcs11_tests::raw::words::{FUNCTIONS, Function, Word};
use pkcs11_tests::{Out, Sent, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_claviger};

use crate::secrets::{shows, stored};

on_claviger!(
    every_function_leaves_a_line_and_no_line_a_secret,
    a_search_of_the_trace_would_find_a_secret,
    a_line_shows_names_and_lengths,
    a_trace_that_cannot_be_opened_harms_no_call,
    a_full_disk_harms_no_call,
    processes_and_threads_share_a_trace_line_by_line,
    a_number_that_the_host_took_away_is_not_written_to,
);

const SECRET: &[u8; 32] = b"what-nobody-but-its-owner-reads!";
const PLAINTEXT: &[u8] = b"the salary of the one who signs this";

/// Traces this test's calls; the file is in a folder of its own, to be searched.
fn traced(t: &Test) -> PathBuf {
    let folder = t.installation.folder().join("traces");
    fs::create_dir(&folder).unwrap();
    let trace = folder.join("trace");
    set_variable("CLAVIGER_TRACE", &trace);
    trace
}

fn read(trace: &Path) -> String {
    fs::read_to_string(trace).unwrap()
}

/// The functions that have lines.
fn functions(trace: &str) -> BTreeSet<&str> {
    trace.lines().filter_map(|line| line.split(' ').nth(2)?.split_once('(')).map(|(name, _)| name).collect()
}

/// Words that point to a secret wherever a pointer may stand.
struct Planted {
    secret: Vec<u8>,
    room: Vec<u8>,
    len: u64,
    parameter: cryptoki_sys::CK_MECHANISM,
    attributes: Vec<CK_ATTRIBUTE>,
}

fn address<T>(value: *mut T) -> u64 {
    value.expose_provenance() as u64
}

impl Planted {
    fn new() -> Self {
        let mut secret = SECRET.to_vec();
        let place = secret.as_mut_ptr().cast();
        let attribute = |type_| CK_ATTRIBUTE { type_, pValue: place, ulValueLen: SECRET.len() as u64 };
        let types =
            [CKA_CLASS, CKA_LABEL, CKA_ID, CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_VALUE_LEN, CKA_SENSITIVE];
        let parameter = cryptoki_sys::CK_MECHANISM {
            mechanism: CKM_SHA256_HMAC,
            pParameter: place,
            ulParameterLen: SECRET.len() as u64,
        };
        let attributes = types.map(attribute).to_vec();
        Self { secret, room: SECRET.repeat(32), len: 0, parameter, attributes }
    }

    fn words(&mut self, function: &Function, session: u64) -> Vec<u64> {
        let mut before = Word::Reserved;
        let mut words = Vec::new();
        for word in function.words {
            words.push(match (word, before) {
                (Word::Session, _) => session,
                (Word::Pin | Word::Input | Word::Label, _) => address(self.secret.as_mut_ptr()),
                (Word::Template | Word::Asked, _) => address(self.attributes.as_mut_ptr()),
                (Word::Mechanism, _) => address(&raw mut self.parameter),
                (Word::Place | Word::Output | Word::Fill | Word::List | Word::Found | Word::Reserved, _) => {
                    address(self.room.as_mut_ptr())
                }
                (Word::Length, Word::Template | Word::Asked) => self.attributes.len() as u64,
                (Word::Length, Word::Output | Word::List) => {
                    self.len = 16;
                    address(&raw mut self.len)
                }
                (Word::Length, _) => 16,
                (Word::Flags, _) => CKF_SERIAL_SESSION | CKF_RW_SESSION,
                (Word::Blocking, _) => CKF_DONT_BLOCK,
                (Word::User, _) => CKU_USER,
                _ => 0,
            });
            before = *word;
        }
        words
    }
}

/// Calls every function with secrets in everything that it is given.
fn plants_secrets(t: &Test) {
    let token = Token { module: t.module, slot: pkcs11_tests::token::initialised_slots(t.module)[0] };
    let session = token.open_rw();
    let _answers = (t.module.all_with_zeros(session), t.module.since_3_with_zeros(session));
    let _refused = t.module.login_user(session, CKU_USER, (&SECRET[..]).into(), (&SECRET[..]).into());
    let _interfaces = t.module.interface_list(Some(8));
    for function in FUNCTIONS {
        let session = token.open_rw();
        let mut planted = Planted::new();
        let words = planted.words(function, session);
        let _whatever = function.call(t.module, &words);
    }
}

/// Encrypts, decrypts, digests and derives; gives what must not show.
fn works(t: &Test) -> Vec<(&'static str, Vec<u8>)> {
    let m = t.module;
    let token = Token { module: m, slot: pkcs11_tests::token::initialised_slots(m)[0] };
    let session = token.open_rw();
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_AES)
        .bytes(CKA_VALUE, SECRET)
        .boolean(CKA_SENSITIVE, false)
        .boolean(CKA_EXTRACTABLE, true)
        .boolean(CKA_WRAP, true)
        .boolean(CKA_ENCRYPT, true)
        .boolean(CKA_DECRYPT, true);
    let (rv, key) = m.create_object(session, &key);
    assert_rv!(rv, CKR_OK);
    let nothing = Template::new();
    assert_rv!(m.encapsulate_key(session, None, key, &nothing, Out::query()).0, CKR_ARGUMENTS_BAD);
    assert_rv!(m.decapsulate_key(session, None, key, &nothing, PLAINTEXT.into()).0, CKR_ARGUMENTS_BAD);
    let by = with(CKM_AES_CBC_PAD, SECRET.first_chunk::<16>().unwrap());
    let mut sealed = [0; 64];
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    let (rv, len) = m.encrypt(session, PLAINTEXT.into(), Out::buffer(&mut sealed));
    assert_rv!(rv, CKR_OK);
    let mut opened = [0; 64];
    assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
    let sealed = &sealed[..usize::try_from(len).unwrap()];
    assert_rv!(m.decrypt(session, sealed.into(), Out::buffer(&mut opened)).0, CKR_OK);
    assert!(opened.starts_with(PLAINTEXT));
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.digest(session, PLAINTEXT.into(), Out::buffer(&mut opened)).0, CKR_OK);
    let (rv, values) = m.attribute_values(session, key, &[(CKA_VALUE, Some(64)), (CKA_VALUE_LEN, Some(8))]);
    assert_rv!(rv, CKR_OK);
    assert!(values[0].0.starts_with(SECRET));
    let mut random = [0; 32];
    assert_rv!(m.generate_random(session, Out::buffer(&mut random)), CKR_OK);
    let password = b"a password to stretch";
    let stretch = pbkd2(CKP_PKCS5_PBKD2_HMAC_SHA256, Sent::from(password), Sent::from(b"salt"), 1000);
    assert_eq!(stretch.mechanism().mechanism, CKM_PKCS5_PBKD2);
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_AES)
        .ulong(CKA_VALUE_LEN, 32)
        .bytes(CKA_LABEL, "label-of-the-stretched-key");
    assert_rv!(m.generate_key(session, Some(&stretch.mechanism()), &template).0, CKR_OK);
    vec![
        ("plaintext", PLAINTEXT.to_vec()),
        ("key, IV, PIN, label", SECRET[..16].to_vec()),
        ("their end", SECRET[16..].to_vec()),
        ("random", random.to_vec()),
        ("password", password.to_vec()),
        ("its label", b"label-of-the-stretched-key".to_vec()),
        ("ciphertext", sealed[..16].to_vec()),
    ]
}

fn every_function_leaves_a_line_and_no_line_a_secret(t: &Test) {
    let trace = traced(t);
    let mut secrets = stored(t);
    secrets.extend(works(t));
    plants_secrets(t);
    assert_rv!(t.module.finalize(), CKR_OK);
    let text = read(&trace);
    let mut missing: BTreeSet<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    missing.extend(["C_LoginUser", "C_GetInterfaceList", "C_EncryptMessage", "C_VerifySignatureInit"]);
    missing = missing.difference(&functions(&text)).copied().collect();
    assert_eq!(missing, BTreeSet::new());
    assert!(functions(&text).len() >= 68 + 33 + 2, "{:?}", functions(&text));
    assert_eq!(shows(trace.parent().unwrap(), &secrets), [""; 0]);
    let mode = fs::metadata(&trace).unwrap().mode() & 0o777;
    assert_eq!(mode, 0o600, "{mode:o}");
}

fn a_search_of_the_trace_would_find_a_secret(t: &Test) {
    let trace = traced(t);
    let secrets = stored(t);
    assert_eq!(shows(trace.parent().unwrap(), &secrets), [""; 0]);
    for (name, secret) in &secrets {
        let hex = pkcs11_tests::program::hex(secret);
        fs::write(&trace, format!("{}1.2 3/4 C_Login(pPin={hex})\n", read(&trace))).unwrap();
        assert_ne!(shows(trace.parent().unwrap(), &secrets), [""; 0], "{name}");
    }
}

fn a_line_shows_names_and_lengths(t: &Test) {
    let trace = traced(t);
    let token = t.token();
    let session = token.user_session();
    assert_rv!(t.module.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let mut room = [0; 40];
    assert_rv!(t.module.digest(session, PLAINTEXT.into(), Out::buffer(&mut room)).0, CKR_OK);
    let text = read(&trace);
    let has = |part: &str| assert!(text.contains(part), "no {part:?} in\n{text}");
    has(" C_Initialize(pInitArgs=");
    has(&format!("hSession={session:#x}, userType=CKU_USER, pPin={} bytes) = CKR_OK; ", USER_PIN.len()));
    has(&format!("C_DigestInit(hSession={session:#x}, pMechanism=CKM_SHA256) = CKR_OK; "));
    let sent = format!(
        "pData={} bytes, pDigest=room for 40 bytes) = CKR_OK, pulDigestLen=32 bytes; ",
        PLAINTEXT.len()
    );
    has(&sent);
    let me = format!(" {}/", std::process::id());
    assert!(text.lines().all(|line| line.contains(&me) && line.ends_with(" us")), "{text}");
}

/// What the log says of the trace.
fn complaints(t: &Test) -> Vec<String> {
    let log = fs::read_to_string(t.installation.folder().join("output")).unwrap();
    log.lines().filter(|line| line.contains("CLAVIGER_TRACE")).map(str::to_owned).collect()
}

fn a_trace_that_cannot_be_opened_harms_no_call(t: &Test) {
    let folder = t.installation.folder();
    let (target, link) = (folder.join("target"), folder.join("link"));
    fs::write(&target, "").unwrap();
    set_mode(&target, 0o644);
    symlink(&target, &link).unwrap();
    let paths = [link, folder.join("there/is/no/such/folder"), folder.to_owned(), PathBuf::from("/dev/full")];
    for (turn, path) in paths.iter().enumerate() {
        set_variable("CLAVIGER_TRACE", path);
        assert_rv!(t.module.initialize(), CKR_OK);
        assert_rv!(t.module.info().0, CKR_OK);
        assert_rv!(t.module.finalize(), CKR_OK);
        let complaints = complaints(t);
        assert_eq!(complaints.len(), turn + 1, "{complaints:?}");
        assert!(complaints[turn].contains(&path.display().to_string()), "{complaints:?}");
    }
    assert_eq!(read(&target), "", "a symbolic link was followed");
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o644);
}

fn a_full_disk_harms_no_call(t: &Test) {
    if !can_fail(t) {
        return;
    }
    let trace = t.installation.folder().join("trace");
    set_variable("CLAVIGER_TRACE", &trace);
    let session = t.token().open_ro();
    let before = read(&trace);
    shim::arm_full();
    for _ in 0..3 {
        assert_rv!(t.module.session_info(session).0, CKR_OK);
    }
    shim::arm(0);
    assert_eq!(read(&trace), before);
    assert_rv!(t.module.session_info(session).0, CKR_OK);
    assert_eq!(read(&trace).lines().count(), before.lines().count() + 1);
}

fn processes_and_threads_share_a_trace_line_by_line(t: &Test) {
    let trace = traced(t);
    let token = t.token();
    let session = token.open_ro();
    let begun = read(&trace).lines().count();
    let asks = |times: usize| {
        for _ in 0..times {
            let _answer = t.module.session_info(session);
        }
    };
    let children: Vec<_> = (0..4)
        .map(|_| {
            t.module.fork(|| {
                asks(100);
                let session = Token::existing(t.module).open_ro();
                i32::from(t.module.close_session(session) != CKR_OK)
            })
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| asks(100));
        }
    });
    for child in children {
        assert_eq!(child.status(), Some(0));
    }
    let text = read(&trace);
    let whole = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit()) && line.ends_with(" us");
    let torn: Vec<&str> = text.lines().filter(|line| !whole(line)).collect();
    assert_eq!(torn, [""; 0]);
    let asked = text.lines().skip(begun).filter(|line| line.contains("C_GetSessionInfo")).count();
    assert_eq!(asked, 800);
}

/// A daemon closes the descriptors that it does not know; the next file that it opens has their numbers.
fn a_number_that_the_host_took_away_is_not_written_to(t: &Test) {
    let trace = traced(t);
    assert_rv!(t.module.initialize(), CKR_OK);
    let numbers = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let entry = entry.unwrap().path();
        let number = entry.file_name()?.to_str()?.parse::<i32>().ok()?;
        (fs::read_link(&entry).ok()? == trace).then_some(number)
    });
    let [number] = numbers.collect::<Vec<_>>()[..] else { panic!("one descriptor of the trace") };
    nix::unistd::close(number).unwrap();
    let other = t.installation.folder().join("other");
    assert_eq!(fs::File::create(&other).unwrap().into_raw_fd(), number, "the lowest free number");
    let before = read(&trace);
    assert_rv!(t.module.info().0, CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_eq!((read(&other), read(&trace)), (String::new(), before));
    assert_eq!(complaints(t).len(), 1);
    assert_rv!(t.module.initialize(), CKR_OK);
    assert!(read(&trace).ends_with(" us\n"), "it is opened again");
    nix::unistd::close(number).expect("the other file is still the host's");
}
