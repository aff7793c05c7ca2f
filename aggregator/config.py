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

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from aggregator.acquire.access import access_problem, proxy_problem
from aggregator.contradictions import PASSWORD_VARIABLE, channel_problem, contradictions
from aggregator.errors import ConfigurationError
from aggregator.settings import (
    AlertRule,
    Channel,
    DigestDefinition,
    Feed,
    Mail,
    Network,
    Retention,
    SavedSearch,
    Settings,
    Translation,
    Web,
)
from aggregator.yamlfile import line_of, read_yaml

DEFAULT_FILE = Path("feeds.yaml")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ADAPTER = TypeAdapter(Settings)
_TYPES: Mapping[str, type] = {
    "": Settings,
    "feeds": Feed,
    "digests": DigestDefinition,
    "alerts": AlertRule,
    "channels": Channel,
    "searches": SavedSearch,
    "network": Network,
    "mail": Mail,
    "web": Web,
    "retention": Retention,
    "translation": Translation,
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
    channels = (_opened(path, number, one, environment) for number, one in enumerate(settings.channels))
    settings = replace(settings, channels=tuple(channels))
    settings = replace(settings, feeds=tuple(_filtered(feed, settings) for feed in settings.feeds))
    home = path.absolute().parent
    mail = _sending(settings.mail, home, environment) if settings.mail else None
    model = home / settings.semantic_model if settings.semantic_model else None
    return replace(
        settings,
        archive=home / settings.archive,
        digest_folder=home / settings.digest_folder,
        semantic_model=model,
        template_folder=home / settings.template_folder if settings.template_folder else None,
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


def _opened(path: Path, number: int, channel: Channel, environment: Mapping[str, str]) -> Channel:
    """The channel with the secrets that it names."""
    try:
        filled = replace(channel, url=_filled(channel.url, environment), secret=_filled(channel.secret, environment))
        problem = channel_problem(filled.url)
        if channel.secret and not filled.secret:
            problem = "the variable of its secret is empty, so nothing would be signed; set it"
    except KeyError as missing:
        problem = f"the environment has no variable {missing.args[0]}; set it"
    if problem:
        line = line_of(read_yaml(path), ("channels", number, "url"))
        raise ConfigurationError(f"{path}:{line}: channels[{number + 1}]: {problem}")
    return filled


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


def _sending(mail: Mail, home: Path, environment: Mapping[str, str]) -> Mail:
    """The mail section with its secret and absolute paths."""
    return replace(
        mail,
        password=environment.get(PASSWORD_VARIABLE, ""),
        certificates=home / mail.certificates if mail.certificates else None,
        dkim=replace(mail.dkim, key_file=home / mail.dkim.key_file) if mail.dkim else None,
    )


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
    return settings if isinstance(data, dict) and not any(_problems_between(path, CommentedMap(), settings)) else None


def _load_with_lines(path: Path) -> Settings:
    data = read_yaml(path)
    try:
        settings = _validated(data)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_problems(path, data, error))) from None
    if wrong := list(_problems_between(path, data, settings)):
        raise ConfigurationError("\n".join(wrong))
    return settings


def _validated(data: Mapping[str, Any]) -> Settings:
    # A section without content, all its lines commented out perhaps, is one that is absent.
    return _ADAPTER.validate_python({name: section for name, section in data.items() if section is not None})


def _problems_between(path: Path, data: CommentedMap, settings: Settings) -> Iterator[str]:
    def line(place: Sequence[str | int]) -> int:
        return line_of(data, place)

    for place, problem in contradictions(settings, now=datetime.now(UTC), line_of=line):
        yield f"{path}:{line(place)}: {_named(place)}: {problem}"


def json_schema() -> dict[str, Any]:
    """JSON Schema of feeds.yaml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aggregator feeds.yaml",
        **_ADAPTER.json_schema(),
    }


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
    if {"access", "proxy", "channels"} & set(location):
        return f"{problem['msg'][0].lower()}{problem['msg'][1:]}; {mend}"  # the value may be a secret
    return f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {problem['input']!r:.60}; {mend}"


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
