"""How well stories are linked into affairs, on items whose stories and wider topics readers have judged.

The readers' own stories are linked, in order of time: what is measured is the linking, not the gathering.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from aggregator.annotate.affairs import JOIN, AffairIndex
from aggregator.annotate.beat import Beat
from aggregator.archive.affairs import TOLD
from aggregator.evaluate import read_rows
from aggregator.evaluate_stories import Counts, JudgedArticle, b_cubed, counts
from aggregator.model import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class AffairMeasures:
    """How the affairs of stories agree with the readers': by pair of stories, and by story (B-cubed)."""

    stories: int
    pairs: Counts
    bcubed: Counts


def read_topics(file: Path) -> dict[str, str]:
    """The readers' topic of each item that has one, by the item's id.

    Raises:
        EvaluationError: the file cannot be read.
    """
    return {str(row["id"]): str(row["topic"]) for row in read_rows(file) if row.get("id") and row.get("topic")}


def judged_stories(judged: Sequence[JudgedArticle], topics: Mapping[str, str]) -> tuple[list[Story], dict[int, str]]:
    """The readers' stories, the earliest first, with their first reports as the archive gives them; and their topics."""
    members: dict[str, list[JudgedArticle]] = defaultdict(list)
    for one in judged:
        if one.id in topics:
            members[one.story].append(one)
    stories = [
        Story(id=number, articles=tuple(one.stored for one in told[:TOLD]))
        for number, told in enumerate(members.values(), 1)
    ]
    return stories, {number: topics[told[0].id] for number, told in enumerate(members.values(), 1)}


def link(stories: Sequence[Story], beat: Beat, join: float = JOIN) -> dict[int, int]:
    """The affair of each story, decided as `linking.Linker` does."""
    return {episode.story: episode.affair for episode in AffairIndex(beat, join).place_all(stories)}


def measure_affairs(said: Mapping[int, int], topics: Mapping[int, str]) -> AffairMeasures:
    """Compare affairs with the readers' topics."""
    pairs = [(said[a] == said[b], topics[a] == topics[b]) for a, b in combinations(said, 2)]
    return AffairMeasures(
        stories=len(said), pairs=counts(pairs), bcubed=b_cubed(said, {story: topics[story] for story in said})
    )
