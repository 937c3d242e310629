//! Chapter 5.6: opening and closing sessions.

use std::sync::Arc;

use pkcs11::constants::CKS_LAST_VALIDATION_OK;
use pkcs11::{Access, Error, Result, SessionHandle, SessionInfo, SlotId};

use crate::application::{Application, SessionObject};
use crate::policy::approved::MEETS_THE_TABLE;
use crate::quorum::roster::Role;
use crate::session::Session;
use crate::slot::Look;

impl Application {
    pub(crate) fn do_session_cancel(&self, session: SessionHandle, flags: u64) -> Result<()> {
        self.session(session)?.with(|work| {
            work.operations.cancel(flags);
            Ok(())
        })
    }

    pub(crate) fn do_open_session(
        &self,
        slot: SlotId,
        access: Access,
        serial: bool,
    ) -> Result<SessionHandle> {
        if !serial {
            return Err(Error::SessionParallelNotSupported);
        }
        let slot = self.slot(slot)?;
        slot.token(&self.parts, Look::Lately)?;
        self.not_in_error(&slot)?;
        let mut counts = slot.sessions.lock();
        if access == Access::ReadOnly
            && slot.standing().login.as_ref().is_some_and(|login| login.role == Role::Officer)
        {
            return Err(Error::SessionReadWriteSoExists);
        }
        let limit = u64::from(self.parts.settings.max_sessions);
        if limit != 0 && counts.read_only + counts.read_write >= limit {
            return Err(Error::SessionCount);
        }
        let make = |number| Session::new(SessionHandle(number), Arc::clone(&slot), access);
        let (number, _) = self.sessions.insert(make).ok_or(Error::SessionCount)?;
        match access {
            Access::ReadOnly => counts.read_only += 1,
            Access::ReadWrite => counts.read_write += 1,
        }
        Ok(SessionHandle(number))
    }

    pub(crate) fn do_close_session(&self, session: SessionHandle) -> Result<()> {
        let session = self.sessions.remove(session.0).ok_or(Error::SessionHandleInvalid)?;
        self.close(&session);
        Ok(())
    }

    pub(crate) fn do_close_all_sessions(&self, slot: SlotId) -> Result<()> {
        let slot = self.slot(slot)?;
        for (number, session) in self.sessions.values() {
            if session.slot.id == slot.id && self.sessions.remove(number).is_some() {
                self.close(&session);
            }
        }
        Ok(())
    }

    /// Ends a session that is in no table any more: its objects go, and with the last one the login.
    fn close(&self, session: &Session) {
        let Some(objects) = session.close() else { return };
        for object in objects {
            self.session_objects.remove(object.0 & !pkcs11::ObjectHandle::SESSION);
        }
        let slot = &session.slot;
        let login = {
            let mut counts = slot.sessions.lock();
            let count = match session.access {
                Access::ReadOnly => &mut counts.read_only,
                Access::ReadWrite => &mut counts.read_write,
            };
            *count = count.saturating_sub(1);
            let last = counts.read_only + counts.read_write == 0;
            let standing = slot.standing();
            let logs_out = last && standing.login.is_some();
            if logs_out {
                slot.set_login(None);
            }
            logs_out.then_some(standing)
        };
        if let Some(login) = login.as_ref().and_then(|standing| standing.login.as_ref()) {
            self.logged_out(slot, login);
        }
    }

    pub(crate) fn do_session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        let session = self.session(session)?;
        session.with(|_| Ok(()))?;
        session.slot.token(&self.parts, Look::Lately)?;
        let asking = self.asking(session.handle)?;
        let (slot, state) = (session.slot.id, asking.session_state());
        Ok(SessionInfo { slot, state, access: session.access, device_error: 0, asynchronous: false })
    }

    pub(crate) fn do_session_validation_flags(&self, session: SessionHandle, kind: u64) -> Result<u64> {
        let session = self.session(session)?;
        if kind != CKS_LAST_VALIDATION_OK {
            return Err(Error::ArgumentsBad("a kind of flags that the standard does not have"));
        }
        session.with(|work| Ok(if work.operations.met { MEETS_THE_TABLE } else { 0 }))
    }

    /// Drops session objects.
    pub(crate) fn drop_session_objects(&self, which: impl Fn(&SessionObject) -> bool) {
        for (number, object) in self.session_objects.values() {
            if which(&object) {
                self.session_objects.remove(number);
            }
        }
    }
}
