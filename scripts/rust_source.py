"""Reads Rust sources as far as the checks beside it need: code without comments, strings and tests; and the crates of this
machine."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# In this order: a string may hold what looks like a comment, and a comment what looks like a string.
_BLANKED = re.compile(
    r"""
      //[^\n]*
    | /\*(?:[^*]|\*(?!/))*\*/
    | b?r(?P<hashes>\#*)".*?"(?P=hashes)
    | [bc]?"(?:\\.|[^"\\])*"
    | b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)


def files(folder):
    """Every Rust file below a folder of the repository, in a stable order."""
    return sorted(path for path in (ROOT / folder).rglob("*.rs") if "target" not in path.parts)


def code(text):
    """The text with comments and literals blanked; every line keeps its number."""
    return _BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def metadata():
    """What cargo knows of the crates that are compiled on this machine: others need not be fetched."""
    cargo = ROOT / "scripts/cargo"
    version = subprocess.run([cargo, "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (.*)$", version, re.MULTILINE).group(1)
    command = [cargo, "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", host]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


def end_of_block(text, opening):
    """The index behind the brace that closes the one at `opening`, in blanked code."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def without_tests(text):
    """Blanked code with the modules and functions under `#[cfg(test)]` blanked too."""
    for match in reversed(list(re.finditer(r"#\[cfg\(test\)\]", text))):
        brace, semicolon = text.find("{", match.end()), text.find(";", match.end())
        is_declaration = brace < 0 or 0 <= semicolon < brace
        end = semicolon + 1 if is_declaration else end_of_block(text, brace)
        text = text[: match.start()] + re.sub(r"[^\n]", " ", text[match.start() : end]) + text[end:]
    return text


def is_test_file(path):
    """True for a file that only a test build compiles."""
    return path.name == "tests.rs" or "tests" in path.parts or "pkcs11-tests" in path.parts


def line_of(text, index):
    """The number of the line that an index stands on, from 1."""
    return text.count("\n", 0, index) + 1


def shown(path):
    """A path as a reader of the repository names it."""
    return path.relative_to(ROOT).as_posix()
