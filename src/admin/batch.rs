//! Several objects made as one: where one fails, or Ctrl-C comes in between, those made before are removed.

use pkcs11::{Attribute, ObjectHandle};

use crate::failure::{Failure, Result};
use crate::object::Found;
use crate::session::UserSession;
use crate::signals::Held;

/// Objects that are made together. Begun before any thread of its own that the command starts, which would be ended by
/// a signal in this one's place.
pub(crate) struct Batch<'s> {
    session: &'s UserSession,
    made: Vec<ObjectHandle>,
    held: Option<Held>,
}

impl<'s> Batch<'s> {
    pub(crate) fn begin(session: &'s UserSession) -> Self {
        // Without it Ctrl-C ends the process where it stands, as it would without a batch.
        let held = Held::begin().inspect_err(|error| log::debug!("signals are not held back: {error}")).ok();
        Self { session, made: Vec::new(), held }
    }

    /// Makes one more object. `what` names it in a failure.
    pub(crate) fn create(&mut self, what: &str, template: Vec<Attribute>) -> Result<Found> {
        let session = self.session;
        self.add(|| {
            let made = session.token.create_object(session.handle, template);
            made.map_err(|error| Failure::token(format!("{what} cannot be imported; nothing was"), error))
        })
    }

    /// Adds what `make` makes.
    pub(crate) fn add(&mut self, make: impl FnOnce() -> Result<ObjectHandle>) -> Result<Found> {
        if self.held.as_ref().is_some_and(Held::has_come) {
            return Err(Failure::refused("interrupted: nothing was imported", "start again"));
        }
        let handle = make()?;
        self.made.push(handle);
        Found::read(self.session, handle)
    }

    /// Keeps what was made.
    pub(crate) fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for object in self.made.drain(..) {
            if let Err(error) = self.session.token.destroy_object(self.session.handle, object) {
                log::error!("an object that was made before cannot be removed again: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal, raise};
    use pkcs11::constants as c;
    use pkcs11::{Access, SessionHandle, Token};

    use super::*;
    use crate::tests::Bench;

    fn note() -> Vec<Attribute> {
        vec![Attribute::ulong(c::CKA_CLASS, c::CKO_DATA), Attribute::boolean(c::CKA_TOKEN, true)]
    }

    fn count(token: &dyn Token, session: SessionHandle) -> usize {
        token.find_objects_init(session, Vec::new()).unwrap();
        let found = token.find_objects(session, 10).unwrap().len();
        token.find_objects_final(session).unwrap();
        found
    }

    #[test]
    fn an_interrupt_between_two_objects_removes_the_first() {
        let bench = Bench::with_token("web");
        let session = bench.session(Access::ReadWrite);
        let mut batch = Batch::begin(&session);
        batch.create("a note", note()).unwrap();
        assert_eq!(count(&*session.token, session.handle), 1);
        raise(Signal::SIGINT).unwrap();
        let failure = batch.create("a note", note()).map(drop).unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        drop(batch);
        assert_eq!(count(&*session.token, session.handle), 0);
    }

    #[test]
    fn what_is_kept_stays() {
        let bench = Bench::with_token("web");
        let session = bench.session(Access::ReadWrite);
        let mut batch = Batch::begin(&session);
        batch.create("a note", note()).unwrap();
        batch.keep();
        assert_eq!(count(&*session.token, session.handle), 1);
    }
}
