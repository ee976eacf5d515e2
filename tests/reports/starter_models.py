"""Three models' evaluations of the starter collection, in MODEL_DIRs as runs leave them.

The examples are the collection's own and the scores are computed; only the answers are invented:
those of a model that trained on a task are the references with some errors put in, those of one
that did not are near misses. No model is needed, and the reports have real texts to show.
"""

import functools
import gzip
import json
import math
import random
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flan_mix.evaluation import (
    BootstrapSettings,
    Comparison,
    Evaluation,
    Prediction,
    TargetSums,
    TaskResult,
    compare_several,
    result_of,
    save_evaluation,
    score_predictions,
)
from flan_mix.evaluation.faithfulness import with_faithfulness
from flan_mix.evaluation.result_files import ResultFiles
from flan_mix.evaluation.task_result import save_result
from flan_mix.metrics import (
    Metric,
    accuracy,
    edit_similarity,
    exact_match,
    faithfulness,
    rouge,
    token_f1,
)
from flan_mix.reports import (
    MixturePart,
    ReportData,
    ReportModel,
    RunReport,
    TrainingPoint,
    side_by_side,
)

BOOTSTRAP = BootstrapSettings(resamples=300)
DATA = Path(__file__).resolve().parents[2] / "tasks" / "starter" / "data"


@dataclass(frozen=True)
class Kind:
    """A task of the collection: how it is asked and answered, from the fields of its file."""

    file: str
    category: str
    question: str
    answer: str
    metrics: tuple[Metric, ...]


TASKS: Mapping[str, Kind] = {
    "shop_chats": Kind(
        "chats",
        "dialogue_summarization",
        "Sum up this chat in a sentence or two.\n\n{dialogue}",
        "summary",
        (rouge, faithfulness),
    ),
    "order_entities": Kind(
        "entities",
        "entity_recognition",
        "{text}\n\nWhich {kind} are mentioned?",
        "entities",
        (token_f1, exact_match),
    ),
    "toy_code": Kind(
        "code",
        "code_translation",
        "In JavaScript, please:\n{python}",
        "javascript",
        (accuracy, edit_similarity),
    ),
    "stars": Kind(
        "reviews",
        "review_rating",
        "{review}\n\nHow many stars out of five?",
        "answer",
        (accuracy,),
    ),
    "follows": Kind(
        "nli",
        "nli",
        "{premise}\nDoes it follow that: {hypothesis}\n- yes\n- no\n- maybe",
        "answer",
        (accuracy,),
    ),
    "order_notes": Kind(
        "orders",
        "data_to_text",
        "Say in words: {record}",
        "text",
        (rouge, exact_match),
    ),
    "handbook_questions": Kind(
        "answers",
        "question_answering",
        "{text}\n{question}",
        "reply",
        (token_f1, exact_match),
    ),
    "what_they_want": Kind(
        "intents",
        "intent_classification",
        "{dialogue}\nWhat is it about?",
        "answer",
        (accuracy,),
    ),
}
HELD_OUT = ("question_answering", "intent_classification")

# How well each model answers each category: the share of answers that get no error.
SKILL: Mapping[str, Mapping[str, float]] = {
    "start": dict.fromkeys({kind.category for kind in TASKS.values()}, 0.12) | {"nli": 0.34},
    "alone": {
        "dialogue_summarization": 0.72,
        "entity_recognition": 0.04,
        "code_translation": 0.0,
        "review_rating": 0.08,
        "nli": 0.33,
        "data_to_text": 0.15,
        "question_answering": 0.08,
        "intent_classification": 0.05,
    },
    "mixed": {
        "dialogue_summarization": 0.66,
        "entity_recognition": 0.7,
        "code_translation": 0.9,
        "review_rating": 0.55,
        "nli": 0.42,
        "data_to_text": 0.8,
        "question_answering": 0.3,
        "intent_classification": 0.1,
    },
}
TRAINED = {
    "start": (),
    "alone": ("shop_chats",),
    "mixed": tuple(name for name, kind in TASKS.items() if kind.category not in HELD_OUT),
}

_PEOPLE = ("Hilton", "Anders", "Margaret", "the Grand Plaza", "Sandro")
_CITIES = ("Vienna", "Madrid", "Geneva", "Lisbon")


@functools.cache
def starter_evaluation(model: str, *, examples: int = 60) -> Evaluation:
    """What a model of SKILL answered, scored."""
    results = [_result(model, name, kind, examples) for name, kind in TASKS.items()]
    step = 0 if model == "start" else 1200
    facts = {"split": "validation", "decoding": "greedy", "step": step, "num_examples": examples}
    return Evaluation(tuple(results), facts, BOOTSTRAP)


def write_model(folder: Path, model: str, *, examples: int = 60) -> Path:
    """A MODEL_DIR with one evaluation, run.json, metrics.jsonl and config.gin; returns it."""
    shutil.rmtree(folder, ignore_errors=True)
    evaluation = starter_evaluation(model, examples=examples)
    write_evaluation(folder / "eval" / str(evaluation.facts["step"]), evaluation)
    (folder / "run.json").write_text(json.dumps(_facts(model)))
    rows = [json.dumps(row) for row in _training(model)]
    (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "config.gin").write_text(f"TRAIN_STEPS = 1200\nMODEL_DIR = 'out/{model}'\n")
    return folder


def write_evaluation(folder: Path, evaluation: Evaluation) -> Path:
    """The folder of an evaluation, as `flan_mix.eval` leaves it."""
    for result in evaluation.tasks:
        save_result(ResultFiles(folder), result, {"examples": f"{result.name}0123456789abcdef"})
    save_evaluation(folder, evaluation)
    return folder


def _result(model: str, name: str, kind: Kind, examples: int) -> TaskResult:
    rows = _rows(kind.file, examples)
    answers = sorted({str(row[kind.answer]) for row in rows})
    predictions = []
    for row in rows:
        draw = random.Random(f"{model} {row['id']}")
        target = str(row[kind.answer])
        right = draw.random() < SKILL[model][kind.category]
        predictions.append(
            Prediction(
                task=name,
                category=kind.category,
                id=row["id"],
                template=draw.randrange(4),
                inputs=kind.question.format(**row),
                target=target,
                references=(target,),
                prediction=target if right else _wrong(model, target, answers, draw),
                target_sums=_sums(SKILL[model][kind.category], target),
            )
        )
    return result_of(
        score_predictions(predictions, kind.metrics, None),
        main_metric=kind.metrics[0].keys[0],
        available=200,
        bootstrap=BOOTSTRAP,
        metrics=kind.metrics,
    )


def _sums(skill: float, target: str) -> TargetSums:
    """Long targets are a little likelier by token."""
    tokens = len(target.split()) + 1
    return TargetSums((1.2 + 5 * (1 - skill)) * tokens**0.9, skill * tokens, tokens)


def _rows(file: str, count: int) -> list[dict]:
    with gzip.open(DATA / f"{file}-validation.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][:count]


def _wrong(model: str, target: str, answers: Sequence[str], draw: random.Random) -> str:
    """A near miss: another label, words left out, or a sentence with a name or price made up."""
    if len(answers) <= 12:
        return draw.choice([answer for answer in answers if answer != target])
    words = target.split()
    if model == "start":
        return " ".join(draw.choice(words) for _ in range(min(len(words), 8)))
    if len(words) < 6:
        return " ".join(words[:-1]) or "unknown"
    kept = " ".join(words[: draw.randrange(len(words) // 2, len(words))]).rstrip(".,")
    changes = (
        lambda: f"{kept} at {draw.choice(_PEOPLE)} in {draw.choice(_CITIES)}.",
        lambda: re.sub(r"\$\d+", f"${draw.randrange(60, 99)}", target),
        lambda: f"{kept}.",
    )
    return draw.choice(changes)()


def _facts(model: str) -> dict:
    trained = TRAINED["mixed"] if model == "start" else TRAINED[model]
    return {
        "mixture": "starter" if model != "alone" else "shop_chats",
        "tasks": {
            name: {
                "category": TASKS[name].category,
                "share": 1 / len(trained),
                "token_share": (4 + place) / sum(range(4, 4 + len(trained))),
                "examples": 1000 + 50 * place,
                "fingerprint": f"{place}f3a9c51b7d2e{place}",
            }
            for place, name in enumerate(trained)
        }
        if model != "start"
        else {},
        "first_step": 0,
        "step": 1200,
        "seconds": 312.4,
        "parameters": 1_234_567,
        "devices": "1 x cpu",
        "batch_size": 8,
        "packed": True,
        "feature_lengths": {"inputs": 160, "targets": 48},
        "versions": {"python": "3.11.2", "flan-mix": "0.1.0", "jax": "0.10.2"},
    }


def _training(model: str) -> list[dict]:
    noise = np.random.default_rng(len(model))
    slope = {"start": 0, "alone": 60, "mixed": 140}[model]
    return [
        {
            "step": step,
            "token_loss": 0.9 + 5.6 * math.exp(-step / slope) + 0.05 * noise.normal(),
            "timing/non_padding_tokens_per_second": 5200 + 300 * noise.normal(),
        }
        for step in range(10, 1210, 10)
        if slope
    ]


@functools.cache
def starter_comparisons(*models: str, examples: int = 60) -> tuple[Comparison, ...]:
    """Each model against the first, with what their summaries make up."""
    evaluations = [with_faithfulness(starter_evaluation(m, examples=examples)) for m in models]
    kinds = {kind.category for kind in TASKS.values()}
    return compare_several(
        evaluations,
        held_out_categories=HELD_OUT,
        untrained_categories=[
            kinds - {TASKS[name].category for name in TRAINED[model]} for model in models
        ],
        bootstrap=BOOTSTRAP,
    )


def starter_report(*models: str, examples: int = 60, **changes) -> ReportData:
    """A report of some of the models; by default of the start and the mixed one."""
    models = models or ("start", "mixed")
    evaluations = [with_faithfulness(starter_evaluation(m, examples=examples)) for m in models]
    answers = side_by_side(evaluations, held_out_categories=HELD_OUT)
    fields = {
        "title": "Flan Mix report: starter collection",
        "models": [
            ReportModel(
                model,
                f"{model}, 1,200 steps",
                frozenset(TRAINED[model]),
                {"Split": "v"},
                trained_kinds=frozenset(TASKS[name].category for name in TRAINED[model]),
            )
            for model in models
        ],
        "comparisons": starter_comparisons(*models, examples=examples),
        "runs": [
            RunReport(
                name=model,
                models=(place,),
                points=[
                    TrainingPoint(
                        row["step"],
                        row["token_loss"],
                        row["timing/non_padding_tokens_per_second"],
                    )
                    for row in _training(model)
                ],
                mixture=[
                    MixturePart(
                        name,
                        of["category"],
                        of["share"],
                        of["token_share"],
                        of["examples"],
                        of["fingerprint"],
                    )
                    for name, of in _facts(model)["tasks"].items()
                ],
                settings={"Learning rate": "0.002", "Decoding": "greedy, at most 64 tokens"},
                versions={"jax": "0.10.2"},
                configuration=f"TRAIN_STEPS = 1200\nMODEL_DIR = 'out/{model}'\n",
            )
            for place, model in enumerate(models)
        ],
        "answers": answers,
        "answers_available": len(answers),
        "evaluated_on": {name: f"{name}0123456789" for name in TASKS},
        "protocols": {"rouge1": "ROUGE-1 as rouge-score has it, stemmed."},
    }
    return ReportData(**{**fields, **changes})
