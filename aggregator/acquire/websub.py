"""Pure: WebSub (W3C Recommendation, 2018) as a subscriber: whom to ask when, what to believe of a hub.

A hub and what it sends are hostile until proved: the token in the callback's address proves that the hub
speaks, the signature that the body is its own.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.acquire.rhythm import pushed_interval
from aggregator.model import FailureKind, FeedState, FetchFailure, Subscription, SubscriptionState
from aggregator.settings import Feed, Network

#: Requests to hubs in one round.
REQUEST_LIMIT = 20
#: The lease that is asked for; the hub decides.
_LEASE = timedelta(days=10)
_LONGEST_LEASE = timedelta(days=30)
#: A lease is renewed after this share of it, but no hub is asked again within the hour: shorter leases lapse.
_RENEW_AT = 0.8
_HOUR = timedelta(hours=1)
_FIRST_BACKOFF, _LONGEST_BACKOFF = timedelta(minutes=10), timedelta(hours=24)
_AFTER_DENIAL = timedelta(days=7)
_METHODS = frozenset(("sha1", "sha256", "sha384", "sha512"))
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_REASON_LIMIT = 200
_CHALLENGE_LIMIT = 2_048


def callback_path(callback: str) -> str:
    """The path of a configured callback address; empty if it cannot be one."""
    try:
        parts = urlsplit(callback)
    except ValueError:
        return ""
    plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    path = parts.path.rstrip("/")
    return path if plain and _PATH.fullmatch(path) else ""


def is_live(subscription: Subscription | None, now: datetime) -> bool:
    """Whether the hub has promised to push now."""
    if subscription is None or subscription.state is not SubscriptionState.VERIFIED:
        return False
    return subscription.lease_until is not None and now < subscription.lease_until


def slowed(subscriptions: Iterable[Subscription], network: Network, now: datetime) -> dict[str, timedelta]:
    """How long feeds that are pushed are left alone between two polls: those whose hub has proved that it delivers."""
    if not network.websub_callback:
        return {}
    interval = pushed_interval(network)
    return {one.feed_url: interval for one in subscriptions if is_live(one, now) and one.last_push}


def missed(subscriptions: Iterable[Subscription], brought: Iterable[str]) -> list[Subscription]:
    """The subscriptions that a poll convicts: it brought new articles that the hub had not pushed; it must prove itself anew."""
    urls = set(brought)
    return [replace(one, last_push=None) for one in subscriptions if one.last_push and one.feed_url in urls]


def to_request(
    feeds: Iterable[Feed],
    states: Mapping[str, FeedState],
    subscriptions: Mapping[str, Subscription],
    now: datetime,
    new_secret: Callable[[], str],
) -> list[Subscription]:
    """The subscriptions to ask hubs for now, new or once more, as they stand once asked for: kept first, sent then."""
    wanted = (
        _wanted(states[feed.url], subscriptions.get(feed.url), now, new_secret)
        for feed in feeds
        if not feed.paused and feed.url in states
    )
    return [_asked(one, now) for one in wanted if one][:REQUEST_LIMIT]


def _wanted(
    state: FeedState, known: Subscription | None, now: datetime, new_secret: Callable[[], str]
) -> Subscription | None:
    if not state.offer:
        return None
    if known and known.offer == state.offer:
        return known if known.next_request is None or known.next_request <= now else None
    # A feed that names another hub each time must not make us knock everywhere.
    if known and known.requested and now - known.requested < _HOUR:
        return None
    return Subscription(feed_url=state.url, offer=state.offer, token=new_secret(), secret=new_secret())


def _asked(subscription: Subscription, now: datetime) -> Subscription:
    attempts = subscription.attempts + 1
    return replace(
        subscription,
        state=SubscriptionState.VERIFIED if is_live(subscription, now) else SubscriptionState.PENDING,
        requested=now,
        attempts=attempts,
        next_request=now + min(_FIRST_BACKOFF * (1 << min(attempts - 1, 12)), _LONGEST_BACKOFF),
        reason="",
    )


def request_form(subscription: Subscription, callback: str) -> dict[str, str]:
    """What a hub is sent (§5.1)."""
    return {
        "hub.mode": "subscribe",
        "hub.topic": subscription.offer.topic,
        "hub.callback": f"{callback.rstrip('/')}/{subscription.token}",
        "hub.secret": subscription.secret,
        "hub.lease_seconds": str(int(_LEASE.total_seconds())),
    }


def after_refusal(subscription: Subscription, failure: FetchFailure) -> Subscription:
    """The subscription after a request that the hub did not take; a hub that answers late may have taken it."""
    state = subscription.state
    if state is SubscriptionState.PENDING and failure.kind is not FailureKind.TIMEOUT:
        state = SubscriptionState.FAILED
    again = subscription.next_request
    if failure.retry_after_seconds is not None:
        asked = failure.fetched + timedelta(seconds=failure.retry_after_seconds)
        again = max(again, asked) if again else asked
    return replace(subscription, state=state, next_request=again, reason=f"the hub: {failure.reason}"[:_REASON_LIMIT])


def with_token(subscriptions: Iterable[Subscription], token: str) -> Subscription | None:
    """The subscription of a token, found in a time that does not depend on what is near it."""
    given, found = token.encode(errors="replace"), None
    for one in subscriptions:
        if hmac.compare_digest(one.token.encode(), given):
            found = one
    return found


def confirmed(subscription: Subscription, asked: Mapping[str, str], now: datetime) -> Subscription | None:
    """The subscription after the hub asked whether it is meant, or denied it (§5.2, §5.3); None: it is not meant."""
    mode, topic = asked.get("hub.mode"), asked.get("hub.topic")
    if topic != subscription.offer.topic:
        return None
    if mode == "denied":
        return _denied(subscription, asked.get("hub.reason", ""), now)
    challenge = asked.get("hub.challenge", "")
    meant = subscription.state in (SubscriptionState.PENDING, SubscriptionState.VERIFIED)
    if mode != "subscribe" or not meant or not 0 < len(challenge) <= _CHALLENGE_LIMIT:
        return None
    lease = _lease(asked.get("hub.lease_seconds", ""))
    return replace(
        subscription,
        state=SubscriptionState.VERIFIED,
        attempts=0,
        lease_until=now + lease,
        next_request=now + max(lease * _RENEW_AT, _HOUR),
        reason="",
    )


def _denied(subscription: Subscription, reason: str, now: datetime) -> Subscription:
    told = "".join(character for character in reason[:_REASON_LIMIT] if character.isprintable())
    return replace(
        subscription,
        state=SubscriptionState.DENIED,
        lease_until=None,
        next_request=now + _AFTER_DENIAL,
        reason=f"the hub has denied it: {told}" if told else "the hub has denied it",
    )


def _lease(seconds: str) -> timedelta:
    """The lease that a hub gives, at most 30 days; the one that was asked for if it does not say."""
    if not (seconds.isascii() and seconds.isdigit()):
        return _LEASE
    return min(timedelta(seconds=int(seconds[:9])), _LONGEST_LEASE)


def takes_pushes(subscription: Subscription) -> bool:
    """Whether pushes are still looked at; clocks differ, so a lapsed lease is no reason against a good signature."""
    return subscription.state not in (SubscriptionState.DENIED, SubscriptionState.FAILED)


def is_signed(subscription: Subscription, body: bytes, signature: str) -> bool:
    """Whether an X-Hub-Signature header is the body's (§8): method=hexadecimal digest, by HMAC (RFC 2104)."""
    method, _, digest = signature.strip().partition("=")
    if method not in _METHODS:
        return False
    right = hmac.new(subscription.secret.encode(), body, method).hexdigest()
    return hmac.compare_digest(right.encode(), digest.lower().encode(errors="replace"))


def after_unsigned(subscription: Subscription) -> Subscription:
    """The subscription after a push without a valid signature: counted, else ignored."""
    return replace(subscription, ignored=subscription.ignored + 1)


def after_delivery(subscription: Subscription, now: datetime) -> Subscription:
    """The subscription after a push that could be read."""
    return replace(subscription, last_push=now)


def after_unreadable(subscription: Subscription, reason: str, now: datetime) -> Subscription:
    """The subscription after a push that is no feed: given up for a day."""
    return replace(
        subscription,
        state=SubscriptionState.FAILED,
        lease_until=None,
        last_push=None,
        next_request=now + _LONGEST_BACKOFF,
        reason=f"pushed: {reason}"[:_REASON_LIMIT],
    )


def expired(subscriptions: Iterable[Subscription], now: datetime) -> list[Subscription]:
    """The subscriptions whose lease has ended, as they stand then."""
    return [
        replace(one, state=SubscriptionState.EXPIRED)
        for one in subscriptions
        if one.state is SubscriptionState.VERIFIED and not is_live(one, now)
    ]


def disowned(
    subscriptions: Iterable[Subscription], states: Mapping[str, FeedState], now: datetime
) -> list[Subscription]:
    """The subscriptions whose feed names another hub or none, as they stand then: whoever once forged a document may not push on."""
    return [
        replace(
            one,
            state=SubscriptionState.FAILED,
            lease_until=None,
            last_push=None,
            next_request=now + _HOUR,
            reason="the feed no longer names this hub",
        )
        for one in subscriptions
        if takes_pushes(one) and one.feed_url in states and states[one.feed_url].offer != one.offer
    ]
