"""The only reader of feeds.yaml and of the environment: file → Settings, or an error with its line."""

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from aggregator.acquire.access import access_problem, proxy_problem
from aggregator.acquire.websub import callback_path
from aggregator.errors import ConfigurationError
from aggregator.settings import AlertRule, DigestDefinition, Feed, Mail, Network, Retention, SavedSearch, Settings, Web
from aggregator.text.urls import is_web_url

DEFAULT_FILE = Path("feeds.yaml")
PASSWORD_VARIABLE = "AGGREGATOR_MAIL_PASSWORD"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ADAPTER = TypeAdapter(Settings)
_TYPES: Mapping[str, type] = {
    "": Settings,
    "feeds": Feed,
    "digests": DigestDefinition,
    "alerts": AlertRule,
    "searches": SavedSearch,
    "network": Network,
    "mail": Mail,
    "web": Web,
    "retention": Retention,
}
_MENDS = {
    "missing": "add it",
    "unexpected_keyword_argument": "remove it",
    "enum": "use one of the values listed",
    "literal_error": "use one of the values listed",
}


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a configuration file; paths in it become absolute.

    Raises:
        ConfigurationError: names the file, the line, the field and the mend.
    """
    environment = os.environ if environment is None else environment
    settings = _load_plainly(path) or _load_with_lines(path)
    settings = replace(
        settings, feeds=tuple(_let_in(path, number, feed, environment) for number, feed in enumerate(settings.feeds))
    )
    settings = replace(settings, network=_routed(path, settings.network, environment))
    settings = replace(settings, feeds=tuple(_filtered(feed, settings) for feed in settings.feeds))
    mail = replace(settings.mail, password=environment.get(PASSWORD_VARIABLE, "")) if settings.mail else None
    home = path.absolute().parent
    model = home / settings.semantic_model if settings.semantic_model else None
    return replace(
        settings,
        archive=home / settings.archive,
        digest_folder=home / settings.digest_folder,
        semantic_model=model,
        mail=mail,
    )


def _filtered(feed: Feed, settings: Settings) -> Feed:
    """The feed with the filter of all feeds, where it has none of its own."""
    keep = settings.keep if feed.keep is None else feed.keep
    drop = settings.drop if feed.drop is None else feed.drop
    return replace(feed, keep=keep or None, drop=drop or None)


def _let_in(path: Path, number: int, feed: Feed, environment: Mapping[str, str]) -> Feed:
    """The feed with the secrets that its `access` names."""
    if feed.access is None:
        return feed

    def filled(text: str) -> str:
        return _filled(text, environment)

    access = feed.access
    try:
        access = replace(
            access,
            headers={name: filled(value) for name, value in access.headers.items()},
            cookies={name: filled(value) for name, value in access.cookies.items()},
            user=filled(access.user),
            password=filled(access.password),
            bearer=filled(access.bearer),
            proxy=_filled_proxy(access.proxy, environment),
        )
    except KeyError as missing:
        problem = f"the environment has no variable {missing.args[0]}; set it"
    else:
        problem = access_problem(access)
    if problem:
        line = line_of(read_yaml(path), ("feeds", number, "access"))
        raise ConfigurationError(f"{path}:{line}: feeds[{number + 1}].access: {problem}")
    return replace(feed, access=access)


def _routed(path: Path, network: Network, environment: Mapping[str, str]) -> Network:
    """The network with the secrets that its `proxy` names."""
    try:
        proxy = _filled_proxy(network.proxy, environment)
        problem = proxy_problem(proxy)
    except KeyError as missing:
        problem = f"the environment has no variable {missing.args[0]}; set it"
    if problem:
        raise ConfigurationError(f"{path}:{line_of(read_yaml(path), ('network', 'proxy'))}: network.proxy: {problem}")
    return replace(network, proxy=proxy)


def _filled(text: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: environment[match[1]], text)


def _filled_proxy(text: str, environment: Mapping[str, str]) -> str:
    """A variable holds the whole address, or a part of it such as the password, which is %-escaped here."""
    if _VARIABLE.fullmatch(text):
        return _filled(text, environment)
    return _VARIABLE.sub(lambda match: quote(environment[match[1]], safe=""), text)


def _load_plainly(path: Path) -> Settings | None:
    """The settings by the parser in C, six times faster than the one that knows lines; None if anything is wrong."""
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8-sig"))
        settings = _validated(data if isinstance(data, dict) else {})
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError):
        return None
    return settings if isinstance(data, dict) and not any(_contradictions(path, CommentedMap(), settings)) else None


def _load_with_lines(path: Path) -> Settings:
    data = read_yaml(path)
    try:
        settings = _validated(data)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_problems(path, data, error))) from None
    if wrong := list(_contradictions(path, data, settings)):
        raise ConfigurationError("\n".join(wrong))
    return settings


def _validated(data: Mapping[str, Any]) -> Settings:
    # A section without content, all its lines commented out perhaps, is one that is absent.
    return _ADAPTER.validate_python({name: section for name, section in data.items() if section is not None})


def json_schema() -> dict[str, Any]:
    """JSON Schema of feeds.yaml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aggregator feeds.yaml",
        **_ADAPTER.json_schema(),
    }


def read_yaml(path: Path) -> CommentedMap:
    """The file as rows that know their lines.

    Raises:
        ConfigurationError: it cannot be read, or is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: there is no such file; name one with --config, or start from the shipped feeds.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    try:
        data = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise ConfigurationError(_yaml_problem(path, error)) from None
    if data is None:
        return CommentedMap()
    if not isinstance(data, CommentedMap):
        raise ConfigurationError(f"{path}:1: the file must be a mapping; start with `feeds:`")
    return data


def _yaml_problem(path: Path, error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = str(getattr(error, "problem", "") or error).splitlines()[0]
    mend = "remove one of the two" if "duplicate key" in problem else "check the indentation and the quotes"
    return f"{path}:{line}: not valid YAML: {problem}; {mend}"


def _problems(path: Path, data: CommentedMap, error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        location = tuple(part for part in problem["loc"] if isinstance(part, int) or not part.startswith("function-"))
        said = _said(problem, location)
        yield f"{path}:{line_of(data, location)}: {_named(location)}: {said}"


def _named(location: Sequence[str | int]) -> str:
    return ".".join(f"[{part + 1}]" if isinstance(part, int) else part for part in location).replace(".[", "[")


def _said(problem: Any, location: Sequence[str | int]) -> str:
    if problem["type"] == "unexpected_keyword_argument":
        known = [field.name for field in fields(_TYPES.get(str(location[0]) if len(location) > 1 else "", Settings))]
        close = difflib.get_close_matches(str(location[-1]), known, 1)
        return f"there is no such field; {f'did you mean {close[0]!r}?' if close else 'fields are ' + ', '.join(known)}"
    if problem["type"] == "missing":
        return "is required and absent; add it"
    mend = _MENDS.get(problem["type"], "change it")
    if {"access", "proxy"} & set(location):
        return f"{problem['msg'][0].lower()}{problem['msg'][1:]}; {mend}"  # the value may be a secret
    return f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {problem['input']!r:.60}; {mend}"


def line_of(data: Any, location: Sequence[str | int]) -> int:
    """Line of the deepest part of a location that stands in the file, from 1."""
    line, node = 1, data
    for part in location:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part in (node.lc.data or ()):
            line = node.lc.item(part)[0] + 1
        else:
            break
        node = node[part]
    return int(line)


def _contradictions(path: Path, data: CommentedMap, settings: Settings) -> Iterator[str]:
    """What is wrong though each field is well-formed."""
    seen: dict[str, int] = {}
    for number, feed in enumerate(settings.feeds):
        line = line_of(data, ("feeds", number, "url"))
        if not is_web_url(feed.url):
            yield f"{path}:{line}: feeds[{number + 1}].url: {feed.url!r:.80} is not an http(s) address; write https://…"
        if feed.url in seen:
            yield f"{path}:{line}: feeds[{number + 1}].url: stands already in line {seen[feed.url]}; remove one of the two"
        seen.setdefault(feed.url, line)
        yield from _wrong_selectors(path, data, number, feed)
    for number, digest in enumerate(settings.digests):
        where = ("digests", number)
        if not _is_zone(digest.zone):
            close = difflib.get_close_matches(digest.zone, available_timezones(), 1)
            hint = f"did you mean {close[0]}?" if close else "use an IANA name such as Europe/Berlin"
            yield f"{path}:{line_of(data, (*where, 'zone'))}: digests[{number + 1}].zone: no time zone {digest.zone!r}; {hint}"
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", digest.time):
            yield f'{path}:{line_of(data, (*where, "time"))}: digests[{number + 1}].time: {digest.time!r} is no time of day; write "07:00"'
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", digest.name):
            yield f"{path}:{line_of(data, (*where, 'name'))}: digests[{number + 1}].name: use letters, digits, - and _ only"
    for number, search in enumerate(settings.searches):
        place = f"{path}:{line_of(data, ('searches', number, 'name'))}: searches[{number + 1}].name"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", search.name):
            yield f"{place}: use letters, digits, - and _ only"
        if search.name in [earlier.name for earlier in settings.searches[:number]]:
            yield f"{place}: another search is called {search.name!r}; give each its own name"
    yield from _wrong_queries(path, data, settings)
    callback = settings.network.websub_callback
    if callback and not callback_path(callback):
        line = line_of(data, ("network", "websub_callback"))
        yield f"{path}:{line}: network.websub_callback: {callback!r:.80} is no address with a path of its own; write https://your.host/websub"
    if settings.mail and settings.mail.password:
        yield f"{path}:{line_of(data, ('mail', 'password'))}: mail.password: never in this file; set {PASSWORD_VARIABLE} and remove the line"
    if settings.mail is None:
        wanted = {
            "digests": [d.recipients for d in settings.digests],
            "alerts": [a.recipients for a in settings.alerts],
        }
        for kind, recipients in wanted.items():
            for number, listed in enumerate(recipients):
                if listed:
                    place = f"{path}:{line_of(data, (kind, number))}: {kind}[{number + 1}].recipients"
                    yield f"{place}: there is no `mail:` section to send them with; add one"


def _wrong_queries(path: Path, data: CommentedMap, settings: Settings) -> Iterator[str]:
    from aggregator.queries import query_problems  # it loads what knows concepts, which `--help` need not

    for place, problem in query_problems(settings, datetime.now(UTC)):
        yield f"{path}:{line_of(data, place)}: {_named(place)}: {problem}"


def _wrong_selectors(path: Path, data: CommentedMap, number: int, feed: Feed) -> Iterator[str]:
    place = f"{path}:{line_of(data, ('feeds', number))}: feeds[{number + 1}]"
    if (feed.kind == "page") != (feed.selectors is not None):
        yield f"{place}: `kind: page` and `selectors:` belong together; add the one or remove the other"
    if feed.selectors:
        from aggregator.acquire.page import selector_problem  # few lists have pages

        for field in fields(feed.selectors):
            selector = getattr(feed.selectors, field.name)
            if selector and (problem := selector_problem(selector)):
                yield f"{place}.selectors.{field.name}: {selector!r:.80} is no CSS selector ({problem}); mend it"


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
