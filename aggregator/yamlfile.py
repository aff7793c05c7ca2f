"""YAML files whose parts know their lines, so that an error can name one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from aggregator.errors import ConfigurationError


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
