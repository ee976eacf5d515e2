"""Few-shot prompts: worked exemplars ahead of the query, and how they are set apart.

How many there are, which ones and in which style is drawn by hash of the query's id; here stands
what can be drawn. `tensor_few_shot` draws and renders it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.templates.template import RenderedText

LARGEST_POOL = 10_000
"""Rows of a pool, which is held in memory as tensors."""


@dataclass(frozen=True)
class FewShot:
    """How the few-shot variants of a task choose exemplars.

    fewest, most: exemplars per prompt, a number drawn uniformly between them.
    max_input_tokens: what the whole prompt may take, EOS included, beside the inputs' length in
      TASK_FEATURE_LENGTHS, whichever is less. Exemplars farthest from the query are dropped until
      it fits; if none fits the prompt is the zero-shot one.
    mixed_templates: every exemplar draws its own template; else all have the query's.
    balance_labels: exemplars are drawn from one answer after the other, for tasks with `answer`.
    pool: exemplars come from at most so many rows of the train split, chosen by hash of id.
    """

    fewest: int = 1
    most: int = 5
    max_input_tokens: int | None = None
    mixed_templates: bool = False
    balance_labels: bool = False
    pool: int = LARGEST_POOL

    def __post_init__(self):
        if not 1 <= self.fewest <= self.most:
            raise ValueError(f"FewShot: 1 <= fewest <= most, not {self.fewest} and {self.most}.")
        if not 1 <= self.pool <= LARGEST_POOL:
            raise ValueError(f"FewShot: 1 <= pool <= {LARGEST_POOL:,}, not {self.pool:,}.")
        if self.max_input_tokens is not None and self.max_input_tokens < 1:
            raise ValueError(f"FewShot: max_input_tokens is positive, not {self.max_input_tokens}.")

    @property
    def candidates(self) -> int:
        """Pool rows drawn per query, some to spare for those that are the query or repeat."""
        return 2 * self.most + 4


@dataclass(frozen=True)
class ShotStyle:
    """How exemplars and query are set out: `opening`, then each exemplar as `before_inputs` +
    inputs + `before_target` + target + `separator`, then the query up to where its target starts.

    name: what records call it.
    """

    name: str
    before_inputs: str = ""
    before_target: str = "\n"
    separator: str = "\n\n"
    opening: str = ""

    @property
    def query_end(self) -> str:
        """What follows the query's inputs: the mark of a target, without spaces at the end."""
        return self.before_target.rstrip()

    def exemplar(self, text: RenderedText) -> str:
        """One exemplar with what parts it from the next."""
        return (
            f"{self.before_inputs}{text.inputs}{self.before_target}{text.targets}{self.separator}"
        )

    def render(self, exemplars: Sequence[RenderedText], query: str) -> str:
        """The prompt; without exemplars it is the query as it stands."""
        if not exemplars:
            return query
        shown = "".join(self.exemplar(text) for text in exemplars)
        return f"{self.opening}{shown}{self.before_inputs}{query}{self.query_end}"


SHOT_STYLES = (
    ShotStyle("blank_lines"),
    ShotStyle("input_output", "Input: ", "\nOutput: "),
    ShotStyle("question_answer", "Q: ", "\nA: "),
    ShotStyle("answer_line", "", "\nAnswer: "),
    ShotStyle("rules", "", "\n", "\n---\n"),
    ShotStyle("numberless_examples", "Example\n", "\nSolution: "),
    ShotStyle("task_result", "Task: ", "\nResult: ", "\n\n\n"),
    ShotStyle("arrows", "", "\n-> ", "\n"),
    ShotStyle("hashes", "### ", "\n# ", "\n\n"),
    ShotStyle(
        "worked_first", "", "\n\n", "\n***\n", "First some that are done, then one that is not.\n\n"
    ),
    ShotStyle("prompt_reply", "Prompt: ", "\nReply: ", "\n\n", "The same pattern throughout.\n\n"),
)
