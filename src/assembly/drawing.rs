//! Calls that draw random bytes, and forks: what of the process, rather than of one opened token, a fork must not cut in two.

use mechanisms::aws_lc::forking;

/// Before a fork, in the thread that forks, once every [`crate::ForkGate`] is shut: waits until no call draws random bytes,
/// and keeps new ones out. Waits for a signature at most.
///
/// In this order, since a call inside a gate may draw random bytes, and none that draws them waits for a gate.
pub fn prepare() {
    forking::prepare();
}

/// After a fork, or one that failed, in the parent, before any gate opens: lets everybody in again.
pub fn release_in_parent() {
    forking::release_in_parent();
}

/// After a fork, in the child.
pub fn release_in_child() {
    forking::release_in_child();
}
