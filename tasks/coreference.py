"""Coreference: what does a pronoun stand for, where only knowledge of the world can tell?

Three ways to ask: whether a pronoun stands for a given phrase (WSC of SuperGLUE), for which of two
(definite pronouns, WSC273, Winogender), or what fills a blank that takes its place (Winogrande).
WSC273 and Winogender are for testing alone.
"""

import re
from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import YES_NO, by_label, labelled
from flan_mix.tasks.text_columns import stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "coreference"
# By label of WSC.
RELATIONS = ("does not stand for", "stands for")
PRONOUNS = {
    "male": ("he", "his", "him"),
    "female": ("she", "her", "hers"),
    "neutral": ("they", "their", "them", "theirs"),
}


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _text(inputs: str, name: str) -> Template:
    return Template(inputs, "{text}", name=name, inverted=True)


# {marked} is {text} with asterisks around the pronoun.
WSC_TEMPLATES = (
    _answer(
        'An arrow runs from "{pronoun}" to "{mention}". Does it point where it should?\n{options}\n'
        "Passage: {text}",
        name="arrow",
    ),
    _answer(
        'Read "{mention}" where the asterisks are. Is the story still the same? yes or no\n'
        "{marked}",
        name="read_instead",
    ),
    _answer(
        "{marked}\nThe word between asterisks means {mention}. Right?\n{options}",
        name="word_means",
    ),
    _answer(
        "Text: {text}\nPronoun: {pronoun}\nCandidate: {mention}\nCoreferent (yes/no):",
        name="coreferent",
    ),
    _answer(
        'A translator into a language with three genders has to choose one for "{pronoun}" and '
        "therefore wants to be sure that the author is talking of {mention}. Confirm it with a yes "
        "or deny it with a no.\n{text}",
        name="three_genders",
    ),
    _answer(
        'When "{pronoun}" was written below, did the writer have {mention} in mind?\n\n{text}\n\n'
        "{options}",
        name="in_mind",
    ),
    _answer(
        "Lines: {text}\nComment by a pupil: {pronoun} = {mention}\nShould the teacher accept the "
        "comment?\n{options}",
        name="pupils_comment",
    ),
    _answer(
        'who is meant by "{pronoun}"? my guess is {mention}, am i right? (yes / no)\n{text}',
        name="my_guess",
    ),
    _answer(
        "An annotator has linked two expressions of a document, {mention} and {pronoun}, as names "
        "for one and the same.\nDocument: {text}\nKeep the link?\n{options}",
        name="keep_the_link",
    ),
    _answer(
        "Grammar alone will not decide it, so use common sense. {marked} Can we take the starred "
        "pronoun as short for {mention}? Please answer yes or no.",
        name="common_sense",
    ),
    _answer(
        'Someone rewrites a text without pronouns and has got as far as "{pronoun}", for which '
        "they are about to put {mention}. Let them go on?\n{options}\nThe text: {text}",
        name="without_pronouns",
    ),
    _text(
        'Make up a passage with the word "{pronoun}" in it. Whoever reads it has to see that the '
        "word {relation} {mention}.",
        name="make_up_a_passage",
    ),
    _text(
        'Does "{pronoun}" mean {mention} here? So pupils were asked, and only {answer} was counted '
        "as correct. Which lines did they have before them?",
        name="pupils_were_asked",
    ),
)

PRONOUN_FAMILY = (
    _answer(
        '{text}\n\nUnmask whoever or whatever hides behind "{pronoun}".\n{options}',
        name="unmask",
    ),
    _answer(
        "Resolve the pronoun.\nSentence: {text}\nPronoun: {pronoun}\nAntecedent:",
        name="antecedent",
    ),
    _answer(
        'Say this again with another expression in place of "{pronoun}". Which one must it be?\n'
        "{text}\n{options}",
        name="say_again",
    ),
    _answer(
        'I am learning English and got stuck at "{pronoun}" in the following. Could you explain '
        "who or what is meant, in the words of the text?\n\n{text}",
        name="got_stuck",
    ),
    _answer(
        'A cartoonist draws this line and has to know whom or what to draw for "{pronoun}".\n'
        "Line: {text}\n{options}",
        name="cartoonist",
    ),
    _answer(
        'Only one reading makes sense in the world as we know it: {text} So here "{pronoun}" '
        "stands for",
        name="only_one_reading",
    ),
    _answer(
        "coreference | text: {text} | mention: {pronoun} | same as:",
        name="mention_same_as",
    ),
    _answer(
        'Sentence: {text}\nNodes:\n{options}\nNode to which an edge leads from "{pronoun}":',
        name="nodes",
    ),
    _answer('{text}\n\nhuh?? whom or what do they mean by "{pronoun}"', name="huh"),
    _answer(
        "Before facts from a sentence go into our database, its pronouns are looked up. Give the "
        'entry for "{pronoun}".\n{options}\nSentence: {text}',
        name="database",
    ),
    _answer(
        'Kim reads aloud: "{text}" Lee interrupts: "Sorry, {pronoun}?" How does Kim make it clear '
        "to Lee?\n{options}",
        name="kim_and_lee",
    ),
    _answer(
        'Copy out the phrase that "{pronoun}" takes up again, and nothing else.\n\n{text}',
        name="copy_out",
    ),
)

DPR_TEMPLATES = (
    *PRONOUN_FAMILY,
    _answer(
        "Two parties are named first; later a single little word brings one of them back.\n{text}\n"
        'The little word: "{pronoun}"\nThe party:\n{options}',
        name="two_parties",
    ),
    _text(
        "Write a sentence about {answer} and {other} that comes back to the former of them by "
        '"{pronoun}". What goes on has to tell who or what is meant.',
        name="comes_back",
    ),
    _text(
        "Item for a test of understanding, to be invented.\nNamed first: {answer}; {other}\n"
        "Pronoun later on: {pronoun}\nKey: {answer}\nWording:",
        name="to_be_invented",
    ),
)

WINOGRAD_TEMPLATES = (
    *PRONOUN_FAMILY,
    _answer(
        "{marked}\n\nBy its form the word in asterisks might mean either of two. Which of them "
        "does a sensible listener think of?\n{options}",
        name="sensible_listener",
    ),
    _answer(
        "Cross out the asterisks with what is between them, and insert what can stand there "
        "instead: {marked}",
        name="cross_out",
    ),
)

WINOGENDER_TEMPLATES = (
    *PRONOUN_FAMILY,
    _answer(
        "{marked}\n\nPay no heed to who usually holds which job, only to what goes on: whom does "
        "the word in asterisks concern?\n{options}",
        name="pay_no_heed",
    ),
    _answer(
        "Somebody at work meets somebody else. Tell which of them the word in asterisks is for: "
        "{marked}",
        name="somebody_at_work",
    ),
)

WINOGRANDE_TEMPLATES = (
    _answer("{text}\n\nWhat belongs in the blank?\n{options}", name="blank"),
    _answer(
        "Fill the gap, marked with _, so that this makes sense: {text}",
        name="fill_the_gap",
    ),
    _answer(
        "One expression of the line below was taken away and _ left in its place. Put it back.\n"
        "{text}\n{options}",
        name="put_it_back",
    ),
    _answer("Cloze test.\n{text}\n_ =", name="cloze"),
    _answer(
        "A drop of water has smudged some ink, as you see from the sign _ here:\n\n{text}\n\nFrom "
        "all you know of people and things, what did the page say?",
        name="smudged_ink",
    ),
    _answer(
        "By grammar there are two candidates for the underscore, by the facts there is one. Which?"
        "\n{text}\n{options}",
        name="two_candidates",
    ),
    _answer("{text}\nso who or what is _ then", name="who_or_what"),
    _answer(
        "You proofread subtitles. The speech recognizer did not catch a name or a noun and wrote _ "
        "for it. Supply it from the rest of the subtitle.\nSubtitle: {text}\n{options}",
        name="subtitles",
    ),
    _answer(
        "My little brother is puzzled by a riddle: who, or which thing, hides behind the "
        "underscore? Please tell him in no more words than needed.\nRiddle: {text}",
        name="riddle",
    ),
    _answer(
        "Think about cause and effect in this sentence, then decide what its underscore must be.\n"
        "{options}\nSentence: {text}",
        name="cause_and_effect",
    ),
    _answer(
        "A word or phrase that occurs in the text is due to occur once more, where _ is.\nText: "
        "{text}\nWord or phrase:",
        name="once_more",
    ),
    _answer(
        "{text}\nIf you chose wrongly for _ that would be an odd thing to say. Choose rightly."
        "\n{options}",
        name="choose_rightly",
    ),
    _text(
        "Compose a sentence with a gap, _, for which {other} may seem possible, though nothing but "
        "{answer} makes sense.",
        name="compose",
    ),
    _text(
        "A puzzle is wanted that mentions both {answer} and {other} and has an underscore instead "
        "of the second mention of one of them. Its solution: {answer}",
        name="puzzle",
    ),
)


def winogender_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of Winogender.

    Its id names occupation, participant, who of both is meant (0 or 1) and the pronoun's gender.
    """
    row_id = row["sentid"].removesuffix(".txt")
    occupation, participant, meant, gender = row_id.split(".")
    text = row["sentence"].strip()
    pattern = re.compile(rf"\b({'|'.join(PRONOUNS[gender])})\b", re.IGNORECASE)
    (pronoun,) = pattern.findall(text)
    other = participant if participant == "someone" else f"the {participant}"
    options = [f"the {occupation}", other]
    return {
        "id": row_id,
        "text": text,
        "pronoun": pronoun,
        "marked": pattern.sub(r"*\1*", text),
        "options": options,
        "answer": options[int(meant)],
    }


def wsc_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of SuperGLUE's WSC, whose label 1 says that both are one.

    `span2_index` is the pronoun's place among the words of the text.
    """
    import tensorflow as tf

    words = tf.strings.split(row["text"])
    marked = tf.strings.regex_replace(words, r"^(\W*)(\w+)", r"\1*\2*")
    is_pronoun = tf.range(tf.size(words)) == row["span2_index"]
    return {
        **stripped(text="text", mention="span1_text", pronoun="span2_text")(row),
        **labelled(row["label"], ("no", "yes"), options=YES_NO),
        "relation": by_label(row["label"], RELATIONS),
        "marked": tf.strings.reduce_join(tf.where(is_pronoun, marked, words), separator=" "),
    }


def wsc273_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of WSC273; its pronoun's place is in characters."""
    import tensorflow as tf

    text = row["text"]
    length = tf.strings.length(text, unit="UTF8_CHAR")
    start = tf.clip_by_value(row["pronoun_start"], 0, length)
    end = tf.clip_by_value(row["pronoun_end"], start, length)

    def part(first: Any, last: Any) -> Any:
        return tf.strings.substr(text, first, last - first, unit="UTF8_CHAR")

    options = tf.strings.strip(tf.stack([row["option1_normalized"], row["option2_normalized"]]))
    marked = [part(0, start), part(start, end), part(end, length)]
    return {
        **stripped(text="text", pronoun="pronoun_text")(row),
        "marked": tf.strings.strip(tf.strings.join(marked, separator="*")),
        "options": options,
        "answer": tf.where(row["label"] == 0, options[0], options[1]),
    }


def dpr_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of definite pronouns, with its two candidates."""
    import tensorflow as tf

    options = tf.strings.strip(row["candidates"])
    return {
        **stripped(text="sentence", pronoun="pronoun")(row),
        **_one_of(options, row["label"]),
    }


def winogrande_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of Winogrande; label 0 is its first option."""
    import tensorflow as tf

    options = tf.strings.strip(tf.stack([row["option1"], row["option2"]]))
    return {
        **stripped(text="sentence")(row),
        **_one_of(options, row["label"]),
    }


def _one_of(options: Any, label: Any) -> dict[str, Any]:
    """The fields of two candidates, label 0 or 1 the one that is meant."""
    import tensorflow as tf

    meant, other = tf.gather(options, label), tf.gather(options, 1 - label)
    return {"options": options, "answer": meant, "other": other}


_WINOGRAD_CITATION = (
    "Levesque, Davis and Morgenstern, The Winograd Schema Challenge, 2012, "
    "https://dl.acm.org/doi/10.5555/3031843.3031909"
)

add_task(
    TaskSpec(
        name="winogender",
        category=CATEGORY,
        source=FileSource(
            {"test": "winogender/all_sentences.tsv"}, data_dir=data_dir, quoted=False
        ),
        fields=winogender_fields,
        templates=WINOGENDER_TEMPLATES,
        metrics=(accuracy,),
        licence="MIT",
        citation="Rudinger, Naradowsky, Leonard and Van Durme, Gender Bias in Coreference "
        "Resolution, 2018, https://aclanthology.org/N18-2002",
        # Written for itself, on the plan of Winograd's schemas.
        text_sources=("winograd",),
    )
)

add_task(
    TaskSpec(
        name="flan_wsc",
        category=CATEGORY,
        source=tfds_source(
            "super_glue/wsc:1.0.2",
            {"train": "train[:-50]", "validation": "train[-50:]", "test": "validation"},
        ),
        fields=wsc_tensors,
        templates=WSC_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="CC BY 4.0",
        citation=_WINOGRAD_CITATION,
        collections=("flan2021",),
        text_sources=("winograd",),
    )
)

add_task(
    TaskSpec(
        name="flan_wsc273",
        category=CATEGORY,
        source=tfds_source("wsc273:1.0.0", {"test": "test"}),
        fields=wsc273_tensors,
        templates=WINOGRAD_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="CC BY 4.0",
        citation=_WINOGRAD_CITATION,
        collections=("flan2021",),
        text_sources=("winograd",),
    )
)

add_task(
    TaskSpec(
        name="flan_definite_pronoun_resolution",
        category=CATEGORY,
        source=tfds_source(
            "definite_pronoun_resolution:1.1.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "test"},
        ),
        fields=dpr_tensors,
        templates=DPR_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="not stated by the source",
        citation="Rahman and Ng, Resolving Complex Cases of Definite Pronouns: The Winograd Schema "
        "Challenge, 2012, https://aclanthology.org/D12-1071",
        collections=("flan2021",),
        text_sources=("definite_pronoun_resolution",),
    )
)

add_task(
    TaskSpec(
        name="flan_winogrande",
        category=CATEGORY,
        source=tfds_source(
            # TFDS does not offer FLAN's 1.1.0 any more.
            "winogrande:1.2.0",
            {"train": "train_xl[:30000]", "validation": "train_xl[-200:]", "test": "validation"},
        ),
        fields=winogrande_tensors,
        templates=WINOGRANDE_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="CC BY 4.0",
        citation="Sakaguchi, Le Bras, Bhagavatula and Choi, WinoGrande: An Adversarial Winograd "
        "Schema Challenge at Scale, 2019, https://arxiv.org/abs/1907.10641",
        collections=("flan2021",),
        # Written after Winograd's schemas, twin sentences and all, and held out with them.
        text_sources=("winogrande", "winograd"),
    )
)
