"""README.md of a model folder: what trained it, on what, and what it scored, from the run's files.

Only what the run recorded is said; a checkpoint without a run beside it gets its architecture.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flan_mix.checkpoints import is_remote
from flan_mix.checkpoints.architecture import described
from flan_mix.evaluation import Evaluation
from flan_mix.models import T5Config


def model_card(
    name: str,
    config: T5Config,
    *,
    origin: str,
    step: int | None,
    run: Mapping[str, Any],
    evaluation: Evaluation | None,
) -> str:
    """The card as Markdown.

    origin: where the checkpoint was. run: its run.json, empty without one. evaluation: of this
    checkpoint, or None.
    """
    parts = [_front_matter(), f"# {name}\n", _what(config, origin, step, run)]
    if run:
        parts += [_training(run), _tasks(run)]
    if evaluation is not None:
        parts.append(_scores(evaluation))
    return "\n".join([*parts, _use()])


def _front_matter() -> str:
    return (
        "---\n"
        "library_name: transformers\n"
        "pipeline_tag: text2text-generation\n"
        "tags:\n- t5\n- instruction-tuning\n- flan-mix\n"
        "---\n"
    )


def _what(config: T5Config, origin: str, step: int | None, run: Mapping[str, Any]) -> str:
    at = "" if step is None else f" at step {step:,}"
    start = run.get("restored")
    started = f" Training started from {_started_from(start)}." if start else ""
    return f"An encoder-decoder of the form {described(config)}, from `{origin}`{at}.{started}\n"


def _started_from(restored: str) -> str:
    """What the run's record says, without the folders of the machine it ran on."""
    url, _, what = restored.partition(": ")
    if not what:
        return restored
    return f"`{url if is_remote(url) else '/'.join(Path(url).parts[-2:])}` ({what})"


def _training(run: Mapping[str, Any]) -> str:
    rows = {
        "Mixture": f"`{run['mixture']}`",
        "First step": f"{run['first_step']:,}",
        "Rows a batch": f"{run['batch_size']:,}" + (" (packed)" if run.get("packed") else ""),
        "Tokens a row": ", ".join(f"{k} {v:,}" for k, v in run["feature_lengths"].items()),
        "Devices": run["devices"],
        "Hours": f"{run['seconds'] / 3600:.2f}" if run.get("seconds") else None,
        "Data fingerprint": f"`{run['data_fingerprint']}`",
        "Vocabulary fingerprint": f"`{run['vocabulary_fingerprint']}`",
        "Versions": ", ".join(f"{k} {v}" for k, v in run["versions"].items()),
    }
    lines = [f"| {name} | {_plain(value)} |" for name, value in rows.items() if value]
    return "\n".join(["## Training\n", "| | |", "|---|---|", *lines, ""])


def _tasks(run: Mapping[str, Any]) -> str:
    tasks = sorted(run["tasks"].items(), key=lambda item: -item[1]["share"])
    lines = [
        f"| {name} | {of['category']} | {of['examples']:,} | {100 * of['share']:.1f} |"
        for name, of in tasks
    ]
    head = ["## What it was trained on\n", "| Task | Category | Examples | Share, % |"]
    return "\n".join([*head, "|---|---|--:|--:|", *lines, ""])


def _scores(evaluation: Evaluation) -> str:
    """The main score of each task with its interval."""
    lines = []
    for task in evaluation.tasks:
        if task.main_metric is None:
            continue
        interval = task.intervals.get(task.main_metric)
        bounds = "" if interval is None else f"{interval.low:.1f} to {interval.high:.1f}"
        lines.append(
            f"| {task.name} | {task.category} | {task.main_metric} "
            f"| {task.main_score:.1f} | {bounds} | {task.examples:,} |"
        )
    split = evaluation.facts.get("split", "validation")
    head = [
        f"## What it scores (split: {split})\n",
        "| Task | Category | Metric | Score | 95% interval | Examples |",
        "|---|---|---|--:|--:|--:|",
    ]
    return "\n".join([*head, *lines, ""])


def _use() -> str:
    return (
        "## Use\n\n"
        "```python\n"
        "from transformers import AutoTokenizer, T5ForConditionalGeneration\n\n"
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")\n'
        'model = T5ForConditionalGeneration.from_pretrained("FOLDER")\n'
        'inputs = tokenizer("Summarize: …", return_tensors="pt")\n'
        "print(tokenizer.decode(model.generate(**inputs)[0], skip_special_tokens=True))\n"
        "```\n\n"
        "Run it in float32 or bfloat16; T5 overflows in float16.\n"
    )


def _plain(value: Any) -> str:
    """Text that stays in its table cell."""
    return str(value).replace("|", "\\|").replace("\n", " ")
