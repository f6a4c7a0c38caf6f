"""`digits` in the process of the tests: as `tests.conftest.run`, without a new Python that has to import everything."""

import contextlib
import io
import subprocess

from digits.cli import main


def digits(*words: object) -> subprocess.CompletedProcess[str]:
    """Call `digits` on these words; what it says on each stream is captured, and neither is a terminal."""
    command, out, err = list(map(str, words)), io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(command)
    return subprocess.CompletedProcess(command, status, out.getvalue(), err.getvalue())


def refused(*words: object) -> str:
    """The one line on stderr of a command that fails with status 1."""
    done = digits(*words)
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr.removeprefix("error: ").rstrip("\n")
