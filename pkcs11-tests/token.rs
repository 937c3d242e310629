//! A token as most tests want it.

use cryptoki_sys::{
    CK_FLAGS, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_SLOT_ID, CK_TOKEN_INFO, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKF_TOKEN_INITIALIZED, CKR_OK, CKU_SO, CKU_USER,
};

use crate::assert_rv;
use crate::raw::{Module, Sent, Template};

/// The officer's PIN.
pub const SO_PIN: &str = "officer-7301";
/// The user's PIN.
pub const USER_PIN: &str = "user-4417";
/// A label, padded as `C_InitToken` wants it.
pub const LABEL: &[u8; 32] = b"a token under test              ";

/// An initialised token.
#[derive(Clone, Copy)]
pub struct Token {
    /// The module.
    pub module: &'static Module,
    /// The token's slot.
    pub slot: CK_SLOT_ID,
}

impl Token {
    /// Initialises the library and its first empty slot, with both PINs.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn fresh(module: &'static Module) -> Self {
        assert_rv!(module.initialize_for_threads(), CKR_OK);
        let slot = empty_slot(module);
        assert_rv!(module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        let token = Self { module, slot };
        let session = token.open_rw();
        assert_rv!(module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
        assert_rv!(module.init_pin(session, USER_PIN.into()), CKR_OK);
        assert_rv!(module.close_session(session), CKR_OK);
        token
    }

    /// The token that another process made: initialises the library and takes the first initialised slot.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn existing(module: &'static Module) -> Self {
        assert_rv!(module.initialize_for_threads(), CKR_OK);
        let slot = initialised_slots(module)[0];
        Self { module, slot }
    }

    /// Opens a session.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn open(&self, flags: CK_FLAGS) -> CK_SESSION_HANDLE {
        let (rv, session) = self.module.open_session(self.slot, flags | CKF_SERIAL_SESSION);
        assert_rv!(rv, CKR_OK);
        session
    }

    /// Opens a read-write session.
    #[must_use]
    pub fn open_rw(&self) -> CK_SESSION_HANDLE {
        self.open(CKF_RW_SESSION)
    }

    /// Opens a read-only session.
    #[must_use]
    pub fn open_ro(&self) -> CK_SESSION_HANDLE {
        self.open(0)
    }

    /// Opens a read-write session and logs the user in.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn user_session(&self) -> CK_SESSION_HANDLE {
        let session = self.open_rw();
        assert_rv!(self.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
        session
    }

    /// Opens a read-write session and logs the officer in.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn so_session(&self) -> CK_SESSION_HANDLE {
        let session = self.open_rw();
        assert_rv!(self.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
        session
    }

    /// What `C_GetTokenInfo` tells.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn info(&self) -> CK_TOKEN_INFO {
        let (rv, info) = self.module.token_info(self.slot);
        assert_rv!(rv, CKR_OK);
        info
    }

    /// Everything that a session finds.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn find(&self, session: CK_SESSION_HANDLE, template: &Template) -> Vec<CK_OBJECT_HANDLE> {
        assert_rv!(self.module.find_objects_init(session, template), CKR_OK);
        let (rv, objects) = self.module.find_objects(session, 1000);
        assert_rv!(rv, CKR_OK);
        assert_rv!(self.module.find_objects_final(session), CKR_OK);
        objects
    }

    /// Logs in with a wrong PIN `times` times; gives the answers.
    #[must_use]
    pub fn guess(&self, session: CK_SESSION_HANDLE, user: CK_FLAGS, times: usize) -> Vec<u64> {
        (0..times).map(|_| self.module.login(session, user, Sent::from("not-the-pin"))).collect()
    }
}

/// All slots, after a look for new tokens.
///
/// # Panics
/// When the module refuses.
#[must_use]
pub fn slots(module: &Module) -> Vec<CK_SLOT_ID> {
    let (rv, count, _) = module.slot_list(false, None);
    assert_rv!(rv, CKR_OK);
    let (rv, _, slots) = module.slot_list(false, Some(usize::try_from(count).expect("a count")));
    assert_rv!(rv, CKR_OK);
    slots
}

fn is_initialised(module: &Module, slot: CK_SLOT_ID) -> bool {
    let (rv, info) = module.token_info(slot);
    assert_rv!(rv, CKR_OK);
    info.flags & CKF_TOKEN_INITIALIZED != 0
}

/// The slots with an initialised token.
#[must_use]
pub fn initialised_slots(module: &Module) -> Vec<CK_SLOT_ID> {
    slots(module).into_iter().filter(|slot| is_initialised(module, *slot)).collect()
}

/// The slots without one.
#[must_use]
pub fn empty_slots(module: &Module) -> Vec<CK_SLOT_ID> {
    slots(module).into_iter().filter(|slot| !is_initialised(module, *slot)).collect()
}

/// The first of them.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn empty_slot(module: &Module) -> CK_SLOT_ID {
    *empty_slots(module).first().expect("a slot that waits for a token")
}
