"""Addresses: what readers may click, and what two spellings of one page have in common."""

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

from courlan import clean_url

_LEADING_HOST = re.compile(r"^(?:www|m|mobile|amp)\.")
_AMP_PATH = re.compile(r"/amp/?$|\.amp(?=\.html$|$)")
#: Query parameters that name the channel a link came through, beyond those that courlan knows.
_CHANNEL = re.compile(
    r"(?:^|&)(?:at_[a-z]+|from|ref|referrer|src|cmpid|smid|partner|xtor|rss|amp|ocid)(?:=[^&]*)?(?=&|$)"
)
#: Cleaning one part of an address can uncover another; what is given back has nothing left to clean.
_ROUNDS = 8


def is_web_url(url: str) -> bool:
    """Whether the address is absolute, http or https, and names a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def resolve(base: str, link: str) -> str:
    """The absolute form of a link in a document at `base`; empty if it is no http(s) address.

    Controls, bidirectional marks and lone surrogates are percent-encoded: the address can be shown and stored.
    """
    try:
        absolute = urljoin(base, link.strip())
    except ValueError:
        return ""
    absolute = "".join(c if c.isprintable() else quote(c, errors="replace") for c in absolute)
    return absolute if is_web_url(absolute) else ""


@lru_cache(maxsize=20_000)
def canonical_url(url: str) -> str:
    """The address without tracking parameters and channel marks; the same page for a reader."""
    for _ in range(_ROUNDS):
        cleaned = _cleaned(url)
        if cleaned == url:
            break
        url = cleaned
    return url


def _cleaned(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = _CHANNEL.sub("", parts.query).lstrip("&")
    bare = parts._replace(query=query, fragment=parts.fragment if parts.fragment.startswith("!") else "").geturl()
    return clean_url(bare) or bare


def url_key(url: str) -> str:
    """What http and https, www, mobile and AMP spellings of one page have in common."""
    try:
        parts = urlsplit(canonical_url(url))
    except ValueError:
        return url
    host = _LEADING_HOST.sub("", (parts.hostname or "").lower())
    path = _AMP_PATH.sub("", parts.path).rstrip("/")
    return f"{host}{path}" + (f"?{parts.query}" if parts.query else "")
