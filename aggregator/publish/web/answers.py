"""What the handlers of all pages share."""

from starlette.responses import HTMLResponse, Response

from aggregator.publish.render import render

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
#: What every answer bears that does not bring its own.
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page(template: str, **values: object) -> Response:
    """A page made of a template."""
    return HTMLResponse(render(template, **values), headers=HEADERS)


def number(text: str) -> int:
    """The number that a text is; 0 for any other text, and for one that SQLite cannot hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
