"""Builds the edges from the settings: what polling needs, opened and closed again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

import aggregator
from aggregator.acquire.fetch import make_client
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.archive.turn import only_service
from aggregator.cli.output import poll_progress
from aggregator.errors import ArchiveError
from aggregator.fulltexts import Library, open_library, read_full_texts
from aggregator.keeping import PollReport, Progress
from aggregator.model import FullTextState
from aggregator.polling import due_now, poll
from aggregator.pushing import Pushes
from aggregator.settings import Settings
from aggregator.tidying import is_due, tidy
from aggregator.workers import Workers

#: Batches of old texts that go in one round: a second or two.
_BATCHES = 10


def utc_now() -> datetime:
    """The clock of the real program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The settings with their open edges."""

    settings: Settings
    archive: SqliteArchive
    client: httpx.AsyncClient
    workers: Workers
    pushes: Pushes
    library: Library
    clock: Callable[[], datetime] = utc_now

    async def poll(self, *, by_command: bool = False, progress: bool = True) -> PollReport:
        """Poll what is due, or by command everything."""
        states = self.archive.feed_states()
        due = len(due_now(self.archive, self.settings, states, self.clock(), by_command=by_command))
        if progress and due:
            with poll_progress(due) as done:
                report = await self._poll(done, by_command)
        else:
            report = await self._poll(lambda harvest, saved: None, by_command)
        return report

    async def _poll(self, done: Progress, by_command: bool) -> PollReport:
        return await poll(
            self.archive,
            self.settings,
            client=self.client,
            workers=self.workers,
            clock=self.clock,
            progress=done,
            by_command=by_command,
        )

    async def subscribe(self) -> None:
        """Ask hubs to push, if there is an address that they can push to."""
        if self.settings.network.websub_callback:
            await self.pushes.subscribe(self.client)

    async def read_full_texts(self) -> dict[FullTextState, int]:
        """Read the pages of the articles whose feeds ask for it."""
        return await read_full_texts(self.archive, self.settings, library=self.library, workers=self.workers)

    async def tidy(self) -> None:
        """Drop what the settings say is old, once a day; of much a part, and the rest in the next rounds."""
        rules = self.settings.retention
        for _ in range(_BATCHES):
            if not is_due(self.archive, rules, self.clock()):
                return
            tidy(self.archive, rules, self.clock(), most=1)
            await asyncio.sleep(0)  # pages are served meanwhile


@contextmanager
def service_of(archive: Path) -> Iterator[None]:
    """Be the only `aggregator run` of an archive.

    Raises:
        ArchiveError: there is another; or the folder of the archive cannot be made.
    """
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"archive {archive}: {error.strerror}") from error
    with only_service(archive):
        yield


@asynccontextmanager
async def open_service(settings: Settings, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Service]:
    """Open archive, client and workers, and close them again."""
    archive = open_archive(settings.archive)
    try:
        with Workers(processes=settings.network.workers, beat=settings.beat) as workers:
            async with make_client(settings.network, aggregator.__version__) as client:
                yield Service(
                    settings=settings,
                    archive=archive,
                    client=client,
                    workers=workers,
                    pushes=Pushes(archive, settings, clock),
                    library=open_library(client, settings.network, clock),
                    clock=clock,
                )
    finally:
        archive.close()
