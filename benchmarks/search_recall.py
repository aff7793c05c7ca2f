"""What searches find: this program beside FTS5's own tokenizers, on the judged searches of tests/gold/search.yaml.

    python benchmarks/search_recall.py

A case counts if all that it must find is found. The tokenizers are given a query's words in quotes (a phrase, NEAR or a
prefix as they write them, alternatives and exclusions too); what asks for a field, a date or a story they cannot be asked.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from aggregator.annotate.beat import load_beat
from aggregator.archive.engine import sqlite3
from aggregator.model import Article
from tests.archive.gold import Case, gold_archive, read_gold

_TOKENIZERS = {"unicode61": "unicode61", "porter": "porter unicode61", "trigram": "trigram"}
_TOKEN = re.compile(r'(?P<open>[()])|"(?P<phrase>[^"]*)"(?:~(?P<near>\d+))?|(?P<word>[^\s()"]+)')


def plain_query(query: str) -> str | None:
    """The query as FTS5 writes it; None if it asks for more than words."""
    written = []
    for token in _TOKEN.finditer(query):
        word, phrase = token["word"], token["phrase"]
        if word and (re.search(r"[a-z]+(:|[<>]=?)", word) or word.startswith("-")):
            return None
        if token["near"]:
            written.append(f"NEAR({' '.join(map(_quoted, phrase.split()))}, {token['near']})")
        elif word in ("AND", "OR", "NOT") or token["open"]:
            written.append(token[0])
        elif word and word.endswith("*"):
            written.append(f"{_quoted(word[:-1])} *")
        else:
            written.append(_quoted(phrase if word is None else word))
    return " ".join(written)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def plainly_found(articles: dict[str, Article], cases: Sequence[Case], tokenizer: str) -> list[bool | None]:
    """Whether each case is found by an index with this tokenizer; None where it cannot be asked."""
    names = list(articles)
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.execute(f"CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize = '{tokenizer}')")
        texts = [(number, one.title, one.body) for number, one in enumerate(articles.values())]
        plain.executemany("INSERT INTO words(rowid, title, text) VALUES (?, ?, ?)", texts)
        found: list[bool | None] = []
        for case in cases:
            asked = plain_query(case.query)
            if asked is None:
                found.append(None)
                continue
            rows = plain.execute("SELECT rowid FROM words WHERE words MATCH ?", (asked,)).fetchall()
            found.append(case.finds <= {names[number] for (number,) in rows})
    return found


def main() -> None:
    """Print a table by kind of case."""
    articles, cases, _ = read_gold()
    with tempfile.TemporaryDirectory() as scratch:
        gold = gold_archive(Path(scratch) / "archive.db", load_beat())
        results = {"this program": [case.finds <= gold.found(case.query) for case in cases]}
    columns: dict[str, Sequence[bool | None]] = dict(results)
    columns |= {name: plainly_found(articles, cases, tokenizer) for name, tokenizer in _TOKENIZERS.items()}
    kinds: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        if case.finds:  # what finds nothing is found by every index
            kinds[case.kind].append(number)
            kinds["all"].append(number)
    print(f"| kind | cases | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for kind, numbers in sorted(kinds.items(), key=lambda item: item[0] == "all"):
        told = [_told([said[number] for number in numbers]) for said in columns.values()]
        print(f"| {kind} | {len(numbers)} | {' | '.join(told)} |")


def _told(said: Sequence[bool | None]) -> str:
    return "cannot ask" if all(one is None for one in said) else str(sum(one is True for one in said))


if __name__ == "__main__":
    main()
