"""Pure: what is kept of an answer, so that a quotation can be proved."""

import re

from aggregator.model import Capture, Document
from aggregator.settings import Feed

#: Characters of names and values that are kept of an answer's headers; those of 152 real ones have 0.3 to 3 kB.
_MOST = 8192
#: What lets somebody in: an archive is copied, and shown to others.
_SECRET = re.compile(r"cookie|auth|token|secret|session|password|api-?key|jwt|csrf", re.IGNORECASE)


def capture_of(document: Document, feed: Feed) -> Capture:
    """What is kept of a document that was fetched or pushed for a feed."""
    kept, room = [], _MOST
    for name, value in document.headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        if not _SECRET.search(name):
            kept.append((name, value))
    return Capture(
        feed_url=feed.url,
        asked=document.asked,
        url=document.url,
        status=document.status,
        fetched=document.fetched,
        headers=tuple(kept),
        headers_left_out=len(document.headers) - len(kept),
        body_length=len(document.body),
        body_sha256=document.body_hash,
    )
