"""How often a feed is worth asking."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.hints import update_hint
from aggregator.acquire.rhythm import daily_rate, learn, max_age_minutes, rate_at, silent_days, worthwhile_interval
from aggregator.model import Rhythm
from aggregator.settings import Network

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NETWORK = Network()
DAY = timedelta(days=1)


def lived(per_day: float, days: int = 21) -> Rhythm:
    """The rhythm of a feed that was asked each quarter of an hour for weeks."""
    rhythm, owed, moment = Rhythm(), 0.0, NOW - days * DAY
    while moment <= NOW:
        owed += per_day / 96
        rhythm = learn(rhythm, moment, [moment] * int(owed))
        owed -= int(owed)
        moment += timedelta(minutes=15)
    return rhythm


@pytest.mark.parametrize("per_day", [1, 6, 24, 150])
def test_the_rate_is_learnt(per_day: int) -> None:
    assert daily_rate(lived(per_day)) == pytest.approx(per_day, rel=0.1, abs=1)


def test_busy_feeds_are_asked_often_and_quiet_ones_seldom() -> None:
    rhythms = [replace(lived(rate), hours=()) for rate in (500, 96, 24, 6, 0)]
    minutes = [worthwhile_interval(rhythm, NETWORK, NOW) / timedelta(minutes=1) for rhythm in rhythms]
    assert minutes == pytest.approx([5, 6, 12, 24, 30], rel=0.1)


def test_a_new_feed_is_asked_at_the_usual_interval_until_its_dates_tell_more() -> None:
    assert worthwhile_interval(Rhythm(), NETWORK, NOW) == timedelta(minutes=12)
    week = learn(Rhythm(), NOW, [NOW - n * DAY for n in range(7)])
    assert daily_rate(week) == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize(("hint", "minutes"), [(None, 5), (1, 5), (10, 10), (1440, 12)])
def test_the_publishers_wish_counts_up_to_the_usual_interval(hint: int | None, minutes: int) -> None:
    busy = lived(1000, 7)
    asked = Rhythm(articles=busy.articles, days=busy.days, learnt=busy.learnt, hint_minutes=hint)
    assert worthwhile_interval(asked, NETWORK, NOW) == timedelta(minutes=minutes)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 3000)), max_size=20),
    st.one_of(st.none(), st.integers(1, 10**6)),
)
def test_the_interval_stays_within_the_bounds(looks: list[tuple[float, int]], hint: int | None) -> None:
    rhythm, moment = Rhythm(hint_minutes=hint), NOW
    for days, new in looks:
        moment += timedelta(days=days)
        rhythm = learn(rhythm, moment, [moment] * new)
    assert timedelta(minutes=5) <= worthwhile_interval(rhythm, NETWORK, moment) <= timedelta(minutes=30)


def test_silence_is_told_against_the_feeds_own_rhythm() -> None:
    daily, hourly = lived(1), lived(24)
    assert silent_days(hourly, NOW + 1.5 * DAY) == 0
    assert silent_days(hourly, NOW + 3 * DAY) == pytest.approx(3, abs=0.1)
    assert silent_days(daily, NOW + 3 * DAY) == 0
    assert silent_days(daily, NOW + 15 * DAY) > 14
    assert silent_days(Rhythm(), NOW) == 0


def test_silence_stays_silence_while_the_feed_is_asked() -> None:
    rhythm, moment = lived(24), NOW
    for _ in range(14):
        moment += DAY
        rhythm = learn(rhythm, moment, [])
    assert silent_days(rhythm, moment) == pytest.approx(14, abs=0.1)


@pytest.mark.parametrize(
    ("header", "minutes"),
    [
        ("max-age=600", 10),
        ("public, Max-Age = 3600, must-revalidate", 60),
        ("no-cache", None),
        ("max-age=0", None),
        ("", None),
    ],
)
def test_max_age(header: str, minutes: int | None) -> None:
    assert max_age_minutes(header) == minutes


@pytest.mark.parametrize(
    ("hint", "minutes"),
    [
        (("45",), 45),
        ((" 60 ",), 60),
        (("-5",), None),
        (("soon", "hourly", "2"), 30),
        (("", "daily", ""), 1440),
        (("", "Weekly", "7"), 1440),
        (("", "never", "1"), None),
        (("", "hourly", "1000"), 1),
        (("9" * 30,), None),
        (("\u0664",), None),
    ],
)
def test_what_a_feed_asks_for(hint: tuple[str, ...], minutes: int | None) -> None:
    assert update_hint(*hint) == minutes


def test_a_desk_that_sleeps_is_asked_less_at_night() -> None:
    rhythm = Rhythm()
    for day in range(14):
        for hour in range(24):
            moment = NOW + timedelta(days=day, hours=hour)
            rhythm = learn(rhythm, moment, [moment] * 2 if 8 <= moment.hour < 20 else [])
    at = {hour: worthwhile_interval(rhythm, NETWORK, NOW.replace(hour=hour)) for hour in (3, 14)}
    assert at[3] > 2 * at[14]
    assert rate_at(rhythm, NOW.replace(hour=14)) > daily_rate(rhythm)
