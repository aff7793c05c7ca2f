"""`aggregator archive`: keeping the archive's file safe for years."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from aggregator.archive.progress import Progress as Told
from aggregator.archive.upkeep import checking, compacting, copying
from aggregator.archive.upkeep.figures import Figures, figures
from aggregator.archive.upkeep.files import in_mb
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE

app = typer.Typer(
    name="archive", no_args_is_help=True, help="Keep the archive safe: back up, check, move, make smaller."
)


@contextmanager
def telling(title: str) -> Iterator[Told]:
    """A progress bar on stderr."""
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.err, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command(
    epilog="Examples:  aggregator archive backup  ·  aggregator archive backup /mnt/other-disk --keep 14",
)
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(help="A folder or a new file; default: beside the archive, by its name and the time in UTC."),
    ] = None,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Remove older backups of this archive in that folder but so many.")
    ] = None,
    json: Json = False,
) -> None:
    """Copy the archive, also while `aggregator run` is at work, and verify the copy before it has its name.

    What `--keep` removes are files that are named as backups of this archive are, and no others.
    """
    path = archive_path(config, archive)
    with telling("Copying") as progress:
        done = copying.back_up(path, copying.backup_place(path, target, utc_now()), keep=keep, progress=progress)
    if json:
        output.print_json(
            {"path": str(done.path), "bytes": done.size, "rows": done.rows, "pruned": [str(one) for one in done.pruned]}
        )
        return
    output.out.print(
        f"{done.path}: {done.rows.get('articles', 0):,} articles, {in_mb(done.size)}, verified",
        markup=False,
        soft_wrap=True,
    )
    for one in done.pruned:
        output.out.print(f"removed {one}", markup=False, soft_wrap=True)


@app.command(epilog="Example:  aggregator archive restore archive-20260305T030000Z.db")
def restore(
    backup: Annotated[Path, typer.Argument(help="A backup that `aggregator archive backup` has made.")],
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Put a backup in the place of the archive, which stays beside it under a dated name.

    The backup is verified before anything is touched. While another process has the archive open nothing is done: end
    `aggregator run` first.
    """
    path = archive_path(config, archive)
    with telling("Copying") as progress:
        done = copying.restore(backup, path, now=utc_now(), progress=progress)
    if json:
        output.print_json({"path": str(path), "rows": done.rows, "kept": str(done.kept) if done.kept else None})
        return
    output.out.print(f"{path}: {done.rows.get('articles', 0):,} articles, as in {backup}", markup=False, soft_wrap=True)
    if done.kept:
        output.out.print(f"what was there before: {done.kept}", markup=False, soft_wrap=True)


@app.command(epilog="Examples:  aggregator archive check  ·  aggregator archive check --repair")
def check(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the full-text index anew; nothing else is changed.")
    ] = False,
    json: Json = False,
) -> None:
    """Say whether the archive is whole: the file, what points where, the index, stories. Exit code 1 if it is not.

    Nobody has to wait for it. `--repair` is refused while `aggregator run` is at work.
    """
    path = archive_path(config, archive)
    findings = checking.check(path)
    if repair and findings:
        with telling("Indexing") as progress:
            checking.repair_index(path, progress)
        findings = checking.check(path)
    if json:
        output.print_json({"whole": not findings, "findings": [asdict(one) for one in findings]})
    else:
        _print_findings(path, findings)
    if findings:
        raise typer.Exit(1)


def _print_findings(path: Path, findings: Sequence[checking.Finding]) -> None:
    if findings:
        rows = [(one.what, one.do) for one in findings]
        output.print_table(f"{path} is not whole", ("what is wrong", "what to do"), rows)
    else:
        output.out.print(f"{path} is whole", markup=False, soft_wrap=True)


@app.command(epilog="Examples:  aggregator archive stats  ·  aggregator archive stats --json")
def stats(config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False) -> None:
    """Say what the archive holds, how large it is, and which SQLite is in use."""
    found = figures(archive_path(config, archive))
    if json:
        output.print_json({**asdict(found), "path": str(found.path)})
    else:
        _print_figures(found)


def _print_figures(found: Figures) -> None:
    size = "bytes" if found.sizes == "pages" else "bytes of values"
    tables = sorted(found.tables, key=lambda one: -one.size)
    output.print_table(
        f"Tables of {found.path}", ("table", "rows", size), [(t.name, f"{t.rows:,}", f"{t.size:,}") for t in tables]
    )
    bug = (
        "has the WAL-reset bug: let no other program write beside ours"
        if found.wal_reset_bug
        else "without the WAL-reset bug"
    )
    rows = [
        ("file", in_mb(found.size)),
        ("WAL", in_mb(found.wal_size)),
        ("free in the file", in_mb(found.free)),
        ("first and last article", f"{found.oldest or 'none'} – {found.newest or 'none'}"),
        ("articles by language", ", ".join(f"{name} {number:,}" for name, number in found.languages.items()) or "none"),
        ("schema", found.schema),
        ("SQLite", f"{found.sqlite}, {bug}"),
    ]
    output.print_table("In all", ("", ""), rows)


@app.command(epilog="Example:  aggregator archive compact")
def compact(config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False) -> None:
    """Make the file as small as it can be, and the index one piece. Refused while another process has it open.

    The new file takes the place of the old one when it is whole, so there must be room for both.
    """
    path = archive_path(config, archive)
    room = compacting.room_to_compact(path)
    output.err.print(f"needs up to {in_mb(room)} free in {path.absolute().parent}", markup=False, soft_wrap=True)
    done = compacting.compact(path)
    if json:
        output.print_json({"path": str(path), "before": done.before, "after": done.after, "needed": room})
        return
    output.out.print(f"{path}: {in_mb(done.before)} before, {in_mb(done.after)} now", markup=False, soft_wrap=True)
