"""Pure: how much was reported, against what is usual, and how the feeds did meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from aggregator.annotate.beat import Beat
from aggregator.model import DayVolume, Health
from aggregator.publish.content import Coverage, DayBar, FeedNote, Numbers, Trend
from aggregator.publish.view import CAMP_NAMES, FeedReport

#: Spans of 24 hours that the chart shows, and that the last one is compared with.
CHART_DAYS, MEAN_DAYS = 14, 30
#: Topics and camps that are listed.
_ROWS = 8


def numbers_of(volumes: Sequence[DayVolume], until: datetime, beat: Beat) -> Numbers:
    """The numbers of the last 24 hours; `until` in the zone of the reader, volumes of `MEAN_DAYS` days more than the last."""
    totals = Counter[int]()
    for volume in volumes:
        totals[volume.back] += volume.articles
    # An archive that is younger than the days compared would look as if news had grown.
    compared = min(MEAN_DAYS, max(totals, default=0))
    names = {topic.id: topic.name["en"] for topic in beat.topics.values()}
    return Numbers(
        days=_days(totals, until),
        count=totals[0],
        mean=_mean(totals, compared),
        compared=compared,
        topics=_trends(volumes, compared, lambda volume: volume.topics, names),
        camps=_trends(volumes, compared, lambda volume: (volume.camp,), CAMP_NAMES),
    )


def _days(totals: Mapping[int, int], until: datetime) -> tuple[DayBar, ...]:
    backs = range(CHART_DAYS - 1, -1, -1)
    tallest = max((totals[back] for back in backs), default=0) or 1
    return tuple(
        DayBar(
            label=(until - timedelta(days=back)).strftime("%d %b"),
            count=totals[back],
            height=round(100 * totals[back] / tallest),
        )
        for back in backs
    )


def _mean(totals: Mapping[int, int], days: int) -> float:
    return round(sum(totals[back] for back in range(1, days + 1)) / days, 1) if days else 0.0


def _trends(
    volumes: Iterable[DayVolume],
    compared: int,
    keys: Callable[[DayVolume], Iterable[str]],
    names: Mapping[str, str],
) -> tuple[Trend, ...]:
    counts: dict[str, Counter[int]] = {}
    for volume in volumes:
        for key in keys(volume):
            counts.setdefault(key, Counter())[volume.back] += volume.articles
    rows = [(names[key], days[0], _mean(days, compared)) for key, days in counts.items() if key in names]
    rows = sorted((row for row in rows if row[1] or row[2] >= 0.5), key=lambda row: (-row[1], -row[2], row[0]))[:_ROWS]
    longest = max((max(count, mean) for _, count, mean in rows), default=0) or 1
    return tuple(Trend(name=n, count=c, mean=m, width=round(100 * c / longest)) for n, c, m in rows)


def coverage_of(reports: Sequence[FeedReport], since: datetime) -> Coverage:
    """How the feeds did since then, by their states at the end."""
    asked = [report for report in reports if not report.feed.paused]
    failed = [one for one in asked if one.state.health not in (Health.OK, Health.NEW)]
    unread = [one for one in asked if one.state.health is Health.NEW]
    stale = [one for one in asked if one.state.health is Health.OK and not _read_since(one, since)]
    return Coverage(
        feeds=len(asked),
        ok=len(asked) - len(failed) - len(unread) - len(stale),
        failed=tuple(map(_note, failed)),
        stale=tuple(map(_note, stale)),
        unread=tuple(map(_note, unread)),
        paused=sum(report.feed.paused for report in reports),
    )


def _read_since(report: FeedReport, since: datetime) -> bool:
    return report.state.last_ok is not None and report.state.last_ok >= since


def _note(report: FeedReport) -> FeedNote:
    read = report.state.last_ok
    note = f"not since {read:%d %b %H:%M} UTC" if read and report.state.health is Health.OK else report.note
    return FeedNote(outlet=report.feed.outlet, url=report.feed.url, note=note)
