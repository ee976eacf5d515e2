"""Names are taken once, and unknown ones are answered with the nearest."""

import pytest

from flan_mix import registry
from flan_mix.registry import ExamplesProportional, TaskError, add_mixture, add_task


@pytest.fixture
def filled(make_spec):
    add_task(make_spec([], name="samsum", category="dialogue_summarization"))
    add_task(make_spec([], name="rte", category="nli"))
    add_task(make_spec([], name="cb", category="nli"))
    add_mixture("all_nli", ["rte", ("cb", 2)], rate=1.0)


@pytest.mark.usefixtures("filled")
def test_names_and_categories_can_be_asked_for():
    assert registry.task_names() == ("samsum", "rte", "cb")
    assert registry.mixture_names() == ("all_nli",)
    assert registry.categories() == ("dialogue_summarization", "nli")
    assert registry.tasks_in_category("nli") == ("rte", "cb")
    assert registry.get_task("rte").category == "nli"
    assert registry.get_mixture("all_nli").parts == (("rte", 1.0), ("cb", 2.0))
    assert registry.is_task("rte") and not registry.is_task("all_nli")
    assert registry.is_mixture("all_nli") and not registry.is_mixture("rte")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: registry.get_task("samsun"), "no task or mixture 'samsun'. Did you mean 'samsum'"),
        (lambda: registry.get_mixture("allnli"), "Did you mean 'all_nli'"),
        (lambda: registry.get_task("all_nli"), "'all_nli' is a mixture, not a task"),
        (lambda: registry.get_mixture("rte"), "'rte' is a task, not a mixture"),
        (lambda: registry.resolve("zzz"), "There are .*samsum.* Is the module"),
        (lambda: registry.tasks_in_category("nl"), "no category 'nl'. Did you mean 'nli'"),
        (lambda: add_mixture("m", ["samsun"], rate=1.0), "part 'samsun': no task or mixture"),
        (lambda: add_mixture("m", ["rte"]), "'rte' has no rate"),
        (lambda: add_mixture("m", []), "no parts"),
        (lambda: add_mixture("m", ["rte", ("rte", 2)], rate=1.0), "lists 'rte' twice"),
        (lambda: add_mixture("m n", ["rte"], rate=1.0), "only letters"),
        (lambda: add_mixture("rte", ["cb"], rate=1.0), "already the name of a task"),
        (lambda: add_mixture("all_nli", ["cb"], rate=1.0), "already the name of a mixture"),
        (
            lambda: add_mixture("m", ["all_nli"], rate=ExamplesProportional()),
            "is a mixture itself: its rate must be a number",
        ),
        (lambda: registry.remove("rte"), "part of mixture 'all_nli'"),
    ],
)
def test_what_cannot_be_is_refused(ask, message):
    with pytest.raises(TaskError, match=message):
        ask()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("rate", [0, -1.0, float("inf"), float("nan"), "2", True, None])
def test_a_rate_is_a_positive_number(rate):
    with pytest.raises((TypeError, ValueError), match="part 'rte'"):
        add_mixture("m", [("rte", rate)])


@pytest.mark.usefixtures("filled")
def test_a_name_is_free_again_once_removed(make_spec):
    registry.remove("all_nli")
    registry.remove("rte")
    assert add_task(make_spec([], name="rte")).name == "rte"


@pytest.mark.usefixtures("filled")
def test_a_taken_name_is_refused(make_spec):
    with pytest.raises(TaskError, match="'rte' is already the name of a task"):
        add_task(make_spec([], name="rte"))
