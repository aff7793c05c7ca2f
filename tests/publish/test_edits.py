"""Edits of articles: each wording beside the one that took its place."""

from datetime import timedelta

from aggregator.model import Revision
from aggregator.publish.edits import edits_of
from tests.builders import NOW, make_annotated, make_article, make_stored

STORED = make_stored(make_annotated(make_article("Deal signed", text="Gas will flow in 2030.")))


def revision(title: str, text: str = "Gas will flow in 2030.", *, hours: int, summary: str = "") -> Revision:
    return Revision(article=1, replaced=NOW + timedelta(hours=hours), title=title, summary=summary, text=text)


def test_each_edit_leads_from_one_wording_to_the_next() -> None:
    edits = edits_of([STORED], [revision("Deal near", hours=1), revision("Deal close", hours=2)])
    assert [(edit.title_before, edit.title_after) for edit in edits] == [
        ("Deal near", "Deal close"),
        ("Deal close", "Deal signed"),
    ]
    assert edits[1].title == (("equal", "Deal "), ("delete", "close"), ("insert", "signed"))
    assert edits[1].text == ()
    assert edits[1].seen == NOW + timedelta(hours=2)


def test_what_no_reader_sees_is_no_edit() -> None:
    assert edits_of([STORED], [revision("Deal signed", summary="A teaser that the text covers", hours=1)]) == ()


def test_a_text_is_compared_beside_what_stayed() -> None:
    (edit,) = edits_of([STORED], [revision("Deal signed", "Gas will flow in 2028.", hours=1)])
    assert edit.title == ()
    assert edit.text == (
        ("equal", "Gas will flow in "),
        ("delete", "2028"),
        ("insert", "2030"),
        ("equal", "."),
    )
