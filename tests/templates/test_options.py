"""How options are laid out."""

import pytest

from flan_mix.templates import DASH_LIST, LETTERED
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
