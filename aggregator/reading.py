"""Pure: what a document says: parse → normalise → recognise → annotate → record. Runs in the workers."""

from collections.abc import Sequence
from dataclasses import replace

from aggregator.acquire.fulltext import full_text
from aggregator.acquire.hubs import offered
from aggregator.acquire.normalise import normalise
from aggregator.acquire.source import parse_source
from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.rows import record
from aggregator.identity import find_known
from aggregator.model import Annotated, Article, Document, KnownArticle, ParseFailure, Reading
from aggregator.settings import Feed

#: Share of a title's words that stand in the text of its page, at least; a consent page may have one by chance.
_TOLD = 0.25


def read_document(document: Document, feed: Feed, known: Sequence[KnownArticle], beat: str) -> Reading | ParseFailure:
    """Read a document fetched for a feed; articles that are known and unchanged are only counted."""
    parsed = parse_source(document, feed)
    if isinstance(parsed, ParseFailure):
        return parsed
    normalised = normalise(parsed, feed, base_url=document.url, now=document.fetched)
    fresh = list(_fresh(normalised.articles, known))
    loaded = load_beat(beat)
    return Reading(
        fetched=len(parsed.entries),
        records=tuple(record(annotate(article, loaded)) for article in fresh),
        known=len(normalised.articles) - len(fresh),
        dropped=normalised.dropped,
        ttl_minutes=parsed.ttl_minutes,
        offer=offered(document),
    )


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


def _fresh(articles: Sequence[Article], known: Sequence[KnownArticle]) -> list[Article]:
    """The articles that are new or changed against the known ones and against earlier ones of the document."""
    by_key: dict[str, list[KnownArticle]] = {}
    for one in known:
        _remember(by_key, one)
    fresh = []
    for article in articles:
        candidates = [one for key in article.keys for one in by_key.get(key, ())]
        found = find_known(article.keys, candidates)
        if found is None or (found.id >= 0 and found.content_hash != article.content_hash):
            fresh.append(article)
            _remember(by_key, KnownArticle(id=-1, content_hash=article.content_hash, keys=article.keys))
    return fresh


def _remember(by_key: dict[str, list[KnownArticle]], one: KnownArticle) -> None:
    for key in one.keys:
        by_key.setdefault(key, []).append(one)
