"""`aggregator run`: everything, on schedule."""

import asyncio
from typing import Annotated

import typer

from aggregator.cli.options import ArchiveFile, Config, settings_of
from aggregator.cli.rounds import play_round, run_forever, tell
from aggregator.cli.service import open_service, service_of
from aggregator.config import DEFAULT_FILE
from aggregator.publish.web.server import bind

app = typer.Typer()


@app.command(epilog="Examples:  aggregator run  ·  aggregator run --once")
def run(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    once: Annotated[bool, typer.Option("--once", help="One round of everything, then end.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the archive page.")] = None,
) -> None:
    """Poll at once and then on schedule, send alerts, make digests at their hour, serve the archive page."""
    settings = settings_of(config, archive)
    with service_of(settings.archive):
        if once:

            async def work() -> None:
                async with open_service(settings) as service:
                    tell(await play_round(service))
                    await service.tidy()

            asyncio.run(work())
            return
        listener = bind(settings.web.port if port is None else port)
        asyncio.run(run_forever(settings, listener))
