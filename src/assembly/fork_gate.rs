//! Everything that a fork must not cut in two.

use std::sync::Arc;

use mechanisms::aws_lc::forking;

/// What must be shut while the process forks: the store's connections and locks, then the generator of random bytes.
pub struct ForkGate(Arc<store::ForkGate>);

impl ForkGate {
    pub(crate) fn new(store: Arc<store::ForkGate>) -> Self {
        Self(store)
    }

    /// Before a fork, in the thread that forks: waits until nobody is inside, and keeps everybody out. Waits for a commit
    /// to the disk and a signature at most.
    pub fn prepare(&self) {
        // In this order: a call inside the store may draw random bytes, and none that draws them waits for the store.
        self.0.prepare();
        forking::prepare();
    }

    /// After a fork, in the parent: lets everybody in again.
    pub fn release_in_parent(&self) {
        forking::release_in_parent();
        self.0.release_in_parent();
    }

    /// After a fork, in the child: as in the parent, and closes the lock descriptors that the child inherited.
    pub fn release_in_child(&self) {
        forking::release_in_child();
        self.0.release_in_child();
    }
}
