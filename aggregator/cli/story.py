"""`aggregator story ID`: one story in full; `split` and `merge` for what the program got wrong."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from aggregator import pipeline
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.model import StoredArticle
from aggregator.publish.account import Account, account_of, silent_camps
from aggregator.publish.view import CAMP_NAMES, behind

#: A camp that has said nothing for so long is called silent.
_SILENT_HOURS = 24


class _Stories(TyperGroup):
    """`story 17` is short for `story show 17`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, ["show", *args] if args and args[0].isdigit() else args)


app = typer.Typer(
    name="story",
    cls=_Stories,
    no_args_is_help=True,
    help="One story in full: who had it first, whose words, how the camps tell it. Example:  aggregator story 17",
)

StoryId = Annotated[int, typer.Argument(min=1, max=2**53, metavar="ID", help="Id of the story.")]


@app.command("show", epilog="Example:  aggregator story 17, which is short for  aggregator story show 17")
def show(story_id: StoryId, config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False) -> None:
    """Show a story: timeline, first reports, reprints, the camps' framing, and who is silent."""
    store = read_archive(archive_path(config, archive))
    try:
        story = store.story(story_id)
        if story is None:
            raise AggregatorError(f"there is no story {story_id} in the archive")
        reports = pipeline.feed_reports(store, load_settings(config)) if config.is_file() else ()
    finally:
        store.close()
    silent = silent_camps(story, reports, now=utc_now(), hours=_SILENT_HOURS)
    if json:
        output.print_json(_as_json(account_of(story), silent))
    else:
        _print(account_of(story), silent)


@app.command("split", epilog="Example:  aggregator story split 17 203 204")
def split(
    story_id: StoryId,
    articles: Annotated[list[int], typer.Argument(help="Ids of the articles that do not belong to it.")],
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
) -> None:
    """Take articles out of a story into one of their own; later runs will not bring them together again."""
    store = open_archive(archive_path(config, archive), must_exist=True)
    try:
        founded = store.split_story(story_id, articles, now=utc_now())
    finally:
        store.close()
    if founded is None:
        raise AggregatorError(f"story {story_id} has not all of these articles, or no others beside them")
    output.out.print(f"Story {founded} has them now.")


@app.command("merge", epilog="Example:  aggregator story merge 17 23")
def merge(
    story_id: StoryId,
    other: Annotated[int, typer.Argument(min=1, max=2**53, help="Id of the story that becomes part of it.")],
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
) -> None:
    """Make two stories one. The other's id keeps leading to it."""
    store = open_archive(archive_path(config, archive), must_exist=True)
    try:
        done = store.merge_stories(story_id, other, now=utc_now())
    finally:
        store.close()
    if not done:
        raise AggregatorError(f"stories {story_id} and {other} are not two stories of the archive")
    output.out.print(f"Story {story_id} has the articles of both.")


def _print(account: Account, silent: tuple[str, ...]) -> None:
    story = account.story
    languages = ", ".join(dict.fromkeys(stored.article.language for stored in story.articles))
    output.out.print(f"Story {story.id}: {account.lead.article.title}", markup=False, style="bold", soft_wrap=True)
    output.out.print(
        f"{len(story.articles)} articles, {story.independent_sources} independent sources, languages: {languages}"
    )
    output.print_table(
        "First reports",
        ("first", "outlet", "UTC", "behind", "clock"),
        [(r.of, *_source(r.article), behind(r.minutes_behind), r.confidence) for r in account.ladder],
    )
    output.print_table(
        "Timeline",
        ("id", "outlet", "UTC", "lang", "title", "reprints"),
        [(a.id, *_source(a), a.article.language, a.article.title, a.copy_of or "") for a in story.articles],
    )
    if account.lineage:
        output.print_table(
            "One text, one source",
            ("had it first", "UTC", "reprinted by"),
            [(*_source(one.original), ", ".join(a.article.outlet for a in one.reprints)) for one in account.lineage],
        )
    output.print_table(
        "How the camps tell it",
        ("camp", "n", "headline", "lead", "own words"),
        [
            (f.camp, f.articles, f.lead.article.title, f.summary, ", ".join(f"{term} {n}" for term, n in f.terms))
            for f in account.framing
        ],
    )
    if silent:
        output.out.print(f"Nothing within {_SILENT_HOURS} hours from: {', '.join(silent)}")


def _source(stored: StoredArticle) -> tuple[str, str]:
    return stored.article.outlet, stored.article.date.strftime("%Y-%m-%d %H:%M")


def _as_json(account: Account, silent: tuple[str, ...]) -> dict[str, Any]:
    story = account.story
    return {
        "id": story.id,
        "headline": account.lead.article.title,
        "lead": account.lead.id,
        "independent_sources": story.independent_sources,
        "languages": list(dict.fromkeys(stored.article.language for stored in story.articles)),
        "camps": [framing.camp for framing in account.framing],
        "ladder": [
            {"of": r.of, "article": r.article.id, "minutes_behind": r.minutes_behind, "confidence": r.confidence}
            for r in account.ladder
        ],
        "articles": [
            {
                "id": stored.id,
                "outlet": stored.article.outlet,
                "camp": CAMP_NAMES[stored.article.camp.value],
                "language": stored.article.language,
                "date": stored.article.date.isoformat(),
                "title": stored.article.title,
                "url": stored.article.url,
                "copy_of": stored.copy_of,
            }
            for stored in story.articles
        ],
        "framing": [
            {
                "camp": framing.camp,
                "articles": framing.articles,
                "headline": framing.lead.article.title,
                "lead": framing.summary,
                "terms": dict(framing.terms),
            }
            for framing in account.framing
        ],
        "silent": list(silent),
    }
