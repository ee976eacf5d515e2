"""Terminal tables show the figures of the report."""

import io

from flan_mix.evaluation import compare
from flan_mix.reports import (
    comparison_table,
    evaluation_table,
    gains_and_losses,
    print_table,
    several_table,
)
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.starter_models import HELD_OUT, starter_comparisons, starter_evaluation


def printed(table, width: int = 120) -> str:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


def row(text: str, start: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.strip().startswith(start))


def signed(change: float) -> str:
    return f"{change:+.1f}".replace("-", "−")


def test_comparison_has_before_after_change_and_interval_of_every_task():
    (comparison,) = starter_comparisons("start", "mixed")
    text = printed(comparison_table(comparison))
    main = next(task.main for task in comparison.tasks if task.name == "toy_code")
    cells = row(text, "toy_code")
    assert f"{main.before:.1f}" in cells and f"{main.after:.1f}" in cells
    assert signed(main.change) in cells and signed(main.low or 0) in cells
    assert "▲" in cells
    assert "Question answering (held out)" in text
    assert "Code translation (held out)" not in text


def test_several_models_stand_beside_the_first():
    comparisons = starter_comparisons("start", "alone", "mixed")
    text = printed(several_table(["start", "alone", "mixed"], comparisons))
    lost = next(task.main for task in comparisons[0].tasks if task.name == "order_entities")
    assert row(text, "order_entities")[1:5] == [
        f"{lost.before:.1f}",
        f"{lost.after:.1f}",
        signed(lost.change),
        "▼",
    ]


def test_what_could_be_chance_among_many_has_a_hollow_sign_and_brackets():
    # One task of twenty barely clear, the others unchanged.
    before = evaluation(*(result([50] * 20, f"t{i}") for i in range(20)))
    after = evaluation(
        result([50 + (8 if i % 2 else -2) for i in range(20)], "t0"),
        *(result([50 + (5 if i % 2 else -5) for i in range(20)], f"t{i}") for i in range(1, 20)),
    )
    comparison = compare(before, after)
    assert [t.name for t in comparison.tasks if t.main.verdict != "unclear"] == ["t0"]
    assert "△" in row(printed(comparison_table(comparison)), "t0")
    assert gains_and_losses(comparison) == ["Gained: (t0).", "Lost: nothing clear."]


def test_gains_and_losses_name_the_largest_first():
    gained, lost = gains_and_losses(starter_comparisons("start", "mixed")[0])
    assert gained.startswith("Gained: toy_code, ")
    assert lost == "Lost: handbook_questions."


def test_evaluation_has_every_score_and_the_means():
    text = printed(evaluation_table(starter_evaluation("mixed"), held_out_categories=HELD_OUT))
    overall = starter_evaluation("mixed").overall
    assert overall is not None
    assert f"{overall.score:.1f}" in row(text, "Overall")
    assert text.count("Loss") == 8
    assert "Intent classification (held out)" in text


def test_names_are_not_taken_for_the_terminals_markup_nor_obeyed_by_it():
    one = evaluation(result([1, 2], name="[red]task[/red]\x1b[2J", category="[b]kind"))
    for table in (
        comparison_table(compare(one, one)),
        several_table(["[i]a\x1b", "b"], [compare(one, one)]),
    ):
        text = printed(table)
        assert "[red]task[/red]" in text and "[b]kind" in text
        assert "\x1b" not in text and "\\x1b[2J" in text


def test_comparison_fits_a_terminal_of_eighty_columns():
    lines = printed(comparison_table(starter_comparisons("start", "mixed")[0]), 80).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any("to +" in line for line in lines)


def test_table_in_a_log_file_has_no_colours_and_keeps_its_width(capsys):
    print_table(comparison_table(starter_comparisons("start", "mixed")[0]))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) in range(81, 101)


def test_a_change_too_small_to_be_seen_is_no_gain():
    before = evaluation(result([50.0] * 30, "t0"), result([50.0] * 30, "t1"))
    after = evaluation(result([50.04] * 30, "t0"), result([50.06] * 30, "t1"))
    comparison = compare(before, after)
    assert [task.main.verdict for task in comparison.tasks] == ["better", "better"]
    assert gains_and_losses(comparison) == ["Gained: t1.", "Lost: nothing clear."]
    text = printed(comparison_table(comparison))
    assert "+0.0" in row(text, "t0") and "▲" not in row(text, "t0")
    assert "▲" in row(text, "t1")
