"""Subscriptions survive as they are."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator.archive.sqlite import open_archive
from aggregator.model import Offer, Subscription, SubscriptionState
from tests.builders import NOW, make_harvest, make_state

OFFER = Offer(hub="https://hub.example/", topic="https://example.com/rss")
FULL = Subscription(
    feed_url="https://example.com/rss",
    offer=OFFER,
    token="t",
    secret="s",
    state=SubscriptionState.DENIED,
    requested=NOW,
    next_request=NOW + timedelta(hours=1),
    attempts=3,
    lease_until=NOW + timedelta(hours=2),
    last_push=NOW + timedelta(hours=3),
    ignored=4,
    reason="why",
)


def test_a_subscription_comes_back_and_there_is_one_a_feed(tmp_path: Path) -> None:
    bare = Subscription(feed_url="https://a.example/", offer=OFFER, token="t2", secret="s2")
    archive = open_archive(tmp_path / "a.db")
    assert archive.subscriptions() == ()
    archive.save_subscriptions([FULL, bare])
    archive.save_subscriptions([])
    archive.save_subscriptions([replace(FULL, token="new")])
    archive.close()
    again = open_archive(tmp_path / "a.db")
    assert again.subscriptions() == (bare, replace(FULL, token="new"))
    again.close()


def test_neither_token_nor_secret_is_printed() -> None:
    shown = repr(replace(FULL, token="tok-n", secret="sec-et"))
    assert "tok-n" not in shown
    assert "sec-et" not in shown


def test_what_a_feed_offers_is_part_of_its_state(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a.db")
    state = replace(make_state(), offer=OFFER)
    archive.save(make_harvest(state=state))
    assert archive.feed_states()[state.url].offer == OFFER
    archive.close()
