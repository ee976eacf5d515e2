"""Several models against one: the same examples for all, and no false alarms by their number."""

import numpy as np
import pytest

from flan_mix.evaluation import Difference, compare, compare_several, only, worsenings
from flan_mix.evaluation.significance import fewest_examples, holm, p_value
from tests.evaluation.test_comparison import evaluation, result


def noisy(seed: int, shift: float, tasks: int, examples: int = 40):
    """Tasks whose examples score around 50 plus `shift`."""
    random = np.random.default_rng(seed)
    return evaluation(
        *(result(list(random.normal(50 + shift, 10, examples)), f"t{i}") for i in range(tasks))
    )


def test_all_models_stand_on_the_examples_that_all_have():
    ids = [f"id{i}" for i in range(20)]
    base = evaluation(result(dict.fromkeys(ids, 10)), result(dict.fromkeys(ids, 1), "gone"))
    few = evaluation(result(dict.fromkeys(ids[:8], 30)))
    more = evaluation(result({i: 20 if n < 8 else 99 for n, i in enumerate(ids)}))
    first, second = compare_several([base, few, more])
    assert (first.tasks[0].examples, second.tasks[0].examples) == (8, 8)
    assert (first.tasks[0].main.change, second.tasks[0].main.change) == (20, 10)
    assert first.tasks[0].main.before == second.tasks[0].main.before == 10
    assert first.left_out == ("gone",)


def test_two_models_are_compared_as_a_pair_is():
    before, after = noisy(1, 0, 3), noisy(2, 8, 3)
    assert compare_several([before, after]) == (compare(before, after),)


def test_one_model_and_models_without_a_common_example_are_refused():
    with pytest.raises(ValueError, match="two evaluations or more, not 1"):
        compare_several([noisy(1, 0, 1)])
    models = [evaluation(result({name: 1.0})) for name in "abc"]
    with pytest.raises(ValueError, match="task: no example id is in all 3 evaluations"):
        compare_several(models)


def test_holm_keeps_what_the_paper_keeps():
    # Holm 1979: p-values in order against 0.05/4, 0.05/3, 0.05/2, 0.05/1.
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "none": None}
    assert holm(p_values, 0.95) == {"d", "a"}
    assert holm({"a": 0.0124, "b": 0.0166, "c": 0.0249, "d": 0.0499}, 0.95) == set("abcd")
    # The first that fails stops the rest, though c alone would pass.
    assert holm({"a": 0.02, "b": 0.024, "c": 0.026}, 0.95) == set()


def test_p_values_are_those_of_the_normal_distribution():
    from scipy.stats import norm

    for change, error in [(1.96, 1), (-3, 1.7), (0.4, 0.2)]:
        assert p_value(change, error) == pytest.approx(2 * norm.sf(abs(change) / error))
    assert p_value(1, None) is None
    assert (p_value(0, 0), p_value(2, 0)) == (1, 0)


def test_five_examples_say_nothing_however_they_change_and_six_do():
    assert fewest_examples(0.95) == 6
    five, six = (
        compare(evaluation(result([0] * n)), evaluation(result([100] * n))).tasks[0].main
        for n in (5, 6)
    )
    assert (five.verdict, five.low) == ("unclear", None)
    assert six.verdict == "better"


def test_less_of_a_loss_is_a_gain():
    assert Difference(2, 1, -1, -1.5, -0.5, lower_is_better=True).verdict == "better"
    assert Difference(1, 2, 1, 0.5, 1.5, lower_is_better=True).verdict == "worse"
    assert Difference(2, 1, -1, -1.5, -0.5, lower_is_better=True).gain == 1


def test_among_many_unchanged_tasks_some_look_changed_and_none_raises_an_alarm():
    seen, alarms = 0, 0
    for seed in range(30):
        comparison = compare(noisy(seed, 0, 20), noisy(seed + 1000, 0, 20))
        seen += any(task.main.verdict == "worse" for task in comparison.tasks)
        alarms += bool(worsenings([comparison]))
    # 1 - 0.975^20 is 40%; Holm's rule allows 5% both ways, so about 2.5% one way.
    assert seen >= 6
    assert alarms <= 3


def test_a_clear_loss_is_named_and_a_gain_is_not():
    base = evaluation(result([80] * 20, "kept"), result(list(range(60, 80)), "lost", "other"))
    after = evaluation(result([90] * 20, "kept"), result(list(range(20, 40)), "lost", "other"))
    same = evaluation(result([80] * 20, "kept"), result(list(range(60, 80)), "lost", "other"))
    found = worsenings(compare_several([base, same, after]))
    assert [(w.model, w.kind, w.name) for w in found] == [(1, "task", "lost")]
    assert found[0].difference.change == -40


def test_the_margin_tolerates_what_is_a_little_worse():
    random = np.random.default_rng(4)
    before = random.normal(50, 1, 200)
    comparison = compare(
        evaluation(result(list(before))),
        evaluation(result(list(before - 3 + random.normal(0, 1, 200)))),
    )
    assert [len(worsenings([comparison], margin=m)) for m in (0, 2, 2.99, 4)] == [1, 1, 0, 0]
    # Worse than the margin, though not by more than chance.
    main = comparison.tasks[0].main
    assert main.error is not None
    assert worsenings([comparison], margin=-main.change - main.error) == []
    assert len(worsenings([comparison], margin=-main.change - 3 * main.error)) == 1
    with pytest.raises(ValueError, match="0 or more, not -1"):
        worsenings([comparison], margin=-1)


def test_a_category_can_be_worse_though_no_task_of_it_clearly_is():
    random = np.random.default_rng(11)
    before = [random.normal(50, 10, 30) for _ in range(12)]
    after = [scores - 3.2 + random.normal(0, 9, 30) for scores in before]
    comparison = compare(
        *(
            evaluation(*(result(list(s), f"t{i}") for i, s in enumerate(model)))
            for model in (before, after)
        )
    )
    kinds = {w.kind for w in worsenings([comparison])}
    assert "category" in kinds
    assert sum(w.kind == "task" for w in worsenings([comparison])) < 6


def test_examples_asked_in_other_words_are_counted():
    import dataclasses

    before = result([1] * 6)
    changed = [
        dataclasses.replace(p, inputs="other") if p.id in ("1", "2") else p
        for p in before.predictions
    ]
    after = dataclasses.replace(before, predictions=tuple(changed))
    assert compare(evaluation(before), evaluation(after)).tasks[0].reworded == 2


def test_results_by_different_metrics_are_refused():
    import dataclasses

    before = result([1] * 6)
    after = dataclasses.replace(
        before, main_metric="bleu", scores={"bleu": 1.0}, intervals={}, corpus_keys=()
    )
    with pytest.raises(ValueError, match=r"measured by 'bleu' after, and before by \['accuracy'"):
        compare(evaluation(before), evaluation(after))


def test_a_selection_keeps_tasks_and_categories_and_names_what_there_is():
    whole = evaluation(result([1], "a", "x"), result([1], "b", "y"), result([1], "c", "y"))
    assert [t.name for t in only(whole, tasks=["a"], categories=["y"]).tasks] == ["a", "b", "c"]
    assert [t.name for t in only(whole, categories=["y"]).tasks] == ["b", "c"]
    with pytest.raises(ValueError, match=r"no category \['z'\] was evaluated; there are"):
        only(whole, categories=["z"])


def test_a_task_in_several_wordings_counts_once_in_its_category():
    import dataclasses

    def wordings(*scores: float):
        return [
            dataclasses.replace(result([score] * 10, f"a.template_{i}"), family="a")
            for i, score in enumerate(scores)
        ]

    before = evaluation(*wordings(0, 0, 0), result([0] * 10, "b"))
    after = evaluation(*wordings(10, 20, 30), result([60] * 10, "b"))
    category = compare(before, after).categories[0]
    assert category.score.change == 40  # (20 + 60) / 2, not (10 + 20 + 30 + 60) / 4.
    assert len(category.tasks) == 4


def test_wordings_of_the_same_examples_are_drawn_together():
    import dataclasses

    gains = np.random.default_rng(2).normal(1, 10, 40)

    def changed(count: int):
        results = [result(list(50 + gains), f"a.template_{i}") for i in range(count)]
        return evaluation(*(dataclasses.replace(r, family="a") for r in results))

    def unchanged(count: int):
        results = [result([50] * 40, f"a.template_{i}") for i in range(count)]
        return evaluation(*(dataclasses.replace(r, family="a") for r in results))

    one, four = (compare(unchanged(n), changed(n)).categories[0].score for n in (1, 4))
    # Four wordings that agree on every example tell no more than one does.
    assert (four.low, four.high) == pytest.approx((one.low, one.high))


def test_wordings_of_other_examples_have_a_mean_and_no_interval():
    import dataclasses

    def wordings(score: float):
        ids = ("uvwxyz", "abcdef")
        results = [result(dict.fromkeys(i, score), f"a.template_{n}") for n, i in enumerate(ids)]
        return evaluation(*(dataclasses.replace(r, family="a") for r in results))

    category = compare(wordings(0), wordings(9)).categories[0]
    assert (category.score.change, category.score.low, category.score.verdict) == (
        9,
        None,
        "unclear",
    )
