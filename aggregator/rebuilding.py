"""An edition made again from what the archive keeps of it, and what would be told otherwise today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from aggregator.archive import Archive
from aggregator.editions import compose
from aggregator.model import Edition
from aggregator.publish.digest import edition_of, plainly
from aggregator.settings import DigestDefinition, Settings

#: Changes of one kind that are named.
_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of it."""

    edition: Edition
    """As its content is rendered now; as it was kept if it has none."""
    same: bool
    """Whether page and text are what they were, byte for byte."""
    changes: tuple[str, ...]
    """What has changed in the archive, the program or feeds.yaml, so that the edition would be another if it were made today."""


def rebuild(archive: Archive, settings: Settings, kept: Edition) -> Rebuilt:
    """Render the kept content of an edition again, and compare it with what the archive says now; nothing is written."""
    content = kept.manifest.get("content")
    if not isinstance(content, Mapping):
        return Rebuilt(edition=kept, same=False, changes=("it was made by a version that kept no content",))
    again = edition_of(content, kept, settings.template_folder)
    same = (again.html, again.text) == (kept.html, kept.text)
    changes = [] if same else ["the templates have changed: the same content gives another page"]
    definition = next((one for one in settings.digests if one.name == kept.digest), None)
    changes += _changes(archive, settings, kept, definition)
    return Rebuilt(edition=again, same=same, changes=tuple(changes))


def _changes(archive: Archive, settings: Settings, kept: Edition, definition: DigestDefinition | None) -> Iterator[str]:
    yield from _edited(archive, kept.manifest.get("articles", {}))
    if definition is None:
        yield f"feeds.yaml has no digest {kept.digest!r} any more"
        return
    # Nobody is asked to translate once more: what a translator says is not the archive's.
    today = compose(archive, replace(settings, translation=None), definition, kept.date, (kept.since, kept.until))
    yield from _otherwise("versions", kept.manifest.get("versions"), today.manifest["versions"])
    yield from _otherwise("the digest's definition", kept.manifest.get("definition"), plainly(asdict(definition)))
    yield from _told_otherwise(_stories(kept), _stories(today))


def _edited(archive: Archive, hashes: Any) -> Iterator[str]:
    for article, content_hash in hashes.items():
        stored = archive.article(int(article))
        if stored is None:
            yield f"article {article} is gone"
        elif stored.article.content_hash != content_hash:
            yield f"article {article} was edited since: {stored.article.title}"


def _otherwise(what: str, before: Any, now: Any) -> Iterator[str]:
    """Values of a mapping that are not what they were."""
    before = before if isinstance(before, Mapping) else {}
    for name, value in now.items():
        if before.get(name) != value:
            yield f"{what}: {name} was {before.get(name)!r:.80}, is {value!r:.80}"


def _stories(edition: Edition) -> dict[int, Mapping[str, Any]]:
    content: Any = edition.manifest["content"]
    told = [
        *([content["top"]] if content["top"] else []),
        *(s for part in content["sections"] for s in part["stories"]),
    ]
    return {story["id"]: story for story in told}


def _told_otherwise(before: Mapping[int, Mapping[str, Any]], now: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield from _listed("would not be shown", [before[story] for story in before if story not in now])
    yield from _listed("would be shown too", [now[story] for story in now if story not in before])
    for story in sorted(before.keys() & now.keys()):
        fields = [name for name in before[story] if name != "translated" and before[story][name] != now[story][name]]
        if fields:
            yield f"story {story} would be told with another {', '.join(fields)}: {before[story]['headline']}"


def _listed(what: str, stories: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"story {story['id']} {what}: {story['headline']}" for story in stories[:_NAMED])
    if len(stories) > _NAMED:
        yield f"{len(stories) - _NAMED} more stories {what}"
