"""How what is known of an article stands in the index beside its words. `_` joins: no text can contain it."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import starmap

from aggregator.model import Annotated
from aggregator.model.query import Named

#: Stands with every article, so that "all but these" is a question to the index too.
EVERY = "all_"
_NAMED: tuple[Named, ...] = ("outlet", "camp", "country", "lang")


def concept_token(concept: str) -> str:
    """How a concept's id stands in the index."""
    return "c_" + concept.replace("-", "_")


def topic_token(topic: str) -> str:
    """How a topic's id stands in the index."""
    return "t_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in topic)


@lru_cache(maxsize=10_000)
def name_token(attribute: Named, value: str) -> str:
    """How an attribute's value stands in the index: by a hash, since outlets bear any name."""
    return f"{attribute}_{hashlib.blake2b(value.casefold().encode(), digest_size=6).hexdigest()}"


def tokens_of(annotated: Annotated) -> str:
    """All the tokens of an article."""
    article = annotated.article
    names = (article.outlet, article.camp.value, article.country, article.language)
    return tokens(*names, concepts=annotated.concepts, topics=annotated.topics)


def tokens(
    outlet: str, camp: str, country: str, language: str, *, concepts: Iterable[str], topics: Iterable[str]
) -> str:
    """The tokens of what is known of an article."""
    names = zip(_NAMED, (outlet, camp, country, language), strict=True)
    return " ".join((EVERY, *starmap(name_token, names), *map(topic_token, topics), *map(concept_token, concepts)))
