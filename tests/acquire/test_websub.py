"""Whom to ask when, and what to believe of a hub."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.websub import (
    REQUEST_LIMIT,
    after_refusal,
    after_unreadable,
    after_unsigned,
    callback_path,
    confirmed,
    disowned,
    expired,
    is_live,
    is_signed,
    missed,
    request_form,
    slowed,
    takes_pushes,
    to_request,
    with_token,
)
from aggregator.model import FailureKind, FetchFailure, Offer, Subscription, SubscriptionState
from aggregator.settings import Network
from tests.builders import FEED_URL, NOW, make_feed, make_state

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFER = Offer(hub="https://hub.example/", topic="https://example.com/rss?self")
FEED = make_feed()
STATES = {FEED_URL: replace(make_state(), offer=OFFER)}
NETWORK = Network(websub_callback="https://me.example/websub")
ASKED = {
    "hub.mode": "subscribe",
    "hub.topic": OFFER.topic,
    "hub.challenge": "c",
    "hub.lease_seconds": str(10 * 24 * 3600),
}


def subscription(
    state: SubscriptionState = SubscriptionState.PENDING, *, token: str = "token", attempts: int = 1
) -> Subscription:
    live = state is SubscriptionState.VERIFIED
    return Subscription(
        feed_url=FEED_URL,
        offer=OFFER,
        token=token,
        secret="secret",
        state=state,
        requested=NOW - DAY,
        next_request=NOW + DAY,
        attempts=attempts,
        lease_until=NOW + 2 * DAY if live else None,
        last_push=NOW if live else None,
    )


VERIFIED = subscription(SubscriptionState.VERIFIED)


def secrets() -> Iterator[str]:
    number = 0
    while True:
        yield f"s{number}"
        number += 1


def asked(known: Mapping[str, Subscription] | None = None, *, offer: Offer = OFFER) -> list[Subscription]:
    states = {FEED_URL: replace(make_state(), offer=offer)}
    return to_request([FEED], states, known or {}, NOW, secrets().__next__)


# --- asking ---


def test_a_feed_with_a_hub_is_subscribed_to_with_a_token_and_a_secret_of_its_own() -> None:
    (one,) = asked()
    assert (one.state, one.token, one.secret, one.requested) == (SubscriptionState.PENDING, "s0", "s1", NOW)
    assert request_form(one, "https://me.example/websub/") == {
        "hub.mode": "subscribe",
        "hub.topic": OFFER.topic,
        "hub.callback": "https://me.example/websub/s0",
        "hub.secret": "s1",
        "hub.lease_seconds": "864000",
    }


def test_without_a_hub_a_state_or_a_wish_nothing_is_asked() -> None:
    assert asked(offer=Offer()) == []
    assert to_request([FEED], {}, {}, NOW, secrets().__next__) == []
    assert to_request([replace(FEED, paused=True)], STATES, {}, NOW, secrets().__next__) == []


def test_a_hub_that_does_not_answer_is_asked_more_and_more_seldom() -> None:
    one, waits = subscription(attempts=0), []
    for _ in range(12):
        (one,) = asked({FEED_URL: replace(one, next_request=NOW)})
        assert one.next_request is not None
        waits.append(one.next_request - NOW)
        assert asked({FEED_URL: one}) == []
    assert waits[:3] == [timedelta(minutes=m) for m in (10, 20, 40)]
    assert waits[-1] == DAY


def test_a_renewal_keeps_token_and_secret_and_stays_verified_meanwhile() -> None:
    (one,) = asked({FEED_URL: replace(VERIFIED, next_request=NOW)})
    assert (one.state, one.token, one.secret) == (SubscriptionState.VERIFIED, "token", "secret")
    (late,) = asked({FEED_URL: replace(VERIFIED, next_request=NOW, lease_until=NOW)})
    assert late.state is SubscriptionState.PENDING


def test_a_new_hub_gets_new_secrets_but_not_within_the_hour() -> None:
    other = Offer(hub="https://other.example/", topic=OFFER.topic)
    (one,) = asked({FEED_URL: VERIFIED}, offer=other)
    assert (one.offer, one.token, one.state) == (other, "s0", SubscriptionState.PENDING)
    assert asked({FEED_URL: replace(VERIFIED, requested=NOW - HOUR / 2)}, offer=other) == []


def test_one_round_asks_a_bounded_number() -> None:
    feeds = [make_feed(f"https://n{n}.example/") for n in range(100)]
    states = {feed.url: replace(make_state(feed.url), offer=OFFER) for feed in feeds}
    assert len(to_request(feeds, states, {}, NOW, secrets().__next__)) == REQUEST_LIMIT


@pytest.mark.parametrize(
    ("state", "kind", "after"),
    [
        (SubscriptionState.PENDING, FailureKind.NETWORK, SubscriptionState.FAILED),
        (SubscriptionState.PENDING, FailureKind.CLIENT_ERROR, SubscriptionState.FAILED),
        (SubscriptionState.PENDING, FailureKind.TIMEOUT, SubscriptionState.PENDING),
        (SubscriptionState.VERIFIED, FailureKind.NETWORK, SubscriptionState.VERIFIED),
        (SubscriptionState.DENIED, FailureKind.NETWORK, SubscriptionState.DENIED),
    ],
)
def test_a_refusal_fails_what_is_not_live(
    state: SubscriptionState, kind: FailureKind, after: SubscriptionState
) -> None:
    failure = FetchFailure(url=OFFER.hub, kind=kind, reason="why", fetched=NOW, retry_after_seconds=7 * 24 * 3600)
    one = after_refusal(subscription(state), failure)
    assert (one.state, one.reason, one.next_request) == (after, "the hub: why", NOW + 7 * DAY)


# --- asked back ---


def test_a_hub_that_asks_whether_it_is_meant_gets_a_lease_that_is_renewed_in_time() -> None:
    one = confirmed(subscription(attempts=3), ASKED, NOW)
    assert one is not None
    assert (one.state, one.attempts, one.lease_until) == (SubscriptionState.VERIFIED, 0, NOW + 10 * DAY)
    assert one.next_request == NOW + 8 * DAY
    assert is_live(one, NOW)
    assert not is_live(one, NOW + 10 * DAY)


@pytest.mark.parametrize(
    ("seconds", "lease", "renewal"),
    [
        ("60", timedelta(minutes=1), HOUR),
        ("0", timedelta(0), HOUR),
        ("9" * 300, 30 * DAY, 24 * DAY),
        ("-5", 10 * DAY, 8 * DAY),
        ("", 10 * DAY, 8 * DAY),
        ("²", 10 * DAY, 8 * DAY),
    ],
)
def test_a_lease_of_any_length_is_bounded(seconds: str, lease: timedelta, renewal: timedelta) -> None:
    one = confirmed(subscription(), {**ASKED, "hub.lease_seconds": seconds}, NOW)
    assert one is not None
    assert (one.lease_until, one.next_request) == (NOW + lease, NOW + renewal)


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.topic": "https://example.com/rss"},
        {"hub.topic": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
        {"hub.challenge": ""},
        {"hub.challenge": "c" * 3000},
        {"hub.mode": "denied", "hub.topic": "x"},
    ],
)
def test_what_was_not_meant_is_not_confirmed(changed: dict[str, str]) -> None:
    assert confirmed(subscription(), {**ASKED, **changed}, NOW) is None
    assert confirmed(subscription(), {}, NOW) is None


@pytest.mark.parametrize("state", [SubscriptionState.DENIED, SubscriptionState.FAILED, SubscriptionState.EXPIRED])
def test_a_subscription_that_is_over_is_not_confirmed_until_it_is_asked_for_again(state: SubscriptionState) -> None:
    assert confirmed(subscription(state), ASKED, NOW) is None


def test_a_denial_ends_a_subscription_and_says_why() -> None:
    denied = {"hub.mode": "denied", "hub.topic": OFFER.topic, "hub.reason": "no\r\n\x1b[31mtopic" + "x" * 999}
    one = confirmed(VERIFIED, denied, NOW)
    assert one is not None
    assert (one.state, one.lease_until, one.next_request) == (SubscriptionState.DENIED, None, NOW + 7 * DAY)
    assert one.reason.startswith("the hub has denied it: no[31mtopic")
    assert len(one.reason) < 250
    assert not takes_pushes(one)


def test_a_token_is_found_whole_or_not_at_all() -> None:
    many = [subscription(token=f"token{n}") for n in range(5)]
    assert with_token(many, "token3") is many[3]
    assert all(with_token(many, token) is None for token in ("", "token", "token33", "TOKEN3", "töken3", "\udc80"))


# --- signatures ---


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_of_each_method_is_checked(method: str) -> None:
    right = hmac.new(b"secret", b"body", getattr(hashlib, method)).hexdigest()
    assert is_signed(VERIFIED, b"body", f"{method}={right}")
    assert is_signed(VERIFIED, b"body", f"{method}={right.upper()}")
    assert not is_signed(VERIFIED, b"body2", f"{method}={right}")
    assert not is_signed(replace(VERIFIED, secret="other"), b"body", f"{method}={right}")
    assert not is_signed(VERIFIED, b"body", right)
    assert not is_signed(VERIFIED, b"body", f"{method}={right[:-1]}")


@pytest.mark.parametrize(
    "signature", ["", "=", "sha1", "sha1=", "md5=00", "SHA1=00", "blake2b=00", "sha1=é", "sha1=\udc80"]
)
def test_a_signature_that_is_none_is_false(signature: str) -> None:
    assert not is_signed(VERIFIED, b"body", signature)


@given(st.binary(), st.text())
def test_no_signature_is_hit_by_chance(body: bytes, signature: str) -> None:
    assert not is_signed(VERIFIED, body, signature)
    assert not is_signed(VERIFIED, body, f"sha256={signature}")


def test_what_is_ignored_is_counted() -> None:
    assert after_unsigned(after_unsigned(VERIFIED)) == replace(VERIFIED, ignored=2)


# --- polling beside ---


def test_polling_is_slowed_only_for_what_is_live_and_has_proved_to_deliver() -> None:
    assert slowed([VERIFIED], NETWORK, NOW) == {FEED_URL: 2 * HOUR}
    assert slowed([VERIFIED], replace(NETWORK, longest_interval_minutes=600), NOW) == {FEED_URL: 6 * HOUR}
    assert slowed([VERIFIED], Network(), NOW) == {}
    assert slowed([VERIFIED], NETWORK, NOW + 2 * DAY) == {}
    assert slowed([replace(VERIFIED, last_push=None)], NETWORK, NOW) == {}
    others = [state for state in SubscriptionState if state is not SubscriptionState.VERIFIED]
    assert slowed([replace(VERIFIED, state=state) for state in others], NETWORK, NOW) == {}


def test_a_hub_that_missed_an_article_must_prove_itself_anew() -> None:
    assert missed([VERIFIED], ["https://other.example/"]) == []
    (one,) = missed([VERIFIED], [FEED_URL])
    assert slowed([one], NETWORK, NOW) == {}
    assert is_live(one, NOW)


def test_a_lease_ends() -> None:
    assert expired([VERIFIED, subscription()], NOW) == []
    assert [one.state for one in expired([VERIFIED], NOW + 2 * DAY)] == [SubscriptionState.EXPIRED]


def test_a_hub_that_the_feed_no_longer_names_may_not_push_on() -> None:
    assert disowned([VERIFIED], STATES, NOW) == []
    assert disowned([VERIFIED], {}, NOW) == []
    (one,) = disowned([VERIFIED], {FEED_URL: make_state()}, NOW)
    assert (one.state, one.next_request) == (SubscriptionState.FAILED, NOW + HOUR)
    assert not takes_pushes(one)
    assert confirmed(one, ASKED, NOW) is None
    assert disowned([one], {FEED_URL: make_state()}, NOW) == []


def test_a_hub_that_pushes_what_cannot_be_read_is_left_for_a_day() -> None:
    one = after_unreadable(VERIFIED, "no feed", NOW)
    assert (one.state, one.next_request, one.reason) == (SubscriptionState.FAILED, NOW + DAY, "pushed: no feed")
    assert not takes_pushes(one)


@pytest.mark.parametrize(
    ("callback", "path"),
    [
        ("https://me.example/websub", "/websub"),
        ("http://me.example:8080/a/b-c/", "/a/b-c"),
        ("https://me.example/", ""),
        ("https://me.example", ""),
        ("https://me.example/a?b", ""),
        ("https://me.example/a#b", ""),
        ("https://me.example/{x}", ""),
        ("https://me.example//a", ""),
        ("ftp://me.example/a", ""),
        ("/websub", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_a_callback_has_a_path_of_its_own(callback: str, path: str) -> None:
    assert callback_path(callback) == path
