"""The nouns of an edition: plain values only, so that they can be kept as JSON and rendered again to the byte.

Times are written out in the digest's zone, names in the words of the reader.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An outlet's report."""

    outlet: str
    language: str
    url: str
    behind: str
    """How long after the first report: `+2 h`; empty for none."""
    reprint: bool
    """Whether it is another outlet's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampLinks:
    """The reports of one camp, earliest first."""

    camp: str
    links: tuple[Link, ...]
    more: int
    """Outlets that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is new of a story that an earlier edition has told."""

    told: str
    """When it was told first."""
    outlets: tuple[str, ...]
    languages: tuple[str, ...]
    camps: tuple[str, ...]
    headlines: tuple[str, ...]
    """Of the reports since then that are no reprints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a story counts as relevant."""

    what: str
    where: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """A story as an edition tells it."""

    id: int
    headline: str
    language: str
    translated: str
    """The headline by the operator's translator; empty if there is none."""
    url: str
    summary: str
    summary_language: str
    attribution: str
    topics: tuple[str, ...]
    actors: tuple[str, ...]
    relevance: int
    """In hundredths."""
    why: tuple[Reason, ...]
    first: str
    """Outlet of the first report."""
    first_camp: str
    when: str
    """When it appeared."""
    followed: tuple[str, ...]
    """The first report of each further language, in words: «Chinese +2 h (Xinhua)»."""
    sources: int
    languages: tuple[str, ...]
    camps: tuple[CampLinks, ...]
    update_note: Update | None
    """Not `update`: to templates it would be that of a dictionary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSection:
    """A heading and its stories; without any, `empty` says why that may be."""

    title: str
    stories: tuple[ToldStory, ...]
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A story by its headline only."""

    headline: str
    language: str
    translated: str
    url: str
    outlet: str
    sources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """A notice that was only kept."""

    rule: str
    headline: str
    why: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """24 hours as a column of a chart; `height` in hundredths of the tallest."""

    label: str
    count: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Articles of a topic or camp in the last 24 hours, and on an average day before."""

    name: str
    count: int
    mean: float
    width: int
    """Of the bar, in hundredths of the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How much is reported, against what is usual."""

    days: tuple[DayBar, ...]
    count: int
    mean: float
    compared: int
    """Days of which `mean` is."""
    topics: tuple[Trend, ...]
    camps: tuple[Trend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNote:
    """A feed that was not read as it should be."""

    outlet: str
    url: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How the feeds did: an empty section may be explained by it."""

    feeds: int
    ok: int
    failed: tuple[FeedNote, ...]
    stale: tuple[FeedNote, ...]
    """Well, but not read within the period."""
    unread: tuple[FeedNote, ...]
    """Never read so far."""
    paused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDay:
    """A day in review."""

    day: str
    stories: int
    told: tuple[Noted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that an edition says."""

    digest: str
    title: str
    date: str
    day: str
    """The date in words."""
    since: str
    until: str
    zone: str
    minimum_relevance: int
    stories: int
    """All that were found, shown or not."""
    articles: int
    outlets: int
    languages: int
    top: ToldStory | None
    top_reason: str
    sections: tuple[ToldSection, ...]
    noted: tuple[Noted, ...]
    left_out: int
    alerts: tuple[Alerted, ...]
    numbers: Numbers
    coverage: Coverage
    week: tuple[WeekDay, ...]
    made_by: str
    """Program and its version."""
