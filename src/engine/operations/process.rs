//! Message-based processes: one table for the order of their calls, whatever they do with messages.
//!
//! | call | no process | between messages | in a message |
//! |---|---|---|---|
//! | begin the process | begins | `CKR_OPERATION_ACTIVE` | `CKR_OPERATION_ACTIVE` |
//! | a whole message, or begin one | `CKR_OPERATION_NOT_INITIALIZED` | goes on | `CKR_OPERATION_ACTIVE` |
//! | a part, or the last | `CKR_OPERATION_NOT_INITIALIZED` | `CKR_OPERATION_NOT_INITIALIZED` | goes on |
//! | end the process | `CKR_OPERATION_NOT_INITIALIZED` | ends | `CKR_OPERATION_ACTIVE` |
//!
//! A call out of order changes nothing. An error in a message ends the message and not the process (PKCS#11 v3.2 sections
//! 5.9, 5.11, 5.14 and 5.16).

use pkcs11::{Error, MechanismType, Result};

use super::Needs;
use crate::login::Epoch;

/// A process of kind `P`, whose running message is an `M`.
#[derive(Default)]
pub enum Process<P, M> {
    /// None is active.
    #[default]
    Idle,
    /// One is.
    Active(Active<P, M>),
    /// One was active under a login that is over: the next call says so.
    LoggedOut,
}

/// An active process.
pub struct Active<P, M> {
    process: P,
    message: Option<M>,
    mechanism: MechanismType,
    needs: Needs,
    /// Whether the message of now, or the last, may be all that the table of approved mode asks.
    undoubted: bool,
    /// What each message waits for anew (`CKA_ALWAYS_AUTHENTICATE`).
    login_for_each: Option<u64>,
}

/// How a process is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A whole message, or the beginning of one.
    Start,
    /// A part, or the last.
    Part,
    /// The end of the process.
    End,
}

impl<P, M> Active<P, M> {
    fn judge(&self, step: Step) -> Result<()> {
        match (step, &self.message) {
            (Step::Start | Step::End, Some(_)) => Err(Error::OperationActive),
            (Step::Part, None) => Err(Error::OperationNotInitialized),
            (Step::Start, None) if self.needs.login_again.is_some() => Err(Error::UserNotLoggedIn),
            (Step::Start | Step::End, None) | (Step::Part, Some(_)) => Ok(()),
        }
    }

    /// A message is over.
    fn end_message(&mut self) {
        self.message = None;
        self.needs.login_again = self.login_for_each;
    }
}

impl<P, M> Process<P, M> {
    /// Begins.
    ///
    /// # Errors
    /// [`Error::OperationActive`]
    pub fn begin(
        &mut self,
        needs: Needs,
        mechanism: MechanismType,
        make: impl FnOnce() -> Result<P>,
    ) -> Result<()> {
        if self.is_active() {
            return Err(Error::OperationActive);
        }
        let login_for_each = needs.login_again;
        *self = Self::Active(Active {
            process: make()?,
            message: None,
            mechanism,
            needs,
            undoubted: true,
            login_for_each,
        });
        Ok(())
    }

    /// Whether one is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    /// The mechanism of what is active.
    #[must_use]
    pub fn mechanism(&self) -> Option<MechanismType> {
        if let Self::Active(active) = self { Some(active.mechanism) } else { None }
    }

    /// Says whether the message that begins may be all that the table of approved mode asks.
    pub fn doubt(&mut self, doubted: bool) {
        if let Self::Active(active) = self {
            active.undoubted = !doubted;
        }
    }

    /// Whether the message of now, or the last, meets the table of approved mode.
    #[must_use]
    pub fn meets(&self) -> bool {
        if let Self::Active(active) = self { active.needs.meets && active.undoubted } else { false }
    }

    /// Ends what is active, a message too.
    pub fn cancel(&mut self) {
        *self = Self::Idle;
    }

    /// Ends a running message, or the login for the next.
    pub fn end_message(&mut self) {
        if let Self::Active(active) = self {
            active.end_message();
        }
    }

    /// The number of what is active, if it waits for a login for a message.
    #[must_use]
    pub fn awaits_login(&self) -> Option<u64> {
        if let Self::Active(active) = self { active.needs.login_again } else { None }
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
        if let Self::Active(active) = self
            && active.needs.login.is_some_and(|epoch| epoch != now)
        {
            *self = Self::LoggedOut;
        }
    }

    fn admit(&mut self, step: Step, now: Epoch) -> Result<&mut Active<P, M>> {
        self.end_private(now);
        if matches!(self, Self::LoggedOut) {
            *self = Self::Idle;
            return Err(Error::UserNotLoggedIn);
        }
        match self {
            Self::Active(active) => active.judge(step).map(|()| active),
            Self::Idle | Self::LoggedOut => Err(Error::OperationNotInitialized),
        }
    }

    /// Looks at the process, without changing anything, before a message starts.
    ///
    /// # Errors
    /// Those of the table, [`Error::UserNotLoggedIn`].
    pub fn look(&mut self, now: Epoch) -> Result<&P> {
        self.admit(Step::Start, now).map(|active| &active.process)
    }

    /// Looks at the running message without changing it.
    ///
    /// # Errors
    /// Those of [`Process::look`].
    pub fn look_at_message(&mut self, now: Epoch) -> Result<&M> {
        let active = self.admit(Step::Part, now)?;
        active.message.as_ref().ok_or(Error::OperationNotInitialized)
    }

    /// A whole message.
    ///
    /// # Errors
    /// Those of [`Process::look`] and of `run`.
    pub fn whole<R>(&mut self, now: Epoch, run: impl FnOnce(&mut P) -> Result<R>) -> Result<R> {
        let active = self.admit(Step::Start, now)?;
        let done = run(&mut active.process);
        active.end_message();
        done
    }

    /// Begins a message.
    ///
    /// # Errors
    /// Those of [`Process::look`] and of `make`.
    pub fn start(&mut self, now: Epoch, make: impl FnOnce(&mut P) -> Result<M>) -> Result<()> {
        let active = self.admit(Step::Start, now)?;
        match make(&mut active.process) {
            Ok(message) => active.message = Some(message),
            Err(error) => {
                active.end_message();
                return Err(error);
            }
        }
        Ok(())
    }

    /// A part of the running message; an error ends the message.
    ///
    /// # Errors
    /// Those of [`Process::look`] and of `add`.
    pub fn part<R>(&mut self, now: Epoch, add: impl FnOnce(&mut M) -> Result<R>) -> Result<R> {
        let active = self.admit(Step::Part, now)?;
        let added = add(active.message.as_mut().ok_or(Error::OperationNotInitialized)?);
        if added.is_err() {
            active.end_message();
        }
        added
    }

    /// The last part: whatever comes of it, the message is over.
    ///
    /// # Errors
    /// Those of [`Process::look`] and of `finish`.
    pub fn last<R>(&mut self, now: Epoch, finish: impl FnOnce(M) -> Result<R>) -> Result<R> {
        let active = self.admit(Step::Part, now)?;
        let message = active.message.take().ok_or(Error::OperationNotInitialized)?;
        active.end_message();
        finish(message)
    }

    /// The end of the process.
    ///
    /// # Errors
    /// Those of [`Process::look`].
    pub fn end(&mut self, now: Epoch) -> Result<()> {
        self.admit(Step::End, now)?;
        self.cancel();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Epoch = Epoch(7);

    /// A process that counts its messages, each a list of its parts.
    type Counting = Process<u32, Vec<u8>>;

    fn begun(needs: Needs) -> Counting {
        let mut process = Counting::default();
        process.begin(needs, 5, || Ok(0)).unwrap();
        process
    }

    fn in_message() -> Counting {
        let mut process = begun(Needs::default());
        process.start(NOW, |_| Ok(Vec::new())).unwrap();
        process
    }

    fn each(make: impl Fn() -> Counting) -> [Result<()>; 6] {
        [
            make().begin(Needs::default(), 5, || Ok(0)),
            make().whole(NOW, |_| Ok(())),
            make().start(NOW, |_| Ok(Vec::new())),
            make().part(NOW, |_| Ok(())),
            make().last(NOW, |_| Ok(())),
            make().end(NOW),
        ]
    }

    #[test]
    fn the_order_of_calls_is_that_of_the_table() {
        let (active, none) = (|| Err(Error::OperationActive), || Err(Error::OperationNotInitialized));
        assert_eq!(each(Counting::default), [Ok(()), none(), none(), none(), none(), none()]);
        let ready = || begun(Needs::default());
        assert_eq!(each(ready), [active(), Ok(()), Ok(()), none(), none(), Ok(())]);
        assert_eq!(each(in_message), [active(), active(), active(), Ok(()), Ok(()), active()]);
    }

    #[test]
    fn a_call_out_of_order_changes_nothing_and_an_error_ends_the_message_alone() {
        let mut process = in_message();
        assert_eq!(process.whole(NOW, |_| Ok(())), Err(Error::OperationActive));
        assert_eq!(process.end(NOW), Err(Error::OperationActive));
        let added = process.part(NOW, |parts| {
            parts.push(1);
            Ok(parts.len())
        });
        assert_eq!(added, Ok(1));
        assert_eq!(process.part(NOW, |_| Err::<(), _>(Error::DataLenRange)), Err(Error::DataLenRange));
        assert_eq!(process.part(NOW, |_| Ok(())), Err(Error::OperationNotInitialized));
        let counted = process.whole(NOW, |count| {
            *count += 1;
            Ok(*count)
        });
        assert_eq!(counted, Ok(1));
        assert_eq!(process.look(NOW).copied(), Ok(1), "the process went on");
        process.start(NOW, |_| Ok(vec![])).unwrap();
        assert_eq!(process.last(NOW, |_| Err::<(), _>(Error::DataInvalid)), Err(Error::DataInvalid));
        assert_eq!(process.end(NOW), Ok(()));
        assert_eq!((process.is_active(), process.mechanism()), (false, None));
    }

    #[test]
    fn each_message_waits_for_a_login_of_its_own_and_its_parts_do_not() {
        let mut process = begun(Needs { login: Some(NOW), login_again: Some(3), meets: false });
        for _ in 0..2 {
            assert_eq!(process.look(NOW).err(), Some(Error::UserNotLoggedIn));
            assert_eq!(process.start(NOW, |_| Ok(vec![])), Err(Error::UserNotLoggedIn));
            assert_eq!(process.awaits_login(), Some(3));
            process.allow_once(2);
            assert_eq!(process.awaits_login(), Some(3), "that was another's");
            process.allow_once(3);
            assert_eq!(process.look(NOW).err(), None, "a look takes nothing");
            process.start(NOW, |_| Ok(vec![])).unwrap();
            assert_eq!(process.awaits_login(), None);
            process.part(NOW, |_| Ok(())).unwrap();
            process.last(NOW, |_| Ok(())).unwrap();
        }
        process.allow_once(3);
        assert_eq!(process.whole(NOW, |_| Err::<(), _>(Error::DataInvalid)), Err(Error::DataInvalid));
        assert_eq!(process.awaits_login(), Some(3), "a message that failed has had its login");
        process.allow_once(3);
        assert!(process.start(NOW, |_| Err(Error::DataInvalid)).is_err());
        assert_eq!(process.awaits_login(), Some(3));
        assert_eq!(process.end(NOW), Ok(()));
    }

    #[test]
    fn a_process_of_another_login_says_so_once() {
        let mut process = begun(Needs { login: Some(Epoch(6)), login_again: None, meets: false });
        assert_eq!(process.whole(NOW, |_| Ok(())), Err(Error::UserNotLoggedIn));
        assert_eq!(process.whole(NOW, |_| Ok(())), Err(Error::OperationNotInitialized));
        let mut process = begun(Needs { login: Some(Epoch(6)), login_again: None, meets: false });
        process.end_private(NOW);
        assert!(!process.is_active());
        assert_eq!(process.end(NOW), Err(Error::UserNotLoggedIn));
        assert_eq!(process.begin(Needs::default(), 5, || Ok(0)), Ok(()));
    }
}
