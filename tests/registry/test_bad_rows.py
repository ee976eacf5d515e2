"""A row that cannot be read stops with file, line, field and hint, or is counted and skipped."""

import pytest

from flan_mix.registry import BadRowError, FileSource, RowCounts, SourceError, TaskSpec, field_rows
from flan_mix.templates import Template

GOOD = b'{"q": "x", "a": "y"}\n'

# content, a part of the message
BAD_ROWS = [
    (b'{"q": "x", "a" "y"}\n', r"line 2: invalid JSON.*column 16"),
    (b'["x"]\n', r"line 2: not a JSON object"),
    (b'{"q": "x"}\n', r"line 2, field 'a': missing column.*there are: q"),
    (b'{"q": "x", "A": "y"}\n', r"line 2, field 'a': missing column"),
    (b'{"q": "x", "a": null}\n', r"line 2, field 'a': wrong type.*NoneType"),
    (b'{"q": "x", "a": 1.5}\n', r"line 2, field 'a': wrong type.*float: 1.5.*row function"),
    (b'{"q": "x", "a": true}\n', r"line 2, field 'a': wrong type.*bool"),
    (b'{"q": "x", "a": ["y"]}\n', r"line 2, field 'a': wrong type.*list"),
    (b'{"q": "x", "a": "\xe9"}\n', r"line 2: wrong encoding.*0xe9"),
    (b'{"q": "x", "a": "\\ud800"}\n', r"line 2, field 'a': wrong encoding.*U\+D800"),
]


def spec_of(tmp_path, content, name="a.jsonl", fields=None, **settings):
    (tmp_path / name).write_bytes(content)
    source = FileSource({"train": name}, data_dir=tmp_path, **settings)
    fields = fields or {"q": "q", "a": "a"}
    return TaskSpec("toy", "toys", source, fields, [Template("{q}", "{a}")])


@pytest.mark.parametrize(("content", "message"), BAD_ROWS)
def test_a_bad_row_stops_with_its_place_and_a_hint(tmp_path, content, message):
    spec = spec_of(tmp_path, GOOD + content + GOOD)
    with pytest.raises(BadRowError, match=rf"a\.jsonl, {message}") as caught:
        list(field_rows(spec, "train"))
    assert caught.value.line == 2
    assert caught.value.hint


@pytest.mark.parametrize(("content", "message"), BAD_ROWS)
def test_a_bad_row_is_counted_and_skipped_where_asked(tmp_path, content, message):
    spec = spec_of(tmp_path, GOOD + content + GOOD + content, on_bad_row="skip")
    counts = RowCounts()
    assert len(list(field_rows(spec, "train", counts))) == 2
    assert (counts.read, counts.kept, counts.skipped.total()) == (4, 2, 2)
    assert len(counts.skipped) == 1
    assert "line 2" in counts.skipped_examples[0]


def test_a_split_of_bad_rows_alone_is_an_error_even_when_skipping(tmp_path):
    spec = spec_of(tmp_path, b"{}\n{}\n", on_bad_row="skip")
    with pytest.raises(SourceError, match=r"all 2 rows .* missing column"):
        list(field_rows(spec, "train"))


def test_a_table_row_with_too_few_cells_says_so(tmp_path):
    spec = spec_of(tmp_path, b"q\ta\nx\ty\nx\n", name="a.tsv")
    with pytest.raises(BadRowError, match=r"line 3: wrong number of cells.*quoted=False"):
        list(field_rows(spec, "train"))


def test_a_quote_that_is_never_closed_does_not_swallow_the_file(tmp_path):
    spec = spec_of(tmp_path, b'q,a\nx,y\n"x,y\nx,y\n', name="a.csv")
    with pytest.raises(BadRowError, match=r"line 3: malformed table.*quoted=False"):
        list(field_rows(spec, "train"))


def test_a_cell_in_another_encoding_is_named_by_field(tmp_path):
    spec = spec_of(tmp_path, b"q,a\nx,caf\xe9\n", name="a.csv")
    with pytest.raises(BadRowError, match=r"line 2, field 'a': wrong encoding.*latin-1"):
        list(field_rows(spec, "train"))


def test_an_error_in_a_row_function_gets_the_rows_place(tmp_path):
    spec = spec_of(tmp_path, GOOD, fields=lambda row: {"q": row["question"], "a": row["a"]})
    with pytest.raises(BadRowError, match=r"line 1: .*KeyError: 'question'.*The row has: q, a"):
        list(field_rows(spec, "train"))


def test_a_row_function_that_gives_no_mapping_says_so(tmp_path):
    spec = spec_of(tmp_path, GOOD, fields=lambda row: [row["q"]])
    with pytest.raises(BadRowError, match="must return a mapping of fields or None, not list"):
        list(field_rows(spec, "train"))


def test_a_row_function_that_leaves_out_a_shown_field_says_so(tmp_path):
    spec = spec_of(tmp_path, GOOD, fields=lambda row: {"q": row["q"], "ans": row["a"]})
    with pytest.raises(BadRowError, match=r"field 'a': missing field.*the row gives: ans, q"):
        list(field_rows(spec, "train"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"options": ["y", "n"], "answer": "maybe"}, "'maybe' is none of the options: 'y', 'n'"),
        ({"options": "y"}, "`options` is a list of text"),
        ({"options": ["y", None]}, "wrong type"),
        ({"options": ["y"] * 703}, "703 options.*At most 702"),
        ({"references": "y"}, "`references` is a list of text"),
    ],
)
def test_reserved_fields_are_checked(tmp_path, fields, message):
    spec = spec_of(tmp_path, GOOD, fields=lambda row: {**row, **fields})
    with pytest.raises(BadRowError, match=message):
        list(field_rows(spec, "train"))


def test_a_template_that_shows_options_needs_some_in_every_row(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    source = FileSource({"train": "a.jsonl"}, data_dir=tmp_path)
    spec = TaskSpec("toy", "toys", source, lambda row: row, [Template("{options}", "{a}")])
    with pytest.raises(BadRowError, match="field 'options': no options"):
        list(field_rows(spec, "train"))
