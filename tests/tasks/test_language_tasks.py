"""NLI, paraphrase, coreference, word senses and acceptability: what rows become, and where from."""

import re
from collections import Counter

import pytest

from flan_mix.metrics import accuracy, correlation, matthews, positive_f1
from flan_mix.registry import RowCounts, TfdsSource, field_rows, get_task
from flan_mix.tasks import coreference, nli, paraphrase
from flan_mix.tasks import word_disambiguation as senses
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path
from tests.tasks.wording_checks import check_options, check_wording

FLAN_TASKS = (
    *("rte", "anli_r1", "anli_r2", "anli_r3", "cb", "mnli_matched", "mnli_mismatched"),
    *("qnli", "wnli", "snli", "paws_wiki", "glue_mrpc", "glue_qqp", "stsb", "wsc", "wsc273"),
    *("definite_pronoun_resolution", "winogrande", "wic", "cola"),
)
# (task, split) -> how often each answer occurs, as the datasets state it.
ANSWERS = {
    ("cb", "train"): {"no": 119, "yes": 115, "maybe": 16},
    ("cb", "validation"): {"no": 28, "yes": 23, "maybe": 5},
    ("sick", "train"): {"maybe": 2536, "yes": 1299, "no": 665},
    ("sick", "validation"): {"maybe": 282, "yes": 144, "no": 74},
    ("sick", "test"): {"maybe": 2793, "yes": 1414, "no": 720},
    ("anli_r1", "validation"): {"yes": 334, "no": 333, "maybe": 333},
    ("mrpc", "train"): {"yes": 2753, "no": 1323},
    ("mrpc", "test"): {"yes": 1147, "no": 578},
}
FILE_TASKS = ("rte", "cb", "sick", "anli_r1", "mrpc", "winogender")
OURS = (*(f"flan_{name}" for name in FLAN_TASKS), *FILE_TASKS)

every_task = pytest.mark.parametrize("name", OURS)


def fields_of(function, **row):
    """What a function on tensors makes of a row, as Python values."""
    tf = pytest.importorskip("tensorflow")
    made = function({name: tf.constant(value) for name, value in row.items()})
    return {name: _plain(value.numpy()) for name, value in made.items()}


def _plain(value):
    return value.decode() if isinstance(value, bytes) else [_plain(item) for item in value]


def test_all_of_flan_that_belongs_here_is_registered_as_such():
    for name in FLAN_TASKS:
        spec = get_task(f"flan_{name}")
        assert spec.collections == ("flan2021",)
        assert isinstance(spec.source, TfdsSource)


@every_task
def test_templates_are_many_and_each_asks_in_its_own_way(name):
    check_wording(name)
    check_options(name)


@every_task
def test_says_where_its_data_comes_from_and_what_text_it_holds(name):
    spec = get_task(name)
    assert spec.licence and spec.text_sources and spec.metrics
    assert re.search(r"\d{4}.*https://", spec.citation)


def test_tasks_on_the_same_text_are_known_as_related():
    def sharing(source):
        return {name for name in OURS if source in get_task(name).text_sources}

    assert sharing("winograd") == {
        *("flan_wnli", "flan_wsc", "flan_wsc273", "flan_winogrande", "winogender"),
    }
    assert sharing("squad") == {"flan_qnli"}
    assert sharing("winogrande") == {"flan_winogrande"}
    assert sharing("rte") == {"rte", "flan_rte", "flan_anli_r3"}
    assert sharing("commitmentbank") == {"cb", "flan_cb"}


def test_no_two_of_these_tasks_of_flan_read_the_same_rows():
    sources = [get_task(f"flan_{name}").source for name in FLAN_TASKS]
    read = [(source.name, part) for source in sources for part in source.splits.values()]
    assert len(set(read)) == len(read)


def test_the_two_tasks_of_mnli_train_on_disjoint_halves():
    halves = [
        get_task(f"flan_mnli_{test}").source.splits["train"] for test in ("matched", "mismatched")
    ]
    bounds = [re.fullmatch(r"train\[(\d*):(\d+)\]", half).groups() for half in halves]
    (start, middle), (also_middle, end) = [(int(a or 0), int(b)) for a, b in bounds]
    assert start < middle == also_middle < end
    assert middle - start == end - middle
    assert end == 30_000


@pytest.mark.parametrize(
    ("labels", "answers", "premise"),
    [
        # TFDS numbers SuperGLUE's CB as entailment, contradiction, neutral and all others as
        # entailment, neutral, contradiction.
        (nli.SUPER_GLUE_CB, ["yes", "no", "maybe"], "premise"),
        (nli.GLUE, ["yes", "maybe", "no"], "context"),
    ],
)
def test_three_way_labels_become_answers_in_the_order_of_the_dataset(labels, answers, premise):
    function = nli.three_way_tensors(labels, premise)
    relations = {"yes": "must be", "no": "cannot be", "maybe": "may or may not be"}
    for label, answer in enumerate(answers):
        row = {premise: " Rain fell. ", "hypothesis": "The roof got wet.", "label": label}
        fields = fields_of(function, **row)
        assert fields["answer"] == answer
        assert fields["options"] == ["yes", "no", "maybe"]
        assert fields["relation"] == f"{relations[answer]} true"
        assert (fields["premise"], fields["hypothesis"]) == ("Rain fell.", "The roof got wet.")


def test_each_task_reads_labels_in_the_order_of_its_dataset():
    """TFDS: cb has contradiction as label 1, the others neutral."""
    for name in ("cb", "snli", "mnli_matched", "mnli_mismatched", "anli_r1", "anli_r3"):
        row = {"premise": "p", "context": "p", "hypothesis": "h", "label": 1}
        fields = fields_of(get_task(f"flan_{name}").fields, **row)
        assert fields["answer"] == ("no" if name == "cb" else "maybe"), name


@pytest.mark.parametrize(
    ("task", "columns", "for_label"),
    [
        ("rte", ("premise", "hypothesis"), ["yes", "no"]),
        ("qnli", ("question", "sentence"), ["yes", "no"]),
        ("wnli", ("sentence1", "sentence2"), ["no", "yes"]),
        ("glue_mrpc", ("sentence1", "sentence2"), ["no", "yes"]),
        ("paws_wiki", ("sentence1", "sentence2"), ["no", "yes"]),
        ("glue_qqp", ("question1", "question2"), ["no", "yes"]),
        ("wic", ("sentence1", "sentence2", "word"), ["no", "yes"]),
        ("cola", ("sentence",), ["no", "yes"]),
    ],
)
def test_two_way_labels_become_yes_or_no(task, columns, for_label):
    """Against the names TFDS gives to the labels: 0 is entailment, but not_equivalent, …"""
    spec = get_task(f"flan_{task}")
    for label, answer in enumerate(for_label):
        texts = {column: f" the {column} " for column in columns}
        fields = fields_of(spec.fields, label=label, **texts)
        assert fields["answer"] == answer
        assert fields["options"] == ["yes", "no"]
        shown = {fields[name] for name in spec.text_fields if name != "answer"}
        assert {f"the {column}" for column in columns} <= shown


@pytest.mark.parametrize(
    ("function", "row", "field", "by_label"),
    [
        (
            nli.rte_tensors,
            {"premise": "p", "hypothesis": "h"},
            "relation",
            ["follows", "does not follow"],
        ),
        (nli.qnli_tensors, {"question": "q", "sentence": "s"}, "verdict", ["answer", "not answer"]),
        (
            paraphrase.pair_tensors,
            {"sentence1": "a", "sentence2": "b"},
            "relation",
            ["differs in meaning from", "means the same as"],
        ),
        (
            paraphrase.qqp_tensors,
            {"question1": "a", "question2": "b"},
            "relation",
            ["does not ask the same as", "asks the same as"],
        ),
        (
            senses.wic_tensors,
            {"sentence1": "a", "sentence2": "b", "word": "w"},
            "sense",
            ["a different meaning", "the same meaning"],
        ),
    ],
)
def test_inverted_templates_ask_for_the_relation_that_the_label_says(
    function, row, field, by_label
):
    assert [fields_of(function, label=i, **row)[field] for i in (0, 1)] == by_label


def test_snli_keeps_only_rows_on_which_annotators_agreed():
    tf = pytest.importorskip("tensorflow")
    keep = get_task("flan_snli").source.keep
    assert [bool(keep({"label": tf.constant(label)})) for label in (-1, 0, 1, 2)] == [
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("likeness", "answer", "reference"),
    [(0.0, "0", 0.0), (2.4, "2", 2.4), (2.5, "3", 2.5), (3.8, "4", 3.8), (5.0, "5", 5.0)],
)
def test_stsb_answers_to_the_nearest_number_and_is_scored_against_the_whole(
    likeness, answer, reference
):
    row = {"sentence1": "a", "sentence2": "b", "label": likeness}
    fields = fields_of(paraphrase.stsb_tensors, **row)
    assert fields["answer"] == answer
    assert fields["options"] == ["0", "1", "2", "3", "4", "5"]
    assert [float(text) for text in fields["references"]] == [pytest.approx(reference)]


def test_metrics_that_read_the_answer_never_get_an_options_letter():
    for name in OURS:
        spec = get_task(name)
        if {positive_f1, correlation, matthews} & set(spec.metrics):
            assert not any(style.answer_by_name for style in spec.option_styles), name
    likeness = get_task("flan_stsb")
    assert all(style.naming == "none" for style in likeness.option_styles)
    assert get_task("flan_snli").metrics == (accuracy,)
    assert any(style.answer_by_name for style in get_task("flan_snli").option_styles)


@pytest.mark.parametrize(
    ("text", "index", "marked"),
    [
        ("Ida told Uma that she won, as she does.", 4, "Ida told Uma that *she* won, as she does."),
        ("The cup fell off the tray, so it's wet.", 7, "The cup fell off the tray, so *it*'s wet."),
        ('They left; "he" stayed  on.', 2, 'They left; "*he*" stayed on.'),
        ("One word.", 9, "One word."),
    ],
)
def test_wsc_marks_the_pronoun_that_is_meant(text, index, marked):
    row = {"text": text, "span1_text": "X", "span2_text": "it", "span2_index": index, "label": 1}
    fields = fields_of(coreference.wsc_tensors, **row)
    assert fields["marked"] == marked
    assert fields["answer"] == "yes"
    assert fields_of(coreference.wsc_tensors, **{**row, "label": 0})["answer"] == "no"


def test_wsc273_marks_by_characters_and_answers_with_the_normalized_option():
    text = "Zoë gave Añe her scarf, since she was cold."
    start = text.index("she")
    row = {
        "text": text,
        "pronoun_text": "she",
        "pronoun_start": start,
        "pronoun_end": start + 3,
        "option1": "zoë",
        "option1_normalized": "Zoë",
        "option2": "añe",
        "option2_normalized": "Añe",
    }
    for label, answer in enumerate(("Zoë", "Añe")):
        fields = fields_of(coreference.wsc273_tensors, **row, label=label)
        assert fields["marked"] == "Zoë gave Añe her scarf, since *she* was cold."
        assert fields["options"] == ["Zoë", "Añe"]
        assert fields["answer"] == answer


def test_the_candidate_that_the_label_names_is_the_answer():
    definite = {"sentence": "s", "pronoun": "it", "candidates": ["the cup ", "the tray"]}
    blank = {"sentence": "The _ fell.", "option1": "cup", "option2": "tray"}
    for label in (0, 1):
        fields = fields_of(coreference.dpr_tensors, **definite, label=label)
        assert fields["options"] == ["the cup", "the tray"]
        assert fields["answer"] == fields["options"][label]
        fields = fields_of(coreference.winogrande_tensors, **blank, label=label)
        assert fields["answer"] == fields["options"][label] == ("cup", "tray")[label]


@pytest.mark.parametrize(
    ("sentid", "sentence", "marked", "answer"),
    [
        (
            "baker.guest.1.female.txt",
            "The baker thanked the guest because she had waited.",
            "The baker thanked the guest because *she* had waited.",
            "the guest",
        ),
        (
            "baker.someone.0.neutral.txt",
            "Someone asked the baker about their bread.",
            "Someone asked the baker about *their* bread.",
            "the baker",
        ),
        (
            "baker.someone.1.male.txt",
            "Someone thanked the baker for his bread.",
            "Someone thanked the baker for *his* bread.",
            "someone",
        ),
    ],
)
def test_winogender_reads_who_is_meant_off_the_id(sentid, sentence, marked, answer):
    fields = coreference.winogender_fields({"sentid": sentid, "sentence": sentence})
    assert fields["marked"] == marked
    assert fields["pronoun"] == re.search(r"\*(\w+)\*", marked)[1]
    assert fields["answer"] == answer
    assert answer in fields["options"]


@pytest.mark.parametrize(("task", "split"), ANSWERS)
def test_every_row_of_the_files_is_kept_with_its_answer(task, split, data_folder):
    counts = RowCounts()
    rows = list(field_rows(get_task(task), split, counts))
    assert Counter(row.answer for row in rows) == ANSWERS[task, split]
    assert counts.read == counts.kept == len({row.id for row in rows})
    assert all(text.strip() for row in rows for text in row.texts)


def test_every_sentence_of_winogender_is_kept_and_half_mean_the_occupation(data_folder):
    rows = list(field_rows(get_task("winogender"), "test"))
    assert len({row.id for row in rows}) == len(rows) == 720
    assert sum(row.answer == row.options[0] for row in rows) == 360


@pytest.fixture
def data_folder(monkeypatch):
    folder = shared_path("data")
    monkeypatch.setenv(NAME, str(folder))
    return folder
