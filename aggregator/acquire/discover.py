"""Pure: the feeds that a web page offers, by its own links (RSS Board autodiscovery, WHATWG `alternate`)."""

from selectolax.lexbor import LexborHTMLParser

from aggregator.text.urls import resolve

_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
_TRUSTED_LINKS = 20


def discover_feeds(page: bytes, url: str) -> tuple[str, ...]:
    """Addresses of the feeds that an HTML page at `url` names, in its order, at most 20."""
    found: dict[str, None] = {}
    for link in LexborHTMLParser(page).css("link[rel][href], a[href]"):
        attributes = link.attributes
        href = attributes.get("href") or ""
        kind = (attributes.get("type") or "").split(";")[0].strip().lower()
        relations = (attributes.get("rel") or "").lower().split()
        named = link.tag == "link" and "alternate" in relations and kind in _FEED_TYPES
        looks = link.tag == "a" and href.lower().rstrip("/").endswith(
            (".rss", ".atom", "/rss", "/feed", "/rss.xml", "/feed.xml")
        )
        if (named or looks) and (absolute := resolve(url, href)):
            found[absolute] = None
    return tuple(found)[:_TRUSTED_LINKS]
