"""What articles are judged by, as one short hash: it changes with the beat's files, the code and the dictionaries."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from aggregator.annotate.lexicon import fingerprint
from aggregator.errors import LexiconError

_ROOT = Path(__file__).parent.parent
#: The code that an annotation comes from, to the letter: judging once too often costs less than forgetting to.
CODE = (
    *(
        "annotate/__init__.py",
        "annotate/beat.py",
        "annotate/concepts.py",
        "annotate/consistency.py",
        "annotate/lexicon.py",
        "annotate/matcher.py",
    ),
    *("annotate/naming.py", "annotate/offices.py", "annotate/pair_phrases.py", "annotate/relevance.py"),
    *("annotate/sentences.py", "annotate/ties.py", "annotate/topics.py"),
    *("annotate/wordforms.py", "annotate/wording.py", "text/fold.py", "text/segments.py", "text/words.py"),
)
_DICTIONARIES = ("opencc", "pystemmer", "rjieba")


def annotation_version(folder: Path, weights: Path) -> str:
    """The version of annotations made by the beat in a folder, with the relevance weights of a file.

    Raises:
        LexiconError: a file cannot be read.
    """
    try:
        files = [path.read_bytes() for path in (weights, *(_ROOT / name for name in CODE))]
    except OSError as error:
        raise LexiconError(f"{error.filename}: {error.strerror}") from error
    parts = [fingerprint(folder), *(f"{name} {version(name)}" for name in _DICTIONARIES)]
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=8)
    for content in files:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
