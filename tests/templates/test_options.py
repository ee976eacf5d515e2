"""How options are laid out."""

import pytest

from flan_mix.templates import DASH_LIST, LETTERED, OPTION_GRAMMAR, OptionStyle
from flan_mix.templates.options import MAX_LETTERED, letter


def test_a_dash_list_has_an_option_a_line():
    assert DASH_LIST.render(["yes", "it is not\npossible to tell"]) == (
        "- yes\n- it is not\npossible to tell"
    )


def test_lettered_options_are_named_in_order():
    assert LETTERED.render(["yes", "no"]) == "(A) yes\n(B) no"


def test_no_options_are_no_text():
    assert DASH_LIST.render([]) == LETTERED.render([]) == ""


def test_letters_go_on_after_z_without_repeating():
    names = [letter(i) for i in range(MAX_LETTERED)]
    assert names[25:28] == ["Z", "AA", "AB"]
    assert names[-1] == "ZZ"
    assert len(set(names)) == MAX_LETTERED
    with pytest.raises(ValueError, match="at most 702"):
        letter(MAX_LETTERED)


def test_a_style_may_have_a_line_above_below_and_another_separator():
    style = OptionStyle("x", "", ". ", "digits", start="Which?\n", end=" (one)", separator="; ")
    assert style.render(["red", "blue"]) == "Which?\n1. red; 2. blue (one)"
    assert style.render([]) == ""


def test_an_answer_by_name_is_the_name_of_the_first_item_that_equals_it():
    style = OptionStyle("x", "(", ") ", "lower", answer_by_name=True)
    assert style.answer(["no", "yes", "yes"], "yes") == "b"
    assert style.answer(["no"], "perhaps") == "perhaps"
    assert LETTERED.answer(["no", "yes"], "yes") == "yes"


def test_items_without_names_cannot_be_answered_by_name():
    with pytest.raises(ValueError, match="no names"):
        OptionStyle("x", "- ", answer_by_name=True)


def test_the_grammar_asks_for_a_name_exactly_where_the_answer_is_one():
    names = [style.name for style in OPTION_GRAMMAR]
    assert len(set(names)) == len(names) > 150
    assert len({style.render(["a", "b"]) for style in OPTION_GRAMMAR}) == len(names)
    for style in OPTION_GRAMMAR:
        assert style.answer_by_name == ("Answer with its" in style.end)
