"""The format of an export: NDJSON, a header, a line for each row, a closing line that tells a cut or changed file.

A value that JSON has no form for stands as an object: `{"$base64": "…"}` for bytes, `{"$real": "inf"}` for infinity.
"""

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from aggregator.archive.upkeep.packing import UNREADABLE
from aggregator.errors import ArchiveError

FORMAT = 1
#: Bytes of a line; the longest that we write is an article of 10 MB, in which each character may become six bytes.
_LONGEST = 128 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of an export."""

    program: str
    made: str
    schema: dict[str, str]
    """The migrations of the archive, and when each was applied."""
    tables: dict[str, int]
    """How many rows of each table follow."""

    @property
    def rows(self) -> int:
        """How many lines there are between the first and the last."""
        return sum(self.tables.values())


class Writer:
    """Writes lines, and adds them up."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to, self._sum, self.lines = to, hashlib.sha256(), 0
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_odd).encode

    def write(self, line: Mapping[str, object]) -> None:
        """Write a line."""
        data = f"{self._encode(line)}\n".encode()
        self._to.write(data)
        self._sum.update(data)
        self.lines += 1

    def header(self, header: Header) -> None:
        """Begin."""
        parts = {"program": header.program, "made": header.made, "schema": header.schema, "tables": header.tables}
        self.write({"export": "aggregator", "format": FORMAT, **parts})

    def end(self) -> None:
        """Close."""
        self.write({"end": True, "rows": self.lines - 1, "sha256": self._sum.hexdigest()})


def _odd(value: object) -> object:
    assert isinstance(value, bytes), "SQLite has no other type"
    return {"$base64": base64.b64encode(value).decode()}


def plain(value: object) -> object:
    """A value of SQLite as one that JSON has."""
    return {"$real": str(value)} if isinstance(value, float) and not math.isfinite(value) else value


class Reader:
    """Reads lines, each checked for its form; what is wrong is told with its number."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source, self._name, self._sum = source, name, hashlib.sha256()
        self.number = 0

    def header(self) -> Header:
        """The first line.

        Raises:
            ArchiveError: it is none, or one of a newer program.
        """
        line = self._next()
        if line is None or line.get("export") != "aggregator":
            raise self.wrong("is no header of an export; name a file that `aggregator archive export` has written")
        if line.get("format") != FORMAT:
            raise self.wrong(f"has the format {line.get('format')!r}, and {FORMAT} is known; install a newer program")
        schema, tables = line.get("schema"), line.get("tables")
        if not isinstance(schema, dict) or not isinstance(tables, dict) or not _are_counts(tables):
            raise self.wrong("is a header without schema or tables")
        made = {name: str(when) for name, when in schema.items()}
        return Header(program=str(line.get("program")), made=str(line.get("made")), schema=made, tables=tables)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, up to a closing line that fits.

        Raises:
            ArchiveError: the file is cut, was changed, or goes on behind its end.
        """
        while True:
            digest, line = self._sum.hexdigest(), self._next()
            if line is None:
                self.number += 1
                raise self.wrong("is missing: the file is cut; get it anew")
            if "end" in line:
                break
            yield line
        if line.get("rows") != self.number - 2 or line.get("sha256") != digest:
            raise self.wrong("has another sum than the lines before it: the file was changed or damaged; get it anew")
        if self._read(1):
            self.number += 1
            raise self.wrong("stands behind the end; the file was changed; get it anew")

    def wrong(self, what: str) -> ArchiveError:
        """What is wrong with the line that was read last."""
        return ArchiveError(f"{self._name}, line {self.number}: {what}. Nothing was imported")

    def _next(self) -> dict[str, Any] | None:
        data = self._read(_LONGEST)
        if not data:
            return None
        self.number += 1
        self._sum.update(data)
        if not data.endswith(b"\n"):
            raise self.wrong("does not end: the file is cut, or the line is too long; get it anew")
        try:
            line = json.loads(data, parse_constant=_refused)
        except (ValueError, RecursionError) as error:
            raise self.wrong(f"is not JSON ({error})") from error
        if not isinstance(line, dict):
            raise self.wrong("is no object")
        return line

    def _read(self, most: int) -> bytes:
        try:
            return self._source.readline(most)
        except UNREADABLE as error:
            self.number += 1
            raise self.wrong(f"cannot be read ({error}): the file is cut or damaged; get it anew") from error


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _are_counts(tables: Mapping[str, object]) -> bool:
    return all(isinstance(count, int) and not isinstance(count, bool) for count in tables.values())


def from_plain(value: object) -> object:
    """What `Writer` made of a value of SQLite, as it was.

    Raises:
        ValueError: it is of no such form.
    """
    match value:
        case bool():
            raise ValueError("true and false are no values of the archive")
        case None | int() | float() | str():
            return value
        case {"$base64": str(text), **others} if not others:
            return base64.b64decode(text, validate=True)
        case {"$real": "inf" | "-inf" as text, **others} if not others:
            return float(text)
    raise ValueError(f"{str(value)[:60]!r} is no value of the archive")
