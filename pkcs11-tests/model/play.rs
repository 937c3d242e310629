//! The calls themselves.

use std::cell::Cell;

use cryptoki_sys::{
    CK_MECHANISM, CK_RV, CKA_CLASS, CKA_DECRYPT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKK_AES,
    CKK_GENERIC_SECRET, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_SHA256, CKM_SHA256_HMAC, CKO_SECRET_KEY, CKR_OK,
    CKU_SO, CKU_USER,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::{Module, Out, SO_PIN, Template, Test, Token, USER_PIN, assert_rv, mechanism};
use proptest::prelude::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use crate::calls::{Call, Key, Kind, Mode, PLACES, Room, Signature};
use crate::machine::Machine;

/// What is digested, signed and encrypted: one block.
const MESSAGE: [u8; 16] = *b"a block of bytes";
/// A handle that no session has.
const CLOSED: u64 = 0xDEAD_0000;
static IV: [u8; 16] = [9; 16];

/// Keys of one owner.
#[derive(Clone, Copy)]
struct Keys {
    aes: u64,
    hmac: u64,
}

/// The application.
pub(crate) struct Player {
    token: Token,
    public: Keys,
    /// Found anew after each login: a logout takes their handles away.
    private: Cell<Keys>,
    /// The HMAC of the message.
    signature: [u8; 32],
    /// The message, encrypted with padding.
    padded: [u8; 32],
    places: [Cell<u64>; PLACES],
}

fn keys(token: Token, session: u64, private: bool) -> Keys {
    let key = |key_type| {
        let template = Template::new()
            .ulong(CKA_CLASS, CKO_SECRET_KEY)
            .ulong(CKA_KEY_TYPE, key_type)
            .boolean(CKA_TOKEN, true)
            .boolean(CKA_PRIVATE, private)
            .boolean(CKA_SENSITIVE, false)
            .boolean(CKA_EXTRACTABLE, true)
            .bytes(CKA_VALUE, [7; 32]);
        let usage: &[u64] =
            if key_type == CKK_AES { &[CKA_ENCRYPT, CKA_DECRYPT] } else { &[CKA_SIGN, CKA_VERIFY] };
        let template = usage.iter().fold(template, |template, usage| template.boolean(*usage, true));
        let (rv, key) = token.module.create_object(session, &template);
        assert_rv!(rv, CKR_OK);
        key
    };
    Keys { aes: key(CKK_AES), hmac: key(CKK_GENERIC_SECRET) }
}

impl Player {
    pub(crate) fn new(t: &Test) -> Self {
        let (token, module) = (t.token(), t.module);
        let session = token.user_session();
        let (public, private) = (keys(token, session, false), Cell::new(keys(token, session, true)));
        let (mut signature, mut padded) = ([0; 32], [0; 32]);
        assert_rv!(module.sign_init(session, Some(&mechanism(CKM_SHA256_HMAC)), public.hmac), CKR_OK);
        assert_rv!(module.sign(session, (&MESSAGE).into(), Out::buffer(&mut signature)).0, CKR_OK);
        assert_rv!(module.encrypt_init(session, Some(&cipher(Mode::Padded)), public.aes), CKR_OK);
        assert_rv!(module.encrypt(session, (&MESSAGE).into(), Out::buffer(&mut padded)).0, CKR_OK);
        Self { token, public, private, signature, padded, places: [const { Cell::new(CLOSED) }; PLACES] }
    }

    /// Makes the calls and holds every answer against the model's.
    pub(crate) fn play(&self, calls: &[Call]) -> Result<(), TestCaseError> {
        assert_rv!(self.token.module.close_all_sessions(self.token.slot), CKR_OK);
        self.places.iter().for_each(|place| place.set(CLOSED));
        let mut machine = Machine::new();
        let mut modes = [Mode::Plain; PLACES];
        for (number, call) in calls.iter().enumerate() {
            if let Call::Init { place, kind: Kind::Decrypt, mode, .. } = *call {
                modes[place] = if machine.clone().answer(*call) == CKR_OK { mode } else { modes[place] };
            }
            let made = self.make(*call, &machine, &modes);
            let foretold = machine.answer(*call);
            prop_assert_eq!(
                rv_name(made),
                rv_name(foretold),
                "call {} of {}, {:?}: the library, then the model",
                number + 1,
                calls.len(),
                call
            );
        }
        Ok(())
    }

    fn module(&self) -> &'static Module {
        self.token.module
    }

    fn find_private(&self) {
        let session = self.token.open_ro();
        let key = |key_type| {
            let wanted = Template::new().boolean(CKA_PRIVATE, true).ulong(CKA_KEY_TYPE, key_type);
            self.token.find(session, &wanted)[0]
        };
        self.private.set(Keys { aes: key(CKK_AES), hmac: key(CKK_GENERIC_SECRET) });
        assert_rv!(self.module().close_session(session), CKR_OK);
    }

    fn make(&self, call: Call, machine: &Machine, modes: &[Mode; PLACES]) -> CK_RV {
        let module = self.module();
        let at = |place: usize| self.places[place].get();
        match call {
            Call::Open { place, read_write } => {
                if machine.is_open(place) {
                    assert_rv!(module.close_session(at(place)), CKR_OK);
                }
                let flags = CKF_SERIAL_SESSION | if read_write { CKF_RW_SESSION } else { 0 };
                let (rv, session) = module.open_session(self.token.slot, flags);
                self.places[place].set(if rv == CKR_OK { session } else { CLOSED });
                rv
            }
            Call::Close(place) => module.close_session(at(place)),
            Call::CloseAll => module.close_all_sessions(self.token.slot),
            Call::Info(place) => module.session_info(at(place)).0,
            Call::Login { place, officer: true } => module.login(at(place), CKU_SO, SO_PIN.into()),
            Call::Login { place, officer: false } => {
                let rv = module.login(at(place), CKU_USER, USER_PIN.into());
                if rv == CKR_OK {
                    self.find_private();
                }
                rv
            }
            Call::Logout(place) => module.logout(at(place)),
            Call::FindInit(place) => module.find_objects_init(at(place), &Template::new()),
            Call::Find(place) => module.find_objects(at(place), 1).0,
            Call::FindFinal(place) => module.find_objects_final(at(place)),
            Call::Init { place, kind, key, mode } => self.init(at(place), kind, Some(mode), key),
            Call::Cancel(place, kind) => self.init(at(place), kind, None, Key::Public),
            Call::Whole(place, kind, room) => self.whole(at(place), kind, room, modes[place]),
            Call::Update(place, kind, room) => self.update(at(place), kind, room, modes[place]),
            Call::Final(place, kind, room) => self.last(at(place), kind, room),
            Call::Verify(place, signature) => {
                module.verify(at(place), (&MESSAGE).into(), (&self.signed(signature)).into())
            }
            Call::VerifyFinal(place, signature) => {
                module.verify_final(at(place), (&self.signed(signature)).into())
            }
            Call::DigestKey(place, key) => module.digest_key(at(place), self.keys(key).hmac),
            Call::DigestEncrypt(place, room) => {
                with_room(room, |out| module.digest_encrypt_update(at(place), (&MESSAGE).into(), out).0)
            }
            Call::SignEncrypt(place, room) => {
                with_room(room, |out| module.sign_encrypt_update(at(place), (&MESSAGE).into(), out).0)
            }
        }
    }

    fn keys(&self, key: Key) -> Keys {
        if key == Key::Private { self.private.get() } else { self.public }
    }

    fn signed(&self, signature: Signature) -> Vec<u8> {
        let mut bytes = self.signature.to_vec();
        match signature {
            Signature::Right => {}
            Signature::Wrong => bytes[3] ^= 1,
            Signature::Short => bytes.truncate(31),
        }
        bytes
    }

    /// `C_...Init`; no mode ends what is active.
    fn init(&self, session: u64, kind: Kind, mode: Option<Mode>, key: Key) -> CK_RV {
        let (module, keys) = (self.module(), self.keys(key));
        let hmac = mode.map(|_| mechanism(CKM_SHA256_HMAC));
        let aes = mode.map(cipher);
        match kind {
            Kind::Digest => module.digest_init(session, mode.map(|_| mechanism(CKM_SHA256)).as_ref()),
            Kind::Sign => module.sign_init(session, hmac.as_ref(), keys.hmac),
            Kind::Verify => module.verify_init(session, hmac.as_ref(), keys.hmac),
            Kind::Encrypt => module.encrypt_init(session, aes.as_ref(), keys.aes),
            Kind::Decrypt => module.decrypt_init(session, aes.as_ref(), keys.aes),
        }
    }

    /// What is decrypted: with padding it must end as the encryption did.
    fn hidden(&self, mode: Mode) -> &[u8] {
        if mode == Mode::Padded { &self.padded } else { &MESSAGE }
    }

    fn whole(&self, session: u64, kind: Kind, room: Room, mode: Mode) -> CK_RV {
        let module = self.module();
        with_room(room, |out| match kind {
            Kind::Digest => module.digest(session, (&MESSAGE).into(), out).0,
            Kind::Sign => module.sign(session, (&MESSAGE).into(), out).0,
            Kind::Verify => module.verify(session, (&MESSAGE).into(), (&self.signature).into()),
            Kind::Encrypt => module.encrypt(session, (&MESSAGE).into(), out).0,
            Kind::Decrypt => module.decrypt(session, self.hidden(mode).into(), out).0,
        })
    }

    fn update(&self, session: u64, kind: Kind, room: Room, mode: Mode) -> CK_RV {
        let module = self.module();
        with_room(room, |out| match kind {
            Kind::Digest => module.digest_update(session, (&MESSAGE).into()),
            Kind::Sign => module.sign_update(session, (&MESSAGE).into()),
            Kind::Verify => module.verify_update(session, (&MESSAGE).into()),
            Kind::Encrypt => module.encrypt_update(session, (&MESSAGE).into(), out).0,
            Kind::Decrypt => module.decrypt_update(session, self.hidden(mode).into(), out).0,
        })
    }

    fn last(&self, session: u64, kind: Kind, room: Room) -> CK_RV {
        let module = self.module();
        with_room(room, |out| match kind {
            Kind::Digest => module.digest_final(session, out).0,
            Kind::Sign => module.sign_final(session, out).0,
            Kind::Verify => module.verify_final(session, (&self.signature).into()),
            Kind::Encrypt => module.encrypt_final(session, out).0,
            Kind::Decrypt => module.decrypt_final(session, out).0,
        })
    }
}

fn cipher(mode: Mode) -> CK_MECHANISM {
    match mode {
        Mode::Plain => mechanism(CKM_AES_ECB),
        Mode::Padded => CK_MECHANISM {
            mechanism: CKM_AES_CBC_PAD,
            pParameter: std::ptr::from_ref(&IV).cast_mut().cast(),
            ulParameterLen: IV.len() as u64,
        },
    }
}

fn with_room(room: Room, call: impl FnOnce(Out<'_>) -> CK_RV) -> CK_RV {
    let mut bytes = [0; 64];
    call(match room {
        Room::Query => Out::query(),
        Room::Small => Out::buffer(&mut bytes[..1]),
        Room::Enough => Out::buffer(&mut bytes),
        Room::Nowhere => Out::without_length(&mut bytes),
    })
}
