"""Only one search works in a folder, also where the system has no `fcntl` (Windows)."""

import os
import signal
import subprocess
import sys

import pytest

from digits.errors import DigitsError
from digits.tuning.storage import alone, open_study
from tests.conftest import ROOT

HOLDS = """
import sys
from pathlib import Path
from digits.tuning.storage import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
WITHOUT_FCNTL = "import sys, warnings; sys.modules['fcntl'] = None; warnings.simplefilter('ignore')"
TRIES = f"""
{WITHOUT_FCNTL}
from pathlib import Path
from digits.errors import DigitsError
from digits.tuning.storage import alone
try:
    with alone(Path(sys.argv[1])):
        print("free")
except DigitsError as error:
    print(error)
"""


def test_another_search_at_work_is_told_of_and_forgotten_with_its_process(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"held\n"
    with (
        pytest.raises(DigitsError, match=f"another search is at work in {tmp_path}. Wait for it, or name"),
        alone(tmp_path),
    ):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    with alone(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_fcntl_there_is_a_lock_too(tmp_path):
    command = [sys.executable, "-c", f"{WITHOUT_FCNTL}\n{HOLDS}", tmp_path]
    other = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    tried = [sys.executable, "-c", TRIES, tmp_path]
    assert "another search is at work" in subprocess.run(tried, cwd=ROOT, capture_output=True, text=True).stdout
    other.communicate()
    assert subprocess.run(tried, cwd=ROOT, capture_output=True, text=True).stdout == "free\n"


def test_a_search_is_kept_where_links_are_not_allowed(tmp_path, monkeypatch):
    """As on Windows, but for administrators."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refuse)
    study, _ = open_study(tmp_path, {"kind": "test"}, (), {}, resume=False)
    assert study.user_attrs["identity"] == {"kind": "test"}
