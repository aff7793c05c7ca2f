"""Relevance beside simple baselines, on judged items, by the same five-fold cross-validation.

    pip install scikit-learn
    python benchmarks/relevance.py JUDGED.jsonl [JUDGED.jsonl …] [--beside POOL.jsonl.gz --labels LABELS.jsonl]

Baselines: both countries named anywhere; both in the title; a logistic regression on character n-grams of title and
summary with flags of co-mention. Countries count by all names that the lexicon has for them and for the pair.
"""

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from aggregator.annotate.beat import Beat, load_beat
from aggregator.annotate.concepts import find_names
from aggregator.annotate.fitting import FOLDS, cross_validated
from aggregator.evaluate import JudgedItem, Scored, example, measure, read_items, read_labels

Scores = Mapping[str, float]


def named(item: JudgedItem, beat: Beat, *, title_only: bool) -> float:
    """1 where both countries are named, else 0."""
    sides = set()
    for mention in find_names(item.article.title, "" if title_only else item.article.body, beat).mentions:
        concept = beat.concepts[mention.concept]
        if concept.kind == "country":
            sides.add(concept.side)
    return float("pair" in sides or {"first", "second"} <= sides)


def by_ngrams(items: Sequence[JudgedItem], beat: Beat) -> Scores:
    """Cross-validated scores of character n-grams and flags."""
    texts = [f"{item.article.title}\n{item.article.body}".lower() for item in items]
    flags = csr_matrix([[named(i, beat, title_only=True), named(i, beat, title_only=False)] for i in items])
    fold = [hashlib.sha256(f"0 {item.id}".encode()).digest()[0] % FOLDS for item in items]
    scores: dict[str, float] = {}
    for number in range(FOLDS):
        seen = [n for n, f in enumerate(fold) if f != number]
        held = [n for n, f in enumerate(fold) if f == number]
        grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True)
        left = hstack([grams.fit_transform([texts[n] for n in seen]), flags[seen]])
        right = hstack([grams.transform([texts[n] for n in held]), flags[held]])
        model = LogisticRegression(C=4, max_iter=1000).fit(left, [items[n].relevant for n in seen])
        scores |= dict(zip([items[n].id for n in held], model.predict_proba(right)[:, 1], strict=True))
    return scores


def row(name: str, items: Sequence[JudgedItem], score: Callable[[JudgedItem], float]) -> str:
    """A line of the table."""
    groups = {"all": items, **{code: [i for i in items if i.language == code] for code in ("en", "ru", "zh")}}
    figures = {key: measure([Scored(i, score(i), frozenset()) for i in group]) for key, group in groups.items()}
    best = figures["all"]
    f1s = " | ".join(f"{figures[key].f1:.3f}" for key in groups)
    return f"| {name} | {best.precision:.3f} | {best.recall:.3f} | {f1s} | {best.average_precision:.3f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--labels", type=Path)
    options = parser.parse_args()
    beat = load_beat()
    items = [item for file in options.files for item in read_items(file)]
    more = read_items(options.beside, read_labels(options.labels)) if options.beside else []
    ours = cross_validated([example(i, beat) for i in items], [example(i, beat) for i in more])
    grams = by_ngrams(items, beat)
    print("| | precision | recall | F1 | en | ru | zh | average precision |\n|---|---|---|---|---|---|---|---|")
    print(row("both countries named", items, lambda i: named(i, beat, title_only=False)))
    print(row("both in the title", items, lambda i: named(i, beat, title_only=True)))
    print(row("character n-grams and flags", items, lambda i: grams[i.id]))
    print(row("this program", items, lambda i: ours[i.id]))


if __name__ == "__main__":
    main()
