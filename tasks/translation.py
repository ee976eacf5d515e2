"""Translation of sentences: WMT, ParaCrawl and Multi30K's captions of photographs.

All pairs share their wording. FLAN's tasks go both ways: a hash of the two sentences says which is
the source, the same in every run, so that half of the rows are to be put into English. Multi30K
has a task for each direction, with scores that compare to those of others. There are no inverted
templates, for they would ask for a translation too.

T5's vocabulary spells English, French, German and Romanian. Much of Czech, Finnish, Spanish and
Turkish and all of Russian is unknown to it: these pairs want another vocabulary.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flan_mix.metrics import bleu, chrf
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.text_columns import Row
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "translation"
LANGUAGES = {
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "ro": "Romanian",
    "ru": "Russian",
    "tr": "Turkish",
}
WMT_SPLITS = {"train": "train[:30000]", "validation": "validation[:200]", "test": "test"}
PARA_CRAWL_SPLITS = {
    "train": "train[:30000]",
    "validation": "train[-1200:-1000]",
    "test": "train[-1000:]",
}

# Any two numbers: they make the draw of directions one of its own.
_DIRECTION_KEY = [0x7472616E736C6174, 0x646972656374696F]


def _translation(inputs: str, name: str) -> Template:
    return Template(inputs, "{sent2}", name=name)


FAMILY = (
    _translation("Put the {lang1} below into {lang2}.\n{sent1}", name="put_into"),
    _translation("{sent1}\n\nNow the same once more, but in {lang2}.", name="once_more"),
    _translation("{lang1}: {sent1}\n{lang2}:", name="languages"),
    _translation(
        "What would a native speaker of {lang2} write to express the following?\n\n{sent1}",
        name="native_speaker",
    ),
    _translation(
        "I got a letter with the words below. My {lang1} is poor; can you help me out with "
        "{lang2}?\n\n{sent1}",
        name="letter",
    ),
    _translation(
        "You sit in a booth at a conference and interpret.\nThe speaker ({lang1}): {sent1}\nYou "
        "({lang2}):",
        name="interpreter",
    ),
    _translation(
        "This page is to appear in our {lang2} edition as well, with the same meaning and in the "
        "same tone.\n\n{sent1}\n\nEdition in {lang2}:",
        name="edition",
    ),
    _translation(
        'My aunt knows no language but {lang2}. What do I tell her if I mean "{sent1}"?',
        name="aunt",
    ),
    _translation(
        "A phrase book has two columns, {lang1} on the left and {lang2} on the right.\nLeft: "
        "{sent1}\nRight:",
        name="phrase_book",
    ),
    _translation("Source text: {sent1}\nTarget text, {lang2}:", name="source_and_target"),
    _translation(
        "{sent1}\n\nMake it readable for people where {lang2} is spoken. Names and numbers must "
        "come through unharmed.",
        name="names_and_numbers",
    ),
    _translation("in {lang2} please! {sent1}", name="please"),
    _translation(
        "An actor says a line in {lang1}, and a subtitle tells the audience in {lang2} what it "
        "meant.\nLine: {sent1}\nSubtitle:",
        name="subtitle",
    ),
)

MULTI30K_TEMPLATES = (
    *FAMILY,
    _translation(
        "Beneath a photograph stands, in {lang1}: {sent1} The exhibition moves on to a country "
        "where visitors read {lang2}. Replace the caption.",
        name="exhibition",
    ),
    _translation(
        "Someone who knows only {lang1} describes what is in a picture: {sent1} How would someone "
        "who knows only {lang2} have described it?",
        name="describe_a_picture",
    ),
)


def either_way(one: str, other: str) -> Callable[[Row], dict[str, Any]]:
    """A function from a row of sentences in two languages to sent1 and lang1, the source, and sent2
    and lang2; a hash of both sentences says which is which."""

    def fields(row: Row) -> dict[str, Any]:
        import tensorflow as tf

        sentences = tf.strings.strip(tf.stack([row[one], row[other]]))
        languages = tf.constant([LANGUAGES[one], LANGUAGES[other]])
        both = tf.strings.reduce_join(sentences, separator="\n")
        source = tf.strings.to_hash_bucket_strong(both, 2, key=_DIRECTION_KEY)
        return {
            "sent1": sentences[source],
            "lang1": languages[source],
            "sent2": sentences[1 - source],
            "lang2": languages[1 - source],
        }

    return fields


def one_way(source: str, target: str) -> Callable[[Row], dict[str, Any] | None]:
    """The same for a row of a file, from one language to the other; None for an empty sentence."""

    def fields(row: Mapping[str, str]) -> dict[str, Any] | None:
        sentence, translation = row[source].strip(), row[target].strip()
        if not sentence or not translation:
            return None
        return {
            "sent1": sentence,
            "lang1": LANGUAGES[source],
            "sent2": translation,
            "lang2": LANGUAGES[target],
        }

    return fields


def _add_flan_task(name: str, dataset: str, languages: tuple[str, str], **settings: Any) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=tfds_source(dataset, settings.pop("splits", WMT_SPLITS)),
            fields=either_way(*languages),
            templates=FAMILY,
            metrics=(bleu, chrf),
            collections=("flan2021",),
            **settings,
        )
    )


_add_flan_task(
    "para_crawl_enes",
    "para_crawl/enes:1.2.0",
    ("en", "es"),
    splits=PARA_CRAWL_SPLITS,
    licence="CC0",
    citation="Bañón, Chen, Haddow et al., ParaCrawl: Web-Scale Acquisition of Parallel Corpora, "
    "2020, https://aclanthology.org/2020.acl-main.417",
    text_sources=("para_crawl",),
)

_add_flan_task(
    "wmt14_enfr",
    "wmt14_translate/fr-en:1.0.0",
    ("en", "fr"),
    licence="not stated by the source; its corpora have terms of their own",
    citation="Bojar, Buck, Federmann et al., Findings of the 2014 Workshop on Statistical Machine "
    "Translation, 2014, https://aclanthology.org/W14-3302",
    text_sources=("wmt",),
)

for _language in ("de", "tr", "cs", "fi", "ro", "ru"):
    _add_flan_task(
        f"wmt16_translate_{_language}en",
        f"wmt16_translate/{_language}-en:1.0.0",
        (_language, "en"),
        licence="not stated by the source; its corpora have terms of their own",
        citation="Bojar, Chatterjee, Federmann et al., Findings of the 2016 Conference on Machine "
        "Translation, 2016, https://aclanthology.org/W16-2301",
        text_sources=("wmt",),
    )


def _multi30k_file(stem: str, languages: tuple[str, str]) -> dict[str, str]:
    return {language: f"multi30k/{stem}.{language}.gz" for language in languages}


for _pair in (("en", "de"), ("de", "en"), ("en", "fr"), ("fr", "en")):
    add_task(
        TaskSpec(
            name=f"multi30k_{''.join(_pair)}",
            category=CATEGORY,
            source=FileSource(
                {
                    "train": _multi30k_file("train", _pair),
                    "validation": _multi30k_file("val", _pair),
                    "test": _multi30k_file("test_2016_flickr", _pair),
                },
                format="lines",
                data_dir=data_dir,
            ),
            fields=one_way(*_pair),
            templates=MULTI30K_TEMPLATES,
            metrics=(bleu, chrf),
            accepted={"dropped_characters": "a few captions have letters that T5's lacks: œ, ë"},
            licence="not stated by the source; the captions are derived from Flickr30K",
            citation="Elliott, Frank, Sima'an and Specia, Multi30K: Multilingual English-German "
            "Image Descriptions, 2016, https://arxiv.org/abs/1605.00459",
            text_sources=("flickr30k",),
        )
    )
