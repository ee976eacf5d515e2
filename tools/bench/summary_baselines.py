"""What a dialogue summarizer has to beat: stand-ins that need no model, with their intervals.

    FLAN_MIX_DATA_DIR=datasets python -m tools.bench.summary_baselines

Scores the first turn, the best constant human summary and a constant list of common words, chosen
on the training split, on the validation split of SAMSum and DialogSum. Prints a Markdown table and
JSON. About half a minute on one core.
"""

import json

from flan_mix.evaluation import best_constant_summary, common_words_summary, first_turn
from flan_mix.metrics import bootstrap_interval, rouge
from flan_mix.registry import field_rows, get_task
from tools.bench.environment import describe_environment

TASKS = ("samsum", "dialogsum")


def main() -> None:
    """Measures and prints."""
    import flan_mix.tasks.dialogue_summarization  # noqa: F401  registers the tasks

    results = {task: baselines(task) for task in TASKS}
    print("| task | stand-in | " + " | ".join(rouge.keys) + " |\n|---|---|---|---|---|")
    for task, scores in results.items():
        for name, figures in scores.items():
            cells = [f"{mean:.1f} ({low:.1f}-{high:.1f})" for mean, low, high in figures.values()]
            print(f"| {task} | {name} | " + " | ".join(cells) + " |")
    print(json.dumps({"environment": describe_environment(("rouge-score",)), **results}, indent=2))


def baselines(task: str) -> dict[str, dict[str, list[float]]]:
    """Stand-in -> ROUGE key -> [mean, low, high] on the validation split."""
    summaries = [summary for _, summary in dialogues(task, "train")]
    pairs = dialogues(task, "validation")
    constant, words = best_constant_summary(summaries), common_words_summary(summaries)
    predictions = {
        "first turn": [first_turn(dialogue) for dialogue, _ in pairs],
        "best constant summary": [constant] * len(pairs),
        "common words": [words] * len(pairs),
    }
    references = [summary for _, summary in pairs]
    return {name: scored(texts, references) for name, texts in predictions.items()}


def dialogues(task: str, split: str) -> list[tuple[str, str]]:
    """(dialogue, summary) of every row of a split."""
    spec = get_task(task)
    places = [spec.text_fields.index(field) for field in ("dialogue", "summary")]
    return [(row.texts[places[0]], row.texts[places[1]]) for row in field_rows(spec, split)]


def scored(predictions: list[str], references: list[str]) -> dict[str, list[float]]:
    """ROUGE of each prediction against its reference, averaged, with 95% intervals."""
    rows = [
        rouge.score_example(prediction, [reference])
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    intervals = {key: bootstrap_interval([row[key] for row in rows]) for key in rouge.keys}
    return {key: [i.mean, i.low, i.high] for key, i in intervals.items()}


if __name__ == "__main__":
    main()
