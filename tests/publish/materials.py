"""What editions are made of, without an archive."""

from collections.abc import Mapping
from datetime import date

from aggregator.model import DayVolume, Notice, RankedStory, Story
from aggregator.publish.selection import by_importance, select
from aggregator.publish.told_edition import Material
from aggregator.publish.view import FeedReport, lead_article
from aggregator.settings import DigestDefinition

VERSIONS = {"program": "1.0", "annotation": "a", "weights": "w"}
PLAIN = DigestDefinition()
VOLUMES = (DayVolume(0, "wire", ("energy",), 3),)


def ranked(story: Story) -> RankedStory:
    """As the archive ranks it."""
    lead = lead_article(story).article
    return RankedStory(
        id=story.id,
        relevance=story.relevance.score,
        articles=len(story.articles),
        sources=story.independent_sources,
        outlets=frozenset(story.outlets),
        languages=frozenset(stored.article.language for stored in story.articles),
        lead_outlet=lead.outlet,
        lead_camp=lead.camp.value,
    )


def material(
    *stories: Story,
    feeds: tuple[FeedReport, ...] = (),
    definition: DigestDefinition = PLAIN,
    members: tuple[frozenset[int], ...] | None = None,
    seen: Mapping[int, date] = {},
    translations: Mapping[str, str] = {},
    notices: tuple[Notice, ...] = (),
    volumes: tuple[DayVolume, ...] = VOLUMES,
) -> Material:
    """What the archive would give for these stories; sections ask for all."""
    rows = by_importance(map(ranked, stories))
    everything = frozenset(story.id for story in stories)
    wanted = members or tuple(everything for _ in definition.sections or (None,))
    return Material(
        ranked=rows,
        selected=select(definition, rows, wanted),
        stories={story.id: story for story in stories},
        week=(),
        notices=notices,
        volumes=volumes,
        feeds=feeds,
        seen=seen,
        translations=translations,
    )
