//! Asynchronous sessions (PKCS#11 v3.2 sections 5.6.1 and 5.22): making keys and signing go on in a thread of their own, and
//! `C_AsyncComplete` asks for what came of it. docs/decisions/0050.
//!
//! A job lives here, in the application: `C_Finalize` and the end of its session end it. What it makes is written into the
//! application's memory by the call that asks for it, in the thread that calls.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pkcs11::constants::CKF_ASYNC_SESSION_SUPPORTED;
use pkcs11::{
    Access, Error, Mechanism, ObjectHandle, Result, Room, SessionHandle, SessionInfo, SlotId, Template,
    Token, TokenInfo,
};

use crate::exports::Function;
use crate::library::without_signals;
use crate::opening::Gate;
use crate::pointers::Later;

/// The functions that a session may leave to a job.
pub(crate) const FUNCTIONS: [Function; 4] =
    [Function::C_GenerateKey, Function::C_GenerateKeyPair, Function::C_Sign, Function::C_SignFinal];

/// What calls go to between `C_Initialize` and `C_Finalize`.
pub(crate) struct Installed {
    /// What calls go to.
    pub(crate) token: Arc<dyn Token>,
    /// Lives as long as the token may be called.
    _gate: Arc<dyn Gate>,
    /// Whether the application lets the library have threads.
    has_threads: bool,
    /// The asynchronous sessions with their jobs.
    sessions: Mutex<BTreeMap<u64, Vec<Job>>>,
    /// Whether there ever was one: until then no call looks further.
    any: AtomicBool,
}

/// What goes on for one call, or is done and waits to be asked for.
struct Job {
    function: Function,
    /// Where the application wants the bytes, if it is bytes that are made.
    place: Option<Later>,
    outcome: Arc<OnceLock<Result<Made>>>,
}

/// What a job makes.
#[derive(Clone)]
pub(crate) enum Made {
    /// A signature.
    Bytes(Vec<u8>),
    /// A key.
    Key(ObjectHandle),
    /// A public and a private key.
    Pair(ObjectHandle, ObjectHandle),
}

/// A job that is over.
pub(crate) struct Done {
    /// What it did.
    pub(crate) function: Function,
    /// Where its bytes belong.
    pub(crate) place: Option<Later>,
    /// What came of it.
    pub(crate) outcome: Result<Made>,
}

impl Installed {
    /// Without sessions.
    pub(crate) fn new(token: Arc<dyn Token>, gate: Arc<dyn Gate>, has_threads: bool) -> Self {
        let sessions = Mutex::new(BTreeMap::new());
        Self { token, _gate: gate, has_threads, sessions, any: AtomicBool::new(false) }
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<Job>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_asynchronous(&self, session: SessionHandle) -> bool {
        self.any.load(Ordering::Acquire) && self.sessions().contains_key(&session.0)
    }

    /// Ends every asynchronous session: what its jobs still make is kept nowhere.
    pub(crate) fn end_jobs(&self) {
        for (session, _) in std::mem::take(&mut *self.sessions()) {
            if let Err(error) = self.token.close_session(SessionHandle(session)) {
                log::debug!("an asynchronous session had ended before: {error}");
            }
        }
    }

    pub(crate) fn open_session(
        &self,
        slot: SlotId,
        access: Access,
        serial: bool,
        asynchronous: bool,
    ) -> Result<SessionHandle> {
        if asynchronous && !self.has_threads {
            return Err(Error::SessionAsyncNotSupported);
        }
        let session = self.token.open_session(slot, access, serial)?;
        if asynchronous {
            self.sessions().insert(session.0, Vec::new());
            self.any.store(true, Ordering::Release);
        }
        Ok(session)
    }

    pub(crate) fn close_session(&self, session: SessionHandle) -> Result<()> {
        self.token.close_session(session)?;
        if self.any.load(Ordering::Acquire) {
            self.sessions().remove(&session.0);
        }
        Ok(())
    }

    pub(crate) fn close_all_sessions(&self, slot: SlotId) -> Result<()> {
        self.token.close_all_sessions(slot)?;
        if self.any.load(Ordering::Acquire) {
            let is_open = |session: u64| self.token.session_info(SessionHandle(session)).is_ok();
            self.sessions().retain(|session, _| is_open(*session));
        }
        Ok(())
    }

    pub(crate) fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        let info = self.token.session_info(session)?;
        Ok(SessionInfo { asynchronous: self.is_asynchronous(session), ..info })
    }

    pub(crate) fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        let mut info = self.token.token_info(slot)?;
        if self.has_threads {
            info.flags |= CKF_ASYNC_SESSION_SUPPORTED;
        }
        Ok(info)
    }

    pub(crate) fn generate_key(
        self: &Arc<Self>,
        session: SessionHandle,
        mechanism: Mechanism,
        template: Template,
    ) -> Result<ObjectHandle> {
        if !self.is_asynchronous(session) {
            return self.token.generate_key(session, mechanism, template);
        }
        self.begin(session, Function::C_GenerateKey, None, move |token| {
            token.generate_key(session, mechanism, template).map(Made::Key)
        })
    }

    pub(crate) fn generate_key_pair(
        self: &Arc<Self>,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        if !self.is_asynchronous(session) {
            return self.token.generate_key_pair(session, mechanism, public, private);
        }
        self.begin(session, Function::C_GenerateKeyPair, None, move |token| {
            let pair = token.generate_key_pair(session, mechanism, public, private)?;
            Ok(Made::Pair(pair.0, pair.1))
        })
    }

    pub(crate) fn sign(
        self: &Arc<Self>,
        session: SessionHandle,
        data: &[u8],
        room: &mut Room<'_>,
    ) -> Result<usize> {
        if !self.is_asynchronous(session) {
            return self.token.sign(session, data, room);
        }
        let mut kept = Vec::new();
        kept.try_reserve_exact(data.len()).map_err(|_| Error::HostMemory)?;
        kept.extend_from_slice(data);
        self.begin_signature(session, Function::C_Sign, room, move |token, room| {
            token.sign(session, &kept, room)
        })
    }

    pub(crate) fn sign_final(self: &Arc<Self>, session: SessionHandle, room: &mut Room<'_>) -> Result<usize> {
        if !self.is_asynchronous(session) {
            return self.token.sign_final(session, room);
        }
        self.begin_signature(session, Function::C_SignFinal, room, move |token, room| {
            token.sign_final(session, room)
        })
    }

    /// Asks for the length at once, and leaves the rest to a job if there is room.
    fn begin_signature(
        self: &Arc<Self>,
        session: SessionHandle,
        function: Function,
        room: &mut Room<'_>,
        run: impl Fn(&dyn Token, &mut Room<'_>) -> Result<usize> + Send + 'static,
    ) -> Result<usize> {
        self.is_free(session, function)?;
        let needed = run(&*self.token, &mut Room::Query)?;
        let Room::Buffer(place) = room else { return Ok(needed) };
        if place.len() < needed {
            return Err(Error::BufferTooSmall { needed });
        }
        let place = Later::of(place);
        self.begin(session, function, Some(place), move |token| {
            let mut made = Vec::new();
            made.try_reserve_exact(needed).map_err(|_| Error::HostMemory)?;
            made.resize(needed, 0);
            let len = run(token, &mut Room::Buffer(&mut made))?;
            made.truncate(len);
            Ok(Made::Bytes(made))
        })
    }

    /// One call of each function at a time.
    fn is_free(&self, session: SessionHandle, function: Function) -> Result<()> {
        let sessions = self.sessions();
        let jobs = sessions.get(&session.0).ok_or(Error::SessionHandleInvalid)?;
        if jobs.iter().any(|job| job.function == function) { Err(Error::OperationActive) } else { Ok(()) }
    }

    /// Begins a job.
    ///
    /// # Errors
    /// Always: [`Error::Pending`] for one that runs; [`Error::OperationActive`] beside another call of the function;
    /// [`Error::HostMemory`] when the system has no thread to give.
    fn begin<T>(
        self: &Arc<Self>,
        session: SessionHandle,
        function: Function,
        place: Option<Later>,
        run: impl FnOnce(&dyn Token) -> Result<Made> + Send + 'static,
    ) -> Result<T> {
        let outcome = Arc::new(OnceLock::new());
        let (installed, told) = (Arc::clone(self), Arc::clone(&outcome));
        let work = move || {
            let made = catch_unwind(AssertUnwindSafe(|| run(&*installed.token)));
            let made = made.unwrap_or_else(|payload| {
                // Dropping what was thrown may panic again.
                std::mem::forget(payload);
                Err(Error::Bug("a job panicked"))
            });
            // Nobody asks any more where the session has ended.
            drop(told.set(made));
        };
        let mut sessions = self.sessions();
        let jobs = sessions.get_mut(&session.0).ok_or(Error::SessionHandleInvalid)?;
        if jobs.iter().any(|job| job.function == function) {
            return Err(Error::OperationActive);
        }
        let thread = without_signals(|| std::thread::Builder::new().name("claviger".to_owned()).spawn(work));
        thread.map_err(|error| {
            log::error!("no thread for {}: {error}", function.name());
            Error::HostMemory
        })?;
        jobs.push(Job { function, place, outcome });
        Err(Error::Pending)
    }

    /// Takes a job that is over.
    ///
    /// # Errors
    /// [`Error::Pending`] for one that runs, [`Error::OperationNotInitialized`] where there is none.
    pub(crate) fn take_done(&self, session: SessionHandle, function: Function) -> Result<Done> {
        let mut sessions = self.sessions();
        let jobs = sessions.get_mut(&session.0).ok_or(Error::OperationNotInitialized)?;
        let at =
            jobs.iter().position(|job| job.function == function).ok_or(Error::OperationNotInitialized)?;
        let outcome = jobs.get(at).and_then(|job| job.outcome.get().cloned()).ok_or(Error::Pending)?;
        let Job { function, place, .. } = jobs.remove(at);
        Ok(Done { function, place, outcome })
    }

    /// Whether a job goes on, or waits to be asked for.
    pub(crate) fn has_job(&self, session: SessionHandle, function: Function) -> bool {
        let sessions = self.sessions();
        sessions.get(&session.0).is_some_and(|jobs| jobs.iter().any(|job| job.function == function))
    }
}
