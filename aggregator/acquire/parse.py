"""Pure: bytes → ParsedFeed. The only home of the feed parsers."""

import html
import io
import json
import re
from typing import Any

import feedparser

from aggregator.acquire.fastparse import parse_fast
from aggregator.acquire.fields import by_author, make_entry
from aggregator.acquire.hints import update_hint
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure

#: Entries of one document that are read; a 50,000-entry sitemap once blocked a poller for nine minutes.
ENTRY_LIMIT = 2000
_WEB_PAGE = "the answer is a web page, not a feed (moved, blocked, or a log-in page?)"
_SITEMAP = "the answer is a sitemap, not a feed"
_OTHERS = {
    "html": _WEB_PAGE,
    "!doctype html": _WEB_PAGE,
    "opml": "the answer is an OPML list: import it with `aggregator feeds import`",
    "urlset": _SITEMAP,
    "sitemapindex": _SITEMAP,
}
#: Behind declarations, comments and white space; told before parsing, for which an OPML list of 3 MB takes 80 MB.
_FIRST_ELEMENT = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?[^>]{0,1000}>|<!--[^>]{0,1000}-->)*+<(!doctype html|[a-z]+)\b", re.IGNORECASE
)


def parse(document: Document) -> ParsedFeed | ParseFailure:
    """Take a feed document apart: RSS 0.9x–2.0, RDF, Atom, JSON Feed; any encoding that it declares."""
    if document.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _parse_json_feed(document)
    if other := _what_else_it_is(document):
        return ParseFailure(reason=other)
    return parse_fast(document) or parse_with_feedparser(document)


def parse_with_feedparser(document: Document) -> ParsedFeed | ParseFailure:
    """The tier for every document that the fast one refuses."""
    try:
        # BytesIO: feedparser takes bytes for a file name or an address if they look like one.
        parsed = feedparser.parse(
            io.BytesIO(document.body),
            response_headers={"content-type": document.header("content-type"), "content-location": document.url},
            # nh3 and our own addresses do both once, for the text that is kept (normalise.py).
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # hostile bytes provoke anything in feedparser: an OverflowError for &#99999999999;
        return ParseFailure(reason=f"the feed parser gave up: {type(error).__name__}: {error}"[:300])
    # `version`, not `bozo`, tells a feed: other documents come out as well-formed and empty.
    if not parsed.get("version"):
        return ParseFailure(reason="the answer is not a feed of a known format")
    entries = tuple(_entry(item) for item in parsed.entries)
    if parsed["version"].startswith("atom"):
        entries = by_author(entries, _string(parsed.feed, "author"))
    return ParsedFeed(
        format=parsed["version"],
        title=_string(parsed.feed, "title"),
        entries=entries,
        ttl_minutes=update_hint(
            _string(parsed.feed, "ttl"),
            _string(parsed.feed, "sy_updateperiod"),
            _string(parsed.feed, "sy_updatefrequency"),
        ),
    )


def _entry(item: Any) -> Entry:
    def field(name: str) -> str:
        # Asked for an absent `updated`, feedparser warns and gives `published`.
        return _string(item, name) if name != "updated" or dict.__contains__(item, name) else ""

    return make_entry(field, [_string(part, "value") for part in item.get("content") or ()])


def _string(item: Any, key: str) -> str:
    """feedparser gives None for some broken elements, `<description><![CD</description>` for one."""
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _what_else_it_is(document: Document) -> str:
    """What a document is by its first element, where that is no feed's."""
    found = _FIRST_ELEMENT.match(document.body)
    return _OTHERS.get(found[1].lower().decode("ascii"), "") if found else ""


def _parse_json_feed(document: Document) -> ParsedFeed | ParseFailure:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""
    try:
        data = json.loads(document.body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return ParseFailure(reason="the answer is not valid JSON")
    if not isinstance(data, dict) or "jsonfeed.org" not in str(data.get("version")):
        return ParseFailure(reason="the answer is JSON, but no JSON Feed")
    items = data.get("items")
    entries = [_json_entry(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return ParsedFeed(format="json", title=_text(data, "title"), entries=by_author(entries, _json_author(data)))


def _json_entry(item: dict[str, object]) -> Entry:
    return Entry(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=_text(item, "summary"),
        # Plain text has no markup: what looks like some is meant as it stands.
        content=_text(item, "content_html") or html.escape(_text(item, "content_text"), quote=False),
        author=_json_author(item),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
    )


def _json_author(item: dict[str, object]) -> str:
    """The names under `authors` (1.1), or that under `author` (1.0)."""
    authors = item.get("authors")
    people = authors if isinstance(authors, list) and authors else [item.get("author")]
    return ", ".join(name for person in people if isinstance(person, dict) and (name := _text(person, "name")))


def _text(item: dict[str, object], key: str) -> str:
    value = item.get(key)
    return str(value) if isinstance(value, str | int | float) else ""
