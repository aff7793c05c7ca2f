"""EDGE: the pool of killable processes in which documents are parsed, normalised and annotated."""

import asyncio
import gc
import resource
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.model import Annotated, Article, Document, KnownArticle, ParseFailure, Reading
from aggregator.settings import Feed

#: Wall seconds for one document: 2,000 entries of 280 characters were measured at 4.8 s on an idle core.
_SECONDS = 10.0
_MEMORY = 2 * 2**30
_Result = TypeVar("_Result", Reading, Annotated)


def _prepare(beat: str) -> None:
    # Imported here and in `_read`: the parent never reads a document, and need not load what reads one.
    from aggregator.annotate.beat import load_beat

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # What is loaded here lives as long as the process: the collector need not look at it, now or ever.
    gc.disable()
    load_beat(beat)
    gc.freeze()
    gc.enable()


def _read(document: Document, feed: Feed, known: Sequence[KnownArticle], beat: str) -> Reading | ParseFailure:
    from aggregator.reading import read_document

    return read_document(document, feed, known, beat)


def _read_page(page: Document | str, article: Article, beat: str) -> Annotated | ParseFailure:
    from aggregator.reading import judge_by, read_page

    return judge_by(page, article, beat) if isinstance(page, str) else read_page(page, article, beat)


class Workers:
    """Reads documents in processes that are killed when they take too long or too much memory."""

    def __init__(self, *, processes: int, beat: str) -> None:
        self._beat = beat
        # spawn: the parent runs an event loop and threads, which a fork would copy half-alive.
        self._pool = ProcessPool(
            max_workers=processes, context=get_context("spawn"), initializer=_prepare, initargs=(beat,)
        )

    async def read(self, document: Document, feed: Feed, known: Sequence[KnownArticle]) -> Reading | ParseFailure:
        """Read a document; a worker that dies or takes longer than 10 s is a ParseFailure."""
        future: Future[Reading | ParseFailure] = self._pool.schedule(
            # Secrets stay in this process.
            _read,
            args=(document, replace(feed, access=None), known, self._beat),
            timeout=_SECONDS,
        )
        return await self._outcome(future)

    async def read_page(self, page: Document | str, article: Article) -> Annotated | ParseFailure:
        """Judge an article by its page, or by the text that was read there; bounded as `read` is."""
        future: Future[Annotated | ParseFailure] = self._pool.schedule(
            _read_page, args=(page, article, self._beat), timeout=_SECONDS
        )
        return await self._outcome(future)

    @staticmethod
    async def _outcome(future: Future[_Result | ParseFailure]) -> _Result | ParseFailure:
        try:
            return await asyncio.wrap_future(future)
        except (TimeoutError, FutureTimeout):
            return ParseFailure(reason=f"reading the document took longer than {_SECONDS:g} s")
        except ProcessExpired:
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
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
