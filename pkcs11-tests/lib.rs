//! Tests of any PKCS#11 module through its C interface, and of real programs over it.
//!
//! This crate knows the standard's types and a path to some `.so`. Every test runs in a process of its own, over a
//! token folder of its own ([`isolation`]); most run against Claviger and against SoftHSM as reference
//! ([`on_both!`]).
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test harness says what is wrong by panicking"
)]

pub mod actor;
pub mod disk;
pub mod isolation;
pub mod keys;
pub mod mechanisms;
pub mod names;
pub mod privilege;
pub mod program;
pub mod provider;
pub mod provoked;
#[allow(unsafe_code, reason = "calling C is what this room is for")]
pub mod raw;
pub mod recorder;
pub mod token;

pub use isolation::Test;
pub use provider::Provider;
pub use raw::{Attribute, Module, Out, Sent, Template, Value, mechanism, pss};
pub use token::{SO_PIN, Token, USER_PIN};

/// Makes a test of each function for Claviger and one for SoftHSM.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $crate::on_provider!(claviger, $crate::Provider::Claviger, $($name),*);
        $crate::on_provider!(softhsm, $crate::Provider::SoftHsm, $($name),*);
    };
}

/// Makes a test of each function for Claviger alone: of what SoftHSM does not have, or does wrong beyond use.
#[macro_export]
macro_rules! on_claviger {
    ($($name:ident),* $(,)?) => {
        $crate::on_provider!(claviger_alone, $crate::Provider::Claviger, $($name),*);
    };
}

/// Makes a module of tests for one provider.
#[macro_export]
macro_rules! on_provider {
    ($module:ident, $provider:expr, $($name:ident),*) => {
        mod $module {
            $(
                #[test]
                fn $name() {
                    $crate::isolation::run($provider, concat!(module_path!(), "::", stringify!($name)), super::$name);
                }
            )*
        }
    };
}

/// Asserts a return value and names both when they differ.
#[macro_export]
macro_rules! assert_rv {
    ($rv:expr, $expected:expr $(, $($why:tt)+)?) => {{
        let (rv, expected) = ($rv, $expected);
        assert!(
            rv == expected,
            "{} answered {}, not {} {}",
            stringify!($rv),
            $crate::names::rv_name(rv),
            $crate::names::rv_name(expected),
            String::new() $(+ &format!($($why)+))?
        );
    }};
}
