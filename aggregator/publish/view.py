"""Pure: stories as readers of the web see them, and what pages and digests share: names, leads, delays."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.annotate.beat import Beat
from aggregator.model import Evidence, FeedState, Health, StoredArticle, Story, Subscription
from aggregator.settings import Feed

CAMP_NAMES: Mapping[str, str] = {
    "ru-state": "Russian state",
    "cn-state": "Chinese state",
    "ru-independent": "Russian independent",
    "cn-independent": "Chinese independent",
    "official": "Official",
    "western": "Western",
    "regional": "Regional",
    "think-tank": "Think tanks",
    "wire": "Wires",
    "other": "Other",
}
LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Russian", "zh": "Chinese"}
#: What a reader takes in at a glance; the story page has the rest.
_SUMMARY = 320
_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """A configured feed and its state."""

    feed: Feed
    state: FeedState
    subscription: Subscription | None = None

    @property
    def note(self) -> str:
        """The state in words."""
        match self.state.health:
            case Health.NEW:
                return "not polled yet"
            case Health.OK:
                return "ok"
            case Health.GONE:
                return f"gone: {self.state.reason}"
        return f"failing {self.state.failures}×: {self.state.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One outlet's report within a story."""

    outlet: str
    camp: str
    language: str
    title: str
    url: str
    minutes_behind: int
    copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story as the pages of the web show it; the digest's is `content.ToldStory`."""

    id: int
    headline: str
    url: str
    language: str
    summary: str
    attribution: str
    topics: tuple[str, ...]
    relevance: float
    why: tuple[Evidence, ...]
    sources: tuple[SourceView, ...]
    camps: tuple[tuple[str, tuple[SourceView, ...]], ...]
    first: SourceView
    first_date: datetime
    independent_sources: int
    languages: tuple[str, ...]
    actors: tuple[str, ...]


def story_view(story: Story, beat: Beat) -> StoryView:
    """Put a story into the words of a page. Its lead article: see `lead_article`."""
    lead = lead_article(story)
    sources = tuple(_source(stored, story.first.article.date) for stored in _one_per_outlet(story.articles))
    article = lead.article
    shown = article.feed_body or article.body
    return StoryView(
        id=story.id,
        headline=article.title,
        url=article.url,
        language=article.language,
        summary=shorten(shown if shown != article.title else "", _SUMMARY),
        attribution=article.outlet,
        topics=story.topics or ("other",),
        relevance=story.relevance.score,
        why=tuple(story.relevance.evidence[:_REASONS]),
        sources=sources,
        camps=_by_camp(sources),
        first=sources[0],
        first_date=story.first.article.date,
        independent_sources=story.independent_sources,
        languages=tuple(dict.fromkeys(stored.article.language for stored in story.articles)),
        actors=actors(lead, beat),
    )


def lead_article(story: Story) -> StoredArticle:
    """The article that speaks for a story: an original in English if there is one, then the most relevant, then the first."""
    return min(story.articles, key=lead_rank)


def lead_rank(stored: StoredArticle) -> tuple[bool, bool, float, int]:
    """The smaller, the rather an article speaks for its story."""
    article = stored.article
    return (stored.copy_of is not None, article.language != "en", -stored.annotated.relevance.score, stored.id)


def actors(stored: StoredArticle, beat: Beat) -> tuple[str, ...]:
    """Persons, bodies and companies that an article names, by their English names."""
    return _named(stored, beat, ("person", "body", "company"))


def places(stored: StoredArticle, beat: Beat) -> tuple[str, ...]:
    """Places and countries that an article names, but the two of the pair, by their English names."""
    return _named(stored, beat, ("place", "country"))


def _named(stored: StoredArticle, beat: Beat, kinds: Sequence[str]) -> tuple[str, ...]:
    concepts = (beat.concepts[c] for c in stored.annotated.concepts if c in beat.concepts)
    pair = ("first", "second", "pair")
    return tuple(c.name() for c in concepts if c.kind in kinds and not (c.kind == "country" and c.side in pair))


#: What feeds put behind an entry's text, after the end of a sentence: the words of a link to the page, an invitation to a
#: newsletter, and a credit of the program that made the feed.
_TAIL = re.compile(
    r"""(^|[.!?。！？…»"”)\]]) \s* \[?(?:…|\.\.\.)?\]? \s*
    (?: read\ (?:more|on|the\ full\ (?:article|story)|full\ article) (?:\ (?:at|on|in)\ [\w.]+)?
      | continue\ reading | full\ story | читать\ (?:далее|полностью|дальше) | читайте\ далее | подробнее
      | (?:sign\ up|subscribe)\ (?:for|to)\ [\w\ '’]{0,40}newsletters? | подпи(?:шитесь|сывайтесь)\ на\ наш[\w\ «»-]{0,40}
      | 阅读(?:全文|原文|更多) | 查看(?:全文|原文) | the\ post\ .{1,200}\ appeared\ first\ on\ .{1,80} )
    [\s.…›→>\]]* $""",
    re.IGNORECASE | re.VERBOSE,
)
#: So many characters at the end of a text are looked at for it.
_TAIL_LENGTH = 400


def without_tail(text: str) -> str:
    """A text without the «Read more» that feeds put behind it."""
    return text[:-_TAIL_LENGTH] + _TAIL.sub(r"\1", text[-_TAIL_LENGTH:])


def shorten(text: str, limit: int) -> str:
    """The first sentences of a text up to about `limit` characters, never cut inside a word, without «Read more»."""
    text = without_tail(text)
    if len(text) <= limit:
        return text
    cut = text[:limit]
    for stop in ("。", ". ", "! ", "? "):
        position = cut.rfind(stop)
        if position > limit // 3:
            return cut[: position + 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut) + "…"


def behind(minutes: int) -> str:
    """A delay in words: `+35 min`, `+3 h`, `+2 d`; empty for none."""
    if minutes <= 0:
        return ""
    if minutes < 90:
        return f"+{minutes} min"
    return f"+{round(minutes / 60)} h" if minutes < 48 * 60 else f"+{round(minutes / 1440)} d"


def _one_per_outlet(articles: Iterable[StoredArticle]) -> list[StoredArticle]:
    first: dict[str, StoredArticle] = {}
    for stored in articles:
        first.setdefault(stored.article.outlet, stored)
    return list(first.values())


def _source(stored: StoredArticle, start: datetime) -> SourceView:
    article = stored.article
    return SourceView(
        outlet=article.outlet,
        camp=CAMP_NAMES[article.camp.value],
        language=article.language,
        title=article.title,
        url=article.url,
        minutes_behind=(article.date - start) // timedelta(minutes=1),
        copy=stored.copy_of is not None,
    )


def _by_camp(sources: Iterable[SourceView]) -> tuple[tuple[str, tuple[SourceView, ...]], ...]:
    camps: dict[str, list[SourceView]] = {}
    for source in sources:
        camps.setdefault(source.camp, []).append(source)
    order = list(CAMP_NAMES.values())
    return tuple((camp, tuple(camps[camp])) for camp in sorted(camps, key=order.index))
