"""EDGE: what each site's robots.txt (RFC 9309) lets us read. The only home of Protego."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from protego import Protego

from aggregator.acquire.access import origin
from aggregator.acquire.fetch import fetch
from aggregator.model import Document, FailureKind, Fetched, FetchFailure, Request
from aggregator.text.urls import host_of, is_web_url

#: The name by which a robots.txt may address us; it begins our User-Agent.
PRODUCT = "aggregator"
#: Bytes of a robots.txt that are read (RFC 9309 §2.5 asks for no less).
SIZE_LIMIT = 500 * 1024
#: RFC 9309 §2.4: no longer than a day.
_KEPT = timedelta(hours=24)
#: How long a site is left alone whose robots.txt cannot be had.
_UNREACHABLE_KEPT = timedelta(minutes=10)
#: Seconds from one request to the next that a robots.txt may ask for; longer ones count as this.
CRAWL_DELAY_LIMIT = 30.0
#: Sites whose rules are kept.
_SITES = 1_000
#: Failures that say that there is no robots.txt, so that everything is allowed (RFC 9309 §2.3.1.3).
_ABSENT = {FailureKind.CLIENT_ERROR, FailureKind.GONE, FailureKind.NOT_A_FEED}
_AGENT_LINE = re.compile(r"^[ \t]*user[- ]?agent[ \t]*[:\s](?P<name>[^\r\n#]*)", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"[A-Za-z_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a site's robots.txt says to us; without `parsed`, nothing."""

    parsed: Protego | None = None
    unreachable: FetchFailure | None = None
    """Why it cannot be had: then nothing may be read for now (RFC 9309 §2.3.1.4)."""

    def refusal(self, url: str, now: datetime) -> FetchFailure | None:
        """Why an address of the site may not be read; None if it may."""
        if self.unreachable:
            # Whatever it was, it may pass, if it was not our own guard.
            guarded = self.unreachable.kind is FailureKind.REFUSED
            kind = FailureKind.REFUSED if guarded else FailureKind.SERVER_ERROR
            return replace(
                self.unreachable, url=url, kind=kind, reason=f"robots.txt: {self.unreachable.reason}", fetched=now
            )
        if self.parsed and not self.parsed.can_fetch(url, PRODUCT):
            return FetchFailure(
                url=url, kind=FailureKind.REFUSED, reason="the site's robots.txt does not allow it", fetched=now
            )
        return None

    @property
    def crawl_delay(self) -> float:
        """Seconds from one request to the next that the site asks for, at most 30."""
        asked = self.parsed.crawl_delay(PRODUCT) if self.parsed else None
        return min(asked or 0.0, CRAWL_DELAY_LIMIT)


def rules_of(answer: Fetched) -> Rules:
    """What an answer to the question for a robots.txt says."""
    if isinstance(answer, Document):
        return Rules(parsed=Protego.parse(_for_us(answer.body[:SIZE_LIMIT].decode("utf-8-sig", "replace"))))
    if isinstance(answer, FetchFailure) and answer.kind not in _ABSENT:
        return Rules(unreachable=answer)
    return Rules()


def _for_us(text: str) -> str:
    """The text with all robots but us under one name.

    A group of 10,000 robots with 10,000 rules would cost their product; and Protego takes `aggr` for us,
    where RFC 9309 §2.2.1 wants the whole product token.
    """

    def named(match: re.Match[str]) -> str:
        name = match["name"].strip()
        token = _TOKEN.match(name)
        ours = token is not None and token[0].lower() == PRODUCT
        return f"User-agent: {PRODUCT if ours else '*' if name == '*' else '-'}"

    return _AGENT_LINE.sub(named, text)


@dataclass(slots=True)
class _Site:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Rules = Rules()
    until: datetime | None = None


class Robots:
    """Asks each site for its robots.txt, once a day, and remembers what it said."""

    def __init__(self, client: httpx.AsyncClient, *, deadline: float, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._deadline = deadline
        self._clock = clock
        self._sites: dict[tuple[str, str, int | None], _Site] = {}

    async def refusal(self, url: str) -> FetchFailure | None:
        """Why an address may not be read; None if it may."""
        if not (is_web_url(url) and host_of(url)):
            reason = f"not an http(s) address: {url[:80]!r}"
            return FetchFailure(url=url, kind=FailureKind.REFUSED, reason=reason, fetched=self._clock())
        return (await self.rules(url)).refusal(url, self._clock())

    async def rules(self, url: str) -> Rules:
        """The rules of the site of an address."""
        site = self._site(origin(url))
        async with site.lock:
            if site.until is None or site.until <= self._clock():
                site.rules = await self._ask(url)
                site.until = self._clock() + (_UNREACHABLE_KEPT if site.rules.unreachable else _KEPT)
        return site.rules

    def _site(self, name: tuple[str, str, int | None]) -> _Site:
        # Taken out and put back, so that the first is the one that was longest not asked for.
        self._sites[name] = self._sites.pop(name) if name in self._sites else _Site()
        while len(self._sites) > _SITES:
            del self._sites[next(iter(self._sites))]
        return self._sites[name]

    async def _ask(self, url: str) -> Rules:
        parts = urlsplit(url)
        request = Request(
            url=f"{parts.scheme}://{parts.netloc}/robots.txt", headers=(("Accept", "text/plain, */*;q=0.5"),)
        )
        return rules_of(await fetch(self._client, request, deadline=self._deadline, now=self._clock))
