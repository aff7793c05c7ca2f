"""Pure: a document → ParsedFeed, by the kind of source that it comes from."""

from aggregator.acquire.page import parse_page
from aggregator.acquire.parse import parse
from aggregator.acquire.sitemap import parse_sitemap
from aggregator.model import Document, ParsedFeed, ParseFailure
from aggregator.settings import Feed


def parse_source(document: Document, feed: Feed) -> ParsedFeed | ParseFailure:
    """Take a source's document apart: a feed of any format, a news sitemap, or a page by its selectors."""
    if feed.kind == "news-sitemap":
        return parse_sitemap(document)
    if feed.kind == "page" and feed.selectors:
        return parse_page(document, feed.selectors)
    return parse(document)
