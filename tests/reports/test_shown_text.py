"""Texts become harmless character by character, so that marks stay where they were."""

import json

from hypothesis import given
from hypothesis import strategies as st

from flan_mix.metrics.faithfulness import Mention
from flan_mix.reports.marked_text import marked
from flan_mix.reports.shown_text import utf16_offset, visible

ANY = st.text(st.characters())  # Halves of surrogate pairs among them.


@given(ANY)
def test_every_character_becomes_one_that_a_file_can_hold(text: str):
    shown = visible(text)
    assert len(shown) == len(text)
    shown.encode("utf-8")
    assert not any(c < " " and c not in "\t\n" for c in shown)


def test_control_characters_get_their_pictures_and_lines_stay_lines():
    assert visible("a\x00\x1b\x7f\x9d\ud83d\tb\r\nc\rd\n") == "a␀␛␡��\tb \nc\nd\n"


@given(st.text(), st.data())
def test_places_are_those_that_browsers_count(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text)))
    units = text.encode("utf-16-le")
    place = utf16_offset(text, start)
    assert units[2 * place :].decode("utf-16-le") == text[start:]


@given(st.text(min_size=1), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9))))
def test_pieces_of_a_marked_text_are_the_text(text: str, places: list[tuple[int, int]]):
    mentions = [Mention(s, min(s + n, len(text)), "", "name") for s, n in places if s < len(text)]
    pieces = list(marked(text, mentions))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)


def test_a_mention_is_a_piece_of_its_own():
    pieces = list(marked("Ann met Bo.", [Mention(8, 10, "Bo", "name")]))
    assert [(p.text, p.kind) for p in pieces] == [("Ann met ", ""), ("Bo", "name"), (".", "")]


def test_data_for_a_script_are_the_same_after_their_escapes():
    from flan_mix.reports.embedded import embedded_json

    value = ["</script><!--", "&amp;", "\u2028\u2029", "\U0001f600", '"\\']
    text = embedded_json(value)
    assert json.loads(text) == value
    assert text.isascii() and not set("<>&") & set(text)
