"""When two publications of one outlet are the same one. Pure; used before annotation and at the archive's door."""

from collections import Counter
from collections.abc import Iterable

from aggregator.model import KnownArticle


def find_known(keys: Iterable[str], known: Iterable[KnownArticle]) -> KnownArticle | None:
    """The known article of the same outlet that is the same publication.

    The page alone (`u`) suffices: titles are edited, GUIDs change. Otherwise GUID and title must agree,
    or title and time of publication: a moved site changes its pages and perhaps its GUIDs at once.
    (Faults 38–43 and 46 of the field: GUID changes, tracking parameters, moved domain, one GUID for two stories.)
    """
    mine = frozenset(keys)
    only_title = all(key[0] in "td" for key in mine)
    for article in known:
        shared = Counter(key[0] for key in mine.intersection(article.keys))
        if shared["u"] or shared["d"] or (shared["t"] and (shared["g"] or only_title)):
            return article
    return None
