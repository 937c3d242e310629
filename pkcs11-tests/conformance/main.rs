//! Conformance: a file for each chapter of PKCS#11 v3.2, section 5, that is there.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod altered;
mod approved;
mod at_the_door;
mod attacks;
mod attributes;
mod authenticated_wrapping;
mod bad_input;
mod built_in;
mod cancelling;
mod certificates;
mod changing;
mod ciphers;
mod clients_mechanisms;
mod cloudhsm;
mod context_login;
mod creating;
mod curves;
mod defects;
mod deriving;
mod digesting;
mod domain_parameters;
mod encapsulating;
mod encapsulating_by_pairs;
mod encrypting;
mod ephemeral_wrapping;
mod finding;
mod finite_fields;
mod footnotes;
mod general_purpose;
mod generating;
mod handed_in;
mod hash_families;
mod hashes;
mod jobs;
mod key_derivation;
mod listed;
mod login;
mod long_keys;
mod message_encrypting;
mod message_parameters;
mod message_signing;
mod no_way_by_deriving;
mod no_way_to_a_value;
mod one_time;
mod operating;
mod oracle;
mod overlapping;
mod parameters;
mod pins;
mod post_quantum;
mod profiles;
mod public_keys;
mod random;
mod recovering;
mod rsa_encrypting;
mod running_short;
mod secret_keys;
mod sessions;
mod signing;
mod slot_events;
mod slots;
mod states;
mod token_flags;
mod tokens;
mod troubles;
mod trust_objects;
mod verify_signature;
mod verifying;
mod wrap_parameters;
mod wrapping;
