//! What users of tokens suffer from, by number: a test for each that must not come back with Claviger.
//!
//! Most of it is said elsewhere in this crate already: [`SAID`] names where, and what is not is here. Numbers stay what
//! they are when others are added.
//!
//! pkcs11-provider (4) is not in Debian 12: with OpenSSL 3 the engine alone is tried.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod attributes;
mod errors;
mod exits;
mod host_openssl;
mod load;
mod sessions;
mod slot_ids;

use std::path::Path;

/// A number, what is suffered, and a test against it: its file below this crate, and its name.
type Said = (u8, &'static str, &'static str, &'static str);

/// TABLE: the tests of the other targets that are acceptance tests too.
const SAID: &[Said] = &[
    (1, "crashes at exit", "interop/c_programs.rs", "a_process_may_exit_without_finalize"),
    (1, "crashes at exit", "interop/c_programs.rs", "unloading_the_module_while_a_thread_lives_harms_nobody"),
    (1, "crashes at exit", "conformance/general_purpose.rs", "every_function_needs_an_initialised_library"),
    (
        2,
        "sessions that a fork breaks",
        "interop/nginx.rs",
        "reloaded_twenty_times_under_load_as_a_plain_user",
    ),
    (2, "sessions that a fork breaks", "interop/pkcs11_tool.rs", "the_fork_test_passes"),
    (
        2,
        "sessions that a fork breaks",
        "processes/forking.rs",
        "a_child_has_no_library_until_it_initialises_one",
    ),
    (2, "sessions that a fork breaks", "processes/forking.rs", "a_child_draws_other_random_bytes"),
    (
        2,
        "sessions that a fork breaks",
        "processes/forking.rs",
        "a_child_initialises_and_signs_and_the_parent_goes_on",
    ),
    (3, "deadlocks at a fork", "processes/forking.rs", "fork_while_a_thread_logs_in"),
    (3, "deadlocks at a fork", "processes/forking.rs", "fork_while_a_thread_generates"),
    (3, "deadlocks at a fork", "processes/forking.rs", "fork_while_a_thread_signs"),
    (3, "deadlocks at a fork", "processes/forking.rs", "fork_while_a_thread_searches"),
    (
        3,
        "deadlocks at a fork",
        "processes/forking.rs",
        "fork_while_threads_initialise_and_finalise_elsewhere",
    ),
    (6, "slot numbers that change", "conformance/slots.rs", "slot_numbers_stay_over_init_and_restart"),
    (6, "slot numbers that change", "conformance/slots.rs", "slot_numbers_fit_a_positive_32_bit_integer"),
    (9, "new tokens that nobody sees", "conformance/slot_events.rs", "a_new_token_is_an_event_once"),
    (
        15,
        "errors of attributes",
        "conformance/attributes.rs",
        "a_buffer_too_small_is_marked_and_the_rest_is_filled",
    ),
    (
        15,
        "errors of attributes",
        "conformance/attributes.rs",
        "an_attribute_that_is_not_there_is_marked_and_the_rest_is_filled",
    ),
    (
        15,
        "errors of attributes",
        "conformance/attributes.rs",
        "a_sensitive_attribute_is_marked_and_the_rest_is_filled",
    ),
    (19, "context logins", "conformance/context_login.rs", "a_signature_waits_for_its_login"),
    (19, "context logins", "conformance/context_login.rs", "a_login_holds_for_one_operation"),
    (20, "errors that say nothing", "at_rest/configuration.rs", "a_missing_configuration_is_named"),
    (20, "errors that say nothing", "at_rest/configuration.rs", "a_data_folder_without_permission_is_named"),
    (20, "errors that say nothing", "at_rest/conditions.rs", "a_missing_device_key_is_named"),
    (23, "rules of sessions", "conformance/sessions.rs", "the_info_names_slot_state_and_flags"),
    (23, "rules of sessions", "conformance/creating.rs", "a_read_only_session_makes_session_objects_alone"),
    (23, "rules of sessions", "conformance/changing.rs", "a_read_only_session_changes_no_token_object"),
    (
        23,
        "rules of sessions",
        "conformance/sessions.rs",
        "no_read_only_session_while_the_officer_is_logged_in",
    ),
];

/// A test that was renamed or taken away would leave a number without one.
#[test]
fn every_test_that_the_table_names_is_there() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (number, pain, file, name) in SAID {
        let text = std::fs::read_to_string(crate_folder.join(file)).unwrap();
        let runs = text.contains(&format!("fn {name}(")) && text.matches(name).count() > 1;
        assert!(runs, "{number}, {pain}: {file} has no test {name}");
    }
}
