"""From hostile markup to plain text that can stand anywhere. The output is a fixed point."""

import html
import re

import nh3
from selectolax.lexbor import LexborHTMLParser

#: C0 and C1 controls but tab and newline, lone surrogates, non-characters, bidirectional overrides (CVE-2021-42574).
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069\ufeff]"
)
_MARKUP = re.compile(r"<[a-zA-Z!/?]|&(?:#|[a-zA-Z])")
#: Nothing but these survives sanitising; all are blocks or breaks, so words do not glue together.
_STRUCTURE = {"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "td", "tr", "table", "blockquote", "span"}
#: Tags of the commonest markup, whose text is what remains when they are cut out: a sixth of the cost of parsing twice.
#: Attributes hold no angle brackets; tables, forms and what holds scripts or styles is for the parsers.
_ATTRIBUTES = r"""(?>\s+[\w:-]+(?>\s*=\s*(?>"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+))?)*+\s*+/?>"""
_TAME_BREAK = re.compile(rf"</?(?:p|br|div|li|ul|ol|h[1-4]|blockquote|span){_ATTRIBUTES}", re.IGNORECASE)
_TAME_INLINE = re.compile(
    r"<!--[\w ]*+-->|</?(?:a|abbr|article|b|cite|code|del|em|figcaption|figure|font|hr|i|img|ins|pre|q|s|section|small"
    rf"|strong|sub|sup|u){_ATTRIBUTES}",
    re.IGNORECASE,
)
#: Tags of one text that are read: parsing takes the square of the depth, and 40,000 nested <div> took 8 s.
_TAGS = 5_000
_LONGEST_TITLE = 500
#: A text may be escaped twice; one that is still unfolding after this many rounds is an attack.
_ROUNDS = 8


def plain_text(markup: str, *, limit: int = 20_000) -> str:
    """The readable text of a piece of HTML, on one line, at most `limit` characters."""
    text = without_forbidden(markup[: limit * 10])
    for _ in range(_ROUNDS):
        if not _MARKUP.search(text):
            break
        stripped = without_forbidden(_strip(text))
        if stripped == text:
            break
        text = stripped
    else:
        text = re.sub("[<&]", " ", text)
    return " ".join(text.split())[:limit].rstrip()


def without_forbidden(text: str) -> str:
    """The text with spaces for what no text may hold: controls but tab and newline, half characters, bidirectional overrides."""
    return text if text.isprintable() else _FORBIDDEN.sub(" ", text)  # nothing forbidden is printable


def escaped_forbidden(json: str) -> str:
    """A JSON document with `\\uXXXX` for what no text may hold; it says the same."""
    return _FORBIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json)


def _strip(text: str) -> str:
    if "<" not in text:
        return html.unescape(text)
    # NUL, which no text has here, stands for a tag until entities are read: «&copy<b>;» is none.
    bare = _TAME_INLINE.sub("\x00", _TAME_BREAK.sub(" ", text))
    return html.unescape(bare).replace("\x00", "") if "<" not in bare else _parsed_text(text)


def _parsed_text(text: str) -> str:
    """The text of any markup, as a browser would read it, without scripts and styles."""
    text = "<".join(text.split("<", _TAGS)[:_TAGS])
    tree = LexborHTMLParser(nh3.clean(text, tags=_STRUCTURE, attributes={}, link_rel=None))
    return tree.body.text(separator=" ", deep=True) if tree.body else ""


def first_sentence(text: str) -> str:
    """What stands for a title where there is none: the first sentence, at most 500 characters."""
    for stop in (". ", "。", "! ", "? "):
        head, found, _ = text.partition(stop)
        if found and len(head) <= _LONGEST_TITLE:
            return head + stop.strip()
    return text[:120]
