"""What of an article is compared with others: words, concepts, numbers, time."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aggregator.annotate.beat import Beat
from aggregator.model import StoredArticle
from aggregator.text.fold import fold
from aggregator.text.words import words

_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?!\w)")
#: How much of the body is compared: the lead tells the event, later paragraphs the background.
_LEAD = 400
_TITLE_WEIGHT = 2


@dataclass(frozen=True, slots=True)
class Signature:
    """The comparable part of an article.

    `terms` counts the words of title and lead, Han as pairs of characters; `facts` holds what does
    not depend on a language: concepts (`c:…`) and numbers (`n:…`).
    """

    article: int
    language: str
    outlet: str
    moment: datetime
    content_hash: str
    title: str
    body: str
    terms: Mapping[str, int]
    facts: frozenset[str]


def signature(stored: StoredArticle, beat: Beat) -> Signature:
    """Make the signature of a stored article."""
    article = stored.article
    lead = article.body[:_LEAD]
    terms = Counter({word: count * _TITLE_WEIGHT for word, count in Counter(_terms(article.title)).items()})
    terms.update(_terms(lead))
    return Signature(
        article=stored.id,
        language=article.language,
        outlet=article.outlet,
        moment=article.date,
        content_hash=article.content_hash,
        title=" ".join(words(article.title)),
        # As much as both may have: a whole page and a summary of it are no copies to a ratio.
        body=fold(article.feed_body),
        terms=terms,
        facts=frozenset([*_concepts(stored, beat), *_numbers(f"{article.title} {lead}")]),
    )


def _terms(text: str) -> list[str]:
    analysed = words(text)
    pairs = zip(analysed, analysed[1:], strict=False)
    return [word for word in analysed if len(word) > 1] + [a + b for a, b in pairs if _is_han(a) and _is_han(b)]


def _is_han(word: str) -> bool:
    return len(word) == 1 and "\u3400" <= word <= "\u9fff"


def _concepts(stored: StoredArticle, beat: Beat) -> list[str]:
    """Concepts of title and lead, but not the countries of the pair: every story of the beat has those."""
    return [
        f"c:{mention.concept}"
        for mention in stored.annotated.mentions
        if (mention.field == "title" or mention.start < _LEAD)
        and mention.concept in beat.concepts
        and not (beat.concepts[mention.concept].kind == "country" and beat.concepts[mention.concept].side != "third")
    ]


def _numbers(text: str) -> list[str]:
    found = (match.group().replace(",", ".").rstrip(".") for match in _NUMBER.finditer(fold(text)))
    return [f"n:{number}" for number in found if len(number) > 1]
