"""Answers prompts: a JSONL file of them, or a task's rows; JSONL out, in the same order."""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.checkpoints import load_parameters
from flan_mix.evaluation.evaluator import trim
from flan_mix.evaluation.result_files import write_atomically
from flan_mix.inference import Generator
from flan_mix.registry import read_jsonl
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.placement import placed_parameters
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)

PROMPT_KEY = "inputs"


def infer(
    *,
    model: EncoderDecoderModel,
    checkpoint_path: str,
    output_dir: str,
    dataset_cfg: DatasetConfig,
    input_path: str | None = None,
    partitioner: Partitioner = Partitioner(),
) -> list[Path]:
    """Writes a JSONL file into `output_dir` for the prompt file, or for each task; returns them.

    Each line is the input line with a "prediction" added. Lengths are those of
    `dataset_cfg.task_feature_lengths`: longer inputs are cut, keeping EOS. Raises ValueError for a
    line without text under "inputs", naming file and line.
    """
    if dataset_cfg.task_feature_lengths is None:
        raise ValueError("TASK_FEATURE_LENGTHS is needed: {'inputs': 512, 'targets': 128}")
    lengths = {name: int(value) for name, value in dataset_cfg.task_feature_lengths.items()}
    params, step = load_parameters(
        checkpoint_path, placed_parameters(model, partitioner), model.config
    )
    log.info("Answering with the parameters of step %d", step)
    generator = Generator(
        model.module,
        params,
        batch_size=dataset_cfg.batch_size,
        max_decode_length=lengths["targets"],
        eos_id=model.vocabulary.eos_id,
        mesh=partitioner.mesh,
    )
    if input_path is not None:
        sources = {Path(input_path).stem: _prompt_rows(Path(input_path))}
    else:
        sources = _task_rows(dataset_cfg, model)
    return [
        _answer(name, list(rows), model, generator, lengths["inputs"], Path(output_dir))
        for name, rows in sources.items()
    ]


def _answer(
    name: str,
    rows: list[Mapping[str, Any]],
    model: EncoderDecoderModel,
    generator: Generator,
    max_input_length: int,
    output_dir: Path,
) -> Path:
    vocabulary = model.vocabulary
    encoded = vocabulary.encode_batch([row[PROMPT_KEY] for row in rows])
    eos = vocabulary.eos_id
    prompts = [trim([*ids.tolist(), eos], max_input_length, eos_id=eos) for ids in encoded]
    with progress_line() as line:
        answers = generator.generate(
            prompts,
            on_progress=lambda done: line.show(Progress(name, done, len(rows), unit="prompts")),
        )
    lines = [
        json.dumps({**row, "prediction": vocabulary.decode(answer)}, ensure_ascii=False)
        for row, answer in zip(rows, answers, strict=True)
    ]
    path = output_dir.expanduser() / f"{name}.jsonl"
    write_atomically(path, "".join(line + "\n" for line in lines))
    log.info("Wrote %d answers to %s", len(lines), path)
    return path


def _prompt_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, row in read_jsonl(path):
        if not isinstance(row.get(PROMPT_KEY), str):
            raise ValueError(
                f"{path}, line {number}: no text under {PROMPT_KEY!r}; keys there: {sorted(row)}"
            )
        yield row


def _task_rows(
    config: DatasetConfig, model: EncoderDecoderModel
) -> dict[str, Iterator[Mapping[str, Any]]]:
    """The rendered rows of each task, with what identifies them; texts are kept outside train."""
    mixture = open_with_progress(config, model.vocabulary)
    keys = ("id", "template", "inputs", "targets")

    def rows(task: str, cache: Any) -> Iterator[Mapping[str, Any]]:
        for index in range(len(cache)):
            record = cache.record(index)
            yield {"task": task, **{key: record[key] for key in keys}}

    return {part.task: rows(part.task, part.cache) for part in mixture.parts}
