"""Pure: how often a feed publishes, learnt from what it brought, and how often it is worth asking."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Rhythm
from aggregator.settings import Network

#: Days after which an article counts a third of a new one: quick enough for a desk that closes, slow enough for a weekend.
_MEMORY = 7.0
_DAY = timedelta(days=1)
#: What is believed of a feed before it has shown anything: 24 articles a day, for as much as a quarter of a day.
_PRIOR_RATE, _PRIOR_DAYS = 24.0, 0.25
#: A feed is silent when it has missed this many articles in a row and two days have gone: of a Poisson process that
#: happens once in 20,000 times; the two days leave room for nights and weekends, which the rate does not know.
_MISSED, _SILENT_DAYS = 10.0, 2.0
_HOURS_MEMORY = 500
#: A hub may fail without a word; what it lost must be found on the same day.
_PUSHED_TIMES, _PUSHED_LONGEST = 4, timedelta(hours=6)
_MAX_AGE = re.compile(r"max-age\s*=\s*(\d{1,9})", re.IGNORECASE)


def learn(rhythm: Rhythm, moment: datetime, dates: Sequence[datetime]) -> Rhythm:
    """What is known after a look at `moment` that found new articles of these dates."""
    past = [date for date in dates if date <= moment]
    newest = max(past, default=rhythm.last_new)
    rhythm = replace(rhythm, hours=_with_hours(rhythm.hours, past)) if past else rhythm
    if rhythm.learnt is None:
        days = min(_MEMORY, (moment - min(past)) / _DAY) if past else 0.0
        recent = sum(moment - date <= _MEMORY * _DAY for date in past)
        return replace(rhythm, articles=float(recent), days=days, learnt=moment, last_new=newest)
    elapsed = max((moment - rhythm.learnt) / _DAY, 0.0)
    kept = math.exp(-elapsed / _MEMORY)
    return replace(
        rhythm,
        articles=rhythm.articles * kept + len(dates),
        days=rhythm.days * kept + elapsed,
        learnt=moment,
        last_new=moment if dates else newest,
    )


def _with_hours(hours: tuple[float, ...], dates: Sequence[datetime]) -> tuple[float, ...]:
    counts = list(hours or (0.0,) * 24)
    for date in dates:
        counts[date.hour] += 1
    # Halved now and then, so that a desk that changes its hours is believed in time.
    return tuple(count / 2 for count in counts) if sum(counts) > _HOURS_MEMORY else tuple(counts)


def daily_rate(rhythm: Rhythm) -> float:
    """Articles a day."""
    return (rhythm.articles + _PRIOR_RATE * _PRIOR_DAYS) / (rhythm.days + _PRIOR_DAYS)


def rate_at(rhythm: Rhythm, moment: datetime) -> float:
    """Articles a day as they come at this hour of the day."""
    if not rhythm.hours:
        return daily_rate(rhythm)
    # Neighbouring hours speak too, and each hour has one article on credit.
    near = sum(rhythm.hours[(moment.hour + step) % 24] for step in (-1, 0, 1)) / 3
    return daily_rate(rhythm) * 24 * (near + 1) / (sum(rhythm.hours) + 24)


def worthwhile_interval(rhythm: Rhythm, network: Network, moment: datetime) -> timedelta:
    """Time between two looks: `network.interval_minutes` at 24 articles a day, else with the inverse root of the rate.

    An interval t makes the articles of a rate r wait rt/2 in sum for 1/t requests; for a given number of requests over all
    feeds the wait is least with t in proportion to 1/√r (Lagrange). What the publisher asks for counts up to `network.interval_minutes`: feeds with a ttl of a day that publish by the hour are common.
    """
    minutes = network.interval_minutes * math.sqrt(_PRIOR_RATE / rate_at(rhythm, moment))
    asked = min(rhythm.hint_minutes or 0, network.interval_minutes)
    shortest = min(network.shortest_interval_minutes, network.interval_minutes)
    longest = max(network.longest_interval_minutes, network.interval_minutes)
    bounded = min(max(minutes, shortest), longest)
    return timedelta(minutes=max(bounded, asked))


def pushed_interval(network: Network) -> timedelta:
    """Time between two looks at a feed that a hub pushes: four times the longest, at most six hours; a safety net."""
    return min(_PUSHED_TIMES * timedelta(minutes=network.longest_interval_minutes), _PUSHED_LONGEST)


def silent_days(rhythm: Rhythm, now: datetime) -> float:
    """Days that the feed has brought nothing against its own rhythm; 0 while that can be chance."""
    if rhythm.last_new is None or rhythm.learnt is None:
        return 0.0
    days = (now - rhythm.last_new) / _DAY
    # The rate as it was when the silence began: silence itself has made it fall since.
    before = daily_rate(rhythm) * math.exp((rhythm.learnt - rhythm.last_new) / _DAY / _MEMORY)
    return days if days >= _SILENT_DAYS and days * before >= _MISSED else 0.0


def max_age_minutes(cache_control: str) -> int | None:
    """Minutes for which an answer is fresh by its Cache-Control header (RFC 9111 §5.2.2.1); None if it does not say."""
    found = _MAX_AGE.search(cache_control)
    return int(found[1]) // 60 or None if found else None
