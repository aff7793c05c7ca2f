"""Same event: which recent story an article belongs to, within a language and across languages.

Likely members are found by the rarest words and facts that they share with the article, compared with it one by one
(`annotate.sameness`), and counted by story: the most similar member and the mean of the most similar ones decide. An
article that belongs to two stories whose members agree makes them one.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import nlargest
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.duplicates import is_copy
from aggregator.annotate.rarity import FACTS, Rarity
from aggregator.annotate.sameness import Report, Weights, cosine, load_weights, sameness, weighed
from aggregator.annotate.semantic import Embedder, Meanings
from aggregator.annotate.signature import signature
from aggregator.model import Placement, StoredArticle, StoryVerdict

#: Reports of one event appear within this time; a later one is a new development. A quarter of the copies that 72 hours
#: missed appear within 120; events gained and lost nothing.
WINDOW = timedelta(hours=120)
#: An index made anew needs twice the window: what is compared was itself weighed by the window before it.
MEMORY = 2 * WINDOW
#: By so many of its weightiest words, and so many of its weightiest facts, an article is looked for; by 12 words it was
#: grouped and folded alike.
_WORD_KEYS, _FACT_KEYS = 10, 10
#: Of a key only so many of the latest holders are looked at: what more articles share tells little.
_HOLDERS = 25
#: Only so many of the likeliest earlier articles are compared; 20 did no better on stories held out.
_CANDIDATES = 12
#: Of a story only so many members count: the most similar ones. Of 3, 8 and all, 3 did best on stories held out.
_MEMBERS = 3
#: Of two stories that may be one, so many members each are compared.
_COMPARED = 6
#: Two articles of one language whose words have no more in common than this cosine are not compared further.
_STRANGE = 0.08
#: Log-odds below which a comparison counts as this: of what cannot be the same, how surely says nothing.
_FLOOR = -6.0


_Keys = Sequence[tuple[str, float]]


class _Link(NamedTuple):
    """How well an article fits a story: log-odds, and its most similar member."""

    score: float
    story: int
    member: int


class StoryIndex:
    """The recent articles, indexed by their words and facts; grows as articles are placed, forgets what is too old."""

    def __init__(self, beat: Beat, weights: Weights | None = None, embedder: Embedder | None = None) -> None:
        self._beat = beat
        self._meanings = Meanings(embedder) if embedder else None
        self._weights = weights or load_weights()
        self._rarity = Rarity()
        self._counted: deque[tuple[datetime, str, tuple[str, ...], tuple[str, ...]]] = deque()
        self._reports: dict[int, Report] = {}
        self._order: deque[tuple[datetime, int, tuple[str, ...]]] = deque()
        self._copies: dict[int, int] = {}
        self._holders: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=_HOLDERS))
        self._story: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._apart: set[tuple[int, int]] = set()

    @classmethod
    def of(
        cls,
        recent: Iterable[StoredArticle],
        beat: Beat,
        verdicts: Iterable[StoryVerdict] = (),
        weights: Weights | None = None,
        embedder: Embedder | None = None,
    ) -> "StoryIndex":
        """An index of articles that have their stories already, earliest first; `verdicts` are what people said of them."""
        index = cls(beat, weights, embedder)
        index._apart = {(verdict.article, verdict.other) for verdict in verdicts if not verdict.same}
        for stored in recent:
            mine = index.weigh(stored)
            index._remember(mine, _keys(mine), stored.copy_of, stored.story or stored.id)
        return index

    def place_all(self, articles: Iterable[StoredArticle]) -> list[Placement]:
        """Decide the story of each article; each is known to those after it."""
        return [self.place(stored) for stored in articles]

    def place(self, stored: StoredArticle) -> Placement:
        """Decide which earlier article tells the same event, whose text this one reprints, and what stories it makes one."""
        self._forget(stored.article.date - WINDOW)
        mine = self.weigh(stored)
        keys = _keys(mine)
        candidates = self._candidates(mine, keys)
        words = [cosine(mine, other) for other in candidates]
        copied = self._copied(mine, candidates, words)
        links = self._links(mine, candidates, words) if copied is None else []
        if copied is not None:
            placement = Placement(article=stored.id, joins=copied, copy_of=self._copies.get(copied, copied))
        elif links:
            merges = [link for link in links[1:] if self._agree(links[0].story, link.story)]
            placement = Placement(
                article=stored.id, joins=links[0].member, merges=tuple(link.member for link in merges)
            )
        else:
            placement = Placement(article=stored.id)
        self._follow(mine, keys, placement)
        return placement

    def weigh(self, stored: StoredArticle) -> Report:
        """Count the article in, and those before its window out; its weights are those of that moment."""
        mine = signature(stored, self._beat)
        if self._meanings:
            self._meanings.remember(stored)
        while self._counted and self._counted[0][0] < mine.moment - WINDOW:
            _, language, words, facts = self._counted.popleft()
            self._rarity.uncount(language, words)
            self._rarity.uncount(FACTS, facts)
        self._counted.append((mine.moment, mine.language, tuple(mine.words), tuple(mine.facts)))
        self._rarity.count(mine.language, mine.words)
        self._rarity.count(FACTS, mine.facts)
        return weighed(mine, self._rarity)

    # --- what is remembered ---

    def _follow(self, mine: Report, keys: _Keys, placement: Placement) -> None:
        story = self._story[placement.joins] if placement.joins else placement.article
        for other in placement.merges:
            self._unite(story, self._story[other])
        self._remember(mine, keys, placement.copy_of, story)

    def _unite(self, kept: int, gone: int) -> None:
        members = self._members.pop(gone)
        self._members[kept] = sorted([*self._members[kept], *members])
        self._story |= dict.fromkeys(members, kept)

    def _remember(self, mine: Report, keys: _Keys, copy_of: int | None, story: int) -> None:
        article = mine.signature.article
        self._reports[article] = mine
        self._order.append((mine.signature.moment, article, tuple(key for key, _ in keys)))
        if copy_of is not None:
            self._copies[article] = copy_of
        self._story[article] = story
        self._members.setdefault(story, []).append(article)
        for key, _ in keys:
            self._holders[key].append(article)

    def _forget(self, before: datetime) -> None:
        while self._order and self._order[0][0] < before:
            _, article, keys = self._order.popleft()
            del self._reports[article]
            for key in keys:
                holders = self._holders[key]
                if holders and holders[0] == article:
                    holders.popleft()
                if not holders:
                    del self._holders[key]
            self._copies.pop(article, None)
            if self._meanings:
                self._meanings.forget(article)
            story = self._story.pop(article)
            self._members[story].remove(article)
            if not self._members[story]:
                del self._members[story]

    # --- what fits ---

    @staticmethod
    def _copied(mine: Report, candidates: Sequence[Report], words: Sequence[float]) -> int | None:
        """The earliest article whose text this one reprints."""
        originals = [
            (other.signature.moment, other.signature.article)
            for other, alike in zip(candidates, words, strict=True)
            if is_copy(mine.signature, other.signature, alike)
        ]
        return min(originals)[1] if originals else None

    def _candidates(self, mine: Report, keys: _Keys) -> list[Report]:
        """The articles that share most with it, by the weight of the shared keys."""
        votes: dict[int, float] = defaultdict(float)
        for key, weight in keys:
            for article in self._holders.get(key, ()):
                votes[article] += weight
        # Bare numbers are ranked faster than pairs: first what it takes, then who has it.
        least = nlargest(_CANDIDATES, votes.values())[-1] if votes else 0.0
        likeliest = sorted([(-weight, article) for article, weight in votes.items() if weight >= least])[:_CANDIDATES]
        return [self._reports[article] for _, article in likeliest if self._is_recent(mine, self._reports[article])]

    @staticmethod
    def _is_recent(mine: Report, other: Report) -> bool:
        return abs(mine.signature.moment - other.signature.moment) <= WINDOW

    def _links(self, mine: Report, candidates: Sequence[Report], words: Sequence[float]) -> list[_Link]:
        """The stories that it belongs to, best first."""
        scores: dict[int, dict[int, float]] = defaultdict(dict)
        for other, alike in zip(candidates, words, strict=True):
            article = other.signature.article
            strange = alike < _STRANGE and mine.signature.language == other.signature.language
            score = _FLOOR if strange else self._sameness(mine, other, alike)
            scores[self._story[article]][article] = score
        links = [self._link(mine, story, known) for story, known in scores.items()]
        return sorted(
            (link for link in links if link.score >= self._weights.join), key=lambda link: (-link.score, link.story)
        )

    def _link(self, mine: Report, story: int, known: dict[int, float]) -> _Link:
        best = max(known.values())
        member = min(article for article, score in known.items() if score == best)
        if best < self._weights.join:
            return _Link(best, story, member)
        # The candidates are its most similar members; others stand in only where these are few.
        others = [article for article in self._members[story] if article not in known]
        rest = others[: _MEMBERS - len(known)] if len(known) < _MEMBERS else []
        compared = [*known.values(), *(self._sameness(mine, self._reports[article]) for article in rest)]
        top = sorted((max(score, _FLOOR) for score in compared), reverse=True)[:_MEMBERS]
        mean = sum(top) / len(top)
        score = self._weights.best * top[0] + (1 - self._weights.best) * mean
        return _Link(score - self._doubt(mine, story), story, member)

    def _doubt(self, mine: Report, story: int) -> float:
        """How much more it takes to join an article that has no other beside it."""
        first, *others = self._members[story]
        if others:
            return 0.0
        same = self._reports[first].signature.language == mine.signature.language
        return self._weights.alone if same else self._weights.alone_across

    def _sameness(self, a: Report, b: Report, words: float | None = None) -> float:
        score = sameness(a, b, self._weights, words)
        if self._meanings and a.signature.language != b.signature.language:
            score += self._meanings.points(a.signature.article, b.signature.article)
        return score

    def _agree(self, one: int, other: int) -> bool:
        """Whether two stories that an article belongs to are the same event, and nobody has said otherwise."""
        if self._apart and any(
            (min(a, b), max(a, b)) in self._apart for a in self._members[one] for b in self._members[other]
        ):
            return False
        pairs = [(a, b) for a in self._members[one][:_COMPARED] for b in self._members[other][:_COMPARED]]
        scores = [self._sameness(self._reports[a], self._reports[b]) for a, b in pairs]
        return sum(max(score, _FLOOR) for score in scores) / len(scores) >= self._weights.merge


def _keys(mine: Report) -> list[tuple[str, float]]:
    """What an article is looked for by, and the weight of each; a fact's key has a colon, a word's has none."""
    words = sorted(mine.words.items(), key=_weightiest)[:_WORD_KEYS]
    facts = sorted(mine.facts.items(), key=_weightiest)[:_FACT_KEYS]
    total = sum([weight for _, weight in facts]) or 1.0
    return [
        *((word, weight / mine.words_length) for word, weight in words),
        *((fact, weight / total) for fact, weight in facts),
    ]


def _weightiest(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]
