"""Rows of the archive ↔ the nouns. Times are stored as ISO 8601 in UTC, which sorts."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from aggregator.model import (
    Annotated,
    Article,
    DateConfidence,
    Delivery,
    DeliveryState,
    Edition,
    Episode,
    Evidence,
    FailureKind,
    FeedState,
    FullText,
    FullTextState,
    Health,
    Mention,
    Moved,
    Notice,
    Offer,
    Record,
    Relevance,
    Revision,
    Rhythm,
    StoredArticle,
    UrlChange,
)
from aggregator.settings import Camp

Row = Mapping[str, Any]
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def store_time(moment: datetime | None) -> str | None:
    """A time as it is stored: UTC, whole seconds, sortable."""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def read_time(stored: str | None) -> datetime | None:
    """A stored time."""
    return datetime.fromisoformat(stored) if stored else None


def _time(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


def state_from(row: Row) -> FeedState:
    """A row of feed_states."""
    return FeedState(
        url=row["url"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_hash=row["body_hash"],
        next_due=read_time(row["next_due"]),
        held_until=read_time(row["held_until"]),
        failures=row["failures"],
        health=Health(row["health"]),
        reason=row["reason"],
        last_attempt=read_time(row["last_attempt"]),
        last_ok=read_time(row["last_ok"]),
        **_memory_from(row["memory"]),
    )


def _memory_from(stored: str) -> dict[str, Any]:
    """What polling remembers beside what is looked up: rhythm and addresses."""
    memory = json.loads(stored)
    if not memory:
        return {}
    rhythm, moved = memory["rhythm"], memory["moved"]
    return {
        "failure": FailureKind(memory["failure"]) if memory["failure"] else None,
        "last_whole": read_time(memory["last_whole"]),
        "offer": Offer(**memory.get("offer", {})),  # an archive of before WebSub has none
        "rhythm": Rhythm(
            **{
                **rhythm,
                "hours": tuple(rhythm["hours"]),
                "learnt": read_time(rhythm["learnt"]),
                "last_new": read_time(rhythm["last_new"]),
            }
        ),
        "moved": Moved(
            **{
                **moved,
                "since": read_time(moved["since"]),
                "history": tuple(UrlChange(when=_time(when), url=url) for when, url in moved["history"]),
            }
        ),
    }


def _memory(state: FeedState) -> str:
    rhythm, moved = state.rhythm, state.moved
    return json.dumps(
        {
            "failure": state.failure.value if state.failure else "",
            "last_whole": store_time(state.last_whole),
            "offer": {"hub": state.offer.hub, "topic": state.offer.topic},
            "rhythm": {
                "articles": round(rhythm.articles, 3),
                "days": round(rhythm.days, 4),
                "learnt": store_time(rhythm.learnt),
                "last_new": store_time(rhythm.last_new),
                "hours": [round(count, 2) for count in rhythm.hours],
                "hint_minutes": rhythm.hint_minutes,
            },
            "moved": {
                "asked": moved.asked,
                "target": moved.target,
                "times": moved.times,
                "since": store_time(moved.since),
                "history": [(store_time(change.when), change.url) for change in moved.history],
            },
        }
    )


def state_row(state: FeedState, outlet: str) -> dict[str, object]:
    """A feed's state as a row."""
    return {
        "url": state.url,
        "outlet": outlet,
        "etag": state.etag,
        "last_modified": state.last_modified,
        "body_hash": state.body_hash,
        "next_due": store_time(state.next_due),
        "held_until": store_time(state.held_until),
        "failures": state.failures,
        "health": state.health.value,
        "reason": state.reason,
        "last_attempt": store_time(state.last_attempt),
        "last_ok": store_time(state.last_ok),
        "memory": _memory(state),
    }


#: The columns of an article that polling fills, in the order of `Record.values`.
ARTICLE_COLUMNS = (
    *("feed_url", "outlet", "camp", "country", "language", "url", "title", "summary", "text", "author"),
    *("published", "updated", "date_confidence", "first_seen", "date", "content_hash", "relevance", "annotation"),
)


def record(annotated: Annotated) -> Record:
    """An annotated article in the plain values that the archive keeps."""
    article = annotated.article
    published, first_seen = store_time(article.published), store_time(article.first_seen)
    values = (
        article.feed_url,
        article.outlet,
        article.camp.value,
        article.country,
        article.language,
        article.url,
        article.title,
        article.summary,
        article.text,
        article.author,
        published,
        store_time(article.updated),
        article.date_confidence.value,
        first_seen,
        published or first_seen,
        article.content_hash,
        annotated.relevance.score,
        _annotation(annotated),
    )
    tokens = " ".join((*map(concept_token, annotated.concepts), *map(topic_token, annotated.topics)))
    return Record(
        outlet=article.outlet,
        keys=article.keys,
        content_hash=article.content_hash,
        date=article.date,
        values=values,
        words=(annotated.title_words, annotated.text_words, tokens),
    )


def _annotation(annotated: Annotated) -> str:
    return _ENCODER.encode(
        {
            "mentions": annotated.mentions,
            "topics": annotated.topics,
            "evidence": annotated.relevance.evidence,
            "keys": annotated.article.keys,
        }
    )


def concept_token(concept: str) -> str:
    """How a concept's id stands in the index."""
    return "c_" + concept.replace("-", "_")


def topic_token(topic: str) -> str:
    """How a topic's id stands in the index."""
    return "t_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in topic)


def stored_article(row: Row) -> StoredArticle:
    """A row of articles."""
    annotation = json.loads(row["annotation"])
    article = Article(
        feed_url=row["feed_url"],
        outlet=row["outlet"],
        camp=Camp(row["camp"]),
        country=row["country"],
        language=row["language"],
        url=row["url"],
        title=row["title"],
        summary=row["summary"],
        text=row["text"],
        author=row["author"],
        published=read_time(row["published"]),
        updated=read_time(row["updated"]),
        date_confidence=DateConfidence(row["date_confidence"]),
        first_seen=_time(row["first_seen"]),
        content_hash=row["content_hash"],
        keys=tuple(annotation["keys"]),
        full_text=row["full_text"] or "",
    )
    annotated = Annotated(
        article=article,
        mentions=tuple(Mention(*mention) for mention in annotation["mentions"]),
        topics=tuple(annotation["topics"]),
        relevance=Relevance(score=row["relevance"], evidence=tuple(Evidence(*e) for e in annotation["evidence"])),
    )
    return StoredArticle(id=row["id"], annotated=annotated, story=row["story_id"], copy_of=row["copy_of"])


def revision_from(row: Row) -> Revision:
    """A row of revisions."""
    return Revision(
        article=row["article_id"],
        replaced=_time(row["replaced"]),
        title=row["title"],
        summary=row["summary"],
        text=row["text"],
    )


def episode_from(row: Row) -> Episode:
    """A row of episodes."""
    return Episode(
        story=row["story"],
        affair=row["affair"],
        date=_time(row["date"]),
        terms=json.loads(row["terms"]),
        shares=tuple(json.loads(row["shares"])),
    )


def episode_row(episode: Episode) -> dict[str, object]:
    """An episode as a row."""
    return {
        "story": episode.story,
        "affair": episode.affair,
        "date": store_time(episode.date),
        "terms": _ENCODER.encode(episode.terms),
        "shares": _ENCODER.encode(episode.shares),
    }


def full_text_from(row: Row) -> FullText:
    """A row of full_texts."""
    return FullText(
        article=row["article_id"],
        url=row["url"],
        state=FullTextState(row["state"]),
        asked=_time(row["asked"]),
        attempts=row["attempts"],
        reason=row["reason"],
        next_try=read_time(row["next_try"]),
        text=row["text"],
    )


def full_text_row(full_text: FullText) -> dict[str, object]:
    """A full text as a row."""
    return {
        "article_id": full_text.article,
        "url": full_text.url,
        "state": full_text.state.value,
        "asked": store_time(full_text.asked),
        "attempts": full_text.attempts,
        "reason": full_text.reason,
        "next_try": store_time(full_text.next_try),
        "text": full_text.text,
    }


def notice_from(row: Row) -> Notice:
    """A row of notices."""
    return Notice(
        rule=row["rule"],
        story=row["story"],
        headline=row["headline"],
        why=row["why"],
        url=row["url"],
        created=_time(row["created"]),
        recipients=tuple(json.loads(row["recipients"])),
    )


def notice_row(notice: Notice) -> dict[str, object]:
    """A notice as a row."""
    return {
        "rule": notice.rule,
        "story": notice.story,
        "headline": notice.headline,
        "why": notice.why,
        "url": notice.url,
        "created": store_time(notice.created),
        "recipients": json.dumps(notice.recipients),
    }


def edition_from(row: Row) -> Edition:
    """A row of editions."""
    return Edition(
        digest=row["digest"],
        date=date.fromisoformat(row["date"]),
        since=_time(row["since"]),
        until=_time(row["until"]),
        html=row["html"],
        text=row["text"],
        stories=tuple(json.loads(row["stories"])),
        manifest=json.loads(row["manifest"]),
    )


def edition_row(edition: Edition) -> dict[str, object]:
    """An edition as a row."""
    return {
        "digest": edition.digest,
        "date": edition.date.isoformat(),
        "since": store_time(edition.since),
        "until": store_time(edition.until),
        "html": edition.html,
        "text": edition.text,
        "stories": json.dumps(edition.stories),
        "manifest": json.dumps(edition.manifest, ensure_ascii=False, sort_keys=True),
    }


def delivery_from(row: Row) -> Delivery:
    """A row of deliveries."""
    fields = {
        name: row[name]
        for name in ("key", "kind", "channel", "target", "subject", "text", "html", "attempts", "reason")
    }
    return Delivery(**fields, created=_time(row["created"]), state=DeliveryState(row["state"]))


def delivery_row(delivery: Delivery) -> dict[str, object]:
    """A delivery as a row."""
    return {
        "key": delivery.key,
        "kind": delivery.kind,
        "channel": delivery.channel,
        "target": delivery.target,
        "subject": delivery.subject,
        "text": delivery.text,
        "html": delivery.html,
        "created": store_time(delivery.created),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "reason": delivery.reason,
    }
