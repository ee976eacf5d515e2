"""Headlines: the title of a wire story (Gigaword) and the subject line of an email (AESLC).

Both shorten a text to a handful of words. Part of the category summarization. The inverted
templates ask for a text that a given headline fits.
"""

from flan_mix.metrics import rouge
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.text_columns import has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "summarization"


def _headline(inputs: str, name: str) -> Template:
    return Template(inputs, "{headline}", name=name)


def _sentence(inputs: str, name: str) -> Template:
    return Template(inputs, "{sentence}", name=name, inverted=True)


def _subject(inputs: str, name: str) -> Template:
    return Template(inputs, "{subject}", name=name)


def _body(inputs: str, name: str) -> Template:
    return Template(inputs, "{body}", name=name, inverted=True)


GIGAWORD_TEMPLATES = (
    _headline("{sentence}\n\nHeadline:", name="headline"),
    _headline(
        "A wire report opens as follows. Write what is printed above it in large type.\n{sentence}",
        name="large_type",
    ),
    _headline(
        "Compress this sentence to its core, in the manner of newspaper titles: {sentence}",
        name="compress",
    ),
    _headline(
        "There is room for about eight words on the front page. The story they announce starts "
        'with: "{sentence}" Which words do you choose?',
        name="room_for_eight_words",
    ),
    _headline("For the news ticker, please:\n\n{sentence}", name="ticker"),
    _headline(
        "if you were a newsboy and had this to sell, what would you shout in the street? "
        "{sentence}",
        name="newsboy",
    ),
    _headline(
        "Our archive files each story under a short title without capital letters or a full stop. "
        "File this one.\n\n{sentence}\n\nFiled under:",
        name="archive",
    ),
    _headline(
        "{sentence}\n\nWho did what? Leave out dates, articles and who said so.",
        name="who_did_what",
    ),
    _headline("Lead: {sentence}\nTitle:", name="lead_and_title"),
    _headline(
        "Every word of a telegram costs money. Cable the substance of the following at the least "
        "expense.\n\n{sentence}\n\nTelegram:",
        name="telegram",
    ),
    _headline(
        "Sentence summarization. Digits are masked by # and rare words by UNK; the output may hold "
        "both.\nInput: {sentence}\nOutput:",
        name="sentence_summarization",
    ),
    _sentence("Title of a report: {headline}\nOpening sentence of the report:", name="opening"),
    _sentence(
        'News agencies say who, what, when and where in the first line. Invent that line for "'
        '{headline}".',
        name="first_line",
    ),
)

AESLC_TEMPLATES = (
    _subject("{body}\n\nSubject:", name="subject"),
    _subject(
        "{body}\n\nThe box above this text is empty. Type in the few words that belong there.",
        name="empty_box",
    ),
    _subject(
        "Somebody pressed send too early, and the mail went out untitled. Suggest a title.\n\n"
        "{body}",
        name="untitled_mail",
    ),
    _subject(
        "An inbox shows messages by a few words each. Which words should be seen of the one below?"
        "\n{body}",
        name="inbox",
    ),
    _subject(
        "{body}\n\nWhat did the sender write about? No sentence, just the topic.",
        name="just_the_topic",
    ),
    _subject("Message: {body}\nRe:", name="re"),
    _subject(
        "I want to find this letter again in a year. Under which heading do I keep it?\n\n{body}",
        name="heading",
    ),
    _subject(
        "Here is a draft of mine. Please tell me how to announce it so that busy people know at "
        "once what it is:\n\n{body}",
        name="announce",
    ),
    _subject(
        "Label the correspondence with the matter it deals with.\n###\n{body}\n###\nMatter:",
        name="label_the_matter",
    ),
    _subject(
        "support desk: turn mail text into name of ticket\nmail text: {body}\nname of ticket:",
        name="ticket",
    ),
    _subject(
        "You are a secretary and read the day's post to your boss, who stops you after five words "
        "unless they say what it is all about. Your five words for the following?\n\n{body}",
        name="secretary",
    ),
    _body('"{subject}" is printed in bold above a mail. Make up the mail.', name="in_bold"),
    _body("{subject}\n\nWhat might have been in the mail with this title?", name="mail_with_title"),
)

add_task(
    TaskSpec(
        name="flan_gigaword",
        category=CATEGORY,
        source=tfds_source(
            "gigaword:1.2.0",
            {"train": "train[:30000]", "validation": "validation[:200]", "test": "test"},
            keep=has_text("document", "summary"),
        ),
        fields=stripped(sentence="document", headline="summary"),
        templates=GIGAWORD_TEMPLATES,
        metrics=(rouge,),
        licence="not stated by the source; text from the Gigaword corpus, which the LDC licenses",
        citation="Rush, Chopra and Weston, A Neural Attention Model for Abstractive Sentence "
        "Summarization, 2015, https://arxiv.org/abs/1509.00685",
        collections=("flan2021",),
        text_sources=("gigaword",),
    )
)

add_task(
    TaskSpec(
        name="flan_aeslc",
        category=CATEGORY,
        source=tfds_source(
            "aeslc:1.0.0",
            {"train": "train", "validation": "validation[-200:]", "test": "test"},
            keep=has_text("email_body", "subject_line"),
        ),
        fields=stripped(body="email_body", subject="subject_line"),
        templates=AESLC_TEMPLATES,
        metrics=(rouge,),
        licence="not stated by the source; mails of the Enron corpus",
        citation="Zhang and Tetreault, This Email Could Save Your Life: Introducing the Task of "
        "Email Subject Line Generation, 2019, https://arxiv.org/abs/1906.03497",
        collections=("flan2021",),
        text_sources=("enron",),
    )
)
