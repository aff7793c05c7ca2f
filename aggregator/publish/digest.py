"""Pure: stories of a period → Edition → HTML and text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.annotate.beat import Beat
from aggregator.model import Delivery, Edition, Health, Story
from aggregator.publish.render import render
from aggregator.publish.view import FeedReport, StoryView, story_view
from aggregator.settings import DigestDefinition

#: Spans of 24 hours that the chart shows.
CHART_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One span of the chart; `height` 0..100 of the tallest."""

    label: str
    count: int
    height: int
    last: bool


def make_edition(
    definition: DigestDefinition,
    day: date,
    since: datetime,
    until: datetime,
    stories: Sequence[Story],
    *,
    beat: Beat,
    volume: Sequence[int],
    feeds: Sequence[FeedReport],
) -> Edition:
    """Write the edition of a local date; the same input gives the same bytes."""
    ranked = sorted(stories, key=_rank, reverse=True)
    views = [story_view(story, beat) for story in ranked[: definition.maximum_stories]]
    zone = ZoneInfo(definition.zone)
    values = {
        "title": definition.title,
        "day": day,
        "since": since.astimezone(zone),
        "until": until.astimezone(zone),
        "zone": definition.zone,
        "top": views[0] if views else None,
        "sections": sections(views, beat),
        "stories": views,
        "left_out": len(ranked) - len(views),
        "articles": sum(len(story.articles) for story in ranked),
        "outlets": len({outlet for story in ranked for outlet in story.outlets}),
        "languages": len({language for view in views for language in view.languages}),
        "bars": bars(volume, until.astimezone(zone)),
        "feeds": feeds,
        "ok": sum(report.state.health is Health.OK for report in feeds),
        "troubled": [report for report in feeds if report.state.health is not Health.OK],
        "topic_names": {topic.id: topic.name["en"] for topic in beat.topics.values()},
        "minimum_relevance": definition.minimum_relevance,
    }
    return Edition(
        digest=definition.name,
        date=day,
        since=since,
        until=until,
        html=render("digest.html", **values),
        text=render("digest.txt", **values),
        stories=tuple(view.id for view in views),
        manifest=_manifest(definition, ranked, beat, feeds),
    )


def _manifest(
    definition: DigestDefinition, stories: Sequence[Story], beat: Beat, feeds: Sequence[FeedReport]
) -> dict[str, object]:
    """What the edition was made of."""
    return {
        "weights": beat.weights.version,
        "query": definition.query,
        "minimum_relevance": definition.minimum_relevance,
        "articles": {str(a.id): a.article.content_hash for story in stories for a in story.articles},
        "feeds": {report.feed.url: report.state.health.value for report in feeds},
    }


def _rank(story: Story) -> tuple[float, int, int]:
    """Relevance counts first; each further independent source and language makes a story more important."""
    languages = len({stored.article.language for stored in story.articles})
    weight = story.relevance.score * (1 + 0.25 * (story.independent_sources - 1) + 0.25 * (languages - 1))
    return weight, story.independent_sources, -story.id


def sections(views: Sequence[StoryView], beat: Beat) -> list[tuple[str, str, list[StoryView]]]:
    """(topic id, name, stories) in the beat's order of topics; the top story stands apart and is left out."""
    grouped: dict[str, list[StoryView]] = {}
    for view in views[1:]:
        grouped.setdefault(view.topics[0], []).append(view)
    return [(topic.id, topic.name["en"], grouped[topic.id]) for topic in beat.topics.values() if topic.id in grouped]


def bars(volume: Sequence[int], until: datetime) -> list[Bar]:
    """The chart of the articles in each 24 hours, the last of which end at `until`."""
    tallest = max(volume, default=0) or 1
    return [
        Bar(
            label=(until - timedelta(days=len(volume) - 1 - position)).strftime("%d %b"),
            count=count,
            height=round(100 * count / tallest),
            last=position == len(volume) - 1,
        )
        for position, count in enumerate(volume)
    ]


def edition_deliveries(
    edition: Edition, definition: DigestDefinition, folder: Path, now: datetime
) -> tuple[Delivery, ...]:
    """The files and mails that bring an edition to its readers."""
    subject = f"{definition.title}, {edition.date.isoformat()}: {len(edition.stories)} stories"
    stem = f"{edition.digest}-{edition.date.isoformat()}"

    def delivery(channel: str, target: str, text: str, html: str) -> Delivery:
        return Delivery(
            key=edition.key,
            kind="edition",
            channel="file" if channel == "file" else "mail",
            target=target,
            subject=subject,
            text=text,
            html=html,
            created=now,
        )

    files = (
        delivery("file", str(folder / f"{stem}.html"), "", edition.html),
        delivery("file", str(folder / f"{stem}.txt"), edition.text, ""),
    )
    return files + tuple(delivery("mail", to, edition.text, edition.html) for to in definition.recipients)
