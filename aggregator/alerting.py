"""Alerts: asks the rules of what is new in the archive, and keeps and queues what they tell."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive import Archive
from aggregator.model import Notice, StoredArticle, Story
from aggregator.publish.alerts import (
    COOLDOWN,
    TOO_MANY,
    Asked,
    Matched,
    held_because,
    is_news,
    notice_of,
    paced,
)
from aggregator.publish.notices import notice_deliveries, summary_deliveries
from aggregator.query import parse_query
from aggregator.settings import AlertRule, Settings
from aggregator.unusual import unusual_notices

#: Articles that are asked about at once.
_BATCH = 500
#: Notices that were told together with others.
TOGETHER = "told with others"
#: A cap counts the notices of so many minutes.
_CAP_MINUTES = 60


def alert(archive: Archive, settings: Settings, *, now: datetime, address: str = "") -> int:
    """Give notice of what rules newly match, or of what is new in a story that they told; returns how many were kept.

    The mark moves without rules too: the first rule of an old archive is about what comes, not what was.
    """
    reached = archive.last_article_id()
    if not settings.alerts:
        archive.save_notices([], [], mark=reached)
        return 0
    beat = load_beat(settings.beat)
    asked = [Asked(rule=rule, query=parse_query(rule.query, vocabulary=beat, now=now)) for rule in settings.alerts]
    of_stories = [one for one in asked if one.rule.kind in ("story", "first")]
    kept, mark = 0, archive.alert_mark()
    while mark < reached:
        new = archive.placed_since(mark, _BATCH)
        mark = new[-1].id if new else reached
        notices = _notices(archive, of_stories, new, beat=beat, now=now, address=address) if new else []
        deliveries = [delivery for notice in notices for delivery in notice_deliveries(notice)]
        kept += archive.save_notices(notices, deliveries, mark=mark)
    unusual = paced(
        _unmuted(archive, unusual_notices(archive, settings, asked, beat=beat, now=now, address=address), now),
        _by_name(asked),
        _sent(archive, settings.alerts, now),
    )
    kept += archive.save_notices(unusual, [one for notice in unusual for one in notice_deliveries(notice)], mark=mark)
    _tell_what_waited(archive, settings.alerts, now)
    return kept


def _by_name(asked: Iterable[Asked]) -> dict[str, AlertRule]:
    return {one.rule.name: one.rule for one in asked}


def _notices(
    archive: Archive, asked: Sequence[Asked], new: Sequence[StoredArticle], *, beat: Beat, now: datetime, address: str
) -> list[Notice]:
    """What the rules tell of new articles, each notice marked if it has to wait."""
    began = archive.feeds_began(stored.article.feed_url for stored in new)
    fresh = [stored for stored in new if is_news(stored, began.get(stored.article.feed_url), now)]
    found = archive.percolate([one.query for one in asked], fresh)
    matching = {stored.story for stored in fresh if stored.story and any(stored.id in ids for ids in found)}
    stories = {story.id: story for story in archive.told_stories(matching, now + timedelta(days=1))}
    last = archive.last_notices(stories.keys())
    notices = [
        notice
        for one, ids in zip(asked, found, strict=True)
        for matched in _matched(one.rule, fresh, ids, stories)
        if (
            notice := notice_of(
                one, matched, last.get((one.rule.name, matched.story.id)), beat=beat, now=now, address=address
            )
        )
    ]
    notices = _unmuted(archive, notices, now)
    return paced(notices, _by_name(asked), _sent(archive, (one.rule for one in asked), now))


def _unmuted(archive: Archive, notices: Iterable[Notice], now: datetime) -> list[Notice]:
    mutes = archive.mutes(now)
    return [
        notice
        for notice in notices
        if not any(mute.covers(notice.rule, notice.story, str(notice.details.get("outlet", ""))) for mute in mutes)
    ]


def _matched(
    rule: AlertRule, fresh: Iterable[StoredArticle], ids: frozenset[int], stories: Mapping[int, Story]
) -> list[Matched]:
    """The stories of the matching articles that are relevant enough, each with the latest of these."""
    enough = (one for one in fresh if one.id in ids and one.annotated.relevance.score >= rule.minimum_relevance)
    latest = {stored.story: stored for stored in enough if stored.story in stories}
    return [Matched(story=stories[story], article=stored) for story, stored in latest.items() if story]


def _sent(archive: Archive, rules: Iterable[AlertRule], now: datetime) -> dict[str, list[datetime]]:
    """When each rule has sent something, as far back as a cooldown or a cap looks."""
    minutes = max((_CAP_MINUTES, *(rule.cooldown_minutes for rule in rules)))
    sent: dict[str, list[datetime]] = {}
    for notice in archive.notices_between(now - timedelta(minutes=minutes), now + timedelta(seconds=1)):
        if not notice.held or notice.held == TOGETHER:
            sent.setdefault(notice.rule, []).append(notice.created)
    return sent


def _tell_what_waited(archive: Archive, rules: Sequence[AlertRule], now: datetime) -> None:
    """Together, in one delivery for each rule and recipient, once the rule may send again."""
    waiting: dict[str, list[Notice]] = {}
    for notice in archive.notices_held((COOLDOWN, TOO_MANY)):
        waiting.setdefault(notice.rule, []).append(notice)
    sent = _sent(archive, rules, now)
    for rule in rules:
        held = waiting.get(rule.name)
        if held and not held_because(rule, sent.get(rule.name, []), now):
            archive.release_notices(held, TOGETHER, summary_deliveries(rule, held, now))
