"""Folders of small pictures, and an S3 server of this machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyarrow.fs import S3FileSystem

from digits.batch import Batch, Progress, read_all


def as_png(image: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def drawings(mnist) -> list[bytes]:
    """Files of one digit each: MNIST's first test images, which read 7210414959."""
    return [as_png(255 - image) for image in mnist.test.images[:60]]


@pytest.fixture
def folder(drawings, tmp_path) -> Path:
    """Ten pictures, some in a folder within, others hidden, and what is none."""
    folder = tmp_path / "scans"
    for number, data in enumerate(drawings[:10]):
        path = folder / ("deep/er" if number > 7 else ".") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.png").write_bytes(drawings[0])
    return folder


def finished(*sources: object, output: Path, **fields: object) -> Progress:
    """What reading all of it ends with."""
    *_, last = read_all(Batch([str(source) for source in sources], str(output), **fields))
    return last


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Where an S3 server of this machine is, which ends with the tests."""
    pytest.importorskip("moto", reason="make setup installs it")
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            yield next(found[1] for line in server.stderr if (found := re.search(r"http://([\d.:]+)", line)))
        finally:
            server.terminate()


@pytest.fixture
def bucket(s3) -> str:
    """The address of an empty bucket."""
    files = S3FileSystem(endpoint_override=s3, scheme="http", allow_bucket_creation=True)
    files.create_dir("scans")
    files.delete_dir_contents("scans")
    return f"s3://scans?endpoint_override={s3}&scheme=http&region=us-east-1"
