"""WebSub's callback: the one address of the server that the world may reach. Hubs ask here, and push here."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

#: Bytes of one push, as of one document that is fetched.
BODY_LIMIT = 10 * 2**20
#: Seconds for one push to come in whole, and pushes that come in at once: one from each hub's subscription.
_SECONDS, _AT_ONCE = 30.0, 8


class Subscriber(Protocol):
    """Who subscribes: what the callback hands on to. Its answers are quick; the work is done later."""

    def confirm(self, token: str, asked: Mapping[str, str]) -> str | None:
        """The text to answer to a hub that asks whether a subscription is meant; None: it is not."""

    def expects(self, token: str) -> bool:
        """Whether a token's pushes are taken."""

    def take(self, token: str, body: bytes, *, signature: str, content_type: str) -> bool:
        """Take a push, or ignore it for its signature; False: not now, there is too much to do."""


def callback_routes(path: str, subscriber: Subscriber) -> list[Route]:
    """The routes below the callback's path."""
    callback = _Callback(subscriber)
    address = f"{path}/{{token}}"
    return [Route(address, callback.verify, methods=["GET"]), Route(address, callback.push, methods=["POST"])]


class _Callback:
    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._coming: set[str] = set()

    async def verify(self, request: Request) -> Response:
        answer = self._subscriber.confirm(request.path_params["token"], request.query_params)
        if answer is None:
            raise HTTPException(404, "There is no such subscription.")
        return PlainTextResponse(answer)

    async def push(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not self._subscriber.expects(token):
            raise HTTPException(410, "There is no such subscription.")
        if token in self._coming or len(self._coming) >= _AT_ONCE:
            raise _later()
        self._coming.add(token)
        try:
            async with asyncio.timeout(_SECONDS):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            raise HTTPException(408, "The push did not come in whole.") from None
        finally:
            self._coming.discard(token)
        taken = self._subscriber.take(
            token,
            body,
            signature=request.headers.get("x-hub-signature", ""),
            content_type=request.headers.get("content-type", ""),
        )
        if not taken:
            raise _later()
        return Response(status_code=202)


def _later() -> HTTPException:
    return HTTPException(503, "Too much at once; try again.", headers={"Retry-After": "60"})


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise HTTPException(413, "The push is larger than 10 MiB.")
        parts.append(part)
    return b"".join(parts)
