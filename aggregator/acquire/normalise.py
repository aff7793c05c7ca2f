"""Pure: Entry → Article: clean text, canonical URL, UTC, language, and what identifies it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from aggregator.acquire.dates import StatedDate, read_date
from aggregator.acquire.parse import ENTRY_LIMIT
from aggregator.model import Article, DateConfidence, Entry, ParsedFeed
from aggregator.settings import Feed
from aggregator.text.language import detect_language
from aggregator.text.markup import first_sentence, plain_text
from aggregator.text.urls import canonical_url, resolve, url_key
from aggregator.text.words import folded_words

#: Clocks of outlets run ahead a little; a date later than this is a mistake and is not believed.
_AHEAD = timedelta(days=1)
_EARLIEST_YEAR = 1990
_TITLE_LIMIT = 500
_SUMMARY_LIMIT = 4_000
_TEXT_LIMIT = 20_000
#: Characters of a title, as written, by which entries are told apart.
_TITLE_MARKUP_LIMIT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """The articles of a document, and a reason for each entry that was dropped."""

    articles: tuple[Article, ...]
    dropped: tuple[str, ...]


def normalise(parsed: ParsedFeed, feed: Feed, *, base_url: str, now: datetime) -> Normalised:
    """Make articles of the entries of one document, fetched at `now` from `base_url`."""
    entries = parsed.entries[:ENTRY_LIMIT]
    dropped = [f"beyond the first {ENTRY_LIMIT} entries"] * (len(parsed.entries) - len(entries))
    articles = []
    for entry, keys in zip(entries, _identify(entries, base_url), strict=True):
        article = _article(entry, keys, feed, base_url, now)
        if article is None:
            dropped.append("neither title nor text nor link")
        else:
            articles.append(article)
    return Normalised(articles=tuple(_told_apart(articles)), dropped=tuple(dropped))


def _article(entry: Entry, keys: tuple[str, ...], feed: Feed, base_url: str, now: datetime) -> Article | None:
    summary = plain_text(entry.summary, limit=_SUMMARY_LIMIT)
    text = plain_text(entry.content, limit=_TEXT_LIMIT)
    link = resolve(base_url, entry.link) if entry.link else ""
    title = plain_text(entry.title, limit=_TITLE_LIMIT) or first_sentence(summary or text) or link
    if not title:
        return None
    published, updated, confidence = _dates(entry, feed.language, now)
    return Article(
        feed_url=feed.url,
        outlet=feed.outlet,
        camp=feed.camp,
        country=feed.country,
        language=detect_language(f"{title} {summary or text}", hint=feed.language),
        url=canonical_url(link) if link else "",
        title=title,
        summary=summary or text[:_SUMMARY_LIMIT],
        text=text if text != summary else "",
        author=plain_text(entry.author, limit=200),
        published=published,
        updated=updated,
        date_confidence=confidence,
        first_seen=now,
        content_hash=_digest(f"{title}\n{summary}\n{text}"),
        keys=(*keys, _key("d", f"{_title_words(title)}|{published.isoformat()}")) if published else keys,
    )


def _dates(entry: Entry, language: str, now: datetime) -> tuple[datetime | None, datetime | None, DateConfidence]:
    """When it was published, when changed after that, and how well the first is known."""
    updated = _believable(read_date(entry.updated, language), now) if entry.updated != entry.published else None
    published = _believable(read_date(entry.published, language), now) or updated
    if published is None:
        return None, None, DateConfidence.FIRST_SEEN
    changed = updated.moment if updated and updated.moment > published.moment else None
    return published.moment, changed, published.confidence


def _believable(stated: StatedDate | None, now: datetime) -> StatedDate | None:
    if stated is None or stated.moment.year < _EARLIEST_YEAR or stated.moment > now + _AHEAD:
        return None
    # A clock that runs ahead is believed only as far as we have seen.
    return stated if stated.moment <= now else StatedDate(now, DateConfidence.FIRST_SEEN)


# --- identity ----------------------------------------------------------------------------------


def _identify(entries: tuple[Entry, ...], base_url: str) -> list[tuple[str, ...]]:
    """The identity keys of each entry; a URL or GUID that one document gives to different titles names nothing."""
    keyed = [identity_keys(entry, base_url) for entry in entries]
    titles: dict[str, set[str]] = defaultdict(set)
    for entry, keys in zip(entries, keyed, strict=True):
        for key in keys:
            titles[key].add(_entry_words(entry))
    return [tuple(key for key in keys if key[0] == "t" or len(titles[key]) == 1) for keys in keyed]


def _told_apart(articles: Iterable[Article]) -> list[Article]:
    """The articles, without the title-and-date keys that one document gives to several pages: those name nothing."""
    articles = list(articles)
    pages: dict[str, set[str]] = defaultdict(set)
    for article in articles:
        for key in article.keys:
            if key[0] == "d":
                pages[key] |= {page for page in article.keys if page[0] == "u"}
    shared = {key for key, places in pages.items() if len(places) > 1}
    return [
        article
        if shared.isdisjoint(article.keys)
        else replace(article, keys=tuple(key for key in article.keys if key not in shared))
        for article in articles
    ]


def identity_keys(entry: Entry, base_url: str) -> tuple[str, ...]:
    """Up to three keys: `u` the page, `g` the GUID (the page if there is none), `t` the words of the title, always.

    A home page is no identity: some feeds link every entry to it.
    """
    link = resolve(base_url, entry.link) if entry.link else ""
    page = url_key(link) if link else ""
    page = page if "/" in page or "?" in page else ""
    guid = entry.guid.strip()
    keys = []
    if page:
        keys.append(_key("u", page))
    if guid or page:
        keys.append(_key("g", url_key(guid) if guid.startswith(("http://", "https://")) else guid or page))
    return (*keys, _key("t", _entry_words(entry)))


def _entry_words(entry: Entry) -> str:
    """The words of the title, or of the text where there is no title; the bare text if it has no words."""
    text = entry.summary or entry.content
    return (
        _title_words(entry.title[:_TITLE_MARKUP_LIMIT])
        or _title_words(text[:_TITLE_MARKUP_LIMIT])
        or entry.title
        or text
    )


@lru_cache(maxsize=ENTRY_LIMIT)
def _title_words(title: str) -> str:
    return " ".join(folded_words(plain_text(title, limit=_TITLE_LIMIT)))


def _key(kind: str, value: str) -> str:
    return kind + _digest(value)[:16]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
