"""EDGE: the pool of killable processes in which documents are parsed, normalised and annotated."""

import asyncio
import gc
import resource
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from pebble import ProcessExpired, ProcessPool

from aggregator.acquire.normalise import normalise
from aggregator.acquire.parse import parse
from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.identity import find_known
from aggregator.model import Annotated, Article, Document, KnownArticle, ParseFailure
from aggregator.settings import Feed

#: Wall seconds for one document: 2,000 entries of 280 characters were measured at 4.8 s on an idle core.
_SECONDS = 10.0
_MEMORY = 2 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a document says: annotated articles that are new or changed; how many of its entries are known."""

    fetched: int
    annotated: tuple[Annotated, ...]
    known: int
    dropped: tuple[str, ...]


def read_document(document: Document, feed: Feed, known: Sequence[KnownArticle], beat: str) -> Reading | ParseFailure:
    """Parse → normalise → recognise → annotate. Pure; runs in a worker."""
    parsed = parse(document)
    if isinstance(parsed, ParseFailure):
        return parsed
    normalised = normalise(parsed, feed, base_url=document.url, now=document.fetched)
    fresh = list(_fresh(normalised.articles, known))
    loaded = load_beat(beat)
    return Reading(
        fetched=len(parsed.entries),
        annotated=tuple(annotate(article, loaded) for article in fresh),
        known=len(normalised.articles) - len(fresh),
        dropped=normalised.dropped,
    )


def _fresh(articles: Sequence[Article], known: Sequence[KnownArticle]) -> list[Article]:
    """The articles that are new or changed against the known ones and against earlier ones of the document."""
    by_key: dict[str, list[KnownArticle]] = {}
    for one in known:
        _remember(by_key, one)
    fresh = []
    for article in articles:
        candidates = [one for key in article.keys for one in by_key.get(key, ())]
        found = find_known(article.keys, candidates)
        if found is None or (found.id >= 0 and found.content_hash != article.content_hash):
            fresh.append(article)
            _remember(by_key, KnownArticle(id=-1, content_hash=article.content_hash, keys=article.keys))
    return fresh


def _remember(by_key: dict[str, list[KnownArticle]], one: KnownArticle) -> None:
    for key in one.keys:
        by_key.setdefault(key, []).append(one)


def _prepare(beat: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # What is loaded here lives as long as the process: the collector need not look at it, now or ever.
    gc.disable()
    load_beat(beat)
    gc.freeze()
    gc.enable()


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
            read_document, args=(document, feed, known, self._beat), timeout=_SECONDS
        )
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
