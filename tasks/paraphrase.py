"""Paraphrase: do two texts mean the same (MRPC, PAWS, Quora's questions), and how nearly (STS-B)?

The first two share their wording; questions and degrees of likeness have families of their own.
The inverted templates ask for the other half of a pair.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy, correlation, positive_f1
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import ANSWERED_IN_FULL, YES_NO, by_label, labelled
from flan_mix.tasks.text_columns import has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "paraphrase"
# By label: 0 is a pair that differs.
ANSWERS = ("no", "yes")
RELATIONS = ("differs in meaning from", "means the same as")
ASK = ("does not ask the same as", "asks the same as")
LIKENESS = ("0", "1", "2", "3", "4", "5")

# A list of numbers that is itself numbered says two things at once.
NUMBERS_ALONE = tuple(style for style in ANSWERED_IN_FULL if style.naming == "none")


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _inverted(inputs: str, targets: str, name: str) -> Template:
    return Template(inputs, targets, name=name, inverted=True)


FAMILY = (
    _answer(
        "{first}\n{second}\n\nIs one of these lines the other in different clothes?\n{options}",
        name="different_clothes",
    ),
    _answer("Sentence 1: {first}\nSentence 2: {second}\nParaphrase (yes/no):", name="labels"),
    _answer(
        "My notes hold both of the following. May I strike one of them out and lose nothing by "
        "it? Please reply yes or no.\n\n{first}\n\n{second}",
        name="strike_one_out",
    ),
    _answer(
        "An author is accused of copying. Is the passage in the new book merely the old one in "
        "other words?\nOld book: {first}\nNew book: {second}\n{options}",
        name="accused_of_copying",
    ),
    _answer(
        'Can "{first}" be put as "{second}" without a change of meaning?\n{options}',
        name="can_be_put_as",
    ),
    _answer(
        "You judge a contest in rewording. An entry passes (yes) if it keeps the whole message of "
        "the model and adds none; if not, it fails (no).\nModel: {first}\nEntry: {second}\nPasses:",
        name="contest",
    ),
    _answer(
        "hey are these alike or do they say different stuff? yes = alike, no = different\n"
        "one: {first}\ntwo: {second}",
        name="alike_or_different",
    ),
    _answer(
        "If two statements are equivalent, each has to be true whenever the other is. Are they?\n"
        "First statement: {first}\nSecond statement: {second}\n{options}",
        name="equivalent",
    ),
    _answer(
        "Ann asserts: {first}\nBen says that she is wrong there, yet grants: {second}\nDoes Ben "
        "contradict himself? Yes, if what he grants is just what Ann asserts, else no.",
        name="contradicts_himself",
    ),
    _answer(
        "Clean up a database of texts by merging entries that duplicate each other's content.\n"
        "Entry: {first}\nEntry: {second}\nMerge this pair?\n{options}",
        name="clean_up",
    ),
    _answer(
        'Leave the style aside and look at nothing but what is claimed.\n"{first}"\n"{second}"\n'
        "Is it one claim, made twice?\n{options}",
        name="one_claim",
    ),
    _answer(
        "Will a reader who knows {first} learn anything new from {second} or the other way round? "
        "Write no if there is something to learn and yes if it all comes to the same.",
        name="learn_anything_new",
    ),
)

_INVERTED = (
    _inverted(
        "Write a sentence that {relation} this one:\n{first}",
        "{second}",
        name="write_a_sentence",
    ),
    _inverted(
        "The text below was made from another, but {relation} it. Restore that other text.\n\n"
        "{second}",
        "{first}",
        name="restore",
    ),
)

MRPC_TEMPLATES = (
    *FAMILY,
    _answer(
        "Two newspapers report.\nOne of them: {first}\nThe other: {second}\nCould both reports go "
        "back to the same piece of news, told in full by each?\n{options}",
        name="two_newspapers",
    ),
    _answer(
        "Agency copy: {first}\nPrinted version: {second}\nDid the paper just rephrase the agency's "
        "line (yes), or did it leave out or bring in facts that matter (no)?",
        name="agency_copy",
    ),
    *_INVERTED,
)

PAWS_TEMPLATES = (
    *FAMILY,
    _answer(
        "The two sentences that follow are built from nearly the same words, so watch their order: "
        "do they also state the same facts?\n{first}\n{second}\n{options}",
        name="watch_the_order",
    ),
    _answer(
        "Someone edited an encyclopedia.\nBefore: {first}\nAfter: {second}\nAnswer yes if it was a "
        "matter of language alone and no if any fact has changed.",
        name="edited_encyclopedia",
    ),
    *_INVERTED,
)

QQP_TEMPLATES = (
    _answer(
        "Two entries of a list:\n* {first}\n* {second}\nDoes either make the other superfluous?\n"
        "{options}",
        name="two_entries",
    ),
    _answer(
        "A forum closes a thread when its topic has come up before.\nEarlier thread: {first}\nNew "
        "thread: {second}\nClose the new one (yes/no)?",
        name="close_the_thread",
    ),
    _answer(
        "Would a single answer satisfy both of these people?\nRosa asks: {first}\nOmar asks: "
        "{second}\n{options}",
        name="satisfy_both",
    ),
    _answer(
        "{first}\n{second}\n\nDoes a person who writes this merely repeat themselves?\n{options}",
        name="repeat_themselves",
    ),
    _answer(
        'From a search log: a user typed "{first}" and, a moment later, "{second}" Tell me with '
        "yes if the second attempt was after the same information and with no if the user had "
        "moved on to something else.",
        name="search_log",
    ),
    _answer(
        "Every topic on our site should have just one page. Shall I merge the pages with the "
        "titles below?\nTitle: {first}\nTitle: {second}\n{options}",
        name="merge_pages",
    ),
    _answer(
        "do they want to know the same thing, yes or no?\n{first}\n{second}",
        name="want_to_know",
    ),
    _answer(
        'Suppose you hold a perfect reply to "{first}" Could you send it, unchanged, to the author '
        'of "{second}"?\n{options}',
        name="perfect_reply",
    ),
    _answer("Intent match.\na = {first}\nb = {second}\nmatch (yes/no) =", name="intent_match"),
    _answer(
        "My sister is going to ask some experts: {first} I told her that she will find it there "
        "already, as: {second} Can she spare herself the trouble?\n{options}",
        name="my_sister",
    ),
    _answer(
        "A different place, number, time or person makes a different question; different words "
        "alone do not.\nOriginal: {first}\nReworded: {second}\nSay yes if it is still the original "
        "question that is asked, and no otherwise.",
        name="different_words_alone",
    ),
    _answer(
        "A questionnaire must not put anything to people twice. Its editor has come upon these "
        "items:\n{first}\n{second}\nYes, drop one? Or no, keep both?",
        name="questionnaire",
    ),
    _inverted(
        "Somebody posts: {first}\nMake up another post, a question which {relation} the first.",
        "{second}",
        name="make_up_another",
    ),
    _inverted(
        "The question below was put to a site that had a similar one, though it {relation} that "
        "one. What did the similar one say?\n{second}",
        "{first}",
        name="similar_one",
    ),
)

STSB_TEMPLATES = (
    _answer(
        "How much of what one sentence means is in the other too, from 0 (nothing) to 5 (all)?\n"
        "{first}\n{second}\n{options}",
        name="how_much",
    ),
    _answer(
        "Sentence one: {first}\nSentence two: {second}\nSimilarity, a whole number from 0 to 5:",
        name="similarity",
    ),
    _answer(
        "Give marks for a paraphrase. Full marks are 5, for one that says just what the model "
        "says; 0 is for one about something else entirely.\nModel: {first}\nParaphrase: {second}\n"
        "{options}",
        name="give_marks",
    ),
    _answer(
        'How many points out of five does "{second}" earn for conveying what "{first}" conveys? '
        "Answer with a digit; it may be 0.",
        name="points_out_of_five",
    ),
    _answer(
        "People were asked to rate how close two texts are in meaning, and their ratings were "
        "averaged and rounded: 0 where the texts are unrelated, up to 5 where they are equivalent. "
        "What came out for this pair?\n\n{first}\n\n{second}\n\n{options}",
        name="people_were_asked",
    ),
    _answer(
        "semantic textual similarity (0-5)\ns1: {first}\ns2: {second}\nscore:",
        name="semantic_textual_similarity",
    ),
    _answer(
        "Pick the number that fits the two lines at the end. 5: either could stand for the other. "
        "4: only trifles set them apart. 3: they share the core, but something of weight differs. "
        "2: they share a few details. 1: they share a subject. 0: they do not even share that.\n"
        "{first}\n{second}",
        name="number_that_fits",
    ),
    _answer(
        "Captions, headlines and forum posts are to be grouped by content, and for that we note "
        "the nearness of each pair: the higher, the nearer, with 5 for a perfect match.\nItem: "
        "{first}\nItem: {second}\n{options}",
        name="grouped_by_content",
    ),
    _answer(
        'Reduce "{first}" and "{second}" to plain facts. From none (0) to all (5), how much of '
        "those facts coincides?",
        name="plain_facts",
    ),
    _answer(
        "Reference translation: {first}\nMachine translation: {second}\nAn examiner who looks at "
        "content alone grants between 0 and 5. What would be fair here?\n{options}",
        name="examiner",
    ),
    _answer(
        "what's the overlap in meaning, if 0 is zilch and 5 is total?\n- {first}\n- {second}",
        name="overlap",
    ),
    _inverted(
        "{first}\n\nWrite something whose likeness in meaning to this is {answer}, where 5 is the "
        "most and 0 the least.",
        "{second}",
        name="write_something",
    ),
    _inverted(
        'A pair of sentences got {answer} of 5 points for saying the same. One was "{second}" '
        "Guess the other.",
        "{first}",
        name="guess_the_other",
    ),
)


def mrpc_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of MRPC's tables, whose Quality is 1 where a pair means the same."""
    label = int(row["Quality"])
    return {
        "id": f"{row['#1 ID']}-{row['#2 ID']}",
        "first": row["#1 String"].strip(),
        "second": row["#2 String"].strip(),
        "options": list(YES_NO),
        "answer": ANSWERS[label],
        "relation": RELATIONS[label],
    }


def pair_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of two sentences that mean the same where the label is 1."""
    return {
        **stripped(first="sentence1", second="sentence2")(row),
        **labelled(row["label"], ANSWERS, options=YES_NO),
        "relation": by_label(row["label"], RELATIONS),
    }


def qqp_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of two questions that ask the same where the label is 1."""
    return {
        **stripped(first="question1", second="question2")(row),
        **labelled(row["label"], ANSWERS, options=YES_NO),
        "relation": by_label(row["label"], ASK),
    }


def stsb_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of STS-B.

    The answer is the likeness to the nearest whole number, halves upwards; the reference to score
    against is the likeness itself, 0 to 5 with up to three decimals.
    """
    import tensorflow as tf

    likeness = tf.clip_by_value(row["label"], 0.0, 5.0)
    nearest = tf.cast(tf.floor(likeness + 0.5), tf.int32)
    return {
        **stripped(first="sentence1", second="sentence2")(row),
        **labelled(nearest, LIKENESS),
        "references": tf.strings.as_string(likeness, precision=3)[tf.newaxis],
    }


add_task(
    TaskSpec(
        name="mrpc",
        category=CATEGORY,
        source=FileSource(
            {"train": "mrpc/msr_paraphrase_train.txt.gz", "test": "mrpc/msr_paraphrase_test.txt"},
            data_dir=data_dir,
            format="tsv",
            quoted=False,
        ),
        fields=mrpc_fields,
        templates=MRPC_TEMPLATES,
        metrics=(accuracy, positive_f1),
        licence="Microsoft Research Paraphrase Corpus licence",
        citation="Dolan and Brockett, Automatically Constructing a Corpus of Sentential "
        "Paraphrases, 2005, https://aclanthology.org/I05-5002",
        text_sources=("mrpc",),
    )
)

add_task(
    TaskSpec(
        name="flan_glue_mrpc",
        category=CATEGORY,
        source=tfds_source(
            "glue/mrpc:2.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=pair_tensors,
        templates=MRPC_TEMPLATES,
        metrics=(accuracy, positive_f1),
        option_styles=ANSWERED_IN_FULL,
        licence="Microsoft Research Paraphrase Corpus licence",
        citation="Dolan and Brockett, Automatically Constructing a Corpus of Sentential "
        "Paraphrases, 2005, https://aclanthology.org/I05-5002",
        collections=("flan2021",),
        text_sources=("mrpc",),
    )
)

add_task(
    TaskSpec(
        name="flan_paws_wiki",
        category=CATEGORY,
        source=tfds_source(
            "paws_wiki:1.1.0",
            {"train": "train[:30000]", "validation": "validation[:200]", "test": "test"},
        ),
        fields=pair_tensors,
        templates=PAWS_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="free to use for any purpose, with acknowledgement of Google",
        citation="Zhang, Baldridge and He, PAWS: Paraphrase Adversaries from Word Scrambling, "
        "2019, https://arxiv.org/abs/1904.01130",
        collections=("flan2021",),
        text_sources=("paws_wiki",),
    )
)

add_task(
    TaskSpec(
        name="flan_glue_qqp",
        category=CATEGORY,
        source=tfds_source(
            "glue/qqp:2.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
            keep=has_text("question1", "question2"),
        ),
        fields=qqp_tensors,
        templates=QQP_TEMPLATES,
        metrics=(accuracy, positive_f1),
        option_styles=ANSWERED_IN_FULL,
        licence="Quora's terms of service",
        citation="Iyer, Dandekar and Csernai, First Quora Dataset Release: Question Pairs, 2017, "
        "https://quoradata.quora.com/First-Quora-Dataset-Release-Question-Pairs",
        collections=("flan2021",),
        text_sources=("quora",),
    )
)

add_task(
    TaskSpec(
        name="flan_stsb",
        category=CATEGORY,
        source=tfds_source(
            "glue/stsb:2.0.0",
            {"train": "train[:-100]", "validation": "train[-100:]", "test": "validation"},
        ),
        fields=stsb_tensors,
        templates=STSB_TEMPLATES,
        metrics=(correlation,),
        option_styles=NUMBERS_ALONE,
        licence="not stated by the source; text of several licences",
        citation="Cer, Diab, Agirre, Lopez-Gazpio and Specia, SemEval-2017 Task 1: Semantic "
        "Textual Similarity, 2017, https://aclanthology.org/S17-2001",
        collections=("flan2021",),
        # Headlines, forum posts, and from earlier collections pairs of MRPC and captions.
        text_sources=("stsb", "mrpc", "msr_video", "flickr30k"),
    )
)
