"""What proves where an article's words come from."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A server's answer that brought new or changed articles, but for the body, of which the sum is kept."""

    feed_url: str
    asked: str
    """The address that was asked; empty for what a hub has pushed."""
    url: str
    """The address that answered, behind redirects."""
    status: int | None
    """None for what a hub has pushed."""
    fetched: datetime
    headers: tuple[tuple[str, str], ...]
    """As received and in their order, but for secrets, and no more than fit."""
    headers_left_out: int
    body_length: int
    """Bytes of the body, unpacked from its transport encoding; so the sum."""
    body_sha256: str
