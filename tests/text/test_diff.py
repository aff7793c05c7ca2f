"""The word diff: what stayed, what went, what came; in words and in Han characters, whatever the text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.diff import Op, Piece, shortened, word_diff

PROSE = st.text(alphabet="ab中俄 .,\n", max_size=60)


def marked(pieces: tuple[Piece, ...]) -> str:
    marks: dict[Op, str] = {"equal": "{}", "delete": "[-{}-]", "insert": "{{+{}+}}"}
    return "".join(marks[piece.op].format(piece.text) for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Pipeline delayed", "Pipeline signed", "Pipeline [-delayed-]{+signed+}"),
        ("Talks end", "Talks end", "Talks end"),
        ("", "New words", "{+New words+}"),
        ("Gone", "", "[-Gone-]"),
        ("中俄签署协议", "中俄将签署协议", "中俄{+将+}签署协议"),
        ("Путин прибыл в Пекин", "Путин прилетел в Пекин", "Путин [-прибыл -]{+прилетел +}в Пекин"),
        ("a  b", "a b", "a b"),
        # «в» between two changes agrees by chance
        ("встреча в Москве", "переговоры в Пекине", "[-встреча в Москве-]{+переговоры в Пекине+}"),
    ],
)
def test_words_are_compared(before: str, after: str, shown: str) -> None:
    assert marked(word_diff(before, after)) == shown


def test_what_stayed_is_shown_only_beside_a_change() -> None:
    pieces = word_diff("one two three four five old. six seven eight", "one two three four five new. six seven eight")
    assert marked(shortened(pieces, 10)) == "… five [-old-]{+new+}. six …"


@given(before=PROSE, after=PROSE)
def test_both_wordings_can_be_read_off_the_pieces(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join("".join(text for op, text in pieces if op != "insert").split()) == "".join(before.split())
    assert "".join("".join(text for op, text in pieces if op != "delete").split()) == "".join(after.split())


@pytest.mark.timeout(5)
def test_a_text_made_to_hurt_is_compared_in_no_time() -> None:
    before, after = (" ".join(f"a {letter}{n}" for n in range(50_000)) for letter in "xy")
    assert len(word_diff(before, after)) < 4_000
