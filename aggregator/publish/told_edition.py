"""Pure: what was found in a period → all that an edition says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aggregator.annotate.beat import Beat
from aggregator.model import DayVolume, Notice, RankedStory, Story
from aggregator.publish.content import Alerted, Content, Coverage, ToldSection, ToldStory, WeekDay
from aggregator.publish.numbers import coverage_of, numbers_of
from aggregator.publish.selection import Selected
from aggregator.publish.told_story import Telling, noted_story, told_story
from aggregator.publish.view import LANGUAGES, FeedReport
from aggregator.settings import DigestDefinition

#: Feeds that the explanation of an empty section names.
_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What an edition is made of."""

    ranked: Sequence[RankedStory]
    """All stories that were found, the most important first."""
    selected: Selected
    stories: Mapping[int, Story]
    """Those that are shown, noted or reviewed, by id."""
    week: Sequence[tuple[date, Sequence[int], int]]
    """Of days in review: the stories to note, and how many there were."""
    notices: Sequence[Notice]
    volumes: Sequence[DayVolume]
    feeds: Sequence[FeedReport]
    seen: Mapping[int, date]
    translations: Mapping[str, str]
    problems: Sequence[str] = ()
    """Why translations are missing."""


def content_of(
    definition: DigestDefinition,
    day: date,
    since: datetime,
    until: datetime,
    material: Material,
    *,
    beat: Beat,
    made_by: str,
) -> Content:
    """All that the edition of a local date says; `made_by` is the program."""
    zone = ZoneInfo(definition.zone)
    telling = Telling(beat=beat, zone=zone, seen=material.seen, translations=material.translations)
    told = {story: told_story(material.stories[story], telling) for story in material.selected.shown}
    coverage = coverage_of(material.feeds, since)
    order = [story.id for story in material.ranked if story.id in told]
    top = told[order[0]] if order else None
    return Content(
        digest=definition.name,
        title=definition.title,
        date=day.isoformat(),
        day=f"{day:%A}, {day.day} {day:%B %Y}",
        since=f"{since.astimezone(zone):%d %b %H:%M}",
        until=f"{until.astimezone(zone):%d %b %H:%M}",
        zone=definition.zone,
        minimum_relevance=round(100 * definition.minimum_relevance),
        stories=len(material.ranked),
        articles=sum(story.articles for story in material.ranked),
        outlets=len(frozenset[str]().union(*(story.outlets for story in material.ranked))),
        languages=len(frozenset[str]().union(*(story.languages for story in material.ranked))),
        top=top,
        top_reason=_top_reason(material.ranked, order),
        sections=_sections(definition, material.selected, told, top, beat, coverage),
        noted=tuple(noted_story(material.stories[id], material.translations) for id in material.selected.noted),
        left_out=material.selected.left_out,
        alerts=tuple(Alerted(rule=n.rule, headline=n.headline, why=n.why, url=n.url) for n in material.notices),
        numbers=numbers_of(material.volumes, until.astimezone(zone), beat),
        coverage=coverage,
        week=tuple(
            WeekDay(
                day=f"{of:%A}, {of.day} {of:%B}",
                stories=number,
                told=tuple(noted_story(material.stories[id], material.translations) for id in ids),
            )
            for of, ids, number in material.week
        ),
        made_by=made_by,
    )


def _top_reason(ranked: Sequence[RankedStory], order: Sequence[int]) -> str:
    """Why the top story is on top, in words."""
    shown = {story.id: story for story in ranked}
    if not order:
        return ""
    top = shown[order[0]]
    *languages, last = [LANGUAGES.get(language, language) for language in sorted(top.languages)]
    told_in = f"{', '.join(languages)} and {last}" if languages else last
    reason = f"On top: {top.relevance:.0%} relevant, {_sources(top.sources)}, in {told_in}"
    if len(order) == 1:
        return f"{reason}."
    following = shown[order[1]]
    return f"{reason}; the next has {following.relevance:.0%} and {_sources(following.sources)}."


def _sources(number: int) -> str:
    return f"{number} independent source{'' if number == 1 else 's'}"


def _sections(
    definition: DigestDefinition,
    selected: Selected,
    told: Mapping[int, ToldStory],
    top: ToldStory | None,
    beat: Beat,
    coverage: Coverage,
) -> tuple[ToldSection, ...]:
    def stories(ids: Sequence[int]) -> tuple[ToldStory, ...]:
        return tuple(told[story] for story in ids if top is None or story != top.id)

    if not definition.sections:
        return _by_topic(stories(selected.shown), beat)
    return tuple(
        ToldSection(title=section.title, stories=stories(ids), empty="" if ids else _why_empty(coverage))
        for section, ids in zip(definition.sections, selected.sections, strict=True)
    )


def _by_topic(stories: Sequence[ToldStory], beat: Beat) -> tuple[ToldSection, ...]:
    """A section for each topic, in the beat's order; a story stands under the topic that most of its articles have."""
    names = [topic.name["en"] for topic in beat.topics.values()]
    grouped: dict[str, list[ToldStory]] = {name: [] for name in (*names, "Other")}
    for story in stories:
        grouped[story.topics[0] if story.topics else "Other"].append(story)
    return tuple(ToldSection(title=name, stories=tuple(of), empty="") for name, of in grouped.items() if of)


def _why_empty(coverage: Coverage) -> str:
    unread = [note.outlet for note in (*coverage.failed, *coverage.stale, *coverage.unread)]
    if not unread:
        return f"Nothing in this period; all {coverage.feeds} feeds were read."
    named = ", ".join(unread[:_NAMED]) + (f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else "")
    return f"Nothing in this period, but {len(unread)} of {coverage.feeds} feeds were not read: {named}."


def headlines_of(content: Content) -> list[str]:
    """Of the stories that are shown, the top story's first."""
    told = [
        *([content.top] if content.top else []),
        *(story for section in content.sections for story in section.stories),
    ]
    return [story.headline for story in told]
