"""Which texts the tasks of Natural Instructions hold, under the names that our own tasks use.

Its files name their source datasets in their contributors' spelling ("squad_1.1", "winograd_wsc",
"sts_b"). Tasks that share a text are held out together, so the names must meet those of
`TaskSpec.text_sources` elsewhere in tasks/: where a source is one that our tasks know by another
name, or was made from the text of one, that name is added here.
"""

import re
from collections.abc import Iterable

_WINOGRAD = ("winograd",)
_SQUAD = ("squad", "wikipedia_passages")
_STORIES = ("roc_stories",)
_WIKIPEDIA = ("wikipedia_passages",)

# Source, as `_plain` writes it -> the texts it holds beside itself.
_TEXTS = {
    **dict.fromkeys(("squad", "squad1_1", "squad_1_1", "squad2_0", "disfl_qa", "xquad"), _SQUAD),
    **dict.fromkeys(("adversarial_qa", "adverserial_qa"), _SQUAD),
    **dict.fromkeys(("drop", "coqa", "quac", "iirc", "quoref", "ropes", "boolq"), _WIKIPEDIA),
    **dict.fromkeys(("winograd_wsc", "enhanced_wsc", "wsc", "mwsc", "winowhy"), _WINOGRAD),
    **dict.fromkeys(("wsc_fiexed", "winogrande", "winomt", "wino_bias"), _WINOGRAD),
    **dict.fromkeys(("rocstories", "timetravel", "storycommonsense", "glucose"), _STORIES),
    **dict.fromkeys(("abductive_nli", "tellmewhy"), _STORIES),
    **dict.fromkeys(("copa_hr", "xcopa"), ("copa",)),
    "e_snli": ("snli", "flickr30k"),
    "snli": ("flickr30k",),
    "sick": ("flickr30k", "msr_video"),
    "sts_b": ("stsb", "mrpc", "msr_video", "flickr30k"),
    "anli": ("rte", "roc_stories"),
    "cb": ("commitmentbank",),
    "qqp": ("quora",),
    **dict.fromkeys(("paws", "paws_x"), ("paws_wiki",)),
    "triviaqa": ("trivia_qa",),
    **dict.fromkeys(("ambigqa", "qed"), ("natural_questions",)),
    "openbookqa": ("arc",),
    "eqasc": ("qasc",),
    "record": ("cnn_dailymail",),
    "commongen": ("common_gen",),
    "e2e": ("e2e_nlg",),
    "dart": ("e2e_nlg", "web_nlg"),
    "mathmatics_dataset": ("math_dataset",),
    **dict.fromkeys(("mathqa", "math_qa"), ("aqua",)),
    **dict.fromkeys(("yelp_polarity", "yelp_review_full", "yelp_restaurant_review"), ("yelp",)),
    **dict.fromkeys(("sst2", "rotten_tomatoe"), ("rotten_tomatoes",)),
    "opus_paracrawl": ("para_crawl",),
    **dict.fromkeys(("europarl", "news_commentary", "giga_fren"), ("wmt",)),
    "hellaswag": ("wikihow",),
    "creak_2018": ("creak",),
    "semeval_2020_task4": ("sensemaking",),
}


def texts_of(sources: Iterable[str]) -> tuple[str, ...]:
    """The text sources of a task file's `Source` entries, each once: its own names first."""
    named = [name for source in sources for name in _names(source)]
    known = [text for name in named for text in _TEXTS.get(_plain(name), ())]
    return tuple(dict.fromkeys([*named, *known]))


def _names(source: str) -> list[str]:
    """The datasets of one entry: `scan (https://github.com/…)` is scan, `wsc; enhanced_wsc` two."""
    short = re.sub(r"\s*\(.*", "", source.lower())
    names = [name.strip().replace(" ", "_") for name in short.split(";")]
    return [name for name in names if name] or [source]


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")
