"""Annotation by itself, and its names beside spaCy's PhraseMatcher and one regular expression over the same names.

    pip install spacy
    python benchmarks/annotate.py ITEMS.jsonl[.gz] [--most 3000]

Items are `{lang, title, summary}`. The second run counts: words and automata are known then, as they are in a running
service. spaCy gets its own tokenizer of the language; the regular expression holds the names of the text's language only.
"""

import argparse
import gzip
import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aggregator.annotate import annotate
from aggregator.annotate.beat import SHIPPED, load_beat
from aggregator.annotate.lexicon import read_lexicon
from aggregator.evaluate import make_article
from aggregator.model import Article
from aggregator.text.fold import fold, script_of

_SCRIPTS = {"en": "latin", "ru": "cyrillic", "zh": "han"}


def read(file: Path, most: int) -> list[Article]:
    """The items as articles, every so many of the file."""
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    rows = [json.loads(line) for line in text.decode().splitlines()]
    step = max(1, len(rows) // most)
    return [make_article(row["title"] or "", row.get("summary") or "", row["lang"]) for row in rows[::step]]


def per_second(work: Callable[[Article], object], articles: Sequence[Article]) -> float:
    """Articles a CPU second in the second of two runs."""
    for _ in range(2):
        begun = time.process_time()
        for article in articles:
            work(article)
        took = time.process_time() - begun
    return len(articles) / took


def by_regex(names: Sequence[str]) -> Callable[[Article], object]:
    """One alternation a script, longest names first."""
    patterns = {
        language: re.compile(
            "|".join(map(re.escape, sorted((n for n in names if script_of(n) == script), key=len, reverse=True)))
        )
        for language, script in _SCRIPTS.items()
    }
    return lambda article: patterns[article.language].findall(fold(f"{article.title}\n{article.body}"))


def by_spacy(names: Sequence[str]) -> Callable[[Article], object] | None:
    """spaCy's PhraseMatcher over its own tokens; None where it is not installed."""
    try:
        import spacy
        from spacy.matcher import PhraseMatcher
    except ImportError:
        return None
    languages: dict[str, tuple[Any, Any]] = {}
    for language, script in _SCRIPTS.items():
        nlp = spacy.blank(language)
        matcher = PhraseMatcher(nlp.vocab)
        matcher.add("names", list(nlp.tokenizer.pipe(n for n in names if script_of(n) == script)))
        languages[language] = nlp, matcher

    def find(article: Article) -> object:
        nlp, matcher = languages[article.language]
        return matcher(nlp.make_doc(fold(f"{article.title}\n{article.body}")))

    return find


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--most", type=int, default=3000)
    parser.add_argument("--regex-items", type=int, default=30, help="so few, because it is so slow")
    options = parser.parse_args()
    articles = read(options.file, options.most)
    beat = load_beat()
    rows = read_lexicon(SHIPPED / "china-russia")
    names = [name for name, *_ in (*rows["concept_names"], *rows["cue_names"])]
    print(f"{len(articles)} articles, {len(names)} names\n\n| | articles a CPU second |\n|---|---|")
    print(f"| whole annotation | {per_second(lambda a: annotate(a, beat), articles):,.0f} |")
    find = beat.matcher.find
    print(f"| names only, ours | {per_second(lambda a: find(f'{a.title} {a.body}'), articles):,.0f} |")
    spacy = by_spacy(names)
    print(
        f"| names only, PhraseMatcher | {per_second(spacy, articles):,.0f} |"
        if spacy
        else "| PhraseMatcher: not installed | |"
    )
    few = articles[:: max(1, len(articles) // options.regex_items)]
    print(f"| names only, regular expression | {per_second(by_regex(names), few):,.1f} |")


if __name__ == "__main__":
    main()
