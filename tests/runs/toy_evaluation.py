"""The toy suite evaluated with a toy checkpoint, as one process or several do it."""

from pathlib import Path
from typing import Any

from flan_mix.evaluation import Evaluation
from flan_mix.runs.evaluate import evaluate
from tests.end_to_end.toy_run import dataset, toy_model

MODULE = "tests.end_to_end.toy_suite"
EXAMPLES = 6


def evaluate_toy_suite(
    folder: Path, output: str, name: str = "toy_suite", **changes: Any
) -> list[Evaluation]:
    """Evaluates `folder`/model on caches in `folder`/cache into `folder`/<output>."""
    config = dataset(
        folder / "cache",
        mixture_or_task_name=name,
        module=MODULE,
        split=None,
        num_examples=EXAMPLES,
        task_feature_lengths=None,
    )
    return evaluate(
        model=toy_model(),
        dataset_cfg=config,
        checkpoint_path=str(folder / "model"),
        output_dir=str(folder / output),
        **changes,
    )
