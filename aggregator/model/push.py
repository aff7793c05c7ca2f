"""WebSub: what a feed offers, and what is remembered of a subscription at its hub."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Where a document says that it is pushed from; both empty if it does not."""

    hub: str = ""
    topic: str = ""
    """The address that the hub knows the feed by: its rel=self."""

    def __bool__(self) -> bool:
        return bool(self.hub and self.topic)


NO_OFFER = Offer()


class SubscriptionState(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"  # asked for; the hub has not verified it yet
    VERIFIED = "verified"
    DENIED = "denied"
    FAILED = "failed"  # the hub did not take the request, or pushed what cannot be read
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What is remembered of one feed's subscription."""

    feed_url: str
    offer: Offer
    token: str = field(repr=False)
    """The last part of the callback's address; nobody but the hub knows it."""
    secret: str = field(repr=False)
    """Key of the signatures that the hub makes."""
    state: SubscriptionState = SubscriptionState.PENDING
    requested: datetime | None = None
    next_request: datetime | None = None
    """When the hub is asked next: again after a failure, or to renew; None: now."""
    attempts: int = 0
    """Requests since the hub last verified one."""
    lease_until: datetime | None = None
    last_push: datetime | None = None
    """When the hub last proved to deliver; None again when polling found what had not been pushed."""
    ignored: int = 0
    """Pushes without a valid signature."""
    reason: str = ""
