"""Same text by another outlet: exact and near copies, so that twenty reprints count as one source."""

from rapidfuzz import fuzz

from aggregator.annotate.signature import Signature

#: A reprint trims a sentence or adds a credit; two reports of one event share far less.
#: Measured on the judged sample feeds: 47 reprints score 55–100 (median 91, 72 % of them above this bound),
#: 53 pairs of separate reports of one event at most 66. Set high: a false copy hides an independent source.
_SAME_TEXT = 84.0
_SAME_TITLE = 92.0
#: A text this short may be a form that one outlet or service puts below every title: the titles must agree too.
_FORM = 300
_AKIN = 60.0
#: Below this many characters a body says too little to be compared; then the titles decide.
_SHORT = 80
#: A title of so many words (Han: characters) that two outlets share, but for a hyphen, is not chosen twice.
_TELLING = 5
#: Texts whose words have less in common than this cosine are not looked at further.
_COSINE = 0.5


def is_copy(later: Signature, earlier: Signature, cosine: float) -> bool:
    """Whether `later` reprints the text of `earlier`, another outlet's; `cosine` is that of their words.

    Texts with different numbers in their titles are different texts, however alike.
    """
    if later.outlet == earlier.outlet or later.language != earlier.language:
        return False
    if later.content_hash == earlier.content_hash:
        return True
    if later.body == earlier.body and len(later.body) >= _SHORT:
        return True
    if later.title_numbers != earlier.title_numbers:
        return False
    titles = fuzz.ratio(later.title, earlier.title, score_cutoff=_SAME_TITLE)
    if titles and later.title.count(" ") >= _TELLING - 1:
        return True
    shorter = min(len(later.body), len(earlier.body))
    if cosine < _COSINE or shorter < _SHORT:
        return titles > 0
    if shorter < _FORM and fuzz.token_set_ratio(later.title, earlier.title) < _AKIN:
        return False
    return fuzz.token_sort_ratio(later.body, earlier.body, score_cutoff=_SAME_TEXT) > 0
