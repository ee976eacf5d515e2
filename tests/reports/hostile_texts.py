"""Texts that try to break out of wherever a page may put them, and a report full of them."""

import dataclasses

from flan_mix.evaluation import Difference, Family
from flan_mix.evaluation.faithfulness import Marks
from flan_mix.evaluation.predictions import ScoredTexts
from flan_mix.metrics.faithfulness import Mention
from flan_mix.reports import (
    Answers,
    MixturePart,
    ReportData,
    ReportModel,
    RunReport,
    TemplateSpread,
)
from tests.reports.starter_models import starter_evaluation, starter_report

# Out of text, of double-quoted and of single-quoted attributes, of <style>, <script> and comments.
MARKUP = (
    "</p></option></select></style></script></title><!-- --><![CDATA["
    "<script>document.title='owned'</script>"
    "<img src=https://example.org/x onerror=\"document.title='owned'\">"
    '" onclick="document.title=\'owned\'" x=" '
    "' onfocus='document.title=1' autofocus y=' {{ 7*7 }} {% raw %} &amp; \\u003c"
)
# NUL, escape, bell, line and paragraph separators, right-to-left override, half a surrogate pair,
# a character that browsers count as two.
STRANGE = "\x00\x1b[31m\x07\x85\u2028\u2029\u202eabc\ud800\U0001f600$\\mathdefault{x}$"
HOSTILE = MARKUP + STRANGE
# What of it a page shows.
SHOWN = MARKUP + "␀␛[31m␇�\u2028\u2029\u202eabc�\U0001f600$\\mathdefault{x}$"


def hostile_report() -> ReportData:
    """A report with hostile text wherever text can come from outside."""
    data = starter_report()
    of = data.answers[0].answers[0]
    prediction = dataclasses.replace(
        of,
        task=HOSTILE,
        category=HOSTILE,
        id=HOSTILE,
        inputs=HOSTILE,
        references=(HOSTILE,),
        prediction=HOSTILE + "!",
        scores={HOSTILE: 50.0},
        scored=ScoredTexts(HOSTILE, (HOSTILE,)),
    )
    mention = Mention(2, 40, HOSTILE[2:40], HOSTILE)
    marks = Marks((mention,), (mention,))
    category = data.comparisons[0].categories[0]
    task = dataclasses.replace(
        category.tasks[0],
        name=HOSTILE,
        category=HOSTILE,
        main_metric=HOSTILE,
        scores={
            HOSTILE: Difference(1, 2, 1, 0.5, 1.5),
            "faithful": Difference(2, 1, -1, -1.5, -0.5),
        },
    )
    other = dataclasses.replace(task, name=HOSTILE + "2")
    category = dataclasses.replace(category, name=HOSTILE, tasks=(task, other))
    answers = Answers(HOSTILE, HOSTILE, (prediction,) * 2, HOSTILE, marks=(marks, marks))
    named = {HOSTILE: HOSTILE}
    result = dataclasses.replace(
        starter_evaluation("start").tasks[0], name=HOSTILE, main_metric=HOSTILE, scores={HOSTILE: 1}
    )
    family = Family(HOSTILE, (result, dataclasses.replace(result, name="other")))
    return dataclasses.replace(
        data,
        title=HOSTILE,
        models=[ReportModel(HOSTILE + end, HOSTILE, frozenset(), named) for end in "AB"],
        comparisons=[
            dataclasses.replace(
                data.comparisons[0], categories=(category,), left_out=(HOSTILE, HOSTILE)
            )
        ],
        runs=[
            RunReport(
                HOSTILE,
                points=data.runs[1].points,
                mixture=(MixturePart(HOSTILE, HOSTILE, 1, 1, 1, HOSTILE),),
                settings=named,
                versions=named,
                configuration=HOSTILE,
            )
        ]
        * 2,
        answers=[answers, answers],
        answers_available=2,
        spreads=[TemplateSpread((family, family))],
        evaluated_on=named,
        protocols=named,
        unlike={HOSTILE: (HOSTILE, HOSTILE)},
    )
