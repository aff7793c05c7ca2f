"""A small WebSub hub and its one publisher on the loopback, good or evil as a test wishes."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.publish.web.server import address, bind


@dataclass
class Hub:
    """Publishes `body` at /feed, takes subscriptions at /hub, asks back at once if `verifies`, and pushes when told to."""

    base: str
    body: bytes = b""
    status: int = 202
    location: str = ""
    verifies: bool = True
    forms: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    """What the subscriber answered to the questions whether it is meant."""

    @property
    def feed_url(self) -> str:
        return f"{self.base}/feed"

    @property
    def form(self) -> dict[str, str]:
        """The last request for a subscription."""
        return self.forms[-1]

    def rss(self, *titles: str) -> bytes:
        items = "".join(
            f"<item><title>{title}</title><link>https://paper.example/{n}</link><guid>{title}</guid></item>"
            for n, title in enumerate(titles)
        )
        return (
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Paper</title>'
            f'<atom:link rel="hub" href="{self.base}/hub"/><atom:link rel="self" href="{self.feed_url}?topic"/>'
            f"{items}</channel></rss>"
        ).encode()

    async def ask(self, **changes: str) -> httpx.Response:
        """Ask the subscriber whether the last subscription is meant."""
        question = {
            "hub.mode": "subscribe",
            "hub.topic": self.form["hub.topic"],
            "hub.challenge": "<b>challenge</b>",
            "hub.lease_seconds": self.form["hub.lease_seconds"],
        } | {f"hub.{name}": value for name, value in changes.items()}
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(self.form["hub.callback"], params=question)

    async def push(
        self, body: bytes, *, signature: str | None = None, callback: str = "", method: str = "sha256"
    ) -> httpx.Response:
        """Push to the last subscriber; signed by its secret unless another signature is given."""
        right = f"{method}={hmac.new(self.form['hub.secret'].encode(), body, getattr(hashlib, method)).hexdigest()}"
        headers = {"Content-Type": "application/rss+xml"}
        if signature != "":
            headers["X-Hub-Signature"] = right if signature is None else signature
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(callback or self.form["hub.callback"], content=body, headers=headers)

    async def _feed(self, request: Request) -> Response:
        return Response(self.body, media_type="application/rss+xml")

    async def _hub(self, request: Request) -> Response:
        self.forms.append(dict(parse_qsl((await request.body()).decode())))
        if self.status == 202 and self.verifies:
            answer = await self.ask()
            self.answers.append((answer.status_code, answer.text))
        return Response(status_code=self.status, headers={"Location": self.location} if self.location else None)

    async def _moved(self, request: Request) -> Response:
        return Response(status_code=307, headers={"Location": self.location})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/feed", self._feed),
                Route("/hub", self._hub, methods=["POST"]),
                Route("/moved", self._moved, methods=["POST"]),
            ]
        )


@asynccontextmanager
async def served(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """An application on a real socket."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serving_hub() -> AsyncIterator[Hub]:
    """A hub on a free port."""
    listener = bind(0)
    hub = Hub(address(listener))
    async with served(hub.app(), listener):
        yield hub
