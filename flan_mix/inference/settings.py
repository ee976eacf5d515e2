"""How answers are decoded: one value that runs, evaluation and gin files share."""

from __future__ import annotations

import dataclasses
from typing import Any

METHODS = ("greedy", "sample", "beam")
BEAM_RULES = ("t5x", "hugging_face")


@dataclasses.dataclass(frozen=True)
class Decoding:
    """A way of decoding; what does not belong to `method`, but for the seed, must be left out.

    method: "greedy" takes the likeliest token at every step; "sample" draws it; "beam" keeps the
        `num_beams` likeliest beginnings.
    temperature, top_k, top_p: of "sample". Logits are divided by `temperature`; then only the
        `top_k` likeliest tokens stay (0: all), and of those the fewest that together have the
        probability `top_p`.
    seed: of "sample"; with the example's place among the inputs it decides what is drawn,
        whatever the batches. None means 0.
    num_beams, length_penalty, beam_rules: of "beam". The rules say how an ended answer's
        log-likelihood is divided by its number of tokens n, EOS included; length_penalty 0 leaves
        it as it is. "t5x": by ((5 + n) / 6) ** length_penalty (alpha in 1609.08144); answers that
        the limit cut short stand behind all that ended. "hugging_face": by n ** length_penalty;
        cut answers compete with ended ones, an end counts only among a step's `num_beams`
        likeliest continuations, and the search is over once the live answers are behind as they
        stand.
    num_return: how many answers an input gets, best first.
    prompt: text that every answer begins with, its tokens forced.
    stop: an answer ends before the first of these strings in it.

    Raises ValueError, naming the field, for values out of range or of another method.
    """

    method: str = "greedy"
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int | None = 0
    num_beams: int = 4
    length_penalty: float = 0.6
    beam_rules: str = "t5x"
    num_return: int = 1
    prompt: str = ""
    stop: tuple[str, ...] = ()

    def __post_init__(self):
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        object.__setattr__(self, "stop", stop)
        object.__setattr__(self, "prompt", self.prompt or "")
        object.__setattr__(self, "seed", self.seed or 0)
        if self.method not in METHODS:
            raise ValueError(f"Decoding.method is {self.method!r}; it must be one of {METHODS}")
        for name in ("top_k", "num_beams", "num_return"):
            if not isinstance(number := getattr(self, name), int):
                raise ValueError(f"Decoding.{name} is {number!r}; it must be a whole number")
        for name, allowed, wanted in (
            ("temperature", self.temperature > 0, "above 0 (for the likeliest, method='greedy')"),
            ("top_k", self.top_k >= 0, "0 (all tokens) or more"),
            ("top_p", 0 < self.top_p <= 1, "in (0, 1]"),
            ("num_beams", self.num_beams >= 1, "at least 1"),
            ("length_penalty", self.length_penalty >= 0, "at least 0"),
            ("beam_rules", self.beam_rules in BEAM_RULES, f"one of {BEAM_RULES}"),
            ("num_return", 1 <= self.num_return <= self._most_answers, self._return_rule),
            ("stop", all(isinstance(s, str) and s for s in stop), "strings that are not empty"),
        ):
            if not allowed:
                raise ValueError(f"Decoding.{name} is {getattr(self, name)!r}; it must be {wanted}")
        # A seed may stand everywhere: runs have one whatever the method.
        for name in {*_SAMPLE_FIELDS, *_BEAM_FIELDS} - {"seed"}:
            if name not in self._method_fields and getattr(self, name) != _DEFAULTS[name]:
                raise ValueError(
                    f"Decoding.{name} is {getattr(self, name)!r}, which method={self.method!r} "
                    f"does not read; leave it out or choose another of {METHODS}"
                )

    @property
    def answers_at_once(self) -> int:
        """Rows the decoder holds for each input."""
        return {"greedy": 1, "sample": self.num_return, "beam": self.num_beams}[self.method]

    @property
    def needs_text(self) -> bool:
        """Whether a vocabulary is needed: for the prompt or the stop strings."""
        return bool(self.prompt or self.stop)

    def facts(self) -> str | dict[str, Any]:
        """What to write beside figures: "greedy", or the method and every field that it reads."""
        shared = {"prompt": self.prompt, "stop": list(self.stop)}
        told = {name: value for name, value in shared.items() if value}
        if self.method == "greedy" and not told:
            return "greedy"
        own = {name: getattr(self, name) for name in self._method_fields}
        return {"method": self.method, **own, **told}

    def compiled(self) -> Decoding:
        """The part that decides the compiled program: without texts and seed."""
        return dataclasses.replace(self, prompt="", stop=(), seed=_DEFAULTS["seed"])

    @property
    def _method_fields(self) -> tuple[str, ...]:
        return {
            "greedy": (),
            "sample": (*_SAMPLE_FIELDS, "num_return"),
            "beam": (*_BEAM_FIELDS, "num_return"),
        }[self.method]

    @property
    def _most_answers(self) -> float:
        return {"greedy": 1, "sample": float("inf"), "beam": self.num_beams}[self.method]

    @property
    def _return_rule(self) -> str:
        return {
            "greedy": "1 with method='greedy', which has one answer",
            "sample": "at least 1",
            "beam": f"from 1 to num_beams, which is {self.num_beams}",
        }[self.method]


_SAMPLE_FIELDS = ("temperature", "top_k", "top_p", "seed")
_BEAM_FIELDS = ("num_beams", "length_penalty", "beam_rules")
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Decoding)}
