//! Running operations: one slot a kind, and one rule for all of how they begin, go on and end.

mod process;

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use pkcs11::constants::{
    CKF_DECRYPT, CKF_DIGEST, CKF_ENCRYPT, CKF_FIND_OBJECTS, CKF_MESSAGE_DECRYPT, CKF_MESSAGE_ENCRYPT,
    CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY, CKF_SIGN, CKF_SIGN_RECOVER, CKF_VERIFY, CKF_VERIFY_RECOVER,
};
use pkcs11::{Error, Mechanism, ObjectHandle, Result, Room, Secret};

use crate::login::Epoch;
use crate::mechanism::{Ciphering, Digesting, Key, Message, Messages, Signing, Verifying};
use crate::search::Search;

pub use process::Process;

/// Everything that may go on in a session, each kind beside the others.
#[derive(Default)]
pub struct Operations {
    /// `C_FindObjectsInit`
    pub search: Option<Search>,
    /// `C_DigestInit`
    pub digest: Running<Box<dyn Digesting>>,
    /// `C_SignInit`
    pub sign: Running<Box<dyn Signing>>,
    /// The key whose counter that takes, if it is a one-time password.
    pub counter_of: Option<ObjectHandle>,
    /// `C_VerifyInit`
    pub verify: Running<Box<dyn Verifying>>,
    /// `C_VerifySignatureInit`
    pub verify_signature: Running<SignatureFirst>,
    /// `C_EncryptInit`
    pub encrypt: Running<Box<dyn Ciphering>>,
    /// `C_DecryptInit`
    pub decrypt: Running<Box<dyn Ciphering>>,
    /// `C_SignRecoverInit`
    pub sign_recover: Running<Box<dyn Ciphering>>,
    /// `C_VerifyRecoverInit`
    pub verify_recover: Running<Box<dyn Ciphering>>,
    /// `C_MessageEncryptInit`
    pub message_encrypt: Process<Box<dyn Messages>, Box<dyn Message>>,
    /// `C_MessageDecryptInit`
    pub message_decrypt: Process<Box<dyn Messages>, Box<dyn Message>>,
    /// `C_MessageSignInit`
    pub message_sign: Process<EachMessage<Box<dyn Signing>>, Box<dyn Signing>>,
    /// `C_MessageVerifyInit`
    pub message_verify: Process<EachMessage<Box<dyn Verifying>>, Box<dyn Verifying>>,
    /// Whether what was finished last met the table of approved mode (section 4.15.3, "Last operation flags").
    pub met: bool,
}

/// What begins the operation of each message: as it was begun with the process.
pub struct EachMessage<T> {
    /// The constructor and the key.
    pub maker: Maker<T>,
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Bytes of each signature; 0 where none is made.
    pub signature_len: usize,
}

impl<T> EachMessage<T> {
    /// Begins a message.
    ///
    /// # Errors
    /// Those of the constructor.
    pub fn start(&self) -> Result<T> {
        (self.maker.0)(&self.mechanism, &self.maker.1)
    }
}

/// What all kinds of operations and processes have in common.
trait Kind {
    fn end_private(&mut self, now: Epoch);
    fn awaits_login(&self) -> Option<u64>;
    fn allow_once(&mut self, waiting: u64);
}

impl<T> Kind for Running<T> {
    fn end_private(&mut self, now: Epoch) {
        Self::end_private(self, now);
    }

    fn awaits_login(&self) -> Option<u64> {
        Self::awaits_login(self)
    }

    fn allow_once(&mut self, waiting: u64) {
        Self::allow_once(self, waiting);
    }
}

impl<P, M> Kind for Process<P, M> {
    fn end_private(&mut self, now: Epoch) {
        Self::end_private(self, now);
    }

    fn awaits_login(&self) -> Option<u64> {
        Self::awaits_login(self)
    }

    fn allow_once(&mut self, waiting: u64) {
        Self::allow_once(self, waiting);
    }
}

/// Ends one kind of operation.
type End = fn(&mut Operations);

/// TABLE: the `CKF_` flags of operations, and how each is ended.
const CANCELLED: &[(u64, End)] = &[
    (CKF_FIND_OBJECTS, |operations| operations.search = None),
    (CKF_DIGEST, |operations| operations.digest.cancel()),
    (CKF_SIGN, |operations| operations.sign.cancel()),
    (CKF_VERIFY, |operations| operations.verify.cancel()),
    (CKF_VERIFY, |operations| operations.verify_signature.cancel()),
    (CKF_ENCRYPT, |operations| operations.encrypt.cancel()),
    (CKF_DECRYPT, |operations| operations.decrypt.cancel()),
    (CKF_SIGN_RECOVER, |operations| operations.sign_recover.cancel()),
    (CKF_VERIFY_RECOVER, |operations| operations.verify_recover.cancel()),
    (CKF_MESSAGE_ENCRYPT, |operations| operations.message_encrypt.cancel()),
    (CKF_MESSAGE_DECRYPT, |operations| operations.message_decrypt.cancel()),
    (CKF_MESSAGE_SIGN, |operations| operations.message_sign.cancel()),
    (CKF_MESSAGE_VERIFY, |operations| operations.message_verify.cancel()),
];

impl Operations {
    /// Ends each operation that a flag names (section 5.6.8). Other flags name what never runs on.
    pub fn cancel(&mut self, flags: u64) {
        for (_, cancel) in CANCELLED.iter().filter(|(flag, _)| flags & flag != 0) {
            cancel(self);
        }
    }

    fn kinds(&mut self) -> [&mut dyn Kind; 12] {
        [
            &mut self.digest,
            &mut self.sign,
            &mut self.verify,
            &mut self.verify_signature,
            &mut self.encrypt,
            &mut self.decrypt,
            &mut self.sign_recover,
            &mut self.verify_recover,
            &mut self.message_encrypt,
            &mut self.message_decrypt,
            &mut self.message_sign,
            &mut self.message_verify,
        ]
    }

    /// Ends operations that were begun under another login.
    pub fn end_private(&mut self, now: Epoch) {
        self.kinds().into_iter().for_each(|kind| kind.end_private(now));
    }

    /// The one that was begun last of those that wait for a login of their own.
    #[must_use]
    pub fn awaits_login(&mut self) -> Option<u64> {
        self.kinds().into_iter().filter_map(|kind| kind.awaits_login()).max()
    }

    /// The login of that one has come.
    pub fn allow_once(&mut self, waiting: u64) {
        self.kinds().into_iter().for_each(|kind| kind.allow_once(waiting));
    }
}

/// A verification whose signature came before the data.
pub struct SignatureFirst {
    /// What judges.
    pub verifying: Box<dyn Verifying>,
    /// What is judged.
    pub signature: Vec<u8>,
}

/// One kind of operation.
#[derive(Default)]
pub enum Running<T> {
    /// None is active.
    #[default]
    Idle,
    /// One is.
    Active(Active<T>),
    /// One is done, and its result waits for a buffer that is large enough.
    Undelivered(Undelivered<T>),
    /// One was active under a login that is over: the next call says so.
    LoggedOut,
}

/// An active operation.
pub struct Active<T> {
    /// Where it stands.
    pub operation: T,
    /// Whether a part has come: then it is not done all at once any more.
    pub in_parts: bool,
    /// With what.
    pub about: About,
    needs: Needs,
    maker: Option<Maker<T>>,
}

impl<T> Active<T> {
    /// The login that it ends with.
    #[must_use]
    pub fn login(&self) -> Option<Epoch> {
        self.needs.login
    }
}

/// What makes an operation anew, with its mechanism: a constructor and the key.
pub type Maker<T> = (fn(&Mechanism, &Arc<dyn Key>) -> Result<T>, Arc<dyn Key>);

/// A result that did not fit.
pub struct Undelivered<T> {
    /// In the first `len` bytes.
    result: Secret,
    len: usize,
    input: Fingerprint,
    call: Call,
    about: About,
    needs: Needs,
    maker: Option<Maker<T>>,
}

/// Tells an input from another that an application may send by mistake; not one that it has sought.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fingerprint(usize, u64);

impl Fingerprint {
    fn of(input: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(input);
        Self(input.len(), hasher.finish())
    }
}

/// What an operation works with, for taking it up again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// By which mechanism.
    pub mechanism: Mechanism,
    /// `CKA_UNIQUE_ID` of the key; none for a digest.
    pub key: Option<Vec<u8>>,
}

/// What an operation's key asks of the login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The login that a private key was found under; an operation begun under an older one is over.
    pub login: Option<Epoch>,
    /// A login for this operation alone (`CKA_ALWAYS_AUTHENTICATE`), until it has come: a number that rises with each
    /// operation begun.
    pub login_again: Option<u64>,
    /// Whether it is what the table of approved mode has, with all that this asks.
    pub meets: bool,
}

/// How an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// All at once: not after a part.
    Whole,
    /// One of parts.
    Part,
    /// The last of parts.
    Last,
}

impl<T> Running<T> {
    /// Begins.
    ///
    /// # Errors
    /// [`Error::OperationActive`]
    pub fn begin(&mut self, needs: Needs, about: About, make: impl FnOnce() -> Result<T>) -> Result<()> {
        if self.is_active() {
            return Err(Error::OperationActive);
        }
        *self = Self::Active(Active { operation: make()?, in_parts: false, needs, about, maker: None });
        Ok(())
    }

    /// Keeps what makes the operation anew, should its result not fit and other input come: unless it has a login of its
    /// own, which is for one.
    pub fn keep_maker(&mut self, maker: Maker<T>) {
        if let Self::Active(active) = self
            && active.needs.login_again.is_none()
        {
            active.maker = Some(maker);
        }
    }

    /// Binds what is active to a login: it has taken in what that login alone may see.
    pub fn bind(&mut self, login: Epoch) {
        if let Self::Active(active) = self {
            active.needs.login = Some(login);
        }
    }

    /// Takes up a saved operation in place of what is active.
    pub fn resume(&mut self, needs: Needs, about: About, in_parts: bool, operation: T) {
        *self = Self::Active(Active { operation, in_parts, about, needs, maker: None });
    }

    /// Whether one is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self, Self::Idle | Self::LoggedOut)
    }

    /// The number of what is active, if it waits for a login of its own.
    #[must_use]
    pub fn awaits_login(&self) -> Option<u64> {
        match self {
            Self::Active(active) => active.needs.login_again,
            Self::Idle | Self::Undelivered(_) | Self::LoggedOut => None,
        }
    }

    /// The login has come: for what waits for it under this number.
    pub fn allow_once(&mut self, waiting: u64) {
        if let Self::Active(active) = self
            && active.needs.login_again == Some(waiting)
        {
            active.needs.login_again = None;
        }
    }

    /// Ends what was begun under another login.
    pub fn end_private(&mut self, now: Epoch) {
        let needs = match self {
            Self::Active(active) => active.needs,
            Self::Undelivered(waiting) => waiting.needs,
            Self::Idle | Self::LoggedOut => return,
        };
        if needs.login.is_some_and(|epoch| epoch != now) {
            *self = Self::LoggedOut;
        }
    }

    /// Ends what is active without a result.
    pub fn cancel(&mut self) {
        *self = Self::Idle;
    }

    /// What is active: for saving it.
    #[must_use]
    pub fn active(&self) -> Option<&Active<T>> {
        match self {
            Self::Active(active) => Some(active),
            Self::Idle | Self::Undelivered(_) | Self::LoggedOut => None,
        }
    }

    /// Whether what is active meets the table of approved mode.
    #[must_use]
    pub fn meets(&self) -> bool {
        match self {
            Self::Active(active) => active.needs.meets,
            Self::Undelivered(waiting) => waiting.needs.meets,
            Self::Idle | Self::LoggedOut => false,
        }
    }

    /// Looks at the operation without changing it: for lengths. A call that may not be made ends it.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`]
    pub fn look<R>(&mut self, call: Call, now: Epoch, look: impl FnOnce(&T) -> R) -> Result<R> {
        self.admit(call, now)?;
        match self {
            Self::Active(active) => Ok(look(&active.operation)),
            Self::Idle | Self::Undelivered(_) | Self::LoggedOut => Err(Error::OperationNotInitialized),
        }
    }

    /// Adds a part; an error ends the operation.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`], and those of `add`.
    pub fn part<R>(&mut self, now: Epoch, add: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.admit(Call::Part, now)?;
        let Self::Active(active) = self else { return Err(Error::OperationNotInitialized) };
        active.in_parts = true;
        let added = add(&mut active.operation);
        if added.is_err() {
            self.cancel();
        }
        added
    }

    /// Takes the operation out to finish it: whatever comes of it, it is over.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`]
    pub fn take(&mut self, call: Call, now: Epoch) -> Result<T> {
        self.take_active(call, now).map(|active| active.operation)
    }

    fn take_active(&mut self, call: Call, now: Epoch) -> Result<Active<T>> {
        self.admit(call, now)?;
        match std::mem::take(self) {
            Self::Active(active) => Ok(active),
            Self::Idle | Self::Undelivered(_) | Self::LoggedOut => Err(Error::OperationNotInitialized),
        }
    }

    /// Whether the operation may be called like this; if not, it is over.
    fn admit(&mut self, call: Call, now: Epoch) -> Result<()> {
        let (out_of_order, needs) = match self {
            Self::Idle => return Err(Error::OperationNotInitialized),
            Self::LoggedOut => {
                self.cancel();
                return Err(Error::UserNotLoggedIn);
            }
            Self::Active(active) => (call == Call::Whole && active.in_parts, active.needs),
            Self::Undelivered(waiting) => (call != waiting.call, waiting.needs),
        };
        let logged_out = needs.login.is_some_and(|epoch| epoch != now);
        // An operation that waits for a login of its own ends too: only a buffer that is too small, and a length that was
        // told, leave one active (sections 5.8 to 5.15).
        let not_logged_in = logged_out || needs.login_again.is_some();
        if !out_of_order && !not_logged_in {
            return Ok(());
        }
        self.cancel();
        Err(if not_logged_in { Error::UserNotLoggedIn } else { Error::OperationNotInitialized })
    }
}

impl Running<Box<dyn Ciphering>> {
    /// Takes a part and writes what comes of it. A query, or a buffer that is too small, changes nothing. A query tells
    /// at least one byte of a part that is not empty, also where nothing will come of it.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`], [`Error::BufferTooSmall`], and those of the
    /// operation, which end it.
    pub fn update(&mut self, now: Epoch, part: &[u8], out: &mut Room<'_>) -> Result<usize> {
        let len = self.look(Call::Part, now, |cipher| cipher.update_len(part.len()))?;
        if out.is_query() {
            // Bindings make a buffer of this length, and some have null for an empty one: that asks for the length again,
            // and the part never arrives. The length told may be larger than the one needed (section 5.2).
            return Ok(len.max(usize::from(!part.is_empty())));
        }
        let out = out.take(len)?;
        self.part(now, |cipher| cipher.update(part, out)).map(|()| len)
    }

    /// Ends the operation, all at once or after parts, and writes what comes of it. A query tells the most that it may
    /// be. A result that turns out not to fit is kept until there is room. Other input than it was made of begins the
    /// operation anew: output is what is produced from the input to the function (section 5.2).
    ///
    /// # Errors
    /// Those of [`Running::update`].
    pub fn conclude(&mut self, call: Call, now: Epoch, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        if let Self::Undelivered(waiting) = self {
            let query_that_would_end_it = out.is_query() && waiting.maker.is_none();
            if waiting.input == Fingerprint::of(data) || query_that_would_end_it {
                return self.deliver(call, now, out);
            }
            self.begin_anew(call, now)?;
        }
        let most = self.look(call, now, |cipher| match call {
            Call::Whole => cipher.whole_len(data.len()),
            Call::Part | Call::Last => cipher.finish_len(),
        })?;
        if out.is_query() {
            return Ok(most);
        }
        let Active { operation: cipher, needs, about, maker, .. } = self.take_active(call, now)?;
        let run = |cipher: Box<dyn Ciphering>, out: &mut [u8]| match call {
            Call::Whole => cipher.whole(data, out),
            Call::Part | Call::Last => cipher.finish(out),
        };
        if let Ok(out) = out.take(most) {
            return run(cipher, out);
        }
        // The result may be shorter than the most that it can be, and then fit after all.
        let mut result = Secret::try_zeroed(most)?;
        let len = run(cipher, result.as_mut())?;
        let put = out.put(result.expose().get(..len).unwrap_or_default());
        if put.is_err() {
            let input = Fingerprint::of(data);
            *self = Self::Undelivered(Undelivered { result, len, input, call, about, needs, maker });
        }
        put
    }

    fn begin_anew(&mut self, call: Call, now: Epoch) -> Result<()> {
        self.admit(call, now)?;
        let Self::Undelivered(Undelivered { about, needs, maker: Some(maker), .. }) = std::mem::take(self)
        else {
            return Err(Error::OperationNotInitialized);
        };
        let operation = (maker.0)(&about.mechanism, &maker.1)?;
        *self = Self::Active(Active { operation, in_parts: false, about, needs, maker: Some(maker) });
        Ok(())
    }

    fn deliver(&mut self, call: Call, now: Epoch, out: &mut Room<'_>) -> Result<usize> {
        self.admit(call, now)?;
        let Self::Undelivered(waiting) = self else { return Err(Error::OperationNotInitialized) };
        let put = out.put(waiting.result.expose().get(..waiting.len).unwrap_or_default())?;
        if !out.is_query() {
            self.cancel();
        }
        Ok(put)
    }
}
