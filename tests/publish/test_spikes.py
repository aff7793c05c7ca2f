"""Spikes: bursts are found, the rhythm of the week is not taken for one; beside a rule that knows no hours."""

import math
from collections.abc import Sequence
from random import Random

import pytest

from aggregator.publish.spikes import Volume, spikes, volume_of

HOURS, BURSTS = 2 * 365 * 24, 40


def chance_count(chance: Random, rate: float) -> int:
    """Poisson (Knuth 1969, 3.4.1)."""
    below, count, product = math.exp(-rate), 0, chance.random()
    while product > below:
        count, product = count + 1, product * chance.random()
    return count


def two_years(chance: Random, rate: float) -> tuple[list[int], list[int]]:
    """Counts by the hour, quieter at night and at weekends and with the season, and where bursts of 4 to 14 hours begin."""
    rates = [
        rate
        * (0.5 if hour // 24 % 7 >= 5 else 1)
        * (0.4 + 1.2 * max(0.0, math.sin((hour % 24 - 5) / 12 * math.pi)))
        * (1 + 0.3 * math.sin(hour / 24 / 365 * 2 * math.pi))
        for hour in range(HOURS)
    ]
    begins = sorted(chance.sample(range(30 * 24, HOURS - 48, 36), BURSTS))
    for begin in begins:
        times = chance.uniform(3, 6)
        for hour in range(begin, begin + chance.randint(4, 14)):
            rates[hour] = max(rates[hour], 0.7 * rate) * times
    return [chance_count(chance, one) for one in rates], begins


def as_notices(hours: Sequence[int]) -> list[int]:
    """As alerts tell them: not twice in a day."""
    told: list[int] = []
    for hour in hours:
        if not told or hour - told[-1] > 24:
            told.append(hour)
    return told


def scores(told: Sequence[int], begins: Sequence[int]) -> tuple[float, float]:
    """Precision and recall; a notice within 18 hours of a burst's beginning is of it."""
    of = [next((begin for begin in begins if begin <= hour <= begin + 18), None) for hour in told]
    return sum(one is not None for one in of) / len(told), len({one for one in of if one is not None}) / len(begins)


@pytest.mark.parametrize(
    ("rate", "hours", "floor"), [(1.5, 6, 0.9), (4, 3, 0.9), (4, 6, 0.9), (12, 3, 0.9), (12, 6, 0.9), (1.5, 3, 0.85)]
)
def test_bursts_of_two_years_are_found(rate: float, hours: int, floor: float) -> None:
    """Of four articles in three hours a chance is hard to tell from a burst."""
    counts, begins = two_years(Random(29), rate)
    precision, recall = scores(as_notices(spikes(counts, hours)), begins)
    assert precision >= floor
    assert recall >= floor


def test_a_week_like_the_others_is_no_spike_however_uneven() -> None:
    week = [0] * 60 + [9] * 8 + [0] * 100
    assert spikes(week * 12, 6) == []


def test_what_is_unusual_is_told_with_what_is_usual() -> None:
    assert volume_of([1] * 168 * 8 + [3] * 6, 6) == Volume(count=18, usual=6, deviations=12 / 6**0.5)
    assert volume_of([1] * 168 * 8 + [3] * 6, 24) == Volume(count=36, usual=24, deviations=12 / 24**0.5)


def test_a_young_archive_knows_nothing_of_what_is_usual() -> None:
    assert volume_of([0] * 168 * 2 + [9] * 6, 6) is None
    assert volume_of([0] * 168 * 4 + [9] * 6, 6) is not None


def test_few_articles_are_no_spike() -> None:
    volume = volume_of([0] * 168 * 8 + [1, 1, 1, 1], 6)
    assert volume is not None
    assert not volume.is_spike
