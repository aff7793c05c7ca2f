"""Options that several commands share, and what they come to."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.settings import Settings

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
ArchiveFile = Annotated[
    Path | None, typer.Option("--archive", "-a", help="The archive; default: as the configuration says.")
]
Since = Annotated[
    str,
    typer.Option(help="Only articles since then: 90d, 12h, 2w, 2026-03-05, 2026-03; default: all.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def settings_of(config: Path, archive: Path | None) -> Settings:
    """The settings, with the archive that the command line names."""
    settings = load_settings(config)
    return replace(settings, archive=archive.absolute()) if archive else settings


def settings_or_shipped(config: Path, archive: Path | None) -> Settings:
    """The settings; where the command line names an archive and no configuration is there, those that ship."""
    if archive and config == DEFAULT_FILE and not config.is_file():
        return Settings(archive=archive.absolute())
    return settings_of(config, archive)


def archive_path(config: Path, archive: Path | None) -> Path:
    """The archive, without need of a configuration where the command line names it."""
    return archive or load_settings(config).archive
