"""A way of decoding that means nothing is refused; what it says of itself is complete."""

import json

import pytest

from flan_mix.inference import Decoding


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"method": "magic"}, "method is 'magic'"),
        ({"method": "sample", "temperature": 0.0}, "temperature is 0.0; it must be above 0"),
        ({"method": "sample", "top_k": -1}, "top_k is -1"),
        ({"method": "sample", "top_p": 0.0}, "top_p is 0.0"),
        ({"method": "sample", "top_p": 1.5}, "top_p is 1.5"),
        ({"method": "beam", "num_beams": 0}, "num_beams is 0"),
        ({"method": "beam", "length_penalty": -1.0}, "length_penalty is -1.0"),
        ({"method": "beam", "beam_rules": "mine"}, "beam_rules is 'mine'"),
        ({"method": "beam", "num_return": 5}, "num_return is 5; it must be from 1 to num_beams"),
        ({"num_return": 2}, "num_return is 2; it must be 1 with method='greedy'"),
        ({"stop": ("a", "")}, "stop is"),
        ({"stop": (3,)}, r"stop is \(3,\); it must be strings"),
        ({"method": "sample", "top_k": 2.5}, "top_k is 2.5; it must be a whole number"),
        ({"method": "beam", "num_beams": 4.0}, "num_beams is 4.0; it must be a whole number"),
        ({"method": "sample", "num_return": "2"}, "num_return is '2'; it must be a whole number"),
        ({"temperature": 0.5}, "temperature is 0.5, which method='greedy' does not read"),
        ({"method": "sample", "num_beams": 2}, "num_beams is 2, which method='sample'"),
        ({"method": "beam", "top_p": 0.5}, "top_p is 0.5, which method='beam'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Decoding(**settings)


def test_facts_name_all_that_decides_the_answers():
    assert Decoding().facts() == "greedy"
    assert Decoding(stop=("x",)).facts() == {"method": "greedy", "stop": ["x"]}
    assert Decoding(method="sample", top_k=5).facts() == {
        "method": "sample",
        "temperature": 1.0,
        "top_k": 5,
        "top_p": 1.0,
        "seed": 0,
        "num_return": 1,
    }
    beam = Decoding(method="beam", prompt="The answer is").facts()
    assert json.loads(json.dumps(beam)) == {
        "method": "beam",
        "num_beams": 4,
        "length_penalty": 0.6,
        "beam_rules": "t5x",
        "num_return": 1,
        "prompt": "The answer is",
    }


def test_gins_none_and_lists_are_taken():
    decoding = Decoding(**{"prompt": None, "stop": ["a", "b"], "seed": None})
    assert decoding == Decoding(stop=("a", "b"))
    assert len({decoding, Decoding(stop=("a", "b"))}) == 1
