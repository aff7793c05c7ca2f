"""Pure: the hub and the topic that a document offers (WebSub §4): HTTP Link headers first, then the document itself."""

import json
import re
from collections.abc import Iterable

from lxml import etree

from aggregator.model import Document, Offer
from aggregator.text.urls import resolve

#: Characters of Link headers, and bytes of a document's head, that are looked at.
_HEADER_LIMIT, _HEAD_LIMIT = 8_192, 65_536
_URL_LIMIT = 2_048
#: A link-value (RFC 8288 §3): its target and its parameters. No two parts can match the same text: linear on any input.
_LINK = re.compile(r'<([^<>]*)>((?:\s*;[^;,"<]*(?:"(?:[^"\\]|\\.)*"[^;,"<]*)*)*)')
_PARAMETER = re.compile(r';\s*([a-z*]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"


def offered(document: Document) -> Offer:
    """What a document offers; nothing unless both a hub and a topic are named."""
    found = _of_headers(document)
    if not ("hub" in found and "self" in found):
        found = {**_of_body(document), **found}
    offer = Offer(hub=found.get("hub", ""), topic=found.get("self", ""))
    return offer if offer and len(offer.hub) <= _URL_LIMIT and len(offer.topic) <= _URL_LIMIT else Offer()


def _of_headers(document: Document) -> dict[str, str]:
    """The first target of each relation."""
    value = ", ".join(value for name, value in document.headers if name.lower() == "link")[:_HEADER_LIMIT]
    found: dict[str, str] = {}
    for target, tail in _LINK.findall(value):
        parameters: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(tail):
            parameters.setdefault(name.lower(), quoted or plain)
        # A link with an anchor is about another document (RFC 8288 §3.2).
        if "anchor" not in parameters:
            for relation in parameters.get("rel", "").lower().split():
                _take(found, relation, document.url, target)
    return found


def _of_body(document: Document) -> dict[str, str]:
    # No entity of its own making is ever needed to name a hub.
    if b"hub" not in document.body or b"<!ENTITY" in document.body[:_HEAD_LIMIT]:
        return {}
    if document.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _of_json(document)
    return _of_xml(document)


def _of_xml(document: Document) -> dict[str, str]:
    """The atom:link elements of the feed itself, as far as they stand before the first entry."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root: etree._Element | None = etree.fromstring(document.body[:_HEAD_LIMIT], parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None  # no XML at all
    found: dict[str, str] = {}
    for child in () if root is None else _head(root):
        if _local(child) in ("item", "entry"):
            break
        if child.tag == _ATOM_LINK:
            _take(found, child.get("rel", "").lower(), document.url, child.get("href", ""))
    return found


def _head(root: etree._Element) -> Iterable[etree._Element]:
    return root if _local(root) == "feed" else next((child for child in root if _local(child) == "channel"), ())


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _of_json(document: Document) -> dict[str, str]:
    """JSON Feed 1.1: `hubs`, each with type and url, and `feed_url`."""
    try:
        data = json.loads(document.body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    hubs = data.get("hubs") if isinstance(data, dict) else None
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and str(hub.get("type")).lower() == "websub":
            _take(found, "hub", document.url, hub.get("url"))
    if found:
        _take(found, "self", document.url, data.get("feed_url"))
    return found


def _take(found: dict[str, str], relation: str, base: str, link: object) -> None:
    if relation in ("hub", "self") and isinstance(link, str) and (address := resolve(base, link)):
        found.setdefault(relation, address)
