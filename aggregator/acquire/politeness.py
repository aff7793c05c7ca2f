"""How many requests one host gets at once, and how closely one follows another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aggregator.settings import HostLimit, Network
from aggregator.text.urls import host_of


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    delay: float
    next_start: float = 0.0


class HostGate:
    """Lets requests through to each host in turn; waiting here is no part of a fetch's deadline."""

    def __init__(
        self,
        network: Network,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._network = network
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def at(self, url: str) -> AsyncIterator[None]:
        """A place at the host of an address."""
        host = self._host(host_of(url))
        async with host.places:
            start = max(self._clock(), host.next_start)
            host.next_start = start + host.delay
            if (wait := start - self._clock()) > 0:
                await self._sleep(wait)
            yield

    def wait(self, url: str) -> float:
        """Seconds until a request to the host of an address may start."""
        return max(0.0, self._host(host_of(url)).next_start - self._clock())

    def slow_down(self, url: str, delay_seconds: float) -> None:
        """From now on keep at least this distance at the host of an address."""
        host = self._host(host_of(url))
        host.delay = max(host.delay, delay_seconds)

    def rest(self, url: str, seconds: float) -> None:
        """Leave the host of an address alone for so long."""
        host = self._host(host_of(url))
        host.next_start = max(host.next_start, self._clock() + seconds)

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            network = self._network
            usual = HostLimit(concurrency=network.per_host, delay_seconds=network.host_delay_seconds)
            limit = network.hosts.get(name.rstrip(":"), network.hosts.get(name.rpartition(":")[0], usual))
            self._hosts[name] = _Host(asyncio.Semaphore(limit.concurrency), limit.delay_seconds)
        return self._hosts[name]
