"""Pure: one delivery of the outbox → the mail that its recipient gets."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from aggregator.model import Delivery
from aggregator.publish.inlining import with_inlined_css
from aggregator.settings import Mail
from aggregator.text.markup import without_forbidden

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\s]+")
_NO_LABEL = re.compile(r"[^A-Za-z0-9-]+")
#: What may stand in an address as it is (RFC 3986 §2), with the escapes that it has already.
_URI = ":/?#[]@!$&'()*+,;=%~"


class _Whole(UnstructuredHeader, BaseHeader):
    """A header of one word, which folding would turn into encoded words that nobody reads there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}" if self.isascii() else super().fold(policy=policy)


def _policy() -> Policy:
    headers = HeaderRegistry()
    for name in ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Idempotency-Key"):
        headers.map_to_type(name.lower(), _Whole)
    # 7bit: not every server takes more (RFC 6152), and a signature must survive those that do not.
    return SMTP.clone(max_line_length=76, cte_type="7bit", header_factory=headers)


_POLICY = _policy()


def make_message(delivery: Delivery, mail: Mail) -> bytes:
    """The mail of a delivery; its Message-ID depends on what and whom only, so a repeat can be recognised.

    Raises:
        ValueError: sender or recipient is not one mail address, or text or HTML cannot be encoded.
    """
    head = EmailMessage(policy=_POLICY)
    for name, value in _headers(delivery, mail):
        head[name] = value
    return head.as_bytes().removesuffix(b"\r\n") + _content(delivery.text, delivery.html)


@lru_cache(maxsize=2)  # an edition goes to many in a row, and encoding it takes longer than all the rest
def _content(text: str, html: str) -> bytes:
    """What follows the headers of one recipient: those of the content, and the content."""
    message = EmailMessage(policy=_POLICY)
    message.set_content(text)
    if html:
        message.add_alternative(with_inlined_css(html), subtype="html")
    return message.as_bytes()


def _headers(delivery: Delivery, mail: Mail) -> Iterator[tuple[str, str | Address]]:
    sender, recipient = one_address(mail.sender), one_address(delivery.target)
    name = list_name(delivery)
    unsubscribe = unsubscribe_address(mail.unsubscribe, name, sender, recipient)
    identity = hashlib.sha256(f"{delivery.key}|{delivery.target}".encode()).hexdigest()[:32]
    yield "From", sender
    yield "Reply-To", one_address(mail.reply_to) if mail.reply_to else sender
    yield "To", recipient
    yield "Subject", header_text(delivery.subject)
    yield "Date", format_datetime(delivery.created)
    yield "Message-ID", f"<{identity}@{sender.domain}>"
    yield "List-Id", f"<{mail.list_id.strip('<> ') or list_id(name, sender)}>"
    yield "List-Unsubscribe", f"<{unsubscribe}>"
    if unsubscribe.lower().startswith("https:"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "Auto-Submitted", "auto-generated"
    yield "X-Idempotency-Key", header_text(delivery.key)


def one_address(text: str) -> Address:
    """A mail address, perhaps with a name before it; a domain in other scripts as servers know it (IDNA).

    Raises:
        ValueError: it is none, or several, or what stands before the @ is not ASCII.
    """
    message = EmailMessage()
    with contextlib.suppress(IndexError):  # CPython's answer to "a@"
        message["To"] = header_text(text)
    found: tuple[Address, ...] = message["To"].addresses if message["To"] and not message["To"].defects else ()
    if header_text(text) != text.strip() or len(found) != 1 or not found[0].domain or not found[0].username.isascii():
        raise ValueError(f"{text!r} is not one mail address in ASCII")
    (one,) = found
    return Address(one.display_name, one.username, one.domain.encode("idna").decode())


def list_name(delivery: Delivery) -> str:
    """The digest or the alert rule that a delivery is of."""
    return delivery.key.partition("/")[2].rpartition("/")[0]


def list_id(name: str, sender: Address) -> str:
    """The identity of the list that a digest or a rule is (RFC 2919 §3)."""
    return f"{_NO_LABEL.sub('-', name).strip('-').lower()[:63] or 'list'}.{sender.domain}"


def unsubscribe_address(address: str, name: str, sender: Address, recipient: Address) -> str:
    """The address behind List-Unsubscribe; {recipient} and {list} in it say whom and what (RFC 8058 §3.1)."""
    told = quote(header_text(name), safe="")
    address = address or f"mailto:{sender.addr_spec}?subject=unsubscribe%20{told}"
    filled = address.replace("{recipient}", quote(recipient.addr_spec, safe="")).replace("{list}", told)
    return quote(filled, safe=_URI)


def header_text(text: str) -> str:
    """Text that can stand in a header: one line, and no encoded word that would unfold (CVE-2024-6923)."""
    return _CONTROLS.sub(" ", without_forbidden(text)).replace("=?", "= ?").strip()[:200]
