"""What a search has found, ready to be shown in any form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.archive import Archive, Order
from aggregator.model import Page, StoredArticle
from aggregator.model.query import ConceptIs, NameIs, Near, Query, Term, TopicIs
from aggregator.publish.matches import positive_conditions
from aggregator.publish.snippets import Piece, Snippet, snippet
from aggregator.query import printed
from aggregator.text.markup import without_forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article, with what of it made it match."""

    stored: StoredArticle
    snippet: Snippet
    sources: int | None = None
    """Where stories are asked for: how many independent sources its story has."""

    @property
    def text(self) -> str:
        """The stretch of the body, without marks."""
        return plain(self.snippet.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of results."""

    query: str
    """As it was typed."""
    read: str
    """As it was understood."""
    page: Page
    hits: tuple[Hit, ...]
    offset: int
    stories: bool
    made: datetime

    @property
    def name(self) -> str:
        """What it is called: the query in a line."""
        return " ".join(without_forbidden(self.query).split()) or "All articles"

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None behind the last."""
        shown = self.offset + len(self.hits)
        return shown if self.hits and (self.page.more or shown < self.page.total) else None

    @property
    def count(self) -> str:
        """How many match, in words: «more than 1,000 articles»."""
        total, noun = self.page.total, ("story", "stories") if self.stories else ("article", "articles")
        return f"{'more than ' if self.page.more else ''}{total:,} {noun[total != 1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which page of what a query finds, and in which order."""

    order: Order
    limit: int
    offset: int
    stories: bool
    as_of: int | None


def find(archive: Archive, query: Query, wanted: Wanted, *, text: str, now: datetime) -> Found:
    """Search; `text` is the query as typed."""
    page = archive.search(
        query,
        order=wanted.order,
        limit=wanted.limit,
        offset=wanted.offset,
        stories=wanted.stories,
        as_of=wanted.as_of,
    )
    sources = archive.independent_sources([one.story for one in page.articles if one.story]) if wanted.stories else {}
    hits = tuple(
        Hit(
            stored=stored,
            snippet=snippet(query, stored),
            sources=sources.get(stored.story or 0, 1) if wanted.stories else None,
        )
        for stored in page.articles
    )
    return Found(
        query=text, read=printed(query), page=page, hits=hits, offset=wanted.offset, stories=wanted.stories, made=now
    )


#: Of a query that finds nothing so many conditions are looked at by themselves.
_LOOKED_AT = 40


def found_nowhere(archive: Archive, query: Query) -> tuple[Query, ...]:
    """The conditions, word by word, that no article of the archive meets: why a query may have found nothing."""
    parts = dict.fromkeys(word for condition in positive_conditions(query) for word in _words(condition))
    return tuple(
        part
        for part in list(parts)[:_LOOKED_AT]
        if not archive.search(part, order="newest", limit=1, offset=0).articles
    )


def _words(condition: Query) -> Iterator[Query]:
    match condition:
        case Term(text, scope, prefix):
            *whole, last = text.split() or [text]
            yield from (Term(word, scope) for word in whole)
            yield Term(last, scope, prefix)
        case Near(words, _, scope):
            yield from (Term(word, scope) for word in words)
        case ConceptIs() | TopicIs() | NameIs():
            yield condition


def plain(pieces: Sequence[Piece]) -> str:
    """Pieces as one text, without marks."""
    return "".join(piece.text for piece in pieces)
