"""Pure: an article's page → its text, or why there is none. The only home of trafilatura."""

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.acquire.page import LARGEST, declared_encoding
from aggregator.model import Document, ParseFailure
from aggregator.text.markup import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

#: Characters of a text; feeds' own are bounded by the same.
_TEXT_LIMIT = 20_000
#: Fewer characters are a caption or a notice, hardly an article.
_SHORTEST = 200
_HTML = ("text/html", "application/xhtml+xml")


def full_text(document: Document) -> str | ParseFailure:
    """The article on a page, without what stands around it; plain text of 200 to 20,000 characters."""
    kind = document.header("content-type").partition(";")[0].strip().lower()
    if kind and kind not in _HTML:
        return ParseFailure(reason=f"the page is no HTML but {kind[:80]!r}")
    try:
        extracted = _extractor()(_page(document))
    except Exception as error:  # a bug that a hostile page finds in the extractor is that page's failure
        return ParseFailure(reason=f"the page's text cannot be extracted: {type(error).__name__}: {error}"[:300])
    text = plain_text(extracted or "", limit=_TEXT_LIMIT)
    if len(text) < _SHORTEST:
        return ParseFailure(reason="no article was found on the page")
    return text


def _page(document: Document) -> str | bytes:
    """The page decoded: what is valid UTF-8 is nothing else; bytes where nothing tells, for trafilatura to guess."""
    try:
        return document.body.decode("utf-8-sig")[:LARGEST]
    except UnicodeDecodeError:
        encoding = declared_encoding(document)
    try:
        return document.body.decode(encoding, "replace")[:LARGEST]
    except LookupError:
        return document.body[:LARGEST]


@lru_cache(maxsize=1)
def _extractor() -> "Callable[[str | bytes], str | None]":
    # Imported when the first page comes: 0.1 s and 15 MB that most processes can do without.
    import trafilatura

    for library in ("trafilatura", "htmldate", "courlan", "justext"):
        # What they have to say about a page is said by the outcome.
        logging.getLogger(library).addHandler(logging.NullHandler())

    def extract(page: str | bytes) -> str | None:
        # Precision: a teaser of another article, taken for a part of this one, makes it relevant for no reason.
        found = trafilatura.extract(page, include_comments=False, favor_precision=True)
        return found if isinstance(found, str) else None

    return extract
