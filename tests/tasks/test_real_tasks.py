"""What holds for every task on a published dataset: its templates, its provenance, its rows."""

import itertools
import re
import subprocess
import sys

import pytest

from flan_mix.registry import RowCounts, field_rows, get_mixture, get_task
from flan_mix.tasks.data_dir import NAME
from flan_mix.tasks.real_mixture import REAL_TASKS
from tests.shared_data import shared_path

# (task, split) -> rows kept, rows filtered out; the sources state the sums.
ROWS = {
    ("samsum", "train"): (14731, 1),
    ("samsum", "validation"): (818, 0),
    ("dialogsum", "train"): (12460, 0),
    ("dialogsum", "validation"): (500, 0),
    ("dialogsum", "test"): (500, 0),
    ("wnut17", "train"): (3394, 0),
    ("wnut17", "validation"): (1009, 0),
    ("wnut17", "test"): (1287, 0),
    ("java_to_cs", "train"): (10295, 0),
    ("java_to_cs", "validation"): (499, 0),
    ("java_to_cs", "test"): (1000, 0),
    # Every split reads the whole file, whose first line names the columns: 3150 + 1.
    ("amazon_alexa", "train"): (2458, 693),
    ("amazon_alexa", "validation"): (288, 2863),
    ("amazon_alexa", "test"): (325, 2826),
    ("rte", "train"): (2490, 0),
    ("rte", "validation"): (277, 0),
    ("gsm8k", "train"): (7473, 0),
    ("gsm8k", "test"): (1319, 0),
}

every_task = pytest.mark.parametrize("name", REAL_TASKS)


def _words(template):
    """The template's own words, without those of its fields."""
    return set(re.findall(r"\w+", " ".join(template.input_pattern.literals).lower()))


@every_task
def test_has_at_least_ten_templates_and_at_most_three_in_ten_are_inverted(name):
    templates = get_task(name).templates
    inverted = [template for template in templates if template.inverted]
    assert len(templates) - len(inverted) >= 10
    assert len(inverted) <= 0.3 * len(templates)


@every_task
def test_no_template_shows_what_it_asks_for(name):
    for template in get_task(name).templates:
        assert not template.input_fields & template.target_fields, template.name
        assert template.target_fields, template.name


@every_task
def test_templates_have_names_of_their_own_and_differ_in_more_than_a_few_words(name):
    templates = get_task(name).templates
    assert len({template.name for template in templates}) == len(templates)
    for one, other in itertools.combinations(templates, 2):
        shared = len(_words(one) & _words(other)) / len(_words(one) | _words(other))
        # "Java: …, C#: …" and its reverse are the same words in another order.
        if one.inverted == other.inverted:
            assert shared < 0.5, (one.name, other.name)


@every_task
def test_templates_hold_nothing_that_t5_cannot_spell_and_no_stray_blanks(name):
    for template in get_task(name).templates:
        for pattern in (template.input_pattern, template.target_pattern):
            assert re.fullmatch(r"[\n -_a-z|]*", "".join(pattern.literals)), template.name
            assert not re.search(r"[<\\^{}~`]", "".join(pattern.literals)), template.name
        assert template.inputs == template.inputs.strip()
        assert not re.search(r"  | \n|\n ", template.inputs), template.name


@every_task
def test_says_where_its_data_comes_from_and_how_it_is_scored(name):
    spec = get_task(name)
    assert spec.licence
    assert re.search(r"\d{4}.*https://", spec.citation)
    assert spec.metrics


@pytest.mark.parametrize(("task", "split"), ROWS)
def test_rows_read_are_the_rows_kept_and_those_filtered_out(task, split, data_folder):
    counts = RowCounts()
    ids = [row.id for row in field_rows(get_task(task), split, counts)]
    assert (counts.kept, counts.filtered) == ROWS[task, split]
    assert counts.read == counts.kept + counts.filtered
    assert len(set(ids)) == len(ids) == counts.kept


def test_every_split_that_a_task_declares_is_counted_here():
    declared = {(name, split) for name in REAL_TASKS for split in get_task(name).splits}
    assert declared == set(ROWS)


def test_the_mixture_has_every_task():
    halves = ("real_summaries", "real_other_tasks")
    assert tuple(part for part, _ in get_mixture("real_tasks").parts) == halves
    parts = [part for half in halves for part, _ in get_mixture(half).parts]
    assert sorted(parts) == sorted(REAL_TASKS)


def test_registering_the_tasks_needs_no_tensorflow_and_no_data():
    program = (
        "import sys, flan_mix.tasks.real_mixture\n"
        "heavy = {'tensorflow', 'seqio', 'tensorflow_datasets'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "."})


def test_reading_without_a_data_folder_says_which_name_to_set(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(ValueError, match=f"export {NAME}="):
        next(field_rows(get_task("rte"), "train"))


@pytest.fixture
def data_folder(monkeypatch):
    folder = shared_path("data")
    monkeypatch.setenv(NAME, str(folder))
    return folder
