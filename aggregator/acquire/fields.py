"""Pure: feedparser's names of what stands in an entry → Entry: which element speaks where the usual one is silent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from aggregator.model import Entry


def make_entry(field: Callable[[str], str], contents: Sequence[str]) -> Entry:
    """An entry of its fields by feedparser's names; of several contents, the longest."""
    published, updated = field("published"), field("updated")
    return Entry(
        guid=field("id"),
        link=field("link"),
        title=field("title") or field("itunes_title"),
        summary=field("summary") or field("subtitle"),
        # The full text is that of feeds for Yandex News.
        content=max((*contents, field("yandex_full-text")), key=len),
        author=field("author"),
        # When it was made says when it appeared only where nothing else does (Atom 0.3, Dublin Core).
        published=published or ("" if updated else field("created")),
        updated=updated,
    )


def by_author(entries: Iterable[Entry], author: str) -> tuple[Entry, ...]:
    """The entries, those without an author by that of the feed (RFC 4287 §4.2.1, JSON Feed 1.1)."""
    return tuple(entry if entry.author else replace(entry, author=author) for entry in entries)
