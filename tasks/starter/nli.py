"""Starter task: does a statement follow from a report? Yes, no or maybe. Main score: accuracy.

Maybe is right where the report leaves open what the statement claims.
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_nli",
        category="nli",
        source=starter_source("nli"),
        fields={
            "id": "id",
            "premise": "premise",
            "hypothesis": "hypothesis",
            "options": "options",
            "answer": "answer",
        },
        templates=(
            Template("{premise}\nGiven that, what of this: {hypothesis}\n{options}", "{answer}"),
            Template("Report: {premise}\nClaim: {hypothesis}\nIs the claim right?", "{answer}"),
            Template("{premise}\nWould you bet on this? {hypothesis}\n{options}", "{answer}"),
            Template("We know this: {premise}\nSo: {hypothesis} Yes, no or maybe?", "{answer}"),
            Template("{hypothesis}\nCan you tell from this? {premise}\n{options}", "{answer}"),
            Template("Tom says: {hypothesis} The paper says: {premise}\n{options}", "{answer}"),
            Template("First: {premise}\nSecond: {hypothesis}\nDo they agree?", "{answer}"),
            Template(
                "{premise}\n{hypothesis}\nChoose the answer that fits.\n{options}", "{answer}"
            ),
            Template("Text: {premise}\nQuestion: Is this so? {hypothesis}\n{options}", "{answer}"),
            Template('Check the sentence "{hypothesis}" against: {premise}', "{answer}"),
        ),
        metrics=(accuracy,),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
