"""`digits serve` and `digits publish`."""

import errno
import ipaddress
import os
import secrets
import socket
import threading
import webbrowser
from pathlib import Path

import segno
import uvicorn

from digits.errors import DigitsError
from digits.files import display, write_together
from digits.page.server import HOST, application
from digits.page.site import site
from digits.reading import Reader

HERE = "127.0.0.1"
PORT = 8000
_TRIED = 20  # ports from there on


def serve(
    host: str = HERE,
    port: int | None = None,
    *,
    allow_host: str | None = None,
    model: Path | None = None,
    open_browser: bool = True,
) -> None:
    """Serve the page until it is interrupted.

    Args:
        host: the address to listen on; another than this machine's own lets others in who have the printed link.
        port: None for the first free one from 8000 on.
        allow_host: a name that leads here from elsewhere, as in Codespaces or through a tunnel; it lets in who has the
            printed link.
        model: an exported model, to choose beside those that come with the package.
        open_browser: whether to open the page.

    Raises:
        DigitsError: the address is none of this machine, the port is taken, `allow_host` is no name, or see `site`.
    """
    forwarded = (allow_host or "").lower()
    if allow_host is not None and not HOST.fullmatch(forwarded):
        allowed = "a name alone, such as NAME-8000.app.github.dev"
        raise DigitsError(f"--allow-host {allow_host} is no host's name; allowed: {allowed}")
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    files = site(photographs=True, model=model)
    is_local = _is_loopback(host)
    token = "" if is_local and not forwarded else secrets.token_urlsafe(16)
    addresses = [host] if host not in ("0.0.0.0", "::") else _own_addresses()  # noqa: S104
    names = ["127.0.0.1", "localhost", "[::1]", *map(_bracketed, addresses), *filter(None, [forwarded])]
    app = application(files, Reader(model), names, token)
    query = f"?token={token}" if token else ""
    link = f"http://{_bracketed(addresses[0])}:{port}/{query}"
    print(f"The page is at {link} (Ctrl-C ends it)")
    if forwarded:
        print(f"Elsewhere, for everybody who has this link: https://{forwarded}/{query}")
    if not is_local:
        print(
            "Everybody in this network who has this link can use the page; photographs go to this machine, unencrypted,"
            " and are not kept. For the phone:"
        )
        segno.make(link, error="l").terminal(compact=True)
    if open_browser:
        threading.Timer(0.3, webbrowser.open, [link]).start()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=200,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


def publish(folder: Path) -> None:
    """Write the drawing page into `folder`, as files for any static host.

    Raises:
        DigitsError: the folder holds something else, or see `site`.
        OSError: it cannot be written.
    """
    files = site(photographs=False)
    ours = {name.partition("/")[0] for name in files}
    others = [path.name for path in folder.iterdir() if path.name not in ours] if folder.is_dir() else []
    if strange := sorted(name for name in others if not name.startswith(".")):
        allowed = "a new or empty folder, or one that was published before"
        raise DigitsError(f"{display(folder)} holds {strange[0]}, which is no part of the page; allowed: {allowed}")
    by_folder: dict[Path, dict[str, bytes]] = {}
    for name in sorted(files, key="index.html".__eq__):
        path = folder / name
        by_folder.setdefault(path.parent, {})[path.name] = files[name]
    for parent in sorted(by_folder, reverse=True):  # the page itself last, when all that it needs is there
        write_together(parent, by_folder[parent])
    size = sum(map(len, files.values())) / 1e6
    print(f"Saved {display(folder)}: {len(files)} files, {size:.1f} MB, for any web host; with HTTPS it works offline")


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on a port: this one, or the first free one from `PORT` on, which is then said."""
    for candidate in [port] if port is not None else range(PORT, PORT + _TRIED):
        try:
            family = socket.getaddrinfo(host, candidate, type=socket.SOCK_STREAM)[0][0]
            listener = socket.socket(family, socket.SOCK_STREAM)
            if os.name == "posix":  # where it lets a port be used again at once; on Windows, one that is in use
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(128)
        except socket.gaierror as error:
            raise DigitsError(
                f"--host {host} is no address; allowed: {HERE}, 0.0.0.0 or this machine's name"
            ) from error
        except PermissionError as error:
            raise DigitsError(f"--port {candidate} is for the system alone; allowed: 1024 to 65535") from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise DigitsError(f"--host {host} is no address of this machine; allowed: {HERE}, 0.0.0.0") from error
            continue
        if candidate != PORT and port is None:
            print(f"note: port {PORT} is taken; using {candidate}")
        return listener
    taken = f"--port {port} is" if port is not None else f"ports {PORT} to {PORT + _TRIED - 1} are"
    raise DigitsError(f"{taken} taken. Name a free one: digits serve --port N")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _own_addresses() -> list[str]:
    """This machine's addresses in its networks, the one that leads outside first, and its name."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of nobody; of this kind of socket nothing is sent
            found.append(probe.getsockname()[0])
        except OSError:
            found.append(HERE)
    name = socket.gethostname()
    try:
        others = [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]
    except OSError:
        others = []
    return list(dict.fromkeys([*found, *others, name.lower()]))
