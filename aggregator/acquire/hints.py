"""Pure: how soon a publisher asks to be asked again, from what the feed says."""

_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}


def update_hint(ttl: str, period: str = "", frequency: str = "") -> int | None:
    """Minutes between two looks that a feed asks for; None if it does not say, or says nonsense.

    The sources: RSS 2.0 `<ttl>` in minutes; RSS 1.0 syndication module, a period and how often in it.
    """
    if minutes := _positive(ttl):
        return minutes
    length = _PERIODS.get(period.strip().lower())
    return max(1, length // (_positive(frequency) or 1)) if length else None


def _positive(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
