"""What a user may set: the frozen types of feeds.yaml.

`aggregator.config` fills them from the file and the environment; nothing else reads either.
The text below each field becomes its description in the JSON Schema and in the docs.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen

#: Read by pydantic; a plain dict keeps this module free of the library.
_STRICT: dict[str, Any] = {"extra": "forbid", "use_attribute_docstrings": True}

#: Instead of a proxy's address: none.
DIRECT = "direct"

Language = Literal["en", "ru", "zh"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Text = Annotated[str, MinLen(1)]


class Camp(StrEnum):
    """Whose voice an outlet is; digests and first-report ladders compare camps."""

    RU_STATE = "ru-state"
    CN_STATE = "cn-state"
    RU_INDEPENDENT = "ru-independent"
    CN_INDEPENDENT = "cn-independent"
    OFFICIAL = "official"
    WESTERN = "western"
    REGIONAL = "regional"
    THINK_TANK = "think-tank"
    WIRE = "wire"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """CSS selectors for a source that is a page; each but `item` looks inside an item."""

    __pydantic_config__ = _STRICT

    item: Text
    """The element that stands for one article."""
    title: str = ""
    """Its title; absent: the text of the link."""
    link: str = ""
    """The element whose href leads to it; absent: the first link of the item."""
    summary: str = ""
    """Its summary; absent: none."""
    date: str = ""
    """Its date: a datetime or content attribute, or the text; absent: when it was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What lets us in at a source. `${NAME}` in a value stands for an environment variable: keep secrets there."""

    __pydantic_config__ = _STRICT

    headers: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    """Further request headers."""
    user: str = ""
    """Log-in name of basic authentication."""
    password: str = field(default="", repr=False)
    """Its password."""
    bearer: str = field(default="", repr=False)
    """Token of bearer authentication."""
    cookies: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    """Cookies, by name."""
    proxy: str = field(default="", repr=False)
    """HTTP proxy on the way there, `http://user:${PASSWORD}@host:port`; `direct`: none; absent: that of `network`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source as configured."""

    __pydantic_config__ = _STRICT

    url: Annotated[str, MinLen(1)]
    """Address of the RSS, Atom, RDF or JSON Feed document, news sitemap or page; http or https."""
    outlet: Text
    """Name of the publication, as the digest prints it. Feeds of one outlet share their articles."""
    language: Language
    """Language of most entries; the text itself decides where it is clear."""
    country: Annotated[str, MinLen(2)]
    """Country of the outlet, ISO 3166-1 alpha-2."""
    camp: Camp
    """Whose voice the outlet is."""
    kind: Literal["feed", "news-sitemap", "page"] = "feed"
    """What the address holds; a page needs `selectors`."""
    selectors: Selectors | None = None
    """Where the articles stand on a page."""
    access: Access | None = None
    """Headers, log-in or cookies that the source asks for, sent to its own origin only; a proxy on the way."""
    full_text: Literal[True, False, "when_relevant"] = False
    """Read the whole text from each article's page; `when_relevant` only where the feed's own words may be about the tie."""
    keep: str | None = None
    """Only articles that match this query are stored; absent: as `keep` says for all feeds."""
    drop: str | None = None
    """Articles that match this query are not stored; absent: as `drop` says for all feeds."""
    interval_minutes: Annotated[int, Ge(5), Le(10080)] | None = None
    """Minutes between two polls, always; absent: as often as the feed's own rhythm is worth."""
    paused: bool = False
    """Keep the source in the file but do not poll it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLimit:
    """What one host may be asked: more for a bridge of your own, less for a fragile site."""

    __pydantic_config__ = _STRICT

    concurrency: Annotated[int, Ge(1), Le(1000)] = 4
    """Requests under way at once."""
    delay_seconds: Annotated[float, Ge(0), Le(3600)] = 0.1
    """Seconds from the start of one request to that of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How polling behaves towards the network."""

    __pydantic_config__ = _STRICT

    allow: tuple[str, ...] = ()
    """host:port pairs that may be polled although their addresses are private or loopback."""
    proxy: str = field(default="", repr=False)
    """HTTP proxy for all feeds that name none of their own, `http://user:${PASSWORD}@host:port`."""
    contact: str = ""
    """An address or page for webmasters; becomes part of the User-Agent."""
    interval_minutes: Annotated[int, Ge(5), Le(10080)] = 12
    """Minutes between two polls of a feed that publishes 24 articles a day, or that is new."""
    shortest_interval_minutes: Annotated[int, Ge(1), Le(10080)] = 5
    """Minutes between two polls of the busiest feed."""
    longest_interval_minutes: Annotated[int, Ge(5), Le(10080)] = 30
    """Minutes between two polls of the quietest feed."""
    concurrency: Annotated[int, Ge(1), Le(1000)] = 250
    """Requests under way at once."""
    per_host: Annotated[int, Ge(1), Le(1000)] = 4
    """Requests under way at once to one host."""
    host_delay_seconds: Annotated[float, Ge(0), Le(3600)] = 0.1
    """Seconds from the start of one request to a host to that of the next."""
    hosts: dict[str, HostLimit] = field(default_factory=dict, hash=False)
    """Other limits for single hosts, by name or name:port."""
    deadline_seconds: Annotated[float, Ge(0.1), Le(300)] = 30.0
    """Seconds for one fetch in all: name look-up, connection, headers, redirects and body."""
    workers: Annotated[int, Ge(1), Le(64)] = 2
    """Processes that parse and annotate."""
    websub_callback: str = ""
    """Public address that is forwarded to the archive page's server: feeds with a hub (WebSub) push to it; absent: all are polled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a digest: the stories that a query finds and no earlier section has shown."""

    __pydantic_config__ = _STRICT

    title: Text
    """Its heading."""
    query: str = ""
    """What belongs here, in the query language; empty: what the sections before have left."""
    maximum_stories: Annotated[int, Ge(1), Le(1000)] = 12
    """So many are shown; the next are also noted, by their headlines."""
    maximum_per_outlet: Annotated[int, Ge(1)] | None = None
    """Stories whose lead article is of one outlet; absent: any number."""
    maximum_per_camp: Annotated[int, Ge(1)] | None = None
    """Stories whose lead article is of one camp, so that no side drowns the others; absent: any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDefinition:
    """A digest: what it holds, when it is made, who gets it."""

    __pydantic_config__ = _STRICT

    name: Annotated[str, MinLen(1)] = "daily"
    """Short name; part of file names and addresses, so letters, digits, - and _ only."""
    title: str = "China–Russia daily"
    """Heading of each edition."""
    days: Literal["daily", "weekdays", "weekly"] | tuple[Weekday, ...] = "daily"
    """On which days an edition is made: `weekly` is each Monday; or a list such as [tue, fri]."""
    time: str = "07:00"
    """Local time of day at which the edition is made, HH:MM."""
    zone: str = "UTC"
    """IANA time zone of `days`, of `time` and of the dates, e.g. Europe/Berlin."""
    window_hours: Annotated[int, Ge(1), Le(24 * 31)] | None = None
    """Hours before `time` that the edition covers; absent: since the edition before should have been made."""
    minimum_relevance: Annotated[float, Ge(0), Le(1)] = 0.5
    """Stories below this relevance are left out."""
    query: str = ""
    """Further restriction in the query language; empty: none."""
    languages: tuple[Language, ...] = ()
    """Only stories with an article in one of these languages; empty: all."""
    sections: tuple[Section, ...] = ()
    """The parts in their order; absent: one for each topic."""
    maximum_stories: Annotated[int, Ge(1), Le(1000)] = 60
    """Stories that are shown in all."""
    also_noted: Annotated[int, Ge(0), Le(1000)] = 20
    """Further stories, told by their headlines; the rest is counted."""
    week_in_review: bool = False
    """Also the last seven days: the most important stories of each, and the volume of each topic."""
    when_empty: Literal["say", "skip"] = "say"
    """If no story is found: an edition that says so and how the feeds are, or none is delivered."""
    subject: str = "{title}, {date}: {stories} stories"
    """Subject of mails: {title}, {date}, {weekday}, {stories} and {top}, the headline of the top story."""
    outputs: tuple[Literal["file", "mail", "feed"], ...] = ("file", "mail", "feed")
    """What becomes of an edition: files in `digest_folder`, mails to the recipients, an entry in the web's feed of editions."""
    recipients: tuple[str, ...] = ()
    """Mail addresses; needs `mail`. Each gets a mail of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """When a story that has had its notice is worth another; absent fields never are."""

    __pydantic_config__ = _STRICT

    sources: Annotated[int, Ge(1)] | None = None
    """So many independent sources more than at the last notice."""
    camps: bool = False
    """It is told in a camp that had not told it."""
    news: bool = False
    """It tells of a number, an actor or a place that no report had before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A saved query that gives notice once for each story, or of what is unusual."""

    __pydantic_config__ = _STRICT

    name: Text
    """Short name; shown in each notice, part of addresses, so letters, digits, - and _ only."""
    query: str = ""
    """What to look for, in the query language; only `feeds` needs none."""
    kind: Literal["story", "first", "silence", "spike", "feeds"] = "story"
    """`story`: each story that matches; `first`: those that `camp` reports first; `silence`: those of which `camp` has said nothing for `hours`; `spike`: more articles in `hours` than is usual then; `feeds`: sources that could not be read for `hours`."""
    camp: Camp | None = None
    """Whose first reports or whose silence; needed for `first` and `silence`."""
    hours: Annotated[int, Ge(1), Le(168)] = 24
    """How long `camp` must be silent, or a feed be in trouble; for `spike` the hours that are counted."""
    minimum_relevance: Annotated[float, Ge(0), Le(1)] = 0.5
    """Stories below this relevance stay quiet."""
    severity: Literal["info", "warning", "urgent"] = "info"
    """Shown in each notice; `urgent` is sent in quiet hours too."""
    recipients: tuple[str, ...] = ()
    """Mail addresses; needs `mail`. Without recipients and channels, notices are only kept and stand in the next digest."""
    channels: tuple[str, ...] = ()
    """Names of `channels`."""
    quiet: str = ""
    """Hours in which nothing is sent, e.g. "22:00-07:00"; such notices go into the next digest."""
    days: Literal["daily", "weekdays"] | tuple[Weekday, ...] = "daily"
    """Days on which notices are sent; those of other days go into the next digest."""
    zone: str = "UTC"
    """IANA time zone of `quiet` and `days`."""
    cooldown_minutes: Annotated[int, Ge(0), Le(10_080)] = 0
    """So long after a notice of this rule the next ones wait, and come together in one."""
    per_hour: Annotated[int, Ge(1)] = 12
    """Notices in an hour; further ones wait, and come together in one."""
    escalate: Escalation = Escalation()
    """When a story has another notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A query with a name: `aggregator search --saved NAME`, and in the web a page, an Atom feed and a JSON Feed."""

    __pydantic_config__ = _STRICT

    name: Annotated[str, MinLen(1)]
    """Short name; part of addresses, so letters, digits, - and _ only."""
    query: Text
    """What to look for, in the query language."""
    title: str = ""
    """What its feeds are called; absent: its query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where notices go besides mail."""

    __pydantic_config__ = _STRICT

    name: Text
    """Short name, which rules give under `channels`."""
    url: Text
    """An Apprise address (tgram://…, slack://…, matrix://…, ntfy://…), or an http(s) address that takes signed JSON. ${VARIABLE} is filled from the environment: write no secret here."""
    secret: str = ""
    """Of an http(s) address: the key of the signature, as ${VARIABLE}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """A DKIM signature (RFC 6376); needs the extra `dkim`."""

    __pydantic_config__ = _STRICT

    domain: Text
    """The signing domain, that of the sender."""
    selector: Text
    """The key's name under `_domainkey` in the domain."""
    key_file: Path
    """The private key (PEM), relative to the folder of this file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What translates headlines that are not English; what it says is marked as a machine's."""

    __pydantic_config__ = _STRICT

    command: tuple[Text, ...] = ()
    """A program and its arguments: it reads {"language": …, "texts": […]} and writes {"texts": […]}, JSON in UTF-8."""
    url: str = ""
    """Instead of a program an address that is POSTed the same."""
    timeout_seconds: Annotated[float, Ge(1), Le(600)] = 60
    """Patience with all the headlines of an edition; without an answer they stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The SMTP server that mail leaves through."""

    __pydantic_config__ = _STRICT

    host: Text
    """SMTP server."""
    sender: Text
    """From address."""
    port: Annotated[int, Ge(1), Le(65535)] = 587
    """Port: 587 STARTTLS, 465 TLS, 25 plain."""
    security: Literal["starttls", "tls", "plain"] = "starttls"
    """How the connection is protected."""
    user: str = ""
    """Log-in name; the password comes from the environment: AGGREGATOR_MAIL_PASSWORD."""
    password: str = ""
    """Never write it here: set AGGREGATOR_MAIL_PASSWORD."""
    certificates: Path | None = None
    """File with the certificates that the server's is checked against (PEM), relative to the folder of this file; absent: the system's."""
    reply_to: str = ""
    """Where replies go; empty: to the sender."""
    list_id: str = ""
    """Identity of the mailing list (RFC 2919), e.g. daily.example.org; empty: made of the digest's name and the sender's domain."""
    unsubscribe: str = ""
    """Address behind List-Unsubscribe: a mailto:, or an https:// that takes a one-click POST (RFC 8058); empty: a mailto: to the sender."""
    per_minute: Annotated[int, Ge(1)] | None = None
    """Mails that are handed over in a minute at most; absent: as fast as the server takes them."""
    dkim: Dkim | None = None
    """How mails are signed; absent: not by this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the archive page listens."""

    __pydantic_config__ = _STRICT

    port: Annotated[int, Ge(0), Le(65535)] = 8000
    """Port on 127.0.0.1; 0 takes a free one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """When texts go that take room; absent: never. What people have judged and what editions show stays."""

    __pydantic_config__ = _STRICT

    text_days: Annotated[int, Ge(60)] | None = None
    """Days after which an article's text and summary are dropped; title, address, dates, story, relevance and evidence stay."""
    irrelevant_text_days: Annotated[int, Ge(60)] | None = None
    """The same for articles below `irrelevant_below`; affairs look back four weeks, so 60 days are kept at least."""
    irrelevant_below: Annotated[float, Ge(0), Le(1)] = 0.2
    """Relevance below which `irrelevant_text_days` holds."""
    deliveries_days: Annotated[int, Ge(1)] | None = None
    """Days after which the words of what was sent by mail or file are dropped; to whom and when stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of feeds.yaml."""

    __pydantic_config__ = _STRICT

    feeds: tuple[Feed, ...] = ()
    """The sources."""
    keep: str = ""
    """Of feeds that do not say `keep` themselves, only articles that match this query are stored; empty: all."""
    drop: str = ""
    """Of feeds that do not say `drop` themselves, articles that match this query are not stored; empty: none."""
    digests: tuple[DigestDefinition, ...] = (DigestDefinition(),)
    """The digests; absent: one, daily at 07:00 UTC."""
    alerts: tuple[AlertRule, ...] = ()
    """The alert rules."""
    channels: tuple[Channel, ...] = ()
    """Where notices go besides mail."""
    searches: tuple[SavedSearch, ...] = ()
    """The saved searches."""
    network: Network = Network()
    """Behaviour towards the network."""
    mail: Mail | None = None
    """SMTP server; absent: nothing is mailed."""
    web: Web = Web()
    """The archive page."""
    beat: str = "china-russia"
    """Name of a beat that ships with the program, or a folder with its own."""
    semantic_model: Path | None = None
    """Folder of a model2vec embedding model, relative to the folder of this file: more evidence that reports in two languages are of one event; needs the extra `semantic`; absent: none."""
    archive: Path = Path("archive.db")
    """The archive's file; relative to the folder of this file."""
    retention: Retention = Retention()
    """When old texts are dropped; absent: never."""
    digest_folder: Path = Path("digests")
    """Where editions are written; relative to the folder of this file."""
    template_folder: Path | None = None
    """Templates that stand in for those of the program, by their names; relative to the folder of this file; absent: none."""
    translation: Translation | None = None
    """What translates headlines for digests; absent: nothing."""
