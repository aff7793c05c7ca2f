"""Small factories of the nouns that tests share. Words come from the real analyser, concepts are named by hand."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from aggregator.archive.rows import record
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import (
    Annotated,
    Article,
    DateConfidence,
    Delivery,
    DeliveryState,
    Evidence,
    FeedState,
    Harvest,
    Health,
    Mention,
    Placement,
    Relevance,
    StoredArticle,
    Story,
)
from aggregator.settings import Camp, Feed, Language
from aggregator.text.words import folded_words, words


class Words(NamedTuple):
    """A vocabulary of a few names, in any case."""

    names: Mapping[str, str] = {}
    topics: tuple[str, ...] = ()

    def concept_named(self, name: str) -> str | None:
        return self.names.get(name.lower())


#: A vocabulary in which no word is a name, and any a topic.
NOTHING = Words()

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
FEED_URL = "https://example.com/rss"


def digest_of(text: str) -> str:
    """A short hash, as identity keys and content hashes have."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def make_feed(
    url: str = FEED_URL,
    *,
    outlet: str = "Example",
    language: Language = "en",
    country: str = "DE",
    camp: Camp = Camp.OTHER,
    full_text: Literal[True, False, "when_relevant"] = False,
) -> Feed:
    return Feed(url=url, outlet=outlet, language=language, country=country, camp=camp, full_text=full_text)


def make_state(
    url: str = FEED_URL, *, etag: str = "", health: Health = Health.OK, failures: int = 0, reason: str = ""
) -> FeedState:
    return FeedState(url=url, etag=etag, health=health, failures=failures, reason=reason, last_attempt=NOW, last_ok=NOW)


def make_article(
    title: str = "Putin meets Xi in Moscow",
    *,
    text: str = "",
    summary: str = "",
    url: str | None = None,
    guid: str = "",
    feed_url: str = FEED_URL,
    outlet: str = "Example",
    camp: Camp = Camp.OTHER,
    country: str = "DE",
    language: str = "en",
    published: datetime | None = NOW,
    updated: datetime | None = None,
    date_confidence: DateConfidence | None = None,
    first_seen: datetime = NOW,
) -> Article:
    """An article whose page, unless named, is made of its title; its keys are those that normalising gives."""
    page = f"https://example.com/{digest_of(title)}" if url is None else url
    keys = [f"u{digest_of(page)}"] if page else []
    keys += [f"g{digest_of(guid or page)}", f"t{digest_of(' '.join(folded_words(title)))}"]
    return Article(
        feed_url=feed_url,
        outlet=outlet,
        camp=camp,
        country=country,
        language=language,
        url=page,
        title=title,
        summary=summary,
        text=text,
        author="",
        published=published,
        updated=updated,
        date_confidence=date_confidence or (DateConfidence.STATED if published else DateConfidence.FIRST_SEEN),
        first_seen=first_seen,
        content_hash=digest_of(f"{title}\n{summary}\n{text}"),
        keys=tuple(keys),
    )


def make_annotated(
    article: Article | None = None,
    *,
    concepts: Iterable[str] = (),
    topics: Iterable[str] = (),
    score: float = 0.8,
    evidence: tuple[Evidence, ...] = (Evidence("both sides", "title", 4.0),),
) -> Annotated:
    article = article or make_article()
    return Annotated(
        article=article,
        mentions=tuple(Mention(concept, "title", 0, 1) for concept in concepts),
        topics=tuple(topics),
        relevance=Relevance(score=score, evidence=evidence),
        title_words=" ".join(words(article.title)),
        text_words=" ".join(words(article.body)),
    )


def make_harvest(*annotated: Annotated, feed: Feed | None = None, state: FeedState | None = None) -> Harvest:
    feed = feed or make_feed()
    return Harvest(
        feed=feed,
        state=state or make_state(feed.url),
        outcome="ok",
        records=tuple(map(record, annotated)),
        fetched=len(annotated),
    )


def make_stored(
    annotated: Annotated, article_id: int = 1, *, story: int = 1, copy_of: int | None = None
) -> StoredArticle:
    return StoredArticle(id=article_id, annotated=annotated, story=story, copy_of=copy_of)


def make_story(*annotated: Annotated, story_id: int = 1) -> Story:
    members = (make_stored(one, story_id * 100 + n, story=story_id) for n, one in enumerate(annotated))
    return Story(id=story_id, articles=tuple(members))


def make_delivery(
    target: str = "reader@example.org",
    *,
    key: str = "edition/daily/2026-03-05",
    kind: Literal["edition", "alert"] = "edition",
    channel: Literal["file", "mail"] = "mail",
    subject: str = "Daily",
    text: str = "Text",
    html: str = "",
    state: DeliveryState = DeliveryState.QUEUED,
    attempts: int = 0,
) -> Delivery:
    return Delivery(
        key=key,
        kind=kind,
        channel=channel,
        target=target,
        subject=subject,
        text=text,
        html=html,
        created=NOW,
        state=state,
        attempts=attempts,
    )


def place_alone(archive: SqliteArchive) -> None:
    """Make each waiting article a story of its own."""
    archive.place([Placement(article=stored.id) for stored in archive.unplaced(1000)])


@contextmanager
def filled_archive(path: Path, *annotated: Annotated) -> Iterator[SqliteArchive]:
    """An archive that holds the articles, each a story of its own."""
    archive = open_archive(path)
    try:
        archive.save(make_harvest(*annotated))
        place_alone(archive)
        yield archive
    finally:
        archive.close()


def ticking(start: datetime = NOW, step: timedelta = timedelta(seconds=1)) -> Callable[[], datetime]:
    """A clock that moves a step at each look."""
    moment = start

    def clock() -> datetime:
        nonlocal moment
        moment += step
        return moment

    return clock
