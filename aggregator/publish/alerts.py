"""Pure: new articles + a rule → Notices, one per story."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.model import Delivery, Notice, StoredArticle
from aggregator.settings import AlertRule


def find_notices(
    rule: AlertRule, matching: Iterable[StoredArticle], *, now: datetime, address: str = ""
) -> list[Notice]:
    """A notice for each story among the articles that match the rule's query; `address` is the archive page's."""
    found: dict[int, Notice] = {}
    for stored in matching:
        relevance = stored.annotated.relevance
        if stored.story is None or stored.story in found or relevance.score < rule.minimum_relevance:
            continue
        reasons = "; ".join(evidence.what for evidence in relevance.evidence[:3] if evidence.points > 0)
        found[stored.story] = Notice(
            rule=rule.name,
            story=stored.story,
            headline=stored.article.title,
            why=f"matches {rule.query!r}; relevance {relevance.score:.2f}: {reasons}",
            url=f"{address}/story/{stored.story}" if address else stored.article.url,
            created=now,
            recipients=rule.recipients,
        )
    return list(found.values())


def alert_deliveries(notices: Sequence[Notice]) -> list[Delivery]:
    """A mail per notice and recipient."""
    return [
        Delivery(
            key=notice.key,
            kind="alert",
            channel="mail",
            target=recipient,
            subject=f"[{notice.rule}] {notice.headline}",
            text=f"{notice.headline}\n\n{notice.url}\n\nWhy: {notice.why}\n",
            html="",
            created=notice.created,
        )
        for notice in notices
        for recipient in notice.recipients
    ]
