"""WebSub at work: hubs are asked to push, asked back whether it is meant, and what they push is read and kept as if polled.

The callback runs in the event loop of the service and only notes; the next tick does the work. So there is one
writer, and a hub cannot make the archive page wait.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import httpx

from aggregator.acquire import websub
from aggregator.acquire.capture import capture_of
from aggregator.acquire.due import after_push
from aggregator.acquire.fetch import post_form
from aggregator.acquire.politeness import HostGate
from aggregator.archive import Archive
from aggregator.keeping import Keeper, PollReport
from aggregator.model import Document, FeedState, Harvest, ParseFailure, Subscription
from aggregator.settings import Feed, Settings
from aggregator.workers import Workers

#: Seconds that a hub has to take a request; a round waits for it.
_DEADLINE = 10.0
#: Bytes of all pushes that wait for the next tick, and pushes of one feed.
_WAITING_BYTES, _WAITING_PUSHES = 32 * 2**20, 8
#: Articles of a feed among which those of a push are recognised.
_KNOWN = 2000


def new_secret() -> str:
    """32 random bytes, as text that can stand in an address."""
    return secrets.token_urlsafe(32)


class Pushes:
    """The subscriber (`publish.web.callback.Subscriber`), and what has been pushed and not yet read."""

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        new_secret: Callable[[], str] = new_secret,
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._clock = clock
        self._new_secret = new_secret
        self._feeds = {feed.url: feed for feed in settings.feeds if not feed.paused}
        self._waiting: dict[str, list[Document]] = {}

    # --- asked by hubs ---

    def confirm(self, token: str, asked: Mapping[str, str]) -> str | None:
        """See `Subscriber.confirm`: the challenge, once the subscription is kept as verified or denied."""
        known = self._known(token)
        after = websub.confirmed(known, asked, self._clock()) if known else None
        if after is None:
            return None
        self._archive.save_subscriptions([after])
        return asked.get("hub.challenge", "")[:2048] if asked.get("hub.mode") == "subscribe" else ""

    def expects(self, token: str) -> bool:
        """See `Subscriber.expects`."""
        known = self._known(token)
        return known is not None and websub.takes_pushes(known)

    def take(self, token: str, body: bytes, *, signature: str, content_type: str) -> bool:
        """See `Subscriber.take`."""
        known = self._known(token)
        if known is None:
            return True
        if not websub.is_signed(known, body, signature):
            self._archive.save_subscriptions([websub.after_unsigned(known)])
            return True
        waiting = self._waiting.get(known.feed_url, [])
        held = sum(len(one.body) for documents in self._waiting.values() for one in documents)
        if len(waiting) >= _WAITING_PUSHES or held + len(body) > _WAITING_BYTES:
            return False
        headers = (("Content-Type", content_type),)
        document = Document(url=known.offer.topic, body=body, headers=headers, fetched=self._clock())
        self._waiting[known.feed_url] = [*waiting, document]
        return True

    def _known(self, token: str) -> Subscription | None:
        """The subscription of a token, if its feed is still one of ours."""
        known = websub.with_token(self._archive.subscriptions(), token)
        return known if known and known.feed_url in self._feeds else None

    # --- done at a tick ---

    async def subscribe(self, client: httpx.AsyncClient) -> None:
        """Ask hubs for the subscriptions that are new, lapse soon or failed some time ago; end those that are over."""
        now, states = self._clock(), self._archive.feed_states()
        self._archive.save_subscriptions(websub.expired(self._archive.subscriptions(), now))
        self._archive.save_subscriptions(websub.disowned(self._archive.subscriptions(), states, now))
        known = {one.feed_url: one for one in self._archive.subscriptions()}
        asked = websub.to_request(self._feeds.values(), states, known, now, self._new_secret)
        # Kept before they are sent: the hub may ask back before it answers.
        self._archive.save_subscriptions(asked)
        gate = HostGate(self._settings.network, clock=asyncio.get_running_loop().time)
        await asyncio.gather(*(self._request(client, gate, one) for one in asked))

    async def _request(self, client: httpx.AsyncClient, gate: HostGate, asked: Subscription) -> None:
        form = websub.request_form(asked, self._settings.network.websub_callback)
        deadline = min(_DEADLINE, self._settings.network.deadline_seconds)
        async with gate.at(asked.offer.hub):
            failure = await post_form(client, asked.offer.hub, form, deadline=deadline, now=self._clock)
        if failure and (current := self._of(asked.feed_url)):
            self._archive.save_subscriptions([websub.after_refusal(current, failure)])

    async def read(self, workers: Workers) -> PollReport:
        """Read and keep what has been pushed; the validators of polling stay as they are."""
        waiting, self._waiting = self._waiting, {}
        keeper = Keeper(self._archive, lambda harvest, saved: None)
        await asyncio.gather(*(self._read(workers, keeper, self._feeds[url], waiting[url]) for url in waiting))
        keeper.commit()
        return PollReport(results=tuple(keeper.results))

    async def _read(self, workers: Workers, keeper: Keeper, feed: Feed, documents: list[Document]) -> None:
        for document in documents:
            read = await workers.read(document, feed, self._archive.known_articles(feed.url, _KNOWN))
            current = self._of(feed.url)
            if isinstance(read, ParseFailure):
                if current:
                    now = self._clock()
                    self._archive.save_subscriptions([websub.after_unreadable(current, read.reason, now)])
                # What one hub sends may cost one reading that fails, not eight.
                return
            state = self._archive.feed_states().get(feed.url) or FeedState(url=feed.url)
            dates = [one.date for one in read.records]
            harvest = Harvest(
                feed=feed,
                state=after_push(state, document.fetched, dates),
                outcome="ok",
                records=read.records,
                fetched=read.fetched,
                known=read.known,
                dropped=read.dropped,
                capture=capture_of(document, feed) if read.records else None,
            )
            keeper.keep(harvest)
            keeper.commit()
            if current:
                self._archive.save_subscriptions([websub.after_delivery(current, document.fetched)])

    def _of(self, feed_url: str) -> Subscription | None:
        return next((one for one in self._archive.subscriptions() if one.feed_url == feed_url), None)


def together(first: PollReport, second: PollReport) -> PollReport:
    """Two reports as one."""
    return replace(first, results=(*first.results, *second.results))
