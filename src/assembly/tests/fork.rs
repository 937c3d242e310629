//! Forks at bad moments: while another thread holds each of the engine's locks in turn, and while one commits.
//!
//! The child opens everything anew, as `C_Initialize` does, logs in and signs; the parent goes on. What the library
//! does in its fork handler stands in [`fork`].
#![allow(unsafe_code, reason = "a fork is what is tested here")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use assembly::{Config, Opened};
use engine::primitives::PinCost;
use engine::sync::watch;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};
use pkcs11::constants::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_LABEL, CKA_TOKEN, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CKO_PRIVATE_KEY,
};
use pkcs11::{
    Access, Attribute, Error, Mechanism, ObjectHandle, Parameters, Result, Room, SessionHandle, SlotId,
    Token, UserType,
};

const PIN: &[u8] = b"user secret";
const SO_PIN: &[u8] = b"officer secret";
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Far above the second that a child may need, far below a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a thread does again and again with a session of its own.
type Work<'a> = &'a (dyn Fn(&dyn Token, SessionHandle) + Sync);

struct Place {
    config: Config,
    opened: Opened,
    slot: SlotId,
    session: SessionHandle,
    key: ObjectHandle,
    _folder: tempfile::TempDir,
}

fn mechanism(mechanism_type: u64) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::in_folder(folder.path().join("data"));
    config.settings.pin_cost = PinCost { memory: 8, passes: 1, lanes: 1 };
    config.settings.staleness = Duration::ZERO;
    let opened = assembly::open(&config).unwrap();
    let token = &opened.token;
    let slot = *token.slot_list(true, true).unwrap().first().unwrap();
    token.init_token(slot, Some(SO_PIN), &[b'x'; 32]).unwrap();
    let session = token.open_session(slot, Access::ReadWrite, true).unwrap();
    token.login(session, UserType::So, Some(SO_PIN)).unwrap();
    token.init_pin(session, Some(PIN)).unwrap();
    token.logout(session).unwrap();
    token.login(session, UserType::User, Some(PIN)).unwrap();
    let (_, key) = make_pair(token.as_ref(), session).unwrap();
    Place { config, opened, slot, session, key, _folder: folder }
}

fn make_pair(token: &dyn Token, session: SessionHandle) -> Result<(ObjectHandle, ObjectHandle)> {
    let public = vec![Attribute::boolean(CKA_TOKEN, true), Attribute::bytes(CKA_EC_PARAMS, P256)];
    let private = vec![Attribute::boolean(CKA_TOKEN, true)];
    token.generate_key_pair(session, mechanism(CKM_EC_KEY_PAIR_GEN), public, private)
}

fn sign(token: &dyn Token, session: SessionHandle, key: ObjectHandle) -> Result<usize> {
    token.sign_init(session, Some(mechanism(CKM_ECDSA_SHA256)), key)?;
    token.sign(session, b"message", &mut Room::Buffer(&mut [0; 64]))
}

/// What a child does: everything anew, one signature, and random bytes for its parent.
fn live(config: &Config, slot: SlotId) -> Result<[u8; 32]> {
    let opened = assembly::open(config)?;
    let token = opened.token.as_ref();
    let session = token.open_session(slot, Access::ReadWrite, true)?;
    token.login(session, UserType::User, Some(PIN))?;
    token.find_objects_init(session, vec![Attribute::ulong(CKA_CLASS, CKO_PRIVATE_KEY)])?;
    let key = *token.find_objects(session, 1)?.first().ok_or(Error::KeyHandleInvalid)?;
    token.find_objects_final(session)?;
    sign(token, session, key)?;
    make_pair(token, session)?;
    let mut random = [0; 32];
    token.generate_random(session, &mut random)?;
    std::mem::forget(opened);
    Ok(random)
}

/// Forks as the library's handlers do; gives the child's process and the end of a pipe that it writes to.
fn fork(place: &Place) -> (Pid, OwnedFd) {
    let (read, write) = nix::unistd::pipe().unwrap();
    place.opened.fork.prepare();
    assembly::drawing::prepare();
    // SAFETY: the child calls what a forked child of a host may call, and ends by _exit.
    match unsafe { nix::unistd::fork() }.unwrap() {
        ForkResult::Child => {
            assembly::drawing::release_in_child();
            place.opened.fork.release_in_child();
            let random = live(&place.config, place.slot);
            let told = random.is_ok_and(|random| nix::unistd::write(&write, &random).is_ok());
            // SAFETY: ends the child here and now, without the parent's destructors.
            unsafe { nix::libc::_exit(i32::from(!told)) }
        }
        ForkResult::Parent { child } => {
            assembly::drawing::release_in_parent();
            place.opened.fork.release_in_parent();
            (child, read)
        }
    }
}

/// The child's random bytes, once it has ended well.
fn outcome((child, read): (Pid, OwnedFd)) -> [u8; 32] {
    let begun = Instant::now();
    let status = loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::StillAlive if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(1))
            }
            WaitStatus::StillAlive => {
                nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).unwrap();
                panic!("the child hangs");
            }
            status => break status,
        }
    };
    assert_eq!(status, WaitStatus::Exited(child, 0));
    let mut random = [0; 32];
    std::fs::File::from(read).read_exact(&mut random).unwrap();
    random
}

/// Something that takes a lock of this name.
fn touch(place: &Place, lock: &str) {
    let token = place.opened.token.as_ref();
    match lock {
        "session" => token.generate_random(place.session, &mut [0; 8]).unwrap(),
        "logins" => drop(token.token_info(place.slot).unwrap()),
        "slot events" => while token.wait_for_slot_event(false).is_ok() {},
        "listing" => drop(token.slot_list(true, true).unwrap()),
        "sessions" => drop(token.open_session(place.slot, Access::ReadWrite, true).unwrap()),
        "session objects" => drop(
            token
                .create_object(place.session, vec![Attribute::ulong(CKA_CLASS, pkcs11::constants::CKO_DATA)])
                .unwrap(),
        ),
        "looking" => {
            make_pair(token, place.session).unwrap();
            token.token_info(place.slot).unwrap();
        }
        "opening" => {
            let other = assembly::open(&place.config).unwrap();
            other.token.token_info(place.slot).unwrap();
        }
        "overtaken" => be_overtaken(place),
        other => panic!("no such lock: {other}"),
    }
}

/// Changes a key that another thread is changing too, until a change of this thread has been overtaken.
fn be_overtaken(place: &Place) {
    let token = place.opened.token.as_ref();
    let change = |label: &[u8]| {
        let label = Attribute::bytes(CKA_LABEL, label);
        token.set_attribute_values(place.session, place.key, vec![label]).unwrap();
    };
    let (over, begun) = (AtomicBool::new(false), watch::taken("overtaken"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                change(b"other");
            }
        });
        while watch::taken("overtaken") == begun {
            change(b"own");
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_fork_while_another_thread_holds_any_lock_leaves_parent_and_child_whole() {
    let place = place();
    let locks = [
        "session",
        "logins",
        "listing",
        "slot events",
        "sessions",
        "session objects",
        "looking",
        "opening",
        "overtaken",
    ];
    for lock in locks {
        let (held, wait_held) = mpsc::channel();
        let (go, wait_go) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let place = &place;
            scope.spawn(move || {
                let mut paused = false;
                let pause = move || {
                    if !std::mem::replace(&mut paused, true) {
                        held.send(()).unwrap();
                        wait_go.recv().unwrap();
                    }
                };
                watch::pause_at(Some((lock, Box::new(pause))));
                touch(place, lock);
                watch::pause_at(None);
            });
            wait_held.recv().unwrap_or_else(|_| panic!("nothing took the lock {lock}"));
            let child = fork(place);
            let random = outcome(child);
            go.send(()).unwrap();
            assert_ne!(random, [0; 32], "{lock}");
        });
        sign(place.opened.token.as_ref(), place.session, place.key).unwrap();
    }
}

#[test]
fn forks_beside_threads_that_commit_search_and_sign_leave_parent_and_child_whole() {
    let place = place();
    let stop = AtomicBool::new(false);
    let search = |token: &dyn Token, session| {
        token.find_objects_init(session, vec![]).unwrap();
        token.find_objects(session, 100).unwrap();
        token.find_objects_final(session).unwrap();
    };
    let commit = |token: &dyn Token, session| {
        make_pair(token, session).unwrap();
    };
    let signature = |token: &dyn Token, session| {
        sign(token, session, place.key).unwrap();
    };
    let work: [Work<'_>; 3] = [&search, &commit, &signature];
    std::thread::scope(|scope| {
        for work in work {
            let (place, stop) = (&place, &stop);
            scope.spawn(move || {
                let token = place.opened.token.as_ref();
                let session = token.open_session(place.slot, Access::ReadWrite, true).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    work(token, session);
                }
            });
        }
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..20 {
                outcome(fork(&place));
            }
        }));
        stop.store(true, Ordering::Relaxed);
        done.unwrap();
    });
    sign(place.opened.token.as_ref(), place.session, place.key).unwrap();
}

#[test]
fn a_child_draws_other_random_bytes_than_its_parent_and_its_siblings() {
    let place = place();
    let mut drawn = vec![outcome(fork(&place)), outcome(fork(&place))];
    let mut own = [0; 32];
    place.opened.token.generate_random(place.session, &mut own).unwrap();
    drawn.push(own);
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 3);
}
