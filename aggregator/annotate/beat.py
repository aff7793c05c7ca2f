"""A beat: everything that is known about one pair of countries, read from data files.

A beat is a folder with `beat.yaml`, concept files (a list of concepts each), `topics.yaml`,
`relations.yaml`, `decoys.yaml` and `weights.json`; `docs/beats.md` describes each.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from ruamel.yaml import YAML, YAMLError

from aggregator.annotate.matcher import Matcher, Pattern
from aggregator.annotate.wordforms import WordForms
from aggregator.errors import LexiconError
from aggregator.model import Concept, Side
from aggregator.settings import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
SHIPPED = Path(__file__).parent.parent / "beats"
#: The files of a beat that do not hold concepts.
_OTHER_FILES = {"beat.yaml", "topics.yaml", "relations.yaml", "decoys.yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One of the beat's fixed list of topics."""

    id: str
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A group of words that tie two sides together, or speak against a tie."""

    id: str
    polarity: str  # tie | friction | pressure | against


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The relevance model: a logistic regression over named features."""

    version: str
    bias: float
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cue:
    """What a topic or relation term stands for when the matcher finds it."""

    topic: str = ""
    relation: str = ""
    strong: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The pair, its concepts, topics and words, ready for matching."""

    name: str
    sides: Mapping[str, Side]
    side_names: Mapping[Side, str]
    countries: Mapping[Side, str]
    concepts: Mapping[str, Concept]
    topics: Mapping[str, Topic]
    relations: Mapping[str, Relation]
    weights: Weights
    concept_matcher: Matcher
    cue_matcher: Matcher

    def concept_named(self, name: str) -> str | None:
        """Id of the concept that a name in any of the languages stands for; None if it stands for none."""
        found = [hit for hit in self.concept_matcher.find(name) if hit.end - hit.start == len(name)]
        return str(found[0].meaning) if found else None


@lru_cache(maxsize=4)
def load_beat(name: str = "china-russia") -> Beat:
    """Read a beat: the name of one that ships with the program, or a folder.

    Raises:
        LexiconError: a file is missing or unreadable, or the data contradicts itself.
    """
    folder = SHIPPED / name if (SHIPPED / name).is_dir() else Path(name)
    if not (folder / "beat.yaml").is_file():
        raise LexiconError(f"there is no beat {name!r}: neither a shipped one nor a folder with a beat.yaml")
    head = _read(folder / "beat.yaml")
    sides: dict[str, Side] = {
        head["sides"][0]["id"]: "first",
        head["sides"][1]["id"]: "second",
        "pair": "pair",
        "third": "third",
    }
    concepts = _concepts(folder, sides)
    topics = {row["id"]: Topic(id=row["id"], name=row["name"]) for row in _read(folder / "topics.yaml")}
    if unknown := {topic for concept in concepts.values() for topic in concept.topics} - set(topics):
        raise LexiconError(f"{folder}: topics that topics.yaml does not list: {', '.join(sorted(unknown))}")
    forms = WordForms.load(folder.name)
    beat = Beat(
        name=head["name"],
        sides=sides,
        side_names={side: row["name"] for side, row in zip(("first", "second"), head["sides"], strict=True)},
        countries={side: row["country"] for side, row in zip(("first", "second"), head["sides"], strict=True)},
        concepts=concepts,
        topics=topics,
        relations={
            row["id"]: Relation(id=row["id"], polarity=row["polarity"]) for row in _read(folder / "relations.yaml")
        },
        weights=_weights(folder / "weights.json"),
        concept_matcher=Matcher([*_concept_patterns(concepts.values(), forms), *_decoys(folder, forms)]),
        cue_matcher=Matcher(_cue_patterns(folder, forms), overlapping=True),
    )
    forms.save()
    return beat


def _read(path: Path) -> Any:
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise LexiconError(f"{path}: {error}") from error


def _weights(path: Path) -> Weights:
    data = json.loads(path.read_text(encoding="utf-8"))
    return Weights(version=data["version"], bias=data["bias"], features=data["features"])


def _concepts(folder: Path, sides: Mapping[str, Side]) -> dict[str, Concept]:
    concepts: dict[str, Concept] = {}
    owners: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for row in _read(path) if path.name not in _OTHER_FILES else ():
            concept = _concept(path, row, sides)
            if concept.id in concepts:
                raise LexiconError(f"{path}: concept {concept.id!r} stands twice")
            for name in {n.casefold() for names in concept.names.values() for n in names}:
                if name in owners:
                    raise LexiconError(f"{path}: {name!r} belongs to {owners[name]!r} and to {concept.id!r}")
                owners[name] = concept.id
            concepts[concept.id] = concept
    return concepts


def _concept(path: Path, row: Mapping[str, Any], sides: Mapping[str, Side]) -> Concept:
    try:
        return Concept(
            id=row["id"],
            kind=row["kind"],
            side=sides[row["side"]],
            weight=float(row["weight"]),
            topics=tuple(row.get("topics", ())),
            names={language: tuple(row[language]) for language in LANGUAGES},
            exact=tuple(row.get("exact", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LexiconError(f"{path}: concept {row.get('id')!r}: {error!r}") from error


def _concept_patterns(concepts: Iterable[Concept], forms: WordForms) -> Iterator[Pattern]:
    for concept in concepts:
        for language, names in concept.names.items():
            for name in names:
                for form in forms.of(name, language, person=concept.kind == "person"):
                    yield Pattern(form, concept.id, cased=name in concept.exact)
        for name in concept.exact:
            yield Pattern(name, concept.id, cased=True)


def _decoys(folder: Path, forms: WordForms) -> Iterator[Pattern]:
    for language, decoys in _read(folder / "decoys.yaml").items():
        for decoy in decoys:
            for form in forms.of(decoy, language):
                yield Pattern(form, None)


def _cue_patterns(folder: Path, forms: WordForms) -> Iterator[Pattern]:
    for topic in _read(folder / "topics.yaml"):
        for key, strong in (("terms", True), ("weak", False)):
            cue = Cue(topic=topic["id"], strong=strong)
            for language, terms in topic.get(key, {}).items():
                yield from (Pattern(form, cue) for term in terms for form in forms.of(term, language))
    for relation in _read(folder / "relations.yaml"):
        cue = Cue(relation=relation["id"])
        for language in LANGUAGES:
            yield from (Pattern(form, cue) for term in relation[language] for form in forms.of(term, language))
