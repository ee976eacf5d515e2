"""An invented run for the reports to show: figures and texts made up here."""

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.evaluation import (
    BootstrapSettings,
    Comparison,
    Evaluation,
    Prediction,
    TaskResult,
    compare,
    result_of,
)
from flan_mix.evaluation.predictions import ScoredTexts
from flan_mix.reports import DataFacts, LossPoint, ReportData, Sample, draw_samples

BOOTSTRAP = BootstrapSettings(resamples=300)
HELD_OUT = ("question_answering", "intent_detection")

# task -> (category, main metric, mean before, mean after)
FIGURES: Mapping[str, tuple[str, str, float, float]] = {
    "shop_chats": ("dialogue_summarization", "rouge1", 8.1, 46.3),
    "delivery_chats": ("dialogue_summarization", "rouge1", 9.4, 41.0),
    "order_entities": ("entity_recognition", "exact_match", 0.5, 61.2),
    "toy_code": ("code_translation", "exact_match", 0.0, 88.0),
    "stars": ("review_rating", "accuracy", 18.0, 52.5),
    "follows": ("nli", "accuracy", 33.0, 34.5),
    "steps": ("chain_of_thought", "accuracy", 2.0, 3.1),
    "handbook_questions": ("question_answering", "token_f1", 3.1, 17.4),
    "what_they_want": ("intent_detection", "accuracy", 21.0, 12.5),
}


def invented_evaluation(column: int, *, examples: int = 120) -> Evaluation:
    """The run before (column 2) or after (column 3) training."""
    tasks = [
        invented_result(name, row[0], row[1], float(row[column]), column, examples)
        for name, row in FIGURES.items()
    ]
    return Evaluation(tuple(tasks), {}, BOOTSTRAP)


def invented_result(
    name: str, category: str, metric: str, mean: float, column: int, examples: int
) -> TaskResult:
    random = np.random.default_rng([len(name), column])
    labels = metric in ("accuracy", "exact_match")
    spread = (
        100.0 * (random.random(examples) < mean / 100)
        if labels
        else np.clip(random.normal(mean, 12, examples), 0, 100)
    )
    predictions = [
        Prediction(
            task=name,
            category=category,
            id=f"{name}-{i}",
            template=i % 10,
            inputs=_INPUT.format(number=40312 + i),
            target=_REFERENCE.format(number=40312 + i),
            references=(_REFERENCE.format(number=40312 + i),),
            prediction=(_BEFORE if column == 2 else _AFTER).format(number=40312 + i),
            scores={metric: float(spread[i])},
            scored=ScoredTexts("7", ("7",)) if name == "steps" else None,
        )
        for i in range(examples)
    ]
    return result_of(
        predictions,
        main_metric=metric,
        available=examples,
        bootstrap=BOOTSTRAP,
        whole_scores={"loss": 6.2 if column == 2 else 1.4},
    )


_INPUT = (
    "Sum up what was said in one or two sentences.\n\n"
    "Customer: Hello, my parcel {number} was due on 3 May and is still not here.\n"
    "Agent: I am sorry about that. It left the depot in Leeds this morning.\n"
    "Customer: I am away from tomorrow. Can a neighbour take it?\n"
    "Agent: Yes, I have put down number 12. You will get a message when it arrives.\n"
    "Customer: Fine, thank you."
)
_REFERENCE = (
    "Parcel {number} is late. It left Leeds this morning and the neighbour at "
    "number 12 will take it."
)
_BEFORE = "the the parcel parcel parcel Customer Customer"
_AFTER = "The customer's parcel {number} is late; it left Leeds today and a neighbour will take it."


def invented_comparison() -> Comparison:
    return compare(
        invented_evaluation(2),
        invented_evaluation(3),
        held_out_categories=HELD_OUT,
        bootstrap=BOOTSTRAP,
    )


def invented_loss() -> list[LossPoint]:
    random = np.random.default_rng(5)
    return [
        LossPoint(step, 1.3 + 6.8 * math.exp(-step / 90) + 0.06 * random.normal())
        for step in range(5, 405, 5)
    ]


def invented_samples(per_task: int = 2) -> Sequence[Sample]:
    return draw_samples(
        invented_evaluation(2),
        invented_evaluation(3),
        per_task=per_task,
        held_out_categories=HELD_OUT,
    )


def invented_report(**changes) -> ReportData:
    fields = {
        "title": "Flan Mix report: starter collection",
        "before": "the untrained model",
        "after": "the same model after 400 training steps",
        "comparison": invented_comparison(),
        "loss": invented_loss(),
        "samples": invented_samples(),
        "settings": {
            "Mixture": "starter",
            "Steps": "400 of 32 packed rows (inputs 256, targets 64 tokens)",
            "Learning rate": "0.002, constant after 50 warm-up steps",
            "Decoding": "greedy, at most 64 tokens",
            "Seed": "0",
        },
        "versions": {"flan-mix": "0.1.0", "jax": "0.10.2", "flax": "0.12.8"},
        "data": [
            DataFacts(name, row[0], "validation", 120, hashlib.sha256(name.encode()).hexdigest())
            for name, row in FIGURES.items()
        ],
    }
    return ReportData(**{**fields, **changes})
