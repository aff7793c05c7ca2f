"""`aggregator poll`: the sources, once, now."""

import asyncio
from typing import Annotated

import typer

from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import open_service
from aggregator.config import DEFAULT_FILE
from aggregator.keeping import PollReport

app = typer.Typer()


@app.command(epilog="Example:  aggregator poll --config feeds.yaml --json")
def poll(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    json: Json = False,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come (for cron).")] = False,
    stories: Annotated[
        bool, typer.Option(help="Gather the articles into stories; else `digest` or `run` does it later.")
    ] = True,
) -> None:
    """Poll the feeds now, read the full texts that they want, and gather their articles into stories. Exit code 1 if every feed failed.

    A feed whose server asked for rest (Retry-After, 410) is left alone even so.
    """
    settings = settings_of(config, archive)

    async def work() -> PollReport:
        async with open_service(settings) as service:
            report = await service.poll(by_command=not due, progress=not json)
            await service.read_full_texts()
            if stories:
                from aggregator import pipeline  # with all that stories need: a third of the time to start

                pipeline.gather(service.archive, settings)
            return report

    report = asyncio.run(work())
    if json:
        output.print_json(output.report_json(report))
    else:
        output.print_report(report)
    if report.results and report.feeds("failed") == len(report.results):
        raise typer.Exit(1)
