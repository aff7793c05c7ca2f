"""What readers get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

#: Why a notice is not sent at all; for other reasons it waits.
QUIET = "quiet hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that an alert tells of a story."""

    rule: str
    story: int
    headline: str
    why: str
    url: str
    created: datetime
    recipients: tuple[str, ...] = ()
    number: int = 1
    """The first of its rule and story, or a further one since the story has grown."""
    severity: str = "info"
    channels: tuple[str, ...] = ()
    held: str = ""
    """Why it was not sent by itself; empty if it was."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What it shows besides, and what the next one of its story is compared with; plain values."""

    @property
    def key(self) -> str:
        """The same for each attempt to send it."""
        return f"alert/{self.rule}/{self.story}" + (f"-{self.number}" if self.number > 1 else "")

    @property
    def is_kept_only(self) -> bool:
        """Whether nobody got it: the next digest tells it."""
        return self.held == QUIET or not (self.recipients or self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One digest made for one local date."""

    digest: str
    date: date
    since: datetime
    until: datetime
    html: str
    text: str
    stories: tuple[int, ...]
    manifest: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Idempotency key: there is one edition per digest and local date."""
        return edition_key(self.digest, self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """What a list of editions says of one."""

    digest: str
    date: date
    until: datetime
    subject: str
    headlines: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """That of the edition."""
        return edition_key(self.digest, self.date)


def edition_key(digest: str, day: date) -> str:
    """Idempotency key: there is one edition per digest and local date."""
    return f"edition/{digest}/{day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What a person does not want to be told of until then; what is empty or 0 is any."""

    rule: str
    until: datetime
    story: int = 0
    outlet: str = ""

    def covers(self, rule: str, story: int, outlet: str) -> bool:
        """Whether it is about what a rule would tell of a story because of an outlet's article."""
        return self.rule == rule and self.story in (0, story) and self.outlet in ("", outlet)


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"  # the process or the link died between hand-over and answer
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox: what must reach whom."""

    key: str
    kind: Literal["edition", "alert"]
    channel: Literal["file", "mail", "channel"]
    target: str
    """The path of a file, a mail address, or the name of a channel of feeds.yaml."""
    subject: str
    text: str
    html: str
    """The page of a mail or file; for a channel the notices as JSON, for those that are machines."""
    created: datetime
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    reason: str = ""
    next_attempt: datetime | None = None  # None: at once
