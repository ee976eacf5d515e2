"""Word disambiguation: does a word have the same sense in two sentences (Words in Context)?

The inverted template asks for a sentence with the word in the same sense, or in another.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.labels import YES_NO, by_label, labelled
from flan_mix.tasks.text_columns import stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "word_disambiguation"
# By label: 0 says that the senses differ.
ANSWERS = ("no", "yes")
SENSES = ("a different meaning", "the same meaning")


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


WIC_TEMPLATES = (
    _answer(
        '{first}\n{second}\n\nDoes "{word}" have one meaning in both sentences?\n{options}',
        name="one_meaning_in_both",
    ),
    _answer(
        "Word: {word}\nUse 1: {first}\nUse 2: {second}\nSame sense (yes/no):",
        name="same_sense",
    ),
    _answer(
        'A dictionary numbers the meanings of "{word}". Would these examples stand under a single '
        "number?\n{first}\n{second}\n{options}",
        name="dictionary",
    ),
    _answer(
        'Find a synonym that could replace "{word}" in the line that comes first. Then try it in '
        "the line that comes last. Write yes if it can be used there too, and no if it makes "
        "nonsense or something else of it.\n{first}\n{second}",
        name="find_a_synonym",
    ),
    _answer(
        'A learner of English has understood "{word}" from: {first}\nWithout looking anything up, '
        "will they now understand it correctly in what they read next?\n{second}\n{options}",
        name="learner",
    ),
    _answer(
        'A translator asks: is it likely that one translation of "{word}" will do for this:\n'
        "{first}\nand for that:\n{second}\n{options}",
        name="translator",
    ),
    _answer(
        "{word}: the same or something else?? (same = yes, else no)\n> {first}\n> {second}",
        name="same_or_else",
    ),
    _answer(
        "Word sense disambiguation. Decide whether the target occurs with an identical sense.\n"
        "target: {word}\ncontext: {first}\ncontext: {second}\n{options}",
        name="target_and_contexts",
    ),
    _answer(
        'I am compiling a glossary and have two quotations for "{word}", namely "{first}" and '
        '"{second}" May I file them together, with a common definition? A short yes or no, please.',
        name="glossary",
    ),
    _answer(
        'What does "{word}" bring to mind here: an act, a thing, a feeling?\n{first}\nAnd is what '
        "it brings to mind here of the very same kind?\n{second}\n{options}",
        name="brings_to_mind",
    ),
    _answer(
        'A linguist claims that "{word}" is ambiguous, and offers two sentences as proof: '
        '"{first}" / "{second}" Reject the proof with yes, it is the same thing twice, or accept '
        "it with no, it is not.",
        name="reject_the_proof",
    ),
    _answer(
        'The clue of a crossword puzzle describes "{word}" as this text uses it: {first} Would the '
        "clue be fair to those who know only the following use? Yes or no.\n{second}",
        name="crossword",
    ),
    Template(
        'Here is an example of the word "{word}" in use: {first}\nThink of one more, but with '
        "{sense} of the word.",
        "{second}",
        name="one_more_example",
        inverted=True,
    ),
)


def wic_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of WiC, whose label 1 says that the senses are the same."""
    return {
        **stripped(first="sentence1", second="sentence2", word="word")(row),
        **labelled(row["label"], ANSWERS, options=YES_NO),
        "sense": by_label(row["label"], SENSES),
    }


add_task(
    TaskSpec(
        name="flan_wic",
        category=CATEGORY,
        source=tfds_source(
            "super_glue/wic:1.0.2",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=wic_tensors,
        templates=WIC_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="CC BY-NC 4.0",
        citation="Pilehvar and Camacho-Collados, WiC: the Word-in-Context Dataset for Evaluating "
        "Context-Sensitive Meaning Representations, 2019, https://arxiv.org/abs/1808.09121",
        collections=("flan2021",),
        text_sources=("wic",),
    )
)
