"""EDGE: one delivery of the outbox → a file or a mail; the outcome is a value."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from aggregator.model import Delivery, DeliveryState
from aggregator.settings import Mail

#: Minutes after its making from which each attempt is made: a greylisting server (RFC 6647) wants some minutes of patience.
_ATTEMPT_AFTER = (0, 1, 6, 30, 120)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What deliveries leave through."""

    mail: Mail | None
    timeout_seconds: float = 30.0


def is_ready(delivery: Delivery, now: datetime) -> bool:
    """Whether the time for the next attempt has come."""
    wait = _ATTEMPT_AFTER[min(delivery.attempts, len(_ATTEMPT_AFTER) - 1)]
    return delivery.created + timedelta(minutes=wait) <= now


async def deliver_one(delivery: Delivery, channels: Channels) -> Delivery:
    """Deliver, and say how it went: sent, queued again, uncertain, or failed with the reason."""
    if delivery.channel == "file":
        return write_file(delivery)
    if channels.mail is None:
        return replace(delivery, state=DeliveryState.FAILED, reason="there is no mail section in the configuration")
    return await _mail(delivery, channels.mail, channels.timeout_seconds)


def write_file(delivery: Delivery) -> Delivery:
    """Write the file of a delivery, whole or not at all."""
    path = Path(delivery.target)
    part = path.with_suffix(path.suffix + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(delivery.html or delivery.text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        return _again(delivery, f"{path}: {error}")
    return replace(delivery, state=DeliveryState.SENT, attempts=delivery.attempts + 1, reason="")


async def _mail(delivery: Delivery, mail: Mail, timeout_seconds: float) -> Delivery:
    client = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        use_tls=mail.security == "tls",
        start_tls=mail.security == "starttls",
        username=mail.user or None,
        password=mail.password or None,
        timeout=timeout_seconds,
    )
    try:
        message = make_message(delivery, mail.sender).as_bytes(policy=SMTP.clone(max_line_length=76))
    except ValueError as error:
        return _failed(delivery, f"no mail can be made of it: {error}"[:300])
    handed_over = False
    try:
        await client.connect()
        await client.mail(mail.sender)
        await client.rcpt(delivery.target)
        handed_over = True
        await client.data(message)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        told = f"{type(error).__name__}: {error}"[:300]
        # An answer that is no SMTP answer has a code below 400 and says as little as none.
        if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 400:
            told = f"{error.code} {error.message}"[:300]
            return _again(delivery, told) if error.code < 500 else _failed(delivery, told)
        if not handed_over:
            return _again(delivery, told)
        if delivery.kind == "alert":
            return _again(delivery, f"perhaps sent already: {told}")
        return replace(delivery, state=DeliveryState.UNCERTAIN, attempts=delivery.attempts + 1, reason=told)
    finally:
        client.close()
    return replace(delivery, state=DeliveryState.SENT, attempts=delivery.attempts + 1, reason="")


def make_message(delivery: Delivery, sender: str) -> EmailMessage:
    """The mail of a delivery; its Message-ID depends on what and whom only, so a repeat can be recognised."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = delivery.target
    message["Subject"] = header_text(delivery.subject)
    message["Date"] = format_datetime(delivery.created)
    identity = hashlib.sha256(f"{delivery.key}|{delivery.target}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2].strip('>') or 'aggregator.invalid'}>"
    message.set_content(delivery.text)
    if delivery.html:
        message.add_alternative(delivery.html, subtype="html")
    return message


def header_text(text: str) -> str:
    """Text that can stand in a header: one line, and no encoded word that would unfold (CVE-2024-6923)."""
    return _CONTROLS.sub(" ", text).replace("=?", "= ?")[:200]


def _again(delivery: Delivery, reason: str) -> Delivery:
    attempts = delivery.attempts + 1
    state = DeliveryState.QUEUED if attempts < len(_ATTEMPT_AFTER) else DeliveryState.FAILED
    return replace(delivery, state=state, attempts=attempts, reason=reason)


def _failed(delivery: Delivery, reason: str) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, attempts=delivery.attempts + 1, reason=reason)
