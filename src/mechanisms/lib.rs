//! The algorithms: the only crate that links a crypto library.
