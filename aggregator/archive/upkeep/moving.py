"""Everything that an archive holds out as lines of JSON, and in again, exactly; of any length, in little memory."""

from datetime import datetime
from pathlib import Path
from typing import IO

from sqlite_utils import Database

import aggregator
from aggregator.archive.engine import sqlite3
from aggregator.archive.indexing import reindex
from aggregator.archive.progress import Progress, unseen
from aggregator.archive.rows import store_time
from aggregator.archive.schema import migrations
from aggregator.archive.upkeep.checking import check
from aggregator.archive.upkeep.copying import told
from aggregator.archive.upkeep.files import publish, put_in_place, refuse_existing, unfinished
from aggregator.archive.upkeep.lines import Header, Reader, Writer, from_plain, plain
from aggregator.archive.upkeep.opening import known_schema, new_file, opened, schema_of, snapshot
from aggregator.archive.upkeep.packing import packed, unpacked
from aggregator.archive.upkeep.solitude import alone
from aggregator.archive.upkeep.tables import Table, content_tables, row_counts
from aggregator.errors import ArchiveError

#: Rows between two looks at the progress.
_TOLD = 1000


# --- out ---


def export_to_file(archive: Path, target: Path, *, now: datetime, progress: Progress = unseen) -> int:
    """Export to a file, compressed if its name says so; returns how many rows.

    Raises:
        ArchiveError: the file exists, or cannot be written.
    """
    refuse_existing(target)
    with unfinished(target) as part:
        with part.open("wb") as raw, packed(raw, target.name) as to:
            rows = export(archive, to, now=now, progress=progress)
        publish(part, target)
    return rows


def export(archive: Path, to: IO[bytes], *, now: datetime, progress: Progress = unseen) -> int:
    """Write all of an archive as it is at this moment, but the index; returns how many rows."""
    with opened(archive) as connection, snapshot(connection):
        writer, tables = Writer(to), content_tables(connection)
        header = Header(
            program=aggregator.__version__,
            made=store_time(now),
            schema=schema_of(connection),
            tables=row_counts(connection),
        )
        writer.header(header)
        for table in tables:
            _write_rows(connection, table, writer, header, progress)
        writer.end()
    return header.rows


def _write_rows(
    connection: sqlite3.Connection, table: Table, writer: Writer, header: Header, progress: Progress
) -> None:
    assert "table" not in table.columns, "its name would hide the table's"
    names = table.columns
    for row in connection.execute(table.select):
        writer.write({"table": table.name, **dict(zip(names, map(plain, row), strict=True))})
        if not writer.lines % _TOLD:
            progress(writer.lines, header.rows)


# --- in ---


def import_file(source: Path, archive: Path, *, progress: Progress = unseen, indexing: Progress = unseen) -> int:
    """Import a file, unpacked if its name says so; returns how many rows.

    Raises:
        ArchiveError: the archive is not empty; the file cannot be read, is cut, changed or does not fit, with its line.
    """
    try:
        with source.open("rb") as raw, unpacked(raw, source.name) as lines:
            return import_lines(lines, str(source), archive, progress=progress, indexing=indexing)
    except OSError as error:
        raise ArchiveError(f"{source}: {error.strerror or error}") from error


def import_lines(
    source: IO[bytes], name: str, archive: Path, *, progress: Progress = unseen, indexing: Progress = unseen
) -> int:
    """Make an archive of what `export` wrote, all of it or nothing: in a file beside, which takes its place when it is whole.

    Raises:
        ArchiveError: as `import_file`.
    """
    _require_empty(archive)
    reader = Reader(source, name)
    header = reader.header()
    with unfinished(archive) as part:
        with new_file(part) as connection:
            db = Database(connection)
            _make_tables(db, header, reader)
            _read_rows(connection, header, reader, progress)
            _finish(db, header, indexing)
        if findings := check(part):
            raise ArchiveError(f"{name} does not hold a whole archive, so nothing was imported: {told(findings)}")
        with alone(archive) as former:
            if former and any(row_counts(former).values()):
                raise _not_empty(archive)
            put_in_place(part, archive)
    return header.rows


def _require_empty(archive: Path) -> None:
    if archive.exists() and archive.stat().st_size:
        with opened(archive) as connection:
            counts = row_counts(connection)
        if any(counts.values()):
            raise _not_empty(archive)


def _not_empty(archive: Path) -> ArchiveError:
    return ArchiveError(f"archive {archive} is not empty; name one that is not there yet, by --archive")


def _make_tables(db: Database, header: Header, reader: Reader) -> None:
    """The tables as they were where the export was made, so that an old one is upgraded as an old archive is."""
    known = known_schema()
    exported = tuple(name for name in known if name in header.schema)
    if len(exported) != len(header.schema):
        raise reader.wrong("was made by a newer version of the program; install that one")
    if exported != known[: len(exported)]:
        raise reader.wrong("was made by a version of the program whose changes came in another order")
    following = known[len(exported) :][:1]
    migrations.apply(db, stop_before=following)
    tables = {table.name for table in content_tables(db.conn)}
    if tables != set(header.tables):
        raise reader.wrong(f"names other tables than there are: {', '.join(sorted(tables ^ set(header.tables)))}")


def _read_rows(connection: sqlite3.Connection, header: Header, reader: Reader, progress: Progress) -> None:
    tables, counts = {table.name: table for table in content_tables(connection)}, dict.fromkeys(header.tables, 0)
    connection.execute("BEGIN")
    for row in reader.rows():
        table = tables.get(str(row.pop("table", "")))
        if table is None or set(row) != set(table.columns):
            raise reader.wrong("is of no table that there is, or has other columns")
        try:
            connection.execute(table.insert, [from_plain(row[name]) for name in table.columns])
        except (ValueError, OverflowError, sqlite3.DatabaseError) as error:
            raise reader.wrong(f"cannot be kept ({error})") from error
        counts[table.name] += 1
        if not reader.number % _TOLD:
            progress(reader.number, header.rows)
    if counts != header.tables:
        raise reader.wrong("ends a file with other numbers of rows than its header tells")
    connection.execute("COMMIT")


def _finish(db: Database, header: Header, indexing: Progress) -> None:
    migrations.apply(db)
    db.execute("BEGIN")
    db.conn.executemany(
        "UPDATE _sqlite_migrations SET applied_at = ? WHERE name = ?",
        [(when, name) for name, when in header.schema.items()],
    )
    reindex(db, indexing)
    db.conn.execute("COMMIT")
