"""A large archive: how fast it grows, how fast it answers meanwhile, how big it is; beside plain FTS5 on the same rows.

    python benchmarks/archive.py [--articles 1000000] [--keep DIR] [--peer]

Articles are invented in three languages: words of the beat and of pymorphy's dictionary, syllables, and pairs of Han
characters, all by Zipf's law. They are annotated in two processes and saved in another, as polling does. Then 200 queries
of every kind are asked by a third process while more articles are being saved.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from pymorphy3 import MorphAnalyzer

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.engine import sqlite3
from aggregator.archive.rows import record
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.model import Article, DateConfidence, FeedState, Harvest, Placement, Record
from aggregator.query import parse_query
from aggregator.settings import Camp, Feed, Language

_FEEDS = 300
_ROUND = 2_000
#: As many as polling has workers on two cores.
_WRITERS = 2
_DAYS = 3 * 365
_BEGIN = datetime(2023, 11, 1, tzinfo=UTC)
_WORDS = 40_000
_SENTENCES = 20_000
Words = dict[Language, list[str]]
_LANGUAGES: tuple[Language, ...] = ("en", "ru", "zh")
#: Every so many of the dictionary's forms gives a word, which stands in all its forms.
_STRIDE = 700
#: Sentences of an article, title included: some 600 bytes of text in each language.
_LENGTHS = {"en": (4, 8), "ru": (2, 4), "zh": (5, 9)}
_SYLLABLES = [
    "ta",
    "re",
    "no",
    "li",
    "ka",
    "son",
    "der",
    "min",
    "tor",
    "vel",
    "ing",
    "ment",
    "pra",
    "sho",
    "bur",
    "gal",
    "est",
    "un",
    "dis",
    "con",
    "fer",
    "tion",
    "al",
    "pro",
    "se",
]


# --- what is read ---


def vocabularies() -> Words:
    """Words of each language, the commonest first; reading the Russian dictionary takes half a minute."""
    chance = random.Random(0)
    return {"en": _english(chance), "ru": _russian(chance), "zh": _chinese(chance)}


def _english(chance: random.Random) -> list[str]:
    return ["".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4)))) for _ in range(_WORDS)]


def _russian(chance: random.Random) -> list[str]:
    morphology = MorphAnalyzer()
    some = itertools.islice(morphology.dictionary.words.iterkeys(""), 0, None, _STRIDE)
    forms = {form.word for word in some for form in morphology.parse(word)[0].lexeme}
    return chance.sample(sorted(forms), _WORDS)


def _chinese(chance: random.Random) -> list[str]:
    characters = [chr(0x4E00 + number) for number in chance.sample(range(20_000), 3_000)]
    return ["".join(chance.choices(characters, cum_weights=zipf(len(characters)), k=2)) for _ in range(_WORDS)]


@cache
def zipf(count: int) -> list[float]:
    """Cumulated weights of ranks (Mandelbrot's form, which real texts fit)."""
    return list(itertools.accumulate(1 / (rank + 2.7) ** 1.05 for rank in range(count)))


class Press:
    """Invents articles: sentences made once, drawn for each article."""

    def __init__(self, seed: int, words: Words) -> None:
        self._chance = random.Random(seed)
        self.words = words
        beat = load_beat()
        self._concepts = [c for c in beat.concepts.values() if all(c.names.get(language) for language in _LANGUAGES)]
        self._chance.shuffle(self._concepts)
        self._sentences = {language: [self._sentence(language) for _ in range(_SENTENCES)] for language in _LANGUAGES}

    def _sentence(self, language: Language) -> str:
        words = self._chance.choices(self.words[language], cum_weights=zipf(_WORDS), k=self._chance.randint(8, 20))
        if self._chance.random() < 0.3:
            concept = self._chance.choices(self._concepts, cum_weights=zipf(len(self._concepts)))[0]
            words.insert(self._chance.randrange(len(words)), self._chance.choice(concept.names[language]))
        joint, stop = ("", "。") if language == "zh" else (" ", ". ")
        return joint.join(words).capitalize() + stop

    def article(self, number: int, total: int) -> Article:
        """The article of this number, of so many in three years; a feed has one language."""
        feed = feed_of(number % _FEEDS)
        title, *text = self._chance.choices(
            self._sentences[feed.language], k=self._chance.randint(*_LENGTHS[feed.language])
        )
        date = _BEGIN + timedelta(days=_DAYS * number / total) - timedelta(minutes=self._chance.expovariate(1 / 120))
        return Article(
            feed_url=feed.url,
            outlet=feed.outlet,
            camp=feed.camp,
            country=feed.country,
            language=feed.language,
            url=f"{feed.url}/{number}",
            title=title[:120].strip(),
            summary="",
            text="".join(text),
            author="",
            published=date.replace(microsecond=0),
            date_confidence=DateConfidence.STATED,
            first_seen=_BEGIN + timedelta(days=_DAYS * number / total),
            content_hash=f"{number:x}",
            keys=(f"u{number:x}", f"g{number:x}", f"t{number:x}"),
        )


def feed_of(number: int) -> Feed:
    """One of the feeds."""
    return Feed(
        url=f"https://outlet{number}.example",
        outlet=f"Outlet {number}",
        language=_LANGUAGES[number % 3],
        country=("RU", "CN", "US", "DE")[number % 4],
        camp=list(Camp)[number % len(Camp)],
    )


def write_articles(
    words: Words, begin: int, end: int, total: int, to: "multiprocessing.Queue[list[Record] | None]"
) -> None:
    """Invent and annotate articles, every second round of them."""
    press, beat = Press(begin, words), load_beat()
    for start in range(begin, end, _ROUND * _WRITERS):
        to.put([record(annotate(press.article(n, total), beat)) for n in range(start, min(start + _ROUND, end))])
    to.put(None)


# --- how fast it grows ---


def grow(archive: SqliteArchive, words: Words, begin: int, end: int, total: int) -> tuple[float, float]:
    """Save articles, annotated beside; seconds in all, and seconds of saving alone."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[list[Record] | None] = context.Queue(4)
    for number in range(_WRITERS):
        arguments = (words, begin + number * _ROUND, end, total, queue)
        context.Process(target=write_articles, args=arguments, daemon=True).start()
    records = queue.get(timeout=120)  # the start of a process is not what is measured
    begun, saving, writing = time.perf_counter(), 0.0, _WRITERS
    while writing:
        if records is None:
            writing -= 1
        else:
            started = time.perf_counter()
            archive.save_all(harvests(records))
            saving += time.perf_counter() - started
        records = queue.get(timeout=120) if writing else None
    return time.perf_counter() - begun, saving


def harvests(records: Sequence[Record]) -> list[Harvest]:
    """The records by feed."""
    by_outlet: dict[str, list[Record]] = {}
    for one in records:
        by_outlet.setdefault(one.outlet, []).append(one)
    made = []
    for outlet, own in by_outlet.items():
        feed = feed_of(int(outlet.rpartition(" ")[2]))
        made.append(Harvest(feed=feed, state=FeedState(url=feed.url), outcome="ok", records=tuple(own)))
    return made


def tell_stories(archive: SqliteArchive, begin: int, end: int) -> float:
    """Give articles stories, as gathering would: two of three alone, the others with one of the hundred before them."""
    chance = random.Random(begin)
    begun = time.perf_counter()
    for start in range(begin, end, _ROUND):
        placed = []
        for article in range(start, min(start + _ROUND, end)):
            joins = (
                chance.randrange(max(begin, article - 100), article)
                if article > begin + 100 and chance.random() < 0.35
                else None
            )
            placed.append(
                Placement(article=article, joins=joins, copy_of=joins if joins and chance.random() < 0.3 else None)
            )
        archive.place(placed)
    return time.perf_counter() - begun


# --- how fast it answers ---


def questions(press: Press) -> Iterator[tuple[str, str]]:
    """Two hundred queries of every kind."""
    ranks = (0, 3, 20, 100, 500, 3_000, 20_000)
    word = {language: [press.words[language][rank] for rank in ranks] for language in _LANGUAGES}
    words = [w for language in _LANGUAGES for w in word[language]]
    names = ("Путина", "普京", "Putin", "Газпром", "Пекин", "Xi Jinping")
    for one in words:
        yield "a word", one
        yield "word and period", f"{one} date:2025-03"
        yield "word and field", f"{one} camp:cn-state"
    for one in names:
        yield "a name", one
        yield "name and topic", f"{one} topic:energy since:90d"
        yield "name without", f"{one} -lang:en -topic:military"
    for language in _LANGUAGES:
        for a, b in itertools.pairwise(word[language][:5]):
            joint = "" if language == "zh" else " "
            yield "a phrase", f'"{a}{joint}{b}"'
            yield "near", f'"{a} {b}"~10'
            yield "either", f"{a} OR {b}"
            yield "both", f"{a} {b} relevance>=0.5"
            yield "in the title", f"title:{a} -{b}"
        for one in word[language][2:6]:
            yield "a beginning", f"{one[:4] if language != 'zh' else one[:1]}*"
    for field in ("lang:zh", "camp:ru-state", 'outlet:"Outlet 17"', "topic:energy", "relevance>=0.9", "relevance<0.01"):
        yield "a field", field
        yield "field and period", f"{field} date:2024"
    for one in (
        "sources>=3",
        "sources>=2 topic:trade",
        "first:cn-state Putin",
        "firstseen>=2026-01 Путин",
        "date:2024-02-29",
    ):
        yield "a field", one
    for name, topic in zip(names, ("energy", "trade", "space", "military", "arctic", "diplomacy"), strict=True):
        yield "mixed", f"({name} OR relevance>=0.95) topic:{topic}"
        yield "mixed", f"{name} OR (topic:{topic} relevance>=0.8)"


def ask(path: Path, seed: int, answers: "multiprocessing.Queue[list[tuple[str, str, str, float, int]]]") -> None:
    """Ask every query in every way; each through a connection of its own, as pages do."""
    press, beat = Press(seed), load_beat()
    now = _BEGIN + timedelta(days=_DAYS)
    found = []
    for kind, text in questions(press):
        query = parse_query(text, vocabulary=beat, now=now)
        for way in ("newest", "best", "facets"):
            begun = time.perf_counter()
            with closing(read_archive(path)) as archive:
                if way == "facets":
                    archive.search(query, order="newest", limit=20, offset=0)
                    total = archive.facets(query).total
                else:
                    total = archive.search(
                        query, order="newest" if way == "newest" else "best", limit=20, offset=0
                    ).total
            found.append((way, kind, text, (time.perf_counter() - begun) * 1000, total))
    answers.put(found)


def ask_while_growing(
    archive: SqliteArchive, path: Path, total: int, more: int
) -> list[tuple[str, str, str, float, int]]:
    """The answers to all queries, while articles are being saved as fast as may be until the last is there."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[tuple[str, str, str, float, int]]] = context.Queue()
    asker = context.Process(target=ask, args=(path, 1, answers), daemon=True)
    asker.start()
    begin = total
    while answers.empty():
        grow(archive, begin, begin + more, total)
        begin += more
    return answers.get()


# --- the peer ---


def peer(path: Path, into: Path) -> None:
    """Plain FTS5 over the same titles and texts, as most programs do it: time, size, and what it does not find."""
    begun = time.perf_counter()
    with closing(sqlite3.connect(into)) as plain, closing(read_archive(path)) as archive:
        plain.execute("CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize = unicode61)")
        plain.execute("ATTACH ? AS ours", (str(path),))
        plain.execute("INSERT INTO words(rowid, title, text) SELECT id, title, text FROM ours.articles")
        plain.commit()
        count = plain.execute("SELECT count(*) FROM words").fetchone()[0]
        print(f"plain FTS5: {count / (time.perf_counter() - begun):,.0f} rows/s, {into.stat().st_size / 1e9:.2f} GB")
        beat, took, lost = load_beat(), [], []
        for _, text in questions(Press(1)):
            if any(sign in text for sign in ':~*-()=<>"'):
                continue
            begun = time.perf_counter()
            found = plain.execute(
                "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 20", (f'"{text}"',)
            ).fetchall()
            took.append((time.perf_counter() - begun) * 1000)
            theirs = plain.execute("SELECT count(*) FROM words WHERE words MATCH ?", (f'"{text}"',)).fetchone()[0]
            ours = archive.facets(parse_query(text, vocabulary=beat, now=_BEGIN)).total
            lost.append((text, ours, theirs, len(found)))
    print(f"plain FTS5, best match: median {statistics.median(took):.1f} ms, slowest {max(took):.0f} ms")
    for text, ours, theirs, _ in lost:
        print(f"  {text:24} ours {ours:>8,}  plain {theirs:>8,}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="use and leave the archive in this folder")
    parser.add_argument("--peer", action="store_true", help="also plain FTS5")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        run(folder, options.articles, with_peer=options.peer)


def run(folder: Path, total: int, *, with_peer: bool) -> None:
    """All of it, in a folder that may hold an archive already."""
    path, words = folder / "archive.db", vocabularies()
    with closing(open_archive(path)) as archive:
        if not archive.counts()["articles"]:
            took, saving = grow(archive, words, 0, total, total)
            print(
                f"{total:,} articles: {total / took:,.0f} a second annotated and saved, {total / saving:,.0f} saved alone"
            )
            print(f"stories: {total / tell_stories(archive, 1, total + 1):,.0f} articles placed a second")
        print(f"file {path.stat().st_size / 1e9:.2f} GB")
        answers = ask_while_growing(archive, path, total, 10_000)
    for way, aim in (("newest", 20), ("best", 150), ("facets", 250)):
        own = sorted(took for asked, *_, took, _ in answers if asked == way)
        print(
            f"{way:8} {len(own)} queries: median {statistics.median(own):6.1f} ms  95 % {own[int(len(own) * 0.95)]:6.1f} ms (aim {aim})  slowest {own[-1]:6.1f}"
        )
    for way, kind, text, took, found in sorted(answers, key=lambda row: -row[3])[:25]:
        print(f"  {took:7.1f} ms  {way:8} {kind:16} {found:>7,}  {text}")
    (folder / "answers.json").write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")
    if with_peer:
        peer(path, folder / "plain.db")


if __name__ == "__main__":
    main()
