"""metrics.jsonl survives kills and restarts."""

import json
import math
from pathlib import Path

from flan_mix.reports import MetricsLog, read_metrics


def write(path: Path, steps, value: float) -> None:
    log = MetricsLog(path)
    for step in steps:
        log.write(step, {"loss": value})
    log.close()


def test_lines_are_plain_json_also_for_numbers_json_has_not(tmp_path: Path):
    log = MetricsLog(tmp_path / "deep/metrics.jsonl")
    log.write(3, {"loss": math.nan, "accuracy": 0.5, "weight_gradient_norm": math.inf})
    # On disk at once: nobody has closed the file.
    line = (tmp_path / "deep/metrics.jsonl").read_text()
    assert json.loads(line, parse_constant=lambda _: 1 / 0) == {
        "step": 3,
        "loss": None,
        "accuracy": 0.5,
        "weight_gradient_norm": None,
    }


def test_a_restarted_run_replaces_the_steps_it_repeats(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    write(path, [10, 20, 30], 1.0)
    write(path, [20, 25], 2.0)
    assert [(row["step"], row["loss"]) for row in read_metrics(path)] == [
        (10, 1.0),
        (20, 2.0),
        (25, 2.0),
    ]
    assert len(path.read_text().splitlines()) == 5


def test_a_line_cut_by_a_kill_does_not_spoil_the_next(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    write(path, [10], 1.0)
    with path.open("a") as file:
        file.write('{"step": 20, "lo')
    write(path, [20, 30], 2.0)
    assert [row["step"] for row in read_metrics(path)] == [10, 20, 30]
