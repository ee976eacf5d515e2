"""Opinions in one statement: what critics agree on, and the claim that arguments support.

The rows of both tasks are lists: reviews of a film (Rotten Tomatoes) and arguments of a debate
(iDebate), numbered from 1. Part of the category summarization. The inverted templates go from the
statement back to the list, or to the film or debate that it is about.
"""

from collections.abc import Callable
from typing import Any

from flan_mix.metrics import rouge
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.text_columns import Row, has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "summarization"
SPLITS = {"train": "train[:-600]", "validation": "train[-600:-500]", "test": "train[-500:]"}

# A film has a hundred reviews on average. That many do not fit a usual input, and what is cut off
# there is the end of the prompt, which may be the question.
MOST_LISTED = 20


def _consensus(inputs: str, name: str) -> Template:
    return Template(inputs, "{consensus}", name=name)


def _claim(inputs: str, name: str) -> Template:
    return Template(inputs, "{claim}", name=name)


ROTTEN_TOMATOES_TEMPLATES = (
    _consensus(
        'Critics on the film "{movie}":\n{reviews}\n\nWhat do they agree on?', name="agree_on"
    ),
    _consensus(
        "{reviews}\n\nA site that collects reviews sums all of these up in a sentence of its own. "
        "How does that go?",
        name="collecting_site",
    ),
    _consensus("Reviews: {reviews}\nConsensus:", name="labels"),
    _consensus(
        "Should I go and see {movie}? I looked around and saved this:\n{reviews}\nGive me the "
        "verdict of the press as a whole.",
        name="should_i_go",
    ),
    _consensus(
        "Blend many voices into one.\nVoices: {reviews}\nSubject: {movie}\nBlend:", name="blend"
    ),
    _consensus(
        "A cinema introduces each film of its programme with how it was received. Its entry for "
        "{movie} rests on these quotations:\n\n{reviews}\n\nEntry:",
        name="programme",
    ),
    _consensus(
        "{reviews}\n\nWhere is there praise and where are there complaints? Balance them in a "
        "single statement about {movie}.",
        name="balance",
    ),
    _consensus("{reviews}\n\nso is it any good, on the whole?", name="any_good"),
    _consensus(
        "You have to report to the makers of {movie} what reviewers felt, and they will hear no "
        "more than two sentences. These are the clippings on your desk:\n{reviews}",
        name="report_to_the_makers",
    ),
    _consensus(
        'Task: multi-review summarization\nMovie: "{movie}"\nDocuments:\n{reviews}\nSummary:',
        name="multi_review",
    ),
    _consensus(
        "Somebody asks at dinner why people like or dislike {movie}. You happen to have read the "
        "lines below; what is your answer?\n\n{reviews}",
        name="at_dinner",
    ),
    Template(
        'The critics\' consensus on "{movie}" is this: {consensus}\n\nMake up reviews that lead '
        "to it, as a numbered list.",
        "{reviews}",
        name="make_up_reviews",
        inverted=True,
    ),
    Template(
        "Guess the film.\nWhat was said about it:\n{reviews}\nIts title:",
        "{movie}",
        name="guess_the_film",
        inverted=True,
    ),
)

IDEBATE_TEMPLATES = (
    _claim(
        "Debate: {debate}\nArguments:\n{arguments}\n\nState the claim that they support.",
        name="state_the_claim",
    ),
    _claim("{arguments}\n\nWhat is the speaker driving at?", name="driving_at"),
    _claim("Evidence: {arguments}\nPoint:", name="labels"),
    _claim(
        'The house discusses "{debate}". A member of it says the following, sentence by sentence:'
        "\n{arguments}\n\nEnter the thesis in the record.",
        name="enter_in_the_record",
    ),
    _claim(
        "If all of these are reasons, then what are they reasons for?\n\n{arguments}",
        name="reasons_for",
    ),
    _claim(
        "You coach a debating club. Your team has gathered material on {debate}:\n{arguments}\n\n"
        "Give them the one line to open with, before any of it is brought up.",
        name="line_to_open_with",
    ),
    _claim(
        "I read this thread and lost track. Can you tell me in a single sentence which position "
        "these people take?\n\n{arguments}",
        name="lost_track",
    ),
    _claim(
        "Headings in our collection of pros and cons are short assertions. A section of the page "
        '"{debate}" has no heading yet; it reads:\n{arguments}\n\nHeading:',
        name="heading",
    ),
    _claim(
        "Premises: {arguments}\nTherefore,",
        name="therefore",
    ),
    _claim(
        "{arguments}\n\nSay that again in ten words or so, as an opinion about the question of "
        "{debate}.",
        name="ten_words",
    ),
    _claim(
        "A moderator repeats what was put forward to check that it was understood. Topic: {debate}"
        "\nPut forward:\n{arguments}\nModerator: So you are saying that",
        name="moderator",
    ),
    Template(
        'In a debate on the subject "{debate}" you defend this position: {claim}\n\nList your '
        "arguments, with a number in front of each.",
        "{arguments}",
        name="list_your_arguments",
        inverted=True,
    ),
    Template(
        "Which debate might these arguments come from?\n{arguments}",
        "{debate}",
        name="which_debate",
        inverted=True,
    ),
)


def numbered(items: Any) -> Any:
    """A list of texts as one, an item a line: `1. …`, `2. …`. string [items] -> string []."""
    import tensorflow as tf

    numbers = tf.strings.as_string(tf.range(1, tf.size(items) + 1))
    lines = tf.strings.join([numbers, ". ", tf.strings.strip(items)])
    return tf.strings.reduce_join(lines, separator="\n")


def _list_fields(listed: str, shown_as: str, **columns: str) -> Callable[[Row], dict[str, Any]]:
    """A function from a row to fields: its list under a name of its own, and text columns."""
    texts = stripped(**columns)

    def fields(row: Row) -> dict[str, Any]:
        return {**texts(row), shown_as: numbered(row[listed]["value"][:MOST_LISTED])}

    return fields


def _is_complete(listed: str, *columns: str) -> Callable[[Row], Any]:
    """A function that says whether a row lists something and has text in these columns."""
    texts = has_text(*columns)

    def keep(row: Row) -> Any:
        import tensorflow as tf

        return texts(row) & (tf.size(row[listed]["value"]) > 0)

    return keep


def _add_flan_task(name: str, listed: str, shown_as: str, **settings: Any) -> None:
    columns = settings.pop("columns")
    keep = _is_complete(listed, *columns.values())
    add_task(
        TaskSpec(
            name=f"flan_opinion_abstracts_{name}",
            category=CATEGORY,
            source=tfds_source(f"opinion_abstracts/{name}:1.0.0", SPLITS, keep=keep),
            fields=_list_fields(listed, shown_as, **columns),
            metrics=(rouge,),
            licence="not stated by the source",
            citation="Wang and Ling, Neural Network-Based Abstract Generation for Opinions and "
            "Arguments, 2016, https://arxiv.org/abs/1606.02785",
            collections=("flan2021",),
            text_sources=(name,),
            **settings,
        )
    )


_add_flan_task(
    "rotten_tomatoes",
    listed="_critics",
    shown_as="reviews",
    columns={"movie": "_movie_name", "consensus": "_critic_consensus"},
    templates=ROTTEN_TOMATOES_TEMPLATES,
)

_add_flan_task(
    "idebate",
    listed="_argument_sentences",
    shown_as="arguments",
    columns={"debate": "_debate_name", "claim": "_claim"},
    templates=IDEBATE_TEMPLATES,
)
