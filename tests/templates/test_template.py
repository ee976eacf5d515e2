"""A template holds plain field names and literal text, and refuses everything else by place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flan_mix.templates import Template, TemplateSyntaxError

ANY_TEXT = st.text(max_size=40)


def test_fields_are_filled_in_and_doubled_braces_are_literal():
    template = Template("{{{question}}} or {question}? }}{{", "{answer}{{}}")
    rendered = template.render({"question": "why", "answer": "so"})
    assert rendered.inputs == "{why} or why? }{"
    assert rendered.targets == "so{}"


def test_a_template_knows_the_fields_of_each_side():
    template = Template("{a} {b} {a} {options}", "{c}")
    assert template.input_fields == {"a", "b", "options"}
    assert template.target_fields == {"c"}
    assert template.fields == {"a", "b", "c", "options"}
    assert template.uses_options
    assert not Template("{a}", "{c}").uses_options


@pytest.mark.parametrize(
    ("text", "character", "part"),
    [
        ("ask {q.__class__}", 5, "'{q.__class__}'"),
        ("{q[0]}", 1, "'{q[0]}'"),
        ("ab{q!r}", 3, "'{q!r}'"),
        ("{q:>10}", 1, "'{q:>10}'"),
        ("{}", 1, "'{}'"),
        ("{0}", 1, "'{0}'"),
        ("{ q }", 1, "'{ q }'"),
        ("{a\n}", 1, "'{a\n}'"),
        ("{{x} y", 4, "a single '}'"),
        ("so }", 4, "a single '}'"),
        ("tell {q", 6, "never closed"),
        ("{{{", 3, "never closed"),
        ("{a{b}}", 1, "'{a{b}'"),
    ],
)
def test_anything_but_plain_names_is_refused_with_its_place(text, character, part):
    with pytest.raises(TemplateSyntaxError) as inputs_error:
        Template(text, "{a}")
    assert f"at character {character} of" in str(inputs_error.value)
    assert part in str(inputs_error.value)
    assert "inputs" in str(inputs_error.value)
    with pytest.raises(TemplateSyntaxError, match="targets"):
        Template("{a}", text)


def test_a_missing_field_is_named_beside_those_there_are():
    with pytest.raises(KeyError, match=r"no field 'b'.*there are: a, c"):
        Template("{a}{b}", "").render({"c": "", "a": ""})


@given(first=ANY_TEXT, second=ANY_TEXT, literal=ANY_TEXT)
def test_any_field_text_and_any_escaped_literal_survive(first, second, literal):
    escaped = literal.replace("{", "{{").replace("}", "}}")
    template = Template("{a}" + escaped + "{b}", escaped)
    rendered = template.render({"a": first, "b": second})
    assert rendered == (first + literal + second, literal)


@given(text=st.text(alphabet="{}ab ", max_size=12))
def test_what_is_accepted_renders_as_python_itself_would(text):
    try:
        template = Template(text, "x")
    except TemplateSyntaxError:
        return
    fields = {name: f"<{name}>" for name in template.fields}
    assert template.render(fields).inputs == text.format(**fields)
