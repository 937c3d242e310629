//! The one line that shows how a command is typed, made from its arguments: what must be said, then in brackets what may.

use clap::{Arg, ArgAction, Command};

/// Columns of a line. Help, manual pages and the page in docs break at the same places.
const WIDTH: usize = 80;
/// What help writes before the first line.
const USAGE: &str = "Usage: ";
/// What lines that go on begin with: a little further in than the first.
const INDENT: &str = "           ";

/// How `command`, which is called as `called` says, is typed; in lines of at most [`WIDTH`] columns.
pub(crate) fn synopsis(called: &str, command: &Command) -> String {
    let words = groups(command).into_iter().chain(required(command)).chain(optional(command));
    let mut lines = vec![called.to_owned()];
    for word in words {
        let before = if lines.len() == 1 { USAGE.len() } else { 0 };
        match lines.last_mut() {
            Some(line) if before + line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("{INDENT}{word}")),
        }
    }
    lines.join("\n")
}

/// What must be said, each by itself: what has no name first, as it is typed first.
fn required(command: &Command) -> Vec<String> {
    let must = |argument: &&Arg| argument.is_required_set();
    let (bare, named): (Vec<_>, Vec<_>) = shown(command).filter(must).partition(|arg| arg.is_positional());
    bare.into_iter().chain(named).map(typed).collect()
}

/// Of each group at least one must be said.
fn groups(command: &Command) -> Vec<String> {
    let must = command.get_groups().filter(|group| group.is_required_set());
    must.map(|group| {
        let members = shown(command).filter(|argument| group.get_args().any(|id| id == argument.get_id()));
        let members: Vec<_> = members.map(typed).collect();
        // A choice of one is none.
        if members.len() == 1 { members.concat() } else { format!("({})", members.join(" | ")) }
    })
    .collect()
}

/// What may be said; what excludes one another in one pair of brackets.
fn optional(command: &Command) -> Vec<String> {
    let in_group = |argument: &Arg| {
        let must = command.get_groups().filter(|group| group.is_required_set());
        must.flat_map(clap::ArgGroup::get_args).any(|id| id == argument.get_id())
    };
    let mut left: Vec<&Arg> =
        shown(command).filter(|argument| !argument.is_required_set() && !in_group(argument)).collect();
    let mut words = Vec::new();
    while !left.is_empty() {
        let mut together: Vec<&Arg> = Vec::new();
        left.retain(|argument| {
            let fits = together.iter().all(|other| exclude(command, argument, other));
            if fits {
                together.push(*argument);
            }
            !fits
        });
        words.push(format!("[{}]", together.into_iter().map(typed).collect::<Vec<_>>().join(" | ")));
    }
    words
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| {
        let asks = matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        );
        !argument.is_hide_set() && !asks
    })
}

fn exclude(command: &Command, one: &Arg, other: &Arg) -> bool {
    let says = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|named| named.get_id() == other.get_id())
    };
    says(one, other) || says(other, one)
}

/// An argument as it is typed: `--label LABEL`, `FILE`, `--json`.
fn typed(argument: &Arg) -> String {
    let value = || match argument.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        None => argument.get_id().as_str().to_uppercase(),
    };
    match argument.get_long() {
        None => value(),
        Some(long) if argument.get_action().takes_values() => format!("--{long} {}", value()),
        Some(long) => format!("--{long}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_said_comes_first_and_what_may_in_brackets() {
        let command = Command::new("make")
            .arg(Arg::new("loud").long("loud").action(ArgAction::SetTrue))
            .arg(Arg::new("label").long("label").value_name("LABEL").required(true))
            .arg(Arg::new("file").value_name("FILE").required(true))
            .arg(Arg::new("slot").long("slot").value_name("N").conflicts_with("token"))
            .arg(Arg::new("token").long("token").value_name("NAME"));
        assert_eq!(synopsis("make", &command), "make FILE --label LABEL [--loud] [--slot N | --token NAME]");
    }

    #[test]
    fn of_a_group_that_is_required_one_must_be_said() {
        let command = Command::new("show")
            .arg(Arg::new("label").long("label").value_name("LABEL"))
            .arg(Arg::new("id").long("id").value_name("HEX"))
            .arg(Arg::new("json").long("json").action(ArgAction::SetTrue))
            .group(clap::ArgGroup::new("which").args(["label", "id"]).required(true).multiple(true));
        assert_eq!(synopsis("show", &command), "show (--label LABEL | --id HEX) [--json]");
    }

    #[test]
    fn long_ones_are_broken_between_words() {
        let names = ["first-option", "second-option", "third-option", "fourth-option", "fifth-option"];
        let command = names.iter().fold(Command::new("many"), |command, name| {
            command.arg(Arg::new(*name).long(*name).value_name("VALUE-OF-THIS"))
        });
        let lines = synopsis("many", &command);
        assert!(lines.lines().count() > 2, "{lines}");
        for line in lines.lines() {
            assert!(line.len() <= WIDTH, "{line}");
            assert_eq!(line.matches('[').count(), line.matches(']').count(), "{line}");
        }
    }
}
