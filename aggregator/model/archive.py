"""What the archive is given and gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from aggregator.model.acquire import NOTHING_KEPT_OUT, Article, FeedState, KeptOut
from aggregator.model.annotate import Annotated, Relevance
from aggregator.model.capture import Capture
from aggregator.model.push import NO_OFFER, Offer
from aggregator.settings import Feed


class Record(NamedTuple):
    """An annotated article in the plain values that the archive keeps: made in the workers, cheap to hand over."""

    outlet: str
    keys: tuple[str, ...]
    content_hash: str
    date: datetime
    values: tuple[object, ...]
    """Its columns, in the archive's order."""
    words: tuple[str, str, str]
    """The analysed words of title and body, and the tokens of what else is known: what the index holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a document says: records of the articles that are new or changed; how many of its entries are known."""

    fetched: int
    records: tuple[Record, ...]
    known: int
    dropped: tuple[str, ...]
    ttl_minutes: int | None = None
    """How long the publisher asks to wait between two looks."""
    offer: Offer = NO_OFFER
    kept_out: KeptOut = NOTHING_KEPT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What one poll of one feed brought: the unit that the archive commits."""

    feed: Feed
    state: FeedState
    outcome: Literal["ok", "unchanged", "failed"]
    records: tuple[Record, ...] = ()
    fetched: int = 0
    known: int = 0
    dropped: tuple[str, ...] = ()
    """A reason per entry that was not taken; fetched = known + len(records) + len(dropped)."""
    capture: Capture | None = None
    """What proves where the records come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of a harvest's articles in the archive."""

    new: int = 0
    known: int = 0
    revised: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article in the archive."""

    id: int
    annotated: Annotated
    story: int | None = None
    copy_of: int | None = None
    """The article whose text this one reprints."""

    @property
    def article(self) -> Article:
        return self.annotated.article


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an article said before it was edited."""

    article: int
    replaced: datetime
    """When a poll first met the wording that took its place."""
    title: str
    summary: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """How many articles and deliveries have lost their texts, or are to lose them."""

    articles: int
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which articles to go through; by itself all of them."""

    since: datetime | None = None
    """Only those that appeared since then."""
    not_version: str | None = None
    """Only those that another version than this annotated."""


class FullTextState(StrEnum):
    """Where an article's full text stands."""

    READ = "read"
    REVISED = "revised"  # read, but the feed's entry has changed since: the article is to be judged again
    WAITING = "waiting"  # failed, to be tried again
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """What came of reading an article's page."""

    article: int
    url: str
    state: FullTextState
    asked: datetime
    attempts: int = 1
    reason: str = ""
    """Why it is not read."""
    next_try: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedText:
    """An article whose full text is to be read, and what came of it so far."""

    stored: StoredArticle
    before: FullText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person said of an article: 2 about the tie, 1 in passing, 0 not."""

    article: int
    label: Literal[0, 1, 2]
    given: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The decision that an article reports the same event as the article that it `joins`; None founds a story."""

    article: int
    joins: int | None = None
    copy_of: int | None = None
    merges: tuple[int, ...] = ()
    """Articles whose stories turn out to be the same event: their stories become one with this article's."""


class StoryVerdict(NamedTuple):
    """What a person said of two articles, the lower id first: that they report one event, or that they do not."""

    article: int
    other: int
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One event and the articles that report it, earliest first; never empty."""

    id: int
    articles: tuple[StoredArticle, ...]

    @property
    def relevance(self) -> Relevance:
        """That of its most relevant article."""
        return max((a.annotated.relevance for a in self.articles), key=lambda r: r.score)

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics by the number of articles that carry them, most first."""
        counts: dict[str, int] = {}
        for stored in self.articles:
            for topic in stored.annotated.topics:
                counts[topic] = counts.get(topic, 0) + 1
        return tuple(sorted(counts, key=lambda topic: -counts[topic]))

    @property
    def first(self) -> StoredArticle:
        """The earliest report."""
        return self.articles[0]

    @property
    def independent_sources(self) -> int:
        """Outlets with a text of their own: reprints of one wire count once."""
        return len({a.article.outlet for a in self.articles if a.copy_of is None})

    @property
    def outlets(self) -> tuple[str, ...]:
        """Names of the outlets, earliest first."""
        return tuple(dict.fromkeys(a.article.outlet for a in self.articles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A story's place in an affair, the running topic that it belongs to."""

    story: int
    affair: int
    """Id of the story that began it; the story's own while it stands alone."""
    date: datetime
    """When the story was first reported."""
    terms: Mapping[str, int]
    """What its first reports name, as facts that depend on no language, weighed in thousandths of unit length."""
    shares: tuple[str, ...] = ()
    """What tied it to the affair, in words, what counted most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of search results."""

    total: int
    """How many match; where `more`, at least so many: only the newest were counted."""
    more: bool
    articles: tuple[StoredArticle, ...]
    """Where stories are asked for, of each the article that comes first in the order asked for."""
    as_of: int
    """Id of the last article that was there: asked for again, later pages do not shift when articles arrive."""


class RankedStory(NamedTuple):
    """A story and what ranks it."""

    id: int
    relevance: float
    articles: int
    sources: int
    """Independent ones."""
    outlets: frozenset[str]
    languages: frozenset[str]
    lead_outlet: str
    lead_camp: str


class DayVolume(NamedTuple):
    """Articles of one camp with the same topics, in 24 hours that end so many times 24 hours back."""

    back: int
    camp: str
    topics: tuple[str, ...]
    articles: int


class Bucket(NamedTuple):
    """Articles of a stretch of time."""

    since: datetime
    until: datetime
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What the articles of a query are like: how many in each stretch of time, and by topic, actor and so on."""

    total: int
    timeline: tuple[Bucket, ...]
    """All of them, in days, months or years without a gap, earliest first."""
    counted: int
    """How many of the newest the rest is about."""
    topic: tuple[tuple[str, int], ...]
    """Id and number of articles, most first; so the others."""
    concept: tuple[tuple[str, int], ...]
    outlet: tuple[tuple[str, int], ...]
    camp: tuple[tuple[str, int], ...]
    language: tuple[tuple[str, int], ...]
