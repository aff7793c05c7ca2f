"""Pure: which articles' pages are worth a request, and when one that failed is asked again."""

from datetime import datetime, timedelta

from aggregator.model import FailureKind, FetchFailure, FullText, FullTextState, StoredArticle

#: An article whose feed text is judged below this is not worth a request to its outlet: see docs/configuration.md.
WHEN_RELEVANT = 0.05
#: Older articles are left as their feeds gave them: a new feed's back numbers are no reason for a hundred requests.
RECENT = timedelta(days=3)
_ATTEMPTS = 3
#: After the first failure, and as many times as long after each further.
_FIRST_WAIT, _GROWTH = timedelta(minutes=30), 8
#: What another attempt will hardly mend.
_LASTING = {FailureKind.REFUSED, FailureKind.GONE, FailureKind.NOT_A_FEED}


def after_reading(stored: StoredArticle, before: FullText | None, text: str, now: datetime) -> FullText:
    """The outcome where a text was found."""
    return FullText(
        article=stored.id,
        url=stored.article.url,
        state=FullTextState.READ,
        asked=now,
        attempts=_attempts(before) + 1,
        text=text,
    )


def after_failure(stored: StoredArticle, before: FullText | None, failure: FetchFailure) -> FullText:
    """The outcome of a failure: the next attempt after half an hour, then four; none after the third, or where it is no use."""
    attempts = _attempts(before) + 1
    final = attempts >= _ATTEMPTS or failure.kind in _LASTING
    asked_for = timedelta(seconds=failure.retry_after_seconds or 0)
    return FullText(
        article=stored.id,
        url=stored.article.url,
        state=FullTextState.GIVEN_UP if final else FullTextState.WAITING,
        asked=failure.fetched,
        attempts=attempts,
        reason=failure.reason,
        next_try=None if final else failure.fetched + max(_FIRST_WAIT * _GROWTH ** (attempts - 1), asked_for),
    )


def _attempts(before: FullText | None) -> int:
    return before.attempts if before else 0
