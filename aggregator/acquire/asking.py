"""EDGE: a question to what the operator named, a program or an address, and its bounded answer; failures are values.

Neither is guarded against private addresses, as what feeds name is: the operator chose it, mostly on this very machine.
Time is the caller's: who gives up cancels, and what was started is killed.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import httpx

from aggregator.text.markup import without_forbidden

#: Bytes of an answer; a thousand headlines of 200 characters are a fifth of it.
ANSWER_LIMIT = 2**20
#: Of what a program says beside its answer, so many bytes at the end are kept for the reason.
_SAID = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; or the reason why nothing did."""

    body: bytes = b""
    problem: str = ""


async def ask_program(command: Sequence[str], question: bytes) -> Answer:
    """What a program, started without a shell, writes once it has read the question; it must end with status 0.

    If it says too much, or the caller cancels, it is killed with all the processes of its group.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, talk = await loop.subprocess_exec(_Talk, *command, start_new_session=True)
    except (OSError, ValueError) as error:
        return Answer(problem=f"{command[0]} cannot be started: {error}")
    try:
        stdin = cast(asyncio.WriteTransport, transport.get_pipe_transport(0))
        stdin.write(question)
        stdin.close()
        await talk.over
    finally:
        if not talk.ended_well:
            with suppress(ProcessLookupError):  # the last of the group has just gone
                os.killpg(transport.get_pid(), signal.SIGKILL)
        await talk.exited
        transport.close()
    return talk.answer(command[0], transport.get_returncode())


class _Talk(asyncio.SubprocessProtocol):
    """Collects what a program writes, so much and no more."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._written, self._said = bytearray(), bytearray()
        self.over: asyncio.Future[None] = loop.create_future()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.ended_well = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._said = (self._said + data)[-_SAID:]
            return
        self._written += data[: ANSWER_LIMIT + 1 - len(self._written)]
        if len(self._written) > ANSWER_LIMIT:
            self._finish()

    def process_exited(self) -> None:
        self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, and nobody holds its pipes any more."""
        self.ended_well = not self.over.done()
        self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def answer(self, name: str, status: int | None) -> Answer:
        """What it came to."""
        if len(self._written) > ANSWER_LIMIT:
            return Answer(problem=f"{name} wrote more than {ANSWER_LIMIT} bytes")
        if status:
            last = without_forbidden(self._said.decode(errors="replace")).strip().splitlines()[-1:]
            return Answer(problem=": ".join([f"{name} ended with status {status}", *last])[:300])
        return Answer(bytes(self._written))


async def ask_address(url: str, question: bytes) -> Answer:
    """What an address answers to the question, POSTed as JSON, with status 200; redirects are not followed."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    body = bytearray()
    try:
        async with (
            httpx.AsyncClient(timeout=None, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=question, headers=headers) as response,
        ):
            if response.status_code != httpx.codes.OK:
                phrase = httpx.codes.get_reason_phrase(response.status_code)
                return Answer(problem=f"HTTP {response.status_code} {phrase}".strip())
            # As it was sent: an answer that is packed nevertheless is none.
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > ANSWER_LIMIT:
                    return Answer(problem=f"the answer has more than {ANSWER_LIMIT} bytes")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Answer(problem=f"{type(error).__name__}: {error}".rstrip(": ")[:300])
    return Answer(bytes(body))
