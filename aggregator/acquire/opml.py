"""Pure: OPML 2.0 lists of feeds in and out. Documents with a DTD are refused: they can only do harm."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import get_args

from aggregator.errors import AggregatorError
from aggregator.settings import Camp, Feed, Language
from aggregator.text.markup import plain_text
from aggregator.text.urls import is_web_url

_LARGEST = 5 * 2**20
_MOST = 10_000


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
        if is_web_url(url) and len(feeds) < _MOST:
            feeds.setdefault(url, _feed(outline, url, language, country, camp))
    return tuple(feeds.values())


class _Builder(ET.TreeBuilder):
    """Refuses a document type in whatever encoding, before its entities are read."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise AggregatorError("the OPML file declares a document type or entities; remove these lines")


def _feed(outline: ET.Element, url: str, language: Language, country: str, camp: Camp) -> Feed:
    own: dict[str, Language] = {code: code for code in get_args(Language)}
    own_country = (outline.get("country") or "").upper()
    return Feed(
        url=url,
        outlet=plain_text(outline.get("text") or outline.get("title") or url, limit=200) or url,
        language=own.get((outline.get("language") or "")[:2].lower(), language),
        country=own_country if re.fullmatch("[A-Z]{2}", own_country) else country,
        camp=next((known for known in Camp if known.value == outline.get("camp")), camp),
    )


def write_opml(feeds: Iterable[Feed]) -> bytes:
    """The feeds as OPML 2.0; our own attributes language, country and camp come back with `read_opml`."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "Feeds of aggregator"
    body = ET.SubElement(root, "body")
    for feed in feeds:
        ET.SubElement(
            body,
            "outline",
            {
                "type": "rss",
                "text": feed.outlet,
                "xmlUrl": feed.url,
                "language": feed.language,
                "country": feed.country,
                "camp": feed.camp.value,
            },
        )
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
