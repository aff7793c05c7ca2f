"""Pure: who reported a story when, whose words they used, how the camps tell it, and what they changed since."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregator.annotate.rarity import Rarity
from aggregator.model import Article, Episode, Health, Revision, StoredArticle, Story
from aggregator.publish.edits import Edit, edits_of
from aggregator.publish.view import CAMP_NAMES, FeedReport, lead_article, shorten
from aggregator.text.fold import fold, is_han
from aggregator.text.segments import segments
from aggregator.text.words import analyse_word, folded_words

#: A camp that has said nothing for so long is called silent.
SILENT_HOURS = 24
_LEAD = 200
_TERMS = 5
#: Words shorter than this tell no camp from another, but for Chinese ones.
_SHORT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The first report of a story: of all, in a language, or of a camp."""

    of: str
    article: StoredArticle
    minutes_behind: int
    confidence: str
    """How well the time is known: stated, no-zone, day, first-seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A text and its reprints, earliest first: one source, whoever prints it."""

    original: StoredArticle
    reprints: tuple[StoredArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How one camp tells the story."""

    camp: str
    articles: int
    lead: StoredArticle
    summary: str
    terms: tuple[tuple[str, int], ...]
    """Words that no other camp uses here, as written, with the number of this camp's articles that do; the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A story of the same affair."""

    story: int
    date: datetime
    lead: StoredArticle
    articles: int
    independent_sources: int
    shares: tuple[str, ...]
    """What tied it to the affair; empty for the story that began it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A story with everything that is told about its telling."""

    story: Story
    lead: StoredArticle
    ladder: tuple[Rung, ...]
    lineage: tuple[Lineage, ...]
    framing: tuple[Framing, ...]
    edits: tuple[Edit, ...]
    affair: tuple[Chapter, ...]
    """The stories around it in its affair, itself among them, earliest first; empty if it stands alone."""


def account_of(story: Story, revisions: Iterable[Revision] = (), affair: tuple[Chapter, ...] = ()) -> Account:
    """Work out ladder, lineage, framing and edits of a story; its lead article is that of `view.lead_article`."""
    return Account(
        story=story,
        lead=lead_article(story),
        ladder=tuple(_ladder(story)),
        lineage=tuple(_lineage(story.articles)),
        framing=tuple(_framing(story)),
        edits=edits_of(story.articles, revisions),
        affair=affair,
    )


def chapter_of(episode: Episode, story: Story) -> Chapter:
    """A story as one of an affair."""
    return Chapter(
        story=story.id,
        date=story.first.article.date,
        lead=lead_article(story),
        articles=len(story.articles),
        independent_sources=story.independent_sources,
        shares=episode.shares,
    )


def silent_camps(story: Story, feeds: Iterable[FeedReport], *, now: datetime, hours: int) -> tuple[str, ...]:
    """Camps of which no outlet has reported a story within so many hours of the first report.

    Only camps whose every feed was well and has been read since then: of the others nobody knows.
    """
    until = story.first.article.date + timedelta(hours=hours)
    if now < until:
        return ()
    heard = {stored.article.camp for stored in story.articles if stored.article.date <= until}
    camps: dict[str, list[FeedReport]] = defaultdict(list)
    for report in feeds:
        if report.feed.camp not in heard:
            camps[CAMP_NAMES[report.feed.camp.value]].append(report)
    return tuple(camp for camp, reports in sorted(camps.items()) if all(_was_read(one, until) for one in reports))


def _was_read(report: FeedReport, until: datetime) -> bool:
    last = report.state.last_ok
    return report.state.health is Health.OK and last is not None and last >= until


def _ladder(story: Story) -> Iterable[Rung]:
    first = story.first
    firsts = {"first": first}
    for stored in story.articles:
        firsts.setdefault(f"language {stored.article.language}", stored)
        firsts.setdefault(f"camp {CAMP_NAMES[stored.article.camp.value]}", stored)
    for of, stored in firsts.items():
        behind = (stored.article.date - first.article.date) // timedelta(minutes=1)
        yield Rung(of=of, article=stored, minutes_behind=behind, confidence=stored.article.date_confidence.value)


def _lineage(articles: Sequence[StoredArticle]) -> Iterable[Lineage]:
    reprints: dict[int, list[StoredArticle]] = defaultdict(list)
    for stored in articles:
        if stored.copy_of is not None:
            reprints[stored.copy_of].append(stored)
    for stored in articles:
        if stored.id in reprints:
            yield Lineage(original=stored, reprints=tuple(reprints[stored.id]))


def _framing(story: Story) -> Iterable[Framing]:
    camps: dict[str, list[StoredArticle]] = defaultdict(list)
    for stored in story.articles:
        camps[CAMP_NAMES[stored.article.camp.value]].append(stored)
    used = {camp: _used(members) for camp, members in camps.items()}
    order = list(CAMP_NAMES.values())
    for camp in sorted(camps, key=order.index):
        lead = lead_article(Story(id=story.id, articles=tuple(camps[camp])))
        others = {form for other, terms in used.items() if other != camp for form in terms}
        own = [term for form, term in used[camp].items() if form not in others]
        yield Framing(
            camp=camp,
            articles=len(camps[camp]),
            lead=lead,
            summary=shorten(lead.article.feed_body or lead.article.body, _LEAD),
            terms=tuple((term.spelled, term.articles) for term in sorted(own, key=_tellingest)[:_TERMS]),
        )


class _Term(NamedTuple):
    """A word that a camp uses: as it is written first, how rare it is in the news, and in how many articles it stands."""

    spelled: str
    rarity: float
    articles: int


def _used(articles: Iterable[StoredArticle]) -> dict[str, _Term]:
    """The telling words of articles, by their index forms."""
    terms: dict[str, _Term] = {}
    prior = Rarity()
    for stored in articles:
        spelled = _spelled(stored.article)
        rarity = prior.weights(stored.article.language, dict.fromkeys(spelled, 1.0))
        for form, word in spelled.items():
            known = terms.get(form, _Term(word, rarity.get(form, 0.0), 0))
            terms[form] = known._replace(articles=known.articles + 1)
    return terms


def _spelled(article: Article) -> dict[str, str]:
    """Words of title and lead by their index forms; Chinese ones as the segmenter cuts them."""
    text = fold(f"{article.title}\n{(article.feed_body or '')[: 2 * _LEAD]}")
    if article.language == "zh":
        return {word: word for word, _ in segments(text) if len(word) > 1 and is_han(word[0])}
    found = [word for word in folded_words(text) if len(word) >= _SHORT and not word.isdigit()]
    return {analyse_word(word): word for word in reversed(found)}


def _tellingest(term: _Term) -> tuple[float, str]:
    return -term.articles * term.rarity, term.spelled
