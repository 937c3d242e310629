//! How things are shown: flags in words, tables for people.

use std::borrow::Cow;
use std::io::{self, Write};

use pkcs11::constants as c;

use crate::screen::{Screen, Tone};

/// A flag of the token (PKCS#11 v3.2 section 3.2, table "Token Information Flags"), its name in JSON, and its words.
pub(crate) struct Flag {
    bit: u64,
    /// In JSON: never changed once released.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) words: &'static str,
}

const fn flag(bit: u64, name: &'static str, words: &'static str) -> Flag {
    Flag { bit, name, words }
}

/// Every flag that a token of ours can carry.
const FLAGS: &[Flag] = &[
    flag(c::CKF_TOKEN_INITIALIZED, "token-initialised", "initialised"),
    flag(c::CKF_USER_PIN_INITIALIZED, "user-pin-initialised", "user PIN set"),
    flag(c::CKF_LOGIN_REQUIRED, "login-required", "login required"),
    flag(c::CKF_RNG, "random-numbers", "random numbers"),
    flag(c::CKF_WRITE_PROTECTED, "write-protected", "write-protected"),
    flag(c::CKF_RESTORE_KEY_NOT_NEEDED, "restore-key-not-needed", "no restore key needed"),
    flag(c::CKF_CLOCK_ON_TOKEN, "clock-on-token", "clock"),
    flag(c::CKF_PROTECTED_AUTHENTICATION_PATH, "protected-authentication-path", "PIN entered elsewhere"),
    flag(c::CKF_DUAL_CRYPTO_OPERATIONS, "dual-crypto-operations", "dual operations"),
    flag(c::CKF_USER_PIN_COUNT_LOW, "user-pin-count-low", "wrong user PINs tried"),
    flag(c::CKF_USER_PIN_FINAL_TRY, "user-pin-final-try", "last try of the user PIN"),
    flag(c::CKF_USER_PIN_LOCKED, "user-pin-locked", "user PIN locked"),
    flag(c::CKF_USER_PIN_TO_BE_CHANGED, "user-pin-to-be-changed", "user PIN to be changed"),
    flag(c::CKF_SO_PIN_COUNT_LOW, "officer-pin-count-low", "wrong officer PINs tried"),
    flag(c::CKF_SO_PIN_FINAL_TRY, "officer-pin-final-try", "last try of the officer PIN"),
    flag(c::CKF_SO_PIN_LOCKED, "officer-pin-locked", "officer PIN locked"),
    flag(c::CKF_SO_PIN_TO_BE_CHANGED, "officer-pin-to-be-changed", "officer PIN to be changed"),
    flag(c::CKF_ASYNC_SESSION_SUPPORTED, "asynchronous-sessions", "asynchronous sessions"),
    flag(c::CKF_ERROR_STATE, "error-state", "self-test failed"),
];

/// The flags that are set, in the order of the table.
pub(crate) fn flags(set: u64) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| set & flag.bit != 0)
}

/// A mechanism by the standard's name, or by its number.
pub(crate) fn mechanism_name(mechanism: u64) -> String {
    c::name("CKM_", mechanism).map_or_else(|| format!("{mechanism:#x}"), str::to_owned)
}

/// Text for a terminal: control characters, which a label or a path may hold, as escapes.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().flat_map(|letter| {
        let (plain, escape) =
            if letter.is_control() { (None, Some(letter.escape_default())) } else { (Some(letter), None) };
        plain.into_iter().chain(escape.into_iter().flatten())
    });
    Cow::Owned(escaped.collect())
}

/// Narrowest that a column is cut to, in characters.
const NARROWEST: usize = 8;
/// Characters between two columns.
const GAP: usize = 2;

/// Writes rows in columns as wide as their widest cell, two blanks apart; the first row is the heading. On a terminal the
/// widest columns are cut until the rows fit its width.
pub(crate) fn table<const N: usize>(
    out: &mut dyn Write,
    screen: Screen,
    rows: &[[String; N]],
) -> io::Result<()> {
    let cells = |row: &[String; N]| row.each_ref().map(|cell| printable(cell).into_owned());
    let rows: Vec<[String; N]> = rows.iter().map(cells).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    if let Some(room) = screen.width() {
        narrow(&mut widths, room);
    }
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cut(cell, width)));
        let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        let line = line.trim_end();
        writeln!(out, "{}", if number == 0 { screen.paint(Tone::Heading, line) } else { line.into() })?;
    }
    Ok(())
}

/// Takes from the widest column until all fit, or none is wide any more.
fn narrow(widths: &mut [usize], room: usize) {
    let mut total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while total > room {
        let Some(widest) = widths.iter_mut().max().filter(|width| **width > NARROWEST) else { return };
        *widest -= 1;
        total -= 1;
    }
}

fn cut(cell: &str, width: usize) -> Cow<'_, str> {
    if cell.chars().count() <= width {
        return Cow::Borrowed(cell);
    }
    Cow::Owned(cell.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_a_bit_and_a_name_of_its_own() {
        for (at, flag) in FLAGS.iter().enumerate() {
            assert_eq!(flag.bit.count_ones(), 1, "{}", flag.name);
            for other in &FLAGS[at + 1..] {
                assert!(flag.bit != other.bit && flag.name != other.name, "{}", flag.name);
            }
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() {
        let mut out = Vec::new();
        let rows = [["A", "B"], ["größer", "x"], ["y", ""]].map(|row| row.map(str::to_owned));
        table(&mut out, Screen::default(), &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "A       B\ngrößer  x\ny\n");
    }

    #[test]
    fn on_a_terminal_the_widest_column_is_cut_and_the_heading_is_bold() {
        let mut out = Vec::new();
        let rows = [["A", "B"], ["a name that is long", "another"]].map(|row| row.map(str::to_owned));
        table(&mut out, Screen::coloured(20), &rows).unwrap();
        let lines = "\x1b[1mA            B\x1b[0m\na name tha…  another\n";
        assert_eq!(String::from_utf8(out).unwrap(), lines);
    }

    #[test]
    fn control_characters_are_shown_as_escapes() {
        assert_eq!(printable("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(printable("größer"), "größer");
    }
}
