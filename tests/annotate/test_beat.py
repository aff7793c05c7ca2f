"""A pair of countries is data: a second, tiny beat works; one that contradicts itself is refused by name."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import SHIPPED, load_beat
from aggregator.annotate.lexicon import load_lexicon, read_lexicon
from aggregator.annotate.wordforms import word_forms
from aggregator.errors import LexiconError
from aggregator.model import Article, DateConfidence
from aggregator.settings import Camp

TINY = Path(__file__).parents[1] / "beats" / "india-russia"
Edit = Callable[[str], str]
_ROW = "- {id: x, kind: office, side: in, weight: 1.0, NAMES}\n"
_OFFICE = _ROW.replace("NAMES", "en: [X], ru: [Икс], zh: [艾克斯], holders: [HOLDERS]")


def _article(title: str) -> Article:
    return Article(
        feed_url="",
        outlet="",
        camp=Camp.OTHER,
        country="",
        language="en",
        url="",
        title=title,
        summary="",
        text="",
        author="",
        published=None,
        date_confidence=DateConfidence.FIRST_SEEN,
        first_seen=datetime(2026, 1, 1, tzinfo=UTC),
        content_hash="",
        keys=(),
    )


def test_another_pair_is_configuration_not_code() -> None:
    beat = load_beat(str(TINY))
    tie = annotate(_article("Modi in Moscow for talks on BrahMos missiles"), beat)
    assert tie.relevance.score > 0.8
    assert tie.topics == ("military",)
    assert set(tie.concepts) == {"modi", "russia", "brahmos"}
    assert annotate(_article("China and Russia hold talks"), beat).relevance.score < 0.5
    assert annotate(_article("A storm crosses the Indian Ocean"), beat).concepts == ()


def _broken(folder: Path, file: str, edit: Edit) -> Path:
    copy = folder / "broken"
    shutil.copytree(TINY, copy)
    (copy / file).write_text(edit((copy / file).read_text(encoding="utf-8")), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("file", "edit", "told"),
    [
        (
            "concepts.yaml",
            lambda text: text.replace("[Narendra Modi, Modi]", "[Modi, Moscow]"),
            r"concepts.yaml:3: concept 'modi': 'moscow' belongs to 'russia'",
        ),
        ("concepts.yaml", lambda text: text.replace("id: modi", "id: india"), "stands twice"),
        (
            "concepts.yaml",
            lambda text: text.replace("weight: 1.0, topics", "topics"),
            r"concept 'brahmos': without weight",
        ),
        (
            "concepts.yaml",
            lambda text: text.replace("zh: [莫迪]", "zh: []"),
            r"concepts.yaml:3: concept 'modi': either names in zh",
        ),
        (
            "concepts.yaml",
            lambda text: text.replace("zh: [莫迪]", "zh: [莫迪], lacks: {zh: none}"),
            "either names in zh",
        ),
        (
            "concepts.yaml",
            lambda text: text + _ROW.replace("NAMES", "lacks: {en: a, ru: b, zh: c}"),
            "a name in no language",
        ),
        ("concepts.yaml", lambda text: text.replace("[BrahMos]", "[BrahMos], shared: [BrahMos]"), "nobody shares it"),
        ("concepts.yaml", lambda text: text + _OFFICE.replace("HOLDERS", "{person: brahmos}"), "no person of the beat"),
        (
            "concepts.yaml",
            lambda text: text + _OFFICE.replace("HOLDERS", "{person: modi, from: May}"),
            "no days in order",
        ),
        (
            "concepts.yaml",
            lambda text: text + _OFFICE.replace("HOLDERS", "{person: modi, from: 2015, until: 2014-05-26}"),
            "no days in order",
        ),
        (
            "concepts.yaml",
            lambda text: text + _OFFICE.replace("HOLDERS", "{person: modi}, {person: modi, from: 2014}"),
            "'modi' follows before 'modi' has left",
        ),
        (
            "concepts.yaml",
            lambda text: text.replace("zh: [莫迪]", "zh: [莫迪], holders: [{person: modi}]"),
            "only an office has holders",
        ),
        ("phrases.yaml", lambda text: text.replace("india-russia", "modi"), "the pair's concept"),
        ("concepts.yaml", lambda text: text.replace("side: pair", "side: cn"), "unknown side"),
        (
            "concepts.yaml",
            lambda text: text.replace("topics: [military]", "topics: [cooking]"),
            "unknown side or topic",
        ),
        ("topics.yaml", lambda text: "just: a mapping", "a list is expected"),
        ("relations.yaml", lambda text: "- {id: [", "relations.yaml"),
        ("decoys.yaml", lambda text: "en: [", "decoys.yaml"),
    ],
)
def test_a_beat_that_contradicts_itself_is_refused(tmp_path: Path, file: str, edit: Edit, told: str) -> None:
    with pytest.raises(LexiconError, match="(?s)" + told):
        read_lexicon(_broken(tmp_path, file, edit))


def test_a_name_that_all_its_owners_declare_stands_for_each(tmp_path: Path) -> None:
    row = _ROW.replace("office", "body").replace(
        "NAMES", "en: [Kremlin], ru: [Кремль], lacks: {zh: why}, shared: [Kremlin]"
    )
    folder = _broken(
        tmp_path, "concepts.yaml", lambda text: text + row + row.replace("id: x", "id: y").replace("Кремль", "К.")
    )
    found = load_beat(str(folder)).matcher.find("in the Kremlin").claimed
    assert [(hit.meaning, hit.start) for hit in found] == [("x", 7), ("y", 7)]
    assert load_beat(str(folder)).concepts["x"].name("zh") == "Kremlin"


def test_weights_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"weights\.json"):
        load_beat(str(_broken(tmp_path, "weights.json", lambda text: "{}")))


def test_an_unknown_beat_is_refused_by_name() -> None:
    with pytest.raises(LexiconError, match="atlantis"):
        load_beat("atlantis")


def test_what_is_kept_equals_what_is_read() -> None:
    load_lexicon(TINY)
    kept, read = load_lexicon(TINY), read_lexicon(TINY)
    names = [(name, tuple(numbers), tuple(map(tuple, cased))) for name, numbers, cased in kept.rows("concept_names")]
    assert names == read["concept_names"]
    assert list(kept.rows("concepts")) == read["concepts"]


def test_a_kept_lexicon_that_was_cut_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load_lexicon(TINY)
    (kept,) = tmp_path.rglob("lexicon-*.jsonl")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    assert list(load_lexicon(TINY).rows("topics")) == read_lexicon(TINY)["topics"]
    assert kept.read_bytes() == whole


def test_the_shipped_beat_can_be_read_anew() -> None:
    assert len(read_lexicon(SHIPPED / "china-russia")["concepts"]) == len(load_beat().concepts)


@pytest.mark.parametrize(
    ("name", "language", "person", "forms"),
    [
        ("Лавров", "ru", True, {"лаврова", "лавровым", "лаврову"}),
        ("Сила Сибири", "ru", False, {"силы Сибири", "силой Сибири"}),
        ("Северный морской путь", "ru", False, {"северного морского пути", "северным морским путём"}),
        ("КНР", "ru", False, {"КНР"}),
        ("joint patrol", "en", False, {"joint patrol", "joint patrols"}),
        ("Wang Yi", "en", True, {"Wang Yi"}),
        ("普京", "zh", True, {"普京"}),
    ],
)
def test_forms(name: str, language: str, person: bool, forms: set[str]) -> None:
    assert forms <= {name, *word_forms(name, language, person=person)}
