"""Pure: what a search has found as an Atom feed (RFC 4287)."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from aggregator.publish.found import Found, Hit
from aggregator.text.markup import without_forbidden
from aggregator.text.urls import is_web_url, link_target

_ATOM = "{http://www.w3.org/2005/Atom}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def as_atom(found: Found) -> bytes:
    """The feed, UTF-8, an entry for each article."""
    feed = etree.Element(f"{_ATOM}feed", nsmap={None: _ATOM[1:-1]})  # type: ignore[dict-item]  # stubs know no default
    _add(feed, "id", _identifier(f"search?{found.query}"))
    _add(feed, "title", f"aggregator: {found.name}")
    _add(feed, "updated", _moment(max((_updated(hit) for hit in found.hits), default=found.made)))
    _add(feed, "generator", "aggregator")
    for hit in found.hits:
        _add_entry(feed, hit)
    return bytes(etree.tostring(feed, encoding="utf-8", xml_declaration=True, pretty_print=True))


def _add_entry(feed: etree._Element, hit: Hit) -> None:
    stored, article = hit.stored, hit.stored.article
    entry = _add(feed, "entry")
    entry.set(_LANG, article.language)
    _add(entry, "id", entry_id(hit))
    _add(entry, "title", article.title)
    _add(entry, "updated", _moment(_updated(hit)))
    _add(entry, "published", _moment(article.date))
    _add(_add(entry, "author"), "name", article.outlet)
    if is_web_url(article.url):
        _add(entry, "link").attrib.update({"rel": "alternate", "href": link_target(article.url)})
    for topic in stored.annotated.topics:
        _add(entry, "category").set("term", without_forbidden(topic))
    # An entry without a link must have content, one with a link may.
    _add(entry, "content", hit.text or article.title)


def entry_id(hit: Hit) -> str:
    """What names an article in feeds, for ever."""
    return _identifier(f"article?{hit.stored.id}&{hit.stored.article.outlet}&{hit.stored.article.url}")


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    """A new child with text, without what XML forbids."""
    child = etree.SubElement(parent, _ATOM + name)
    child.text = without_forbidden(text)
    return child


def _identifier(name: str) -> str:
    """Ids must be IRIs and never change: a UUID of what names the feed or entry."""
    return uuid5(NAMESPACE_URL, f"aggregator:{name}").urn


def _updated(hit: Hit) -> datetime:
    return hit.stored.article.updated or hit.stored.article.date


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
