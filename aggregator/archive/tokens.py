"""How what is known of an article stands in the index beside its words. `_` joins: no text can contain it."""

import hashlib
from functools import lru_cache
from itertools import starmap

from aggregator.model import Annotated
from aggregator.model.query import Named

#: Stands with every article, so that "all but these" is a question to the index too.
EVERY = "all_"
#: The relevances that an article has a token for each of which it reaches: bounds that people ask for are questions to the index.
RELEVANCE_STEPS = tuple(step / 20 for step in range(1, 21))
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


def relevance_token(step: int) -> str:
    """How it stands in the index that the relevance of an article reaches this step."""
    return f"relevance_{step}"


def steps_reached(relevance: float) -> int:
    """How many steps a relevance of 0..1 reaches."""
    return sum(relevance >= bound for bound in RELEVANCE_STEPS)


def tokens(annotated: Annotated) -> str:
    """All the tokens of an article."""
    article = annotated.article
    named = (article.outlet, article.camp.value, article.country, article.language)
    names = starmap(name_token, zip(_NAMED, named, strict=True))
    relevance = map(relevance_token, range(1, steps_reached(annotated.relevance.score) + 1))
    topics, concepts = map(topic_token, annotated.topics), map(concept_token, annotated.concepts)
    return " ".join((EVERY, *names, *relevance, *topics, *concepts))
