//! The library in its process: initialise, finalise, fork; and how a call finds the token.
//!
//! [`LIBRARY`] is the only state of this crate. A call reads it without a lock that others write; only `C_Initialize`,
//! `C_Finalize` and a fork exclude one another. There is no exit handler and no destructor of a static: what is still
//! open when the process ends is left to the system.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwapOption;
use cryptoki_sys::{CK_C_INITIALIZE_ARGS, CK_RV};
use pkcs11::constants::{CKF_LIBRARY_CANT_CREATE_OS_THREADS, CKF_OS_LOCKING_OK, CKR_GENERAL_ERROR, CKR_OK};
use pkcs11::{Error, Result, SessionHandle, Token};

use crate::ending;
use crate::exports::Function;
use crate::jobs::Installed;
use crate::journal::{self, Journal};
use crate::opening::{Gate, Opened};
use crate::rv;
use crate::trace::Trace;

#[cfg(test)]
use crate::exports::tests::double::{plan, trace_file};
#[cfg(not(test))]
use crate::opening::{plan, trace_file};

/// What only `C_Initialize`, `C_Finalize` and a fork touch.
struct Changing {
    /// Whether this process was asked to tell of forks and of log lines: once is for ever.
    prepared: bool,
    /// Gates of everything opened, kept also after `C_Finalize`: a call that was under way may still hold a token.
    gates: Vec<Weak<dyn Gate>>,
}

struct Library {
    installed: ArcSwapOption<Installed>,
    /// A lock of std: its release looks at no list of waiters, which another thread might have left half changed
    /// when the process forked.
    changing: Mutex<Changing>,
    journal: Journal,
    trace: Trace,
}

static LIBRARY: Library = Library {
    installed: ArcSwapOption::const_empty(),
    changing: Mutex::new(Changing { prepared: false, gates: Vec::new() }),
    journal: Journal::new(),
    trace: Trace::off(),
};

impl Library {
    fn change(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that needs no token: the guard that every call has.
pub(crate) fn guarded(function: Function, body: impl FnOnce() -> Result<()>) -> CK_RV {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let error = match catch_unwind(AssertUnwindSafe(body)) {
            Ok(Ok(())) => return CKR_OK,
            Ok(Err(error)) => error,
            Err(payload) => {
                // Dropping what was thrown may panic again.
                let sentence = sentence(&*payload);
                std::mem::forget(payload);
                Error::Bug(sentence)
            }
        };
        let code = rv::answer(function, &error);
        journal::failed(function, &error, code);
        code
    }));
    outcome.unwrap_or_else(|payload| {
        std::mem::forget(payload);
        CKR_GENERAL_ERROR
    })
}

/// A call: `read` takes the arguments out of the application's memory, `act` asks the token and writes the answer.
///
/// Section 5.1.7 puts a bad session before every bad argument, so an argument that cannot be read is told only of a
/// session that is there.
pub(crate) fn call<A>(
    function: Function,
    session: Option<SessionHandle>,
    read: impl FnOnce() -> Result<A>,
    act: impl FnOnce(&dyn Token, A) -> Result<()>,
) -> CK_RV {
    call_installed(function, session, read, |installed, arguments| act(&*installed.token, arguments))
}

/// A call that may leave its work to a job, or that is about jobs.
pub(crate) fn call_installed<A>(
    function: Function,
    session: Option<SessionHandle>,
    read: impl FnOnce() -> Result<A>,
    act: impl FnOnce(&Arc<Installed>, A) -> Result<()>,
) -> CK_RV {
    guarded(function, || {
        let installed = LIBRARY.installed.load();
        let installed = installed.as_ref().ok_or(Error::NotInitialized)?;
        let token = &*installed.token;
        match (read(), session) {
            (Ok(arguments), _) => act(installed, arguments),
            (Err(error), Some(session)) => match token.session_info(session) {
                Err(Error::SessionHandleInvalid) => Err(Error::SessionHandleInvalid),
                _ => {
                    ending::end(function, token, session);
                    Err(error)
                }
            },
            (Err(error), None) => Err(error),
        }
    })
}

/// Ends what a call ends that was refused with its session known to be there.
pub(crate) fn refused(function: Function, token: &dyn Token, session: Option<SessionHandle>) {
    if let Some(session) = session {
        ending::end(function, token, session);
    }
}

/// The legacy functions of section 5.20.
pub(crate) fn not_parallel(function: Function) -> CK_RV {
    call(function, None, || Ok(()), |_, ()| Err(Error::FunctionNotParallel))
}

/// Section 5.4.1: what an application may ask of the library's threads.
fn judge(arguments: &CK_C_INITIALIZE_ARGS) -> Result<()> {
    if !arguments.pReserved.is_null() {
        return Err(Error::ArgumentsBad("pReserved must be null"));
    }
    let callbacks = [
        arguments.CreateMutex.is_some(),
        arguments.DestroyMutex.is_some(),
        arguments.LockMutex.is_some(),
        arguments.UnlockMutex.is_some(),
    ];
    match callbacks.iter().filter(|given| **given).count() {
        0 => Ok(()),
        4 if arguments.flags & CKF_OS_LOCKING_OK != 0 => Ok(()),
        4 => Err(Error::CantLock),
        _ => Err(Error::ArgumentsBad("some of the mutex callbacks without the others")),
    }
}

/// `C_Initialize`
pub(crate) fn initialize(arguments: Option<CK_C_INITIALIZE_ARGS>) -> Result<()> {
    arguments.as_ref().map_or(Ok(()), judge)?;
    let mut changing = LIBRARY.change();
    if LIBRARY.installed.load().is_some() {
        return Err(Error::AlreadyInitialized);
    }
    if !changing.prepared {
        prepare_process()?;
        changing.prepared = true;
    }
    let plan = plan();
    if let Ok(plan) = &plan {
        LIBRARY.journal.follow(plan.journal);
    }
    // Also where the configuration is refused: the trace shows what came of it.
    LIBRARY.trace.follow(trace_file().as_deref());
    let plan = plan?;
    let Opened { token, gate } = (plan.open)()?;
    changing.gates.retain(|gate| gate.strong_count() > 0);
    changing.gates.push(Arc::downgrade(&gate));
    let flags = arguments.map_or(0, |arguments| arguments.flags);
    let has_threads = flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS == 0;
    LIBRARY.installed.store(Some(Arc::new(Installed::new(token, gate, has_threads))));
    Ok(())
}

/// `C_Finalize`: calls under way finish on what they hold; one that waits for a slot is told that the wait is over.
pub(crate) fn finalize(reserved: bool) -> Result<()> {
    if reserved {
        return Err(Error::ArgumentsBad("pReserved must be null"));
    }
    let changing = LIBRARY.change();
    let installed = LIBRARY.installed.swap(None).ok_or(Error::NotInitialized)?;
    // Closing the token goes through its gate, and may have to wait for a fork that waits for `changing`.
    drop(changing);
    installed.token.end_waits();
    installed.end_jobs();
    drop(installed);
    Ok(())
}

/// Asks this process to tell of its forks, and this library's log lines to come here.
fn prepare_process() -> Result<()> {
    // A second process-wide logger cannot be: the `log` crate is linked into this library alone.
    let _ = log::set_logger(&LIBRARY.journal);
    log::set_max_level(log::LevelFilter::Warn);
    #[cfg(not(test))]
    std::panic::set_hook(Box::new(note_panic));
    // SAFETY: the handlers are functions of a library that is never unloaded (build.rs).
    match unsafe { libc::pthread_atfork(Some(before_fork), Some(after_in_parent), Some(after_in_child)) } {
        0 => Ok(()),
        _ => Err(Error::HostMemory),
    }
}

/// Notes where a panic was and what it says (docs/decisions/0006). The hook is that of this library's own copy of std.
#[cfg(not(test))]
fn note_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    log::error!("a defect of claviger: panic at {place}: {}", sentence(panic.payload()));
}

/// What was thrown, if that is a sentence of the source: one with values in it could show what must not be shown.
fn sentence(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("a message with values")
}

/// What the forking thread holds from before the fork until after it.
struct Held {
    gates: Vec<Arc<dyn Gate>>,
    journal: MutexGuard<'static, ()>,
    changing: MutexGuard<'static, Changing>,
}

impl Held {
    /// Lets everybody in again.
    fn release_in_parent(self) {
        drop(self.journal);
        assembly::drawing::release_in_parent();
        for gate in &self.gates {
            gate.release_in_parent();
        }
        drop(self.changing);
    }
}

thread_local! {
    /// All three handlers run in the thread that forks, and in the child it is the only one.
    static HELD: Cell<Option<Held>> = const { Cell::new(None) };
}

/// Lets nothing out into a caller that could not take it.
pub(crate) fn quietly(body: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
        std::mem::forget(payload);
    }
}

extern "C" fn before_fork() {
    quietly(|| {
        let changing = LIBRARY.change();
        let gates: Vec<_> = changing.gates.iter().filter_map(Weak::upgrade).collect();
        for gate in &gates {
            gate.prepare();
        }
        assembly::drawing::prepare();
        let journal = LIBRARY.journal.hold();
        let mut held = Some(Held { gates, journal, changing });
        // A thread that forks while its thread-local values are being destroyed has no place to keep it in.
        if HELD.try_with(|place| place.set(held.take())).is_err()
            && let Some(held) = held
        {
            held.release_in_parent();
        }
    });
}

extern "C" fn after_in_parent() {
    quietly(|| {
        if let Ok(Some(held)) = HELD.try_with(Cell::take) {
            held.release_in_parent();
        }
    });
}

/// In the child nothing is installed until it calls `C_Initialize` itself. The parent's token is left where it lies:
/// its locks may be taken by threads that are not here, and its files are the parent's.
extern "C" fn after_in_child() {
    quietly(|| {
        std::mem::forget(LIBRARY.installed.swap(None));
        let Ok(Some(Held { gates, journal, mut changing })) = HELD.try_with(Cell::take) else { return };
        drop(journal);
        assembly::drawing::release_in_child();
        for gate in &gates {
            gate.release_in_child();
        }
        changing.gates.clear();
        std::mem::forget(gates);
        drop(changing);
    });
}

/// Starts what is to run beside the application's threads: its signals are not for ours.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is writable.
    let filled = unsafe { libc::sigfillset(all.as_mut_ptr()) } == 0;
    // SAFETY: the first set was filled, and the second is writable.
    let mut mask = || unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let masked = filled && mask() == 0;
    let started = start();
    if masked {
        // SAFETY: the set was filled above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    started
}

/// Where calls are traced.
pub(crate) fn trace() -> &'static Trace {
    &LIBRARY.trace
}

/// Writes a line to standard error at once, past std's lock, which a fork could leave taken.
pub(crate) fn write_standard_error(line: &[u8]) {
    // SAFETY: the buffer is `line`. A short or a failed write has nobody to be told to.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
}

/// Hands a line to syslog under the name that the application has there.
pub(crate) fn write_syslog(priority: libc::c_int, line: &CStr) {
    // SAFETY: the format takes one string, and `line` is one.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), line.as_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_shows_a_sentence_of_the_source_and_no_values() {
        let thrown = |body: fn()| catch_unwind(body).unwrap_err();
        assert_eq!(sentence(&*thrown(|| panic!("a row was missing"))), "a row was missing");
        let with_value = thrown(|| panic!("not a PIN: {}", std::hint::black_box("1234")));
        assert_eq!(sentence(&*with_value), "a message with values");
    }
}
