"""Every command in README and docs/ runs, on files in the very form that it is about, made from MNIST."""

import gzip
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from digits.cli import digits as cli
from digits.cli import main
from digits.datasets import Dataset, Split, write_dataset
from digits.datasets.registry import MNIST
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests import inside
from tests.conftest import ROOT, but_for_hints, run
from tests.reading.compose.hands import ODD, OneHand, a_hand, written

pytestmark = pytest.mark.whole

PAGES = sorted((ROOT / "docs").glob("*.md"))


def commands(page: Path) -> list[str]:
    """What a page has to be typed, in its order: all lines of its bash blocks, and what stands after `$ ` in others."""
    lines = []
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        if kind == "bash":
            lines += [line.partition(" #")[0].strip() for line in block.splitlines() if line.strip()]
        elif not kind:
            lines += re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    return lines


def first(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])


def as_png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def as_csv(path: Path, images: np.ndarray, labels: np.ndarray | None = None) -> None:
    table, names = images.reshape(len(images), 784), [f"pixel{number}" for number in range(784)]
    if labels is not None:
        table, names = np.column_stack([labels, table]), ["label", *names]
    path.parent.mkdir(exist_ok=True)
    np.savetxt(path, table, fmt="%d", delimiter=",", header=",".join(names), comments="")


def as_pictures(folder: Path, split: Split) -> None:
    for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        path = folder / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_png(image))


def make_files(folder: Path, mnist: Dataset, data_dir: Path) -> None:
    """What docs/data.md speaks of: the whole of MNIST where its bytes are checked, and else a few hundred images."""
    train, validation, test = first(mnist.train, 400), first(mnist.test, 250), first(mnist.test, 200)
    images, labels = train.images, train.labels

    as_pictures(folder / "drawings", Split(255 - images, labels))  # ink on paper
    as_pictures(folder / "mnist_png" / "training", train)
    as_pictures(folder / "mnist_png" / "testing", test)
    for name, split in [("train", train), ("valid", validation), ("test", test)]:
        as_pictures(folder / "three_splits" / name, split)

    (folder / "archive").mkdir()
    for file in MNIST.files:
        shutil.copy(data_dir / MNIST.raw / file.name, folder / "archive" / file.name.replace("-idx", ".idx"))
    small = Dataset("small", "small", mnist.classes, train, test)
    write_dataset(small, folder / "own_idx", "idx")
    for path in list((folder / "own_idx").iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()

    as_csv(folder / "digit-recognizer" / "train.csv", images, labels)
    as_csv(folder / "digit-recognizer" / "test.csv", test.images)
    as_csv(folder / "mnist_in_csv" / "mnist_train.csv", images, labels)
    as_csv(folder / "mnist_in_csv" / "mnist_test.csv", test.images, test.labels)

    noise = np.random.default_rng(0).integers(0, 256, len(images))
    noisy = np.column_stack([noise, images.reshape(-1, 784)[:, 1:], labels])
    np.savetxt(folder / "noisy.csv", noisy, fmt="%d", delimiter=",")

    np.savez(folder / "arrays.npz", x_train=images, y_train=labels, x_test=test.images, y_test=test.labels)
    flat = (images.reshape(-1, 784) / 255).astype(np.float32)
    np.savez(folder / "tutorial.npz", X_train=flat, y_train=np.eye(10)[labels])
    (folder / "arrays").mkdir()
    np.save(folder / "arrays" / "images.npy", images.astype(np.int64)[..., np.newaxis])
    np.save(folder / "arrays" / "labels.npy", labels)
    np.save(folder / "new.npy", test.images[:3] / 255.0)

    (folder / "kmnist").mkdir()
    (folder / "emnist").mkdir()
    for name, split, of in [("train", train, "train"), ("test", test, "t10k")]:
        np.savez(folder / "kmnist" / f"kmnist-{name}-imgs.npz", split.images)
        np.savez(folder / "kmnist" / f"kmnist-{name}-labels.npz", split.labels)
        for kind in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"):
            shutil.copy(folder / "own_idx" / f"{of}-{kind}", folder / "emnist" / f"emnist-letters-{name}-{kind}")

    (folder / "listed" / "images").mkdir(parents=True)
    for number, image in enumerate(images):
        (folder / "listed" / "images" / f"{number}.png").write_bytes(as_png(image))
    lines = ["filename,label", *(f"{number}.png,{label}" for number, label in enumerate(labels))]
    (folder / "listed" / "labels.csv").write_text("\n".join(lines))

    write_dataset(small, folder / "hf_mnist", "parquet")


@pytest.mark.slow
def test_every_command_of_a_page_on_data_runs(
    mnist: Dataset, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_files(tmp_path, mnist, data_dir)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # which `main` sets for a process of its own
    lines = commands(ROOT / "docs" / "data.md")
    assert len(lines) > 20
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "digits", line
        status = main(arguments)
        said = capsys.readouterr()
        assert status == 0, (line, said.err)
        if "train pytorch" in line:
            assert "Test Accuracy: " in said.out, line
    submission = (tmp_path / "submission.csv").read_text().splitlines()
    assert submission[:1] + [line.partition(",")[0] for line in submission[1:]] == [
        "ImageId,Label",
        *map(str, range(1, 201)),
    ]
    assert len(list((tmp_path / "mnist_pictures").rglob("*.png"))) == 70_000


@pytest.mark.slow
def test_every_command_of_the_page_on_tuning_runs(mnist: Dataset, tmp_path: Path) -> None:
    """On few images, with few trials: only the last of the flags of one name counts."""
    train, test = first(mnist.train, 1500), first(mnist.test, 300)
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(tmp_path / "small.npz", **arrays)
    lines = commands(ROOT / "docs" / "tuning.md")
    assert len(lines) > 5
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "digits", line
        flags = ["--dataset", tmp_path / "small.npz", "--output-dir", tmp_path / "outputs"]
        if arguments[0] == "tune":
            flags += ["--trials", 3 if "--resume" in arguments else 2, "--seeds", 3]
            if "--resume" not in arguments:
                shutil.rmtree(tmp_path / "outputs", ignore_errors=True)
        arguments = [one.replace("outputs/", f"{tmp_path}/outputs/") for one in arguments]
        done = run("-m", "digits", *arguments, *flags)
        assert (done.returncode, but_for_hints(done.stderr)) == (0, ""), (line, done.stderr)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_every_command_of_a_page_is_one_and_its_flags_too(page: Path) -> None:
    """As the parser itself sees it; the tests above and below, and for clusters those of their rooms, run them."""
    listed = re.findall(r"^  ([\w-]+)  ", inside.digits("--help").stdout, re.MULTILINE)
    for line in commands(page):
        if line.startswith("digits "):
            name, *words = shlex.split(line)[1:]
            assert name in listed, line
            parsed(name, words)
    for name, *words in map(str.split, re.findall(r"`digits ([^`]+)`", page.read_text())):
        assert name in listed, (page.name, name)
        known = {flag for one in found(name).params for flag in one.opts}
        assert {word for word in words if word.startswith("-")} <= known, (page.name, name, words)


def found(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command, name
    return command


def parsed(name: str, words: list[str]) -> dict:
    """What the command's own parser makes of these words; it raises where one is unknown or missing."""
    return found(name).make_context(name, words).params


def test_a_flag_or_a_command_that_is_none_would_be_seen() -> None:
    with pytest.raises(click.UsageError, match="No such option"):
        parsed("train", ["pytorch", "--epoch-count", "3"])
    with pytest.raises(click.UsageError, match="Missing parameter: backend"):
        parsed("train", [])
    with pytest.raises(AssertionError):
        found("trian")


# Pages whose commands are about the project itself; docs/data.md, about files of many forms, has the test above, and
# docs/page.md, whose server runs until it is stopped, one in tests/page/test_site.py; docs/tuning.md has its own.
OTHERS = [page for page in (ROOT / "README.md", *PAGES) if page.name not in ("data.md", "page.md", "tuning.md")]


def misread() -> Split:
    """A few sevens of a hand that writes them with a second bar, at their foot."""
    images, labels = written(
        OneHand({**a_hand(0).ways, "7": ODD["7"][0]}, 0.1, 1.0, 0.09, 0.03), 300, np.random.default_rng(0)
    )
    return Split(images, labels).take((labels == 7) & (Network(SHIPPED)(images).digits != 7))


@pytest.fixture
def workplace(mnist: Dataset, data_dir: Path, tmp_path: Path) -> Path:
    """A folder as the pages' readers have it: the project's files, MNIST, a photograph, drawings, misread digits."""
    for name in (
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "lessons",
        *(path.name for path in ROOT.glob("*.py")),
    ):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(data_dir, tmp_path / "mnist_data")
    (tmp_path / "scans").mkdir()
    for name in ("photo.jpg", "scans/one.jpg"):
        shutil.copy(ROOT / "lessons" / "my_digit.jpg", tmp_path / name)
    as_pictures(tmp_path / "my drawings", first(mnist.train, 400))
    as_pictures(tmp_path / "my-digits", misread())
    (tmp_path / "digit.png").write_bytes(as_png(mnist.test.images[0]))
    np.save(tmp_path / "digits.npy", mnist.test.images[:3])
    small = Dataset("small", "small", mnist.classes, first(mnist.train, 1200), first(mnist.test, 200))
    write_dataset(small, tmp_path / "small", "idx")
    return tmp_path


def runs(command: str, folder: Path) -> None:
    """Run a command of a page in a folder, trainings shortened to an epoch of a few images, and see it succeed.

    What installs or takes minutes is looked at instead: `make` may only say what it would do, `pip` must ask for what
    there is (tests/test_errors.py asks pip), and what is to be opened must be there.
    """
    program, *words = shlex.split(command)
    if program == "make":
        words = ["-n", "-f", "Makefile", *words]
    elif program == "pip":
        extras = set(re.findall(r"\w+", words[-1].strip(".[]")))
        assert extras <= set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
        return
    elif command in ("source .venv/bin/activate", "python -m venv .venv"):
        return
    elif program == "jupyter":
        assert (folder / words[-1]).is_file(), command
        return
    elif program == "digits":
        program, words = sys.executable, ["-m", "digits", *words]
        if words[2] == "train":
            words += ["--epochs", "1", "--ensemble", "1"]
            if "my drawings" not in words:
                words += ["--dataset", "small"]
        if "fashion-mnist" in command and words[2] == "download":
            return  # tests/datasets/test_registry.py fetches it, from a server of its own
    else:
        assert program == "python", command
        program = sys.executable
        if words[0].startswith("mnist_"):
            words += ["--epochs", "1"]
    done = subprocess.run(
        [program, *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_every_command_of_a_page_runs(page: Path, workplace: Path) -> None:
    if page.name == "reading.md":  # whose reader has a model already
        for command in ("digits train pytorch", "digits export outputs/pytorch_model.safetensors"):
            runs(command, workplace)
    for command in commands(page):
        runs(command, workplace)


def test_pages_have_commands() -> None:
    assert {page.name for page in OTHERS if commands(page)} >= {"README.md", "models.md", "reading.md", "results.md"}
    assert "digits lockstep" in commands(ROOT / "docs" / "models.md")


def test_readme_can_be_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_per_cent_is_spelled_in_one_way() -> None:
    """As `97.85%`, wherever it is said: on the console, in pictures and pages, in docs and in the lessons."""
    says = [*ROOT.glob("*.md"), *ROOT.glob("*.py"), *PAGES]
    says += [path for folder in ("digits", "lessons", "benchmarks") for path in (ROOT / folder).rglob("*")]
    for path in says:
        if path.suffix in (".md", ".py", ".html", ".js", ".ipynb"):
            found = re.search(r"[\d}]( |\u00a0|\\u00a0)%(?! \d).*", path.read_text(encoding="utf-8"))
            assert not found, (path, found)


def test_scripts_that_pages_name_are_there() -> None:
    for page in [ROOT / "README.md", *PAGES]:
        for name in re.findall(r"`python ([\w/]+\.py)", page.read_text()):
            assert (ROOT / name).is_file(), (page.name, name)


def test_links_of_a_page_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *PAGES]:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            if target.startswith("http"):
                continue
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            assert there.exists(), (page.name, target)
            assert not anchor or anchor in anchors(there), (page.name, target)


def anchors(page: Path) -> set[str]:
    """What may stand after `#` in a link to a page: its headings, as code hosts turn them into names."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
