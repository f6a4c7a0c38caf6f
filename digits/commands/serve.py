"""`digits serve`: the page, until it is interrupted."""

import secrets
import socket
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.commands import click, options
from digits.errors import DigitsError
from digits.files import DATA_DIR
from digits.page.addresses import HERE, PORT, bracketed, is_loopback, listen, own_addresses

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server


def _port(ctx: Any, param: Any, value: str | None) -> int | None:
    """A port's number; 0 is any free one."""
    if value is not None and not (value.isdecimal() and int(value) < 1 << 16):
        raise click.BadParameter(f"{value!r} is no port; allowed: 0 to 65535")
    return None if value is None else int(value)


def port_option() -> options.Decorator:
    """Which port a page is served on."""
    return click.option("--port", callback=_port, metavar="N", help=f"[default: the first free one from {PORT} on]")


def browser_option() -> options.Decorator:
    """Whether the page is opened at once."""
    return click.option("--no-browser", is_flag=True, help="Do not open the page.")


@options.command("serve", "open a page to draw on, to photograph with and to look inside", "digits serve")
@click.option(
    "--host",
    default=HERE,
    show_default=True,
    metavar="ADDRESS",
    help="Listen on this address; with 0.0.0.0 whoever has the printed link can connect, such as your phone.",
)
@port_option()
@click.option(
    "--allow-host",
    metavar="NAME",
    help="Answer to this name, too, as in Codespaces or through a tunnel; whoever has the printed link can connect.",
)
@click.option("--model", type=Path, metavar="FILE", help="An .onnx model to offer beside those that ship.")
@options.data_dir()
@browser_option()
def command(no_browser: bool, **chosen: Any) -> None:
    serve(**chosen, open_browser=not no_browser)


def serve(
    host: str = HERE,
    port: int | None = None,
    *,
    allow_host: str | None = None,
    model: Path | None = None,
    data_dir: Path = DATA_DIR,
    open_browser: bool = True,
) -> None:
    """Serve the page until it is interrupted.

    Args:
        host: the address to listen on; on another than this machine's own, whoever has the printed link can connect.
        port: None for the first free one from 8000 on.
        allow_host: a name that leads here from elsewhere, as in Codespaces or through a tunnel; whoever has the printed
            link can connect.
        model: an exported model, to choose beside those that come with the package.
        data_dir: holds MNIST, for who has the reader learn from their digits.
        open_browser: whether to open the page.

    Raises:
        DigitsError: the address is none of this machine, the port is taken, `allow_host` is no name, or see
            `all_files`.
    """
    import segno

    from digits.page import all_files, application
    from digits.page.guards import HOST
    from digits.reading import Reader

    forwarded = (allow_host or "").lower()
    if allow_host is not None and not HOST.fullmatch(forwarded):
        allowed = "a name alone, such as NAME-8000.app.github.dev"
        raise DigitsError(f"--allow-host {allow_host} is no host's name; allowed: {allowed}")
    listener, port = listening(host, port)
    files = all_files(served=True, model=model)
    is_local = is_loopback(host)
    token = "" if is_local and not forwarded else secrets.token_urlsafe(16)
    addresses = [host] if host not in ("0.0.0.0", "::") else own_addresses()  # noqa: S104
    names = ["127.0.0.1", "localhost", "[::1]", *map(bracketed, addresses), *filter(None, [forwarded])]
    app = application(files, Reader(model), data_dir, names, token)
    query = f"?token={token}" if token else ""
    link = f"http://{bracketed(addresses[0])}:{port}/{query}"
    print(f"The page is at {link} (Ctrl-C ends it)")
    if forwarded:
        print(f"Elsewhere, for everybody who has this link: https://{forwarded}/{query}")
    if not is_local:
        print(
            "Everybody in this network who has this link can use the page; photographs that a browser cannot open go to"
            " this machine, unencrypted, and are not kept. For the phone:"
        )
        segno.make(link, error="l").terminal(compact=True)
    if open_browser:
        open_soon(link)
    server_of(app).run(sockets=[listener])


def listening(host: str, port: int | None) -> tuple[socket.socket, int]:
    """A socket that listens, and its port; that it is another than usual is said.

    Raises:
        DigitsError: see `listen`.
    """
    listener = listen(host, port)
    chosen = listener.getsockname()[1]
    if port is None and chosen != PORT:
        print(f"note: port {PORT} is taken; using {chosen}")
    return listener, chosen


def open_soon(link: str) -> None:
    """Open a page whose server is about to start."""
    threading.Timer(0.3, webbrowser.open, [link]).start()


def server_of(app: "ASGIApp") -> "Server":
    """A server for an application, to run on a socket."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,  # its own would close all handlers that were there, and with them streams of others
        access_log=False,
        server_header=False,
        limit_concurrency=200,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
