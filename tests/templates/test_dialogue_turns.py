"""Dialogues are cut at a drawn turn, the same by tensors and in Python."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.templates import OPTION_STYLES, SPEAKER_STYLES, SpeakerStyle, Template
from flan_mix.templates.draw import Draw
from flan_mix.templates.tensor_rendering import TensorRenderer

tf = pytest.importorskip("tensorflow")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def test_a_style_writes_what_was_said_and_leaves_the_reply():
    style = SpeakerStyle("x", ("A", "B"), before="<", after="> ", separator=" / ")
    cut = style.render(["hello", "hi", "how is it"], [], 2)
    assert cut == ("<A> hello / <B> hi", "how is it", "A")
    named = style.render(["hello", "hi"], ["Ann", "Bob"], 1)
    assert named == ("<Ann> hello", "hi", "Bob")


def test_no_two_speaker_styles_are_the_same():
    turns = ["hello", "hi", "how is it"]
    assert len({style.name for style in SPEAKER_STYLES}) == len(SPEAKER_STYLES) == 60
    assert len({style.render(turns, [], 2) for style in SPEAKER_STYLES}) == 60


@settings(max_examples=40)
@given(
    dialogues=st.lists(
        st.tuples(st.lists(TEXT, min_size=2, max_size=6), st.booleans()), min_size=1, max_size=4
    ),
    step=st.integers(1, 4),
)
def test_tensors_cut_dialogues_as_python_does(dialogues, step):
    renderer = TensorRenderer(
        (Template("{turns_before}|{next_speaker}", "{next_turn}"),),
        (),
        OPTION_STYLES,
        turn_step=step,
    )
    ids = [f"dialogue {i}" for i in range(len(dialogues))]
    speakers = [[f"s{i}" for i in range(len(t))] if named else [] for t, named in dialogues]
    rendered = renderer(
        {
            "id": tf.constant(ids),
            "texts": tf.zeros([len(ids), 0], tf.string),
            "turns": tf.ragged.constant([t for t, _ in dialogues], dtype=tf.string, ragged_rank=1),
            "speakers": tf.ragged.constant(speakers, dtype=tf.string, ragged_rank=1),
            "training": tf.constant([True] * len(ids)),
        },
        seed=3,
        pass_index=1,
    )
    for number, (turns, _) in enumerate(dialogues):
        style = Draw("speakers", 0, 3, 1).index(ids[number], len(SPEAKER_STYLES))
        predicted = range(1, len(turns), step)
        turn = predicted[Draw("turn", 0, 3, 1).rank(ids[number]) % len(predicted)]
        cut = SPEAKER_STYLES[style].render(turns, speakers[number], turn)
        assert (
            rendered["inputs"][number].numpy().decode() == f"{cut.turns_before}|{cut.next_speaker}"
        )
        assert rendered["targets"][number].numpy().decode() == cut.next_turn
