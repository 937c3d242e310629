//! Programs that people use, driven by the pages that tell how: what a page says is what is run.
//!
//! `docs/integrations` has a page for each client, `docs/operating` one for each task, and [`table`] a row, which is
//! a test, for each page. [`page`] reads a page's code blocks, [`shell`] runs them in one shell in a fresh folder,
//! [`household`] ends whatever they started, and [`report`] keeps a line for the table that `make interop` prints.
//! [`package`] follows a page from the Debian package, as its reader would.
//! The rules for blocks stand in `docs/integrations/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod household;
mod package;
mod page;
mod report;
mod shell;
mod table;
