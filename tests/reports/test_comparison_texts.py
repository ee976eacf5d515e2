"""A comparison as JSON for programs and as Markdown for pages."""

import json
import re
from html import unescape

from flan_mix import metrics
from flan_mix.evaluation import compare
from flan_mix.evaluation.task_result import PROTOCOLS
from flan_mix.reports import comparison_json, comparison_markdown
from flan_mix.reports.wording import metric_label, metric_meaning
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.starter_models import starter_comparisons

LABELS = ["start", "alone", "mixed"]


def test_json_has_every_figure_with_its_interval():
    comparisons = starter_comparisons(*LABELS)
    value = json.loads(json.dumps(comparison_json(LABELS, comparisons), allow_nan=False))
    assert value["baseline"] == "start" and list(value["models"]) == ["alone", "mixed"]
    task = next(t for t in comparisons[0].tasks if t.name == "order_entities")
    found = value["models"]["alone"]["tasks"]["order_entities"]
    assert found["scores"]["token_f1"] == {
        "before": task.main.before,
        "after": task.main.after,
        "change": task.main.change,
        "interval": [task.main.low, task.main.high],
        "verdict": "worse",
    }
    low, high = found["scores"]["loss"]["interval"]
    assert low < found["scores"]["loss"]["change"] < high
    assert found["firm"] is True and found["held_out"] is False
    assert "order_entities" in value["models"]["alone"]["lost"]
    assert value["models"]["alone"]["faithfulness"]["faithful"]["verdict"] == "worse"


def test_markdown_is_a_table_with_a_row_for_every_task():
    text = comparison_markdown(LABELS, starter_comparisons(*LABELS))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {8}
    assert rows[0][3:] == ["start", "alone", "change", "mixed", "change"]
    named = {unescape(row[0]): row for row in rows}
    assert re.fullmatch(r"\*\*−\d+\.\d ▼\*\* \(−\d+\.\d to −\d+\.\d\)", named["order_entities"][5])
    assert "**Question answering** (held out)" in named


def test_readers_are_told_every_score_that_we_give_in_words():
    ours = [each for each in vars(metrics).values() if isinstance(each, metrics.Metric)]
    keys = {key for metric in ours for key in metric.keys} | set(PROTOCOLS)
    assert len(ours) > 12 and {"macro_f1", "rouge1", "rank_accuracy"} <= keys
    for key in keys:
        assert metric_label(key) != key and len(metric_meaning(key)) > 20, key


def test_names_neither_end_cells_nor_become_markup():
    name = "a|b <img src=x> `c` [d](e) *f*\nnext | row"
    one = evaluation(result([1] * 6, name=name))
    text = comparison_markdown([name, name], [compare(one, one)])
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 5  # Headings, rule, category, task, trained on.
    assert {row.count("|") for row in rows} == {7}
    assert not re.search(r"<img|`c`|\[d\]|\*f\*", text)
    assert name.replace("\n", " ") in unescape(text)
