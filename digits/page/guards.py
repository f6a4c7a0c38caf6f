"""What every page that this machine serves keeps to: who is let in, what browsers may do with it, how it refuses."""

import asyncio
import contextlib
import hmac
import mimetypes
import re
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digits.errors import DigitsError
from digits.files import sha256
from digits.page.site import POLICY

RECEIVE_SECONDS = 30.0  # for a body to come
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


def guarded(
    files: Mapping[str, bytes],
    routes: Sequence[Route],
    hosts: list[str],
    *,
    forwarding: str,
    token: str = "",
    cookie: str = "digits",
    lifespan: Any = None,
) -> ASGIApp:
    """A page as an ASGI application.

    Args:
        files: by path; `index.html` is the page.
        routes: what else there is.
        hosts: names and addresses by which browsers may call it; another site cannot take one of them as its own.
        forwarding: what to tell who calls it by another name, which is put in for `{name}`.
        token: that a browser must bring once, in the link, if there is one.
        cookie: the name of the cookie that keeps it; pages at one address have different ones.
        lifespan: what Starlette runs around all.
    """
    return Starlette(
        routes=[*routes, _route_of(files)],
        middleware=[
            Middleware(_WithHeaders),
            Middleware(_WithHost, hosts=hosts, forwarding=forwarding),
            *([Middleware(_WithToken, token=token, cookie=cookie)] if token else []),
        ],
        exception_handlers={HTTPException: _refusal, DigitsError: _mistake, ClientDisconnect: _gone},
        lifespan=lifespan,
    )


def _route_of(files: Mapping[str, bytes]) -> Route:
    """Files out of memory; who has one already is not sent it again."""
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

    return Route("/{path:path}", file)


def _answer(name: str, data: bytes) -> Response:
    suffix = f".{name.rpartition('.')[2]}"
    kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"ETag": f'"{sha256(data)[:32]}"', "Cache-Control": "no-cache"})


async def body(request: Request, what: str, kinds: tuple[str, ...], most: int) -> bytes:
    """The body of a request, if it says that it is of a kind, is not too large, and comes in time.

    That it must say so keeps other sites out: without asking first, which is refused, browsers send no such thing.

    Args:
        what: what it is called in errors.
        kinds: what its Content-Type may begin with.
        most: bytes.

    Raises:
        HTTPException: 415, 413 or 408, and why.
    """
    if not request.headers.get("Content-Type", "").startswith(kinds):
        raise HTTPException(415, f"Only a {what} can be read")
    too_large = HTTPException(413, f"The {what} is too large; allowed: up to {most >> 20} MiB")
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > most:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            async for part in request.stream():
                data += part
                if len(data) > most:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"The {what} did not come within {RECEIVE_SECONDS:.0f} seconds") from None
    return bytes(data)


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # which it was registered for
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _mistake(_: Request, error: Exception) -> Response:
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

    def __init__(self, app: ASGIApp, hosts: list[str], forwarding: str):
        self.app = app
        self.hosts = hosts
        self.forwarding = forwarding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = re.sub(r":\d*$", "", Headers(scope=scope).get("Host", "") if scope["type"] == "http" else "").lower()
        if scope["type"] != "http" or host in self.hosts:
            await self.app(scope, receive, send)
            return
        name = host if HOST.fullmatch(host) else "NAME"
        say = f"The page does not answer to this name. {self.forwarding.format(name=name)}"
        await JSONResponse({"error": say}, 400)(scope, receive, send)


class _WithToken:
    """Lets in who brings the token: in the link, which is then hidden in a cookie, or in that cookie."""

    def __init__(self, app: ASGIApp, token: str, cookie: str):
        self.app = app
        self.token = token
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._is_token(QueryParams(scope["query_string"]).get("token", "")):
            answer: Response = RedirectResponse("/", 303)
            # Not "strict": that one gets lost where the link stands on a page, as in a mail.
            answer.set_cookie(self.cookie, self.token, httponly=True, samesite="lax")
            await answer(scope, receive, send)
            return
        cookies = SimpleCookie()
        with contextlib.suppress(CookieError):
            cookies.load(Headers(scope=scope).get("Cookie", ""))
        if self.cookie in cookies and self._is_token(cookies[self.cookie].value):
            await self.app(scope, receive, send)
        else:
            say = "Open the link that was printed: it holds the token without which nobody is let in"
            await JSONResponse({"error": say}, 403)(scope, receive, send)

    def _is_token(self, brought: str) -> bool:
        return hmac.compare_digest(brought.encode(), self.token.encode())
