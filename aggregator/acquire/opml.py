"""Pure: OPML 2.0 lists of feeds in and out. Documents with a DTD are refused: they can only do harm."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import fields
from typing import Literal, get_args

from aggregator.errors import AggregatorError
from aggregator.settings import Camp, Feed, Language, Selectors
from aggregator.text.markup import plain_text
from aggregator.text.urls import is_web_url

_LARGEST = 5 * 2**20
_MOST = 10_000
#: Minutes that a feed may be given between two polls, as `settings.Feed` bounds them.
_INTERVALS = range(5, 10_081)
#: Before the name of a selector.
_SELECTOR = "selector-"
#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_opml(document: bytes, *, language: Language, country: str, camp: Camp) -> tuple[Feed, ...]:
    """The feeds of an OPML document; language, country and camp where an outline does not say its own.

    Raises:
        AggregatorError: too large, not OPML, or with a document type.
    """
    if len(document) > _LARGEST:
        raise AggregatorError(f"the OPML file is larger than {_LARGEST // 2**20} MiB")
    try:
        root = ET.fromstring(document, ET.XMLParser(target=_Builder()))
    except (ET.ParseError, ValueError, LookupError) as error:
        raise AggregatorError(f"the OPML file is not well-formed XML: {error}") from error
    if root.tag != "opml":
        raise AggregatorError(f"the file is no OPML: its root is <{root.tag[:40]}>")
    feeds: dict[str, Feed] = {}
    for outline in root.iter("outline"):
        url = (outline.get("xmlUrl") or "").strip()
        if is_web_url(url) and url.isprintable() and " " not in url and len(feeds) < _MOST:
            feeds.setdefault(url, _feed(outline, url, language, country, camp))
    return tuple(feeds.values())


class _Builder(ET.TreeBuilder):
    """Refuses a document type in whatever encoding, before its entities are read."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise AggregatorError("the OPML file declares a document type or entities; remove these lines")


def _feed(outline: ET.Element, url: str, language: Language, country: str, camp: Camp) -> Feed:
    own: dict[str, Language] = {code: code for code in get_args(Language)}
    own_country = (outline.get("country") or "").upper()
    kind, selectors = _kind(outline)
    return Feed(
        url=url,
        outlet=plain_text(outline.get("text") or outline.get("title") or url, limit=200) or url,
        language=own.get((outline.get("language") or "")[:2].lower(), language),
        country=own_country if re.fullmatch("[A-Z]{2}", own_country) else country,
        camp=next((known for known in Camp if known.value == outline.get("camp")), camp),
        kind=kind,
        selectors=selectors,
        interval_minutes=_interval(outline.get("interval") or ""),
        paused=outline.get("paused") == "true",
    )


def _interval(text: str) -> int | None:
    number = int(text) if re.fullmatch("[0-9]{1,5}", text) else 0
    return number if number in _INTERVALS else None


def _kind(outline: ET.Element) -> tuple[Literal["feed", "news-sitemap", "page"], Selectors | None]:
    """What the address holds; a page without good selectors is taken for a feed, and its first poll will tell."""
    if outline.get("kind") == "news-sitemap":
        return "news-sitemap", None
    if outline.get("kind") != "page":
        return "feed", None
    from aggregator.acquire.page import selector_problem  # few lists have pages

    given = {one.name: outline.get(_SELECTOR + one.name) or "" for one in fields(Selectors)}
    if not given["item"] or any(selector and selector_problem(selector) for selector in given.values()):
        return "feed", None
    return "page", Selectors(**given)


def write_opml(feeds: Iterable[Feed]) -> bytes:
    """The feeds as OPML 2.0; what it has no attributes for has some of ours, which `read_opml` takes back; no secrets."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "Feeds of aggregator"
    body = ET.SubElement(root, "body")
    for feed in feeds:
        attributes = {name: _NO_XML.sub("", value) for name, value in _attributes(feed).items()}
        ET.SubElement(body, "outline", attributes)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _attributes(feed: Feed) -> dict[str, str]:
    selectors = {one.name: getattr(feed.selectors, one.name) for one in fields(Selectors)} if feed.selectors else {}
    return {
        "type": "rss",
        "text": feed.outlet,
        "xmlUrl": feed.url,
        "language": feed.language,
        "country": feed.country,
        "camp": feed.camp.value,
        **({"kind": feed.kind} if feed.kind != "feed" else {}),
        **({"interval": str(feed.interval_minutes)} if feed.interval_minutes else {}),
        **({"paused": "true"} if feed.paused else {}),
        **{_SELECTOR + name: value for name, value in selectors.items() if value},
    }
