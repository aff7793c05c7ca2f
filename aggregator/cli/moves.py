"""`aggregator archive export` and `import`: everything as lines of JSON."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator.archive.upkeep import moving
from aggregator.cli import output
from aggregator.cli.archive import app, telling
from aggregator.cli.options import ArchiveFile, Config, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE

_STANDARD = Path("-")


@app.command(
    "export",
    epilog="Examples:  aggregator archive export all.ndjson.zst  ·  aggregator archive export - | gzip > all.ndjson.gz",
)
def export(
    file: Annotated[
        Path, typer.Argument(help="A new file, compressed if it ends in .gz or .zst; -: standard output.")
    ] = _STANDARD,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
) -> None:
    """Write all that the archive holds as NDJSON, an object a line, also while `aggregator run` is at work.

    The last line holds a sum of the others, so that `import` notices a file that was cut or changed.
    """
    path, now = archive_path(config, archive), utc_now()
    with telling("Exporting") as progress:
        if file != _STANDARD:
            rows = moving.export_to_file(path, file, now=now, progress=progress)
        else:
            try:
                rows = moving.export(path, sys.stdout.buffer, now=now, progress=progress)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                # Who reads has had enough; Python would complain of it when it ends.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None
    output.err.print(f"{rows:,} rows exported", markup=False)


@app.command(
    "import",
    epilog="Examples:  aggregator archive import all.ndjson.zst --archive new.db  ·  zcat all.ndjson.gz | aggregator archive import - -a new.db",
)
def import_(
    file: Annotated[Path, typer.Argument(help="What `aggregator archive export` has written; -: standard input.")],
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
) -> None:
    """Make an archive of an export, all of it or nothing; only where there is none yet, or an empty one."""
    path = archive_path(config, archive)
    with telling("Importing") as progress, telling("Indexing") as indexing:
        if file != _STANDARD:
            rows = moving.import_file(file, path, progress=progress, indexing=indexing)
        else:
            rows = moving.import_lines(sys.stdin.buffer, "standard input", path, progress=progress, indexing=indexing)
    output.out.print(f"{path}: {rows:,} rows imported, index made anew", markup=False, soft_wrap=True)
