"""Files of every format become the same rows, with the lines they start on."""

import gzip
import json

import pytest

from flan_mix.registry import BadRowError, FileSource, SourceError, read_jsonl, read_lines
from flan_mix.registry.file_formats import read_rows

ROWS = [
    {"text": 'says "hi", loudly', "label": "ŷes"},
    {"text": "two\nlines", "label": "no"},
    {"text": "", "label": "tab\there"},
]


def as_jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_quoted(rows, delimiter):
    cells = [["text", "label"], *([row["text"], row["label"]] for row in rows)]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in cells]
    return "".join(delimiter.join(row) + "\r\n" for row in quoted)


def rows_of(path, **settings):
    return [
        (line, row) for _, line, row in read_rows(FileSource({"s": str(path)}, **settings), "s")
    ]


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.jsonl", as_jsonl(ROWS), [1, 2, 3]),
        ("a.json", json.dumps(ROWS), [1, 1, 1]),
        ("a.json", json.dumps(ROWS, indent=1), [2, 6, 10]),
        ("a.csv", as_quoted(ROWS, ","), [2, 3, 5]),
        ("a.tsv", as_quoted(ROWS, "\t"), [2, 3, 5]),
        ("a.jsonl", "\n" + as_jsonl(ROWS[:1]) + "\n\n" + as_jsonl(ROWS[1:]), [2, 5, 6]),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_format_gives_the_rows_and_their_lines(tmp_path, name, content, lines, zipped, mark):
    path = tmp_path / (name + ".gz" * zipped)
    data = (mark + content).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if zipped else data)
    assert rows_of(path) == list(zip(lines, ROWS, strict=True))


def test_a_table_may_have_no_header_and_no_quotes(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('one "quote\tx\n"two\ty"\n')
    assert rows_of(path, columns=["t", "l"], quoted=False) == [
        (1, {"t": 'one "quote', "l": "x"}),
        (2, {"t": '"two', "l": 'y"'}),
    ]


def test_cells_longer_than_the_csv_modules_limit_are_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("t\n" + "x" * 200_000 + "\n")
    assert len(rows_of(path)[0][1]["t"]) == 200_000


def test_parallel_files_are_joined_by_line(tmp_path):
    (tmp_path / "java.txt").write_text("a\n\nc\n")
    (tmp_path / "cs.txt.gz").write_bytes(gzip.compress(b"A\nB\nC", mtime=0))
    source = FileSource({"s": {"java": "java.txt", "cs": "cs.txt.gz"}}, data_dir=tmp_path)
    assert [row for _, _, row in read_rows(source, "s")] == [
        {"java": "a", "cs": "A"},
        {"java": "", "cs": "B"},
        {"java": "c", "cs": "C"},
    ]


def test_parallel_files_of_unequal_length_are_refused(tmp_path):
    (tmp_path / "a").write_text("1\n2\n")
    (tmp_path / "b").write_text("1\n")
    source = FileSource({"s": {"a": "a", "b": "b"}}, data_dir=tmp_path)
    with pytest.raises(BadRowError, match=r"b ends before line 2"):
        list(read_rows(source, "s"))


def test_patterns_are_read_in_the_order_of_names(tmp_path):
    for name in ("part-10", "part-02", "part-01"):
        (tmp_path / f"{name}.jsonl").write_text(f'{{"n": "{name}"}}\n')
    source = FileSource({"s": "part-*.jsonl"}, data_dir=lambda: tmp_path)
    assert [row["n"] for _, _, row in read_rows(source, "s")] == ["part-01", "part-02", "part-10"]


def test_a_reader_of_the_users_own_is_asked_for_the_rows(tmp_path):
    (tmp_path / "a.conll").write_text("EU B-ORG\n\nno O\n")

    def reader(path):
        for number, line in read_lines(path):
            if line:
                yield number, dict(zip(("word", "tag"), line.split(), strict=True))

    rows = rows_of(tmp_path / "a.conll", reader=reader)
    assert rows == [(1, {"word": "EU", "tag": "B-ORG"}), (3, {"word": "no", "tag": "O"})]


def test_splits_of_one_file_are_read_by_readers_of_their_own(tmp_path):
    (tmp_path / "a").write_text("one\ntwo\nthree\n")
    readers = {
        "train": lambda path: ((n, {"t": line}) for n, line in read_lines(path) if n > 1),
        "test": lambda path: ((n, {"t": line}) for n, line in read_lines(path) if n == 1),
    }
    source = FileSource({"train": "a", "test": "a"}, data_dir=tmp_path, reader=readers)
    rows = {split: [row["t"] for _, _, row in read_rows(source, split)] for split in readers}
    assert rows == {"train": ["two", "three"], "test": ["one"]}
    with pytest.raises(SourceError, match="no reader for split 'test'"):
        FileSource(source.splits, reader={"train": readers["train"]})


def test_latin_1_is_read_where_it_is_named(tmp_path):
    (tmp_path / "a.txt").write_bytes("café\n".encode("latin-1"))
    assert rows_of(tmp_path / "a.txt", format="lines", encoding="latin-1") == [
        (1, {"text": "café"})
    ]
    with pytest.raises(BadRowError, match=r"a\.txt, line 1: wrong encoding.*0xe9.*latin-1"):
        list(read_lines(tmp_path / "a.txt"))


def test_an_encoding_that_has_no_plain_line_ends_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(SourceError, match="convert to UTF-8"):
        rows_of(tmp_path / "a.txt", format="lines", encoding="utf-16")


def test_a_missing_file_is_told_with_what_lies_beside_it(tmp_path):
    (tmp_path / "trains.jsonl").write_text("")
    source = FileSource({"s": "train.jsonl", "t": "no/such.jsonl"}, data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"train\.jsonl; .* holds: trains\.jsonl"):
        source.files("s")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        source.files("t")
    with pytest.raises(SourceError, match="no split 'v'; there are: s, t"):
        source.files("v")


def test_an_unknown_suffix_asks_for_the_format(tmp_path):
    (tmp_path / "a.dat").write_text("")
    with pytest.raises(SourceError, match=r"a\.dat: the suffix tells no format"):
        rows_of(tmp_path / "a.dat")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b'[{"a": 1},\n{"a": }]', r"line 2: invalid JSON"),
        ("a.json", b'{"a": 1}', r"line 1: not a JSON list.*jsonl"),
        ("a.json", b'[{"a": 1}\n', r"line 2: invalid JSON.*expected ',' or ']'"),
        ("a.json", b'[{"a": 1},]', r"line 1: invalid JSON.*comma"),
        ("a.json", b'[\n{"a": "\xe9"}]', r"line 2: wrong encoding"),
        ("a.jsonl.gz", gzip.compress(b"{}\n" * 9000, mtime=0)[:-20], r"broken gzip"),
        ("a.csv", b"a,a\n1,2\n", r"line 1: the header has 'a' twice"),
    ],
)
def test_what_spoils_a_whole_file_stops_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadRowError, match=message):
        rows_of(tmp_path / name)


def test_read_jsonl_stops_at_a_line_that_is_no_object(tmp_path):
    (tmp_path / "a").write_text('{"a": 1}\n[2]\n')
    with pytest.raises(BadRowError, match=r"line 2: not a JSON object.*list"):
        list(read_jsonl(tmp_path / "a"))
