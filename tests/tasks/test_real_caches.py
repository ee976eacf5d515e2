"""Token caches of real datasets: every row of the files is an example or is counted as left out.

Rows are counted here from the files, by readers that share nothing with those of the registry.
"""

import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

from flan_mix.data import RenderSettings, build_cache
from flan_mix.registry import get_task
from flan_mix.runs.mixture_facts import PartFacts
from flan_mix.runs.task_selection import import_all
from flan_mix.tasks.data_dir import NAME
from flan_mix.vocabularies import SentencePieceVocabulary
from tests.shared_data import shared_path

LENGTHS = (512, 128)


def text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("latin-1")


def lines(path: Path) -> int:
    return len(text(path).rstrip("\n").split("\n"))


def lines_after_the_header(path: Path) -> int:
    return lines(path) - 1


def csv_rows(path: Path) -> int:
    return sum(1 for _ in csv.DictReader(io.StringIO(text(path), newline="")))


def items(path: Path) -> int:
    return len(json.loads(text(path)))


def meanings(path: Path) -> int:
    return len({row["mr"] for row in csv.DictReader(io.StringIO(text(path), newline=""))})


def sentences(path: Path) -> int:
    blocks = re.split(r"\n[ \t]*\n", text(path).replace("\r", ""))
    return sum(bool(block.strip()) and "-DOCSTART-" not in block for block in blocks)


def dialogue_questions(path: Path) -> int:
    return sum(len(dialogue[1]) for dialogue in json.loads(text(path)))


def passage_answers(path: Path) -> int:
    passages = map(json.loads, text(path).splitlines())
    questions = (question for row in passages for question in row["passage"]["questions"])
    return sum(len(question["answers"]) for question in questions)


def xml_items(path: Path) -> int:
    return len(ElementTree.fromstring(text(path)).findall("item"))


Counted = Callable[[Path], int]

# (task, split) -> its file, and how its rows are counted. The largest go by a smaller split.
SPLITS: dict[tuple[str, str], tuple[str, Counted]] = {
    ("ag_news", "test"): ("ag_news/test.csv.gz", csv_rows),
    ("anli_r1", "validation"): ("anli/ANLI_analysis_r1_dev.csv.gz", csv_rows),
    ("cb", "train"): ("superglue_cb/train.jsonl", lines),
    ("cb", "validation"): ("superglue_cb/val.jsonl", lines),
    ("commonsenseqa", "validation"): ("commonsenseqa/dev_rand_split.jsonl", lines),
    ("copa", "train"): ("copa/copa-dev.xml", xml_items),
    ("copa", "test"): ("copa/copa-test.xml", xml_items),
    ("cosmosqa", "validation"): ("cosmosqa/valid.csv.gz", csv_rows),
    ("cot_aqua", "train"): ("flan_cot/aqua_train.tsv", lines),
    ("cot_creak", "train"): ("flan_cot/creak_train.tsv.gz", lines),
    ("cot_ecqa", "train"): ("flan_cot/ecqa_train.tsv.gz", lines),
    ("cot_qasc", "train"): ("flan_cot/qasc_train.tsv", lines),
    ("cot_sensemaking", "train"): ("flan_cot/sensemaking_train.tsv.gz", lines),
    ("cot_strategyqa", "train"): ("flan_cot/strategyqa_train.tsv", lines),
    ("dart", "validation"): ("dart/dart-v1.1.1-full-dev.json.gz", items),
    ("dialogsum", "validation"): ("dialogsum/dialogsum.dev.jsonl", lines),
    ("dialogsum", "test"): ("dialogsum/dialogsum.test.jsonl", lines),
    ("dream", "validation"): ("dream/dev.json.gz", dialogue_questions),
    ("dream", "test"): ("dream/test.json.gz", dialogue_questions),
    ("e2e_nlg", "validation"): ("e2e_nlg/devset.csv.gz", meanings),
    ("e2e_nlg", "test"): ("e2e_nlg/testset_w_refs.csv.gz", meanings),
    ("fewglue_boolq", "train"): ("fewglue/BoolQ.train.jsonl", lines),
    ("fewglue_multirc", "train"): ("fewglue/MultiRC.train.jsonl", passage_answers),
    ("gsm8k", "test"): ("gsm8k/test.jsonl", lines),
    ("java_to_cs", "validation"): ("codexglue_java_cs/valid.java-cs.txt.java", lines),
    ("java_to_cs", "test"): ("codexglue_java_cs/test.java-cs.txt.cs", lines),
    ("mrpc", "train"): ("mrpc/msr_paraphrase_train.txt.gz", lines_after_the_header),
    ("multi30k_ende", "validation"): ("multi30k/val.en.gz", lines),
    ("multi30k_enfr", "test"): ("multi30k/test_2016_flickr.fr.gz", lines),
    ("nq_open", "validation"): ("nq_open/NQ-open.dev.jsonl", lines),
    ("piqa", "validation"): ("piqa/valid.jsonl", lines),
    ("refine_small", "test"): ("codexglue_refine_small/test.buggy-fixed.fixed", lines),
    ("rte", "train"): ("superglue_rte/train.jsonl", lines),
    ("rte", "validation"): ("superglue_rte/val.jsonl", lines),
    ("samsum", "train"): ("samsum/train.json.gz", items),
    ("samsum", "validation"): ("samsum/val.json", items),
    ("scitldr", "validation"): ("scitldr/dev.jsonl.gz", lines),
    ("scitldr", "test"): ("scitldr/test.jsonl.gz", lines),
    ("sick", "validation"): ("sick/SICK_trial.txt", lines_after_the_header),
    ("sick", "test"): ("sick/SICK_test_annotated.txt", lines_after_the_header),
    ("sst2", "validation"): ("sst2/stsa.binary.dev", lines),
    ("sst2", "test"): ("sst2/stsa.binary.test", lines),
    ("trec", "train"): ("trec/train.txt", lines),
    ("trec", "test"): ("trec/test.txt", lines),
    ("winogender", "test"): ("winogender/all_sentences.tsv", lines_after_the_header),
    ("wnut17", "validation"): ("wnut17/emerging.dev.conll", sentences),
    ("wnut17", "test"): ("wnut17/emerging.test.annotated", sentences),
}
# Every split reads the whole file, its header too, and takes its part.
IN_ONE_FILE = {
    "amazon_alexa": ("amazon_alexa/amazon_alexa.tsv", lines),
}


@pytest.fixture(scope="module")
def vocabulary() -> SentencePieceVocabulary:
    return SentencePieceVocabulary(shared_path("data/t5_vocab/spiece.model"))


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The data folder named, and every task of ours registered."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(NAME, str(shared_path("data")))
        import_all("flan_mix.tasks")
        yield


def test_they_are_at_least_25_datasets_of_12_categories():
    folders = {file.partition("/")[0] for file, _ in (*SPLITS.values(), *IN_ONE_FILE.values())}
    tasks = {*(task for task, _ in SPLITS), *IN_ONE_FILE}
    categories = {get_task(task).category for task in tasks}
    assert len(folders) >= 25
    assert len(categories) >= 12


@pytest.mark.slow
@pytest.mark.parametrize(("task", "split"), SPLITS)
def test_no_row_is_lost_and_truncation_is_what_the_texts_say(task, split, vocabulary, tmp_path):
    file, counted = SPLITS[task, split]
    kept = RenderSettings(keep_texts=True)
    cache = build_cache(task, split, vocabulary, tmp_path, settings=kept)
    skipped = cache.manifest.skipped
    assert len(cache) + sum(skipped.values()) == counted(shared_path("data") / file)
    assert len(cache) > 0.95 * counted(shared_path("data") / file)
    assert cache.manifest.features["targets"].empty == 0
    assert cache.manifest.features["inputs"].empty == 0

    # The library alone, without our vocabulary around it; none of the texts has its sentinels.
    library = SentencePieceProcessor(model_file=str(shared_path("data/t5_vocab/spiece.model")))
    records = [cache.record(index) for index in range(len(cache))]
    facts = PartFacts.of(task, "", 1.0, cache)
    reported = facts.truncated(LENGTHS)
    assert reported is not None
    for name, longest, share in zip(("inputs", "targets"), LENGTHS, reported, strict=True):
        lengths = [len(ids) + 1 for ids in library.encode([record[name] for record in records])]
        assert lengths == cache.lengths(name).tolist()
        assert share == sum(length > longest for length in lengths) / len(lengths)


@pytest.mark.slow
@pytest.mark.parametrize("task", IN_ONE_FILE)
def test_splits_that_share_a_file_part_it(task, vocabulary, tmp_path):
    file, counted = IN_ONE_FILE[task]
    rows = counted(shared_path("data") / file)
    ids = []
    for split in get_task(task).splits:
        cache = build_cache(task, split, vocabulary, tmp_path)
        assert len(cache) + sum(cache.manifest.skipped.values()) == rows
        ids += [cache.example_id(index) for index in range(len(cache))]
    assert len(set(ids)) == len(ids)
    assert len(ids) > 0.95 * rows


@pytest.mark.slow
def test_wikigold_is_parted_by_article_and_no_sentence_is_lost(vocabulary, tmp_path):
    splits = get_task("wikigold").splits
    sizes = [len(build_cache("wikigold", split, vocabulary, tmp_path)) for split in splits]
    assert sum(sizes) == sentences(shared_path("data") / "wikigold/wikigold.conll.txt")
