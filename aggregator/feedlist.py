"""Changing the lists of sources and rules in feeds.yaml, leaving all other lines as a person wrote them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from aggregator.errors import ConfigurationError
from aggregator.settings import Feed
from aggregator.yamlfile import line_of, read_yaml


def add_feeds(path: Path, feeds: Sequence[Feed]) -> int:
    """Append feeds to the list, leaving all other lines as they are; returns how many were not in it yet.

    Raises:
        ConfigurationError: `feeds` is no list of sources.
    """
    return _append(path, "feeds", "url", [_row(feed) for feed in feeds])


def add_alert(path: Path, rule: Mapping[str, object]) -> bool:
    """Append a rule, by its fields, to the list of alerts; False if there is one of its name.

    Raises:
        ConfigurationError: `alerts` is no list of rules.
    """
    return _append(path, "alerts", "name", [rule]) == 1


def _append(path: Path, section: str, identity: str, rows: Sequence[Mapping[str, object]]) -> int:
    """Append to a list what is not in it by its identity; returns how many were not."""
    data = read_yaml(path) if path.is_file() else CommentedMap()
    listed = _listed(path, data, section)
    known = {str(row.get(identity)) for row in listed}
    new = list({row[identity]: dict(row) for row in rows if row[identity] not in known}.values())
    if not new:
        return 0
    if listed and not listed.fa.flow_style():
        lines = _lines(path)
        start, end = _extent(lines, listed, len(listed) - 1)
        indent = " " * _indent(lines[start])
        lines[end:end] = [indent + line for line in _yaml(new, offset=0).splitlines()]
        _replace(path, "\n".join(lines))
    else:
        data[section] = [*listed, *new]
        _replace(path, _yaml(data, offset=2))
    return len(new)


def remove_feed(path: Path, url: str) -> bool:
    """Take a feed out of the list, leaving all other lines as they are; False if it is not in it.

    Raises:
        ConfigurationError: `feeds` is no list of sources.
    """
    data = read_yaml(path)
    listed = _listed(path, data, "feeds")
    position = next((number for number, row in enumerate(listed) if row.get("url") == url), None)
    if position is None:
        return False
    if listed.fa.flow_style():
        del listed[position]
        _replace(path, _yaml(data, offset=2))
    else:
        lines = _lines(path)
        start, end = _extent(lines, listed, position)
        del lines[start:end]
        _replace(path, "\n".join(lines))
    return True


def _listed(path: Path, data: CommentedMap, section: str) -> CommentedSeq:
    listed = data.get(section)
    if listed is None:
        return CommentedSeq()
    if not isinstance(listed, CommentedSeq) or not all(isinstance(row, CommentedMap) for row in listed):
        named = {"feeds": "sources", "alerts": "rules"}[section]
        raise ConfigurationError(
            f"{path}:{line_of(data, (section,))}: {section}: must be a list of {named}; mend it first"
        )
    return listed


def _row(feed: Feed) -> dict[str, object]:
    """What a person would write: `access` stays out, it holds secrets."""
    selectors = {name: value for name, value in asdict(feed.selectors).items() if value} if feed.selectors else None
    named = {"url": feed.url, "outlet": feed.outlet, "language": feed.language, "country": feed.country}
    spare = {
        "kind": None if feed.kind == "feed" else feed.kind,
        "selectors": selectors,
        "interval_minutes": feed.interval_minutes,
        "paused": feed.paused or None,
    }
    return {**named, "camp": feed.camp.value, **{name: value for name, value in spare.items() if value is not None}}


def _extent(lines: Sequence[str], listed: CommentedSeq, position: int) -> tuple[int, int]:
    """First line of a row and the one after its last; comments behind it belong to what follows."""
    start = int(listed.lc.item(position)[0])
    end = start + 1
    for number in range(start + 1, len(lines)):
        if not lines[number].strip() or lines[number].lstrip().startswith("#"):
            continue
        if _indent(lines[number]) <= _indent(lines[start]):
            break
        end = number + 1
    return start, end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").split("\n")


def _yaml(data: object, *, offset: int) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 1000
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    text = io.StringIO()
    yaml.dump(data, text)
    return text.getvalue()


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
