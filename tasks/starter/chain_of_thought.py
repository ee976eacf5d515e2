"""Starter task: solve a small word problem, writing the steps before the answer.

Scores see the answer alone: what stands behind "The answer is". Main score: accuracy.
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

_CUE = "The answer is"
_STEPS = f"{{reasoning}} {_CUE} {{result}}."


def final_answer(text: str) -> str:
    """What a solution ends in: "4 + 3 = 7. The answer is 7." gives "7".

    A text without the cue is given back as it is, so that it scores as the wrong answer it is.
    """
    _, cue, answer = text.rpartition(_CUE)
    return answer.strip().rstrip(".") if cue else text.strip()


add_task(
    TaskSpec(
        name="starter_arithmetic",
        category="chain_of_thought",
        source=starter_source("arithmetic"),
        fields={
            "id": "id",
            "question": "question",
            "reasoning": "reasoning",
            "result": "answer",
        },
        templates=(
            Template("{question} Go from sum to sum until you have it.", _STEPS),
            Template("Show your work, then answer.\n{question}", _STEPS),
            Template("Question: {question}\nReasoning and answer:", _STEPS),
            Template("{question}\nWrite the sums first.", _STEPS),
            Template("Do not guess, count. {question}", _STEPS),
            Template("A problem from school: {question}\nSolution:", _STEPS),
            Template("Work this out for me and say how. {question}", _STEPS),
            Template("{question}\nExplain the result.", _STEPS),
            Template("Count along with this story.\n{question}", _STEPS),
            Template("What do you have to add or take away? {question}", _STEPS),
        ),
        metrics=(accuracy,),
        postprocess=final_answer,
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
