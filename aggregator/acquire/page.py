"""Pure: a page that lists articles → ParsedFeed, by the CSS selectors that its source is configured with."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aggregator.acquire.parse import ENTRY_LIMIT
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure
from aggregator.settings import Selectors

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HEAD = 4096
#: So much of a page is read, in characters; parsing takes the square of the depth, see `text.markup`.
LARGEST = 2 * 2**20


def parse_page(document: Document, selectors: Selectors) -> ParsedFeed | ParseFailure:
    """One entry for each element that `selectors.item` matches and that has a link and a title."""
    tree = LexborHTMLParser(_text(document)[:LARGEST])
    items = tree.css(selectors.item)
    if not items:
        return ParseFailure(reason=f"the selector {selectors.item!r} matches nothing: has the page changed?")
    entries = [entry for item in items[:ENTRY_LIMIT] if (entry := _entry(item, selectors)).link and entry.title]
    if not entries:
        return ParseFailure(reason=f"none of the {len(items)} items has a title and a link: check `title` and `link`")
    title = tree.css_first("title")
    return ParsedFeed(format="page", title=title.text(strip=True) if title else "", entries=tuple(entries))


def selector_problem(selector: str) -> str:
    """What is wrong with a CSS selector; empty if nothing is."""
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except (SelectolaxError, ValueError) as error:
        return str(error) or "not a CSS selector"
    return ""


def declared_encoding(document: Document) -> str:
    """The encoding that header or head of a page name, empty if none; gb18030 for its subsets, which are claimed too often."""
    named = re.search(r"charset=[\"']?([\w.:-]+)", document.header("content-type"))
    declared = _CHARSET.search(document.body, 0, _HEAD)
    encoding = named[1] if named else declared[1].decode("ascii") if declared else ""
    return "gb18030" if encoding.lower() in ("gb2312", "gbk") else encoding


def _text(document: Document) -> str:
    try:
        return document.body.decode(declared_encoding(document) or "utf-8", "replace")
    except LookupError:
        return document.body.decode("utf-8", "replace")


def _entry(item: LexborNode, selectors: Selectors) -> Entry:
    anchor = _first(item, selectors.link) if selectors.link else _first_link(item)
    link = (anchor.attributes.get("href") or "").strip() if anchor else ""
    named = _first(item, selectors.title) if selectors.title else anchor
    return Entry(
        guid=link,
        link=link,
        title=_words(named),
        summary=_words(_first(item, selectors.summary)) if selectors.summary else "",
        published=_date(_first(item, selectors.date)) if selectors.date else "",
    )


def _first_link(item: LexborNode) -> LexborNode | None:
    return item if item.tag == "a" and item.attributes.get("href") else item.css_first("a[href]")


def _first(item: LexborNode, selector: str) -> LexborNode | None:
    return item.css_first(selector)


def _words(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()) if node else ""


def _date(node: LexborNode | None) -> str:
    if node is None:
        return ""
    return node.attributes.get("datetime") or node.attributes.get("content") or _words(node)
