"""The outermost layer: request ids, security headers, where a request comes from, limits on bodies, the last catch.

Plain ASGI, because FastAPI's own middleware class costs more than an empty request. What nobody caught is answered
here and not by the framework, whose own last catch lies outside and would answer without the id.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salw.core.errors import Refused

BODY_SIZE_MAX = 1024 * 1024
BODY_SIZE = "x-body-size-max"
# What a route that takes long lists says of itself, to this layer and to the reader of its document.
LARGE_BODY: dict[str, Any] = {BODY_SIZE: 8 * 1024 * 1024}

# A body that comes slower than the slowest line in the field is somebody keeping the service busy: so long to begin,
# and then so many bytes a second, as Apache's mod_reqtimeout has it.
BODY_PATIENCE_S = 20.0
BODY_BYTES_A_SECOND = 500

_LATER = "salw.later"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a form of any site sends without asking anybody (Fetch standard: a CORS-safelisted content type).
FORM_TYPES = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")

# What an answer of the interface may do in a browser: nothing. A page states its own policy and keeps it.
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=()",
    ),
    (b"cache-control", b"no-store"),
)
# Without https a browser takes no notice of these, and says so to whoever looks.
HTTPS_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    *HEADERS,
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def comes_from_elsewhere(method: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Say whether a request that writes was, or may have been, sent by a page of another site.

    Browsers say where it comes from in Sec-Fetch-Site on https and on this machine, and in Origin elsewhere; what
    they say is held against them. A program says neither. It is free with a bearer or a JSON body, which a page of
    another site sends only after asking us, and we never say yes; otherwise as long as it brings no cookie and nothing
    that a form could send: whatever a browser adds by itself must not be enough.
    """
    if method in SAFE_METHODS:
        return False
    said = dict(headers)
    fetched = said.get(b"sec-fetch-site")
    if fetched is not None:
        return fetched != b"same-origin"
    origin = said.get(b"origin")
    if origin is not None:
        return origin.partition(b"://")[2] != said.get(b"host", b"?")
    kind = said.get(b"content-type", b"").lower()
    if kind.startswith(b"application/json") or said.get(b"authorization", b"").lower().startswith(b"bearer "):
        return False
    return b"cookie" in said or kind.startswith(FORM_TYPES)


def do_later(scope: Scope, work: Callable[[], None]) -> None:
    """Have `work` done once the answer to a request has left, whatever the answer is."""
    scope[_LATER] = work


class TooLarge(HTTPException):
    """A body over the limit of its route; `megabytes` is that limit, as people say it."""

    def __init__(self, size_max: int) -> None:
        super().__init__(413)
        self.megabytes = size_max // 2**20 or round(size_max / 2**20, 2)


class Body:
    """Hands on the body of one request, and raises 413 where it is too large and 408 where it comes too slowly."""

    def __init__(self, scope: Scope, receive: Receive, patience_s: float) -> None:
        self.scope = scope
        self._receive = receive
        self._patience_s = patience_s
        self._size_max = 0
        self._since = 0.0
        self._received = 0
        self._ended = False
        self.refused = False

    async def receive(self) -> Message:
        """Return the next message of the server."""
        if self._ended:  # what is waited for now is the client's going away
            return await self._receive()
        if not self._size_max:
            self._begin()
        try:
            async with asyncio.timeout_at(self._since + self._patience_s + self._received / BODY_BYTES_A_SECOND):
                message = await self._receive()
        except TimeoutError:
            raise self._refusal(408) from None
        self._received += len(message.get("body", b""))
        if self._received > self._size_max:
            raise self._too_large()
        self._ended = not message.get("more_body", False)
        return message

    def _begin(self) -> None:
        """Find out what the route takes, and refuse what is said to be longer before reading any of it."""
        self._since = asyncio.get_running_loop().time()
        stated = getattr(self.scope.get("route"), "openapi_extra", None) or {}
        self._size_max = stated.get(BODY_SIZE, BODY_SIZE_MAX)
        for name, value in self.scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:20]) > self._size_max:
                raise self._too_large()

    def _too_large(self) -> HTTPException:
        self.refused = True
        return TooLarge(self._size_max)

    def _refusal(self, status: int) -> HTTPException:
        self.refused = True
        return HTTPException(status)


class Edge:
    """Wraps the service; `on_error` makes the answer to an error that no handler further in took.

    What is sent to `signed_paths` is believed by the signature in its body alone, whoever sends it and with whatever
    a browser adds: other people's programs send it as plain text.
    """

    def __init__(
        self,
        app: ASGIApp,
        on_error: Callable[[Request, Exception], Response],
        signed_paths: frozenset[str] = frozenset(),
        patience_s: float = BODY_PATIENCE_S,
    ) -> None:
        self.app = app
        self.signed_paths = signed_paths
        self.on_error = on_error
        self.patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid4().hex
        scope["salw.request_id"] = request_id
        body = Body(scope, receive, self.patience_s)
        begun = False
        usual = HTTPS_HEADERS if scope["scheme"] == "https" else HEADERS

        async def marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = list(message.get("headers", ()))
                own = {name for name, _ in headers}
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(header for header in usual if header[0] not in own)
                if body.refused:  # the rest of it is still on its way, and nobody will read it
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            if scope["path"] not in self.signed_paths and comes_from_elsewhere(scope["method"], scope["headers"]):
                raise Refused("request.wrong_origin")
            await self.app(scope, body.receive, marked)
        except Exception as error:
            if begun:  # half an answer cannot be taken back: the connection breaks, and the client sees it
                raise
            # Making the answer may ask the database; nobody else waits for it.
            answer = await run_in_threadpool(self.on_error, Request(scope), error)
            await answer(scope, body.receive, marked)
        if _LATER in scope:
            await run_in_threadpool(scope[_LATER])
