"""What an edition is made of, asked of the archive; and an edition made again from what is kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import aggregator
from aggregator.annotate.beat import load_beat
from aggregator.archive import Archive
from aggregator.model import Edition, FeedState, RankedStory, Story
from aggregator.model.query import And, Query
from aggregator.publish.digest import make_edition
from aggregator.publish.numbers import MEAN_DAYS
from aggregator.publish.selection import by_importance, in_languages, select
from aggregator.publish.told_edition import Material
from aggregator.publish.told_story import foreign_headlines
from aggregator.publish.translate import Translated, translations
from aggregator.publish.view import FeedReport
from aggregator.query import parse_query
from aggregator.settings import DigestDefinition, Settings

#: Editions of so many days before tell what of a story is new.
_REMEMBERED = timedelta(days=7)
#: Days in review, and how many stories of each are told.
_WEEK, _OF_A_DAY = 7, 3


def compose(
    archive: Archive, settings: Settings, definition: DigestDefinition, day: date, window: tuple[datetime, datetime]
) -> Edition:
    """Make the edition of a local date from the archive; nothing is kept."""
    beat, (since, until) = load_beat(settings.beat), window
    ranked = _ranked(archive, settings, definition, window)
    selected = select(definition, ranked, _members(archive, settings, definition, window, ranked))
    week = _week(archive, settings, definition, until) if definition.week_in_review else []
    wanted = {*selected.shown, *selected.noted, *(story for _, stories, _ in week for story in stories)}
    stories = {story.id: story for story in archive.told_stories(wanted, until)}
    seen = _seen(archive, definition, day)
    translated = _translated(settings, stories.values(), seen)
    material = Material(
        ranked=ranked,
        selected=selected,
        stories=stories,
        week=week,
        notices=[notice for notice in archive.notices_between(since, until) if notice.is_kept_only],
        volumes=archive.volumes(until, days=MEAN_DAYS + 1, minimum_relevance=definition.minimum_relevance),
        feeds=feed_reports(archive, settings),
        seen=seen,
        translations=translated.texts,
        problems=translated.problems,
    )
    versions = {"program": aggregator.__version__, "annotation": beat.version, "weights": beat.weights.version}
    templates = settings.template_folder
    return make_edition(definition, day, since, until, material, beat=beat, versions=versions, templates=templates)


def _translated(settings: Settings, stories: Iterable[Story], seen: Mapping[int, date]) -> Translated:
    """What the operator's translator says of the headlines."""
    if settings.translation is None:
        return Translated()
    return translations(settings.translation, foreign_headlines(stories, seen))


def _query(settings: Settings, text: str, until: datetime) -> Query:
    return parse_query(text, vocabulary=load_beat(settings.beat), now=until)


def _ranked(
    archive: Archive, settings: Settings, definition: DigestDefinition, window: tuple[datetime, datetime]
) -> list[RankedStory]:
    """What the digest asks for, the most important first."""
    query = _query(settings, definition.query, window[1])
    found = archive.ranked_stories(*window, minimum_relevance=definition.minimum_relevance, query=query)
    return by_importance(in_languages(found, definition.languages))


def _members(
    archive: Archive,
    settings: Settings,
    definition: DigestDefinition,
    window: tuple[datetime, datetime],
    ranked: Sequence[RankedStory],
) -> list[frozenset[int]]:
    """The stories that each section asks for; without sections, all."""
    everything = frozenset(story.id for story in ranked)
    if not definition.sections:
        return [everything]
    query, least = _query(settings, definition.query, window[1]), definition.minimum_relevance
    return [
        archive.story_ids(
            *window, minimum_relevance=least, query=And((query, _query(settings, section.query, window[1])))
        )
        if section.query
        else everything
        for section in definition.sections
    ]


def _week(
    archive: Archive, settings: Settings, definition: DigestDefinition, until: datetime
) -> list[tuple[date, Sequence[int], int]]:
    """The most important stories of each of the last seven days, the earliest day first; a story in the first only that tells it."""
    told: set[int] = set()
    days: list[tuple[date, Sequence[int], int]] = []
    for back in range(_WEEK - 1, -1, -1):
        end = until - timedelta(days=back)
        ranked = _ranked(archive, settings, definition, (end - timedelta(days=1), end))
        best = [story.id for story in ranked if story.id not in told][:_OF_A_DAY]
        told.update(best)
        days.append((end.astimezone(ZoneInfo(definition.zone)).date(), best, len(ranked)))
    return days


def _seen(archive: Archive, definition: DigestDefinition, day: date) -> Mapping[int, date]:
    """Articles of the stories that earlier editions have told, and the date of the first."""
    seen: dict[int, date] = {}
    days = [made for _, made in archive.edition_days(definition.name) if day - _REMEMBERED <= made < day]
    for made in sorted(days):
        edition = archive.edition(definition.name, made)
        articles = edition.manifest.get("articles", {}) if edition else {}
        for article in articles if isinstance(articles, Mapping) else ():
            seen.setdefault(int(article), made)
    return seen


def feed_reports(archive: Archive, settings: Settings) -> tuple[FeedReport, ...]:
    """How each configured feed is doing."""
    states = archive.feed_states()
    subscriptions = {one.feed_url: one for one in archive.subscriptions()}
    return tuple(
        FeedReport(
            feed=feed,
            state=states.get(feed.url) or FeedState(url=feed.url),
            subscription=subscriptions.get(feed.url),
        )
        for feed in settings.feeds
    )
