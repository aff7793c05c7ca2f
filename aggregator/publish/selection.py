"""Pure: which stories a digest shows, in which section, and which it only notes."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from aggregator.model import RankedStory
from aggregator.settings import DigestDefinition, Section

#: What each further independent source and language adds to a story's importance, as a share of its relevance.
_SOURCE, _LANGUAGE = 0.25, 0.25


@dataclass(frozen=True, slots=True)
class Selected:
    """Ids of stories, the most important first."""

    sections: tuple[tuple[int, ...], ...]
    """Of each section of the definition; without any, one with all that are shown."""
    noted: tuple[int, ...]
    left_out: int
    """How many are neither shown nor noted."""

    @property
    def shown(self) -> tuple[int, ...]:
        """All that sections show."""
        return tuple(story for section in self.sections for story in section)


def importance(story: RankedStory) -> tuple[float, int, int]:
    """Relevance counts first; each further independent source and language makes a story more important."""
    weight = 1 + _SOURCE * (story.sources - 1) + _LANGUAGE * (len(story.languages) - 1)
    return story.relevance * weight, story.sources, -story.id


def by_importance(stories: Iterable[RankedStory]) -> list[RankedStory]:
    """The most important first."""
    return sorted(stories, key=importance, reverse=True)


def in_languages(stories: Iterable[RankedStory], languages: Collection[str]) -> list[RankedStory]:
    """The stories with an article in one of the languages; without any, all."""
    return [story for story in stories if not languages or not story.languages.isdisjoint(languages)]


def select(definition: DigestDefinition, ranked: Sequence[RankedStory], members: Sequence[Collection[int]]) -> Selected:
    """Fill the sections in their order from the stories, the most important first; `members` are what each asks for."""
    room, taken, sections = definition.maximum_stories, set[int](), []
    for section, wanted in zip(definition.sections or (_everything(definition),), members, strict=True):
        candidates = [story for story in ranked if story.id in wanted and story.id not in taken]
        chosen = _capped(section, candidates)[:room]
        taken.update(chosen)
        room -= len(chosen)
        sections.append(tuple(chosen))
    wanted_by_any = set().union(*members)
    rest = [story.id for story in ranked if story.id in wanted_by_any and story.id not in taken]
    noted = rest[: definition.also_noted]
    return Selected(tuple(sections), tuple(noted), len(rest) - len(noted))


def _everything(definition: DigestDefinition) -> Section:
    return Section(title=definition.title, maximum_stories=definition.maximum_stories)


def _capped(section: Section, candidates: Iterable[RankedStory]) -> list[int]:
    """The first candidates, but no more of one outlet or camp than the section lets in."""
    outlets, camps, chosen = Counter[str](), Counter[str](), list[int]()
    for story in candidates:
        full = (section.maximum_per_outlet and outlets[story.lead_outlet] >= section.maximum_per_outlet) or (
            section.maximum_per_camp and camps[story.lead_camp] >= section.maximum_per_camp
        )
        if full or len(chosen) >= section.maximum_stories:
            continue
        outlets[story.lead_outlet] += 1
        camps[story.lead_camp] += 1
        chosen.append(story.id)
    return chosen
