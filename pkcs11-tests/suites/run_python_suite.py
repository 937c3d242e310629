"""Runs one suite of Python tests, each test in a process of its own:

    run_python_suite.py NAME SOURCES FOLDER [TEST ...]

unpacks the source package of NAME that lies in SOURCES into FOLDER, and prints a line for each test but those named:

    ok|failed|skipped <tab> test <tab> what it said

A test that fails in its set-up leaves its session logged in, and would take the next ones with it: hence the processes.
"""

import io
import os
import re
import shutil
import sys
import tarfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True


def unpack(prefix, tests, sources, folder):
    """Unpacks the folder `tests` of the newest package whose name begins so; returns where it lies."""
    shutil.rmtree(folder, ignore_errors=True)
    package = next(Path(sources).glob(f"{prefix}-*.tar.gz"))
    with tarfile.open(package) as archive:
        top = archive.getnames()[0].split("/")[0]
        wanted = [member for member in archive.getmembers() if member.name.startswith(f"{top}/{tests}")]
        archive.extractall(folder, members=wanted)
    return folder / top


def python_pkcs11(sources, folder):
    """The suite of python-pkcs11. What it keeps for SoftHSM alone is run too."""
    top = unpack("python_pkcs11", "tests", sources, folder)
    os.chdir(top)
    sys.path.insert(0, str(top))
    import tests

    tests.Only.softhsm2 = staticmethod(lambda test: test)
    return unittest.defaultTestLoader.discover("tests", top_level_dir=str(top))


def pykcs11(sources, folder):
    """The suite of PyKCS11. It skips most of itself unless the library's version is SoftHSM's second or later."""
    top = unpack("pykcs11", "test", sources, folder)
    os.chdir(top)
    import PyKCS11

    info = PyKCS11.PyKCS11Lib.getInfo

    def info_of_a_later_version(library):
        found = info(library)
        found.libraryVersion = (2, 7)
        return found

    PyKCS11.PyKCS11Lib.getInfo = info_of_a_later_version
    return unittest.defaultTestLoader.discover("test", top_level_dir="test")


def each(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from each(part)
        else:
            yield part


def verdict(test):
    """Runs one test and says how it went."""
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite([test]))
    for said in (result.errors, result.failures):
        if said:
            raised = re.search(r"^[\w.]*[A-Z]\w*(?::.*)?$", said[0][1], re.MULTILINE)
            return "failed", raised.group() if raised else said[0][1]
    if result.skipped:
        return "skipped", result.skipped[0][1]
    if result.unexpectedSuccesses or result.expectedFailures:
        return "failed", "the suite expects it to fail"
    return "ok", ""


def run_apart(test):
    """Runs one test in a child, which prints its line; one that dies gets a line here."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        kind, said = verdict(test)
        print(kind, test.id(), " ".join(said.split()), sep="\t", flush=True)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        print("failed", test.id(), f"ended with {status}", sep="\t")


def main():
    name, sources, folder = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    suite = {"python-pkcs11": python_pkcs11, "pykcs11": pykcs11}[name](sources, folder)
    for test in each(suite):
        if test.id() not in sys.argv[4:]:
            run_apart(test)


main()
