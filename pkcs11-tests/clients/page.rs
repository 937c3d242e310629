//! A page's code blocks, as they stand in Markdown.

use std::path::Path;

/// What a fence says after its three backquotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `sh`: commands that succeed.
    Succeeds,
    /// `sh fails`: commands that fail. What they print stands in the `text` that follows.
    Fails,
    /// `conf`: a file, named by the comment in its first line.
    File,
    /// `text`: what the block before it printed.
    Printed,
}

/// One block that is run, written or compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// The line of the page that its text begins on, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Block {
    /// The name of the file that a `conf` block is: the first word of its first line after the comment's sign.
    pub(crate) fn file_name(&self) -> Option<&str> {
        let comment = self.text.lines().next()?;
        let words = comment.trim_start_matches(['#', ';', '/', '-', ' ']);
        (words.len() < comment.len()).then(|| words.split_whitespace().next()).flatten()
    }

    /// The first line of this block, a `text`, that does not occur in what was printed, at or after the line where
    /// the one before it did. `...` in a line stands for anything.
    pub(crate) fn first_line_not_in(&self, printed: &str) -> Option<&str> {
        let mut rest = printed.lines();
        self.text.lines().filter(|line| !line.trim().is_empty()).find(|line| !rest.any(|had| fits(had, line)))
    }
}

/// Whether the parts between `...` occur in the line, one after another.
fn fits(printed: &str, wanted: &str) -> bool {
    let mut rest = printed;
    wanted.split("...").map(str::trim).all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// The page's blocks of the four kinds; blocks of other kinds are there to be read.
///
/// # Panics
/// On a fence that does not end, a `text` after no commands, `sh fails` without a `text`, and a `conf` without a
/// name: a page that could not be run as it is meant.
pub(crate) fn blocks(page: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(page).unwrap_or_else(|why| panic!("{}: {why}", page.display()));
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```").collect();
        let at = format!("{}:{number}", page.display());
        assert!(text.lines().nth(number + body.len()) == Some("```"), "{at}: the block does not end");
        let Some(kind) = kind_of(fence) else { continue };
        let before = blocks.last().map(|block| block.kind);
        assert!(
            before != Some(Kind::Fails) || kind == Kind::Printed,
            "{at}: after `sh fails` comes a `text` with what was printed"
        );
        assert!(
            kind != Kind::Printed || matches!(before, Some(Kind::Fails | Kind::Succeeds)),
            "{at}: a `text` stands after the commands that print it"
        );
        let block = Block { kind, line: number + 1, text: body.join("\n") + "\n" };
        assert!(kind != Kind::File || block.file_name().is_some(), "{at}: the first line names no file");
        blocks.push(block);
    }
    assert!(blocks.last().is_some_and(|block| block.kind != Kind::Fails), "{}: its end", page.display());
    blocks
}

fn kind_of(fence: &str) -> Option<Kind> {
    match fence.trim() {
        "sh" => Some(Kind::Succeeds),
        "sh fails" => Some(Kind::Fails),
        "conf" => Some(Kind::File),
        "text" => Some(Kind::Printed),
        // A misspelt `sh` would pass as something to read.
        other => {
            assert!(!other.starts_with("sh"), "```{other}: it is `sh` or `sh fails`");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Kind, blocks, fits};

    fn read(text: &str) -> Vec<Block> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        blocks(file.path())
    }

    #[test]
    fn blocks_are_read_with_their_lines_and_others_are_passed_over() {
        let read = read(
            "# A\n\n```sh\nfirst\nsecond\n```\n\n```console\n# apt\n```\n```sh fails\nno\n```\n```text\nwhy\n```\n",
        );
        let lines: Vec<_> = read.iter().map(|block| (block.kind, block.line, block.text.as_str())).collect();
        let expected =
            [(Kind::Succeeds, 4, "first\nsecond\n"), (Kind::Fails, 12, "no\n"), (Kind::Printed, 15, "why\n")];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_file_is_named_by_its_first_line_whatever_the_comment_looks_like() {
        for first in ["# a/b.conf", "; a/b.conf", "// a/b.conf what it is", "-- a/b.conf"] {
            assert_eq!(
                read(&format!("```conf\n{first}\nx\n```\n"))[0].file_name(),
                Some("a/b.conf"),
                "{first}"
            );
        }
    }

    #[test]
    fn pages_that_could_not_be_run_as_meant_are_refused() {
        let pages = [
            "```sh\nx\n",
            "```sh fails\nx\n```\n",
            "```sh fails\nx\n```\n```sh\ny\n```\n",
            "```text\nx\n```\n",
            "```conf\nname\n```\n",
            "```shell\nx\n```\n",
            "nothing\n",
        ];
        for page in pages {
            assert!(std::panic::catch_unwind(|| read(page)).is_err(), "{page:?}");
        }
    }

    #[test]
    fn lines_are_looked_for_in_order_and_dots_stand_for_anything() {
        let text = Block { kind: Kind::Printed, line: 1, text: "a ... c\n\nd\n".into() };
        assert_eq!(text.first_line_not_in("before\nxx a b b c\nin between\n  d, and more\n"), None);
        assert_eq!(text.first_line_not_in("d\na b c\n"), Some("d"));
        assert_eq!(text.first_line_not_in("c ... a\nd\n"), Some("a ... c"));
        assert!(fits("anything", "..."));
    }
}
