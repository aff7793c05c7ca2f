"""Exactly one edition per local date, whatever the clocks do and however often the machine stops."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.calendar import due_at, due_before, due_dates, edition_window, is_edition_day, owed_since
from aggregator.settings import DigestDefinition

ZONES = [
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
]
START = datetime(2026, 1, 15, 9, 17, tzinfo=UTC)


def simulate(digest: DigestDefinition, start: datetime, days: int, chance: random.Random) -> list[date]:
    """Dates in the order in which a machine that stops now and then makes their editions."""
    now, end = start, start + timedelta(days=days)
    made: list[date] = []
    while now < end:
        made += due_dates(digest, now, made, begun=start)
        now += timedelta(minutes=1) if chance.random() < 0.5 else timedelta(minutes=chance.randint(1, 5 * 24 * 60))
    return made + due_dates(digest, end, made, begun=start)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("at", ["07:00", "00:00", "02:30", "01:45", "23:59"])
@pytest.mark.parametrize("zone", ZONES)
def test_each_local_date_of_400_days_gets_one_edition_in_order(zone: str, at: str, seed: int) -> None:
    digest = DigestDefinition(zone=zone, time=at)
    made = simulate(digest, START, 400, random.Random(f"{zone}{at}{seed}"))
    # the first is today if its hour is still to come, the last is today if its hour has come
    local = START.astimezone(ZoneInfo(zone))
    first = local.date() if f"{local:%H:%M}" <= at else local.date() + timedelta(days=1)
    after = (START + timedelta(days=400)).astimezone(ZoneInfo(zone))
    last = after.date() if f"{after:%H:%M}" >= at else after.date() - timedelta(days=1)
    assert made == [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("zone", "at", "day", "due"),
    [
        ("Europe/Berlin", "07:00", "2026-01-15", "2026-01-15T06:00"),
        ("Europe/Berlin", "07:00", "2026-07-15", "2026-07-15T05:00"),
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:30"),  # skipped: as late after the change
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30"),  # repeated: the first time
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08T07:30"),
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03T15:45"),
        ("Asia/Kathmandu", "00:00", "2026-03-05", "2026-03-04T18:15"),
    ],
)
def test_the_due_moment_follows_the_wall_clock(zone: str, at: str, day: str, due: str) -> None:
    digest = DigestDefinition(zone=zone, time=at)
    assert due_at(digest, date.fromisoformat(day)) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
@pytest.mark.parametrize("at", ["02:00", "02:30", "03:00"])
def test_a_change_of_the_clock_makes_one_edition_when_looked_at_each_minute(day: date, at: str) -> None:
    digest = DigestDefinition(zone="Europe/Berlin", time=at)
    begun = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    made: list[date] = []
    for minute in range(12 * 60):
        made += due_dates(digest, begun + timedelta(minutes=minute), made, begun=begun)
    assert made == [day]


def test_nothing_is_due_before_the_archive_began() -> None:
    digest = DigestDefinition(zone="UTC", time="07:00")
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert due_dates(digest, now, [], begun=None) == []
    assert due_dates(digest, now, [], begun=datetime(2026, 3, 5, 7, 0, 1, tzinfo=UTC)) == []
    assert due_dates(digest, now, [], begun=datetime(2026, 3, 5, 7, tzinfo=UTC)) == [date(2026, 3, 5)]
    assert due_dates(digest, now, [], begun=datetime(2026, 3, 3, 12, tzinfo=UTC)) == [
        date(2026, 3, 4),
        date(2026, 3, 5),
    ]


def test_an_edition_is_not_due_a_second_too_early_and_not_once_it_is_done() -> None:
    digest = DigestDefinition(zone="UTC", time="07:00")
    begun, due = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 5, 7, tzinfo=UTC)
    assert due_dates(digest, due - timedelta(seconds=1), [], begun=begun) == []
    assert due_dates(digest, due, [], begun=begun) == [date(2026, 3, 5)]
    assert due_dates(digest, due, {date(2026, 3, 5)}, begun=begun) == []


def test_what_was_missed_longer_ago_than_a_week_is_not_made_up_for() -> None:
    digest = DigestDefinition(zone="UTC", time="07:00")
    now = datetime(2026, 3, 30, 8, tzinfo=UTC)
    days = due_dates(digest, now, [], begun=now - timedelta(days=90))
    assert days == [date(2026, 3, 30) - timedelta(days=back) for back in range(7, -1, -1)]


def test_the_window_ends_at_the_due_time_or_now_if_that_is_earlier() -> None:
    digest = DigestDefinition(zone="Europe/Berlin", time="07:00", window_hours=36)
    due = datetime(2026, 3, 5, 6, tzinfo=UTC)
    late, early = due + timedelta(days=2), due - timedelta(hours=1)
    assert edition_window(digest, date(2026, 3, 5), late) == (due - timedelta(hours=36), due)
    assert edition_window(digest, date(2026, 3, 5), early) == (early - timedelta(hours=36), early)


@pytest.mark.parametrize(
    ("days", "day", "since"),
    [
        ("daily", "2026-03-05", "2026-03-04"),
        ("weekdays", "2026-03-06", "2026-03-05"),
        ("weekdays", "2026-03-09", "2026-03-06"),  # Monday's covers the weekend
        ("weekly", "2026-03-09", "2026-03-02"),
        (("tue", "fri"), "2026-03-06", "2026-03-03"),
        (("fri", "tue"), "2026-03-10", "2026-03-06"),
        (("sun",), "2026-03-08", "2026-03-01"),
        ("weekdays", "2026-03-08", "2026-03-06"),  # asked for by command on a Sunday
    ],
)
def test_an_edition_covers_the_time_since_the_one_before_was_due(days: Any, day: str, since: str) -> None:
    digest = DigestDefinition(zone="Asia/Kathmandu", time="07:00", days=days)
    window = edition_window(digest, date.fromisoformat(day), datetime(2026, 4, 1, tzinfo=UTC))
    assert [f"{moment:%F %R}" for moment in window] == [f"{since} 01:15", f"{day} 01:15"]


@pytest.mark.parametrize(
    ("days", "due"),
    [
        ("daily", range(2, 9)),
        ("weekdays", range(2, 7)),
        ("weekly", [2]),
        (("tue", "fri"), [3, 6]),
        (("sun", "sat"), [7, 8]),
    ],
)
def test_each_kind_of_days_has_its_weekdays(days: Any, due: Iterable[int]) -> None:
    digest = DigestDefinition(days=days)
    begun, now = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert due_dates(digest, now, [], begun=begun) == [date(2026, 3, day) for day in due]


def test_a_digest_that_is_new_to_an_old_archive_starts_with_its_last_date_and_a_young_one_makes_up_for_all() -> None:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    old, young = now - timedelta(days=90), now - timedelta(days=3)
    for days, last in (("daily", 5), ("weekly", 2)):
        digest = DigestDefinition(time="07:00", days=days)  # type: ignore[arg-type]
        since = owed_since(digest, now, [], begun=old)
        assert due_dates(digest, now, [], begun=since) == [date(2026, 3, last)]
        assert owed_since(digest, now, [date(2026, 2, 23)], begun=old) == datetime(2026, 2, 23, 7, tzinfo=UTC)
        assert owed_since(digest, now, [date(2027, 3, 1)], begun=old) == since  # made by a clock that ran ahead
        assert owed_since(digest, now, [date(2026, 2, 23)], begun=young) == young
        assert owed_since(digest, now, [], begun=young) == young
        assert owed_since(digest, now, [], begun=None) is None


def test_an_edition_by_command_of_a_date_to_come_begins_with_the_last_one_that_was_due() -> None:
    digest = DigestDefinition(zone="UTC", time="07:00")
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert edition_window(digest, date(2026, 3, 9), now, by_command=True) == (now.replace(hour=7), now)
    assert edition_window(digest, date(2026, 3, 5), now, by_command=True) == (datetime(2026, 3, 4, 7, tzinfo=UTC), now)


def test_a_digest_without_days_is_a_mistake_of_the_caller() -> None:
    digest = DigestDefinition(days=())
    assert due_dates(digest, START, [], begun=START - timedelta(days=9)) == []
    with pytest.raises(ValueError, match="'daily' has no days"):
        due_before(digest, START)


@given(st.sampled_from(ZONES), st.sampled_from(["daily", "weekdays", "weekly"]), st.integers(0, 15 * 365 * 24 * 60))
def test_windows_meet_whatever_the_clock_does(zone: str, days: Any, minutes: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = now.astimezone(ZoneInfo(zone))
    digest = DigestDefinition(zone=zone, days=days, time=f"{local:%H:%M}")
    first, second = [
        local.date() + timedelta(days=n) for n in range(15) if is_edition_day(digest, local.date() + timedelta(days=n))
    ][:2]
    (_, end), (begin, _) = (edition_window(digest, day, now + timedelta(days=30)) for day in (first, second))
    assert begin == end
