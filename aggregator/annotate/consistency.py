"""What the concepts of a beat must hold to: one owner of each id and name, three languages, known sides, topics and holders."""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.errors import LexiconError
from aggregator.model import STILL

LANGUAGES = ("en", "ru", "zh")
_NEEDED = frozenset(("id", "kind", "side", "weight"))
#: A day, or the month or year where the day is not known.
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?$")


class Entry(NamedTuple):
    """A concept as written, and the file that it stands in."""

    path: Path
    row: Mapping[str, Any]

    def refused(self, why: str) -> LexiconError:
        """The error that names file, line and entry."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        entry = re.compile(rf"\bid: ['\"]?{re.escape(str(self.row.get('id')))}\b(?!-)")
        line = next((number for number, text in enumerate(lines, 1) if entry.search(text)), 1)
        return LexiconError(f"{self.path}:{line}: concept {self.row.get('id')!r}: {why}")


def check_concepts(entries: Sequence[Entry], sides: AbstractSet[str], topics: AbstractSet[str]) -> None:
    """Refuse concepts that contradict themselves or one another.

    Raises:
        LexiconError: the first that does, with its file and line.
    """
    for entry in entries:
        _check_fields(entry, sides, topics)
        _check_languages(entry)
    _check_ids(entries)
    _check_owners(entries)
    persons = {entry.row["id"] for entry in entries if entry.row["kind"] == "person"}
    for entry in entries:
        _check_holders(entry, persons)


def _check_fields(entry: Entry, sides: AbstractSet[str], topics: AbstractSet[str]) -> None:
    row = entry.row
    if missing := _NEEDED - {key for key, value in row.items() if value}:
        raise entry.refused(f"without {', '.join(sorted(missing))}")
    if row["side"] not in sides or set(row.get("topics", ())) - topics:
        raise entry.refused("unknown side or topic")


def _check_languages(entry: Entry) -> None:
    """Names in each language, or a word on why there are none."""
    lacks = entry.row.get("lacks", {})
    for language in LANGUAGES:
        if bool(entry.row.get(language)) == bool(lacks.get(language)):
            raise entry.refused(f"either names in {language} or the reason: `lacks: {{{language}: …}}`")
    if len(lacks) == len(LANGUAGES):
        raise entry.refused("a name in no language")


def _check_ids(entries: Iterable[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.row["id"] in seen:
            raise entry.refused("stands twice")
        seen.add(entry.row["id"])


def _check_owners(entries: Iterable[Entry]) -> None:
    """A name may have several owners if each of them declares it as shared."""
    owners: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in {str(name).casefold() for language in LANGUAGES for name in entry.row.get(language, ())}:
            owners.setdefault(name, []).append(entry)
    for name, owning in owners.items():
        declared = [name in (str(shared).casefold() for shared in entry.row.get("shared", ())) for entry in owning]
        if len(owning) > 1 and not all(declared):
            others = ", ".join(repr(entry.row["id"]) for entry in owning[:-1])
            raise owning[-1].refused(f"{name!r} belongs to {others} already; `shared: [{name}]` in each allows it")
        if len(owning) == 1 and any(declared):
            raise owning[0].refused(f"{name!r} is declared as shared, and nobody shares it")


def _check_holders(entry: Entry, persons: AbstractSet[str]) -> None:
    """Known persons, one after the other."""
    holders = entry.row.get("holders", ())
    if holders and entry.row["kind"] != "office":
        raise entry.refused("only an office has holders")
    for holder in holders:
        dates = [str(holder[bound]) for bound in ("from", "until") if bound in holder]
        if holder.get("person") not in persons:
            raise entry.refused(f"holder {holder.get('person')!r} is no person of the beat")
        if not all(map(_DATE.match, dates)) or dates != sorted(set(dates)):
            raise entry.refused(f"the dates of {holder['person']!r} are no days in order")
    for earlier, later in pairwise(holders):
        begun = str(later.get("from", ""))
        if not begun or str(earlier.get("until", STILL))[: len(begun)] > begun:
            raise entry.refused(f"{later['person']!r} follows before {earlier['person']!r} has left")
