"""The server: the page's files out of memory, and photographs read in a queue that is bounded in every way.

What comes in a request is hostile until checked, and nothing of it touches the disk. Only photographs that a browser
cannot decode come here: all else it reads itself.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from digits.datasets import SIDE, Split, load_dataset
from digits.errors import DigitsError, missing
from digits.page.guards import body, guarded
from digits.page.site import MOST_BYTES
from digits.reading import Reader, Reading
from digits.reading.hand import CLASSES, MOST_IMAGES

if TYPE_CHECKING:
    from digits.learning import Learned

MOST_WAITING = 8  # photographs, with the one that is being read
READ_SECONDS = 30.0  # for it to wait and be read


class Queue:
    """Reads photographs one at a time; as many as `MOST_WAITING` may be on their way, from their first byte on."""

    def __init__(self, reader: Reader):
        self.reader = reader
        self.threads = ThreadPoolExecutor(1, "reading")  # the steps themselves use several cores
        self.waiting = 0

    @contextlib.contextmanager
    def place(self) -> Any:
        """A place in the queue.

        Raises:
            HTTPException: 429, there is none.
        """
        if self.waiting >= MOST_WAITING:
            say = f"{MOST_WAITING} photographs are being read already. Try again in a few seconds"
            raise HTTPException(429, say, {"Retry-After": "2"})
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def read(self, photograph: bytes) -> Reading:
        """What is in the bytes of a photograph.

        Raises:
            DigitsError: it is no picture, or too large.
            HTTPException: 503, it takes too long.
        """
        working = asyncio.get_running_loop().run_in_executor(
            self.threads, lambda: self.reader.read(photograph, "the picture")
        )
        try:
            return await asyncio.wait_for(working, READ_SECONDS)
        except TimeoutError:
            raise HTTPException(503, f"The picture was not read within {READ_SECONDS:.0f} seconds") from None


class Learner:
    """Has the reader learn from the digits of one browser at a time. Nothing of it stays here."""

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir
        self.threads = ThreadPoolExecutor(1, "learning")
        self.is_learning = False

    async def learn(self, own: Split) -> AsyncIterator[bytes]:
        """What `learn` tells and what came of it: an object of JSON a line, the last with `better` or with `error`."""
        loop, told = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any]]()

        def tell(one: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(told.put_nowait, one)

        def work() -> None:
            try:
                from digits.learning import learn  # late: it needs more packages than reading does

                mnist = load_dataset("mnist", self.data_dir).train
                learned = learn(own, mnist, told=lambda done, total: tell({"done": done, "total": total}))
                tell(_outcome(learned))
            except DigitsError as error:
                tell({"error": str(error)})
            except ModuleNotFoundError as error:
                tell({"error": str(missing(error))})
            except BaseException:
                tell({"error": "Learning failed"})
                raise
            finally:
                self.is_learning = False

        self.threads.submit(work)
        while True:
            one = await told.get()
            yield json.dumps(one).encode() + b"\n"
            if "better" in one or "error" in one:
                return


def application(
    files: Mapping[str, bytes], reader: Reader, data_dir: Path, hosts: list[str], token: str = ""
) -> ASGIApp:
    """The server as an ASGI application.

    Args:
        files: of the page, by path.
        reader: reads photographs.
        data_dir: holds MNIST, for who has the reader learn.
        hosts: names and addresses by which browsers may call it; another site cannot take one of them as its own.
        token: that a browser must bring once, in the link, if there is one; a cookie keeps it.
    """
    queue, learner = Queue(reader), Learner(data_dir)

    async def received(request: Request) -> bytes:
        return await body(request, "picture", ("image/", "application/octet-stream"), MOST_BYTES)

    async def read(request: Request) -> Response:
        with queue.place():
            return JSONResponse(_reading(await queue.read(await received(request))))

    async def learn_from(request: Request) -> Response:
        own = _corrections(await received(request))
        if learner.is_learning:
            raise HTTPException(429, "Somebody's digits are being learned from already. Try again in a minute")
        learner.is_learning = True
        return StreamingResponse(learner.learn(own), media_type="application/x-ndjson")

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for threads in (queue.threads, learner.threads):
            threads.shutdown(wait=False, cancel_futures=True)

    return guarded(
        files,
        [Route("/read", read, methods=["POST"]), Route("/learn", learn_from, methods=["POST"])],
        hosts,
        forwarding="If you forward it, start it with: digits serve --allow-host {name}",
        token=token,
        lifespan=lifespan,
    )


def _reading(reading: Reading) -> dict[str, Any]:
    """A reading for the page: as `digits read --json` has it, and of each digit what the network saw and said."""
    found = reading.to_dict()
    for described, digit in zip(found["digits"], reading.digits, strict=True):
        described["image"] = base64.b64encode(digit.image.tobytes()).decode()
        described["probabilities"] = [round(float(value), 4) for value in digit.probabilities]
    return found


def _corrections(data: bytes) -> Split:
    """A browser's corrections: of each a byte for its class, a place in `CLASSES`, and 784 for its pixels.

    Raises:
        HTTPException: 422, it is something else.
    """
    length = 1 + SIDE * SIDE
    count, rest = divmod(len(data), length)
    rows = np.frombuffer(data[: count * length], np.uint8).reshape(count, length)
    if rest or not 0 < count <= MOST_IMAGES or rows[:, 0].max() >= len(CLASSES):
        raise HTTPException(422, f"These are no corrections; allowed: 1 to {MOST_IMAGES:,} images with their classes")
    return Split(rows[:, 1:].reshape(count, SIDE, SIDE), rows[:, 0].astype(np.int64))


def _outcome(learned: "Learned") -> dict[str, Any]:
    """What came of learning, for the page: accuracies before and after and, where it is better, the network."""
    changes = {"own": learned.own, "mnist": learned.mnist, "nothing": learned.nothing}
    said = {name: [change.before.value, change.after.value, change.after.interval] for name, change in changes.items()}
    model = {"model": base64.b64encode(learned.model).decode()} if learned.is_better else {}
    return {"better": learned.is_better, **said, **model}
