"""The schedule over simulated weeks: fewer requests than a fixed quarter of an hour, and articles found no later."""

from datetime import timedelta

import pytest

from aggregator.model import Health
from aggregator.text.urls import host_of
from benchmarks.schedule import START, Look, Source, adaptive, fixed, make_sources, simulate

DAYS = 8


def simulated(look: Look, seed: int) -> tuple[int, list[float]]:
    """Requests, and the sorted delays in minutes."""
    sources: list[Source] = make_sources(60, DAYS, seed)
    simulate(sources, DAYS, look)
    delays = sorted(delay.total_seconds() / 60 for source in sources for delay in source.delays)
    return sum(source.requests for source in sources), delays


@pytest.mark.parametrize("seed", [11, 12])
def test_fewer_requests_and_no_later(seed: int) -> None:
    (usual, usual_delays), (ours, our_delays) = simulated(fixed, seed), simulated(adaptive, seed)
    assert ours < 0.9 * usual
    assert sum(our_delays) / len(our_delays) < 0.85 * sum(usual_delays) / len(usual_delays)
    assert our_delays[int(0.95 * len(our_delays))] < 1.1 * usual_delays[int(0.95 * len(usual_delays))]


@pytest.mark.parametrize("count", [60, 200])
@pytest.mark.parametrize("seed", [11, 12])
def test_a_captive_portal_of_six_hours_harms_no_feed_and_is_over_at_once(count: int, seed: int) -> None:
    sources = make_sources(count, DAYS, seed)
    portal = (START + timedelta(days=4, hours=9), START + timedelta(days=4, hours=15))
    seen = simulate(sources, DAYS, adaptive, portal)
    well = {s.url: seen[s.url] for s in sources if seen[s.url][0].health is Health.OK}
    assert len(well) > count / 2
    harmed = {url: after.failures for url, (_, after, _) in well.items() if after.health is not Health.OK}
    # It takes a third host to know a portal from a page; until then at most two are blamed, once.
    assert len(set(map(host_of, harmed))) <= 2
    assert set(harmed.values()) <= {1}
    for url, (before, after, later) in well.items():
        assert after.moved == before.moved, url
        assert later.last_attempt is not None
        assert later.last_attempt >= portal[1], url
