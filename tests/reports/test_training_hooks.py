"""What the train loop tells reaches the progress line and the files."""

import io
from pathlib import Path

from flan_mix.reports import MetricsLog, TensorBoardWriter, read_metrics
from flan_mix.reports.progress import PlainLines
from flan_mix.reports.training_hooks import MetricsHook, ProgressHook
from flan_mix.training.progress import Progress
from tests.reports.test_tensorboard_files import scalars


def test_a_training_step_is_shown_with_its_loss_per_token():
    stream = io.StringIO()
    hook = ProgressHook(PlainLines(stream, every_seconds=0))
    hook.on_progress(
        Progress(
            step=3,
            total_steps=10,
            loss=812.0,
            token_loss=3.25,
            examples_per_second=20.0,
            non_padding_tokens_per_second=4100.0,
            seconds_left=70.0,
        )
    )
    hook.on_end(3)
    assert stream.getvalue().splitlines() == [
        "train | 3/10 steps | loss 3.25 | 20.0 examples/s | 4,100 tokens/s | 1:10 left"
    ]


def test_logged_steps_reach_every_writer(tmp_path: Path):
    hook = MetricsHook([MetricsLog(tmp_path / "metrics.jsonl"), TensorBoardWriter(tmp_path)])
    hook.on_log(5, {"loss": 2.0, "learning_rate/current": 0.5})
    hook.on_end(5)
    assert read_metrics(tmp_path / "metrics.jsonl") == [
        {"step": 5, "loss": 2.0, "learning_rate/current": 0.5}
    ]
    assert scalars(tmp_path) == [(5, "loss", 2.0), (5, "learning_rate/current", 0.5)]
