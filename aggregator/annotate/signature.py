"""What of an article is compared with others: its words, and facts that do not depend on a language."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from aggregator.annotate.beat import Beat
from aggregator.annotate.days import day_of, days_named
from aggregator.annotate.glossary import load_glossary
from aggregator.annotate.quantities import quantities
from aggregator.model import Concept, DateConfidence, Field, Mention, StoredArticle
from aggregator.text.fold import fold, is_han
from aggregator.text.words import words

#: How much of the body is compared: the lead tells the event, later paragraphs the background.
LEAD = 400
_TITLE_WEIGHT = 2
#: What only the lead has counts half of what the title has.
LEAD_FACT = 0.5
#: As much of a body as tells a copy.
_COMPARED_BODY = 1_000
#: Titles of bulletins, live pages and round-ups, which tell of many events.
_BULLETIN = re.compile(
    r"\blive\b|\blatest\b|\bbriefing\b|\bnewsletter\b|at a glance|what we know|\bround-?up\b|\bpodcast\b|\bwatch:|\bphotos\b|"
    r"\bmorning\b|\bevening\b|\breport\b|takeaways|key moments|timeline|\bnews \(|выпуск новостей|выпуск программы|дайджест|"
    r"итоги дня|главное за|главные новости|联播快讯|快讯|要闻|一周"
)
#: Titles that explain or argue rather than report.
_ANALYSIS = re.compile(
    r"^(?:how|why|what|is|can|will|who|does|are|should|could)\b|\?|？|\bopinion\b|\banalysis\b|\bexplain|\bexpert|"
    r"эксперт|политолог|почему|^как |зачем|评论|述评|解读|为何|专家"
)
#: A name in the middle of a sentence, in Latin or Cyrillic letters.
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-ZА-Я][a-zа-яё]{3,}")
#: From this share of words with a capital on, capitals in a title say nothing.
_TITLE_CASE = 0.6
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LATIN = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфхыэ", "abvgdeziiklmnoprstufhie", strict=True))
    | {"ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia", "ь": "", "ъ": ""}
)
_SOUNDS = (("kh", "h"), ("zh", "j"), ("sch", "sh"), ("ph", "f"), ("x", "ks"), ("ck", "k"), ("w", "v"), ("q", "k"))


@dataclass(frozen=True, slots=True)
class Signature:
    """The comparable part of an article.

    `words` are the terms of title and lead by the log of their count, Han as pairs of characters. `facts` are notions
    of the glossary (`g:…`), concepts that it does not know (`c:…`), quantities (`n: p: d: o:`) and the consonants of
    other names (`s:…`), 1 for what the title has. `moment` to `until` is when it appeared: a whole day if no more is known.
    """

    article: int
    language: str
    outlet: str
    moment: datetime
    until: datetime
    content_hash: str
    title: str
    body: str
    words: Mapping[str, float]
    facts: Mapping[str, float]
    title_words: frozenset[str]
    title_facts: frozenset[str]
    actors: frozenset[str]
    title_actors: frozenset[str]
    title_numbers: frozenset[str]
    title_dates: frozenset[str]
    """Those of the numbers that are dates, ordinals or years."""
    days: frozenset[int]
    """The days that it speaks of; that of publication if it names none."""
    subject: str
    """Whom the title names first: a side of the pair, else the concept; empty if nobody."""
    bulletin: bool
    analysis: bool

    @property
    def by_day(self) -> bool:
        """Whether only the day of publication is known."""
        return self.until > self.moment


def signature(stored: StoredArticle, beat: Beat) -> Signature:
    """Make the signature of a stored article."""
    article = stored.article
    lead, title = article.body[:LEAD], fold(article.title)
    title_words, lead_words = words(article.title), words(lead)
    quantified = frozenset(quantities(article.title))
    title_facts = frozenset((*_facts(stored, beat, "title", article.title, title_words), *quantified))
    lead_facts = (*_facts(stored, beat, "text", lead, lead_words), *quantities(lead))
    facts = {**dict.fromkeys(lead_facts, LEAD_FACT), **dict.fromkeys(title_facts, 1.0)}
    numbers = quantified | frozenset(_YEAR.findall(article.title))
    day = article.date_confidence is DateConfidence.DAY
    published = day_of(article.date + timedelta(hours=12 * day), article.language)
    return Signature(
        article=stored.id,
        language=article.language,
        outlet=article.outlet,
        moment=article.date,
        until=article.date + timedelta(hours=24 * day),
        content_hash=article.content_hash,
        title=" ".join(title_words),
        # As much as both may have: a whole page and a summary of it are no copies to a ratio.
        body=fold(article.feed_body)[:_COMPARED_BODY],
        words=_weighed_words(title_words, lead_words),
        facts=facts,
        title_words=frozenset(_terms(title_words)),
        title_facts=title_facts,
        actors=frozenset(fact for fact in facts if _is_actor(fact, beat)),
        title_actors=frozenset(fact for fact in title_facts if _is_actor(fact, beat)),
        title_numbers=numbers,
        title_dates=frozenset(number for number in numbers if number[:2] not in ("n:", "p:")),
        days=days_named(f"{article.title}\n{lead}", published) or frozenset((published,)),
        subject=_subject(stored, beat),
        bulletin=is_bulletin(article.title),
        analysis=bool(_ANALYSIS.search(title)),
    )


def is_bulletin(title: str) -> bool:
    """Whether a title is that of a bulletin, a live page or a round-up."""
    return bool(_BULLETIN.search(fold(title)))


def _facts(stored: StoredArticle, beat: Beat, field: Field, text: str, analysed: Sequence[str]) -> Iterator[str]:
    """What a title or lead says in any language, but for its quantities."""
    mentions = mentions_in(stored, field, text)
    yield from map(fact_of, concepts_of(mentions, text, beat))
    yield from _notions(fold(text), analysed, stored.article.language)
    if not (field == "title" and _is_title_case(text)):
        yield from dict(names_in(text, stored.article.language, mentions))


def _weighed_words(title: Sequence[str], lead: Sequence[str]) -> dict[str, float]:
    counts = Counter({term: count * _TITLE_WEIGHT for term, count in Counter(_terms(title)).items()})
    counts.update(_terms(lead))
    return {term: 1 + math.log(count) for term, count in counts.items()}


def _terms(analysed: Sequence[str]) -> list[str]:
    pairs = zip(analysed, analysed[1:], strict=False)
    single = [word for word in analysed if len(word) > 1 and not word.isdigit()]
    return single + [a + b for a, b in pairs if len(a) == len(b) == 1 and is_han(a) and is_han(b)]


def mentions_in(stored: StoredArticle, field: Field, text: str) -> list[Mention]:
    """The mentions in the text, which is the title or the beginning of the body."""
    return [m for m in stored.annotated.mentions if m.field == field and m.start < len(text)]


def concepts_of(mentions: Sequence[Mention], text: str, beat: Beat) -> Iterator[Concept]:
    """The concepts of mentions, but neither offices nor the countries of the pair: every story of the beat has those."""
    for mention in mentions:
        concept = beat.concepts.get(mention.concept)
        if concept is None or (concept.kind == "country" and concept.side != "third"):
            continue
        if not _is_office(concept, text[mention.start : mention.end], beat):
            yield concept


def fact_of(concept: Concept) -> str:
    """A concept that the glossary knows too goes by the glossary's name: else it would count twice."""
    return _fact_of(concept.id, concept.names["en"])


@lru_cache(maxsize=20_000)
def _fact_of(concept: str, names: tuple[str, ...]) -> str:
    known = (load_glossary().notion_of(name) for name in names)
    return next((f"g:{notion}" for notion in known if notion), f"c:{concept}")


def _is_office(concept: Concept, name: str, beat: Beat) -> bool:
    """Whether an office is named: the glossary has those, and counted twice they join what is not one story."""
    return concept.kind == "office" or (concept.kind == "person" and beat.is_office(name))


def _subject(stored: StoredArticle, beat: Beat) -> str:
    """A title begins with who acts, in all three languages more often than not."""
    named = [m for m in stored.annotated.mentions if m.field == "title" and m.concept in beat.concepts]
    acting = [m for m in named if beat.concepts[m.concept].kind in ("person", "office", "body", "company", "country")]
    if not acting:
        return ""
    first = beat.concepts[min(acting, key=lambda mention: mention.start).concept]
    return first.id if first.side == "third" else first.side


def notions_in(text: str, language: str) -> Iterator[str]:
    """The notions of the glossary in a text."""
    return _notions(fold(text), words(text), language)


def _notions(folded: str, analysed: Sequence[str], language: str) -> Iterator[str]:
    glossary = load_glossary()
    found = glossary.han_notions(folded) if language == "zh" else glossary.notions(analysed)
    return (f"g:{notion}" for notion in found)


def _is_actor(fact: str, beat: Beat) -> bool:
    """An office of the glossary; a person, unless such an office stands for him."""
    kind, name = fact[:2], fact[2:]
    return (kind == "g:" and name in load_glossary().actors) or (kind == "c:" and beat.concepts[name].kind == "person")


def names_in(text: str, language: str, mentions: Sequence[Mention] = ()) -> Iterator[tuple[str, str]]:
    """Names outside of mentions, each as a fact, its consonants («Белгород» and Belgorod are both `s:blgrd`), and as written."""
    if language == "zh":
        return
    for match in _NAME.finditer(text):
        if any(m.start < match.end() and match.start() < m.end for m in mentions):
            continue
        analysed = words(match[0])
        key = _consonants(analysed[0]) if analysed else ""
        if len(key) > 2:
            yield f"s:{key}", match[0]


def _is_title_case(title: str) -> bool:
    written = title.split()
    return sum(word[0].isupper() for word in written) > len(written) * _TITLE_CASE


def _consonants(word: str) -> str:
    latin = word.translate(_LATIN)
    for written, sound in _SOUNDS:
        latin = latin.replace(written, sound)
    if "ch" not in latin:
        latin = latin.replace("c", "k")
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouy]", "", latin))
