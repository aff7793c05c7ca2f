"""Pure, the home of css-inline: HTML as mail programs show it."""

from css_inline import CSSInliner

#: What has no place in a style attribute stays in <style>: @media, and so the dark colours, which must say !important
#: to win over it. Variables are filled in, since Gmail and Outlook know none. Nothing is fetched, from nowhere.
_INLINER = CSSInliner(
    keep_style_tags=False,
    keep_link_tags=False,
    keep_at_rules=True,
    load_remote_stylesheets=False,
    resolve_css_variables=True,
    minify_css=True,
)


def with_inlined_css(html: str) -> str:
    """A document with its styles where mail programs read them, in each element.

    Raises:
        ValueError: css-inline cannot read it.
    """
    return _INLINER.inline(html)


def html_part_size(html: str) -> int:
    """Bytes of the HTML part that a mail of this document has: Gmail shows no more than 102 KB of one.

    Raises:
        ValueError: css-inline cannot read it.
    """
    return len(with_inlined_css(html).encode())
