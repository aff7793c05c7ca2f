"""EDGE: the pool of killable processes in which documents are parsed, normalised and annotated."""

import asyncio
import ctypes
import gc
import resource
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import cached_property
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.model import (
    NOTHING_KEPT_OUT,
    Annotated,
    Article,
    Document,
    KeptOut,
    KnownArticle,
    ParseFailure,
    Reading,
)
from aggregator.settings import Feed

#: Seconds of the processor for one document: 2,000 entries of 280 characters were measured at 4.8 s.
_CPU_SECONDS = 10
#: Seconds in all: what hangs without working ends too, and a busy machine is given time.
_SECONDS = 60.0
#: Bytes that a worker may hold, of which the lexicon and what reads take up to 150 MB.
_MEMORY = 512 * 2**20
#: Bytes of a document from which on one is read at a time, and its memory given back behind it. Of 152 real ones five are.
_LARGE = 300_000
_Result = TypeVar("_Result", Reading, Annotated)


def _prepare(beat: str) -> None:
    # Imported here and in `_read`: the parent never reads a document, and need not load what reads one.
    from aggregator.annotate.beat import load_beat

    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    # What is loaded here lives as long as the process: the collector need not look at it, now or ever.
    gc.disable()
    load_beat(beat)
    gc.freeze()
    # Articles are trees: the collector finds nothing, and by default it looks every 700 objects (3 % of the time).
    gc.set_threshold(50_000)
    gc.enable()


def _read(
    document: Document, feed: Feed, known: Sequence[KnownArticle], kept_out: KeptOut, beat: str
) -> Reading | ParseFailure:
    from aggregator.reading import read_document

    with _bounded(document):
        return read_document(document, feed, known, beat, kept_out)


def _read_page(page: Document | str, article: Article, beat: str) -> Annotated | ParseFailure:
    from aggregator.reading import judge_by, read_page

    with _bounded(page):
        return judge_by(page, article, beat) if isinstance(page, str) else read_page(page, article, beat)


@contextmanager
def _bounded(document: Document | str) -> Iterator[None]:
    """Limits the time of one reading; what a large document took is given back behind it."""
    _limit_cpu()
    try:
        yield
    finally:
        if _is_large(document):
            _give_memory_back()


def _is_large(document: Document | str) -> bool:
    return len(document if isinstance(document, str) else document.body) >= _LARGE


def _give_memory_back() -> None:
    """What a large document took would stay with the process: glibc keeps it, other C libraries have no such call."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _nothing() -> None:
    """A task that is done at once."""


def _limit_cpu() -> None:
    """From now on the process has so many seconds of CPU; the kernel ends it by SIGXCPU then (setrlimit(2))."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + _CPU_SECONDS, hard))


class Workers:
    """Reads documents in processes that are killed when they take too long or too much memory."""

    def __init__(self, *, processes: int, beat: str) -> None:
        self._processes = processes
        self._beat = beat
        self._large = asyncio.Semaphore(1)

    @cached_property
    def _pool(self) -> ProcessPool:
        """Started with the first document: a round in which nothing has changed needs neither workers nor lexicon.

        Raises:
            LexiconError: there is no such beat, or its data contradicts itself.
        """
        from aggregator.annotate.beat import prepare_beat

        # Here, so that not each worker makes the same word forms.
        prepare_beat(self._beat)
        # spawn: the parent runs an event loop and threads, which a fork would copy half-alive.
        return ProcessPool(
            max_workers=self._processes, context=get_context("spawn"), initializer=_prepare, initargs=(self._beat,)
        )

    def start(self) -> None:
        """Start the processes now: what is sure to come need not wait for them then."""
        self._pool.schedule(_nothing)

    async def read(
        self,
        document: Document,
        feed: Feed,
        known: Sequence[KnownArticle],
        kept_out: KeptOut = NOTHING_KEPT_OUT,
    ) -> Reading | ParseFailure:
        """Read a document; a worker that dies or takes more than 10 s of CPU or 512 MB is a ParseFailure."""
        # Secrets stay in this process.
        arguments = (document, replace(feed, access=None), known, kept_out, self._beat)
        async with self._turn(document):
            future: Future[Reading | ParseFailure] = self._pool.schedule(_read, args=arguments, timeout=_SECONDS)
            return await self._outcome(future)

    async def read_page(self, page: Document | str, article: Article) -> Annotated | ParseFailure:
        """Judge an article by its page, or by the text that was read there; bounded as `read` is."""
        arguments = (page, article, self._beat)
        async with self._turn(page):
            future: Future[Annotated | ParseFailure] = self._pool.schedule(_read_page, args=arguments, timeout=_SECONDS)
            return await self._outcome(future)

    def _turn(self, document: Document | str) -> AbstractAsyncContextManager[None]:
        """Large documents wait for each other."""
        return self._large if _is_large(document) else nullcontext()

    @staticmethod
    async def _outcome(future: Future[_Result | ParseFailure]) -> _Result | ParseFailure:
        try:
            return await asyncio.wrap_future(future)
        except (TimeoutError, FutureTimeout):
            return ParseFailure(reason=f"reading the document took longer than {_SECONDS:g} s")
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGXCPU:
                return ParseFailure(reason=f"reading the document took more than {_CPU_SECONDS} s of CPU")
            return ParseFailure(reason="reading the document killed its worker process (memory?)")
        except MemoryError:
            return ParseFailure(reason="reading the document took too much memory")
        except Exception as error:  # a bug in reading one document is that feed's recorded failure, not the round's end
            return ParseFailure(reason=f"reading the document failed: {type(error).__name__}: {error}"[:300])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "_pool" in self.__dict__:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
