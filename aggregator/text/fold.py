"""One spelling for text that is matched: lower case, ё as е, traditional Han as simplified, plain punctuation.

Folding never changes the length of a text, so an offset in the folded text is one in the original.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from opencc import OpenCC

_PUNCTUATION = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("’‘ʼ`´", "'"),
    **dict.fromkeys("“”„«»「」『』《》", '"'),
    "·": "·",
    "•": "·",
    "・": "·",
}


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
#: Letters that make up most of a text where they stand at all, which the table then takes faster;
#: and those few others that fold differently once they are lower-case (Roman numerals, digraphs).
_BEYOND_LATIN = re.compile(r"[\u0370-\u1fff\u2e80-\U0010ffff\u0132\u013f\u01c4-\u01cc\u01f1-\u01f3\u2150-\u218f]")


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def is_han(character: str) -> bool:
    """Whether the character is an ideograph of the Basic block or Extension A (Unicode 16, 4E00–9FFF, 3400–4DBF)."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


Script = Literal["latin", "cyrillic", "han"]
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ASCII_LETTER = re.compile(r"[a-z0-9]")


def script_of(name: str) -> Script:
    """The rarest script that a folded name has characters of: a text without it cannot hold the name."""
    return "han" if HAN.search(name) else "cyrillic" if CYRILLIC.search(name) else "latin"


def scripts_in(folded: str) -> tuple[Script, ...]:
    """The scripts whose names a folded text can hold."""
    if folded.isascii():
        return ("latin",)
    scripts: dict[Script, re.Pattern[str]] = {"latin": _ASCII_LETTER, "cyrillic": CYRILLIC, "han": HAN}
    return tuple(script for script, pattern in scripts.items() if pattern.search(folded))


class _Table(dict[int, int | str]):
    """A translation table that learns each character when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    compatible = unicodedata.normalize("NFKC", character)
    if len(compatible) != 1:
        return character
    if is_han(compatible):
        simplified = str(_simplifier().convert(compatible))
        return simplified if len(simplified) == 1 else compatible
    lowered = compatible.lower()
    return (lowered if len(lowered) == 1 else compatible).replace("ё", "е")


_TABLE = _Table()


@lru_cache(maxsize=64)
def fold(text: str) -> str:
    """The text in the one spelling that is matched; as long as the original."""
    # An article is folded by each matcher and by the analyser: hence the cache. ASCII needs no table: a third of the time.
    if text.isascii():
        return text.lower().replace("`", "'")
    lowered = text.lower()
    if _BEYOND_LATIN.search(text) or len(lowered) != len(text):
        return text.translate(_TABLE)
    return _NOT_ASCII.sub(lambda run: run[0].translate(_TABLE), lowered).replace("`", "'")
