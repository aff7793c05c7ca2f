"""400 days of `aggregator run`: one edition per digest and date that was due, whatever stops and clocks do."""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive
from aggregator.publish.calendar import due_dates, edition_window
from aggregator.settings import DigestDefinition, Settings
from tests.builders import filled_archive, make_annotated, make_article, make_harvest, make_state

#: Lord Howe changes its clocks by half an hour, Kathmandu stands at +05:45, Moscow and Shanghai never change.
ZONES = ("Europe/Berlin", "Europe/Moscow", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
#: Days of a definition, and the weekdays that they mean; Monday is 0.
DAYS = {"daily": range(7), "weekdays": range(5), "weekly": [0]}
#: Some of them a change of the clock skips or repeats in these zones.
HOURS = ("07:00", "02:30", "00:00", "01:45", "23:59", "02:00", "02:15")
START = datetime(2026, 1, 15, 9, 17, tzinfo=UTC)
END = START + timedelta(days=400)

Window = tuple[datetime, datetime]
Made = dict[str, list[tuple[date, Window]]]


def a_digest(zone: str, days: str, hour: str) -> DigestDefinition:
    return DigestDefinition(name=f"{days}-{zone.replace('/', '-')}", days=days, time=hour, zone=zone)  # type: ignore[arg-type]


def looks(seed: int, *, hours: int = 8) -> list[datetime]:
    """Moments at which the service looks for what is due; 30 times it stops, for a minute to five days."""
    chance = random.Random(seed)
    stops = sorted(START + (END - START) * chance.random() for _ in range(30))
    now, moments = START, []
    while now < END:
        moments.append(now)
        now += timedelta(seconds=chance.randint(20, hours * 3600))
        if stops and stops[0] <= now:
            stops.pop(0)
            now = moments[-1] + timedelta(minutes=chance.randint(1, 5 * 24 * 60))
    return [*moments, END]


def by_calendar(digests: Sequence[DigestDefinition], moments: Iterable[datetime]) -> Made:
    made: Made = {digest.name: [] for digest in digests}
    for now in moments:
        for digest in digests:
            done = {day for day, _ in made[digest.name]}
            days = due_dates(digest, now, done, begun=START)
            made[digest.name] += [(day, edition_window(digest, day, now)) for day in days]
    return made


@contextmanager
def begun_archive(folder: Path) -> Iterator[SqliteArchive]:
    """An archive that polled its first article at the start."""
    article = make_annotated(make_article(published=START, first_seen=START), score=0.1)
    with filled_archive(folder / "a.db", article) as archive:
        yield archive


def by_pipeline(archive: SqliteArchive, digests: Sequence[DigestDefinition], moments: Iterable[datetime]) -> Made:
    made: Made = {digest.name: [] for digest in digests}
    for now in moments:
        for definition, day, new in pipeline.digest(archive, Settings(digests=tuple(digests)), now=now):
            edition = archive.edition(definition.name, day)
            assert new
            assert edition
            made[definition.name].append((day, (edition.since, edition.until)))
    return made


def dates_due(digest: DigestDefinition) -> list[date]:
    """What the wall clock of the zone passes between start and end, by no rule of the calendar's."""
    first, last = (moment.astimezone(ZoneInfo(digest.zone)) for moment in (START, END))
    days = [first.date() + timedelta(days=n) for n in range(402)]
    passed = [
        day
        for day in days
        if (f"{first:%F}", f"{first:%R}") <= (f"{day:%F}", digest.time) <= (f"{last:%F}", f"{last:%R}")
    ]
    return [day for day in passed if day.weekday() in DAYS[str(digest.days)]]


def assert_right(digest: DigestDefinition, made: Sequence[tuple[date, Window]]) -> None:
    days, windows = [day for day, _ in made], [window for _, window in made]
    assert days == dates_due(digest), digest.name
    assert all(since < until for since, until in windows), digest.name
    assert all(before[1] == after[0] for before, after in pairwise(windows)), digest.name


@pytest.mark.parametrize("seed", range(3))
def test_each_date_that_was_due_gets_one_edition_in_order_and_windows_meet(seed: int) -> None:
    digests = [
        a_digest(zone, days, HOURS[(number + 3 * shift + seed) % len(HOURS)])
        for number, zone in enumerate(ZONES)
        for shift, days in enumerate(DAYS)
    ]
    made = by_calendar(digests, looks(seed))
    for digest in digests:
        assert_right(digest, made[digest.name])
    assert sum(map(len, made.values())) > 4400


def test_the_whole_path_on_a_real_archive_does_the_same(tmp_path: Path) -> None:
    kinds = ("daily", "weekly", "weekly", "weekdays", "weekdays", "weekly")
    digests = [a_digest(zone, kind, HOURS[n]) for n, (zone, kind) in enumerate(zip(ZONES, kinds, strict=True))]
    with begun_archive(tmp_path) as archive:
        made = by_pipeline(archive, digests, looks(7, hours=14))
        kept = archive.edition_days()
    for digest in digests:
        assert_right(digest, made[digest.name])
        assert sorted(day for name, day in kept if name == digest.name) == dates_due(digest)


def test_after_a_long_stop_the_last_seven_days_are_made_up_for_although_all_feeds_were_just_polled(
    tmp_path: Path,
) -> None:
    digest = a_digest("Europe/Berlin", "daily", "07:00")
    back = START + timedelta(days=30)
    with begun_archive(tmp_path) as archive:
        by_pipeline(archive, [digest], [START + timedelta(days=n) for n in range(10)])
        state = make_state()
        for moment in (back, back + timedelta(minutes=1)):
            archive.save(make_harvest(state=replace(state, last_attempt=moment, last_ok=moment)))
        made = by_pipeline(archive, [digest], [back])[digest.name]
    assert [day for day, _ in made] == [date(2026, 2, 14) - timedelta(days=n) for n in range(7, -1, -1)]
    assert all(before[1] == after[0] for (_, before), (_, after) in pairwise(made))


def test_a_digest_added_to_an_old_archive_makes_one_edition_and_goes_on_from_there(tmp_path: Path) -> None:
    old, new = a_digest("Europe/Berlin", "daily", "07:00"), a_digest("Asia/Shanghai", "daily", "07:00")
    with begun_archive(tmp_path) as archive:
        by_pipeline(archive, [old], [START + timedelta(days=n) for n in range(30)])
        made = by_pipeline(archive, [old, new], [START + timedelta(days=n) for n in (30, 31, 34)])
    assert [day.day for day, _ in made[new.name]] == [14, 15, 16, 17, 18]


def test_after_an_edition_that_was_asked_for_ahead_of_its_hour_the_next_leaves_no_gap(tmp_path: Path) -> None:
    digest, early = a_digest("Asia/Shanghai", "daily", "23:00"), START + timedelta(days=1)
    with begun_archive(tmp_path) as archive:
        pipeline.digest(archive, Settings(digests=(digest,)), now=early, day=date(2026, 1, 16))
        made = by_pipeline(archive, [digest], [early + timedelta(days=n) for n in range(1, 4)])[digest.name]
    windows = [window for _, window in made]
    assert windows[0][0] == early
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert [day.day for day, _ in made] == [17, 18]


# --- clocks that jump ----------------------------------------------------------------------------


@pytest.mark.parametrize("days", ["daily", "weekdays", "weekly"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_clock_that_runs_ahead_and_is_set_back_makes_no_edition_twice_and_leaves_none_out(
    zone: str, days: str
) -> None:
    digest = a_digest(zone, days, "02:30")
    moments = looks(11)
    third = len(moments) // 3
    ahead = [moments[third] + timedelta(days=n) for n in (3, 4)]
    made = by_calendar([digest], [*moments[:third], *ahead, *moments[third:]])[digest.name]
    assert_right(digest, made)


def test_a_clock_that_was_a_year_ahead_stops_no_edition_once_it_is_right() -> None:
    digest = a_digest("Europe/Berlin", "daily", "07:00")
    right = [START + timedelta(hours=n) for n in range(100)]
    made = by_calendar([digest], [*right[:50], START + timedelta(days=365), *right[50:]])[digest.name]
    days = [day for day, _ in made]
    assert len(days) == len(set(days))
    assert [day for day in days if day.year == 2026] == [date(2026, 1, 16) + timedelta(days=n) for n in range(4)]


@pytest.mark.parametrize("hours", [1, 26, 24 * 6, 24 * 12])
def test_a_clock_that_is_set_back_owes_nothing_new(hours: int) -> None:
    digest = a_digest("America/New_York", "daily", "07:00")
    off = [START + timedelta(days=n) for n in range(20) if not 3 < n < 14]  # too long: the 18th to 21st are never made
    made = by_calendar([digest], off)
    days = [day for day, _ in made[digest.name]]
    assert days == [date(2026, 1, 15) + timedelta(days=n) for n in range(19) if not 2 < n < 7]
    back = START + timedelta(days=19) - timedelta(hours=hours)
    again = [due_dates(digest, back + timedelta(minutes=10 * n), days, begun=START) for n in range(6 * hours)]
    assert again == [[]] * (6 * hours)
