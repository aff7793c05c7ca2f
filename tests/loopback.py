"""A server on the loopback that answers each path as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A loopback server: what it answers to each path, and the requests that it saw."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/feed") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            path = first.split(" ")[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            self.requests.append((path, headers))
            # What is left unread when the connection is closed would take the answer with it.
            self.bodies.append(await reader.readexactly(int(headers.get("content-length", 0))))
            await self.answers.get(path, reply("404 Not Found"))(writer)
            await writer.drain()
        writer.close()


def reply(status: str = "200 OK", headers: str = "", body: bytes = b"") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        extra = "".join(f"{line}\r\n" for line in headers.split("\n") if line)
        length = "" if "content-length" in headers.lower() else f"Content-Length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{extra}{length}Connection: close\r\n\r\n".encode() + body)

    return answer


@asynccontextmanager
async def serving(**answers: Answer) -> AsyncIterator[Server]:
    server = Server(answers={f"/{name}": answer for name, answer in answers.items()})
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
