"""Pure: what was found in a period → Edition → HTML, text and deliveries."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path

from aggregator.annotate.beat import Beat
from aggregator.model import Delivery, Edition
from aggregator.publish.inlining import html_part_size
from aggregator.publish.render import render_from
from aggregator.publish.subject import subject_line
from aggregator.publish.told_edition import Material, content_of, headlines_of
from aggregator.settings import DigestDefinition

#: Gmail cuts the HTML of a mail off behind 102 KB, as those who make newsletters measured (Gmail documents no figure); with room.
MAIL_BYTES = 100_000
#: Stories of a mail, tried until it fits.
_FITTING = (1000, 60, 40, 30, 20, 12, 6, 3)


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
    content = content_of(
        definition, day, since, until, material, beat=beat, made_by=f"aggregator {versions['program']}"
    )
    shown = [material.stories[story] for story in material.selected.shown]
    headlines = headlines_of(content)
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
    """An edition as a mail's HTML, with so many stories that no mail client cuts it off once its styles are inlined."""
    content: Mapping[str, object] = edition.manifest["content"]  # type: ignore[assignment]  # `edition_of` puts it there
    for most in _FITTING:
        html = render_from(templates, "mail.html", most=most, **content).text
        if html_part_size(html) <= MAIL_BYTES:
            break
    return html


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
