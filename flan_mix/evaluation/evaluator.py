"""Runs an evaluation: every task's inputs through the model, its answers scored and written.

The model is a function from token lists to texts, so this floor knows no framework. Each
task is written when it is done, and a run that was cut short goes on with the next one.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix import data
from flan_mix.evaluation.bootstrap import BootstrapSettings
from flan_mix.evaluation.chance import chance_of, right_share
from flan_mix.evaluation.evaluation import Evaluation, save_evaluation
from flan_mix.evaluation.evaluation_task import EvaluationTask
from flan_mix.evaluation.predictions import Prediction
from flan_mix.evaluation.ranked_rows import ScoreOptions, ranked_count, right_answers
from flan_mix.evaluation.ranking import ranked_predictions
from flan_mix.evaluation.result_files import ResultFiles
from flan_mix.evaluation.scoring import score_predictions
from flan_mix.evaluation.task_result import TaskResult, load_result, result_of, save_result
from flan_mix.evaluation.teacher_forcing import TeacherForcing, with_target_sums
from flan_mix.registry.callable_description import describe
from flan_mix.vocabularies import Vocabulary

# Token ids of inputs, each with EOS -> the texts of answers, in the same order.
Generate = Callable[[Sequence[Sequence[int]]], Sequence[str]]


@dataclass(frozen=True)
class EvaluationSettings:
    """What decides the figures beside model and data.

    num_examples: so many of each task, evenly spread over its split; None for all.
    max_input_length: tokens, EOS included; longer inputs lose their end but keep the EOS.
    facts: whatever else a reader must know (step, checkpoint, decoding); plain JSON values. A
        finished task is reused only where these are the same.
    model: tells this model from another that stood, or will stand, at the same place; a finished
        task is reused only where it is the same.
    """

    num_examples: int | None = None
    max_input_length: int | None = None
    model: str = ""
    bootstrap: BootstrapSettings = field(default_factory=BootstrapSettings)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Hosts:
    """The processes that evaluate together; by default this one alone.

    is_writer: whether this one writes. agree: what the writer has found -> the same on all, so
    that all ask the model the same; a collective call where there are several.
    """

    is_writer: bool = True
    agree: Callable[[bool], bool] = bool


def evaluate(
    tasks: Sequence[EvaluationTask],
    generate: Generate,
    vocabulary: Vocabulary,
    directory: str | Path,
    *,
    score_options: ScoreOptions | None = None,
    settings: EvaluationSettings = EvaluationSettings(),
    teacher_forcing: TeacherForcing | None = None,
    on_task: Callable[[TaskResult, bool], None] | None = None,
    hosts: Hosts = Hosts(),
) -> Evaluation:
    """Evaluates the tasks that `directory` has no result of yet and writes metrics.json there.

    generate: token ids of inputs, each with EOS -> the texts of answers, in the same order.
    score_options: likelihoods of options (`ranked_rows.ScoreOptions`); for tasks that are ranked.
    on_task: called after each task with its result and whether it was found finished.
    hosts: who writes where several processes evaluate together; the others' Evaluation lacks the
    tasks that were finished before.

    Raises ValueError for two tasks of one name and for what `evaluate_task` refuses.
    """
    _check_distinct([task.name for task in tasks])
    files = ResultFiles(Path(directory))
    results = []
    for task in tasks:
        decided_by = _decided_by(task, settings, teacher_forcing)
        result = load_result(files, task.name, decided_by) if hosts.is_writer else None
        found = hosts.agree(result is not None)
        if not found:
            result = evaluate_task(
                task,
                generate,
                vocabulary,
                score_options=score_options,
                settings=settings,
                teacher_forcing=teacher_forcing,
            )
            if hosts.is_writer:
                save_result(files, result, decided_by)
        if result is None:
            continue  # Finished before, and the writer has it.
        if on_task is not None:
            on_task(result, found)
        results.append(result)
    evaluation = Evaluation(
        tuple(result for result in results if not result.chooses),
        _stated(settings),
        settings.bootstrap,
        choosing=tuple(result for result in results if result.chooses),
    )
    if hosts.is_writer:
        save_evaluation(files.directory, evaluation)
    return evaluation


def evaluate_task(
    task: EvaluationTask,
    generate: Generate,
    vocabulary: Vocabulary,
    *,
    score_options: ScoreOptions | None = None,
    settings: EvaluationSettings = EvaluationSettings(),
    teacher_forcing: TeacherForcing | None = None,
) -> TaskResult:
    """The result of one task; writes nothing.

    Raises ValueError where the cache was made with another vocabulary, where `generate` or
    `score_options` loses examples, where a task is to be ranked and there is nothing to score
    options with, and for answers that a metric cannot score.
    """
    _check_vocabulary(task, vocabulary)
    if settings.num_examples is not None and settings.num_examples < 1:
        raise ValueError(f"num_examples must be at least 1, not {settings.num_examples}.")
    if task.mode == "rank":
        predictions, chance = _ranked(task, score_options, vocabulary, settings)
    else:
        predictions, chance = _generated(task, generate, vocabulary, settings)
    # Where a row stands for one option its target is an answer only if that is the right one.
    is_by_option = task.mode == "rank" and task.option_targets is None
    if teacher_forcing is not None and not is_by_option:
        predictions = with_target_sums(predictions, teacher_forcing, task.cache)
    return result_of(
        _with_metrics(predictions, task),
        main_metric=task.main_metric,
        available=ranked_count(task.cache, is_by_option),
        bootstrap=settings.bootstrap,
        metrics=task.metrics,
        mode=task.mode,
        chance=chance,
        family=task.family or task.name,
        chooses=task.chooses,
    )


def _ranked(
    task: EvaluationTask,
    score_options: ScoreOptions | None,
    vocabulary: Vocabulary,
    settings: EvaluationSettings,
) -> tuple[list[Prediction], float]:
    if score_options is None:
        raise ValueError(f"{task.name} ranks options, and nothing was given to score them with.")
    return ranked_predictions(
        task,
        score_options,
        vocabulary,
        lambda index: _input_ids(task, index, settings.max_input_length),
        settings.num_examples,
    )


def _generated(
    task: EvaluationTask,
    generate: Generate,
    vocabulary: Vocabulary,
    settings: EvaluationSettings,
) -> tuple[list[Prediction], float]:
    """Answers in the order of the cache, and what guessing would score."""
    indices = data.spread_examples(len(task.cache), settings.num_examples)
    answers = _answers(task, indices, generate, settings.max_input_length)
    predictions, shares = [], []
    for index, answer in zip(indices, answers, strict=True):
        record = task.cache.record(index)
        predictions.append(_prediction(task, index, record, vocabulary, answer))
        shares.append(right_share(record["options"], right_answers(record)))
    if task.chance is not None:
        return predictions, task.chance
    return predictions, chance_of(task.main_metric, shares)


def _with_metrics(predictions: Sequence[Prediction], task: EvaluationTask) -> list[Prediction]:
    """The predictions with the task's own metrics after the scores they have."""
    scored = score_predictions(predictions, task.metrics, task.postprocess)
    pairs = zip(predictions, scored, strict=True)
    return [replace(after, scores={**before.scores, **after.scores}) for before, after in pairs]


def trim(tokens: Sequence[int], max_length: int | None, *, eos_id: int = 1) -> list[int]:
    """`tokens` cut to `max_length` (None: not at all), the last one EOS if the whole ended so."""
    if max_length is None:
        return list(tokens)
    return data.trim(np.asarray(tokens, np.int32), max_length, eos_id=eos_id).tolist()


def _answers(
    task: EvaluationTask,
    indices: Sequence[int],
    generate: Generate,
    max_input_length: int | None,
) -> list[str]:
    inputs = [_input_ids(task, index, max_input_length) for index in indices]
    answers = generate(inputs)
    if len(answers) != len(inputs):
        raise ValueError(
            f"{task.name}: the model gave {len(answers)} answers to {len(inputs)} inputs."
        )
    return list(answers)


def _input_ids(task: EvaluationTask, index: int, max_length: int | None) -> list[int]:
    return trim(task.cache[index]["inputs"].tolist(), max_length, eos_id=task.cache.manifest.eos_id)


def _prediction(
    task: EvaluationTask,
    index: int,
    record: Mapping[str, Any],
    vocabulary: Vocabulary,
    answer: str,
) -> Prediction:
    # Tasks registered elsewhere may keep no text: then what their tokens say.
    inputs = record["inputs"] or vocabulary.decode(task.cache[index]["inputs"])
    target = record["targets"] or vocabulary.decode(task.cache[index]["targets"])
    return Prediction(
        task=task.name,
        category=task.category,
        id=record["id"],
        template=record["template"],
        inputs=inputs,
        target=target,
        references=tuple(record["references"]) or (target,),
        prediction=answer,
        option_style=record.get("option_style"),
        shot_style=record.get("shot_style"),
        exemplars=tuple(record.get("exemplars", ())),
        seed=record["seed"],
        pass_index=record["pass"],
        query=record.get("query"),
    )


def _decided_by(
    task: EvaluationTask, settings: EvaluationSettings, teacher_forcing: TeacherForcing | None
) -> dict[str, Any]:
    """What a finished result must agree with to stand for this task now; plain JSON values."""
    return {
        **_stated(settings),
        "bootstrap": asdict(settings.bootstrap),
        "category": task.category,
        "examples": task.cache.manifest.fingerprint,
        "model": settings.model,
        "metrics": {key: metric.protocol for metric in task.metrics for key in metric.keys},
        # Protocols are words: a metric or an extraction of answers that was mended keeps them.
        "scoring": hashlib.sha256(describe([task.metrics, task.postprocess]).encode()).hexdigest(),
        "teacher_forced": teacher_forcing is not None,
        "mode": task.mode,
        "family": task.family or task.name,
        "chooses": task.chooses,
        "chance": task.chance,
    }


def _stated(settings: EvaluationSettings) -> dict[str, Any]:
    """The settings that metrics.json states as facts."""
    return {
        **settings.facts,
        "num_examples": settings.num_examples,
        "max_input_length": settings.max_input_length,
    }


def _check_vocabulary(task: EvaluationTask, vocabulary: Vocabulary) -> None:
    made_with = task.cache.manifest.vocabulary_fingerprint
    if made_with != vocabulary.fingerprint:
        raise ValueError(
            f"{task.name}: its cache was made with another vocabulary ({made_with[:12]}) than the "
            f"one that reads the answers ({vocabulary.fingerprint[:12]}): build the cache with "
            "this one, or pass that one."
        )


def _check_distinct(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)}: listed more than once in one evaluation.")
