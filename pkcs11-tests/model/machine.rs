//! The model: sessions, who is logged in, and one slot for each kind of operation (chapter 5 of the standard).

use cryptoki_sys::{
    CK_RV, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_KEY_HANDLE_INVALID,
    CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
    CKR_SESSION_READ_ONLY_EXISTS, CKR_SESSION_READ_WRITE_SO_EXISTS, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN,
};

use crate::calls::{Call, Key, Kind, Mode, PLACES, Room, Signature};

/// Who is logged in, over all sessions of the application (section 5.6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    Nobody,
    User,
    Officer,
}

/// How an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Whole,
    Part,
    Last,
}

/// One kind of operation in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Idle,
    Active {
        key: Key,
        mode: Mode,
        parts: u32,
    },
    /// Done, but the result did not fit: it waits for the same call with more room (section 5.2).
    Undelivered {
        key: Key,
        step: Step,
    },
    /// Was active with a private key when its user was logged out.
    LoggedOut,
}

#[derive(Clone, Debug)]
struct Session {
    read_write: bool,
    searching: bool,
    operations: [Operation; 5],
}

/// What the library must remember.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    sessions: [Option<Session>; PLACES],
    login: Login,
}

type Answer = Result<(), CK_RV>;

impl Machine {
    pub(crate) fn new() -> Self {
        Self { sessions: [const { None }; PLACES], login: Login::Nobody }
    }

    /// Whether a session is open.
    pub(crate) fn is_open(&self, place: usize) -> bool {
        self.sessions[place].is_some()
    }

    /// What a call answers.
    pub(crate) fn answer(&mut self, call: Call) -> CK_RV {
        let answer = match call {
            Call::Open { place, read_write } => self.open(place, read_write),
            Call::Close(place) => self.session(place).map(|_| ()).map(|()| self.close(place)),
            Call::CloseAll => {
                (0..PLACES).for_each(|place| self.close(place));
                Ok(())
            }
            Call::Info(place) => self.session(place).map(|_| ()),
            Call::Login { place, officer } => self.log_in(place, officer),
            Call::Logout(place) => self.log_out(place),
            Call::FindInit(place) => self.session(place).and_then(|session| match session.searching {
                true => Err(CKR_OPERATION_ACTIVE),
                false => {
                    session.searching = true;
                    Ok(())
                }
            }),
            Call::Find(place) => self.session(place).and_then(Session::is_searching),
            Call::FindFinal(place) => self.session(place).and_then(|session| {
                session.is_searching()?;
                session.searching = false;
                Ok(())
            }),
            call => self.operate(call),
        };
        answer.err().unwrap_or(CKR_OK)
    }

    fn session(&mut self, place: usize) -> Result<&mut Session, CK_RV> {
        self.sessions[place].as_mut().ok_or(CKR_SESSION_HANDLE_INVALID)
    }

    fn open(&mut self, place: usize, read_write: bool) -> Answer {
        // A place holds one session: the one before is closed first.
        self.close(place);
        if self.login == Login::Officer && !read_write {
            return Err(CKR_SESSION_READ_WRITE_SO_EXISTS);
        }
        self.sessions[place] =
            Some(Session { read_write, searching: false, operations: [Operation::Idle; 5] });
        Ok(())
    }

    /// The login ends with the last session (section 5.6.2).
    fn close(&mut self, place: usize) {
        self.sessions[place] = None;
        if self.sessions.iter().all(Option::is_none) {
            self.login = Login::Nobody;
        }
    }

    fn log_in(&mut self, place: usize, officer: bool) -> Answer {
        self.session(place)?;
        let wanted = if officer { Login::Officer } else { Login::User };
        let read_only = self.sessions.iter().flatten().any(|session| !session.read_write);
        match self.login {
            Login::Nobody if officer && read_only => return Err(CKR_SESSION_READ_ONLY_EXISTS),
            Login::Nobody => {}
            login if login == wanted => return Err(CKR_USER_ALREADY_LOGGED_IN),
            _ => return Err(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
        }
        self.login = wanted;
        Ok(())
    }

    /// A logout ends what works with private keys, in all sessions (section 5.6.10).
    fn log_out(&mut self, place: usize) -> Answer {
        self.session(place)?;
        if self.login == Login::Nobody {
            return Err(CKR_USER_NOT_LOGGED_IN);
        }
        self.login = Login::Nobody;
        for session in self.sessions.iter_mut().flatten() {
            session.operations.iter_mut().for_each(Operation::log_out);
        }
        Ok(())
    }

    fn operate(&mut self, call: Call) -> Answer {
        let sees_private = self.login == Login::User;
        match call {
            Call::Init { place, kind, key, mode } => {
                let operation = self.session(place)?.operation(kind);
                // A digest has no key.
                let key = if kind == Kind::Digest { Key::Public } else { key };
                if operation.is_active() {
                    return Err(CKR_OPERATION_ACTIVE);
                }
                if key == Key::Private && !sees_private {
                    return Err(CKR_KEY_HANDLE_INVALID);
                }
                *operation = Operation::Active { key, mode, parts: 0 };
                Ok(())
            }
            Call::Cancel(place, kind) => {
                *self.session(place)?.operation(kind) = Operation::Idle;
                Ok(())
            }
            Call::Whole(place, kind, room) => self.session(place)?.finish(kind, Step::Whole, room),
            Call::Final(place, kind, room) => self.session(place)?.finish(kind, Step::Last, room),
            Call::Update(place, kind, room) => self.session(place)?.update(kind, room),
            Call::Verify(place, signature) => self.session(place)?.verify(Step::Whole, signature),
            Call::VerifyFinal(place, signature) => self.session(place)?.verify(Step::Last, signature),
            Call::DigestKey(place, key) => {
                let digest = self.session(place)?.operation(Kind::Digest);
                digest.admit(Kind::Digest, Step::Part)?;
                if key == Key::Private && !sees_private {
                    *digest = Operation::Idle;
                    return Err(CKR_KEY_HANDLE_INVALID);
                }
                digest.add_part();
                if key == Key::Private {
                    digest.take_in_private();
                }
                Ok(())
            }
            Call::DigestEncrypt(place, room) => self.session(place)?.update_both(Kind::Digest, room),
            Call::SignEncrypt(place, room) => self.session(place)?.update_both(Kind::Sign, room),
            _ => Ok(()),
        }
    }
}

impl Session {
    fn operation(&mut self, kind: Kind) -> &mut Operation {
        &mut self.operations[Kind::ALL.iter().position(|of_all| *of_all == kind).expect("one of all")]
    }

    fn is_searching(&mut self) -> Answer {
        if self.searching { Ok(()) } else { Err(CKR_OPERATION_NOT_INITIALIZED) }
    }

    /// A part of a digest or a signature gives nothing; one of a cipher needs room.
    fn update(&mut self, kind: Kind, room: Room) -> Answer {
        let cipher = matches!(kind, Kind::Encrypt | Kind::Decrypt);
        let operation = self.operation(kind);
        if cipher && room == Room::Nowhere {
            *operation = Operation::Idle;
            return Err(CKR_ARGUMENTS_BAD);
        }
        operation.admit(kind, Step::Part)?;
        match room {
            Room::Query if cipher => return Ok(()),
            Room::Small if cipher => return Err(CKR_BUFFER_TOO_SMALL),
            _ => operation.add_part(),
        }
        Ok(())
    }

    fn finish(&mut self, kind: Kind, step: Step, room: Room) -> Answer {
        if kind == Kind::Verify {
            return self.verify(step, Signature::Right);
        }
        let operation = self.operation(kind);
        if room == Room::Nowhere {
            *operation = Operation::Idle;
            return Err(CKR_ARGUMENTS_BAD);
        }
        operation.admit(kind, step)?;
        let Operation::Active { key, mode, parts } = *operation else { return operation.deliver(room) };
        let padded = mode == Mode::Padded;
        match (kind, room) {
            (_, Room::Query) => return Ok(()),
            (Kind::Digest | Kind::Sign, Room::Small) => return Err(CKR_BUFFER_TOO_SMALL),
            // Padding is found only at the end of something (section 6.10 on CBC with PKCS padding).
            (Kind::Decrypt, _) if padded && step == Step::Last && parts == 0 => {
                *operation = Operation::Idle;
                return Err(CKR_ENCRYPTED_DATA_LEN_RANGE);
            }
            // The result is there and waits, whatever its length was said to be.
            (Kind::Encrypt | Kind::Decrypt, Room::Small) if step == Step::Whole => {
                *operation = Operation::Undelivered { key, step };
                return Err(CKR_BUFFER_TOO_SMALL);
            }
            // The last part of an encryption is a block of padding, that of a decryption here nothing.
            (Kind::Encrypt, Room::Small) if padded => {
                *operation = Operation::Undelivered { key, step };
                return Err(CKR_BUFFER_TOO_SMALL);
            }
            _ => {}
        }
        *operation = Operation::Idle;
        Ok(())
    }

    fn verify(&mut self, step: Step, signature: Signature) -> Answer {
        let operation = self.operation(Kind::Verify);
        operation.admit(Kind::Verify, step)?;
        let parts = operation.parts();
        *operation = Operation::Idle;
        let of_the_message = step == Step::Whole || parts == 1;
        match signature {
            Signature::Short => Err(CKR_SIGNATURE_LEN_RANGE),
            Signature::Right if of_the_message => Ok(()),
            Signature::Right | Signature::Wrong => Err(CKR_SIGNATURE_INVALID),
        }
    }

    /// A part for two operations at once (section 5.17): both, or neither.
    fn update_both(&mut self, first: Kind, room: Room) -> Answer {
        if room == Room::Nowhere {
            *self.operation(first) = Operation::Idle;
            *self.operation(Kind::Encrypt) = Operation::Idle;
            return Err(CKR_ARGUMENTS_BAD);
        }
        self.operation(first).admit(first, Step::Part)?;
        // The answer is of the function, whose list is that of its first half.
        self.operation(Kind::Encrypt).admit(first, Step::Part)?;
        match room {
            Room::Query => Ok(()),
            Room::Small => Err(CKR_BUFFER_TOO_SMALL),
            _ => {
                self.operation(first).add_part();
                self.operation(Kind::Encrypt).add_part();
                Ok(())
            }
        }
    }
}

impl Operation {
    fn is_active(self) -> bool {
        matches!(self, Self::Active { .. } | Self::Undelivered { .. })
    }

    fn parts(self) -> u32 {
        if let Self::Active { parts, .. } = self { parts } else { 0 }
    }

    fn add_part(&mut self) {
        if let Self::Active { parts, .. } = self {
            *parts += 1;
        }
    }

    /// What has taken in a private key ends with the login under which it was seen.
    fn take_in_private(&mut self) {
        if let Self::Active { key, .. } = self {
            *key = Key::Private;
        }
    }

    fn log_out(&mut self) {
        if let Self::Active { key: Key::Private, .. } | Self::Undelivered { key: Key::Private, .. } = self {
            *self = Self::LoggedOut;
        }
    }

    /// Whether the operation may be called like this; if not, it is over.
    fn admit(&mut self, kind: Kind, step: Step) -> Answer {
        let refusal = match *self {
            Self::Idle => CKR_OPERATION_NOT_INITIALIZED,
            Self::LoggedOut => logged_out(kind),
            Self::Active { parts, .. } if step == Step::Whole && parts > 0 => CKR_OPERATION_NOT_INITIALIZED,
            Self::Undelivered { step: due, .. } if step != due => CKR_OPERATION_NOT_INITIALIZED,
            Self::Active { .. } | Self::Undelivered { .. } => return Ok(()),
        };
        *self = Self::Idle;
        Err(refusal)
    }

    fn deliver(&mut self, room: Room) -> Answer {
        match room {
            Room::Query => Ok(()),
            Room::Small => Err(CKR_BUFFER_TOO_SMALL),
            Room::Enough | Room::Nowhere => {
                *self = Self::Idle;
                Ok(())
            }
        }
    }
}

/// Sections 5.8 and 5.15 do not list `CKR_USER_NOT_LOGGED_IN` for encryption and verification.
fn logged_out(kind: Kind) -> CK_RV {
    match kind {
        Kind::Encrypt | Kind::Verify | Kind::Digest => CKR_OPERATION_NOT_INITIALIZED,
        Kind::Sign | Kind::Decrypt => CKR_USER_NOT_LOGGED_IN,
    }
}
