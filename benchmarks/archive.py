"""A large archive: how fast it grows, how fast it answers meanwhile, how big it is.

    python benchmarks/archive.py [--articles 1000000] [--keep DIR]

Articles are invented in three languages: words of the beat and of pymorphy's dictionary, syllables, and pairs of Han
characters, all by Zipf's law. They are annotated in two processes and saved in another, as polling does. Then 182 queries
of every kind are asked, first while nobody writes, then by a process of their own while more articles are being saved.
`archive_peers.py` asks other programs.
"""

import argparse
import itertools
import multiprocessing
import queue
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pymorphy3 import MorphAnalyzer

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive import Order
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
#: Milliseconds that 95 of 100 answers may take, by what is asked for.
_AIMS = {"newest": 20, "best": 150, "facets": 250}
#: So many articles more are saved at once while queries are asked, for at most so many seconds.
_MORE, _PATIENCE = 10_000, 300
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


class Answer(NamedTuple):
    """What was asked in which way, the milliseconds that it took, and how many articles there are."""

    way: str
    kind: str
    text: str
    took: float
    found: int


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
        text = joint.join(words)
        return text[:1].upper() + text[1:] + stop

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
    made: multiprocessing.Queue[list[Record] | None] = context.Queue(4)
    for number in range(_WRITERS):
        arguments = (words, begin + number * _ROUND, end, total, made)
        context.Process(target=write_articles, args=arguments, daemon=True).start()
    records = made.get(timeout=120)  # the start of a process is not what is measured
    begun, saving, writing = time.perf_counter(), 0.0, _WRITERS
    while writing:
        if records is None:
            writing -= 1
        else:
            started = time.perf_counter()
            archive.save_all(harvests(records))
            saving += time.perf_counter() - started
        records = made.get(timeout=120) if writing else None
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
    """Queries of every kind."""
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


def ask(path: Path, words: Words, answers: "multiprocessing.Queue[Answer | None]") -> None:
    """Ask every query in every way; each through a connection of its own, as pages do."""
    press, beat = Press(1, words), load_beat()
    now = _BEGIN + timedelta(days=_DAYS)
    for kind, text in questions(press):
        query = parse_query(text, vocabulary=beat, now=now)
        for way in _AIMS:
            begun = time.perf_counter()
            with closing(read_archive(path)) as archive:
                order: Order = "best" if way == "best" else "newest"
                total = archive.search(query, order=order, limit=20, offset=0).total
                if way == "facets":
                    total = archive.facets(query).total
            answers.put(Answer(way, kind, text, (time.perf_counter() - begun) * 1000, total))
    answers.put(None)


def ask_quietly(path: Path, words: Words) -> list[Answer]:
    """The answers while nobody writes."""
    answers: queue.Queue[Answer | None] = queue.Queue()
    ask(path, words, answers)  # type: ignore[arg-type]  # a queue is a queue
    return list(iter(answers.get, None))


def ask_while_growing(archive: SqliteArchive, path: Path, words: Words, total: int) -> tuple[list[Answer], float]:
    """The answers while articles are being saved as fast as may be, and how many a second were."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[Answer | None] = context.Queue()
    asker = context.Process(target=ask, args=(path, words, answers), daemon=True)
    asker.start()
    found = [answers.get()]  # its start is not what is measured
    grown, begun = 0, time.perf_counter()
    while asker.is_alive() and time.perf_counter() - begun < _PATIENCE:
        grow(archive, words, total + grown, total + grown + _MORE, total)
        grown += _MORE
        found += _there(answers)
    speed = grown / (time.perf_counter() - begun)
    asker.terminate()
    return [answer for answer in found if answer], speed


def _there(answers: "multiprocessing.Queue[Answer | None]") -> Iterator[Answer | None]:
    while not answers.empty():
        yield answers.get()


def show(answers: Sequence[Answer], *, slowest: int = 8) -> None:
    """By way and by kind: milliseconds."""
    for way, aim in _AIMS.items():
        own = sorted((answer for answer in answers if answer.way == way), key=lambda answer: answer.took)
        if not own:
            continue
        took = [answer.took for answer in own]
        print(
            f"{way:8} {len(own)} queries: median {statistics.median(took):6.1f} ms  95 % {took[int(len(own) * 0.95)]:6.1f} ms"
            f" (aim {aim})  slowest {took[-1]:6.1f}"
        )
        kinds = {answer.kind: [] for answer in own}  # type: dict[str, list[float]]
        for answer in own:
            kinds[answer.kind].append(answer.took)
        print("        ", "; ".join(f"{kind} {statistics.median(of):.0f}" for kind, of in sorted(kinds.items())))
        for answer in own[: -slowest - 1 : -1]:
            print(f"  {answer.took:7.1f} ms  {answer.kind:16} {answer.found:>7,}  {answer.text}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="use and leave the archive in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        run(folder, options.articles)


def run(folder: Path, total: int) -> None:
    """All of it, in a folder that may hold an archive already."""
    path, words = folder / "archive.db", vocabularies()
    with closing(open_archive(path)) as archive:
        if not archive.counts()["articles"]:
            took, saving = grow(archive, words, 0, total, total)
            print(f"{total:,} articles: {total / took:,.0f} a second annotated and saved, {total / saving:,.0f} saved")
            print(f"stories: {total / tell_stories(archive, 1, total + 1):,.0f} articles placed a second")
    print(f"file {path.stat().st_size / 1e9:.2f} GB")
    print("--- while nobody writes")
    show(ask_quietly(path, words))
    with closing(open_archive(path)) as archive:
        answers, speed = ask_while_growing(archive, path, words, archive.counts()["articles"])
    print(f"--- while {speed:,.0f} articles a second are saved")
    show(answers)


if __name__ == "__main__":
    main()
