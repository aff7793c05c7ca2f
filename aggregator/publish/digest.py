"""Pure: what was found in a period → Edition → HTML, text and deliveries."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.annotate.beat import Beat
from aggregator.model import DayVolume, Delivery, Edition, Notice, RankedStory, Story
from aggregator.publish.compose import Telling, noted_story, told_story
from aggregator.publish.content import Alerted, Content, Coverage, ToldSection, ToldStory, WeekDay
from aggregator.publish.inlining import inlined
from aggregator.publish.numbers import coverage_of, numbers_of
from aggregator.publish.render import render_from
from aggregator.publish.selection import Selected
from aggregator.publish.subject import subject_line
from aggregator.publish.view import LANGUAGES, FeedReport
from aggregator.settings import DigestDefinition

#: Gmail cuts a mail's HTML off behind 102 KB (https://developers.google.com/gmail, measured by many); with room for the rest of it.
MAIL_BYTES = 100_000
#: Stories of a mail, tried until it fits.
_FITTING = (1000, 60, 40, 30, 20, 12, 6, 3)
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


def make_edition(
    definition: DigestDefinition,
    day: date,
    since: datetime,
    until: datetime,
    material: Material,
    *,
    beat: Beat,
    versions: Mapping[str, str],
    templates: Path | None = None,
) -> Edition:
    """Write the edition of a local date; the same input gives the same bytes.

    `versions` tell by what it was judged and made; `templates` is a folder of an operator's own.
    """
    content = _content(definition, day, since, until, material, beat=beat, made_by=f"aggregator {versions['program']}")
    shown = [material.stories[story] for story in material.selected.shown]
    headlines = _headlines(content)
    return edition_of(
        plainly(asdict(content)),
        Edition(
            digest=definition.name,
            date=day,
            since=since,
            until=until,
            html="",
            text="",
            stories=tuple(story.id for story in shown),
            manifest={
                "subject": subject_line(definition, day, headlines),
                "headlines": headlines,
                "problems": list(material.problems),
                "versions": dict(versions),
                "definition": plainly(asdict(definition)),
                "articles": {str(a.id): a.article.content_hash for story in shown for a in story.articles},
                "feeds": {report.feed.url: report.state.health.value for report in material.feeds},
            },
        ),
        templates,
    )


def _headlines(content: Content) -> list[str]:
    """Of the stories that are shown, the top story's first."""
    told = [
        *([content.top] if content.top else []),
        *(story for section in content.sections for story in section.stories),
    ]
    return [story.headline for story in told]


def plainly(values: Mapping[str, object]) -> dict[str, object]:
    """Values as JSON gives them back."""
    plain: dict[str, object] = json.loads(json.dumps(values))
    return plain


def edition_of(content: Mapping[str, object], bare: Edition, templates: Path | None = None) -> Edition:
    """An edition with its content, as plain values, and what is rendered of it; problems of templates are added to its own."""
    html, text = (render_from(templates, name, **content) for name in ("digest.html", "digest.txt"))
    problems = [*problems_of(bare), *(one.problem for one in (html, text) if one.problem)]
    manifest = {**bare.manifest, "problems": list(dict.fromkeys(problems)), "content": content}
    return replace(bare, html=html.text, text=text.text, manifest=manifest)


def problems_of(edition: Edition) -> tuple[str, ...]:
    """What was wrong with translation and templates when it was made."""
    problems = edition.manifest.get("problems", ())
    return tuple(map(str, problems)) if isinstance(problems, list | tuple) else ()


def mail_html(edition: Edition, templates: Path | None = None) -> str:
    """An edition as a mail's HTML, with so many stories that no mail client cuts it off."""
    content: Mapping[str, object] = edition.manifest["content"]  # type: ignore[assignment]  # `edition_of` puts it there
    for most in _FITTING:
        html = inlined(render_from(templates, "mail.html", most=most, **content).text)
        if len(html.encode()) <= MAIL_BYTES:
            break
    return html


def _content(
    definition: DigestDefinition,
    day: date,
    since: datetime,
    until: datetime,
    material: Material,
    *,
    beat: Beat,
    made_by: str,
) -> Content:
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


def edition_deliveries(
    edition: Edition, definition: DigestDefinition, folder: Path, now: datetime, templates: Path | None = None
) -> tuple[Delivery, ...]:
    """The files and mails that bring an edition to its readers."""
    subject = str(edition.manifest.get("subject") or edition.key)  # editions of before lists were made have none
    stem = folder / f"{edition.digest}-{edition.date.isoformat()}"

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

    if definition.when_empty == "skip" and not edition.stories:
        return ()
    made: list[Delivery] = []
    if "file" in definition.outputs:
        made += [delivery("file", f"{stem}.html", "", edition.html), delivery("file", f"{stem}.txt", edition.text, "")]
    if "mail" in definition.outputs and definition.recipients:
        html = mail_html(edition, templates)
        made += [delivery("mail", to, edition.text, html) for to in definition.recipients]
    return tuple(made)
