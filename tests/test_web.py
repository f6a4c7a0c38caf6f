"""What a server gives is taken whole, or there is a line that says why not."""

import gzip
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from digits import web
from digits.web import NotServed, NotThere, download
from tests.servers import answer_with, reply

NAME, DATA = "file.bin", bytes(range(256)) * 20
BOMB = gzip.compress(bytes(100_000_000))  # 97 kB


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def fetched(serve: Callable, answer: Callable, most: int = len(DATA)) -> bytes:
    return download(f"{serve(answer)}{NAME}", most)


def test_a_file_comes_whole_and_may_be_as_large_as_it_should(serve: Callable) -> None:
    answer = answer_with({NAME: DATA})
    assert fetched(serve, answer) == DATA
    with pytest.raises(NotServed, match=f"^{NAME} is larger than the published file$"):
        fetched(serve, answer, len(DATA) - 1)


def test_a_server_that_packs_what_it_sends_is_understood(serve: Callable) -> None:
    assert fetched(serve, lambda request: reply(request, gzip.compress(DATA), Content_Encoding="gzip")) == DATA


def test_a_length_that_is_no_number_does_no_harm(serve: Callable) -> None:
    assert fetched(serve, lambda request: reply(request, DATA, Content_Length="many")) == DATA


@pytest.mark.parametrize(("status", "kind"), [(403, NotThere), (404, NotThere), (500, NotServed), (503, NotServed)])
def test_a_server_that_lacks_the_file_says_so(status: int, kind: type, serve: Callable) -> None:
    with pytest.raises(NotServed, match=f"^{NAME}: HTTP status {status}$") as caught:
        fetched(serve, lambda request: reply(request, DATA, status))
    assert type(caught.value) is kind


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    reply(request, DATA[:1000], Content_Length=len(DATA))


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def stalls(request: BaseHTTPRequestHandler) -> None:
    request.server.stopped.wait(20)


def stalls_half_way(request: BaseHTTPRequestHandler) -> None:
    reply(request, DATA[:1000], Content_Length=len(DATA))
    request.wfile.flush()
    request.server.stopped.wait(20)


def never_ends(request: BaseHTTPRequestHandler) -> None:
    reply(request, b"", Content_Length=10**12)
    for _ in range(5000):  # 25 MB: enough to tell, should it ever be taken
        request.wfile.write(DATA)


def packs_a_bomb(request: BaseHTTPRequestHandler) -> None:
    reply(request, BOMB, Content_Encoding="gzip")


def packs_badly(request: BaseHTTPRequestHandler) -> None:
    reply(request, DATA, Content_Encoding="gzip")


def chunks_badly(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n" + DATA)


def speaks_something_else(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"220 smtp.example.com ESMTP\r\n")


def sends_in_circles(request: BaseHTTPRequestHandler) -> None:
    reply(request, b"", 302, Location=request.path)


def sends_to_nowhere(request: BaseHTTPRequestHandler) -> None:
    reply(request, b"", 302, Location="http://[")


def sends_to_a_file(request: BaseHTTPRequestHandler) -> None:
    reply(request, b"", 302, Location="file:///etc/passwd")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (breaks_off, ": the connection broke off$"),
        (hangs_up, ": no connection$"),
        (stalls, ": no data for 0.3 s$"),
        (stalls_half_way, ": no data for 0.3 s$"),
        (never_ends, " is larger than the published file$"),
        (packs_a_bomb, " is larger than the published file$"),
        (packs_badly, ": .*gzip"),
        (chunks_badly, ": the connection broke off$"),
        (speaks_something_else, ": no connection$"),
        (sends_in_circles, ": .*redirects"),
        (sends_to_nowhere, ": "),
        (sends_to_a_file, ": No connection adapters"),
    ],
)
def test_a_server_that_fails_is_left_in_one_line(
    answer: Callable, reason: str, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "READ_TIMEOUT", 0.3)
    start = time.monotonic()
    with pytest.raises(NotServed, match=f"^{NAME}{reason}") as caught:
        fetched(serve, answer)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 3


def test_of_a_packed_bomb_little_is_unpacked(serve: Callable) -> None:
    import tracemalloc

    fetched(serve, answer_with({NAME: DATA}))  # all is imported then
    tracemalloc.start()
    with pytest.raises(NotServed, match="larger"):
        fetched(serve, packs_a_bomb)
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()


def test_a_port_that_nothing_listens_on_is_noticed_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(NotServed, match="no connection$"):
        download(f"http://127.0.0.1:{port}/{NAME}", 100)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "url", ["http:/", "http://[::1", "http://a b", "http://127.0.0.1:99999", "http://127.0.0.1:x", "file:///etc"]
)
def test_what_is_no_url_is_one_line(url: str) -> None:
    with pytest.raises(NotServed, match=f"^{NAME}: ") as caught:
        download(f"{url}/{NAME}", 100)
    assert "\n" not in str(caught.value)


def test_a_terminal_sees_a_bar_that_goes_away(
    serve: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert fetched(serve, answer_with({NAME: DATA})) == DATA
    shown = capsys.readouterr().err
    assert NAME in shown
    assert NAME not in shown.rpartition("\x1b[2K")[2], "the bar is not wiped out"
