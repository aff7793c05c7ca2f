"""Out as lines and in again: exactly, all or nothing, and never from a file that is cut or changed."""

import gzip
import hashlib
import io
import json
import random
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from aggregator.archive.engine import sqlite3
from aggregator.archive.schema import migrations
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.archive.upkeep.checking import check, repair_index
from aggregator.archive.upkeep.moving import export, export_to_file, import_file, import_lines
from aggregator.archive.upkeep.opening import opened
from aggregator.archive.upkeep.tables import content_tables
from aggregator.errors import ArchiveError
from aggregator.model.query import Term
from tests.archive.upkeep.samples import content, kill_after, large_archive, names, whole_archive
from tests.builders import NOW, make_annotated, make_article, make_harvest

_IMPORT = """
import sys
from pathlib import Path
from aggregator.archive.upkeep.moving import import_file

print("begun", flush=True)
import_file(Path(sys.argv[1]), Path(sys.argv[2]))
"""
_EXPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from aggregator.archive.upkeep.moving import export_to_file

print("begun", flush=True)
export_to_file(Path(sys.argv[1]), Path(sys.argv[2]), now=datetime.now(UTC))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    whole_archive(path)
    return path


def exported(archive: Path) -> bytes:
    to = io.BytesIO()
    export(archive, to, now=NOW)
    return to.getvalue()


def imported(data: bytes, path: Path) -> int:
    return import_lines(io.BytesIO(data), "lines", path)


def closed_again(lines: list[bytes]) -> bytes:
    """Lines with a closing line that fits them, as one who knows the format could write."""
    body = b"".join(line + b"\n" for line in lines)
    end = {"end": True, "rows": len(lines) - 1, "sha256": hashlib.sha256(body).hexdigest()}
    return body + json.dumps(end).encode() + b"\n"


@pytest.mark.parametrize("name", ["all.ndjson", "all.ndjson.gz", "all.ndjson.zst"])
def test_an_archive_comes_back_exactly(archive: Path, tmp_path: Path, name: str) -> None:
    file, new = tmp_path / name, tmp_path / "new" / "archive.db"
    rows = export_to_file(archive, file, now=NOW)
    assert import_file(file, new) == rows
    assert content(new) == content(archive)
    assert all(content(archive)[table.name] for table in _tables(archive)), "the sample leaves a table empty"
    assert check(new) == ()
    with closing(open_archive(new)) as again:
        assert again.search(Term("普"), order="newest", limit=9, offset=0).total == 1
    assert names(tmp_path) == {"archive.db", name, "new"}


def _tables(path: Path) -> list[Any]:
    with opened(path) as raw:
        return list(content_tables(raw))


def test_each_line_is_an_object_that_names_its_table(archive: Path) -> None:
    header, *rows, end = map(json.loads, exported(archive).decode().split("\n")[:-1])
    assert (header["export"], header["format"], header["made"]) == ("aggregator", 1, "2026-03-05T12:00:00+00:00")
    assert end["rows"] == len(rows) == sum(header["tables"].values())
    article = next(row for row in rows if row["table"] == "articles")
    assert (article["id"], article["title"]) == (1, "Putin 普京 Путин")
    assert not any("_words" in row["table"] for row in rows)


_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["\0", "a\0b", "\n", "\r\n", "\u2028", '"}', "\x85"]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.tuples(_TEXT, _TEXT, _TEXT), max_size=4),
    number=st.floats(allow_nan=False),
    odd=st.binary(max_size=9) | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.none() | _TEXT,
)
def test_odd_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str, str]], number: float, odd: object
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    with closing(open_archive(folder / "a.db")) as archive:
        made = [
            make_annotated(make_article(title, text=text, summary=more, url=f"https://e.org/{n}", guid=str(n)))
            for n, (title, text, more) in enumerate(texts)
        ]
        archive.save(make_harvest(*made))
    with closing(sqlite3.connect(folder / "a.db")) as raw, raw:
        raw.execute("UPDATE articles SET relevance = ?", (number,))
        raw.execute("UPDATE feed_states SET held_until = ?", (odd,))
    repair_index(folder / "a.db")  # which knows the relevance
    imported(exported(folder / "a.db"), folder / "b.db")
    assert content(folder / "b.db") == content(folder / "a.db")
    assert [list(map(type, row)) for row in content(folder / "b.db")["feed_states"]] == [
        list(map(type, row)) for row in content(folder / "a.db")["feed_states"]
    ]


def test_an_export_of_an_older_version_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = Database(path)
    migrations.apply(old, stop_before="m009_annotation_version")
    old.execute(
        "INSERT INTO articles(id, feed_url, outlet, camp, country, language, url, title, summary, text, author, published,"
        " first_seen, date, content_hash, relevance, annotation) VALUES (1, 'https://e.org', 'E', 'other', 'DE', 'en', '',"
        " 'Old gas', '', 'text', '', NULL, '2025-01-01T00:00:00+00:00', '2025-01-01T00:00:00+00:00', 'h', 0.5,"
        """ '{"mentions": [["vladimir-putin", "title", 0, 1]], "topics": ["energy"], "evidence": [], "keys": ["u1"]}')"""
    )
    old.execute("INSERT INTO article_keys VALUES ('E', 'u1', 1)")
    old.conn.commit()
    old.close()
    imported(exported(path), tmp_path / "new.db")
    with closing(read_archive(tmp_path / "new.db")) as new:
        page = new.search(Term("gas"), order="newest", limit=9, offset=0)
        assert [one.article.title for one in page.articles] == ["Old gas"]
        assert page.articles[0].annotated.topics == ("energy",)
    assert check(tmp_path / "new.db") == ()


# --- what is refused ---------------------------------------------------------------------------


def test_only_an_empty_archive_or_none_takes_an_import(archive: Path, tmp_path: Path) -> None:
    data = exported(archive)
    before = content(archive)
    with pytest.raises(ArchiveError, match="is not empty"):
        imported(data, archive)
    assert content(archive) == before
    empty = tmp_path / "empty.db"
    open_archive(empty).close()
    imported(data, empty)
    assert content(empty) == before


def test_a_file_cut_anywhere_is_noticed_and_nothing_is_kept(archive: Path, tmp_path: Path) -> None:
    data, chance, before = exported(archive), random.Random(1), names(tmp_path)
    ends = [n for n in range(len(data)) if data[n : n + 1] == b"\n"]
    for length in [0, *chance.sample(range(len(data)), 30), *(end + 1 for end in ends[:-1][-12:]), len(data) - 1]:
        with pytest.raises(ArchiveError, match=r"lines, line \d+: .*Nothing was imported"):
            imported(data[:length], tmp_path / "new.db")
    assert names(tmp_path) == before


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_packed_file_that_is_cut_or_damaged_is_noticed(archive: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"all.ndjson{suffix}"
    export_to_file(archive, file, now=NOW)
    whole = file.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255
    for data in (whole[: len(whole) // 2], whole[:-2], bytes(damaged), b"no archive at all\n", b""):
        file.write_bytes(data)
        with pytest.raises(ArchiveError, match="Nothing was imported"):
            import_file(file, tmp_path / "new.db")
    assert names(tmp_path) == {"archive.db", file.name}


def test_a_changed_line_is_noticed_by_the_sum(archive: Path, tmp_path: Path) -> None:
    data = exported(archive)
    changed = data.replace(b"Pipeline", b"Pipelane", 1)
    assert changed != data
    with pytest.raises(ArchiveError, match=r"line \d+: has another sum"):
        imported(changed, tmp_path / "new.db")
    lines = data.splitlines(keepends=True)
    for bad in (
        lines[:2] + lines[3:],
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        [*lines[:3], *lines[2:]],
        [*lines, b"\n"],
    ):
        with pytest.raises(ArchiveError, match="Nothing was imported"):
            imported(b"".join(bad), tmp_path / "new.db")
    assert names(tmp_path) == {"archive.db"}


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda row: {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: {**row, "table": "article_words"}, "is of no table"),
        (lambda row: {**row, "table": ["articles"]}, "is of no table"),
        (lambda row: {**row, "table": "sqlite_master"}, "is of no table"),
        (lambda row: {**row, "more": 1}, "has other columns"),
        (_without("title"), "has other columns"),
        (lambda row: {**row, "title": None}, "cannot be kept .*NOT NULL"),
        (lambda row: {**row, "title": True}, "cannot be kept"),
        (lambda row: {**row, "title": ["a"]}, "cannot be kept"),
        (lambda row: {**row, "title": {"$base64": "?"}}, "cannot be kept"),
        (lambda row: {**row, "id": 2**70}, "cannot be kept"),
        (lambda row: {**row, "id": 4}, "cannot be kept .*UNIQUE"),
        (lambda row: {**row, "id": "one"}, "cannot be kept"),
        (lambda row: [row], "is no object"),
        (lambda row: "text", "is no object"),
    ],
)
def test_a_bad_line_is_told_by_its_number(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    lines = exported(archive).splitlines()[:-1]
    number = next(n for n, line in enumerate(lines) if json.loads(line).get("title", "").startswith("Third"))
    lines[number] = json.dumps(change(json.loads(lines[number]))).encode()
    told = r"\d+" if "UNIQUE" in message else number + 1
    with pytest.raises(ArchiveError, match=f"lines, line {told}: .*{message}"):
        imported(closed_again(lines), tmp_path / "new.db")
    assert names(tmp_path) == {"archive.db"}


@pytest.mark.parametrize(
    "line", [b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"title": "\\ud800"}', b"9" * 9999, b""]
)
def test_a_line_that_is_no_json_is_told_by_its_number(archive: Path, tmp_path: Path, line: bytes) -> None:
    lines = exported(archive).splitlines()[:-1]
    with pytest.raises(ArchiveError, match="lines, line 3: "):
        imported(closed_again([*lines[:2], line, *lines[2:]]), tmp_path / "new.db")


def test_what_points_nowhere_is_refused(archive: Path, tmp_path: Path) -> None:
    lines = [
        line
        for line in exported(archive).splitlines()[:-1]
        if b'"table":"articles"' not in line or b"Third" not in line
    ]
    header = json.loads(lines[0])
    header["tables"]["articles"] -= 1
    lines[0] = json.dumps(header).encode()
    with pytest.raises(ArchiveError, match="points to a row of articles that is not there"):
        imported(closed_again(lines), tmp_path / "new.db")
    header["schema"]["m999_later"] = "2030"
    lines[0] = json.dumps(header).encode()
    with pytest.raises(ArchiveError, match="line 1: was made by a newer version"):
        imported(closed_again(lines), tmp_path / "new.db")
    assert names(tmp_path) == {"archive.db"}


def test_an_export_overwrites_nothing_and_leaves_nothing_unfinished(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "all.ndjson"
    target.write_text("mine")
    with pytest.raises(ArchiveError, match="exists already"):
        export_to_file(archive, target, now=NOW)
    with pytest.raises(ArchiveError, match="there is no archive"):
        export_to_file(tmp_path / "none.db", tmp_path / "other.ndjson", now=NOW)
    assert target.read_text() == "mine"
    assert names(tmp_path) == {"archive.db", "all.ndjson"}


def test_a_packed_export_is_one_that_every_tool_reads(archive: Path, tmp_path: Path) -> None:
    export_to_file(archive, tmp_path / "all.gz", now=NOW + timedelta(0))
    assert gzip.decompress((tmp_path / "all.gz").read_bytes()) == exported(archive)


def test_killed_while_importing_there_is_no_archive_or_all_of_it(tmp_path: Path) -> None:
    path, file, chance = tmp_path / "archive.db", tmp_path / "all.ndjson.zst", random.Random(2)
    large_archive(path)
    kill_after(0.03, _EXPORT, path, file)
    assert not file.exists()
    export_to_file(path, file, now=NOW)
    for n in range(6):
        new = tmp_path / f"new{n}.db"
        kill_after(chance.uniform(0.0, 0.8), _IMPORT, file, new)
        assert not new.exists() or check(new) == ()
    import_file(file, tmp_path / "whole.db")
    assert content(tmp_path / "whole.db") == content(path)
