//! The calls, in the order of chapter 5 of the standard: thin, typed, recorded. Each gives the return value and
//! what was written.

use std::ffi::c_void;
use std::mem::zeroed;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_C_INITIALIZE_ARGS, CK_FLAGS, CK_INFO, CK_MECHANISM,
    CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CK_NOTIFY, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE,
    CK_SESSION_INFO, CK_SLOT_ID, CK_SLOT_INFO, CK_TOKEN_INFO, CK_ULONG, CK_USER_TYPE, CKF_OS_LOCKING_OK,
};

use super::{Module, Out, Sent, Template};

/// Calls a function of the 2.40 list and records its answer.
macro_rules! call {
    ($module:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $module.list.$function.expect(concat!(stringify!($function), " is in the list"));
        // SAFETY: pointers are null or name memory of this frame or of the caller's arguments, which outlive the
        // call; where a length does not fit, refusing it is what the module is tested for.
        let rv = unsafe { function($($argument),*) };
        $module.recorder.saw(stringify!($function), rv);
        rv
    }};
}
pub(super) use call;

/// A structure to be filled: all zero.
macro_rules! blank {
    ($kind:ty) => {{
        // SAFETY: a C structure of integers and byte arrays; all zero is a value of it.
        unsafe { zeroed::<$kind>() }
    }};
}

fn mechanism_pointer(mechanism: Option<&CK_MECHANISM>) -> *mut CK_MECHANISM {
    mechanism.map_or(ptr::null_mut(), |mechanism| ptr::from_ref(mechanism).cast_mut())
}

/// A template's pointer and count.
struct Lent(Vec<CK_ATTRIBUTE>);

impl Lent {
    fn pointer(&mut self) -> *mut CK_ATTRIBUTE {
        self.0.as_mut_ptr()
    }

    fn count(&self) -> CK_ULONG {
        self.0.len() as CK_ULONG
    }
}

fn length_pointer(len: &mut Option<CK_ULONG>) -> *mut CK_ULONG {
    len.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
}

/// 5.4 General purpose.
impl Module {
    /// `C_Initialize` for several threads: locks of the operating system, no callbacks.
    pub fn initialize_for_threads(&self) -> CK_RV {
        self.initialize_with(&mut CK_C_INITIALIZE_ARGS {
            CreateMutex: None,
            DestroyMutex: None,
            LockMutex: None,
            UnlockMutex: None,
            flags: CKF_OS_LOCKING_OK,
            pReserved: ptr::null_mut(),
        })
    }

    /// `C_Initialize` with a null pointer: by the standard, for one thread alone.
    pub fn initialize(&self) -> CK_RV {
        call!(self, C_Initialize(ptr::null_mut()))
    }

    /// `C_Initialize`
    pub fn initialize_with(&self, arguments: &mut CK_C_INITIALIZE_ARGS) -> CK_RV {
        call!(self, C_Initialize(ptr::from_mut(arguments).cast()))
    }

    /// `C_Finalize`
    pub fn finalize(&self) -> CK_RV {
        call!(self, C_Finalize(ptr::null_mut()))
    }

    /// `C_Finalize` with a pointer that must be null.
    pub fn finalize_with(&self, reserved: usize) -> CK_RV {
        call!(self, C_Finalize(reserved as *mut c_void))
    }

    /// `C_GetInfo`
    pub fn info(&self) -> (CK_RV, CK_INFO) {
        let mut info = blank!(CK_INFO);
        (call!(self, C_GetInfo(&raw mut info)), info)
    }

    /// `C_GetInfo` without a place for the answer.
    pub fn info_nowhere(&self) -> CK_RV {
        call!(self, C_GetInfo(ptr::null_mut()))
    }
}

/// 5.5 Slots and tokens.
impl Module {
    /// `C_GetSlotList` with room for `room` slots, or as a query, which looks for new tokens.
    pub fn slot_list(&self, token_present: bool, room: Option<usize>) -> (CK_RV, CK_ULONG, Vec<CK_SLOT_ID>) {
        let mut slots = vec![0; room.unwrap_or(0)];
        let mut count = slots.len() as CK_ULONG;
        let pointer = room.map_or(ptr::null_mut(), |_| slots.as_mut_ptr());
        let rv = call!(self, C_GetSlotList(u8::from(token_present), pointer, &raw mut count));
        slots.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        (rv, count, slots)
    }

    /// `C_GetSlotList` without a place for the count.
    pub fn slot_list_nowhere(&self) -> CK_RV {
        call!(self, C_GetSlotList(0, ptr::null_mut(), ptr::null_mut()))
    }

    /// `C_GetSlotInfo`
    pub fn slot_info(&self, slot: CK_SLOT_ID) -> (CK_RV, CK_SLOT_INFO) {
        let mut info = blank!(CK_SLOT_INFO);
        (call!(self, C_GetSlotInfo(slot, &raw mut info)), info)
    }

    /// `C_GetSlotInfo` without a place for the answer.
    pub fn slot_info_nowhere(&self, slot: CK_SLOT_ID) -> CK_RV {
        call!(self, C_GetSlotInfo(slot, ptr::null_mut()))
    }

    /// `C_GetTokenInfo`
    pub fn token_info(&self, slot: CK_SLOT_ID) -> (CK_RV, CK_TOKEN_INFO) {
        let mut info = blank!(CK_TOKEN_INFO);
        (call!(self, C_GetTokenInfo(slot, &raw mut info)), info)
    }

    /// `C_GetTokenInfo` without a place for the answer.
    pub fn token_info_nowhere(&self, slot: CK_SLOT_ID) -> CK_RV {
        call!(self, C_GetTokenInfo(slot, ptr::null_mut()))
    }

    /// `C_GetMechanismList` with room for `room` types, or as a query.
    pub fn mechanism_list(
        &self,
        slot: CK_SLOT_ID,
        room: Option<usize>,
    ) -> (CK_RV, CK_ULONG, Vec<CK_MECHANISM_TYPE>) {
        let mut types = vec![0; room.unwrap_or(0)];
        let mut count = types.len() as CK_ULONG;
        let pointer = room.map_or(ptr::null_mut(), |_| types.as_mut_ptr());
        let rv = call!(self, C_GetMechanismList(slot, pointer, &raw mut count));
        types.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        (rv, count, types)
    }

    /// `C_GetMechanismList` without a place for the count.
    pub fn mechanism_list_nowhere(&self, slot: CK_SLOT_ID) -> CK_RV {
        call!(self, C_GetMechanismList(slot, ptr::null_mut(), ptr::null_mut()))
    }

    /// `C_GetMechanismInfo`
    pub fn mechanism_info(&self, slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE) -> (CK_RV, CK_MECHANISM_INFO) {
        let mut info = blank!(CK_MECHANISM_INFO);
        (call!(self, C_GetMechanismInfo(slot, kind, &raw mut info)), info)
    }

    /// `C_GetMechanismInfo` without a place for the answer.
    pub fn mechanism_info_nowhere(&self, slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE) -> CK_RV {
        call!(self, C_GetMechanismInfo(slot, kind, ptr::null_mut()))
    }

    /// `C_InitToken`; no label is a null pointer.
    pub fn init_token(&self, slot: CK_SLOT_ID, pin: Sent<'_>, label: Option<&[u8; 32]>) -> CK_RV {
        let label = label.map_or(ptr::null_mut(), |label| label.as_ptr().cast_mut());
        call!(self, C_InitToken(slot, pin.pointer, pin.len, label))
    }

    /// `C_InitPIN`
    pub fn init_pin(&self, session: CK_SESSION_HANDLE, pin: Sent<'_>) -> CK_RV {
        call!(self, C_InitPIN(session, pin.pointer, pin.len))
    }

    /// `C_SetPIN`
    pub fn set_pin(&self, session: CK_SESSION_HANDLE, old: Sent<'_>, new: Sent<'_>) -> CK_RV {
        call!(self, C_SetPIN(session, old.pointer, old.len, new.pointer, new.len))
    }
}

/// 5.6 Sessions.
impl Module {
    /// `C_OpenSession`
    pub fn open_session(&self, slot: CK_SLOT_ID, flags: CK_FLAGS) -> (CK_RV, CK_SESSION_HANDLE) {
        let mut session = 0;
        (call!(self, C_OpenSession(slot, flags, ptr::null_mut(), None, &raw mut session)), session)
    }

    /// `C_OpenSession` with a callback and the address that it is to be given.
    pub fn open_session_with(
        &self,
        slot: CK_SLOT_ID,
        flags: CK_FLAGS,
        application: usize,
        notify: CK_NOTIFY,
    ) -> (CK_RV, CK_SESSION_HANDLE) {
        let mut session = 0;
        (
            call!(self, C_OpenSession(slot, flags, application as *mut c_void, notify, &raw mut session)),
            session,
        )
    }

    /// `C_OpenSession` without a place for the handle.
    pub fn open_session_nowhere(&self, slot: CK_SLOT_ID, flags: CK_FLAGS) -> CK_RV {
        call!(self, C_OpenSession(slot, flags, ptr::null_mut(), None, ptr::null_mut()))
    }

    /// `C_CloseSession`
    pub fn close_session(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_CloseSession(session))
    }

    /// `C_CloseAllSessions`
    pub fn close_all_sessions(&self, slot: CK_SLOT_ID) -> CK_RV {
        call!(self, C_CloseAllSessions(slot))
    }

    /// `C_GetSessionInfo`
    pub fn session_info(&self, session: CK_SESSION_HANDLE) -> (CK_RV, CK_SESSION_INFO) {
        let mut info = blank!(CK_SESSION_INFO);
        (call!(self, C_GetSessionInfo(session, &raw mut info)), info)
    }

    /// `C_GetSessionInfo` without a place for the answer.
    pub fn session_info_nowhere(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_GetSessionInfo(session, ptr::null_mut()))
    }

    /// `C_Login`
    pub fn login(&self, session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: Sent<'_>) -> CK_RV {
        call!(self, C_Login(session, user, pin.pointer, pin.len))
    }

    /// `C_LoginUser` of the 3.0 interface.
    ///
    /// # Panics
    /// When the module has no 3.0 interface.
    pub fn login_user(
        &self,
        session: CK_SESSION_HANDLE,
        user: CK_USER_TYPE,
        pin: Sent<'_>,
        name: Sent<'_>,
    ) -> CK_RV {
        let function = self.list_3_0.and_then(|list| list.C_LoginUser).expect("C_LoginUser");
        // SAFETY: as for the 2.40 functions.
        let rv = unsafe { function(session, user, pin.pointer, pin.len, name.pointer, name.len) };
        self.recorder.saw("C_LoginUser", rv);
        rv
    }

    /// `C_Logout`
    pub fn logout(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_Logout(session))
    }
}

/// 5.7 Objects.
impl Module {
    /// `C_CreateObject`
    pub fn create_object(
        &self,
        session: CK_SESSION_HANDLE,
        template: &Template,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut lent = Lent(template.raw());
        let mut object = 0;
        let count = lent.count();
        (call!(self, C_CreateObject(session, lent.pointer(), count, &raw mut object)), object)
    }

    /// `C_CreateObject` with a null template that claims `count` attributes.
    pub fn create_object_from_null(&self, session: CK_SESSION_HANDLE, count: CK_ULONG) -> CK_RV {
        let mut object = 0;
        call!(self, C_CreateObject(session, ptr::null_mut(), count, &raw mut object))
    }

    /// `C_CreateObject` without a place for the handle.
    pub fn create_object_nowhere(&self, session: CK_SESSION_HANDLE, template: &Template) -> CK_RV {
        let mut lent = Lent(template.raw());
        let count = lent.count();
        call!(self, C_CreateObject(session, lent.pointer(), count, ptr::null_mut()))
    }

    /// `C_DestroyObject`
    pub fn destroy_object(&self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
        call!(self, C_DestroyObject(session, object))
    }

    /// `C_GetAttributeValue` into buffers of the given lengths (`None`: a null pointer). Gives for each attribute
    /// the buffer, and the length that was written.
    #[allow(clippy::type_complexity, reason = "one use, and each part is named above")]
    pub fn attribute_values(
        &self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        asked: &[(CK_ATTRIBUTE_TYPE, Option<usize>)],
    ) -> (CK_RV, Vec<(Vec<u8>, CK_ULONG)>) {
        let mut buffers: Vec<Option<Vec<u8>>> =
            asked.iter().map(|(_, len)| len.map(|len| vec![0xA5; len])).collect();
        let mut raw: Vec<CK_ATTRIBUTE> = asked
            .iter()
            .zip(&mut buffers)
            .map(|((kind, _), buffer)| CK_ATTRIBUTE {
                type_: *kind,
                ulValueLen: buffer.as_ref().map_or(0, |buffer| buffer.len() as CK_ULONG),
                pValue: buffer.as_mut().map_or(ptr::null_mut(), |buffer| buffer.as_mut_ptr().cast()),
            })
            .collect();
        let count = raw.len() as CK_ULONG;
        let rv = call!(self, C_GetAttributeValue(session, object, raw.as_mut_ptr(), count));
        let answers =
            buffers.into_iter().zip(&raw).map(|(buffer, raw)| (buffer.unwrap_or_default(), raw.ulValueLen));
        (rv, answers.collect())
    }

    /// `C_GetAttributeValue` with a null template that claims `count` attributes.
    pub fn attribute_values_from_null(
        &self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        count: CK_ULONG,
    ) -> CK_RV {
        call!(self, C_GetAttributeValue(session, object, ptr::null_mut(), count))
    }

    /// `C_FindObjectsInit`
    pub fn find_objects_init(&self, session: CK_SESSION_HANDLE, template: &Template) -> CK_RV {
        let mut lent = Lent(template.raw());
        let count = lent.count();
        let pointer = if count == 0 { ptr::null_mut() } else { lent.pointer() };
        call!(self, C_FindObjectsInit(session, pointer, count))
    }

    /// `C_FindObjectsInit` with a null template that claims `count` attributes.
    pub fn find_objects_init_from_null(&self, session: CK_SESSION_HANDLE, count: CK_ULONG) -> CK_RV {
        call!(self, C_FindObjectsInit(session, ptr::null_mut(), count))
    }

    /// `C_FindObjects` with room for `max` handles.
    pub fn find_objects(&self, session: CK_SESSION_HANDLE, max: usize) -> (CK_RV, Vec<CK_OBJECT_HANDLE>) {
        let mut objects = vec![0; max];
        let mut count = 0;
        let rv = call!(
            self,
            C_FindObjects(session, objects.as_mut_ptr(), objects.len() as CK_ULONG, &raw mut count)
        );
        objects.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        (rv, objects)
    }

    /// `C_FindObjects` with null pointers: for the handles or for the count.
    pub fn find_objects_nowhere(&self, session: CK_SESSION_HANDLE, with_count: bool) -> CK_RV {
        let (mut object, mut count) = (0, 0);
        if with_count {
            call!(self, C_FindObjects(session, ptr::null_mut(), 1, &raw mut count))
        } else {
            call!(self, C_FindObjects(session, &raw mut object, 1, ptr::null_mut()))
        }
    }

    /// `C_FindObjectsFinal`
    pub fn find_objects_final(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_FindObjectsFinal(session))
    }
}

/// 5.12 Digests.
impl Module {
    /// `C_DigestInit`; no mechanism is a null pointer.
    pub fn digest_init(&self, session: CK_SESSION_HANDLE, mechanism: Option<&CK_MECHANISM>) -> CK_RV {
        call!(self, C_DigestInit(session, mechanism_pointer(mechanism)))
    }

    /// `C_Digest`
    pub fn digest(&self, session: CK_SESSION_HANDLE, data: Sent<'_>, out: Out<'_>) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = length_pointer(&mut len);
        let rv = call!(self, C_Digest(session, data.pointer, data.len, out.pointer, place));
        (rv, len.unwrap_or(0))
    }

    /// `C_DigestUpdate`
    pub fn digest_update(&self, session: CK_SESSION_HANDLE, part: Sent<'_>) -> CK_RV {
        call!(self, C_DigestUpdate(session, part.pointer, part.len))
    }

    /// `C_DigestFinal`
    pub fn digest_final(&self, session: CK_SESSION_HANDLE, out: Out<'_>) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = length_pointer(&mut len);
        let rv = call!(self, C_DigestFinal(session, out.pointer, place));
        (rv, len.unwrap_or(0))
    }
}

/// 5.13 Signing and 5.15 verifying.
impl Module {
    /// `C_SignInit`; no mechanism is a null pointer.
    pub fn sign_init(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        key: CK_OBJECT_HANDLE,
    ) -> CK_RV {
        call!(self, C_SignInit(session, mechanism_pointer(mechanism), key))
    }

    /// `C_Sign`
    pub fn sign(&self, session: CK_SESSION_HANDLE, data: Sent<'_>, out: Out<'_>) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = length_pointer(&mut len);
        let rv = call!(self, C_Sign(session, data.pointer, data.len, out.pointer, place));
        (rv, len.unwrap_or(0))
    }

    /// `C_SignUpdate`
    pub fn sign_update(&self, session: CK_SESSION_HANDLE, part: Sent<'_>) -> CK_RV {
        call!(self, C_SignUpdate(session, part.pointer, part.len))
    }

    /// `C_SignFinal`
    pub fn sign_final(&self, session: CK_SESSION_HANDLE, out: Out<'_>) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = length_pointer(&mut len);
        let rv = call!(self, C_SignFinal(session, out.pointer, place));
        (rv, len.unwrap_or(0))
    }

    /// `C_VerifyInit`; no mechanism is a null pointer.
    pub fn verify_init(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        key: CK_OBJECT_HANDLE,
    ) -> CK_RV {
        call!(self, C_VerifyInit(session, mechanism_pointer(mechanism), key))
    }

    /// `C_Verify`
    pub fn verify(&self, session: CK_SESSION_HANDLE, data: Sent<'_>, signature: Sent<'_>) -> CK_RV {
        call!(self, C_Verify(session, data.pointer, data.len, signature.pointer, signature.len))
    }

    /// `C_VerifyUpdate`
    pub fn verify_update(&self, session: CK_SESSION_HANDLE, part: Sent<'_>) -> CK_RV {
        call!(self, C_VerifyUpdate(session, part.pointer, part.len))
    }

    /// `C_VerifyFinal`
    pub fn verify_final(&self, session: CK_SESSION_HANDLE, signature: Sent<'_>) -> CK_RV {
        call!(self, C_VerifyFinal(session, signature.pointer, signature.len))
    }
}

/// 5.18 Keys and 5.20 random numbers.
impl Module {
    /// `C_GenerateKeyPair`: gives the public handle first.
    pub fn generate_key_pair(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        public: &Template,
        private: &Template,
    ) -> (CK_RV, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) {
        let (mut of_public, mut of_private) = (Lent(public.raw()), Lent(private.raw()));
        let (mut public, mut private) = (0, 0);
        let (public_count, private_count) = (of_public.count(), of_private.count());
        let rv = call!(
            self,
            C_GenerateKeyPair(
                session,
                mechanism_pointer(mechanism),
                of_public.pointer(),
                public_count,
                of_private.pointer(),
                private_count,
                &raw mut public,
                &raw mut private,
            )
        );
        (rv, public, private)
    }

    /// `C_GenerateKeyPair` with a place for the public handle alone.
    pub fn generate_key_pair_nowhere(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: &CK_MECHANISM,
        public: &Template,
        private: &Template,
    ) -> CK_RV {
        let (mut of_public, mut of_private) = (Lent(public.raw()), Lent(private.raw()));
        let (public_count, private_count) = (of_public.count(), of_private.count());
        let mut handle = 0;
        call!(
            self,
            C_GenerateKeyPair(
                session,
                mechanism_pointer(Some(mechanism)),
                of_public.pointer(),
                public_count,
                of_private.pointer(),
                private_count,
                &raw mut handle,
                ptr::null_mut(),
            )
        )
    }

    /// `C_GenerateKeyPair` with null templates that claim `count` attributes.
    pub fn generate_key_pair_from_null(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: &CK_MECHANISM,
        count: CK_ULONG,
    ) -> CK_RV {
        let (mut public, mut private) = (0, 0);
        let mechanism = mechanism_pointer(Some(mechanism));
        let none = ptr::null_mut();
        call!(
            self,
            C_GenerateKeyPair(
                session,
                mechanism,
                none,
                count,
                none,
                count,
                &raw mut public,
                &raw mut private
            )
        )
    }

    /// `C_GenerateRandom`
    pub fn generate_random(&self, session: CK_SESSION_HANDLE, out: Out<'_>) -> CK_RV {
        call!(self, C_GenerateRandom(session, out.pointer, out.len.unwrap_or(0)))
    }

    /// `C_GenerateRandom` with a null pointer that claims `len` bytes.
    pub fn generate_random_nowhere(&self, session: CK_SESSION_HANDLE, len: CK_ULONG) -> CK_RV {
        call!(self, C_GenerateRandom(session, ptr::null_mut(), len))
    }
}
