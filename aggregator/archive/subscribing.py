"""Keeping subscriptions at hubs."""

from collections.abc import Sequence

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import Row, read_time_if_known, store_time_if_known
from aggregator.model import Offer, Subscription, SubscriptionState


class Subscribing(SqliteBase):
    """The part of the archive that WebSub uses."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(_subscription_from(row) for row in self._rows("SELECT * FROM subscriptions ORDER BY feed_url"))

    def save_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        if subscriptions:
            with self._transaction():
                self._table("subscriptions").upsert_all(map(_row, subscriptions), pk="feed_url")


def _subscription_from(row: Row) -> Subscription:
    return Subscription(
        feed_url=row["feed_url"],
        offer=Offer(hub=row["hub"], topic=row["topic"]),
        token=row["token"],
        secret=row["secret"],
        state=SubscriptionState(row["state"]),
        requested=read_time_if_known(row["requested"]),
        next_request=read_time_if_known(row["next_request"]),
        attempts=row["attempts"],
        lease_until=read_time_if_known(row["lease_until"]),
        last_push=read_time_if_known(row["last_push"]),
        ignored=row["ignored"],
        reason=row["reason"],
    )


def _row(subscription: Subscription) -> dict[str, object]:
    return {
        "feed_url": subscription.feed_url,
        "hub": subscription.offer.hub,
        "topic": subscription.offer.topic,
        "token": subscription.token,
        "secret": subscription.secret,
        "state": subscription.state.value,
        "requested": store_time_if_known(subscription.requested),
        "next_request": store_time_if_known(subscription.next_request),
        "attempts": subscription.attempts,
        "lease_until": store_time_if_known(subscription.lease_until),
        "last_push": store_time_if_known(subscription.last_push),
        "ignored": subscription.ignored,
        "reason": subscription.reason,
    }
