"""Summarization of articles: news, how-to guides and research papers.

The tasks share the wording that fits any text, and each adds what its own summaries call for: the
highlights of a report, one sentence, the steps of a guide. The inverted templates ask for a text
that has a given summary. The rest of the category, which other words fit, is in `headline_writing`,
`opinion_summarization` and `news_topics`; importing this module registers it too.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import rouge
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    headline_writing,
    news_topics,
    opinion_summarization,
)
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.text_columns import has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "summarization"
FLAN_SPLITS = {"train": "train[:30000]", "validation": "validation[:200]", "test": "test"}


def _summary(inputs: str, name: str) -> Template:
    return Template(inputs, "{summary}", name=name)


def _text(inputs: str, name: str) -> Template:
    return Template(inputs, "{text}", name=name, inverted=True)


FAMILY = (
    _summary("{text}\n\nIn other words, and far fewer of them:", name="far_fewer_words"),
    _summary(
        "Read the following and write down its main points.\n\n{text}\n\nMain points:",
        name="main_points",
    ),
    _summary("TL;DR wanted.\n\n{text}", name="tl_dr"),
    _summary(
        "I have half a minute before a meeting at which everybody else knows this. What do I have "
        "to take in?\n\n{text}",
        name="half_a_minute",
    ),
    _summary("Summarize: {text}", name="summarize"),
    _summary(
        "You edit a digest that reprints nothing in full. Write the entry that stands for the "
        "piece below.\n\n{text}\n\nEntry:",
        name="digest_entry",
    ),
    _summary("Full version: {text}\nShort version:", name="full_and_short"),
    _summary(
        "{text}\n\nStrip away examples, quotations and background. What remains?",
        name="strip_away",
    ),
    _summary(
        "A search engine shows a short description under every result. Compose the one for a page "
        "with this content: {text}",
        name="search_result",
    ),
    _summary(
        "What is the passage between the lines about, and what does it tell its readers?\n---\n"
        "{text}\n---",
        name="what_is_it_about",
    ),
    _summary(
        "Someone is about to delete the file that holds the text below. Save the gist of it.\n\n"
        "{text}\n\nSaved:",
        name="save_the_gist",
    ),
    _summary(
        "Condense without adding anything of your own.\nSource: {text}\nCondensed:",
        name="condense",
    ),
)

CNN_DAILYMAIL_TEMPLATES = (
    *FAMILY,
    _summary(
        "News story:\n{text}\n\nHighlights to be printed in the box beside it:",
        name="box_of_highlights",
    ),
    _summary(
        "{text}\n\nGive the bullet points that a news site puts at the top of such a report, each "
        "a complete sentence without a bullet in front.",
        name="bullet_points",
    ),
    _text(
        "These are the highlights of a news story:\n{summary}\n\nNow write the story.",
        name="story_of_highlights",
    ),
    _text(
        "{summary}\n\nA reporter filed a long article, and an editor boiled it down to the lines "
        "above. What did the reporter file?",
        name="what_was_filed",
    ),
)

MULTI_NEWS_TEMPLATES = (
    *FAMILY,
    _summary(
        "Several papers cover one event. Their reports follow, parted by dashes:\n\n{text}\n\n"
        "Merge all of them into a single account.",
        name="merge_reports",
    ),
    _summary(
        "{text}\n\nWhat do these sources, taken together, establish? Mention where they differ if "
        "it matters.",
        name="taken_together",
    ),
    _text(
        "A press review sums up the coverage of an event as follows: {summary}\n\nWrite articles "
        "that it could be based on.",
        name="articles_of_review",
    ),
)

NEWSROOM_TEMPLATES = (
    *FAMILY,
    _summary(
        'The article "{title}" reads:\n{text}\n\nFor our home page we need the teaser that makes '
        "a visitor click on it.",
        name="teaser",
    ),
    _summary(
        "Title: {title}\nArticle: {text}\nDescription shown when someone shares the link:",
        name="shared_link",
    ),
    _text("Headline: {title}\nStandfirst: {summary}\nBody of the article:", name="body"),
    _text(
        "Expand this teaser into the whole article that stands behind it: {summary}",
        name="expand_the_teaser",
    ),
)

XSUM_TEMPLATES = (
    *FAMILY,
    _summary("{text}\n\nOne sentence, please: what happened?", name="one_sentence"),
    _summary(
        "News of the BBC opens with a sentence that says it all. Here that opening was cut off; "
        "supply it.\n\n{text}",
        name="supply_the_opening",
    ),
    _summary(
        "Suppose a child interrupts you after every full stop. Put the news below so that you need "
        "only one.\n\n{text}",
        name="only_one_full_stop",
    ),
    _text(
        "An article begins like this: {summary}\n\nHow does it go on?",
        name="how_it_goes_on",
    ),
    _text(
        'Make up a news report, the essence of which is: "{summary}"',
        name="report_with_essence",
    ),
)

WIKI_LINGUA_TEMPLATES = (
    *FAMILY,
    _summary(
        "Here is a lot of advice on how to do something:\n{text}\n\nReduce every step to one short "
        "command.",
        name="short_commands",
    ),
    _summary("{text}\n\nTurn this guide into a checklist.", name="checklist"),
    _summary(
        "In a manual each step has a line in bold type and, under it, a paragraph that explains "
        "it. The bold lines were lost. Restore them from the paragraphs:\n{text}",
        name="lines_in_bold",
    ),
    _text(
        "Steps: {summary}\n\nExplain them one by one to a reader who has never tried anything of "
        "the kind.",
        name="explain_the_steps",
    ),
)

SCITLDR_TEMPLATES = (
    *FAMILY,
    _summary(
        "Title of the paper: {title}\nAbstract: {text}\nContribution in one line:",
        name="contribution",
    ),
    _summary(
        'The program chair of a conference hands you "{title}" and asks what is new about it. You '
        "know this much:\n{text}\n\nReply in a single sentence.",
        name="what_is_new",
    ),
    _summary(
        "{text}\n\nSpeak for the authors and finish: in this work, we",
        name="speak_for_the_authors",
    ),
    _text(
        '{summary}\n\nThat is a research paper in a nutshell. It is called "{title}". Write its '
        "abstract.",
        name="write_the_abstract",
    ),
)


# "(CNN) -- ", "LONDON, England (Reuters) -- " or plain "(CNN)" stands ahead of what a story says.
_DATELINE = r"^[^\n()]{0,60}\([A-Z][A-Za-z .]{1,30}\)\s*--\s*|^\(CNN\)\s*"


def _cnn_dailymail_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The story without its dateline; highlights are a sentence a line."""
    import tensorflow as tf

    article = tf.strings.strip(row["article"])
    story = tf.strings.regex_replace(article, _DATELINE, "", replace_global=False)
    # A text that is all dateline stays as it is.
    text = tf.where(tf.strings.length(story) > 0, story, article)
    return {"text": text, "summary": tf.strings.strip(row["highlights"])}


def _multi_news_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Reports parted by dashes; summaries without the dash that all of them start with."""
    import tensorflow as tf

    text = tf.strings.regex_replace(row["document"], r"\s*\|\|\|\|\|\s*", "\n---\n")
    text = tf.strings.regex_replace(text, r"^[\s-]+|[\s-]+$", "")
    summary = tf.strings.regex_replace(row["summary"], r"^\s*[–-]\s*", "")
    return {"text": text, "summary": tf.strings.strip(summary)}


def _scitldr_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Abstract and title; authors and reviewers may each have put the paper into a sentence."""
    summaries = [summary.strip() for summary in row["target"] if summary.strip()]
    return {
        "id": row["paper_id"],
        "text": " ".join(sentence.strip() for sentence in row["source"]),
        "title": row["title"].strip(),
        "summary": summaries[0],
        "references": summaries,
    }


def _add_flan_task(
    name: str, dataset: str, columns: tuple[str, ...], citation: str, **settings: Any
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=tfds_source(dataset, FLAN_SPLITS, keep=has_text(*columns)),
            metrics=(rouge,),
            citation=citation,
            collections=("flan2021",),
            **settings,
        )
    )


_add_flan_task(
    "cnn_dailymail",
    "cnn_dailymail:3.4.0",
    ("article", "highlights"),
    fields=_cnn_dailymail_fields,
    templates=CNN_DAILYMAIL_TEMPLATES,
    licence="Apache 2.0 for the collection; the articles are those of CNN and the Daily Mail",
    citation="See, Liu and Manning, Get To The Point: Summarization with Pointer-Generator "
    "Networks, 2017, https://arxiv.org/abs/1704.04368",
    text_sources=("cnn_dailymail",),
)

_add_flan_task(
    "multi_news",
    "multi_news:2.1.0",
    ("document", "summary"),
    fields=_multi_news_fields,
    templates=MULTI_NEWS_TEMPLATES,
    licence="for non-commercial research, as its authors state",
    citation="Fabbri, Li, She, Li and Radev, Multi-News: a Large-Scale Multi-Document "
    "Summarization Dataset and Abstractive Hierarchical Model, 2019, "
    "https://arxiv.org/abs/1906.01749",
    text_sources=("multi_news",),
)

_add_flan_task(
    "newsroom",
    "newsroom:1.0.0",
    ("title", "text", "summary"),
    fields=stripped(text="text", summary="summary", title="title"),
    templates=NEWSROOM_TEMPLATES,
    licence="for research, under terms to be agreed with its authors",
    citation="Grusky, Naaman and Artzi, Newsroom: A Dataset of 1.3 Million Summaries with Diverse "
    "Extractive Strategies, 2018, https://arxiv.org/abs/1804.11283",
    description="TFDS wants the files in its manual folder.",
    text_sources=("newsroom",),
)

_add_flan_task(
    "xsum",
    "xsum:1.1.0",
    ("document", "summary"),
    fields=stripped(text="document", summary="summary"),
    templates=XSUM_TEMPLATES,
    licence="not stated by the source; the articles are those of the BBC",
    citation="Narayan, Cohen and Lapata, Don't Give Me the Details, Just the Summary! Topic-Aware "
    "Convolutional Neural Networks for Extreme Summarization, 2018, "
    "https://arxiv.org/abs/1808.08745",
    description="TFDS wants the files in its manual folder.",
    text_sources=("xsum",),
)

_add_flan_task(
    "wiki_lingua_english_en",
    "gem/wiki_lingua_english_en:1.1.0",
    ("source", "target"),
    fields=stripped(text="source", summary="target"),
    templates=WIKI_LINGUA_TEMPLATES,
    licence="CC BY-NC-SA 3.0",
    citation="Ladhak, Durmus, Cardie and McKeown, WikiLingua: A New Benchmark Dataset for "
    "Cross-Lingual Abstractive Summarization, 2020, https://arxiv.org/abs/2010.03093",
    text_sources=("wikihow",),
)

add_task(
    TaskSpec(
        name="scitldr",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "scitldr/train.jsonl*",
                "validation": "scitldr/dev.jsonl*",
                "test": "scitldr/test.jsonl*",
            },
            data_dir=data_dir,
        ),
        fields=_scitldr_fields,
        templates=SCITLDR_TEMPLATES,
        metrics=(rouge,),
        licence="Apache 2.0",
        citation="Cachola, Lo, Cohan and Weld, TLDR: Extreme Summarization of Scientific "
        "Documents, 2020, https://arxiv.org/abs/2004.15011",
        text_sources=("scitldr",),
    )
)
