"""Sentiment, question kinds, topics, names, equations and text formatting: rows become fields."""

import pytest

from flan_mix.registry import BadRowError, RowCounts, TfdsSource, field_rows, get_task
from flan_mix.tasks import (
    arithmetic,
    entity_recognition,
    question_classification,
    sentiment,
    text_formatting,
    topic_classification,
)
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path
from tests.tasks.wording_checks import check_options, check_wording

CLASSIFICATIONS = (
    *("flan_sentiment140", "flan_imdb_reviews", "flan_yelp_polarity_reviews", "flan_sst2"),
    *("sst2", "rotten_tomatoes", "trec", "flan_trec", "ag_news"),
)
OTHERS = (
    *("flan_true_case", "flan_fix_punct", "flan_word_segment", "flan_math_dataset", "wikigold"),
)

# (task, split) -> rows, none of which is left out; the sources state the sums.
ROWS = {
    ("sst2", "train"): 6920,
    ("sst2", "validation"): 872,
    ("sst2", "test"): 1821,
    ("rotten_tomatoes", "train"): 8470,
    ("rotten_tomatoes", "validation"): 1071,
    ("rotten_tomatoes", "test"): 1121,
    ("trec", "train"): 5452,
    ("trec", "test"): 500,
    ("ag_news", "test"): 7600,
    ("wikigold", "train"): 1354,
    ("wikigold", "validation"): 264,
    ("wikigold", "test"): 78,
}


def text_of(tensor):
    return tensor.numpy().decode("utf-8")


def texts_of(tensor):
    return [text.decode("utf-8") for text in tensor.numpy()]


@pytest.mark.parametrize("name", [*CLASSIFICATIONS, *OTHERS])
def test_templates_are_enough_well_formed_and_different(name):
    check_wording(name)
    if name in CLASSIFICATIONS:
        check_options(name)


@pytest.mark.parametrize("name", [*CLASSIFICATIONS, *OTHERS])
def test_tasks_say_where_they_come_from_and_how_they_are_scored(name):
    spec = get_task(name)
    assert spec.licence and "https://" in spec.citation
    assert spec.metrics and spec.text_sources
    assert spec.collections == (("flan2021",) if name.startswith("flan_") else ())


def test_taking_punctuation_away_leaves_letters_of_every_alphabet_and_spelling():
    import tensorflow as tf

    for text, bare in {
        "Smørrebrød, naïve - or Ελλάδα?": "Smørrebrød naïve or Ελλάδα",
        "«Déjà vu», said Zoë (twice).": "Déjà vu said Zoë twice",
        "Don't pay 3.5 % for well-known cafés…": "Don't pay 3.5 for well-known cafés",
        "Why?! -- Because ... 東京。": "Why Because 東京",
        "nothing lost": "nothing lost",
    }.items():
        assert text_of(text_formatting.without_punctuation(tf.constant(text))) == bare


def test_small_letters_and_joined_words_of_every_alphabet():
    import tensorflow as tf

    text = tf.constant("Ærlig ÉCOLE in İzmir")
    assert text_of(text_formatting.lower_case(text)).startswith("ærlig école in i")
    assert text_of(text_formatting.without_spaces(text)) == "ÆrligÉCOLEinİzmir"
    row = {"en": tf.constant(" Two\u00a0 words\n ")}
    assert text_of(text_formatting.english(row)) == "Two words"
    assert not text_formatting.has_words({"en": tf.constant("12 - 3\n!")})
    assert text_formatting.has_words({"en": tf.constant("12\nЯ")})


def test_formatting_tasks_share_no_rows():
    import re

    taken = set()
    for name in ("flan_true_case", "flan_fix_punct", "flan_word_segment"):
        source = get_task(name).source
        assert isinstance(source, TfdsSource)
        for part in source.splits.values():
            ((start, stop),) = re.findall(r"\Atrain\[(-?\d*):(-?\d*)\]\Z", part)
            rows = range(int(start or 0), int(stop or 0))
            assert rows and not taken & set(rows)
            taken |= set(rows)


def test_neutral_tweets_are_kept_out_and_the_others_have_their_sentiment():
    import tensorflow as tf

    spec = get_task("flan_sentiment140")
    assert isinstance(spec.source, TfdsSource)
    assert spec.source.keep is sentiment.is_taking_sides
    for polarity, kept in ((0, True), (2, False), (4, True)):
        row = {"text": tf.constant("ok"), "polarity": tf.constant(polarity)}
        assert bool(sentiment.is_taking_sides(row)) is kept
    for polarity, answer in ((0, "negative"), (4, "positive")):
        row = {"text": tf.constant(" so\n so"), "polarity": tf.constant(polarity)}
        fields = sentiment.tweet_tensors(row)
        assert text_of(fields["text"]) == "so so"
        assert text_of(fields["answer"]) == answer
        assert texts_of(fields["options"]) == ["negative", "positive"]


def test_reviews_lose_line_breaks_of_all_kinds():
    import tensorflow as tf

    row = {"text": tf.constant(r"Bad.<br /><br />Food\nworse. "), "label": tf.constant(0)}
    fields = sentiment.with_sentiment()(row)
    assert (text_of(fields["text"]), text_of(fields["answer"])) == ("Bad. Food worse.", "negative")


def test_kinds_of_questions_are_those_that_tfds_numbers():
    import tensorflow_datasets as tfds

    features = tfds.builder("trec:1.0.0", try_gcs=False).info.features
    assert isinstance(features, tfds.features.FeaturesDict)
    assert features["label-coarse"].names == list(question_classification.KINDS)


def test_equations_lose_the_quoting_of_older_releases():
    import tensorflow as tf

    for text in ("Solve 2*b = 4 for b.", "b'Solve 2*b = 4 for b.\\n'", " Solve 2*b = 4 for b.\n"):
        assert text_of(arithmetic.clean(tf.constant(text))) == "Solve 2*b = 4 for b."
    assert text_of(arithmetic.clean(tf.constant("b'-7\\n'"))) == "-7"


def test_news_have_their_characters_as_such():
    text = r"the  #36;10 m prize\of Bob #39;s &lt;BOB.N&gt; AT&amp;T"
    assert topic_classification.clean(text) == "the $10 m prize of Bob's <BOB.N> AT&T"


def test_labelled_sentences_of_a_file(tmp_path):
    file = tmp_path / "some.txt"
    file.write_text("1 a -lrb- very -rrb- <b>good</b> film .\n0 no\n", encoding="utf-8")
    rows = [sentiment.sentence_fields(row) for _, row in sentiment.read_sentences(file, "utf-8")]
    assert [(row["text"], row["answer"]) for row in rows] == [
        ("a ( very ) good film .", "positive"),
        ("no", "negative"),
    ]


@pytest.mark.parametrize("line", ["2 so so", "good", "1 ", ""])
def test_a_line_without_a_label_or_a_text_is_refused_with_its_place(line, tmp_path, monkeypatch):
    (tmp_path / "sst2").mkdir()
    (tmp_path / "sst2" / "stsa.binary.dev").write_text(f"1 fine\n{line}\n", encoding="utf-8")
    monkeypatch.setenv(NAME, str(tmp_path))
    with pytest.raises(BadRowError, match=r"stsa\.binary\.dev, line 2: no labelled sentence"):
        list(field_rows(get_task("sst2"), "validation"))


def test_a_file_without_splits_is_divided_without_loss_or_overlap(tmp_path):
    file = tmp_path / "all.txt"
    file.write_text("".join(f"1 film number {n}\n" for n in range(300)), encoding="utf-8")
    parts = [
        {number for number, _ in sentiment.read_sentences(file, "utf-8", split)}
        for split in ("train", "validation", "test")
    ]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 300
    assert len(parts[0]) > 200 and all(len(part) > 10 for part in parts)


@pytest.mark.parametrize("line", ["Who wrote it ?", "WHO:x Who wrote it ?", "HUM:ind "])
def test_a_question_without_its_kind_is_refused_with_its_place(line, tmp_path):
    file = tmp_path / "train.txt"
    file.write_text(f"NUM:date When ?\n{line}\n", encoding="utf-8")
    with pytest.raises(BadRowError, match=r"train\.txt, line 2: no labelled question"):
        list(question_classification.read_trec(file))


def test_sentences_of_an_article_stay_together(tmp_path):
    file = tmp_path / "some.txt"
    articles = [f"-DOCSTART- O\n\nAda I-PER\n{n} O\n\nof O\nYork I-LOC\n\n" for n in range(60)]
    file.write_text("".join(articles), encoding="utf-8")
    parts = {}
    for split in ("train", "validation", "test"):
        rows = list(entity_recognition.read_wikigold(file, split))
        assert all(row["tokens"] != ["-DOCSTART-"] for _, row in rows)
        parts[split] = {(number - 1) // 8 for number, _ in rows}
        assert len(rows) == 2 * len(parts[split])
    assert sorted(article for part in parts.values() for article in part) == list(range(60))


def test_names_of_wikigold_in_words():
    assert entity_recognition.described([("Ada", "person"), ("York", "location")]) == (
        "Ada (person); York (location)"
    )
    fields = get_task("wikigold").fields
    assert callable(fields)
    tags = {"tokens": ["Ada", "of", "York"], "tags": ["I-PER", "O", "I-LOC"]}
    assert fields(tags) == {"sentence": "Ada of York", "entities": "Ada (person); York (location)"}


@pytest.mark.slow
@pytest.mark.parametrize(("task", "split"), ROWS)
def test_every_row_of_the_published_files_is_read(task, split, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    counts = RowCounts()
    ids = {row.id for row in field_rows(get_task(task), split, counts)}
    assert counts.read == counts.kept == len(ids) == ROWS[task, split]
