"""Where the page is served: addresses of this machine, and a socket that listens."""

import errno
import ipaddress
import os
import socket

from digits.errors import DigitsError

HERE = "127.0.0.1"
PORT = 8000
_TRIED = 20  # ports from there on


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on a port: this one, or the first free one from `PORT` on.

    Raises:
        DigitsError: the address is none of this machine, or the port is taken.
    """
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
        return listener
    taken = f"--port {port} is" if port is not None else f"ports {PORT} to {PORT + _TRIED - 1} are"
    raise DigitsError(f"{taken} taken. Name a free one with --port N")


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address, can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bracketed(address: str) -> str:
    """An address as URLs have it: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def own_addresses() -> list[str]:
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
