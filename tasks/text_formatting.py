"""Text formatting: capital letters, punctuation or spaces put back where they were taken away.

The text is the English side of ParaCrawl, English and Danish. Each task has rows of its own, in
training and in testing. Punctuation is what stands at the edge of a word: apostrophes, hyphens and
decimal points within one are part of how it is spelled and stay, as do letters of every alphabet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flan_mix.metrics import edit_similarity
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "text_formatting"
_DATASET = "para_crawl/enda:1.2.0"

Row = Mapping[str, Any]


def _restored(inputs: str, name: str) -> Template:
    return Template(inputs, "{text}", name=name)


TRUE_CASE_TEMPLATES = (
    _restored("{lower}\n\nPut capital letters where they belong.", name="capital_letters"),
    _restored("Lower case: {lower}\nAs in print:", name="labels"),
    _restored(
        "The shift key of the typist was broken, so that this arrived:\n{lower}\n\nWhat would the "
        "typist have liked to send?",
        name="shift_key",
    ),
    _restored(
        "Some letters in the line below should be upper case: those that open sentences, and "
        "names. Leave everything else untouched.\n{lower}",
        name="which_letters",
    ),
    _restored(
        "Our speech recognizer writes in small letters only. Make its transcript fit for reading."
        "\n\nTranscript: {lower}",
        name="speech_recognizer",
    ),
    _restored("fix the caps pls\n{lower}", name="fix_the_caps"),
    _restored(
        'Somebody ran tolower() over a document, and all that is left is "{lower}". Undo it.',
        name="undo_tolower",
    ),
    _restored("Truecasing.\nInput: {lower}\nOutput:", name="truecasing"),
    _restored(
        "A sub-editor returns your copy with the remark that you never capitalize anything. Hand "
        "it in again, without that fault.\n\n{lower}",
        name="sub_editor",
    ),
    _restored(
        "How is this spelled in a book, as far as big and small letters go?\n{lower}",
        name="in_a_book",
    ),
    _restored("{lower} - typed on a phone, where nobody bothers. On paper it is", name="on_paper"),
    Template(
        "Write this without a single capital letter.\n{text}",
        "{lower}",
        name="without_capitals",
        inverted=True,
    ),
)

FIX_PUNCT_TEMPLATES = (
    _restored(
        "{bare}\n\nStops, commas and the like are missing here. Write it out with them.",
        name="stops_and_commas",
    ),
    _restored("Words: {bare}\nSentence:", name="labels"),
    _restored(
        "Commas, full stops, brackets and so on were lost when a page was scanned. Restore it, "
        "word for word.\n\nScan: {bare}",
        name="scan",
    ),
    _restored(
        "Read it aloud in your head, notice where you pause and where your voice rises, and set "
        "the signs for that.\n{bare}",
        name="where_you_pause",
    ),
    _restored(
        'My little brother never uses dots or commas. He wrote "{bare}". How should he have '
        "written it?",
        name="little_brother",
    ),
    _restored("punctuate: {bare}", name="punctuate"),
    _restored(
        "A telegram had no signs, just words:\n{bare}\nPrepare it for the newspaper by setting "
        "them in.",
        name="telegram",
    ),
    _restored(
        "Correct what follows. Its spelling is right; what it lacks is everything that is not "
        "a word.\n\n{bare}",
        name="not_a_word",
    ),
    _restored(
        "You finish subtitles for broadcast. The draft is bare words, viewers get properly marked "
        "sentences.\nDraft: {bare}\nOn screen:",
        name="subtitles",
    ),
    _restored(
        "Between some of these words there was something: {bare} Say the line with it.",
        name="between_words",
    ),
    _restored(
        "The examiner takes a point off for every missing comma or stop. Save the pupil's answer "
        "from that: {bare}",
        name="examiner",
    ),
    Template(
        "Strip the punctuation off this text, but keep all of its words.\n\n{text}",
        "{bare}",
        name="strip",
        inverted=True,
    ),
)

WORD_SEGMENT_TEMPLATES = (
    _restored("{joined}\n\nPut the spaces back.", name="spaces_back"),
    _restored("Joined: {joined}\nParted:", name="labels"),
    _restored(
        "Because of a fault in our database words have run into each other. Please recover the "
        "value of this record.\n\n{joined}",
        name="database_fault",
    ),
    _restored("Where does one word end and the next begin?\n{joined}", name="where_does_one_end"),
    _restored(
        "The space bar of this keyboard does not work. Its owner has just entered:\n{joined}\n\n"
        "What was meant to appear on the screen?",
        name="space_bar",
    ),
    _restored("cant read this, too crammed: {joined}", name="too_crammed"),
    _restored(
        'Ancient scribes left no gaps. In their manner somebody has copied "{joined}" from a web '
        "page. Set it in the modern way.",
        name="scribes",
    ),
    _restored("Task: word segmentation\nString: {joined}\nResult:", name="segmentation"),
    _restored(
        "A hashtag may have no blanks in it. Read this one, however long, and spell it out as "
        "ordinary text: #{joined}",
        name="hashtag",
    ),
    _restored(
        "Insert as many blanks as needed, change nothing else, and you get a text in plain English"
        ".\n\n{joined}",
        name="insert_blanks",
    ),
    _restored(
        "Solve the puzzle. It is written without a break, and the solution is the same letters, "
        "readable.\n{joined}",
        name="puzzle",
    ),
    Template("Take out all spaces.\n{text}", "{joined}", name="take_out_spaces", inverted=True),
    Template(
        "How would the following look if it had been typed without ever touching the space bar?"
        "\n\n{text}",
        "{joined}",
        name="never_touched",
        inverted=True,
    ),
)


def english(row: Row) -> Any:
    """The English text of a row of ParaCrawl, with single spaces: a string tensor."""
    import tensorflow as tf

    return tf.strings.strip(tf.strings.regex_replace(row["en"], r"[\s\p{Z}]+", " "))


def lower_case(text: Any) -> Any:
    """A text tensor in small letters, those with accents too."""
    import tensorflow as tf

    return tf.strings.lower(text, encoding="utf-8")


def without_punctuation(text: Any) -> Any:
    """A text tensor without the punctuation at the edges of words, or between them."""
    import tensorflow as tf

    # Twice, for the blank after a mark is also the blank ahead of the next.
    for _ in range(2):
        text = tf.strings.regex_replace(text, r"(^|\s)\p{P}+", r"\1")
        text = tf.strings.regex_replace(text, r"\p{P}+(\s|$)", r"\1")
    return tf.strings.strip(tf.strings.regex_replace(text, r"\s+", " "))


def without_spaces(text: Any) -> Any:
    """A text tensor with its words run together."""
    import tensorflow as tf

    return tf.strings.regex_replace(text, r"\s+", "")


def has_words(row: Row) -> Any:
    """Whether a row's English has a letter at all, so that there is something to restore."""
    import tensorflow as tf

    return tf.strings.regex_full_match(row["en"], r"(?s).*\p{L}.*")


def _fields(field: str, spoil: Callable[[Any], Any]) -> Callable[[Row], dict[str, Any]]:
    """A function from a row to its text and the same text spoilt, under the name `field`."""

    def fields(row: Row) -> dict[str, Any]:
        text = english(row)
        return {"text": text, field: spoil(text)}

    return fields


def _add_flan(
    name: str,
    splits: Mapping[str, str],
    fields: Callable[[Row], dict[str, Any]],
    templates: Sequence[Template],
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=tfds_source(_DATASET, splits, keep=has_words),
            fields=fields,
            templates=templates,
            metrics=(edit_similarity,),
            licence="CC0 1.0 for the packaging; the texts are their websites'",
            citation="Banon et al., ParaCrawl: Web-Scale Acquisition of Parallel Corpora, 2020, "
            "https://aclanthology.org/2020.acl-main.417",
            collections=("flan2021",),
            text_sources=("para_crawl",),
        )
    )


_add_flan(
    "true_case",
    {
        "train": "train[:30000]",
        "validation": "train[30000:30200]",
        "test": "train[-3000:-2000]",
    },
    _fields("lower", lower_case),
    TRUE_CASE_TEMPLATES,
)
_add_flan(
    "fix_punct",
    {
        "train": "train[30200:60200]",
        "validation": "train[60200:60400]",
        "test": "train[-2000:-1000]",
    },
    _fields("bare", without_punctuation),
    FIX_PUNCT_TEMPLATES,
)
_add_flan(
    "word_segment",
    {
        "train": "train[60400:90400]",
        "validation": "train[90400:90600]",
        "test": "train[-1000:]",
    },
    _fields("joined", without_spaces),
    WORD_SEGMENT_TEMPLATES,
)
