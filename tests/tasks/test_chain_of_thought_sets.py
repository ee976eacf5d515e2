"""Chain-of-thought sets: FLAN's layout read, answers extracted, twins of the same rows."""

import gzip

import pytest

from flan_mix.registry import (
    BadRowError,
    FileSource,
    RowCounts,
    field_rows,
    get_task,
    variant_names,
)
from flan_mix.tasks.answer_extraction import extract_answer, extract_number
from flan_mix.tasks.chain_of_thought_sets import (
    TASKS,
    choice_fields,
    claim_fields,
    sentence_pair_fields,
    taken_apart,
    tasks_with_files,
)
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path
from tests.tasks.wording_checks import check_options, check_wording

# Rows read, and rows left out because there is nothing to choose between in them.
ROWS = {
    "cot_aqua": (2728, 6),
    "cot_creak": (6915, 0),
    "cot_ecqa": (7112, 0),
    "cot_gsm8k": (7473, 0),
    "cot_qasc": (1084, 0),
    "cot_sensemaking": (6070, 2),
    "cot_strategyqa": (2061, 0),
}
WITH_OPTIONS = [name for name in TASKS if name not in ("cot_gsm8k", "cot_qed")]

# One row of every set, made up: what is asked, the answer, the reasoning.
MADE_UP = {
    "cot_aqua": (r"Half of 8 is?\nOptions:\n(A) 3\n(B) 4\n(C) -4", "(B)", r"8/2\n= 4"),
    "cot_creak": (r'Is this so?\n"Owls bark."\nOptions:\n- yes\n- no', "no", "Dogs bark."),
    "cot_ecqa": (r"Where is ice?\nOptions:\n- oven\n- freezer", "freezer", "Ice is cold."),
    "cot_esnli": (r'"A cat sits." So does it run?', "no", "One who sits does not run."),
    "cot_gsm8k": ("I had 1,000 and spent 1. What is left?", "999", "1,000 - 1 = 999"),
    "cot_qasc": (r"What barks?\nOptions:\n- (A) Owls.\n- (B) Dogs.", "(B)", "Pets bark."),
    "cot_qed": ("Ann came in. Who came in?", "Ann", "Who came in is Ann"),
    "cot_sensemaking": (
        r'Which is odd?\nOptions:\n- Sentence A: "I ate a car."\n- Sentence B: "I ate a pie."\n',
        "Sentence A",
        "Cars are no food.",
    ),
    "cot_strategyqa": ("Can an owl bark? ", "no", "Dogs bark."),
}


def cot_row(asked, answer="yes", reasoning="Because."):
    return {"input": asked, "target": answer, "rationale": reasoning}


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A data folder with a file of one row for every set."""
    (tmp_path / "flan_cot").mkdir()
    for task, cells in MADE_UP.items():
        path = tmp_path / "flan_cot" / f"{task.removeprefix('cot_')}_train.tsv"
        path.write_text("\t".join(cells) + "\n", encoding="utf-8")
    monkeypatch.setenv(NAME, str(tmp_path))
    return tmp_path / "flan_cot"


def shown(spec, row):
    return dict(zip(spec.text_fields, row.texts, strict=True))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # A name of an item, in all forms that lists are set out in.
        ("Pets bark. The answer is (B).", "b"),
        ("The answer is B", "b"),
        ("[b]", "b"),
        ("b)", "b"),
        ("B.", "b"),
        ("(B), because dogs do", "b"),
        ("The answer is 3.", "3"),
        ("(12)", "12"),
        # An item by its name and its text is its text.
        ("The answer is (B) Dogs.", "dogs"),
        ("B. Dogs", "dogs"),
        ("2) 31 inches", "31 inches"),
        # Yes and no.
        ("Yes.", "yes"),
        ("The answer is: No, owls do not bark", "no"),
        ("no one knows", "no one knows"),
        ("The answer is yes. That was easy.", "yes"),
        ("TRUE", "true"),
        # Texts.
        ('The answer is "I ate a car."', "i ate a car"),
        ("Ice is cold. The answer is  New\tYork .", "new york"),
        ("Answer: freezer\nQuestion: what next?", "freezer"),
        ("First the answer is oven. No, the answer is freezer.", "freezer"),
        ("St. Louis", "st. louis"),
        ("a bus", "a bus"),
        ("The answer is 8!", "8!"),
        # Numbers that are options keep what tells them apart.
        ("The answer is $1,080.00.", "1080"),
        ("The answer is 22 1/2 %.", "22 1/2 %"),
        ("5, 6", "5, 6"),
        ("-4", "-4"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_the_answer_of_a_reply(text, answer):
    assert extract_answer(text) == answer
    assert extract_answer(answer) == answer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The answer is 24 eggs, not 25.", "24"),
        ("She has 48/2 = 24 left", "24"),
        ("The answer is $1,080.50 in total", "1080.5"),
        ("The answer is minus nothing", "minus nothing"),
        ("999", "999"),
    ],
)
def test_the_number_of_a_reply(text, number):
    assert extract_number(text) == number


def test_two_characters_are_a_line_break_and_options_are_taken_out_of_the_question():
    row = cot_row(r"Line one\nline two?\nOptions:\n- (A) DNA\n- (B) an egg.", "(B)", r"So\nthus")
    assert taken_apart(row) == ("Line one\nline two?", ("DNA", "an egg"), "an egg", "So. thus.")


def test_options_without_names_and_options_that_are_listed_twice():
    row = cot_row(r"Where?\nOptions:\n- new york\n- sea\n- new york\n- 9 p.m.", "sea")
    fields = choice_fields(row)
    assert fields is not None
    assert fields["options"] == ["new york", "sea", "9 p.m."]
    assert choice_fields(cot_row(r"Speed?\nOptions:\n(A) kmph\n(B) kmph", "(A)")) is None


def test_a_claim_stands_without_the_question_around_it():
    for asked in (
        r'Claim: "Owls \"bark\"."\nIs it right?\nOptions:\n- yes\n- no'.replace('\\"', '"'),
        r'Yes / no, is it right?\n"Owls "bark"."',
    ):
        fields = claim_fields(cot_row(asked, "no"))
        assert fields["claim"] == 'Owls "bark".'
        assert (fields["options"], fields["answer"]) == (["yes", "no"], "no")


def test_of_two_sentences_the_absurd_one_is_the_answer():
    fields = sentence_pair_fields(cot_row(*MADE_UP["cot_sensemaking"]))
    assert fields is not None
    assert fields["options"] == ["I ate a car.", "I ate a pie."]
    assert (fields["answer"], fields["sensible"]) == ("I ate a car.", "I ate a pie.")


@pytest.mark.parametrize("task", TASKS)
def test_target_ends_in_the_answer_and_scores_against_that_of_the_twin(task, made_up):
    spec, twin = get_task(task), get_task(f"{task}_direct")
    (row,), (same,) = field_rows(spec, "train"), field_rows(twin, "train")
    fields = shown(spec, row) | {"options": ", ".join(row.options)}
    answer = shown(twin, same)["answer"]
    assert spec.postprocess is not None
    assert spec.postprocess is twin.postprocess
    for template in spec.templates:
        if not template.inverted:
            target = template.render(fields).targets
            assert target.startswith(fields["reasoning"])
            assert spec.postprocess(target) == spec.postprocess(answer)
    for template in twin.templates:
        assert template.render(fields | shown(twin, same)).targets == answer


@pytest.mark.parametrize("task", TASKS)
def test_a_twin_shares_rows_ids_options_and_what_is_known_of_its_source(task, made_up):
    spec, twin = get_task(task), get_task(f"{task}_direct")
    rows, same = list(field_rows(spec, "train")), list(field_rows(twin, "train"))
    assert [(row.id, row.options, row.answer) for row in rows] == [
        (row.id, row.options, row.answer) for row in same
    ]
    assert (spec.source, spec.text_sources) == (twin.source, twin.text_sources)
    assert spec.text_sources and spec.licence and "https://" in spec.citation
    assert not any(template.inverted for template in twin.templates)
    assert not any("reasoning" in template.fields for template in twin.templates)


def test_inversions_are_a_variant_of_their_own():
    for task in TASKS:
        assert "inverted" in variant_names(get_task(task))


@pytest.mark.parametrize("task", [*TASKS, "gsm8k"])
def test_all_kinds_of_inversions_are_there_where_answers_are_many(task):
    """Reasoning from question and answer, question from both others, question and answer from
    reasoning, question and reasoning from the answer alone, unless that is one of two or three."""
    sides = {
        tuple(frozenset(map(_part, fields)) for fields in (t.input_fields, t.target_fields))
        for t in get_task(task).templates
        if t.inverted
    }
    q, a, r = "question", "answer", "reasoning"
    expected = {(frozenset(x), frozenset(y)) for x, y in (((q, a), (r,)), ((r, a), (q,)))}
    if task == "cot_sensemaking":
        # There the sentence that makes sense stands for the question, the absurd one is the answer.
        expected |= {(frozenset([r]), frozenset([a])), (frozenset([q]), frozenset([a, r]))}
    else:
        expected.add((frozenset([r]), frozenset([q, a])))
        if task not in ("cot_creak", "cot_esnli", "cot_strategyqa"):
            expected.add((frozenset([a]), frozenset([q, r])))
    assert sides == expected


def _part(field):
    return {"result": "answer", "claim": "question", "sensible": "question"}.get(field, field)


@pytest.mark.parametrize("task", [*TASKS, *(f"{task}_direct" for task in TASKS), "gsm8k_direct"])
def test_templates_are_enough_well_formed_and_different(task):
    check_wording(task)
    if task.removesuffix("_direct") in WITH_OPTIONS:
        check_options(task)


@pytest.mark.parametrize(
    ("task", "line", "message"),
    [
        ("cot_ecqa", "Where?\toven", "wrong number of cells"),
        ("cot_ecqa", "Where?\toven\t \t", "wrong number of cells"),
        ("cot_ecqa", "Where?\t\tBecause.", "field 'target': empty cell"),
        ("cot_ecqa", r"Where?\nOptions:\n- a\n- b" "\tc\tBecause.", "'c' is neither the name"),
        ("cot_creak", "Owls bark\tyes\tBecause.", "field 'input': no claim"),
        ("cot_strategyqa", "Do owls bark?\tmaybe\tBecause.", "the answer is not an option"),
        ("cot_sensemaking", r"?\nOptions:\n- a\n- b\n- c" "\ta\tBecause.", "no pair"),
    ],
)
def test_a_bad_row_is_named_with_its_file_and_line(task, line, message, made_up):
    path = made_up / f"{task.removeprefix('cot_')}_train.tsv"
    path.write_text(path.read_text("utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(BadRowError, match=f"{path.name}, line 2.*{message}"):
        list(field_rows(get_task(task), "train"))


def test_sets_are_found_gzipped_or_not_and_those_without_files_are_known(made_up, monkeypatch):
    assert tasks_with_files() == TASKS
    (made_up / "qed_train.tsv").unlink()
    with gzip.open(made_up / "creak_train.tsv.gz", "wb") as file:
        file.write((made_up / "creak_train.tsv").read_bytes())
    (made_up / "creak_train.tsv").unlink()
    assert tasks_with_files() == tuple(task for task in TASKS if task != "cot_qed")
    assert len(list(field_rows(get_task("cot_creak"), "train"))) == 1
    monkeypatch.delenv(NAME)
    assert tasks_with_files() == ()


@pytest.mark.slow
@pytest.mark.parametrize("task", ROWS)
def test_every_row_of_the_published_files_is_read_and_scores_full_marks(task, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    spec, counts = get_task(task), RowCounts()
    rows = list(field_rows(spec, "train", counts))
    assert (counts.read, counts.filtered) == ROWS[task]
    assert counts.kept == len({row.id for row in rows}) == counts.read - counts.filtered
    assert [row.id for row in field_rows(get_task(f"{task}_direct"), "train")] == [
        row.id for row in rows
    ]
    assert spec.postprocess is not None
    for row in rows:
        fields = shown(spec, row)
        target = spec.templates[0].render(fields | {"options": ""}).targets
        answer = fields["result"] if task == "cot_gsm8k" else row.answer
        assert spec.postprocess(target) == spec.postprocess(answer)
        assert r"\n" not in "".join(row.texts)
        # No wrong option may be taken for the right one, unless only its capitals tell them apart
        # (nine rows of QASC).
        distinct = {option.casefold() for option in row.options}
        assert len({spec.postprocess(option) for option in row.options}) == len(distinct)


def test_the_files_are_read_as_flan_wrote_them():
    source = get_task("cot_ecqa").source
    assert isinstance(source, FileSource)
    assert (source.format, source.quoted) == ("tsv", False)
