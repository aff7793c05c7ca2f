"""Pure: what lists say of editions: their subjects and headlines, and the page that lists them all."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from aggregator.model import Edition, EditionLine, Story
from aggregator.publish.render import render
from aggregator.publish.subject import subject_line
from aggregator.publish.view import lead_article
from aggregator.settings import DigestDefinition


def with_line(edition: Edition, definition: DigestDefinition, stories: Iterable[Story]) -> Edition:
    """The edition with its subject and headlines in its manifest, where the archive's lists find them."""
    titles = {story.id: lead_article(story).article.title for story in stories}
    headlines = [titles[story] for story in edition.stories]
    line = {"subject": subject_line(definition, edition.date, headlines), "headlines": headlines}
    return replace(edition, manifest={**edition.manifest, **line})


def by_month(lines: Iterable[EditionLine]) -> list[tuple[str, list[EditionLine]]]:
    """(month in words, its editions), in the order given."""
    grouped = groupby(lines, key=lambda line: line.date.replace(day=1))
    return [(month.strftime("%B %Y"), list(members)) for month, members in grouped]


def file_name(line: EditionLine | Edition) -> str:
    """The file of an edition's page within the folder of digests."""
    return f"{line.digest}-{line.date.isoformat()}.html"


def index_page(lines: Sequence[EditionLine], files: Collection[str]) -> str:
    """The list of the editions whose files are there, newest first, as one self-contained page."""
    shown = [line for line in lines if file_name(line) in files]
    return render("index.html", months=by_month(shown), file_name=file_name)
