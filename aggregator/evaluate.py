"""How good the judgement is, on items that readers have judged: one JSON object a line, plain or gzipped."""

import gzip
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat
from aggregator.annotate.fitting import Example
from aggregator.annotate.naming import names_of
from aggregator.annotate.relevance import observed
from aggregator.annotate.sentences import Sentences
from aggregator.errors import AggregatorError
from aggregator.model import Annotated, Article, DateConfidence, StoredArticle
from aggregator.settings import Camp
from aggregator.text.markup import first_sentence, plain_text

#: From this score on an item counts as relevant, here and where a digest or rule does not say otherwise.
THRESHOLD = 0.5
#: The label of an item that is about the tie; 1 is in passing, 0 not at all.
ABOUT = 2
_BINS = 10


class EvaluationError(AggregatorError):
    """A file of judged items cannot be read; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """An item and what readers said of it."""

    id: str
    language: str
    article: Article
    relevant: bool
    topics: frozenset[str] | None
    """None where nobody judged the topics."""
    ambiguous: bool


class Scored(NamedTuple):
    """A judged item and what the program says of it."""

    item: JudgedItem
    score: float
    topics: frozenset[str]


class Measures(NamedTuple):
    """Figures of a group of items."""

    precision: float
    recall: float
    f1: float
    average_precision: float
    topic_f1: float
    n: int


class Bin(NamedTuple):
    """The items whose scores lie together: how many, their mean score, and the share that is relevant."""

    n: int
    score: float
    share: float


def read_items(file: Path, labels: Mapping[str, int] | None = None) -> list[JudgedItem]:
    """The judged items of a file; `labels` by id for items without one of their own, which are passed over else.

    Raises:
        EvaluationError: the file cannot be read, or a line is no item.
    """
    found = [_item(row, labels or {}, f"{file}, line {row['line']}") for row in read_rows(file)]
    items = [item for item in found if item is not None]
    if not items:
        raise EvaluationError(f"{file}: no item has a label; each line is {{id, lang, title, summary, label}}")
    return items


def read_labels(file: Path) -> dict[str, int]:
    """Labels by item id.

    Raises:
        EvaluationError: the file cannot be read, or a line has no id and label.
    """
    try:
        return {str(row["id"]): int(row["label"]) for row in read_rows(file)}
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(f"{file}: each line needs an id and a label") from error


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, each with its `line`.

    Raises:
        EvaluationError: the file cannot be read, or a line is no object.
    """
    try:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        lines = text.decode("utf-8").splitlines()
    except OSError as error:
        raise EvaluationError(f"{file}: {error.strerror or error}") from error
    except (EOFError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{file}: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield {**json.loads(line), "line": number}
            except (ValueError, TypeError) as error:
                raise EvaluationError(f"{file}, line {number}: not a JSON object") from error


def _item(row: Mapping[str, object], labels: Mapping[str, int], where: str) -> JudgedItem | None:
    own = row.get("label")
    label = labels.get(str(row.get("id"))) if own is None else own
    if label is None:
        return None
    if not isinstance(label, int) or not row.get("id") or row.get("lang") not in ("en", "ru", "zh"):
        raise EvaluationError(f"{where}: an item needs an id, a lang (en, ru, zh) and a label (0, 1, 2)")
    topics = row.get("topics")
    return JudgedItem(
        id=str(row["id"]),
        language=str(row["lang"]),
        article=make_article(str(row.get("title") or ""), str(row.get("summary") or ""), str(row["lang"])),
        relevant=label == ABOUT,
        topics=frozenset(map(str, topics)) if isinstance(topics, list) else None,
        ambiguous=bool(row.get("ambiguous")),
    )


def judged_item(stored: StoredArticle, label: int) -> JudgedItem:
    """An article of the archive as a judged item."""
    return JudgedItem(
        id=f"article {stored.id}",
        language=stored.article.language,
        article=stored.article,
        relevant=label == ABOUT,
        topics=None,
        ambiguous=False,
    )


def make_article(title: str, summary: str, language: str) -> Article:
    """An article of a title and a summary, as a feed would bring them."""
    text = plain_text(summary)
    return Article(
        feed_url="",
        outlet="",
        camp=Camp.OTHER,
        country="",
        language=language,
        url="",
        title=plain_text(title) or first_sentence(text),
        summary=text,
        text="",
        author="",
        published=None,
        date_confidence=DateConfidence.FIRST_SEEN,
        first_seen=datetime(2026, 1, 1, tzinfo=UTC),
        content_hash="",
        keys=(),
    )


def example(item: JudgedItem, beat: Beat) -> Example:
    """What the model sees of an item."""
    article = item.article
    sentences = Sentences(article, names_of(article, beat), beat)
    return Example(item.id, observed(sentences, beat, article.language), item.relevant)


def scored(item: JudgedItem, beat: Beat) -> tuple[Scored, Annotated]:
    """An item as the program annotates it, with the shipped weights."""
    annotated = annotate(item.article, beat)
    return Scored(item, annotated.relevance.score, frozenset(annotated.topics)), annotated


def measure(group: Sequence[Scored]) -> Measures:
    """Precision, recall and F1 of the items about the tie at the threshold, average precision, micro-F1 of topics."""
    said = [one.score >= THRESHOLD for one in group]
    is_so = [one.item.relevant for one in group]
    hits = sum(a and b for a, b in zip(said, is_so, strict=True))
    judged = [one for one in group if one.item.topics is not None and (one.item.relevant or one.item.topics)]
    topic_hits = sum(len(one.topics & (one.item.topics or frozenset())) for one in judged)
    topics_said = sum(len(one.topics) for one in judged)
    topics_true = sum(len(one.item.topics or ()) for one in judged)
    precision, recall = hits / (sum(said) or 1), hits / (sum(is_so) or 1)
    return Measures(
        precision=precision,
        recall=recall,
        f1=f1(precision, recall),
        average_precision=average_precision(group),
        topic_f1=f1(topic_hits / (topics_said or 1), topic_hits / (topics_true or 1)),
        n=len(group),
    )


def average_precision(group: Collection[Scored]) -> float:
    """Mean precision at each relevant item, best scored first; ties in the order of ids."""
    hits, total = 0, 0.0
    for rank, one in enumerate(sorted(group, key=lambda one: (-one.score, one.item.id)), 1):
        if one.item.relevant:
            hits += 1
            total += hits / rank
    return total / (hits or 1)


def calibration(group: Collection[Scored]) -> list[Bin]:
    """The reliability table: ten bins of scores, empty ones left out."""
    bins: list[list[Scored]] = [[] for _ in range(_BINS)]
    for one in group:
        bins[min(int(one.score * _BINS), _BINS - 1)].append(one)
    return [
        Bin(len(b), sum(one.score for one in b) / len(b), sum(one.item.relevant for one in b) / len(b))
        for b in bins
        if b
    ]


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of the two; 0 if both are."""
    return 2 * precision * recall / ((precision + recall) or 1.0)
