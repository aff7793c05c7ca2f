"""Pure: what a document says: parse → normalise → recognise → annotate → filter → record. Runs in the workers."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from aggregator.acquire.fulltext import full_text
from aggregator.acquire.hubs import offered
from aggregator.acquire.normalise import normalise
from aggregator.acquire.source import parse_source
from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive.rows import record
from aggregator.identity import find_known
from aggregator.matching import filter_of, matches
from aggregator.model import (
    NOTHING_KEPT_OUT,
    Annotated,
    Article,
    Document,
    KeptOut,
    KnownArticle,
    ParseFailure,
    Reading,
)
from aggregator.settings import Feed

#: Share of a title's words that stand in the text of its page, at least; a consent page may have one by chance.
_TOLD = 0.25
_KEPT_OUT = "kept out by the feed's filter"


class _Fresh(NamedTuple):
    """An article that is new, or that revises one in the archive."""

    article: Article
    revises: bool


def read_document(
    document: Document,
    feed: Feed,
    known: Sequence[KnownArticle],
    beat: str,
    kept_out: KeptOut = NOTHING_KEPT_OUT,
) -> Reading | ParseFailure:
    """Read a document fetched for a feed; articles that are known and unchanged are only counted.

    `kept_out` is what the feed's filter kept out of the document before this one.
    """
    parsed = parse_source(document, feed)
    if isinstance(parsed, ParseFailure):
        return parsed
    normalised = normalise(parsed, feed, base_url=document.url, now=document.fetched)
    fresh = list(_fresh(normalised.articles, known))
    let_in, out = _let_in(fresh, feed, kept_out, load_beat(beat), document.fetched)
    return Reading(
        fetched=len(parsed.entries),
        records=tuple(map(record, let_in)),
        known=len(normalised.articles) - len(fresh),
        dropped=(*normalised.dropped, *[_KEPT_OUT] * (len(fresh) - len(let_in))),
        ttl_minutes=parsed.ttl_minutes,
        offer=offered(document),
        kept_out=out,
    )


def _let_in(
    fresh: Sequence[_Fresh], feed: Feed, before: KeptOut, beat: Beat, now: datetime
) -> tuple[list[Annotated], KeptOut]:
    """The articles that the feed's filter lets in, and what it keeps out.

    What revises an article of the archive is let in: else the archive would go on showing what its outlet took back.
    """
    if not (feed.keep or feed.drop):
        return [annotate(article, beat) for article, _ in fresh], NOTHING_KEPT_OUT
    asked = filter_of(feed, vocabulary=beat, now=now)
    judged_by = _judged_by(feed, beat)
    remembered = set(before.contents.split()) if before.judged_by == judged_by else set()
    let_in, out = list[Annotated](), dict[str, None]()
    for article, revises in fresh:
        if revises or article.content_hash not in remembered:
            annotated = annotate(article, beat)
            if revises or matches(asked, annotated):
                let_in.append(annotated)
                continue
        out[article.content_hash] = None
    return let_in, KeptOut(judged_by=judged_by, contents=" ".join(out))


def _judged_by(feed: Feed, beat: Beat) -> str:
    """A hash of all that decides beside an article's own words; not of the time: an article is decided on when first met."""
    parts = (feed.keep, feed.drop, feed.outlet, feed.language, feed.country, feed.camp.value, beat.version)
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def read_page(document: Document, article: Article, beat: str) -> Annotated | ParseFailure:
    """Judge an article by what its page says."""
    text = full_text(document)
    if isinstance(text, ParseFailure):
        return text
    # Most pages begin with the title, which the article has already.
    annotated = judge_by(text.removeprefix(article.title).lstrip(), article, beat)
    if not _tells_of(annotated):
        return ParseFailure(reason="the page's text has hardly a word of the title: a consent or log-in page?")
    return annotated


def judge_by(text: str, article: Article, beat: str) -> Annotated:
    """Judge an article by the text of its page."""
    return annotate(replace(article, full_text=text), load_beat(beat))


def _tells_of(annotated: Annotated) -> bool:
    """Whether the body has enough of the title's words, but of those too short to mean anything."""
    title = {word for word in annotated.title_words.split() if len(word) > 3 or word >= "\u3400"}
    return len(title.intersection(annotated.text_words.split())) >= len(title) * _TOLD


def _fresh(articles: Sequence[Article], known: Sequence[KnownArticle]) -> list[_Fresh]:
    """The articles that are new or changed against the known ones and against earlier ones of the document."""
    by_key: dict[str, list[KnownArticle]] = {}
    for one in known:
        _remember(by_key, one)
    fresh = []
    for article in articles:
        candidates = [one for key in article.keys for one in by_key.get(key, ())]
        found = find_known(article.keys, candidates)
        if found is None or (found.id >= 0 and found.content_hash != article.content_hash):
            fresh.append(_Fresh(article, revises=found is not None))
            _remember(by_key, KnownArticle(id=-1, content_hash=article.content_hash, keys=article.keys))
    return fresh


def _remember(by_key: dict[str, list[KnownArticle]], one: KnownArticle) -> None:
    for key in one.keys:
        by_key.setdefault(key, []).append(one)
