//! Whether the algorithms have shown that they work: each test runs once, right before what it tests is first used on a
//! token in approved mode, and a failing one is never forgotten.

use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::sync::OnceCell;
use pkcs11::{Attributes, Error, MechanismType, Result};

use crate::mechanism::Mechanisms;

/// The outcomes of one application.
pub struct SelfTests {
    /// In the order of [`Mechanisms::self_tests`]; true for one that was passed.
    outcomes: Box<[OnceCell<bool>]>,
    /// The mechanisms by number, and whether all that covers each was passed: so that later uses look nothing up.
    done: Box<[(MechanismType, AtomicBool)]>,
    failed: AtomicBool,
}

impl SelfTests {
    /// None has run.
    #[must_use]
    pub fn new(mechanisms: &Mechanisms) -> Self {
        let outcomes = mechanisms.self_tests.iter().map(|_| OnceCell::new()).collect();
        let mut numbers: Vec<MechanismType> = mechanisms.rows().map(|row| row.mechanism).collect();
        numbers.sort_unstable();
        let done = numbers.into_iter().map(|mechanism| (mechanism, AtomicBool::new(false))).collect();
        Self { outcomes, done, failed: AtomicBool::new(false) }
    }

    /// Whether one has failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Runs what tests a mechanism and has not run. Two threads that come together wait for one run.
    ///
    /// # Errors
    /// [`Error::SelfTest`]; [`Error::HostMemory`] of a test that had none: it runs again next time.
    pub fn passed(&self, mechanisms: &Mechanisms, mechanism: MechanismType) -> Result<()> {
        if self.failed() {
            return Err(Error::SelfTest("an earlier one"));
        }
        let place = self.done.binary_search_by_key(&mechanism, |(number, _)| *number).ok();
        let done = place.and_then(|place| self.done.get(place)).map(|(_, done)| done);
        if done.is_some_and(|done| done.load(Ordering::Acquire)) {
            return Ok(());
        }
        for (test, outcome) in mechanisms.self_tests.iter().zip(&self.outcomes) {
            if (test.covers)(mechanism)
                && !*outcome.get_or_try_init(|| self.verdict(|| (test.run)(mechanisms)))?
            {
                return Err(self.fail(test.name));
            }
        }
        if let Some(done) = done {
            done.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Tries a new pair: what one key does the other must undo.
    ///
    /// # Errors
    /// [`Error::SelfTest`]; [`Error::HostMemory`], which says nothing of the pair.
    pub fn pair(&self, mechanisms: &Mechanisms, public: &Attributes, private: &Attributes) -> Result<()> {
        if self.verdict(|| (mechanisms.pair_test)(mechanisms, public, private))? {
            Ok(())
        } else {
            Err(self.fail("a new key pair"))
        }
    }

    /// What a test says. One that panics has failed.
    fn verdict(&self, test: impl FnOnce() -> Result<()>) -> Result<bool> {
        let mut running = Running { failed: &self.failed, is_over: false };
        let outcome = test();
        running.is_over = true;
        match outcome {
            Err(Error::HostMemory) => Err(Error::HostMemory),
            outcome => Ok(outcome.is_ok()),
        }
    }

    fn fail(&self, name: &'static str) -> Error {
        self.failed.store(true, Ordering::Release);
        Error::SelfTest(name)
    }
}

/// A test that has not come to its end: left by a panic, it has failed.
struct Running<'a> {
    failed: &'a AtomicBool,
    is_over: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.failed.store(true, Ordering::Release);
        }
    }
}
