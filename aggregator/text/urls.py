"""Addresses: what readers may click, and what two spellings of one page have in common."""

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

_LEADING_HOST = re.compile(r"^(?:www|m|mobile|amp)\.")
_AMP_PATH = re.compile(r"/amp/?$|\.amp(?=\.html$|$)")
#: An address that is absolute and canonical as it stands: no port, user, query, fragment or escaping to look into.
_PLAIN_URL = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/[\w/.~%+,@=:!*'()$-]*)", re.ASCII)
#: Longer addresses are not kept in memory.
_CACHED = 2_000
#: Query parameters that name a campaign or a reader and never a page: those of the big analytics and social
#: services and of outlets' feeds. A list of names, not of patterns: `cid=` and `ref=` often name the page.
_TRACKING = re.compile(
    r"(?:utm_\w+|at_(?:medium|campaign|custom\w*|link\w*|format|bbc\w*|ptr\w*)|(?:fb|g|y|ys|d|gb|wb|msc|tw|rdt_)cl(?:id|kid)"
    r"|fbclid|gclsrc|msclkid|igshid|igsh|mc_[ce]id|_ga|_gl|_hs(?:enc|mi)|mkt_tok|ocid|ncid|cmpid?|smid|xtor|spm|ftag"
    r"|ns_(?:mchannel|source|campaign|linkname|fee)|soc_(?:src|trk)|guccounter|guce_\w+|wt\.\w+|__twitter_impression"
    r"|mod=rss\w*|mod=\w+_(?:pos\d+|story)|partner=rss\w*|emc=rss|feedtype|feedname|rss_id|outputtype=amp)",
    re.IGNORECASE,
)
#: These name the channel only where their value does.
_CHANNEL = re.compile(
    r"(?:from|ref|referrer|src|srcref|source|via|partner|mod|rss|feed|cmp|traffic_source|amp)"
    r"=(?:1|true|amp|app|atom|email|facebook|fb|feeds?|feedburner|google|newsletter|rss\w*|share|social|telegram|tg|twitter|vk|weibo|wechat)?",
    re.IGNORECASE,
)


def is_web_url(url: str) -> bool:
    """Whether the address is absolute, http or https, and names a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def link_target(url: str) -> str:
    """The address with percent signs for all that no address may hold as it stands, whatever it stands in."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~", errors="replace")


def host_of(url: str) -> str:
    """The host of an address with its port, lower-case; empty if it names none."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}:{parts.port or ''}"
    except ValueError:
        return ""


def resolve(base: str, link: str) -> str:
    """The absolute form of a link in a document at `base`; empty if it is no http(s) address.

    Controls, bidirectional marks and lone surrogates are percent-encoded: the address can be shown and stored.
    """
    if _PLAIN_URL.fullmatch(link):
        return link
    try:
        absolute = urljoin(base, link.strip())
    except ValueError:
        return ""
    if not absolute.isprintable():
        absolute = "".join(c if c.isprintable() else quote(c, errors="replace") for c in absolute)
    return absolute if is_web_url(absolute) else ""


def canonical_url(url: str) -> str:
    """The address without tracking parameters, channel marks and fragment; the same page for a reader."""
    if _PLAIN_URL.fullmatch(url):
        return url
    return _canonical(url) if len(url) <= _CACHED else _canonical.__wrapped__(url)


@lru_cache(maxsize=2_000)
def _canonical(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    except ValueError:
        return url
    host = (parts.hostname or "").lower()
    if not host or "@" in parts.netloc:
        return url
    return parts._replace(
        netloc=(f"[{host}]" if ":" in host else host) + port,
        path=parts.path or "/",
        query="&".join(part for part in parts.query.split("&") if part and not _names_no_page(part)),
        fragment=parts.fragment if parts.fragment.startswith("!") else "",
    ).geturl()


def _names_no_page(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    return bool(_TRACKING.fullmatch(name) or _TRACKING.fullmatch(parameter) or _CHANNEL.fullmatch(parameter))


def url_key(url: str) -> str:
    """What http and https, www, mobile and AMP spellings of one page have in common."""
    if plain := _PLAIN_URL.fullmatch(url):
        return _page(*plain.groups())
    try:
        parts = urlsplit(canonical_url(url))
    except ValueError:
        return url
    return _page((parts.hostname or "").lower(), parts.path) + (f"?{parts.query}" if parts.query else "")


def _page(host: str, path: str) -> str:
    return _LEADING_HOST.sub("", host) + _AMP_PATH.sub("", path).rstrip("/")
