"""A beat: everything that is known about one pair of countries, ready for matching.

A beat is a folder with `beat.yaml`, concept files (a list of concepts each), `topics.yaml`,
`relations.yaml`, `decoys.yaml` and `weights.json`; `docs/beats.md` describes each.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregator.annotate.lexicon import LANGUAGES, load_lexicon
from aggregator.annotate.matcher import Matcher, Names
from aggregator.errors import LexiconError
from aggregator.model import Concept, Side

SHIPPED = Path(__file__).parent.parent / "beats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One of the beat's fixed list of topics."""

    id: str
    name: Mapping[str, str]


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
    """The pair, its concepts, topics and words."""

    name: str
    concepts: Mapping[str, Concept]
    topics: Mapping[str, Topic]
    polarities: Mapping[str, str]
    """Relation → tie | friction | pressure | against."""
    weights: Weights
    matcher: Matcher
    """Claims the names of concepts, and finds cues wherever they stand."""

    def concept_named(self, name: str) -> str | None:
        """Id of the concept that a name in any of the languages stands for; None if it stands for none."""
        found = [hit for hit in self.matcher.find(name).claimed if hit.end - hit.start == len(name)]
        return str(found[0].meaning) if found else None


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
    return Beat(
        name=head["name"],
        concepts={row["id"]: _concept(row, sides) for row in lexicon.rows("concepts")},
        topics={row["id"]: Topic(id=row["id"], name=row["name"]) for row in lexicon.rows("topics")},
        polarities={row["id"]: row["polarity"] for row in lexicon.rows("relations")},
        weights=_weights(folder / "weights.json"),
        matcher=Matcher(
            claiming=Names(lexicon.rows("concept_names"), list(lexicon.rows("concept_meanings"))),
            free=Names(lexicon.rows("cue_names"), [Cue(*row) for row in lexicon.rows("cue_meanings")]),
        ),
    )


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
        names={language: tuple(row[language]) for language in LANGUAGES},
        exact=tuple(row.get("exact", ())),
    )


def _weights(path: Path) -> Weights:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Weights(version=data["version"], bias=data["bias"], features=data["features"])
    except (OSError, ValueError, KeyError) as error:
        raise LexiconError(f"{path}: {error!r}") from error
