"""What no new article tells: that a camp is silent, or that more is reported than is usual."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from aggregator.annotate.beat import Beat
from aggregator.archive import Archive
from aggregator.editions import feed_reports
from aggregator.model import Notice
from aggregator.publish.account import silent_camps
from aggregator.publish.alerts import NO_STORY, Asked, feed_trouble_of, silence_of, spike_of
from aggregator.publish.spikes import KNOWN_HOURS, volume_of
from aggregator.publish.view import CAMP_NAMES, FeedReport
from aggregator.settings import Settings

#: Stories that began so long before a silence is complete are looked at: who starts a rule is not told of all that was.
_LATELY = timedelta(hours=24)
#: So often is looked: the questions are about hours.
_EVERY = timedelta(minutes=10)
#: Notices of a rule that are looked through for what has been told.
_TOLD = 1000


def unusual_notices(
    archive: Archive, settings: Settings, asked: Sequence[Asked], *, beat: Beat, now: datetime, address: str
) -> list[Notice]:
    """What rules of the kinds `silence`, `spike` and `feeds` tell now; nothing if they were asked less than ten minutes ago."""
    wanted = [one for one in asked if one.rule.kind in ("silence", "spike", "feeds")]
    looked = archive.looked("unusual")
    if not wanted or (looked and timedelta() <= now - looked < _EVERY):
        return []
    archive.save_looked("unusual", now)
    silences = [one for one in wanted if one.rule.kind == "silence"]
    spikes = [one for one in wanted if one.rule.kind == "spike"]
    troubles = [one.rule for one in wanted if one.rule.kind == "feeds"]
    reports = feed_reports(archive, settings) if silences or troubles else ()
    return [
        *(
            notice
            for one in silences
            for notice in _silences(archive, reports, one, beat=beat, now=now, address=address)
        ),
        *(notice for one in spikes for notice in _spikes(archive, one, now=now, address=address)),
        *(
            notice
            for rule in troubles
            for notice in feed_trouble_of(rule, reports, archive.notices_by(rule.name, _TOLD), now=now, address=address)
        ),
    ]


def _silences(
    archive: Archive, reports: Sequence[FeedReport], asked: Asked, *, beat: Beat, now: datetime, address: str
) -> Iterator[Notice]:
    rule, complete = asked.rule, now - timedelta(hours=asked.rule.hours)
    found = archive.story_ids(complete - _LATELY, now, minimum_relevance=rule.minimum_relevance, query=asked.query)
    told = archive.last_notices(found)
    for story in archive.told_stories(found, now):
        began = story.first.article.date
        if (rule.name, story.id) in told or not complete - _LATELY <= began <= complete or rule.camp is None:
            continue
        if CAMP_NAMES[rule.camp.value] in silent_camps(story, reports, now=now, hours=rule.hours):
            yield silence_of(asked, story, beat=beat, now=now, address=address)


def _spikes(archive: Archive, asked: Asked, *, now: datetime, address: str) -> Iterator[Notice]:
    rule = asked.rule
    last = archive.last_notices([NO_STORY]).get((rule.name, NO_STORY))
    if last and now - last.created < timedelta(hours=max(rule.hours, 12)):
        return  # one that goes on is one
    hourly = archive.hourly(asked.query, now, hours=KNOWN_HOURS + rule.hours, minimum_relevance=rule.minimum_relevance)
    volume = volume_of(hourly, rule.hours)
    if volume and volume.is_spike:
        yield spike_of(rule, volume, last.number + 1 if last else 1, now=now, address=address)
