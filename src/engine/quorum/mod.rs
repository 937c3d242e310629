//! Who may administer: the roster's chain of links, and the only maker of [`approval::Authorized`].

pub mod approval;
pub mod chain;
pub mod roster;
