"""How `explain` shows the answers that brought an article."""

from collections.abc import Sequence

from aggregator.cli import output
from aggregator.model import Capture


def print_captures(captures: Sequence[Capture]) -> None:
    """Each answer with what proves it, the earliest first; nothing if there are none."""
    if captures:
        columns = ("received (UTC)", "from", "status", "bytes", "SHA-256 of the body")
        output.print_table("Brought by (headers: --json)", columns, [_row(one) for one in captures])


def _row(one: Capture) -> tuple[object, ...]:
    asked = f"{one.asked}\n→ {one.url}" if one.asked not in ("", one.url) else one.url
    status = "pushed" if one.status is None else one.status
    return one.fetched.strftime("%Y-%m-%d %H:%M:%S"), asked, status, f"{one.body_length:,}", one.body_sha256


def capture_json(one: Capture) -> dict[str, object]:
    """One answer for machines."""
    return {
        "feed_url": one.feed_url,
        "asked": one.asked,
        "url": one.url,
        "status": one.status,
        "fetched": output.when(one.fetched),
        "headers": one.headers,
        "headers_left_out": one.headers_left_out,
        "body_length": one.body_length,
        "body_sha256": one.body_sha256,
    }
