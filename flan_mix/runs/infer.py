"""Answers prompts, or scores given targets: a JSONL file or a task's rows in, JSONL out."""

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import jax

from flan_mix.checkpoints import load_parameters
from flan_mix.evaluation.evaluator import trim
from flan_mix.evaluation.result_files import write_atomically
from flan_mix.inference import Answer, Decoding, Generator, OptionScorer
from flan_mix.registry import read_jsonl
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.placement import placed_parameters
from flan_mix.training import Partitioner
from flan_mix.vocabularies import Vocabulary

log = logging.getLogger(__name__)

INPUTS, TARGETS, TARGETS_PROMPT = "inputs", "targets", "targets_prompt"
Row = Mapping[str, Any]


def infer(
    *,
    model: EncoderDecoderModel,
    checkpoint_path: str,
    output_dir: str,
    dataset_cfg: DatasetConfig,
    input_path: str | None = None,
    mode: Literal["predict", "score"] = "predict",
    decoding: Decoding = Decoding(),
    partitioner: Partitioner = Partitioner(),
) -> list[Path]:
    """Writes a JSONL file into `output_dir` for the prompt file, or for each task; returns them.

    mode: "predict" writes <name>.jsonl, each input line with a "prediction" added, and with
        "predictions", a list of {"text", "score"} best first, where `decoding` returns several. A
        line's "targets_prompt" is what its answers begin with, in place of `decoding.prompt`.
        "score" writes <name>-score.jsonl, each line with the "score" of its "targets": their
        summed log-likelihood, EOS included (T5X's mode of that name).

    Lengths are those of `dataset_cfg.task_feature_lengths`: what is longer is cut, keeping EOS. On
    several hosts the first one writes. Raises ValueError for a line without the texts it needs,
    naming file and line.
    """
    if mode not in ("predict", "score"):
        raise ValueError(f"INFER_MODE is 'predict' or 'score', not {mode!r}")
    if dataset_cfg.task_feature_lengths is None:
        raise ValueError("TASK_FEATURE_LENGTHS is needed: {'inputs': 512, 'targets': 128}")
    # What is wrong with the lines is told before anything is loaded.
    if input_path is not None:
        path = Path(input_path).expanduser()
        given = dict(_lines(path, needs_targets=mode == "score"))
        if mode == "predict":
            _check_room(path, given, decoding, model.vocabulary, dataset_cfg)
        sources: dict[str, Iterator[Row]] = {path.stem: iter(given.values())}
    else:
        sources = _task_rows(dataset_cfg, model)
    params, step = load_parameters(
        checkpoint_path, placed_parameters(model, partitioner), model.config
    )
    log.info("%s with the parameters of step %d", mode.capitalize(), step)
    worker = _Worker(model, params, dataset_cfg, decoding, partitioner)
    paths = []
    for name, rows in sources.items():
        found, name = list(rows), name if mode == "predict" else f"{name}-score"
        done = worker.predict(name, found) if mode == "predict" else worker.score(name, found)
        paths.append(_write(Path(output_dir).expanduser() / f"{name}.jsonl", found, done))
    return paths


@dataclasses.dataclass
class _Worker:
    """The model on its mesh, and what it adds to rows."""

    model: EncoderDecoderModel
    params: Any
    config: DatasetConfig
    decoding: Decoding
    partitioner: Partitioner

    def predict(self, name: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """{"prediction": …} of each row, with "predictions" where several are wanted."""
        vocabulary = self.model.vocabulary
        generator = Generator(
            self.model.module,
            self.params,
            batch_size=self.config.batch_size,
            max_decode_length=self._length(TARGETS),
            eos_id=vocabulary.eos_id,
            mesh=self.partitioner.mesh,
            decoding=self.decoding,
            vocabulary=vocabulary,
        )
        begins = [row.get(TARGETS_PROMPT, self.decoding.prompt) for row in rows]
        with progress_line() as line:
            found = generator.answer(
                self._tokens(rows, INPUTS),
                on_progress=lambda done: line.show(Progress(name, done, len(rows), unit="prompts")),
                prompts=[ids.tolist() for ids in vocabulary.encode_batch(begins)],
            )
        return [_predicted(answers, self.decoding.num_return > 1) for answers in found]

    def score(self, name: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """{"score": …} of each row's targets."""
        scorer = OptionScorer(
            self.model.module,
            self.params,
            batch_size=self.config.batch_size,
            mesh=self.partitioner.mesh,
        )
        with progress_line() as line:
            scores = scorer.score(
                self._tokens(rows, INPUTS),
                [[targets] for targets in self._tokens(rows, TARGETS)],
                on_progress=lambda done: line.show(Progress(name, done, len(rows), unit="rows")),
            )
        return [{"score": float(of_row[0])} for of_row in scores]

    def _tokens(self, rows: Sequence[Row], feature: str) -> list[list[int]]:
        vocabulary, length = self.model.vocabulary, self._length(feature)
        return _tokens([row[feature] for row in rows], vocabulary, length)

    def _length(self, feature: str) -> int:
        return int((self.config.task_feature_lengths or {})[feature])


def _tokens(texts: Sequence[str], vocabulary: Vocabulary, length: int) -> list[list[int]]:
    """Token ids with their EOS, at most `length` of them."""
    eos = vocabulary.eos_id
    encoded = vocabulary.encode_batch(texts)
    return [trim([*ids.tolist(), eos], length, eos_id=eos) for ids in encoded]


def _predicted(answers: Sequence[Answer], several: bool) -> dict[str, Any]:
    predicted: dict[str, Any] = {"prediction": answers[0].text if answers else ""}
    if several:
        predicted["predictions"] = [{"text": a.text, "score": a.score} for a in answers]
    return predicted


def _write(path: Path, rows: Sequence[Row], added: Sequence[Row]) -> Path:
    if jax.process_index():
        return path
    lines = [
        json.dumps({**row, **new}, ensure_ascii=False) + "\n"
        for row, new in zip(rows, added, strict=True)
    ]
    write_atomically(path, "".join(lines))
    log.info("Wrote %d lines to %s", len(lines), path)
    return path


def _lines(path: Path, *, needs_targets: bool) -> Iterator[tuple[int, Row]]:
    """The rows of a file by their lines' numbers."""
    needed = (INPUTS, TARGETS) if needs_targets else (INPUTS,)
    for number, row in read_jsonl(path):
        for key in needed:
            if not isinstance(row.get(key), str):
                raise ValueError(
                    f"{path}, line {number}: no text under {key!r}; keys there: {sorted(row)}"
                )
        if not isinstance(row.get(TARGETS_PROMPT, ""), str):
            raise ValueError(f"{path}, line {number}: {TARGETS_PROMPT!r} is no text")
        yield number, row


def _check_room(
    path: Path,
    lines: Mapping[int, Row],
    decoding: Decoding,
    vocabulary: Vocabulary,
    config: DatasetConfig,
) -> None:
    """Raises ValueError for a line whose answer would have no room behind what it begins with."""
    longest = int((config.task_feature_lengths or {})[TARGETS])
    prompts = [row.get(TARGETS_PROMPT, decoding.prompt) for row in lines.values()]
    for number, ids in zip(lines, vocabulary.encode_batch(prompts), strict=True):
        if len(ids) >= longest:
            raise ValueError(
                f"{path}, line {number}: its answer's prompt has {len(ids)} tokens, which leaves "
                f"none of TASK_FEATURE_LENGTHS' {longest} targets to predict"
            )


def _task_rows(config: DatasetConfig, model: EncoderDecoderModel) -> dict[str, Iterator[Row]]:
    """The rendered rows of each task, with what identifies them; texts are kept outside train."""
    mixture = open_with_progress(config, model.vocabulary)
    keys = ("id", "template", INPUTS, TARGETS)

    def rows(task: str, cache: Any) -> Iterator[Row]:
        for index in range(len(cache)):
            record = cache.record(index)
            yield {"task": task, **{key: record[key] for key in keys}}

    return {part.task: rows(part.task, part.cache) for part in mixture.parts}
