"""What polling, fetching and parsing hand on, up to the Article."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aggregator.model.push import NO_OFFER, Offer
from aggregator.settings import Camp


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
    PROXY = "proxy"  # our own proxy is away, or refuses to connect us
    REFUSED = "refused"  # not allowed by our own guard: scheme or private address
    RATE_LIMITED = "rate-limited"
    CLIENT_ERROR = "client-error"
    SERVER_ERROR = "server-error"
    GONE = "gone"
    NOT_A_FEED = "not-a-feed"
    BROKEN = "broken"  # a body that ends early, is too large or cannot be decoded; endless redirects


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is known of how often a feed publishes; `acquire.rhythm` learns and uses it."""

    articles: float = 0.0
    days: float = 0.0
    learnt: datetime | None = None
    last_new: datetime | None = None
    hours: tuple[float, ...] = ()
    """Articles by hour of the day, UTC; empty before the first."""
    hint_minutes: int | None = None
    """How long the publisher asks to wait between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlChange:
    """From then on this address was asked."""

    when: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a feed has moved, or seems to be moving; `acquire.moved` decides."""

    asked: str = ""
    """The address that is asked instead of the configured one."""
    target: str = ""
    times: int = 0
    since: datetime | None = None
    """Equal permanent redirects seen so far: where to, how often, since when."""
    history: tuple[UrlChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOut:
    """What a feed's filter kept out of its last document: that need not be judged again."""

    judged_by: str = ""
    """A hash of the filter and of what else decides."""
    contents: str = ""
    """Content hashes of the articles, with spaces between: taken apart only where a document is read."""


NOTHING_KEPT_OUT = KeptOut()


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
    failure: FailureKind | None = None
    """Of what kind the last failure was, while it lasts."""
    last_attempt: datetime | None = None
    last_ok: datetime | None = None
    last_whole: datetime | None = None
    """When the server last sent the document itself."""
    rhythm: Rhythm = Rhythm()
    moved: Moved = Moved()
    offer: Offer = NO_OFFER
    kept_out: KeptOut = NOTHING_KEPT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a server: an address, and the validators that make the question conditional."""

    url: str
    etag: str = ""
    last_modified: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent to the origin of `url` only, never on to where it redirects."""
    proxy: str = field(default="", repr=False)
    """On the way to every hop; `direct`: none; empty: that of the network's settings."""
    keep: bool = False
    """Whether the connection may serve the next request to the host, of which there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes that one fetch brought, decoded from their transport encoding."""

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    fetched: datetime
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    """Where permanent redirects only (301, 308) have led; empty if there were none, or others too."""
    asked: str = ""
    """The address that was asked; empty for what a hub has pushed."""
    status: int | None = None
    """None for what a hub has pushed."""
    body_hash: str = field(init=False)
    """SHA-256 of the body: an unchanged one is never read again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "body_hash", hashlib.sha256(self.body).hexdigest())

    def header(self, name: str) -> str:
        """Value of a header, case-insensitive; empty if absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that nothing has changed."""

    url: str
    fetched: datetime
    moved_to: str = ""


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
    ttl_minutes: int | None = None
    """How many minutes the publisher asks to wait between two looks."""


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


class DateConfidence(StrEnum):
    """How well it is known when an article appeared, best first."""

    STATED = "stated"  # by the outlet, with its zone
    NO_ZONE = "no-zone"  # by the outlet, in the zone that its press is taken to mean
    DAY = "day"  # by the outlet, but only the day: the time is midnight
    FIRST_SEEN = "first-seen"  # not by the outlet: it was there when we looked


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
    updated: datetime | None = None
    """When the outlet says that it changed it, if after `published`."""
    date_confidence: DateConfidence
    """Of `date`."""
    first_seen: datetime
    content_hash: str
    keys: tuple[str, ...]
    """What identifies the publication within its outlet: see `acquire.normalise.identity_keys`."""
    full_text: str = ""
    """What its page says, where that has been read; the feed's own words stay beside it."""

    @property
    def date(self) -> datetime:
        """When it appeared: as the outlet says, or as we saw it."""
        return self.published or self.first_seen

    @property
    def body(self) -> str:
        """The longest text that we have below the title: what is judged and searched."""
        return max(self.feed_body, self.full_text, key=len)

    @property
    def feed_body(self) -> str:
        """The longest text that the feed gives: what is shown and compared with others."""
        return self.text or self.summary
