"""Pure: what a search has found, editions and notices as Atom feeds (RFC 4287)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from aggregator.model import EditionLine, Notice
from aggregator.publish.found import Found, Hit
from aggregator.publish.notices import notice_text
from aggregator.settings import AlertRule
from aggregator.text.markup import without_forbidden
from aggregator.text.urls import is_web_url, link_target

_ATOM = "{http://www.w3.org/2005/Atom}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def as_atom(found: Found) -> bytes:
    """The feed, UTF-8, an entry for each article."""
    updated = max((_updated(hit) for hit in found.hits), default=found.made)
    feed = _feed(f"search?{found.query}", found.name, updated)
    for hit in found.hits:
        _add_entry(feed, hit)
    return _written(feed)


def editions_as_atom(
    lines: Sequence[EditionLine],
    *,
    name: str,
    title: str,
    itself: str,
    address: Callable[[EditionLine], str],
    now: datetime,
) -> bytes:
    """The feed of editions, UTF-8; `name` tells it from other feeds for ever, `itself` is its address, `address` a page's."""
    feed = _own_feed(f"digests?{name}", title, max((line.until for line in lines), default=now), itself)
    for line in lines:
        entry = _add(feed, "entry")
        _add(entry, "id", _identifier(line.key))
        _add(entry, "title", line.subject)
        _add(entry, "updated", _moment(line.until))
        _add(entry, "link").attrib.update({"rel": "alternate", "type": "text/html", "href": link_target(address(line))})
        _add(entry, "summary", "\n".join(line.headlines))
    return _written(feed)


def notices_as_atom(notices: Sequence[Notice], *, rule: AlertRule, itself: str, now: datetime) -> bytes:
    """The feed of what a rule has told, UTF-8; `itself` is its address."""
    updated = max((notice.created for notice in notices), default=now)
    feed = _own_feed(f"alerts?{rule.name}", f"{rule.name}: {rule.query}", updated, itself)
    for notice in notices:
        entry = _add(feed, "entry")
        _add(entry, "id", _identifier(notice.key))
        _add(entry, "title", notice.headline)
        _add(entry, "updated", _moment(notice.created))
        if is_web_url(notice.url):
            _add(entry, "link").attrib.update({"rel": "alternate", "href": link_target(notice.url)})
        _add(entry, "summary", notice_text(notice))
    return _written(feed)


def _feed(name: str, title: str, updated: datetime) -> etree._Element:
    feed = etree.Element(f"{_ATOM}feed", nsmap={None: _ATOM[1:-1]})  # type: ignore[dict-item]  # stubs know no default
    _add(feed, "id", _identifier(name))
    _add(feed, "title", f"aggregator: {title}")
    _add(feed, "updated", _moment(updated))
    _add(feed, "generator", "aggregator")
    return feed


def _own_feed(name: str, title: str, updated: datetime, itself: str) -> etree._Element:
    """A feed whose entries are the program's own: without authors they need one of the feed (RFC 4287 §4.1.1)."""
    feed = _feed(name, title, updated)
    _add(feed, "link").attrib.update({"rel": "self", "href": link_target(itself)})
    _add(_add(feed, "author"), "name", "aggregator")
    return feed


def _written(feed: etree._Element) -> bytes:
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
