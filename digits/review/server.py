"""The server of a review: its page, and what a person answers. Of a request nothing but a verdict touches the disk."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from digits.page.guards import body, guarded
from digits.page.site import STATIC
from digits.review.session import Review

_OWN = Path(__file__).with_name("static")
_SHARED = ("style.css", "icon.svg", "element.js")  # of the page to draw on
MOST_BYTES = 1 << 20  # of an answer


def application(review: Review, hosts: list[str], token: str, cookie: str, end: Callable[[], None]) -> ASGIApp:
    """The server as an ASGI application.

    Args:
        review: what is asked, and takes the answers, one at a time.
        hosts: names and addresses by which browsers may call it.
        token: that a browser must bring once, in the link.
        cookie: the name of the cookie that keeps it.
        end: ends the server.
    """
    threads = ThreadPoolExecutor(1, "review")  # one after another, whoever asks; reading itself uses several cores

    async def done(action: Callable[[], None] | None = None) -> Response:
        """What the page shows, once the action, if there is one, is done; meanwhile the next picture is read."""

        def work() -> dict[str, Any]:
            if action:
                action()
            return review.state()

        state = await asyncio.get_running_loop().run_in_executor(threads, work)
        threads.submit(review.look_ahead)
        return JSONResponse(state)

    async def state(_: Request) -> Response:
        return await done()

    async def verdict(request: Request) -> Response:
        said = await _said(request)
        corrected, typed = _corrected(said.get("corrected")), said.get("typed")
        if not isinstance(typed, str | None):
            raise _no_answer()
        return await done(lambda: review.judge(_place(said), corrected, typed))

    async def skip(request: Request) -> Response:
        said = await _said(request)
        return await done(lambda: review.skip(_place(said)))

    async def undo(request: Request) -> Response:
        await _said(request)
        return await done(review.undo)

    async def ended(request: Request) -> Response:
        await _said(request)
        end()
        return JSONResponse({})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        threads.shutdown(cancel_futures=True)  # what is being written is written

    answers = {"/verdict": verdict, "/skip": skip, "/undo": undo, "/end": ended}
    files = {path.name: path.read_bytes() for path in (*_OWN.iterdir(), *(STATIC / name for name in _SHARED))}
    return guarded(
        files,
        [Route("/state", state), *(Route(path, answer, methods=["POST"]) for path, answer in answers.items())],
        hosts,
        forwarding="Open the link that was printed",
        token=token,
        cookie=cookie,
        lifespan=lifespan,
    )


async def _said(request: Request) -> dict[str, Any]:
    """The object that a request holds.

    Raises:
        HTTPException: 415, 413 or 408, see `body`; or 422, it holds something else.
    """
    data = await body(request, "verdict", ("application/json",), MOST_BYTES)
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise _no_answer() from None
    if not isinstance(said, dict):
        raise _no_answer()
    return said


def _place(said: dict[str, Any]) -> int:
    if type(place := said.get("place")) is not int:
        raise _no_answer()
    return place


def _corrected(given: Any) -> dict[int, str]:
    """Classes by places, which in JSON are words."""
    if not isinstance(given, dict) or not all(
        place.isdecimal() and len(place) < 6 and isinstance(label, str) for place, label in given.items()
    ):
        raise _no_answer()
    return {int(place): label for place, label in given.items()}


def _no_answer() -> HTTPException:
    return HTTPException(422, "This is no answer to what was asked")
