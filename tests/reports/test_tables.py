"""Terminal tables show the figures of the report."""

import io

from flan_mix.evaluation import compare
from flan_mix.reports import comparison_table, evaluation_table, print_table
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.invented_runs import HELD_OUT, invented_comparison, invented_evaluation


def printed(table, width: int = 120) -> str:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


def row(text: str, start: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.strip().startswith(start))


def test_comparison_has_before_after_change_and_interval_of_every_task():
    text = printed(comparison_table(invented_comparison()))
    main = next(task.main for task in invented_comparison().tasks if task.name == "toy_code")
    cells = row(text, "toy_code")
    assert f"{main.before:.1f}" in cells and f"{main.after:.1f}" in cells
    assert f"{main.change:+.1f}" in cells and f"{main.low:+.1f}" in cells
    assert "▲" in cells
    assert "Question answering (held out)" in text
    assert "Code translation (held out)" not in text


def test_evaluation_has_every_score_and_the_means():
    text = printed(evaluation_table(invented_evaluation(3), held_out_categories=HELD_OUT))
    overall = invented_evaluation(3).overall
    assert overall is not None
    assert f"{overall.score:.1f}" in row(text, "Overall")
    assert text.count("Loss") == 9
    assert "Intent detection (held out)" in text


def test_names_are_not_taken_for_the_terminals_markup():
    one = evaluation(result([1, 2], name="[red]task[/red]", category="[b]kind"))
    text = printed(comparison_table(compare(one, one)))
    assert "[red]task[/red]" in text and "[b]kind" in text


def test_comparison_fits_a_terminal_of_eighty_columns():
    lines = printed(comparison_table(invented_comparison()), width=80).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any("+78.7 to +90.8" in line or "to +" in line for line in lines)


def test_table_in_a_log_file_has_no_colours_and_keeps_its_width(capsys):
    print_table(comparison_table(invented_comparison()))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) in range(81, 101)
