"""A beat: everything that is known about one pair of countries, ready for matching.

A beat is a folder with `beat.yaml`, concept files (a list of concepts each), `topics.yaml`,
`relations.yaml`, `decoys.yaml` and `weights.json`; `docs/beats.md` describes each.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregator.annotate.consistency import LANGUAGES
from aggregator.annotate.lexicon import load_lexicon
from aggregator.annotate.matcher import Matcher, Name, Names
from aggregator.annotate.version import annotation_version
from aggregator.errors import LexiconError
from aggregator.model import Concept, Side, Tenure

#: Kinds of which a mention is the country or a person of it, and not a name that may hold a country's.
PLAIN_KINDS = frozenset(("country", "person"))
SHIPPED = Path(__file__).parent.parent / "beats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One of the beat's fixed list of topics."""

    id: str
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What words such as «visit» or «ban» say of two sides."""

    polarity: str
    """tie, friction, pressure; against: the words speak against a tie."""
    mutual: bool = False
    """Both take part."""
    presses: bool = False
    """Somebody demands or threatens."""
    helps: bool = False
    """One does something for the other."""
    joint: bool = False
    """What two do together towards others: drills, patrols, vetoes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The relevance model: a logistic regression over named features and over the words of title and lead."""

    version: str
    bias: float
    features: Mapping[str, float]
    words: Mapping[str, Mapping[str, float]]
    """By place, `title` or `lead`: the weights of words and pairs of words."""

    @property
    def all(self) -> dict[str, float]:
        """The weights by one name each: `focus`, `title: word`."""
        placed = {f"{place}: {gram}": weight for place, grams in self.words.items() for gram, weight in grams.items()}
        return {**self.features, **placed}


@dataclass(frozen=True, slots=True)
class Cue:
    """What a topic or relation term, or a phrase such as «both leaders», stands for when the matcher finds it."""

    topic: str = ""
    relation: str = ""
    strong: bool = True
    concept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The pair, its concepts, topics and words."""

    name: str
    version: str
    """Of the annotations that it makes: see `annotate.version`."""
    languages: frozenset[str]
    """What the press of the two sides is written in."""
    concepts: Mapping[str, Concept]
    topics: Mapping[str, Topic]
    relations: Mapping[str, Relation]
    weights: Weights
    offices: frozenset[str]
    """Ids of the concepts that are offices."""
    not_the_holder: tuple[str, ...]
    """Words before an office, folded, that make it another's: «former», «deputy»."""
    matcher: Matcher
    """Claims the names of concepts, and finds cues wherever they stand."""
    side_matcher: Matcher
    """Only the names of the two countries, as they stand inside the names of other concepts."""
    _inside: dict[str, tuple[Side, ...]] = field(default_factory=dict)
    _named_offices: dict[str, bool] = field(default_factory=dict)

    def sides_of(self, concept: Concept, name: str) -> Iterator[tuple[Side, float]]:
        """The sides that a name speaks of, and how surely: its own, and those whose name it holds («coal exports to China»)."""
        may_hold = concept.kind != "country" and (concept.side != "third" or concept.kind == "theme")
        inside = self._sides_inside(name) if may_hold else ()
        # «The Chinese transport minister» is certain, however common the holder's name.
        if concept.kind != "person" or concept.side not in inside:
            yield concept.side, concept.weight
        for side in inside:
            yield side, 1.0

    def _sides_inside(self, name: str) -> tuple[Side, ...]:
        """The sides whose country is named inside the name of another concept («coal exports to China»)."""
        found = self._inside.get(name)
        if found is None:
            sides = (self.concepts[str(hit.meaning)].side for hit in self.side_matcher.find(name).claimed)
            found = self._inside[name] = tuple(dict.fromkeys(sides))
        return found

    def is_office(self, name: str) -> bool:
        """Whether a name in a text is that of an office, and not of who holds it."""
        found = self._named_offices.get(name)
        if found is None:
            hits = self.matcher.find(name).claimed
            found = self._named_offices[name] = any(hit.meaning in self.offices for hit in hits)
        return found

    def speaks_for(self, relation: str) -> bool:
        """Whether a relation is one between two sides; no relation is none."""
        return bool(relation) and self.relations[relation].polarity != "against"

    def speaks_against(self, relation: str) -> bool:
        """Whether a relation's words speak against a tie."""
        return bool(relation) and self.relations[relation].polarity == "against"

    def concept_named(self, name: str) -> str | None:
        """Id of the concept that a name in any of the languages stands for, of an office today's holder; None if it stands for none."""
        # People ask in lower case for what the press writes with a capital.
        for spelled in dict.fromkeys((name, name.title(), name.upper())):
            for hit in self.matcher.find(spelled).claimed:
                if hit.end - hit.start == len(name):
                    concept = self.concepts[str(hit.meaning)]
                    return concept.holder or concept.id
        return None


@lru_cache(maxsize=4)
def load_beat(name: str = "china-russia") -> Beat:
    """Read a beat: the name of one that ships with the program, or a folder.

    Raises:
        LexiconError: a file is missing or unreadable, or the data contradicts itself.
    """
    folder = _folder(name)
    lexicon = load_lexicon(folder)
    head = next(lexicon.rows("head"))
    first, second = head["sides"]
    sides: dict[str, Side] = {first["id"]: "first", second["id"]: "second", "pair": "pair", "third": "third"}
    concepts = {row["id"]: _concept(row, sides) for row in lexicon.rows("concepts")}
    meanings = list(lexicon.rows("concept_meanings"))
    wanted = {n for n, id in enumerate(meanings) if id and _is_side(concepts[id])}
    countries: list[Name] = []
    return Beat(
        name=head["name"],
        version=beat_version(name),
        languages=frozenset(side["language"] for side in head["sides"] if "language" in side),
        concepts=concepts,
        topics={row["id"]: Topic(id=row["id"], name=row["name"]) for row in lexicon.rows("topics")},
        relations={row["id"]: _relation(row) for row in lexicon.rows("relations")},
        weights=_weights(folder / "weights.json"),
        offices=frozenset(id for id, concept in concepts.items() if concept.kind == "office"),
        not_the_holder=tuple(lexicon.rows("not_the_holder")),
        matcher=Matcher(
            claiming=Names(_watched(lexicon.rows("concept_names"), wanted, countries), meanings),
            free=Names(lexicon.rows("cue_names"), [Cue(*row) for row in lexicon.rows("cue_meanings")]),
        ),
        side_matcher=Matcher(claiming=Names(countries, meanings), free=Names([], [])),
    )


def reweighted(name: str, weights: Path) -> Beat:
    """A beat with the relevance weights of a file in the place of its own; the names are shared with `load_beat`.

    Raises:
        LexiconError: as `load_beat`.
    """
    return replace(load_beat(name), weights=_weights(weights), version=annotation_version(_folder(name), weights))


def _is_side(concept: Concept) -> bool:
    return concept.kind == "country" and concept.side in ("first", "second")


def _watched(names: Iterable[Name], wanted: AbstractSet[int], seen: list[Name]) -> Iterator[Name]:
    """The names, of which those with a wanted meaning are remembered: rows are read once."""
    for name in names:
        if not wanted.isdisjoint((*name[1], *(number for _, number in name[2]))):
            seen.append(name)
        yield name


def beat_version(name: str) -> str:
    """The version of the annotations that a beat makes, without loading it.

    Raises:
        LexiconError: there is no such beat, or a file of it cannot be read.
    """
    folder = _folder(name)
    return annotation_version(folder, folder / "weights.json")


def topic_ids(name: str) -> tuple[str, ...]:
    """Ids of the topics of a beat, without loading it.

    Raises:
        LexiconError: as `load_beat`.
    """
    return tuple(row["id"] for row in load_lexicon(_folder(name)).rows("topics"))


def prepare_beat(name: str) -> None:
    """Make the word forms of a beat where that is still to be done, without loading it.

    Raises:
        LexiconError: as `load_beat`.
    """
    load_lexicon(_folder(name))


def _folder(name: str) -> Path:
    folder = SHIPPED / name if (SHIPPED / name).is_dir() else Path(name)
    if not (folder / "beat.yaml").is_file():
        raise LexiconError(f"there is no beat {name!r}: neither a shipped one nor a folder with a beat.yaml")
    return folder


def _concept(row: Mapping[str, Any], sides: Mapping[str, Side]) -> Concept:
    return Concept(
        id=row["id"],
        kind=row["kind"],
        side=sides[row["side"]],
        weight=float(row["weight"]),
        topics=tuple(row.get("topics", ())),
        names={language: tuple(row.get(language, ())) for language in LANGUAGES},
        exact=tuple(row.get("exact", ())),
        holders=tuple(Tenure(*holder) for holder in row.get("holders", ())),
    )


def _relation(row: Mapping[str, Any]) -> Relation:
    return Relation(
        polarity=row["polarity"],
        mutual=bool(row.get("mutual")),
        presses=bool(row.get("presses")),
        helps=bool(row.get("helps")),
        joint=bool(row.get("joint")),
    )


def _weights(path: Path) -> Weights:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        words = {place: _numbers(grams) for place, grams in data.get("words", {}).items()}
        return Weights(
            version=str(data["version"]), bias=float(data["bias"]), features=_numbers(data["features"]), words=words
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LexiconError(f"{path}: {error!r}") from error


def _numbers(weights: Mapping[str, object]) -> dict[str, float]:
    return {str(name): float(str(weight)) for name, weight in weights.items()}
