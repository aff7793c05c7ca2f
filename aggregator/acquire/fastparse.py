"""Pure: the fast tier of the feed parser: strictly well-formed documents of known shape, read from lxml's tree.

It gives what feedparser gives, at a tenth of the cost, or refuses, and then feedparser reads the
document: tests/acquire/test_fastparse.py compares the two over documents real, conformant and random.
Each rule below is one of feedparser 6.0's own; what feedparser does in ways that are not worth
repeating (XHTML content, an xml:base below the root, base64, nested sources …) is refused.
"""

import re

from feedparser.encodings import RE_XML_PI_ENCODING, parse_content_type
from feedparser.urls import make_safe_absolute_uri
from lxml import etree

from aggregator.acquire.fastentry import ALIASES, NAMESPACES, Context, Refused, check_content_type, kind_of, name_of
from aggregator.acquire.fields import by_author
from aggregator.acquire.hints import update_hint
from aggregator.model import Document, Entry, ParsedFeed

#: Prefixes of elements that we read or that feedparser handles: under another's name they would be confused.
_PREFIXES = frozenset("content dc dcterms feedburner georss gml itunes media psc rdf sy xhtml xml yandex".split())  # noqa: SIM905
_ATOM = "http://www.w3.org/2005/atom"
_RSS10 = "http://purl.org/rss/1.0/"
_RSS090 = "http://my.netscape.com/rdf/simple/0.9/"
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_DECLARATION = re.compile(rb"<\?xml[^>]*?>")
_BASE = re.compile(rb"[\s:]base\s*=", re.IGNORECASE)
_BASES = ("base", "{http://www.w3.org/xml/1998/namespace}base")
#: Elements whose own base matters for nothing but the addresses inside their HTML, which we do not keep.
_TEXTS = ("title", "description", "summary", "content", "encoded")
_ROOT = re.compile(rb"<[^?!]")
#: Other elements inside an image would lead feedparser to take the image's title for the feed's.
_IN_IMAGE = frozenset(("title", "link", "description", "url", "href", "width", "height", "name"))
#: Elements of the feed itself that feedparser handles without effect on entries.
_LISTS = ("items", "itunes:owner")
#: Elements of the feed itself that feedparser uses in ways that we do not repeat.
_SIGNIFICANT = frozenset(("title", "media-title", "entry", "content", "encoded", "strange"))


def parse_fast(document: Document) -> ParsedFeed | None:
    """The parsed feed, exactly as feedparser would give it; None where that is not certain."""
    try:
        return _read(document)
    except (Refused, etree.XMLSyntaxError, ValueError, LookupError):
        return None


def _read(document: Document) -> ParsedFeed:
    data = _utf8(document)
    start = _ROOT.search(data)
    if not start or b"<!DOCTYPE" in data[: start.start()].upper() or b"<!ENTITY" in data[: start.start()].upper():
        raise Refused
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    root = etree.fromstring(data, parser)
    # expat takes XML names of the fourth edition, libxml2 those of the fifth: only ASCII is a name to both.
    if not all(element.tag.isascii() and "".join(map(str, element.attrib)).isascii() for element in root.iter()):
        raise Refused
    shape, version = _format(root, _namespaces(root, data))
    base = _base(root, document.url) if _BASE.search(data) else document.url
    return _shaped(root, shape, version, base)


def _shaped(root: etree._Element, shape: str, version: str, base: str) -> ParsedFeed:
    channel = root if shape == "feed" else _channel(root, shape)
    head, entries = _Head(base, atom=shape == "feed"), []
    for child in channel:
        if kind_of(child.tag) == "entry":
            entries.append(_entry(child, head))
        else:
            head.take(child, first=not entries)
    if shape == "rdf":
        entries += [_entry(child, head) for child in root if kind_of(child.tag) == "entry"]
    return ParsedFeed(
        format=version,
        title=head.title,
        entries=by_author(entries, head.writer.author) if head.atom else tuple(entries),
        ttl_minutes=update_hint(*head.hints.values()),
    )


class _Head:
    """What is read of the feed itself."""

    def __init__(self, base: str, *, atom: bool) -> None:
        self.base = base
        self.atom = atom
        #: Holds the author of an Atom feed, who is that of entries without one.
        self.writer = Context(base)
        self.title = ""
        self.hints = {"ttl": "", "sy:updateperiod": "", "sy:updatefrequency": ""}
        self.summary = False
        #: feedparser takes a second summary of the feed for its content, and the next entry's description with it.
        self.has_content = False

    def take(self, child: etree._Element, *, first: bool) -> None:
        """Read an element; `first` before any entry."""
        kind, name = kind_of(child.tag), name_of(child.tag)
        if kind == "title":
            # A title behind entries, or a second one, is kept or not by rules that few could tell.
            if self.title or len(child) or not first:
                raise Refused
            check_content_type(child, "text/plain")
            self.title = Context(self.base).text(child, "title")
        elif kind in ("summary", "description"):
            self.has_content |= self.summary
            self.summary |= kind == "summary"
            _pass_by(child, kind, name)
        elif kind == "author" and self.atom:
            self.writer.take_author(child, 1)
        elif name in self.hints:
            self.hints[name] = "" if len(child.attrib) else (child.text or "").strip()
        else:
            _pass_by(child, kind, name)


def _pass_by(child: etree._Element, kind: str, name: str) -> None:
    """An element of the feed itself that is not read."""
    if not len(child) and kind not in _SIGNIFICANT and name != "source":
        return
    if name in ("image", "textinput"):
        if not all(name_of(inner.tag) in _IN_IMAGE and not len(inner) for inner in child):
            raise Refused
    elif (kind in _SIGNIFICANT and name not in _LISTS) or any(
        kind_of(inner.tag) not in ("harmless", "person") for inner in child.iterdescendants()
    ):
        raise Refused


def _entry(element: etree._Element, head: _Head) -> Entry:
    context = Context(head.base, has_content=head.has_content)
    head.has_content = False
    context.read(element)
    return context.entry()


# --- the document ------------------------------------------------------------------------------


def _utf8(document: Document) -> bytes:
    """The document in UTF-8, decoded as feedparser decides: header, declaration, RFC 3023."""
    data = document.body
    if b"\x00" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4] == b"\x4c\x6f\xa7\x94":
        raise Refused
    bom = data.startswith(b"\xef\xbb\xbf")
    data = data[3:] if bom else data
    declared = RE_XML_PI_ENCODING.match(data)
    xml = _superset(declared[1].decode("ascii").lower()) if declared else ""
    for encoding in (_superset(_by_media_type(document, xml)), xml, "utf-8" if bom else ""):
        if encoding:
            try:
                text = data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
            utf8 = data if encoding in ("utf-8", "utf8", "us-ascii") else text.encode()
            return (
                b"<?xml version='1.0' encoding='utf-8'?>\n" + _DECLARATION.sub(b"", utf8, count=1)
                if _DECLARATION.match(utf8)
                else utf8
            )
    raise Refused


def _superset(encoding: str) -> str:
    return "gb18030" if encoding.lower() == "gb2312" else encoding


def _by_media_type(document: Document, xml: str) -> str:
    header = document.header("content-type")
    media, charset = parse_content_type(header)
    if media in ("application/xml", "application/xml-dtd", "application/xml-external-parsed-entity") or (
        media.startswith("application/") and media.endswith("+xml")
    ):
        return charset or xml or "utf-8"
    if media.startswith("text/"):
        return charset or "us-ascii"
    return xml or "utf-8"


def _namespaces(root: etree._Element, data: bytes) -> set[str]:
    """The namespaces in use, lower-case; refuses prefixes that feedparser would confuse."""
    declared = set(root.nsmap.items())
    if data.count(b"xmlns") > len(declared):
        declared.update(pair for element in root.iter() for pair in element.nsmap.items())
    for prefix, uri in declared:
        mapped = "" if "backend.userland.com/rss" in uri.lower() else NAMESPACES.get(uri.lower())
        unknown = mapped is None and (prefix is None or prefix in _PREFIXES or not prefix.isascii())
        renamed = mapped is not None and mapped != prefix and (prefix in _PREFIXES or uri.lower() in ALIASES)
        if unknown or (renamed and (prefix or mapped)):
            raise Refused
    return {uri.lower() for _, uri in declared}


def _format(root: etree._Element, spaces: set[str]) -> tuple[str, str]:
    """(shape, feedparser's name of the version)."""
    name = name_of(root.tag)
    versions = spaces & {_ATOM, _RSS10, _RSS090}
    if name == "rss" and versions <= {_ATOM}:
        version = root.get("version", "")
        return "rss", _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
    if name == "rdf:rdf" and versions == {_RSS10}:
        return "rdf", "rss10"
    if name == "feed" and versions == {_ATOM} and root.nsmap.get(root.prefix, "").lower() == _ATOM:
        return "feed", "atom10"
    raise Refused


def _base(root: etree._Element, url: str) -> str:
    """What relative addresses are joined with: the root's xml:base; refuses any other that would count."""
    for element in root.iterdescendants():
        if any(key.lower() in _BASES for key in map(str, element.attrib)) and kind_of(element.tag) not in _TEXTS:
            raise Refused
    given = {str(key).lower(): str(value) for key, value in root.items() if str(key).lower() in _BASES}
    if len(given) > 1:
        raise Refused
    return make_safe_absolute_uri(url, next(iter(given.values()))) or url if given else url


def _channel(root: etree._Element, shape: str) -> etree._Element:
    """The one channel; beside it only RDF has entries and an image or an input field."""
    channels = [child for child in root if name_of(child.tag) == "channel"]
    if len(channels) != 1 or {"lastmod", "href"} & {str(key).lower() for key in channels[0].attrib}:
        raise Refused
    for child in root:
        kind, name = kind_of(child.tag), name_of(child.tag)
        if name != "channel" and (kind != "entry" or shape != "rdf"):
            if kind in ("entry", "title"):
                raise Refused
            _pass_by(child, kind, name)
    return channels[0]
