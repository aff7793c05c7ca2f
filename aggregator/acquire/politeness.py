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

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            network = self._network
            usual = HostLimit(concurrency=network.per_host, delay_seconds=network.host_delay_seconds)
            limit = network.hosts.get(name.rstrip(":"), network.hosts.get(name.rpartition(":")[0], usual))
            self._hosts[name] = _Host(asyncio.Semaphore(limit.concurrency), limit.delay_seconds)
        return self._hosts[name]
