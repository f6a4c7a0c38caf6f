"""Servers on this machine, to fetch files from."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def serve() -> Iterator[Callable[[Callable], str]]:
    """Start an HTTP server that gives each GET to `answer(request)`; returns its URL."""
    servers = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": answer, "log_message": lambda *_: None})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.handle_error = lambda *_: None  # a client that has gone is what some tests are about
        server.stopped = threading.Event()
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.stopped.set()
        server.shutdown()
        server.server_close()


def reply(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: object) -> None:
    request.send_response(status)
    for name, value in ({"Content_Length": len(body)} | headers).items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()
    request.wfile.write(body)


def answer_with(files: dict[str, bytes]) -> Callable[[BaseHTTPRequestHandler], None]:
    """The answer of a server that has `files`, and 404 for all else."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2]
        reply(request, files.get(name, b"no such file"), 200 if name in files else 404)

    return answer
