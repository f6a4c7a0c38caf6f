"""Pictures of all kinds that a table of readings can name, and the table that `digits read --output` makes of them."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from digits.batch.table import write_table
from digits.commands.serve import server_of
from digits.page.site import PHOTOGRAPHS, STATIC
from digits.reading import Reader
from digits.review import Review, application, opened, read_readings
from tests.batch.conftest import drawings, finished  # noqa: F401  # a fixture
from tests.page.conftest import browser, load, new_page, watch  # noqa: F401  # fixtures
from tests.page.test_accessibility import axe  # noqa: F401  # a fixture

PHOTO = "1.jpg"  # its text has three rows of seven digits
TOKEN = "secret-of-the-link"  # noqa: S105
TEXT = "2718281\n3141592\n1729064"


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="session")
def made(drawings, tmp_path_factory) -> Path:  # noqa: F811
    """A folder with pictures in `scans`, and a table of each kind of what was read in them."""
    folder = tmp_path_factory.mktemp("review")
    scans = folder / "scans"
    scans.mkdir()
    for number in range(4):
        (scans / f"{number}.png").write_bytes(drawings[number])
    shutil.copy(STATIC / PHOTOGRAPHS / PHOTO, scans)
    Image.new("L", (60, 60), 255).save(scans / "blank.png")
    (scans / "bad.png").write_bytes(b"nothing")
    pages = [Image.open(BytesIO(data)) for data in drawings[4:6]]
    pages[0].save(scans / "two.tif", save_all=True, append_images=pages[1:])
    pq.write_table(pa.table({"image": drawings[6:8]}), scans / "rows.parquet")
    finished(scans, output=folder / "readings.jsonl")
    for suffix in ("csv", "parquet"):
        write_table(folder / f"readings.{suffix}", (folder / "readings.jsonl").read_text().splitlines())
    return folder


@pytest.fixture
def table(made, tmp_path) -> Path:
    """Readings of ten pictures, the photograph and the blank one among them, which nobody has reviewed."""
    shutil.copy(made / "readings.jsonl", tmp_path)
    return tmp_path / "readings.jsonl"


@pytest.fixture
def review(table, reader) -> Iterator[Callable]:
    """Opens the review of the table, after the one before has ended: `review(random=None, seed=0)`."""
    with ExitStack() as open_ones:

        def open_(random: int | None = None, seed: int = 0) -> Review:
            open_ones.close()
            readings, store = read_readings(table), open_ones.enter_context(opened(table))
            return Review(readings, store, reader, None if random is None else store.draw(readings, random, seed))

        yield open_


@pytest.fixture(scope="session")
def windows() -> dict[str, object]:
    """The windows of `open_page`, by size."""
    return {}


@pytest.fixture
def open_page(browser, watch, windows) -> Callable:  # noqa: F811
    """Opens a link in a window that tests share: `open_page(link, size="phone", scheme="dark")`."""

    def open_(link: str, size: str = "projector", scheme: str = "light", refused: bool = False):
        if size not in windows:
            windows[size] = new_page(browser, size, scheme)
        page = windows[size]
        watch(page, refused)
        page.emulate_media(color_scheme=scheme)
        load(page, link)
        return page

    return open_


@contextmanager
def answering(review: Review) -> Iterator[str]:
    """A server of the review; its link."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = application(review, ["127.0.0.1"], TOKEN, "a-review", lambda: setattr(server, "should_exit", True))
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/?token={TOKEN}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def at(review: Review, name: str) -> int:
    """Skips pictures until the one of this name is asked; its place."""
    while not review.queue[review.place].key.name.endswith(name):
        review.skip(review.place)
    return review.place


def corrections(table: Path) -> list[str]:
    """The classes of the digits that were corrected, each as often as there are digits."""
    return sorted(path.parent.name for path in Path(f"{table}.corrections").glob("*/*.png"))
