"""Pure: news sitemaps → ParsedFeed (sitemaps.org 0.9 with Google's news extension), for sites without feeds."""

import zlib

from lxml import etree

from aggregator.acquire.parse import ENTRY_LIMIT
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure

#: Unpacked bytes of a sitemap that comes as a .gz file; sitemaps.org allows 50 MiB, news sitemaps hold two days.
_LARGEST = 10 * 2**20
_CHILDREN = 3


def parse_sitemap(document: Document) -> ParsedFeed | ParseFailure:
    """The newest 2,000 titled pages of a news sitemap; pages without a title say nothing and are passed over."""
    try:
        root = etree.fromstring(_unpacked(document.body), _strict_parser())
    except (etree.XMLSyntaxError, ValueError, zlib.error) as error:
        return ParseFailure(reason=f"the answer is no sitemap: {error}"[:300])
    if root.getroottree().docinfo.internalDTD is not None:
        return ParseFailure(reason="the sitemap declares a document type: refused")
    if _local(root) == "sitemapindex":
        parts = sorted(map(_texts, root), key=lambda texts: texts.get("lastmod", ""), reverse=True)
        newest = ", ".join(texts.get("loc", "") for texts in parts[:_CHILDREN])
        told = f"the answer is an index of {len(root)} sitemaps; name the one with news instead, newest first: {newest}"
        return ParseFailure(reason=told[:500])
    if _local(root) != "urlset":
        return ParseFailure(reason=f"the answer is no sitemap: its root is <{_local(root)[:40]}>")
    entries = [entry for child in root if (entry := _entry(child)).title]
    if len(root) and not entries:
        return ParseFailure(reason="no page of the sitemap has a title: only news sitemaps (news:title) can be read")
    entries = sorted(entries, key=lambda entry: entry.published, reverse=True)
    return ParsedFeed(format="news-sitemap", entries=tuple(entries[:ENTRY_LIMIT]))


def _strict_parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    decoder = zlib.decompressobj(31)
    data = decoder.decompress(body, _LARGEST)
    if not decoder.eof:
        raise ValueError(f"it is cut off, or larger than {_LARGEST // 2**20} MiB")
    return data


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _texts(element: etree._Element) -> dict[str, str]:
    """The texts below an element by local name, the first of each."""
    texts: dict[str, str] = {}
    for inner in element.iterdescendants():
        texts.setdefault(_local(inner), (inner.text or "").strip())
    return texts


def _entry(element: etree._Element) -> Entry:
    """Only what stands under news:news: images and videos of the page have titles and dates of their own."""
    page = {_local(child): (child.text or "").strip() for child in element}
    news = next((_texts(child) for child in element if _local(child) == "news"), {})
    address, changed = page.get("loc", ""), page.get("lastmod", "")
    date = news.get("publication_date") or changed
    return Entry(guid=address, link=address, title=news.get("title", ""), published=date, updated=changed)
