"""The one home of css-inline: the CSS of a mail where mail clients look for it."""

from css_inline import CSSInliner

#: Nothing is fetched; what is marked `data-css-inline="keep"` (the colours of dark mode) stays a style sheet.
_INLINER = CSSInliner(load_remote_stylesheets=False)


def inlined(html: str) -> str:
    """A page with its style sheets written into the elements."""
    return _INLINER.inline(html)
