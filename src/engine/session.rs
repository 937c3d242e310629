//! Sessions: one lock each, and everything that a session has going on behind it.

use std::sync::Arc;

use pkcs11::{Access, Error, ObjectHandle, Result, SessionHandle};

use crate::login::Epoch;
use crate::operations::Operations;
use crate::slot::Slot;
use crate::sync::Mutex;

/// An open session.
pub struct Session {
    /// Its handle.
    pub handle: SessionHandle,
    /// The slot that it is with.
    pub slot: Arc<Slot>,
    /// Read-only or read-write.
    pub access: Access,
    work: Mutex<Work>,
}

/// What a session has going on.
#[derive(Default)]
pub struct Work {
    /// One of each kind of operation.
    pub operations: Operations,
    /// Session objects that go with it.
    pub objects: Vec<ObjectHandle>,
    closed: bool,
    running: bool,
}

impl Session {
    /// A session without operations.
    #[must_use]
    pub fn new(handle: SessionHandle, slot: Arc<Slot>, access: Access) -> Self {
        Self { handle, slot, access, work: Mutex::new("session", Work::default()) }
    }

    /// Runs something on the session's work: the one lock of an operation. A panic in it leaves the session poisoned.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`] once it is closed, [`Error::SessionPoisoned`] after a panic.
    pub fn with<T>(&self, run: impl FnOnce(&mut Work) -> Result<T>) -> Result<T> {
        let mut work = self.work.lock();
        if work.closed {
            return Err(Error::SessionHandleInvalid);
        }
        if work.running {
            return Err(Error::SessionPoisoned);
        }
        work.running = true;
        let result = run(&mut work);
        work.running = false;
        result
    }

    /// Lets go of the keys of operations that were begun under another login. A session that is at work is left: its
    /// operation is judged again at its next call.
    pub fn end_private_operations(&self, now: Epoch) {
        if let Some(mut work) = self.work.try_lock() {
            work.operations.end_private(now);
        }
    }

    /// Ends everything; gives the session objects that go with it. `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Vec<ObjectHandle>> {
        let mut work = self.work.lock();
        if work.closed {
            return None;
        }
        work.closed = true;
        work.operations = Operations::default();
        Some(std::mem::take(&mut work.objects))
    }
}
