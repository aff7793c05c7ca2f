"""Pure: what a search has found as a JSON Feed (https://jsonfeed.org/version/1.1)."""

import json

from aggregator.publish.atom import entry_id
from aggregator.publish.found import Found, Hit
from aggregator.text.urls import is_web_url, link_target


def as_json_feed(found: Found) -> str:
    """The feed, an item for each article."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"aggregator: {found.name}",
        "items": [_item(hit) for hit in found.hits],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def _item(hit: Hit) -> dict[str, object]:
    article = hit.stored.article
    return {
        "id": entry_id(hit),
        **({"url": link_target(article.url)} if is_web_url(article.url) else {}),
        "title": article.title,
        "content_text": hit.text or article.title,
        "date_published": article.date.isoformat(timespec="seconds"),
        **({"date_modified": article.updated.isoformat(timespec="seconds")} if article.updated else {}),
        "authors": [{"name": article.outlet}],
        "language": article.language,
        "tags": list(hit.stored.annotated.topics),
    }
