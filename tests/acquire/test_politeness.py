"""What one host is asked at once, and how closely."""

import asyncio

from aggregator.acquire.politeness import HostGate
from aggregator.settings import HostLimit, Network


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def visit(network: Network, urls: list[str]) -> tuple[list[float], int]:
    """When each request began, and how many were under way at most."""
    time = Time()

    async def run() -> tuple[list[float], int]:
        gate, begun, under_way, most = HostGate(network, clock=time, sleep=time.sleep), [], 0, 0

        async def one(url: str) -> None:
            nonlocal under_way, most
            async with gate.at(url):
                begun.append(time() - 100)
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*map(one, urls))
        return begun, most

    return asyncio.run(run())


def test_requests_to_one_host_keep_their_distance() -> None:
    begun, _ = visit(
        Network(host_delay_seconds=2), ["https://a.example/1", "https://a.example/2", "https://a.example/3"]
    )
    assert begun == [0, 2, 4]


def test_hosts_do_not_wait_for_one_another() -> None:
    begun, _ = visit(
        Network(host_delay_seconds=2), ["https://a.example/1", "https://b.example/1", "https://c.example/1"]
    )
    assert begun == [0, 0, 0]


def test_only_so_many_requests_are_under_way_at_a_host() -> None:
    urls = [f"https://a.example/{n}" for n in range(40)]
    assert visit(Network(host_delay_seconds=0, per_host=3), urls)[1] == 3
    assert visit(Network(host_delay_seconds=0, per_host=40), urls)[1] == 40


def test_single_hosts_have_limits_of_their_own() -> None:
    limits = {"a.example": HostLimit(concurrency=1, delay_seconds=5), "127.0.0.1:1200": HostLimit(delay_seconds=0)}
    network = Network(host_delay_seconds=1, hosts=limits)
    assert visit(network, ["https://a.example/1", "https://a.example/2"])[0] == [0, 5]
    assert visit(network, ["http://127.0.0.1:1200/1", "http://127.0.0.1:1200/2"])[0] == [0, 0]
    assert visit(network, ["http://127.0.0.1:1300/1", "http://127.0.0.1:1300/2"])[0] == [0, 1]


def test_a_host_may_ask_for_more_distance_and_for_rest() -> None:
    time = Time()

    async def run() -> list[float]:
        gate, begun = HostGate(Network(host_delay_seconds=1), clock=time, sleep=time.sleep), []

        async def visit_once() -> None:
            async with gate.at("https://a.example/1"):
                begun.append(time() - 100)

        gate.slow_down("https://a.example/robots.txt", 5)
        gate.slow_down("https://a.example/robots.txt", 0.5)
        await visit_once()
        assert (gate.wait("https://a.example/2"), gate.wait("https://b.example/")) == (5, 0)
        await visit_once()
        gate.rest("https://a.example/2", 60)
        assert gate.wait("https://a.example/3") == 60
        await visit_once()
        return begun

    assert asyncio.run(run()) == [0, 5, 65]
