"""Pure: a story → how an edition tells it."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.annotate.beat import Beat
from aggregator.model import StoredArticle, Story
from aggregator.publish.content import CampLinks, Link, Noted, Reason, ToldStory, Update
from aggregator.publish.view import CAMP_NAMES, LANGUAGES, actors, behind, lead_rank, without_tail
from aggregator.text.sentences import first_sentences

#: A summary is so many sentences, and no longer than this.
_SENTENCES, _SUMMARY = 2, 420
#: A text shorter than this says no more than a headline.
_TELLING = 60
#: Outlets of a camp that are listed, reasons, actors, topics, and headlines of an update.
_LISTED, _REASONS, _NAMES, _HEADLINES = 6, 3, 4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a story is told with."""

    beat: Beat
    zone: ZoneInfo
    seen: Mapping[int, date]
    """Articles of earlier editions, and the date of the first that had each."""
    translations: Mapping[str, str]


def told_story(story: Story, telling: Telling) -> ToldStory:
    """Put a story into the words of the digest; its lead article is that of `lead_article`, or what is new of a story told before."""
    update = _update(story, telling)
    lead, *others = _leads(story, telling.seen)
    spoken = next((one for one in (lead, *others) if len(_text(one)) >= _TELLING), lead)
    first, article = story.first.article, lead.article
    return ToldStory(
        id=story.id,
        headline=article.title,
        language=article.language,
        translated=telling.translations.get(article.title, ""),
        url=article.url,
        summary=first_sentences(_text(spoken), _SENTENCES, _SUMMARY),
        summary_language=spoken.article.language,
        attribution=spoken.article.outlet,
        topics=_topic_names(story, telling.beat),
        actors=actors(lead, telling.beat)[:_NAMES],
        relevance=round(100 * story.relevance.score),
        why=tuple(
            Reason(what=e.what, where=e.where, points=f"{e.points:+.1f}") for e in story.relevance.evidence[:_REASONS]
        ),
        first=first.outlet,
        first_camp=CAMP_NAMES[first.camp.value],
        when=first.date.astimezone(telling.zone).strftime("%d %b, %H:%M"),
        followed=tuple(_followed(story)),
        sources=story.independent_sources,
        languages=_languages(story.articles),
        camps=_camps(story),
        update_note=update,
    )


def _leads(story: Story, seen: Container[int]) -> list[StoredArticle]:
    """What may speak for a story, the best first: of one that was told before, what is new."""
    new = [stored for stored in story.articles if stored.id not in seen]
    return sorted(new or story.articles, key=lead_rank)


def foreign_headlines(stories: Iterable[Story], seen: Container[int]) -> dict[str, list[str]]:
    """By language, the headlines by which stories are told and that are not English: what a translator is asked for."""
    asked: dict[str, list[str]] = {}
    for story in stories:
        # Noted stories are told by the best of all their articles, others by the best of what is new.
        for article in {
            one.article.title: one.article for one in (_leads(story, seen)[0], _leads(story, ())[0])
        }.values():
            if article.language != "en" and article.title not in asked.setdefault(article.language, []):
                asked[article.language].append(article.title)
    return asked


def noted_story(story: Story, translations: Mapping[str, str]) -> Noted:
    """A story by its headline."""
    article = min(story.articles, key=lead_rank).article
    return Noted(
        headline=article.title,
        language=article.language,
        translated=translations.get(article.title, ""),
        url=article.url,
        outlet=article.outlet,
        sources=story.independent_sources,
    )


def _text(stored: StoredArticle) -> str:
    """What an article says below its title, without the title said again."""
    article = stored.article
    return without_tail(article.feed_body or article.body).removeprefix(article.title).lstrip(" .–—-\n")


def _update(story: Story, telling: Telling) -> Update | None:
    before = [stored for stored in story.articles if stored.id in telling.seen]
    new = [stored for stored in story.articles if stored.id not in telling.seen]
    if not before or not new:
        return None
    known = {stored.article.outlet for stored in before}
    told = min(telling.seen[stored.id] for stored in before)
    return Update(
        told=told.strftime("%d %b"),
        outlets=tuple(dict.fromkeys(one.article.outlet for one in new if one.article.outlet not in known)),
        languages=tuple(name for name in _languages(new) if name not in _languages(before)),
        camps=tuple(camp for camp in _camp_names(new) if camp not in _camp_names(before)),
        headlines=tuple(one.article.title for one in new if one.copy_of is None)[:_HEADLINES],
    )


def _followed(story: Story) -> Iterable[str]:
    """The first report of each language but the first one's."""
    first = story.first.article
    told = {first.language}
    for stored in story.articles:
        article = stored.article
        if article.language not in told:
            told.add(article.language)
            delay = behind((article.date - first.date) // timedelta(minutes=1)) or "at once"
            yield f"{LANGUAGES.get(article.language, article.language)} {delay} ({article.outlet})"


def _languages(articles: Iterable[StoredArticle]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(LANGUAGES.get(one.article.language, one.article.language) for one in articles))


def _camp_names(articles: Iterable[StoredArticle]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(CAMP_NAMES[one.article.camp.value] for one in articles))


def _topic_names(story: Story, beat: Beat) -> tuple[str, ...]:
    return tuple(beat.topics[topic].name["en"] for topic in story.topics if topic in beat.topics)[:_NAMES]


def _camps(story: Story) -> tuple[CampLinks, ...]:
    """The outlets by camp, each once, earliest first."""
    camps: dict[str, dict[str, StoredArticle]] = {}
    for stored in story.articles:
        camps.setdefault(CAMP_NAMES[stored.article.camp.value], {}).setdefault(stored.article.outlet, stored)
    start = story.first.article.date
    order = list(CAMP_NAMES.values())
    return tuple(
        CampLinks(
            camp=camp,
            links=tuple(_link(stored, start) for stored in list(camps[camp].values())[:_LISTED]),
            more=max(0, len(camps[camp]) - _LISTED),
        )
        for camp in sorted(camps, key=order.index)
    )


def _link(stored: StoredArticle, start: datetime) -> Link:
    article = stored.article
    return Link(
        outlet=article.outlet,
        language=article.language,
        url=article.url,
        behind=behind((article.date - start) // timedelta(minutes=1)),
        reprint=stored.copy_of is not None,
    )
