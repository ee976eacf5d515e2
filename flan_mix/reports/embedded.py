"""The answers as one block of JSON inside the page, for its script to show a window of.

A block of data is no script: a browser does not run it. It is ASCII, and its <, > and & are
written as JSON escapes, so that no text in it can end the block or begin a comment.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flan_mix.evaluation import Comparison, Prediction
from flan_mix.evaluation.faithfulness import Marks
from flan_mix.metrics.faithfulness import Mention
from flan_mix.reports import wording
from flan_mix.reports.answers import Answers
from flan_mix.reports.report_data import ReportData
from flan_mix.reports.shown_text import utf16_offset, visible

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def embedded_json(value: Any) -> str:
    """JSON that can stand inside <script type="application/json">."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return "".join(_ESCAPES.get(c, c) for c in text) if set(text) & set(_ESCAPES) else text


def embedded_answers(data: ReportData) -> dict[str, Any]:
    """What the script shows: models, tasks with their figures, and a row for each example.

    A row is [task, id, template, inputs, references, answers, missed]; an answer is [text, score,
    what was compared, invented]; invented and missed are places [start, end, kind] in the text,
    missed with the models that miss it.
    """
    names = list(dict.fromkeys(answers.task for answers in data.answers))
    figures = {task: _figures(data.comparisons, task) for task in names}
    places = {name: place for place, name in enumerate(names)}
    first = {answers.task: answers for answers in reversed(data.answers)}
    return {
        "models": [visible(model.label) for model in data.models],
        "tasks": [
            {
                "name": visible(name),
                "kind": visible(wording.category_label(first[name].category)),
                "heldOut": first[name].held_out,
                "metric": visible(wording.metric_label(first[name].main_metric or "")),
                "figures": figures[name],
            }
            for name in names
        ],
        "rows": [_row(answers, places[answers.task]) for answers in data.answers],
    }


def _row(answers: Answers, task: int) -> list[Any]:
    example = answers.example
    texts = zip(answers.answers, answers.scores, answers.marks, strict=True)
    return [
        task,
        visible(example.id),
        example.template,
        visible(example.inputs),
        [visible(reference) for reference in example.references],
        [_answer(answer, score, marks) for answer, score, marks in texts],
        [[*_place(example.references[0], mention), models] for mention, models in answers.missed],
    ]


def _answer(answer: Prediction, score: float | None, marks: Marks | None) -> list[Any]:
    scored = answer.scored.prediction if answer.scored else None
    return [
        visible(answer.prediction),
        None if score is None else round(score, 2),
        None if scored is None or scored == answer.prediction else visible(scored),
        [_place(answer.prediction, mention) for mention in (marks.invented if marks else ())],
    ]


def _place(text: str, mention: Mention) -> list[Any]:
    return [utf16_offset(text, mention.start), utf16_offset(text, mention.end), mention.kind]


def _figures(comparisons: Sequence[Comparison], name: str) -> list[Mapping[str, Any]]:
    """A task's scores: the baseline's, then each model's with its change, as shown."""
    tasks = [next(t for t in comparison.tasks if t.name == name) for comparison in comparisons]
    return [
        {
            "label": visible(wording.metric_label(key)),
            "lower": difference.lower_is_better,
            "before": wording.score_text(difference.before, key),
            "after": [
                [
                    wording.score_text(task.scores[key].after, key),
                    wording.change_text(task.scores[key].change, key),
                    wording.interval_text(task.scores[key], key),
                    wording.shown_verdict(task.scores[key], key),
                ]
                for task in tasks
                if key in task.scores
            ],
        }
        for key, difference in tasks[0].scores.items()
        if all(key in task.scores for task in tasks)
    ]
