"""EDGE: the operator's program or address that translates headlines; what went wrong is a value.

The answer is as hostile as what was fetched: it is bounded, and only plain text of a sane length gets through.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from aggregator.acquire.asking import ask_address, ask_program
from aggregator.settings import Translation
from aggregator.text.markup import without_forbidden

#: A Han character becomes five Latin letters as a rule (中俄关系: «Sino-Russian relations», 22); twice that is no headline.
_LONGER = 10
#: So much may a translation have that is of two or three words.
_SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """Translations by the texts that they are of; and why some are missing, each reason once."""

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def translations(setting: Translation, texts: Mapping[str, Sequence[str]]) -> Translated:
    """Ask for translations of texts, given by their language's code, language after language, and wait for them.

    All of it takes at most `timeout_seconds`; what came until then counts. A text that comes back as it was, or too long,
    has no translation.
    """
    # A loop of its own in a thread of its own, since callers are not async, yet may be called by what runs in a loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _all_translations(setting, texts)).result()


async def _all_translations(setting: Translation, texts: Mapping[str, Sequence[str]]) -> Translated:
    translated: dict[str, str] = {}
    problems: list[str] = []
    try:
        async with asyncio.timeout(setting.timeout_seconds):
            for language, asked in texts.items():
                if asked:
                    answer = await _ask(setting, language, asked)
                    translated |= answer.texts
                    problems += answer.problems
    except TimeoutError:
        problems.append(f"translation: no complete answer within {setting.timeout_seconds:g} s")
    return Translated(texts=translated, problems=tuple(dict.fromkeys(problems)))


async def _ask(setting: Translation, language: str, texts: Sequence[str]) -> Translated:
    question = json.dumps({"language": language, "texts": list(texts)}, ensure_ascii=False).encode()
    ask = ask_program(setting.command, question) if setting.command else ask_address(setting.url, question)
    answer = await ask
    return _unread(language, answer.problem) if answer.problem else read_answer(language, texts, answer.body)


def read_answer(language: str, texts: Sequence[str], answer: bytes) -> Translated:
    """Pure: the translations that an answer holds, `{"texts": […]}` in the order and number of the texts asked."""
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        return _unread(language, "the answer is no JSON in UTF-8")
    given = read.get("texts") if isinstance(read, dict) else None
    if not isinstance(given, list):
        return _unread(language, 'the answer is not {"texts": […]}')
    if len(given) != len(texts):
        return _unread(language, f"{len(given)} texts came back for {len(texts)}")
    cleaned = {text: _clean(text, one) for text, one in zip(texts, given, strict=True)}
    return Translated(texts={text: one for text, one in cleaned.items() if one})


def _unread(language: str, why: str) -> Translated:
    return Translated(problems=(f"translation of {language}: {why}",))


def _clean(text: str, given: object) -> str:
    """One line of plain text; empty for what is none, is much too long, or says what the text says."""
    if not isinstance(given, str):
        return ""
    cleaned = " ".join(without_forbidden(given).split())
    longest = _SHORT + _LONGER * len(text)
    return cleaned if len(cleaned) <= longest and cleaned != text else ""
