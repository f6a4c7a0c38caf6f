"""`digits serve` as a command: where it listens, what it says, and how it ends."""

import re
import signal
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from digits.page import addresses
from tests.conftest import ROOT, heed_ctrl_c, run, without
from tests.inside import digits
from tests.page.conftest import SEVEN, call, draw, serving, text_of

EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def refused(unserved):
    """Runs `digits serve`, which is to refuse these words: what it says on stderr."""

    def run(*words: object) -> str:
        done = digits("serve", "--no-browser", *words)
        assert done.returncode in (1, 2)
        assert done.stdout == ""
        return done.stderr

    return run


def test_a_port_that_is_taken_is_said(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused("--port", port) == f"error: --port {port} is taken. Name a free one with --port N\n"


def test_without_a_port_the_next_free_one_is_used(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(addresses, "PORT", port)
        with addresses.listen("127.0.0.1", None) as listener:
            chosen = listener.getsockname()[1]
    assert port < chosen < port + 20


def test_that_it_is_another_port_is_said():
    try:
        taken = socket.create_server(("127.0.0.1", addresses.PORT))
    except OSError:  # somebody else has it
        taken = socket.socket()
    with taken, serving() as (_, link, said):
        assert f"note: port {addresses.PORT} is taken; using {link.rpartition(':')[2].strip('/')}\n" in said


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--host", "203.0.113.7"), "--host 203.0.113.7 is no address of this machine; allowed: 127.0.0.1, 0.0.0.0"),
        (("--host", "no.such.host.invalid"), "--host no.such.host.invalid is no address; allowed"),
        (("--model", "nowhere.onnx"), "nowhere.onnx is not there"),
        (
            ("--allow-host", "https://a.example/"),
            "--allow-host https://a.example/ is no host's name; allowed: a name alone",
        ),
        (("--port", "70000"), "'70000' is no port; allowed: 0 to 65535"),
        (("--port", "x"), "'x' is no port; allowed: 0 to 65535"),
    ],
)
def test_mistakes_are_said_in_one_line(flags, reason, refused):
    said = refused(*flags)
    assert reason in said
    assert said.count("\n") == 1


def test_others_are_let_in_by_the_printed_link_alone():
    with serving("--port", 0, "--host", EVERYWHERE) as (process, link, said):
        port = re.search(r":(\d+)/", link)[1]
        here = f"http://127.0.0.1:{port}/"
        token = re.search(r"\?token=([\w-]{20,})$", link)[1]
        assert call(here)[0] == 403
        assert call(here, path=f"/?token={token}")[0] == 303
        assert "Ctrl-C ends it" in said
        for _ in range(3):
            said += process.stdout.readline()
        assert "Everybody in this network who has this link can use the page" in said
        assert "▄" in said or "█" in said or "▀" in said  # the QR code


def test_a_name_that_leads_here_from_elsewhere_is_answered_with_the_printed_link_alone():
    name = "Fancy-Space-8000.app.github.dev"
    with serving("--port", 0, "--allow-host", name) as (process, link, _):
        said = process.stdout.readline()
        token = re.fullmatch(rf".*: https://{name.lower()}/\?token=([\w-]{{20,}})\n", said)[1]
        assert link.endswith(f"/?token={token}")
        here = link.partition("?")[0]
        assert call(here, Host=name)[0] == 403
        assert call(here, path=f"/?token={token}", Host=name)[0] == 303
        assert call(here, Host=name, Cookie=f"digits={token}")[0] == 200
        assert call(here, Host="other.app.github.dev", Cookie=f"digits={token}")[0] == 400


@pytest.mark.whole
def test_a_phone_in_the_network_opens_the_link_and_uses_the_page(open_page):
    with serving("--port", 0, "--host", EVERYWHERE) as (_, link, _):
        page = open_page(link, "phone")  # not over HTTPS, so browsers allow it less
        assert "token" not in page.url
        assert page.evaluate("navigator.mediaDevices === undefined && document.getElementById('take').hidden")
        draw(page, SEVEN)
        assert text_of(page, "7") == "7"
        page.get_by_role("tab", name="Photograph").click()
        page.get_by_role("button", name="Photograph 2").click()
        assert text_of(page, "01735540\n1969") == "01735540\n1969"


def test_ctrl_c_ends_it_quietly():
    flags = [sys.executable, "-m", "digits", "serve", "--no-browser", "--port", "0"]
    process = subprocess.Popen(
        flags, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c
    )
    link = re.search(r"http://\S+", process.stdout.readline())[0]
    with urlopen(link) as answer:  # noqa: S310
        assert answer.status == 200
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=15)
    assert "Traceback" not in said
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "segno"])
def test_without_the_extra_one_line_says_what_to_install(package, tmp_path):
    done = run("-m", "digits", "serve", PYTHONPATH=f"{without(package, tmp_path)}:{ROOT}")
    assert done.returncode == 1
    assert done.stderr == (
        f'error: {package} is not installed. Run in {ROOT}: pip install -c constraints.txt -e ".[page]"\n'
    )
