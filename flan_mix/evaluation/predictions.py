"""What a model answered, example by example, beside the references: a line of JSON each."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flan_mix.evaluation.result_files import write_atomically


@dataclass(frozen=True)
class ScoredTexts:
    """The texts that were compared, where the task's postprocess made others of them."""

    prediction: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class ScoredOption:
    """An option of a ranked example.

    log_likelihood: of its text as the target, summed over its `tokens` (nats), EOS included.
    """

    text: str
    log_likelihood: float
    tokens: int
    is_right: bool


@dataclass(frozen=True)
class TargetSums:
    """How likely the model found the example's target, each token given those before.

    loss: nats, summed over its `tokens`, EOS included. correct: how many were the likeliest ones.
    """

    loss: float
    correct: float
    tokens: float


@dataclass(frozen=True)
class Prediction:
    """One example's answer.

    prediction: the model's text as decoded.
    references: the right answers, as the source has them; never empty.
    scores: 0 to 100 by metric key, for this example.
    scored: the texts that were compared, where they differ from the above by a postprocess.
    option_style, shot_style, exemplars: what was drawn for the inputs, exemplars by id.
    seed, pass_index: what the draws were keyed by.
    options: where the answer is the likeliest of some options, all of them.
    query: of a prompt with exemplars, what stands there without them.
    target_sums: where it was measured, how likely the model found the target.
    """

    task: str
    category: str
    id: str
    template: int
    inputs: str
    target: str
    references: tuple[str, ...]
    prediction: str
    scores: Mapping[str, float] = field(default_factory=dict)
    scored: ScoredTexts | None = None
    option_style: str | None = None
    shot_style: str | None = None
    exemplars: tuple[str, ...] = ()
    seed: int | None = None
    pass_index: int | None = None
    options: tuple[ScoredOption, ...] = ()
    query: str | None = None
    target_sums: TargetSums | None = None

    @property
    def source(self) -> str:
        """What an answer has to keep to: the inputs without worked exemplars."""
        return self.inputs if self.query is None else self.query

    def to_json(self) -> str:
        """One line, keys in the order of the fields; what is empty is left out."""
        row = asdict(self)
        row = {name: value for name, value in row.items() if value not in (None, ())}
        return json.dumps(row, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Prediction":
        """The prediction of a line. Raises ValueError for one that is not a prediction."""
        try:
            row = json.loads(line)
            row["references"] = tuple(row["references"])
            row["exemplars"] = tuple(row.get("exemplars", ()))
            row["options"] = tuple(ScoredOption(**each) for each in row.get("options", ()))
            if "scored" in row:
                texts = row["scored"]
                row["scored"] = ScoredTexts(texts["prediction"], tuple(texts["references"]))
            if "target_sums" in row:
                row["target_sums"] = TargetSums(**row["target_sums"])
            return cls(**row)
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a prediction: {error}") from error


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Writes one line for each prediction; the file appears whole or not at all."""
    write_atomically(path, "".join(prediction.to_json() + "\n" for prediction in predictions))


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """The predictions of a file. Raises ValueError with file and line for what is none."""
    return tuple(_read_line(path, *numbered) for numbered in enumerate(_lines(path), start=1))


def _lines(path: Path) -> list[str]:
    # Not splitlines(): a text may hold other line separators than the newline.
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _read_line(path: Path, number: int, line: str) -> Prediction:
    try:
        return Prediction.from_json(line)
    except ValueError as error:
        raise ValueError(
            f"{path}, line {number}: {error}. Was it written by flan_mix.eval?"
        ) from error
