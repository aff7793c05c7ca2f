"""The nouns: what crosses the boundaries between the rooms. All frozen; all times aware UTC."""

from aggregator.model.acquire import (
    Article,
    Document,
    Entry,
    FailureKind,
    FeedState,
    Fetched,
    FetchFailure,
    Health,
    KnownArticle,
    NotModified,
    ParsedFeed,
    ParseFailure,
    Request,
)
from aggregator.model.annotate import Annotated, Concept, Evidence, Field, Mention, Relevance, Side
from aggregator.model.archive import Harvest, Hit, Page, Placement, Saved, StoredArticle, Story
from aggregator.model.publish import Delivery, DeliveryState, Edition, Notice

__all__ = [
    "Annotated",
    "Article",
    "Concept",
    "Delivery",
    "DeliveryState",
    "Document",
    "Edition",
    "Entry",
    "Evidence",
    "FailureKind",
    "FeedState",
    "FetchFailure",
    "Fetched",
    "Field",
    "Harvest",
    "Health",
    "Hit",
    "KnownArticle",
    "Mention",
    "NotModified",
    "Notice",
    "Page",
    "ParseFailure",
    "ParsedFeed",
    "Placement",
    "Relevance",
    "Request",
    "Saved",
    "Side",
    "StoredArticle",
    "Story",
]
