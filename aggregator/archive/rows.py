"""Rows of the archive ↔ the nouns. Times are stored as ISO 8601 in UTC, which sorts."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from aggregator.archive.tokens import tokens
from aggregator.model import (
    Annotated,
    Article,
    DateConfidence,
    Delivery,
    DeliveryState,
    Edition,
    Evidence,
    Mention,
    Notice,
    Record,
    Relevance,
    StoredArticle,
)
from aggregator.settings import Camp

Row = Mapping[str, Any]
#: An article with the text of its page, where that is what it was judged by.
ARTICLES = """
SELECT *, (SELECT text FROM full_texts WHERE article_id = articles.id AND state = 'read') AS full_text FROM articles
"""
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def store_time(moment: datetime) -> str:
    """A time as it is stored: UTC, whole seconds, sortable."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def store_time_if_known(moment: datetime | None) -> str | None:
    """A time that may be missing, as it is stored."""
    return store_time(moment) if moment else None


def read_time(stored: str) -> datetime:
    """A stored time."""
    return datetime.fromisoformat(stored)


def read_time_if_known(stored: str | None) -> datetime | None:
    """A stored time that may be missing."""
    return read_time(stored) if stored else None


#: The columns of an article that polling fills, in the order of `Record.values`.
ARTICLE_COLUMNS = (
    *("feed_url", "outlet", "camp", "country", "language", "url", "title", "summary", "text", "author"),
    *("published", "updated", "date_confidence", "first_seen", "date", "content_hash", "relevance", "annotation"),
    *("annotation_version", "concepts", "topics"),
)


def record(annotated: Annotated) -> Record:
    """An annotated article in the plain values that the archive keeps."""
    article = annotated.article
    published, first_seen = store_time_if_known(article.published), store_time_if_known(article.first_seen)
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
        store_time_if_known(article.updated),
        article.date_confidence.value,
        first_seen,
        published or first_seen,
        article.content_hash,
        annotated.relevance.score,
        _annotation(annotated),
        annotated.version,
        " ".join(annotated.concepts),
        " ".join(annotated.topics),
    )
    return Record(
        outlet=article.outlet,
        keys=article.keys,
        content_hash=article.content_hash,
        date=article.date,
        values=values,
        words=(annotated.title_words, annotated.text_words, tokens(annotated)),
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
        published=read_time_if_known(row["published"]),
        updated=read_time_if_known(row["updated"]),
        date_confidence=DateConfidence(row["date_confidence"]),
        first_seen=read_time(row["first_seen"]),
        content_hash=row["content_hash"],
        keys=tuple(annotation["keys"]),
        full_text=row["full_text"] or "",
    )
    annotated = Annotated(
        article=article,
        mentions=tuple(Mention(*mention) for mention in annotation["mentions"]),
        topics=tuple(annotation["topics"]),
        relevance=Relevance(score=row["relevance"], evidence=tuple(Evidence(*e) for e in annotation["evidence"])),
        version=row["annotation_version"],
    )
    return StoredArticle(id=row["id"], annotated=annotated, story=row["story_id"], copy_of=row["copy_of"])


def notice_from(row: Row) -> Notice:
    """A row of notices."""
    plain = {name: row[name] for name in ("rule", "story", "number", "severity", "headline", "why", "url", "held")}
    return Notice(
        **plain,
        created=read_time(row["created"]),
        recipients=tuple(json.loads(row["recipients"])),
        channels=tuple(json.loads(row["channels"])),
        details=json.loads(row["details"]),
    )


def notice_row(notice: Notice) -> dict[str, object]:
    """A notice as a row."""
    return {
        "rule": notice.rule,
        "story": notice.story,
        "number": notice.number,
        "severity": notice.severity,
        "headline": notice.headline,
        "why": notice.why,
        "url": notice.url,
        "created": store_time(notice.created),
        "recipients": json.dumps(notice.recipients),
        "channels": json.dumps(notice.channels),
        "held": notice.held,
        "details": json.dumps(notice.details, ensure_ascii=False),
    }


def edition_from(row: Row) -> Edition:
    """A row of editions."""
    return Edition(
        digest=row["digest"],
        date=date.fromisoformat(row["date"]),
        since=read_time(row["since"]),
        until=read_time(row["until"]),
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
    return Delivery(
        **fields,
        created=read_time(row["created"]),
        state=DeliveryState(row["state"]),
        next_attempt=read_time_if_known(row["next_attempt"]),
    )


def delivery_row(delivery: Delivery) -> dict[str, object]:
    """A delivery as a row, but for its words."""
    return {
        "key": delivery.key,
        "kind": delivery.kind,
        "channel": delivery.channel,
        "target": delivery.target,
        "subject": delivery.subject,
        "created": store_time(delivery.created),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "reason": delivery.reason,
        "next_attempt": store_time_if_known(delivery.next_attempt),
    }
