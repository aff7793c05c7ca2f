"""The one home of Jinja: templates with autoescape always on and undefined names refused; an operator's own in a sandbox."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    meta,
)
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.loaders import split_template_path
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aggregator.publish.view import LANGUAGES, behind
from aggregator.text.markup import without_forbidden
from aggregator.text.urls import is_web_url, link_target

#: What an operator's template calls the templates of the program.
SHIPPED = "shipped"
#: Filters whose answer counts as markup although fetched text is in it.
_TO_MARKUP = ("safe", "tojson", "urlize", "xmlattr")
#: No template reads what lets us in at sources; `translate` of markup could turn the sign & into <.
_CLOSED = {"access", "translate"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A filled template; a problem says why it is the shipped one although a folder stands in for it."""

    text: str
    problem: str = ""


def render(template: str, **values: object) -> str:
    """Fill a template of the program; `.txt` templates are not escaped, all others are."""
    return _shipped(markup=_is_markup(template)).get_template(template).render(**values)


def render_from(folder: Path | None, template: str, **values: object) -> Rendered:
    """Fill a template, where those in a folder stand in for those of the program, by their names.

    A template of the folder that is at fault costs nothing but itself: all is made of the program's own then, and what is
    wrong is told with file and line. docs/templates.md says what such a template may do.
    """
    if folder is None:
        return Rendered(render(template, **values))
    if not folder.is_dir():
        return Rendered(render(template, **values), f"{folder}: there is no such folder")
    try:
        return Rendered(_overridden(folder, markup=_is_markup(template)).get_template(template).render(**values))
    except Exception as error:  # a template can fail in any way; what is our own fault fails again in the next line
        return Rendered(render(template, **values), _told(error, folder, template))


def names_used(template: str) -> frozenset[str]:
    """The values that a template of the program asks for itself; those of what it includes are not looked at."""
    environment = _shipped(markup=True)
    source, _, _ = _program().get_source(environment, template)
    return frozenset(meta.find_undeclared_variables(environment.parse(source)))


def _is_markup(template: str) -> bool:
    return not template.endswith(".txt")


@lru_cache(maxsize=2)
def _shipped(*, markup: bool) -> Environment:
    return _furnished(Environment, _program(), markup=markup)


def _overridden(folder: Path, *, markup: bool) -> Environment:
    """Made anew for each edition: one that is kept would not see a file that is new in the folder."""
    loader = ChoiceLoader([PrefixLoader({SHIPPED: _program()}), _Folder(folder), _program()])
    environment = _furnished(_Sandbox, loader, markup=markup)
    environment.add_extension(_AlwaysEscaped)
    environment.globals.pop("lipsum")
    for name in _TO_MARKUP:
        environment.filters.pop(name)
    return environment


def _program() -> BaseLoader:
    return PackageLoader("aggregator.publish", "templates")


def _furnished(kind: type[Environment], loader: BaseLoader, *, markup: bool) -> Environment:
    environment = kind(
        loader=loader,
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


class _Sandbox(ImmutableSandboxedEnvironment):
    """Neither code nor changes to what it is given (Jinja's sandbox), and no secrets."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return attr not in _CLOSED and super().is_safe_attribute(obj, attr, value)


class _AlwaysEscaped(Extension):
    """Refuses `{% autoescape %}`: fetched text stays text."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        before = ""
        for token in stream:
            if before == "block_begin" and token.test("name:autoescape"):
                raise TemplateSyntaxError("autoescape is always on here", token.lineno, stream.name, stream.filename)
            before = token.type
            yield token


class _Folder(BaseLoader):
    """Templates of a folder, and of no other place that a name or a symbolic link in it leads to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path = self._folder.joinpath(*split_template_path(template))
        if not path.is_file():
            raise TemplateNotFound(template)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise TemplateRuntimeError(f"{path} leads out of the folder of templates")
        return path.read_text(encoding="utf-8"), str(path), lambda: True


def _told(error: Exception, folder: Path, template: str) -> str:
    """File, line and what is wrong; the innermost line of the folder's templates is where the operator has to look."""
    what = without_forbidden(str(error))[:300] or type(error).__name__
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name or template}:{error.lineno}: {without_forbidden(error.message or what)}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(folder):
            return f"{frame.filename}:{frame.lineno}: {what}"
    return f"{folder / template}: {what}"


def _moment(moment: datetime) -> str:
    return moment.strftime("%d %b %Y, %H:%M UTC")
