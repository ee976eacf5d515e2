"""The code escape: reversible for any text, also through T5's own tokenizer, and cheap."""

import gzip
from functools import cache

import pytest
import sentencepiece
from hypothesis import example, given
from hypothesis import strategies as st

from flan_mix.tasks.code_escape import escape, unescape
from tests.shared_data import shared_path

UNKNOWN = 2
# Files of the java-cs dataset and their lines, as their source states them.
JAVA_CS_LINES = {
    "train.java-cs.txt.cs.gz": 10295,
    "train.java-cs.txt.java.gz": 10295,
    "valid.java-cs.txt.cs": 499,
    "valid.java-cs.txt.java": 499,
    "test.java-cs.txt.cs": 1000,
    "test.java-cs.txt.java": 1000,
}

code = st.one_of(st.text(), st.text(alphabet="{}<>\\~^`\n\t •£«»‘′–°®—;0aé"))


@cache
def t5_tokenizer() -> sentencepiece.SentencePieceProcessor:
    model = shared_path("data/t5_vocab/spiece.model")
    return sentencepiece.SentencePieceProcessor(model_file=str(model))


@given(code)
@example("if (a < b) {\n\treturn ~c ^ '\\n';\n}")
@example("£41; « already looks escaped »")
def test_any_text_comes_back_as_it_was(text):
    assert unescape(escape(text)) == text


@given(code)
@example(" two  spaces   and one at the end ")
@example("ﬁ ² Å \u00ad \u200d \x00 \r\n 🙂")
def test_any_text_survives_t5_tokenization_exactly(text):
    tokenizer = t5_tokenizer()
    ids = tokenizer.encode(escape(text))
    assert UNKNOWN not in ids
    assert unescape(tokenizer.decode(ids)) == text


@given(code)
def test_whatever_a_model_writes_can_be_unescaped_and_stored(text):
    unescape(text).encode("utf-8")


@pytest.mark.parametrize("number", ["d800", "110000", "ffffff"])
def test_a_number_that_names_no_character_stays_as_written(number):
    assert unescape(f"£{number};") == f"£{number};"


def test_escaped_code_can_be_read():
    assert escape('for (i = 0; i < n; i++) {s += "\\n";}') == (
        'for (i = 0; i ‘ n; i++) «s += "′n";»'
    )


@pytest.mark.parametrize(("file", "lines"), JAVA_CS_LINES.items())
def test_java_cs_loses_nothing_in_t5_tokens_and_costs_no_more_of_them(file, lines):
    path = shared_path("data/codexglue_java_cs") / file
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as stream:
        plain = stream.read().removesuffix("\n").split("\n")
    tokenizer = t5_tokenizer()
    encoded = tokenizer.encode([escape(line) for line in plain])
    assert len(plain) == lines
    assert not any(UNKNOWN in ids for ids in encoded)
    assert [unescape(text) for text in tokenizer.decode(encoded)] == plain
    unescaped_tokens = sum(map(len, tokenizer.encode(plain)))
    assert sum(map(len, encoded)) <= 1.01 * unescaped_tokens
