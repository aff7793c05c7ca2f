"""When two publications of one outlet are the same one. Pure; used before annotation and at the archive's door."""

from collections import Counter
from collections.abc import Iterable

from aggregator.model import KnownArticle


def find_known(keys: Iterable[str], known: Iterable[KnownArticle]) -> KnownArticle | None:
    """The known article of the same outlet that is the same publication.

    Two of three signals must agree (page, GUID, title): GUIDs change, titles are edited, sites move.
    Title and time of publication together also suffice: a moved site changes page and GUID at once.
    (Faults 38–43 of the field: GUID changes, tracking parameters, moved domain, one GUID for two stories.)
    """
    mine = frozenset(keys)
    identifying = sum(key[0] != "d" for key in mine)
    best = max(known, key=lambda article: len(mine.intersection(article.keys)), default=None)
    if best is None:
        return None
    shared = Counter(key[0] == "d" for key in mine.intersection(best.keys))
    return best if shared[True] or shared[False] >= max(1, min(2, identifying)) else None
