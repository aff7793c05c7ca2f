"""`aggregator archive tidy`: texts that are old by the settings go."""

from dataclasses import asdict
from typing import Annotated

import typer

from aggregator.archive.sqlite import open_archive
from aggregator.cli import moves, output
from aggregator.cli.archive import app
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.settings import Retention
from aggregator.tidying import tidy

__all__ = ["app", "moves"]  # the group, with what `moves` has added


@app.command("tidy", epilog="Examples:  aggregator archive tidy --dry-run  ·  aggregator archive tidy --json")
def command(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would go.")] = False,
    json: Json = False,
) -> None:
    """Drop the texts that are old by `retention:` in the configuration; `aggregator run` does it once a day.

    Title, address, dates, story, relevance and evidence of each article stay, and all that people have judged or an
    edition shows. Without rules nothing goes.
    """
    settings, now = settings_of(config, archive), utc_now()
    store = open_archive(settings.archive, must_exist=True)
    try:
        found = store.to_tidy(settings.retention, now)
        if not dry_run:
            with output.article_progress("Dropping texts", found.articles + found.deliveries) as progress:
                found = tidy(store, settings.retention, now, progress=progress)
    finally:
        store.close()
    if json:
        output.print_json({**asdict(found), "dry_run": dry_run})
        return
    if settings.retention == Retention():
        output.out.print(f"{config} has no `retention:`, so all texts are kept", markup=False, soft_wrap=True)
    what = (
        "would lose their texts"
        if dry_run
        else "have lost their texts; `aggregator archive compact` gives the room back"
    )
    output.out.print(
        f"{found.articles:,} articles and {found.deliveries:,} deliveries {what}", markup=False, soft_wrap=True
    )
