"""The server: the page's files out of memory, and photographs read in a queue that is bounded in every way.

What comes in a request is hostile until checked, and nothing of it touches the disk. Only photographs that a browser
cannot decode come here: all else it reads itself.
"""

import asyncio
import base64
import contextlib
import hmac
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digits.datasets import SIDE, Split, load_dataset
from digits.errors import DigitsError, missing
from digits.files import sha256
from digits.page.site import MOST_BYTES, POLICY
from digits.reading import Reader, Reading
from digits.reading.hand import CLASSES, MOST_IMAGES

if TYPE_CHECKING:
    from digits.learning import Learned

MOST_WAITING = 8  # photographs, with the one that is being read
RECEIVE_SECONDS = 30.0  # for a photograph to come
READ_SECONDS = 30.0  # for it to wait and be read
COOKIE = "digits"
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")  # a host's name

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".onnx": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


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
    answers = {f"/{name}": _answer(name, data) for name, data in files.items()}
    answers["/"] = answers["/index.html"]

    async def file(request: Request) -> Response:
        try:
            answer = answers[request.url.path]
        except KeyError:
            raise HTTPException(404, "There is no such page") from None
        if request.headers.get("If-None-Match") == answer.headers["ETag"]:
            return Response(status_code=304, headers={"ETag": answer.headers["ETag"]})
        return answer

    async def read(request: Request) -> Response:
        with queue.place():
            return JSONResponse(_reading(await queue.read(await _body(request))))

    async def learn_from(request: Request) -> Response:
        own = _corrections(await _body(request))
        if learner.is_learning:
            raise HTTPException(429, "Somebody's digits are being learned from already. Try again in a minute")
        learner.is_learning = True
        return StreamingResponse(learner.learn(own), media_type="application/x-ndjson")

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for threads in (queue.threads, learner.threads):
            threads.shutdown(wait=False, cancel_futures=True)

    return Starlette(
        routes=[
            Route("/read", read, methods=["POST"]),
            Route("/learn", learn_from, methods=["POST"]),
            Route("/{path:path}", file),
        ],
        middleware=[
            Middleware(_WithHeaders),
            Middleware(_WithHost, hosts=hosts),
            *([Middleware(_WithToken, token=token)] if token else []),
        ],
        exception_handlers={HTTPException: _refusal, DigitsError: _no_picture, ClientDisconnect: _gone},
        lifespan=lifespan,
    )


def _answer(name: str, data: bytes) -> Response:
    suffix = f".{name.rpartition('.')[2]}"
    kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"ETag": f'"{sha256(data)[:32]}"', "Cache-Control": "no-cache"})


async def _body(request: Request) -> bytes:
    """The body of a request, if it says that it is an image or bytes, is not too large, and comes in time.

    That it must say so keeps other sites out: without asking first, which is refused, browsers send no such thing.

    Raises:
        HTTPException: 415, 413 or 408, and why.
    """
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith("image/") and kind != "application/octet-stream":
        raise HTTPException(415, "Only a picture can be read")
    too_large = HTTPException(413, f"The picture is too large; allowed: files of up to {MOST_BYTES >> 20} MiB")
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            async for part in request.stream():
                data += part
                if len(data) > MOST_BYTES:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"The picture did not come within {RECEIVE_SECONDS:.0f} seconds") from None
    return bytes(data)


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


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # which it was registered for
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _no_picture(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


async def _gone(*_: object) -> Response:
    return Response(status_code=400)  # to nobody


class _WithHeaders:
    """Says with every answer what the page may do."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":  # its list belongs to an answer that is given many times
                ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *ours]}
            await send(message)

        await self.app(scope, receive, with_headers)


class _WithHost:
    """Lets in who calls the page by one of its names, so that no other site can pass the page off as its own."""

    def __init__(self, app: ASGIApp, hosts: list[str]):
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = re.sub(r":\d*$", "", Headers(scope=scope).get("Host", "") if scope["type"] == "http" else "").lower()
        if scope["type"] != "http" or host in self.hosts:
            await self.app(scope, receive, send)
            return
        name = host if HOST.fullmatch(host) else "NAME"
        say = (
            f"The page does not answer to this name. If you forward it, start it with: digits serve --allow-host {name}"
        )
        await JSONResponse({"error": say}, 400)(scope, receive, send)


class _WithToken:
    """Lets in who brings the token: in the link, which is then hidden in a cookie, or in that cookie."""

    def __init__(self, app: ASGIApp, token: str):
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._is_token(QueryParams(scope["query_string"]).get("token", "")):
            answer: Response = RedirectResponse("/", 303)
            # Not "strict": that one gets lost where the link stands on a page, as in a mail.
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="lax")
            await answer(scope, receive, send)
            return
        cookies = SimpleCookie()
        with contextlib.suppress(CookieError):
            cookies.load(Headers(scope=scope).get("Cookie", ""))
        if COOKIE in cookies and self._is_token(cookies[COOKIE].value):
            await self.app(scope, receive, send)
        else:
            say = "Open the link that digits serve printed: it holds the token without which nobody is let in"
            await JSONResponse({"error": say}, 403)(scope, receive, send)

    def _is_token(self, brought: str) -> bool:
        return hmac.compare_digest(brought.encode(), self.token.encode())
