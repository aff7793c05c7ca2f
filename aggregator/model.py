"""The nouns: what crosses the boundaries between the rooms. All frozen; all times aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from aggregator.settings import Camp, Feed

Side = Literal["first", "second", "pair", "third"]
Field = Literal["title", "text"]


# --- acquire -----------------------------------------------------------------------------------


class Health(StrEnum):
    """How a feed is doing."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    GONE = "gone"


class FailureKind(StrEnum):
    """Why a fetch brought no feed; decides how soon it is tried again."""

    NETWORK = "network"  # no connection, no name, cut off: the network or the host is away
    TIMEOUT = "timeout"
    REFUSED = "refused"  # not allowed by our own guard: scheme or private address
    RATE_LIMITED = "rate-limited"
    CLIENT_ERROR = "client-error"
    SERVER_ERROR = "server-error"
    GONE = "gone"
    NOT_A_FEED = "not-a-feed"
    BROKEN = "broken"  # a body that ends early, is too large or cannot be decoded; endless redirects


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What polling must remember of one feed between two rounds."""

    url: str
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    next_due: datetime | None = None
    held_until: datetime | None = None
    """Until then the server asked to be left alone (Retry-After, 410): not even a command polls it."""
    failures: int = 0
    health: Health = Health.NEW
    reason: str = ""
    last_attempt: datetime | None = None
    last_ok: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes that one fetch brought, decoded from their transport encoding."""

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    fetched: datetime
    etag: str = ""
    last_modified: str = ""

    def header(self, name: str) -> str:
        """Value of a header, case-insensitive; empty if absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that nothing has changed."""

    url: str
    fetched: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """The fetch brought nothing, and why."""

    url: str
    kind: FailureKind
    reason: str
    fetched: datetime
    retry_after_seconds: int | None = None


Fetched = Document | NotModified | FetchFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as the parser read it: untrusted text, HTML and all."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document taken apart."""

    format: str
    title: str = ""
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailure:
    """The document is no feed that can be read, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """As much of an archived article as it takes to recognise it."""

    id: int
    content_hash: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One publication by one outlet, cleaned."""

    feed_url: str
    outlet: str
    camp: Camp
    country: str
    language: str
    url: str
    title: str
    summary: str
    text: str
    author: str
    published: datetime | None
    first_seen: datetime
    content_hash: str
    keys: tuple[str, ...]
    """What identifies the publication within its outlet: see `acquire.normalise.identity_keys`."""

    @property
    def date(self) -> datetime:
        """When it appeared: as the outlet says, or as we saw it."""
        return self.published or self.first_seen

    @property
    def body(self) -> str:
        """The longest text that we have below the title."""
        return self.text or self.summary


# --- annotate ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A person, body, place, project, document or theme; its id does not depend on a language."""

    id: str
    kind: str
    side: Side
    weight: float
    topics: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    exact: tuple[str, ...] = ()

    def name(self, language: str = "en") -> str:
        """The name that readers of that language expect."""
        return (self.names.get(language) or self.names["en"])[0]


class Mention(NamedTuple):
    """Where a concept stands: `text[start:end]` of the article's title or body."""

    concept: str
    field: Field
    start: int
    end: int


class Evidence(NamedTuple):
    """One thing that counted, where, and how many points of log-odds it added or took."""

    what: str
    where: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """How probable it is that the article is about the tie of the pair, 0..1, and why."""

    score: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """An article and what it is about."""

    article: Article
    mentions: tuple[Mention, ...]
    topics: tuple[str, ...]
    relevance: Relevance
    title_words: str = ""
    text_words: str = ""
    """The analysed words of title and body, on their way into the index; not read back."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """Ids of the concepts that it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(mention.concept for mention in self.mentions))


# --- archive -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What one poll of one feed brought: the unit that the archive commits."""

    feed: Feed
    state: FeedState
    outcome: Literal["ok", "unchanged", "failed"]
    annotated: tuple[Annotated, ...] = ()
    fetched: int = 0
    known: int = 0
    dropped: tuple[str, ...] = ()
    """A reason per entry that was not taken; fetched = known + len(annotated) + len(dropped)."""


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
class Placement:
    """The decision that an article reports the same event as the article that it `joins`; None founds a story."""

    article: int
    joins: int | None = None
    copy_of: int | None = None


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


class Hit(NamedTuple):
    """One article that a query found."""

    stored: StoredArticle
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of search results; `total` counts all that match."""

    total: int
    hits: tuple[Hit, ...]


# --- publish -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that an alert sends; once per (rule, story)."""

    rule: str
    story: int
    headline: str
    why: str
    url: str
    created: datetime
    recipients: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for each attempt to send it."""
        return f"alert/{self.rule}/{self.story}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One digest made for one local date."""

    digest: str
    date: date
    since: datetime
    until: datetime
    html: str
    text: str
    stories: tuple[int, ...]
    manifest: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Idempotency key: there is one edition per digest and local date."""
        return f"edition/{self.digest}/{self.date.isoformat()}"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"  # the process or the link died between hand-over and answer
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox: what must reach whom."""

    key: str
    kind: Literal["edition", "alert"]
    channel: Literal["file", "mail"]
    target: str
    subject: str
    text: str
    html: str
    created: datetime
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    reason: str = ""
