"""EDGE: notices → an address of the operator's, as signed JSON; the outcome is a value.

The signature is that of GitHub's and Stripe's webhooks: HMAC-SHA256 of the time and the body, so that neither can be
changed and an old one cannot be sent again later.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_plus, urlsplit

import httpx

from aggregator.model import Delivery
from aggregator.publish.outbox import again, failed, sent
from aggregator.text.markup import without_forbidden

#: Answers that say "later" (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4), besides those of 500 and above.
_LATER = (408, 425, 429)
#: Bytes of an answer that are read for the reason, and characters of it that are told.
_READ, _TOLD = 4096, 120
#: Shorter parts of an address are no secret.
_SHORTEST_SECRET = 4


async def post(delivery: Delivery, url: str, secret: str, *, moment: int) -> Delivery:
    """Send a notice, and say how it went; an answer that cannot be had is asked for again later.

    `moment` is the time in seconds since 1970 that is signed with the body. Who calls sets the limit of time, since
    one of each read would let an answer that drips go on for ever.
    """
    body = payload(delivery)
    try:
        async with (
            httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=headers(delivery, body, secret, moment)) as answer,
        ):
            told = await _excerpt(answer) if answer.status_code >= 300 else ""
            return _outcome(delivery, answer.status_code, without_secrets(told, url, secret)[:_TOLD])
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # The error's own words may name the address, and with it a secret.
        return again(delivery, f"no answer: {type(error).__name__}")


def payload(delivery: Delivery) -> bytes:
    """The body, the same at each attempt."""
    fields = {
        "id": delivery.key,
        "kind": delivery.kind,
        "subject": delivery.subject,
        "text": delivery.text,
        "created": delivery.created.isoformat(),
        "notices": json.loads(delivery.html or "[]"),
    }
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()


def headers(delivery: Delivery, body: bytes, secret: str, moment: int) -> Mapping[str, str]:
    """The headers of an attempt; without a secret there is no signature."""
    named = {"Content-Type": "application/json", "X-Aggregator-Timestamp": str(moment)}
    named["X-Aggregator-Id"] = hashlib.sha256(delivery.key.encode()).hexdigest()[:32]
    return {**named, **({"X-Aggregator-Signature": f"sha256={signature(secret, moment, body)}"} if secret else {})}


def signature(secret: str, moment: int, body: bytes) -> str:
    """What a receiver compares the header with."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def without_secrets(text: str, url: str, secret: str) -> str:
    """A receiver's words with … for what of its address may be a secret: many a 404 repeats the path asked for."""
    written = {secret, *_parts(url)}
    parts = {part for each in written for part in (each, unquote_plus(each)) if len(part) >= _SHORTEST_SECRET}
    longest_first = sorted(parts, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "…", text, flags=re.IGNORECASE) if parts else text


def _parts(url: str) -> Iterator[str]:
    address = urlsplit(url)
    yield from address.netloc.rpartition("@")[0].split(":")
    yield from address.path.split("/")
    for field in address.query.split("&"):
        name, _, value = field.partition("=")
        yield value or name


def _outcome(delivery: Delivery, status: int, told: str) -> Delivery:
    if 200 <= status < 300:
        return sent(delivery)
    reason = f"HTTP {status}{': ' if told else ''}{told}"
    return again(delivery, reason) if status in _LATER or status >= 500 else failed(delivery, reason)


async def _excerpt(answer: httpx.Response) -> str:
    read = b""
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) >= _READ:
            break
    return " ".join(without_forbidden(read[:_READ].decode(errors="replace")).split())
