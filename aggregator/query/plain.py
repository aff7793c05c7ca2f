"""What people type or paste → the plain signs that the query language knows. No text becomes longer: columns stay true."""

import re
import unicodedata

from aggregator.query.fields import FIELDS

#: What stands unseen inside words that are copied from web pages.
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_LETTER_AND_MARKS = re.compile("[A-Za-z\u00c0-\u024f\u0400-\u04ff][\u0300-\u033f]+")
#: Dictionaries mark the stress of Russian words.
_STRESS = re.compile("(?<=[\u0400-\u04ff])\u0301+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FULL_WIDTH_COLON = re.compile(rf"(?<!\w)({'|'.join(sorted(FIELDS))})：", re.IGNORECASE)
#: Between Chinese words stands no space, so these part them.
_STOP_WITHIN = re.compile(r"(?<=\S)[，、。；：！？](?=\w)")
_POSSESSIVE = re.compile(r"(?<=\w)(?:['’ʼ`´][sS])+(?=\W*$)")
_PUNCTUATION_AROUND = re.compile(r"^\W+|[^\w*]+$")


def plain_query(text: str) -> str:
    """The query without unseen signs, its letters in one piece each, and the signs of Chinese keyboards as ASCII has them."""
    if text.isascii():
        return text
    seen = _composed(_STRESS.sub("", _composed(_UNSEEN.sub("", text))))
    return _STOP_WITHIN.sub(" ", _FULL_WIDTH_COLON.sub(r"\1:", seen)).translate(_FULL_WIDTH)


def _composed(text: str) -> str:
    return _LETTER_AND_MARKS.sub(lambda run: unicodedata.normalize("NFC", run[0]), text)


def without_possessive(word: str) -> str:
    """«minister» of «minister's»."""
    return _POSSESSIVE.sub("", word)


def bare_name(text: str) -> str:
    """Words without the punctuation around them and without a possessive ending: «Xi» of «#Xi's,»."""
    return without_possessive(_PUNCTUATION_AROUND.sub("", text))
