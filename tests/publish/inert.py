"""Pages and mails in which nothing that was fetched does anything, read as a browser reads them (HTML5)."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
#: What mail clients understand, and nothing that runs or loads.
_MAIL_TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tbody",
        "tr",
        "td",
        "div",
        "p",
        "h1",
        "h2",
        "h3",
        "a",
        "b",
        "i",
        "br",
        "span",
    ]
)
_MAIL_ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "name",
        "content",
        "class",
        "style",
        "role",
        "align",
        "valign",
        "width",
        "height",
        "href",
        "data-css-inline",
    ]
)


def elements(html: str) -> Iterator[ET.Element]:
    tree = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=True)
    assert isinstance(tree, ET.Element)
    return tree.iter()


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def assert_inert(html: str) -> None:
    """Nothing in the page runs, loads, submits or leads anywhere but to http(s)."""
    styles = 0
    for element in elements(html):
        tag = str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else "!"
        assert tag not in {
            "script",
            "iframe",
            "frame",
            "object",
            "embed",
            "form",
            "input",
            "img",
            "base",
            "link",
            "audio",
        }
        styles += tag == "style"
        if tag == "meta":
            assert str(element.get("http-equiv", "")).lower() in ("", "content-security-policy")
        for name, value in element.attrib.items():
            short = name.rpartition("}")[2].lower()
            assert not short.startswith("on"), (name, value)
            assert short not in {"style", "src", "srcdoc", "action", "formaction", "srcset", "background", "autofocus"}
            if short == "href":
                assert urlsplit(value).scheme in ("http", "https") or value.startswith("#"), value
    assert styles == 1, "only the one style sheet of our own"


def assert_inert_mail(html: str) -> None:
    """Nothing but elements, attributes and links that mail clients show, and nothing to load."""
    for element in elements(html):
        tag = str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else "!"
        assert tag in _MAIL_TAGS
        assert set(element.attrib) <= _MAIL_ATTRIBUTES, element.attrib
        assert "url(" not in element.get("style", "")
        assert urlsplit(element.get("href", "https://x")).scheme in ("http", "https")
