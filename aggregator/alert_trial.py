"""What a rule would have told of the archive, before anybody is told anything."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat
from aggregator.archive import Archive
from aggregator.archive.trial import Trial
from aggregator.evaluate import JudgedItem
from aggregator.model import Notice, StoredArticle, Story
from aggregator.publish.alerts import Asked, Matched, notice_of
from aggregator.settings import AlertRule

#: Stories that are read at once.
_BATCH = 500
#: Notices a day from which on a rule nags, and the share from which on one reason or outlet makes it noisy.
_NAGS, _NOISY = 5, 0.4
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a rule would have told, the earliest first."""

    fired: tuple[Notice, ...]
    days: tuple[tuple[date, int], ...]
    """Each day of the period in the rule's zone."""
    reasons: tuple[tuple[str, int], ...]
    """What made it fire most often."""
    suggestions: tuple[str, ...]


def try_rule(archive: Archive, asked: Asked, since: datetime, now: datetime, *, beat: Beat) -> Tried:
    """What the rule would have told since then, story by story; nothing is kept or sent.

    Each story fires with its first article that matches; what it told again, and quiet hours, are not played.
    """
    rule = asked.rule
    found = sorted(archive.story_ids(since, now, minimum_relevance=rule.minimum_relevance, query=asked.query))
    fired = [
        notice
        for start in range(0, len(found), _BATCH)
        for notice in _fired(archive, asked, archive.told_stories(found[start : start + _BATCH], now), since, beat)
    ]
    fired.sort(key=lambda notice: (notice.created, notice.story))
    days = _by_day(fired, rule, since, now)
    reasons = Counter(reason for notice in fired for reason in _reasons(notice)).most_common(_NAMED)
    return Tried(
        fired=tuple(fired), days=days, reasons=tuple(reasons), suggestions=tuple(_suggestions(fired, len(days), rule))
    )


class Agreement(NamedTuple):
    """A rule beside what readers judged to be about the tie."""

    items: int
    fired: int
    precision: float
    """Of those that fired, how many are relevant."""
    recall: float
    """Of the relevant ones, how many fired."""


def agreement(asked: Asked, items: Sequence[JudgedItem], beat: Beat) -> Agreement:
    """Which of the judged items the rule's query and relevance would let fire."""
    judged = [
        StoredArticle(id=number, annotated=annotate(item.article, beat), story=None, copy_of=None)
        for number, item in enumerate(items, 1)
    ]
    matching = Trial().matching(asked.query, judged)
    least = asked.rule.minimum_relevance
    fired = {one.id for one in judged if one.id in matching and one.annotated.relevance.score >= least}
    relevant = {number for number, item in enumerate(items, 1) if item.relevant}
    both = len(fired & relevant)
    return Agreement(
        len(items), len(fired), both / len(fired) if fired else 0.0, both / len(relevant) if relevant else 0.0
    )


def _fired(archive: Archive, asked: Asked, stories: Sequence[Story], since: datetime, beat: Beat) -> Iterable[Notice]:
    relevant = {
        stored.id
        for story in stories
        for stored in story.articles
        if stored.article.date >= since and stored.annotated.relevance.score >= asked.rule.minimum_relevance
    }
    matching = archive.matching(asked.query, sorted(relevant))
    for story in stories:
        first = next((stored for stored in story.articles if stored.id in matching), None)
        if first:
            known = Story(id=story.id, articles=story.articles[: story.articles.index(first) + 1])
            matched = Matched(story=known, article=first)
            if notice := notice_of(asked, matched, None, beat=beat, now=first.article.date):
                yield notice


def _by_day(fired: Iterable[Notice], rule: AlertRule, since: datetime, now: datetime) -> tuple[tuple[date, int], ...]:
    zone = ZoneInfo(rule.zone)
    counts = Counter(notice.created.astimezone(zone).date() for notice in fired)
    first, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    return tuple((day, counts[day]) for day in (first + timedelta(days=n) for n in range((last - first).days + 1)))


def _reasons(notice: Notice) -> list[str]:
    """The words that matched, as they are written."""
    pieces = notice.details.get("title"), notice.details.get("text")
    words = {str(text).casefold() for part in pieces if isinstance(part, list) for text, hit in part if hit}
    return sorted(words)


def _suggestions(fired: Sequence[Notice], days: int, rule: AlertRule) -> Iterable[str]:
    if not fired:
        yield "it would never have fired: look what it finds with `aggregator search`, or lower minimum_relevance"
        return
    if len(fired) / days > _NAGS:
        yield f"{len(fired) / days:.1f} a day: raise minimum_relevance (now {rule.minimum_relevance}), narrow the query, or set cooldown_minutes"
    (outlet, most), *_ = Counter(str(notice.details.get("outlet", "")) for notice in fired).most_common(1)
    if most / len(fired) >= _NOISY and len(fired) >= _NAGS:
        yield f'{most / len(fired):.0%} come with {outlet}: -outlet:"{outlet}" would leave it out'
