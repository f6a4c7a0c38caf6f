"""Every command in docs/ runs, on files in the very form that it is about, made from MNIST."""

import gzip
import io
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.cli import main
from digits.datasets import Dataset, Split, write_dataset
from digits.datasets.registry import MNIST
from tests.conftest import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


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

    np.savez(folder / "arrays.npz", x_train=images, y_train=labels, x_test=test.images, y_test=test.labels)
    flat = (images.reshape(-1, 784) / 255).astype(np.float32)
    np.savez(folder / "tutorial.npz", X_train=flat, y_train=np.eye(10)[labels])
    (folder / "arrays").mkdir()
    np.save(folder / "arrays" / "images.npy", images.astype(np.int64)[..., np.newaxis])
    np.save(folder / "arrays" / "labels.npy", labels)
    np.save(folder / "new.npy", test.images[:3] / 255.0)

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


def test_links_of_a_page_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *PAGES]:
        text = page.read_text()
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        for target in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            assert target.startswith("http") or not path or (page.parent / path).exists(), target
            assert path or anchor in anchors, target
