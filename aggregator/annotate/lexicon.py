"""The data files of a beat → one plain structure that can be kept as JSON.

Reading 2,900 concepts and making their 120,000 word forms takes three seconds, so the result is kept
in the user's cache folder under a name that changes with the files, the rules and the dictionary.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

import platformdirs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from aggregator.annotate.consistency import LANGUAGES, Entry, check_concepts
from aggregator.annotate.matcher import Name, Pattern, prepare
from aggregator.annotate.wordforms import RULES, word_forms
from aggregator.errors import LexiconError
from aggregator.model import STILL
from aggregator.text.fold import fold

_END = b"[]\n"
#: The files of a beat that do not hold concepts.
_OTHER_FILES = {"beat.yaml", "topics.yaml", "relations.yaml", "decoys.yaml", "phrases.yaml"}


class Rows(TypedDict):
    """What the files say: rows as written, and the patterns made of them."""

    head: list[dict[str, Any]]
    """One row."""
    concepts: list[dict[str, Any]]
    topics: list[dict[str, Any]]
    relations: list[dict[str, Any]]
    concept_names: list[Name]
    """Their numbers are places in `concept_meanings`."""
    concept_meanings: list[str | None]
    """Ids of concepts; None for a decoy."""
    cue_names: list[Name]
    cue_meanings: list[tuple[str, str, bool, str]]
    """(topic or "", relation or "", whether it decides alone, concept that it stands for or "")"""
    not_the_holder: list[str]
    """Words before an office that make it another's."""


Part = Literal[
    "head",
    "concepts",
    "topics",
    "relations",
    "concept_names",
    "concept_meanings",
    "cue_names",
    "cue_meanings",
    "not_the_holder",
]


class Lexicon:
    """The rows of a beat, read from the kept file as they are asked for: all at once take 54 MB in each process."""

    def __init__(self, kept: Path, rows: Rows | None = None) -> None:
        self._kept = kept
        self._rows = rows

    def rows(self, part: Part) -> Iterator[Any]:
        """The rows of one part, in order."""
        if self._rows is not None:
            yield from self._rows[part]
            return
        with self._kept.open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith(f'["{part}"'):
                    yield from json.loads(line)[1]


def load_lexicon(folder: Path) -> Lexicon:
    """What a beat's folder says; made anew and kept where nothing of it is.

    Raises:
        LexiconError: a file is missing or unreadable, or the data contradicts itself.
    """
    kept = platformdirs.user_cache_path("aggregator") / f"lexicon-{fingerprint(folder)}.jsonl"
    if _is_whole(kept):
        return Lexicon(kept)
    rows = read_lexicon(folder)
    _keep(kept, rows)
    return Lexicon(kept, rows)


def _is_whole(kept: Path) -> bool:
    try:
        with kept.open("rb") as file:
            file.seek(-len(_END), os.SEEK_END)
            return file.read() == _END
    except OSError:
        return False


def _keep(path: Path, rows: Rows) -> None:
    """Keep the rows, a thousand in a line; a cache that cannot be written only costs time at the next start."""
    part = path.with_suffix(f".{id(rows)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            for name, values in cast("dict[str, list[object]]", rows).items():
                for start in range(0, len(values), 1000):
                    file.write(json.dumps([name, values[start : start + 1000]], ensure_ascii=False) + "\n")
            file.write(_END.decode())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def fingerprint(folder: Path) -> str:
    """A short hash of the lexicon in a folder: its files, the rules that make word forms, and their dictionary."""
    digest = hashlib.blake2b(f"{RULES}|{version('pymorphy3')}|{version('pymorphy3-dicts-ru')}".encode(), digest_size=8)
    for path in sorted(folder.glob("*.yaml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def read_lexicon(folder: Path) -> Rows:
    """Read and check the files of a beat."""
    head, phrases = _read(folder / "beat.yaml"), _read(folder / "phrases.yaml")
    entries = [Entry(path, row) for path in _concept_files(folder) for row in _rows(path)]
    topics, relations = _rows(folder / "topics.yaml"), _rows(folder / "relations.yaml")
    sides = {*(side["id"] for side in head["sides"]), "pair", "third"}
    check_concepts(entries, sides, {topic["id"] for topic in topics})
    concepts = [_with_tenures(entry.row) for entry in entries]
    if phrases["pair"]["concept"] not in {row["id"] for row in concepts if row["side"] == "pair"}:
        raise LexiconError(f"{folder / 'phrases.yaml'}: the pair's concept is none of side `pair`")
    names = prepare(_concept_patterns(concepts, _read(folder / "decoys.yaml")))
    cues = prepare(chain(_topic_patterns(topics), _relation_patterns(relations), _pair_patterns(phrases["pair"])))
    return {
        "head": [head],
        "concepts": concepts,
        "topics": [{"id": topic["id"], "name": topic["name"]} for topic in topics],
        "relations": [{key: value for key, value in row.items() if key not in LANGUAGES} for row in relations],
        "concept_names": list(names.names),
        "concept_meanings": cast("list[str | None]", names.meanings),
        "cue_names": list(cues.names),
        "cue_meanings": cast("list[tuple[str, str, bool, str]]", cues.meanings),
        "not_the_holder": _forms(phrases["not_the_holder"]),
    }


def _concept_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.yaml")) if path.name not in _OTHER_FILES]


def _read(path: Path) -> Any:
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise LexiconError(f"{path}: {error}") from error


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = _read(path)
    if not isinstance(rows, list):
        raise LexiconError(f"{path}: a list is expected")
    return rows


def _with_tenures(row: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with its holders as plain (person, since, until)."""
    if "holders" not in row:
        return dict(row)
    holders = [[holder["person"], _since(holder), str(holder.get("until", STILL))] for holder in row["holders"]]
    return {**row, "holders": holders}


def _since(holder: Mapping[str, Any]) -> str:
    """Of a month or year alone only what lies outside is sure: «2023-10~~~» sorts behind all of its days, «2023-10» before."""
    return str(holder["from"]).ljust(len("2023-10-15"), "~") if "from" in holder else ""


def _concept_patterns(concepts: Iterable[Mapping[str, Any]], decoys: Mapping[str, Iterable[str]]) -> Iterator[Pattern]:
    for row in concepts:
        exact = set(row.get("exact", ()))
        person, office = row["kind"] == "person", row["kind"] == "office"
        for language in LANGUAGES:
            for name in row.get(language, ()):
                for form in word_forms(name, language, person=person, singular=office):
                    yield Pattern(form, row["id"], cased=name in exact)
        for name in exact:
            yield Pattern(name, row["id"], cased=True)
    for language, names in decoys.items():
        for name in names:
            for form in word_forms(name, language):
                yield Pattern(form, None)


def _topic_patterns(topics: Iterable[Mapping[str, Any]]) -> Iterator[Pattern]:
    for topic in topics:
        for key, strong in (("terms", True), ("weak", False)):
            for language, terms in topic.get(key, {}).items():
                for term in terms:
                    for form in word_forms(term, language):
                        yield Pattern(form, (topic["id"], "", strong, ""))


def _relation_patterns(relations: Iterable[Mapping[str, Any]]) -> Iterator[Pattern]:
    for row in relations:
        for language in LANGUAGES:
            for term in row[language]:
                for form in word_forms(term, language):
                    yield Pattern(form, ("", row["id"], True, ""))


def _pair_patterns(pair: Mapping[str, Any]) -> Iterator[Pattern]:
    for form in _forms({language: pair[language] for language in LANGUAGES}):
        yield Pattern(form, ("", "", True, pair["concept"]))


def _forms(words: Mapping[str, Iterable[str]]) -> list[str]:
    """All forms of words that are listed by language, folded."""
    forms = (form for language, listed in words.items() for word in listed for form in word_forms(word, language))
    return list(dict.fromkeys(fold(form) for form in forms))
