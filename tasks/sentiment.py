"""Sentiment: is what somebody writes favourable or not?

Reviews of films (IMDB, SST-2, Rotten Tomatoes) and of businesses (Yelp), and tweets (Sentiment140).
All share one family of templates; each kind of text has a few of its own, among them the inverted
ones, which ask for a text that fits a given sentiment.

Rotten Tomatoes is one file without splits: a hash of the words divides it into about 80 % train,
10 % validation and 10 % test.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, TfdsSource, add_task, read_lines
from flan_mix.registry.bad_rows import RowFault
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import labelled
from flan_mix.tasks.review_rating import split_of
from flan_mix.tasks.text_columns import has_text
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "sentiment"
SENTIMENTS = ("negative", "positive")
# Sentiment140 numbers polarities 0, 2 and 4; its test rows include neutral ones.
NEUTRAL = 2

Row = Mapping[str, Any]


def _sentiment(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _text(inputs: str, name: str) -> Template:
    return Template(inputs, "{text}", name=name, inverted=True)


SENTIMENT_TEMPLATES = (
    _sentiment("{text}\n\nWhat feeling does this convey?\n{options}", name="what_feeling"),
    _sentiment("Text: {text}\nSentiment (positive or negative):", name="labels"),
    _sentiment(
        "Did whoever wrote the following like what they wrote about? Call the text positive if "
        "they did, and negative if they did not.\n\n{text}",
        name="did_they_like_it",
    ),
    _sentiment(
        "Assign a class.\nClasses:\n{options}\nDocument: {text}\nClass:", name="assign_a_class"
    ),
    _sentiment(
        'You watch what is said about us in public. This came in today: "{text}" Enter its tone '
        "in the log: positive, or else negative.",
        name="log_of_tones",
    ),
    _sentiment("good vibes or bad vibes?\n{text}\n{options}", name="vibes"),
    _sentiment(
        "Suppose you heard {text} With what attitude was that spoken?\n{options}",
        name="attitude",
    ),
    _sentiment(
        "Weigh praise against complaint. If praise prevails, print positive; if complaint does, "
        "print negative.\nIn: {text}\nOut:",
        name="praise_against_complaint",
    ),
    _sentiment(
        "A smiley is to be put next to each comment, a happy one for positive comments and a sad "
        "one for negative comments. Which kind of comment is the one below?\n\n{text}",
        name="smiley",
    ),
    _sentiment(
        "{options}\n\nWhichever of these describes the mood of the passage, give it.\n\n"
        "Passage: {text}",
        name="mood_of_the_passage",
    ),
)

FILM_TEMPLATES = (
    *SENTIMENT_TEMPLATES,
    _sentiment(
        "A critic is quoted on a film poster only if the review is positive. A studio considers "
        "this one:\n{text}\n\nIs it positive or negative?",
        name="film_poster",
    ),
    _sentiment(
        "Thumbs up is positive, thumbs down is negative. Where does the thumb of this moviegoer "
        "point?\n{options}\n\nReview: {text}",
        name="thumbs",
    ),
    _text("Make up part of a {answer} film review.", name="film_review"),
    _text(
        "Somebody has just left the cinema with {answer} feelings about what was shown. Quote them"
        ".",
        name="left_the_cinema",
    ),
)

BUSINESS_TEMPLATES = (
    *SENTIMENT_TEMPLATES,
    _sentiment(
        "Somewhere a guest or customer left this online:\n{text}\n\nWould they come back? Put "
        "positive for yes and negative for no.",
        name="come_back",
    ),
    _sentiment(
        "The owner of a business reads what people think of it and sorts it into two piles.\n"
        "{options}\nOn which of them does the next one go?\n\n{text}",
        name="two_piles",
    ),
    _text(
        "You were a customer of a restaurant, a shop or some other business. Write a {answer} "
        "review of it.",
        name="were_a_customer",
    ),
    _text("Type of review: {answer}, on Yelp\nReview:", name="on_yelp"),
)

TWEET_TEMPLATES = (
    *SENTIMENT_TEMPLATES,
    _sentiment("Tweet: {text}\nIs its author in a good mood? {options}", name="good_mood"),
    _sentiment(
        "Emoticons have been cut out of a message: {text} If it was a smile, say positive; if it "
        "was a frown, say negative.",
        name="emoticons",
    ),
    _text("Compose a {answer} tweet about your day.", name="about_your_day"),
    _text("On Twitter someone's mood is {answer}. They post:", name="they_post"),
)


def read_sentences(path: Path, encoding: str, split: str = "") -> Iterator[tuple[int, Row]]:
    """(line number, {"label": …, "text": …}) of a file whose lines are 0 or 1, a blank and a text.

    split: only the lines that a hash of their text puts there; all when not given.
    """
    for number, line in read_lines(path, encoding):
        label, _, text = line.partition(" ")
        if not split or split_of(text) == split:
            yield number, {"label": label, "text": text}


def sentence_fields(row: Row) -> dict[str, Any]:
    """Fields of a line of a file, with brackets as such and without marks for bold type."""
    if row["label"] not in ("0", "1") or not row["text"].strip():
        hint = f"A line is 0 or 1, a blank and a text; this has {row['label']!r} in front."
        raise RowFault("no labelled sentence", hint)
    text = row["text"].replace("-lrb-", "(").replace("-rrb-", ")")
    return {
        "text": " ".join(re.sub(r"</?\w*>", "", text).split()),
        "options": list(SENTIMENTS),
        "answer": SENTIMENTS[int(row["label"])],
    }


def with_sentiment(column: str = "text") -> Callable[[Row], dict[str, Any]]:
    """A function from a TFDS row, whose label 1 says that it is positive, to fields."""

    def fields(row: Row) -> dict[str, Any]:
        return {"text": one_line(row[column]), **labelled(row["label"], SENTIMENTS)}

    return fields


def tweet_tensors(row: Row) -> dict[str, Any]:
    """Fields of a TFDS row of Sentiment140, whose polarity is 0 or 4 (2, neutral, is kept out)."""
    import tensorflow as tf

    label = tf.cast(row["polarity"] > NEUTRAL, tf.int32)
    return {"text": one_line(row["text"]), **labelled(label, SENTIMENTS)}


def one_line(text: Any) -> Any:
    """A text tensor with single blanks, without HTML's line breaks and escaped line ends."""
    import tensorflow as tf

    return tf.strings.strip(tf.strings.regex_replace(text, r"(?:\s|<br\s*/?>|\\n)+", " "))


def is_taking_sides(row: Row) -> Any:
    """Whether a row of Sentiment140 is not neutral and has text."""
    return (row["polarity"] != NEUTRAL) & has_text("text")(row)


def _add_flan(
    name: str,
    source: TfdsSource,
    fields: Callable[[Row], dict[str, Any]],
    templates: Sequence[Template],
    **about: Any,
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=source,
            fields=fields,
            templates=templates,
            metrics=(accuracy,),
            option_styles=OPTION_GRAMMAR,
            collections=("flan2021",),
            **about,
        )
    )


_SST2_CITATION = (
    "Socher, Perelygin, Wu, Chuang, Manning, Ng and Potts, Recursive Deep Models for Semantic "
    "Compositionality Over a Sentiment Treebank, 2013, https://aclanthology.org/D13-1170"
)

_add_flan(
    "sentiment140",
    tfds_source(
        "sentiment140:1.0.0",
        {"train": "train[:30000]", "validation": "train[-200:]", "test": "test"},
        keep=is_taking_sides,
    ),
    tweet_tensors,
    TWEET_TEMPLATES,
    licence="not stated by the source",
    citation="Go, Bhayani and Huang, Twitter Sentiment Classification using Distant Supervision, "
    "2009, https://www-cs.stanford.edu/people/alecmgo/papers/TwitterDistantSupervision09.pdf",
    text_sources=("sentiment140",),
)

_add_flan(
    "imdb_reviews",
    tfds_source(
        "imdb_reviews/plain_text:1.0.0",
        {"train": "train[:-200]", "validation": "train[-200:]", "test": "test"},
        keep=has_text("text"),
    ),
    with_sentiment(),
    FILM_TEMPLATES,
    licence="not stated by the source",
    citation="Maas, Daly, Pham, Huang, Ng and Potts, Learning Word Vectors for Sentiment Analysis, "
    "2011, https://aclanthology.org/P11-1015",
    text_sources=("imdb",),
)

_add_flan(
    "yelp_polarity_reviews",
    tfds_source(
        "yelp_polarity_reviews:0.2.0",
        {"train": "train[:30000]", "validation": "train[-200:]", "test": "test"},
        keep=has_text("text"),
    ),
    with_sentiment(),
    BUSINESS_TEMPLATES,
    licence="Yelp's dataset terms",
    citation="Zhang, Zhao and LeCun, Character-level Convolutional Networks for Text "
    "Classification, 2015, https://arxiv.org/abs/1509.01626",
    text_sources=("yelp",),
)

_add_flan(
    "sst2",
    tfds_source(
        "glue/sst2:2.0.0",
        {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        keep=has_text("sentence"),
    ),
    with_sentiment("sentence"),
    FILM_TEMPLATES,
    licence="not stated by the source",
    citation=_SST2_CITATION,
    # The treebank parses the sentences of the Rotten Tomatoes set.
    text_sources=("rotten_tomatoes",),
)

add_task(
    TaskSpec(
        name="sst2",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "sst2/stsa.binary.train",
                "validation": "sst2/stsa.binary.dev",
                "test": "sst2/stsa.binary.test",
            },
            data_dir=data_dir,
            reader=partial(read_sentences, encoding="utf-8"),
        ),
        fields=sentence_fields,
        templates=FILM_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="not stated by the source",
        citation=_SST2_CITATION,
        text_sources=("rotten_tomatoes",),
    )
)

_ONE_FILE = "rotten_tomatoes/rt-polarity.all*"

add_task(
    TaskSpec(
        name="rotten_tomatoes",
        category=CATEGORY,
        source=FileSource(
            {"train": _ONE_FILE, "validation": _ONE_FILE, "test": _ONE_FILE},
            data_dir=data_dir,
            reader={
                split: partial(read_sentences, encoding="latin-1", split=split)
                for split in ("train", "validation", "test")
            },
        ),
        fields=sentence_fields,
        templates=FILM_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="not stated by the source",
        citation="Pang and Lee, Seeing stars: Exploiting class relationships for sentiment "
        "categorization with respect to rating scales, 2005, https://aclanthology.org/P05-1015",
        text_sources=("rotten_tomatoes",),
    )
)
