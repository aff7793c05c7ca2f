"""Pure: one entry of a feed, field by field as feedparser fills them; the inner part of the fast tier."""

import re
from contextlib import suppress
from functools import lru_cache

from feedparser.mixin import _cp1252, _FeedParserMixin
from feedparser.urls import _urljoin
from feedparser.util import FeedParserDict
from lxml import etree

from aggregator.acquire.fields import make_entry
from aggregator.model import Entry

#: Namespaces that feedparser does not know, under the prefix by which it then takes them.
ALIASES = {
    "http://www.rssboard.org/media-rss": "media",
    "com-wordpress:feed-additions:1": "",
    "http://news.yandex.ru": "yandex",
}
NAMESPACES: dict[str, str] = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()} | ALIASES
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
#: An address that joining with any base leaves as it is.
_WHOLE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[^\s?#;]*)?(?:\?[^\s#;]+)?(?:#[^\s]+)?")
_QUERY_ENTITY = re.compile(r"&([A-Za-z0-9_]+);")
_C1 = re.compile(r"[\x80-\x9f]")
_CONTENT_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}

# What an element is to us. `:` joins the standard prefix of its namespace.
_KINDS = {
    **dict.fromkeys(("title", "dc:title"), "title"),
    "media:title": "media-title",
    "link": "link",
    **dict.fromkeys(("guid", "id"), "guid"),
    **dict.fromkeys(("description", "dc:description", "media:description"), "description"),
    **dict.fromkeys(("summary", "itunes:summary"), "summary"),
    "content": "content",
    "content:encoded": "encoded",
    **dict.fromkeys(("author", "dc:creator", "dc:author", "itunes:author", "managingeditor"), "author"),
    **dict.fromkeys(("pubdate", "published", "issued", "dcterms:issued"), "published"),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), "updated"),
    **dict.fromkeys(("created", "dcterms:created"), "created"),
    **dict.fromkeys(("subtitle", "tagline", "itunes:subtitle"), "subtitle"),
    **dict.fromkeys(("itunes:title", "yandex:full-text"), "unhandled"),
    **dict.fromkeys(("item", "entry"), "entry"),
    **dict.fromkeys(("name", "email", "uri", "url", "homepage", "itunes:name", "itunes:email"), "person"),
    **dict.fromkeys(("image", "source"), "aside"),
    **dict.fromkeys(("media:group", "media:content"), "container"),
}
#: Elements that feedparser handles without touching what we read.
_HARMLESS = frozenset(
    """category keywords dc:subject itunes:keywords itunes:category itunes:image itunes:link itunes:explicit
    itunes:block rights copyright dc:rights dc:publisher webmaster dc:language
    language enclosure media:category media:keywords media:rating media:credit media:restriction media:license
    media:thumbnail media:player expirationdate cloud generator dc:contributor
    feedburner:browserfriendly georss:point""".split()  # noqa: SIM905 - a table of words
)
_HANDLED = frozenset(
    name.partition("_")[2].partition("_")[2] for name in dir(_FeedParserMixin) if "_start_" in name or "_end_" in name
)
#: An element without a handler becomes a key of its own; these keys are, or stand for, what we read.
_KEYS = frozenset(FeedParserDict.keymap) | {"links", "authors", "author_detail", "base", "title", "summary", "content"}


class Refused(Exception):
    """The document is for feedparser."""


@lru_cache(maxsize=2000)
def name_of(tag: str) -> str:
    """An element's name as feedparser knows it: the standard prefix of its namespace, and all lower-case."""
    uri, brace, local = tag[1:].partition("}") if tag[0] == "{" else ("", "", tag)
    if ":" in local:
        raise Refused
    prefix = NAMESPACES.get(uri.lower()) if brace else ""
    if "backend.userland.com/rss" in uri.lower():
        prefix = ""
    if prefix is None:
        return f"unknown:{local.lower()}"
    return f"{prefix.lower()}:{local.lower()}" if prefix else local.lower()


@lru_cache(maxsize=2000)
def kind_of(tag: str) -> str:
    """What an element is to us: a field, `harmless`, or `strange`: feedparser does something with it that we do not repeat."""
    name = name_of(tag)
    if name in _KINDS:
        return _KINDS[name]
    handler = name.replace(":", "_")
    if name in _HARMLESS or (handler not in _HANDLED and name not in _KEYS):
        return "harmless"
    return "strange"


class Context:
    """The fields of one entry while its elements are read in document order."""

    __slots__ = ("_base", "_contents", "_depths", "_fields", "_has_content", "_title_depth")

    def __init__(self, base: str, *, has_content: bool = False) -> None:
        self._base = base
        self._fields: dict[str, str] = {}
        self._contents: list[str] = []
        self._depths: dict[str, int] = {}
        self._title_depth = -1
        self._has_content = has_content

    def entry(self) -> Entry:
        """The entry as read so far."""
        return make_entry(lambda name: self._fields.get(name, ""), self._contents)

    @property
    def author(self) -> str:
        """Who wrote it, as read so far."""
        return self._fields.get("author", "")

    def read(self, entry: etree._Element) -> None:
        """Read the elements of an entry."""
        for key in entry.attrib:
            if str(key).lower() in ("lastmod", "href"):
                raise Refused
        if about := entry.get(_ABOUT):
            self._fields["id"] = about
        for child in entry:
            self._take(child, 1)

    def _take(self, element: etree._Element, depth: int) -> None:
        kind = kind_of(element.tag)
        if kind == "container":
            for child in element:
                self._take(child, depth + 1)
        elif kind == "author":
            self.take_author(element, depth)
        elif kind == "aside" and len(element):
            self._take_image(element, depth)
        elif len(element) or kind in ("strange", "entry", "person"):
            self._take_nested(element, kind)
        elif kind != "harmless":
            getattr(self, _READERS[kind])(element, depth)

    def _take_nested(self, element: etree._Element, kind: str) -> None:
        """Only elements that mean nothing to us may hold others, and only such that mean nothing either."""
        if kind != "harmless" or any(kind_of(inner.tag) != "harmless" for inner in element.iterdescendants()):
            raise Refused

    def text(self, element: etree._Element, field: str) -> str:
        """The text of an element as feedparser mends it."""
        text = (element.text or "").strip()
        if text and field in ("id", "link"):
            text = self._joined(text)
        return text if text.isascii() else _mended(text)

    def _joined(self, url: str) -> str:
        return url if _WHOLE_URL.fullmatch(url) else str(_urljoin(self._base, url))

    def _store(self, field: str, value: str, depth: int) -> None:
        """A deeper element does not replace what a higher one said."""
        if depth <= self._depths.setdefault(field, depth):
            self._depths[field] = depth
            self._fields[field] = value

    # --- readers, one a kind ---

    def _title(self, element: etree._Element, depth: int) -> None:
        check_content_type(element, "text/plain")
        value = self.text(element, "title")
        if not -1 < self._title_depth <= depth:
            self._store("title", value, depth)
        if value:
            self._title_depth = depth

    def _media_title(self, element: etree._Element, depth: int) -> None:
        before = self._title_depth
        self._title(element, depth)
        self._title_depth = before

    def _link(self, element: etree._Element, depth: int) -> None:
        attributes = _attributes(element)
        if href := attributes.get("url", attributes.get("uri", attributes.get("href"))):
            attributes["href"] = href
        if "href" not in attributes:
            output = self.text(element, "link").replace("&amp;", "&")
            self._fields["link"] = _QUERY_ENTITY.sub(r"&\g<1>", output)
        elif attributes.get("rel", "alternate").lower() == "alternate" and _is_html(
            attributes.get("type", "text/html")
        ):
            self._fields["link"] = self._joined(attributes["href"])

    def _guid(self, element: etree._Element, depth: int) -> None:
        is_link = _attributes(element).get("ispermalink", "true") == "true"
        value = self.text(element, "id" if is_link else "")
        self._store("id", value, depth)
        if is_link:
            self._fields.setdefault("link", value)

    def _description(self, element: etree._Element, depth: int) -> None:
        if "summary" in self._fields and not self._has_content:
            self._content(element, depth)
            return
        check_content_type(element, "text/html")
        self._store("summary", self.text(element, "summary"), depth)

    def _content(self, element: etree._Element, depth: int) -> None:
        self._has_content = True
        check_content_type(element, "text/plain")
        value = self.text(element, "content")
        self._contents.append(value)
        self._fields.setdefault("summary", value)

    def _published(self, element: etree._Element, depth: int) -> None:
        self._store("published", self.text(element, "published"), depth)

    def _updated(self, element: etree._Element, depth: int) -> None:
        self._store("updated", self.text(element, "updated"), depth)

    def _created(self, element: etree._Element, depth: int) -> None:
        self._store("created", self.text(element, "created"), depth)

    def _subtitle(self, element: etree._Element, depth: int) -> None:
        check_content_type(element, "text/plain")
        self._store("subtitle", self.text(element, "subtitle"), depth)

    def _unhandled(self, element: etree._Element, depth: int) -> None:
        """What feedparser has no handler for: a key of its own, but another thing if there are attributes."""
        if len(element.attrib):
            raise Refused
        name = name_of(element.tag).replace(":", "_")
        self._store(name, self.text(element, name), depth)

    def _aside(self, element: etree._Element, depth: int) -> None:
        self._title_depth = -1

    def _take_image(self, element: etree._Element, depth: int) -> None:
        """Of the image of an entry, its title stands for a missing one."""
        if name_of(element.tag) != "image":
            raise Refused
        self._title_depth = -1
        for child in element:
            name = name_of(child.tag)
            if name not in ("title", "link", "url", "width", "height") or len(child) or len(child.attrib):
                raise Refused
            if name == "title":
                self._title(child, depth + 1)

    def take_author(self, element: etree._Element, depth: int) -> None:
        """Read who wrote it."""
        if not len(element):
            self._store("author", self.text(element, "author"), depth)
            return
        person = {
            name_of(child.tag): (child.text or "").strip() for child in element if kind_of(child.tag) != "harmless"
        }
        several = len(person) < sum(kind_of(child.tag) != "harmless" for child in element)
        if several or not person.get("name") or not person.keys() <= _PERSON or any(map(len, element)):
            raise Refused
        if "@" in self._fields.get("author", ""):
            raise Refused  # feedparser gives this author the address of the one before
        self._store("author", "", depth)
        email = person.get("email")
        self._fields["author"] = f"{person['name']} ({email})" if email else person["name"]


_PERSON = frozenset(("name", "email", "uri", "url"))
_READERS = {
    "title": "_title",
    "media-title": "_media_title",
    "link": "_link",
    "guid": "_guid",
    "description": "_description",
    "summary": "_description",
    "content": "_content",
    "encoded": "_content",
    "published": "_published",
    "updated": "_updated",
    "created": "_created",
    "subtitle": "_subtitle",
    "unhandled": "_unhandled",
    "aside": "_aside",
}


def _attributes(element: etree._Element) -> dict[str, str]:
    """Attributes by lower-case name; one in a foreign namespace is the same as one in none to feedparser."""
    attributes = {}
    for key, value in element.items():
        name = str(key)
        if name[0] == "{" and not name.startswith(_XML):
            raise Refused
        attributes[name.lower()] = str(value)
    return attributes


def check_content_type(element: etree._Element, default: str) -> None:
    """Refuses what is neither plain text nor escaped HTML: XHTML, base64, other media."""
    if not element.attrib:
        return
    attributes = _attributes(element)
    kind = attributes.get("type", default).lower()
    if "mode" in attributes or "src" in attributes or _CONTENT_TYPES.get(kind, kind) not in ("text/plain", "text/html"):
        raise Refused


def _is_html(media_type: str) -> bool:
    return media_type.lower() in ("html", "text/html", "xhtml", "application/xhtml+xml")


def _mended(text: str) -> str:
    """UTF-8 that was taken for Latin-1 is read again, and Windows' punctuation put in its place."""
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text
