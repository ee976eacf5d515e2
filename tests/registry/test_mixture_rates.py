"""Rates are those that SeqIO computes for the same mixture."""

import pytest

from flan_mix.registry import ExamplesProportional, add_mixture, add_task, remove, resolve

seqio = pytest.importorskip("seqio")


@pytest.fixture
def tasks(make_spec, toy_rows):
    for name, examples, cap in (("a", 5, None), ("b", 40, None), ("c", 90, 70)):
        add_task(make_spec(toy_rows(examples), name=name, cap=cap))


def assert_seqio_agrees(name):
    mixture = seqio.MixtureRegistry.get(name)
    assert type(mixture) is seqio.Mixture
    theirs = {task.name: mixture.get_rate(task) for task in mixture.tasks}
    assert [part.task for part in resolve(name)] == list(theirs)
    assert dict(resolve(name)) == pytest.approx(theirs)


@pytest.mark.usefixtures("tasks")
def test_fixed_and_proportional_rates_are_seqios():
    add_mixture("fixed", [("b", 3), ("a", 0.5)])
    add_mixture("proportional", ["a", "b", "c"], rate=ExamplesProportional())
    add_mixture("capped", ["a", "b", "c"], rate=ExamplesProportional(cap=20))
    add_mixture("tempered", ["a", "b", ("c", 4)], rate=ExamplesProportional(50, temperature=2.0))
    for name in ("fixed", "proportional", "capped", "tempered"):
        assert_seqio_agrees(name)
    assert resolve("proportional") == (("a", 5.0), ("b", 40.0), ("c", 70.0))
    assert dict(resolve("capped")) == {"a": 5.0, "b": 20.0, "c": 20.0}
    assert dict(resolve("tempered"))["b"] == pytest.approx(40**0.5)


@pytest.mark.usefixtures("tasks")
def test_mixtures_of_mixtures_multiply_as_seqios_do():
    add_mixture("inner", ["a", "b"], rate=ExamplesProportional())
    add_mixture("middle", [("inner", 2.0), ("b", 1.0)])
    add_mixture("outer", [("middle", 0.3), ("inner", 0.6), ("c", 1.0)])
    for name in ("inner", "middle", "outer"):
        assert_seqio_agrees(name)
    assert sum(rate for _, rate in resolve("outer")) == pytest.approx(1.9)


@pytest.mark.usefixtures("tasks")
def test_a_task_alone_resolves_to_itself():
    assert resolve("b") == (("b", 1.0),)


@pytest.mark.usefixtures("tasks")
def test_a_mixture_of_others_resolves_too():
    seqio.MixtureRegistry.add("theirs", [("a", 2.0), ("c", 1.0)])
    try:
        assert resolve("theirs") == (("a", 2.0), ("c", 1.0))
        add_mixture("ours", [("theirs", 3.0), ("b", 1.0)])
        assert_seqio_agrees("ours")
    finally:
        remove("ours")
        seqio.MixtureRegistry.remove("theirs")


@pytest.mark.parametrize("settings", [{"cap": 0}, {"temperature": 0}])
def test_a_proportion_needs_a_positive_cap_and_temperature(settings):
    with pytest.raises(ValueError, match="must be positive"):
        ExamplesProportional(**settings)
