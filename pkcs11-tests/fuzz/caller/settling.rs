//! Back to where calls get somewhere: a token, sessions, a login, keys.

use cryptoki_sys::{
    CKA_CLASS, CKF_SO_PIN_LOCKED, CKF_USER_PIN_LOCKED, CKR_OK, CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKS_RW_USER_FUNCTIONS, CKU_SO, CKU_USER,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::{Token, USER_PIN, assert_rv};

use super::{Caller, KEPT, SETTLE};
use crate::cabinet::Cabinet;
use crate::pins::Pins;

/// Sessions that are left open.
const SESSIONS: usize = 30;
/// Times that the keys of the cabinet are used before others take their place: their attributes may have changed.
const WORN: u64 = 20 * SETTLE;

impl Caller {
    /// None of these calls is counted, but each must be answered as it should: a PIN that was set is the one that opens.
    pub(super) fn settle(&mut self) {
        self.settle_at = self.made + SETTLE;
        let _may_be_initialised = self.module.initialize();
        self.keep_a_token();
        self.keep_sessions();
        self.log_in();
        self.keep_objects();
    }

    fn token(&self) -> Token {
        Token { module: self.module, slot: self.slot }
    }

    /// Gives the user a PIN when he has none that opens; a token whose officer is locked out is given up for another.
    fn keep_a_token(&mut self) {
        let flags = self.token().info().flags;
        if flags & CKF_SO_PIN_LOCKED != 0 {
            assert_rv!(self.module.finalize(), CKR_OK);
            self.slot = Token::fresh(self.module).slot;
            self.pins = Pins::of_a_fresh_token();
        } else if flags & CKF_USER_PIN_LOCKED != 0 || self.pins.user().is_none() {
            assert_rv!(self.module.close_all_sessions(self.slot), CKR_OK);
            let session = self.token().open_rw();
            assert_rv!(self.module.login(session, CKU_SO, self.pins.officer().into()), CKR_OK);
            assert_rv!(self.module.init_pin(session, USER_PIN.into()), CKR_OK);
            assert_rv!(self.module.close_session(session), CKR_OK);
            self.pins.changed(CKU_USER, USER_PIN.into());
        }
    }

    fn keep_sessions(&mut self) {
        let own = |session: &u64| {
            let (rv, info) = self.module.session_info(*session);
            rv == CKR_OK && info.slotID == self.slot
        };
        self.sessions.retain(own);
        for session in self.sessions.drain(SESSIONS.min(self.sessions.len())..) {
            assert_rv!(self.module.close_session(session), CKR_OK);
        }
        // The first one is always there, and read-write.
        let session = self.token().open_rw();
        self.sessions.insert(0, session);
        while self.sessions.len() < 4 {
            let session = self.token().open_rw();
            self.sessions.push(session);
        }
    }

    fn log_in(&mut self) {
        let session = self.sessions[0];
        let pin = self.pins.of(CKU_USER);
        let mut rv = self.module.login(session, CKU_USER, pin.into());
        if rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN {
            assert_rv!(self.module.logout(session), CKR_OK);
            rv = self.module.login(session, CKU_USER, pin.into());
        }
        assert!(
            [CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&rv),
            "after call {}: the PIN that was set answers {}",
            self.made,
            rv_name(rv)
        );
        assert_eq!(self.module.session_info(session).1.state, CKS_RW_USER_FUNCTIONS);
    }

    fn keep_objects(&mut self) {
        let session = self.sessions[0];
        let known =
            |object: u64| self.module.attribute_values(session, object, &[(CKA_CLASS, None)]).0 == CKR_OK;
        self.objects.retain(|object| known(object.0));
        if self.stocked_at + WORN <= self.made || !self.cabinet.objects().iter().all(|key| known(key.0)) {
            self.objects.extend(self.cabinet.objects().into_iter().filter(|key| known(key.0)));
            self.cabinet = Cabinet::stocked(self.module, session, &self.rsa);
            self.stocked_at = self.made;
        }
        while self.objects.len() >= KEPT {
            let (object, _) = self.objects.remove(0);
            let _may_be_indestructible = self.module.destroy_object(session, object);
        }
    }
}
