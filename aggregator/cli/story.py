"""`aggregator story ID`: one story in full; `split` and `merge` for what the program got wrong."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from aggregator import pipeline
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.accounts import account_json, print_account
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.publish.account import SILENT_HOURS, silent_camps
from aggregator.publish.telling import read_account


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
    """Show a story: first reports, timeline, reprints, the camps' framing, silence, its affair, and what was edited."""
    store = read_archive(archive_path(config, archive))
    try:
        account = read_account(store, story_id)
        if account is None:
            raise AggregatorError(f"there is no story {story_id} in the archive")
        reports = pipeline.feed_reports(store, load_settings(config)) if config.is_file() else ()
    finally:
        store.close()
    silent = silent_camps(account.story, reports, now=utc_now(), hours=SILENT_HOURS)
    if json:
        output.print_json(account_json(account, silent))
    else:
        print_account(account, silent, SILENT_HOURS)


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
