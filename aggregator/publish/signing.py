"""EDGE, the home of dkimpy: a mail with the signature of its sender's domain (DKIM, RFC 6376)."""

from dataclasses import dataclass

from aggregator.settings import Dkim

#: Signed, and so neither changed nor added to on the way; RFC 8058 §4 asks for those of the list.
_SIGNED = (
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"),
)


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Why a mail could not be signed."""

    reason: str


def sign(message: bytes, how: Dkim) -> bytes | NotSigned:
    """The message below its signature, or what is missing for one."""
    try:
        import dkim  # an extra, which few have
    except ImportError:
        return NotSigned("DKIM needs the extra `dkim`: pip install aggregator[dkim]")
    try:
        signature = dkim.sign(
            message,
            selector=how.selector.encode(),
            domain=how.domain.encode("idna"),
            privkey=how.key_file.read_bytes(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode() for name in _SIGNED],
        )
    except OSError as error:
        return NotSigned(f"DKIM key {how.key_file}: {error.strerror}")
    except (dkim.DKIMException, ValueError) as error:
        return NotSigned(f"DKIM key {how.key_file}: {error}")
    return bytes(signature) + message
