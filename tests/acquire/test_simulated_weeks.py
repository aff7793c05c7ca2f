"""The schedule over simulated weeks: fewer requests than a fixed quarter of an hour, and articles found no later."""

import pytest

from benchmarks.schedule import Look, Source, adaptive, fixed, make_sources, simulate

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
