"""The real tasks rendered from end to end through their plain SeqIO tasks, on all of their data."""

import pytest

from flan_mix.registry import get_task
from flan_mix.tasks.data_dir import NAME
from flan_mix.tasks.real_mixture import REAL_TASKS
from tests.shared_data import shared_path
from tests.tasks.test_real_tasks import ROWS


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL_TASKS)
def test_every_row_becomes_an_example_with_text_on_both_sides(name, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    from flan_mix.registry.rendering import render

    spec = get_task(name)
    for split in spec.splits:
        examples = list(render(name, split))
        assert len(examples) == ROWS[name, split][0]
        assert all(example.inputs.strip() and example.targets.strip() for example in examples)
        drawn = {example.template for example in examples}
        fitting = {
            number
            for number, template in enumerate(spec.templates)
            if split == "train" or not template.inverted
        }
        assert drawn == fitting


@pytest.mark.slow
def test_the_mixture_of_all_is_a_plain_seqio_mixture_of_plain_tasks(monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    import seqio

    mixture = seqio.get_mixture_or_task("real_tasks")
    assert type(mixture) is seqio.Mixture
    assert {type(task) for task in mixture.tasks} == {seqio.Task}
    rates = {task.name: mixture.get_rate(task) for task in mixture.tasks}
    assert rates["samsum"] + rates["dialogsum"] == pytest.approx(0.6)
    assert rates["dialogsum"] / rates["samsum"] == pytest.approx(12_460 / 14_731)
