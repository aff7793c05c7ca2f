"""The one home of Jinja: templates with autoescape always on and undefined names refused."""

from datetime import datetime
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.publish.view import LANGUAGES, behind
from aggregator.text.markup import without_forbidden
from aggregator.text.urls import is_web_url, link_target


@lru_cache(maxsize=2)
def _environment(*, markup: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("aggregator.publish", "templates"),
        autoescape=markup,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["behind"] = behind
    environment.filters["moment"] = _moment
    environment.filters["language"] = lambda code: LANGUAGES.get(code, code)
    environment.filters["percent"] = lambda share: f"{share * 100:.0f}"
    environment.filters["harmless"] = without_forbidden
    environment.filters["link_target"] = link_target
    environment.tests["web_url"] = is_web_url
    return environment


def render(template: str, **values: object) -> str:
    """Fill a template; `.txt` templates are not escaped, all others are."""
    return _environment(markup=not template.endswith(".txt")).get_template(template).render(**values)


def _moment(moment: datetime) -> str:
    return moment.strftime("%d %b %Y, %H:%M UTC")
