"""FLAN's own list of tasks beside ours."""

from flan_mix.registry import is_task
from flan_mix.tasks import flan2022  # noqa: F401  registers every block
from tests.shared_data import shared_path
from tools.generators.flan_collection import MISSING, OF_YOUR_CHECKOUT, page, read_rows

LISTED = """\
Source,Dataset,Specific Task Category,Generic Task Category,Languages
CoT,cot_gsm8k,Sums,Sums,English
CoT,cot_gsm8k,Sums Backwards,Sums Backwards,English
FLAN/T0,rte,Entailment,Reasoning,English
FLAN,owl_riddles,Riddles,Riddles,English
NIv2,owl_stories,task999_owl_stories_title,Titles,['English']
T0,owl_questions,owl_questions_by_night,Questions,English
"""


def test_every_row_names_the_task_that_stands_for_it_or_that_there_is_none(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(LISTED)
    rows = read_rows(path)
    assert [row.ours for row in rows] == [
        "cot_gsm8k",
        "cot_gsm8k.inverted",
        "flan_rte",
        MISSING,
        OF_YOUR_CHECKOUT,
        MISSING,
    ]
    text = page(rows)
    assert "| CoT | 2 | 1 | 2 | 2 |" in text
    assert "| T0 | 1 | 1 | 1 | 0 |" in text
    assert "| FLAN/T0 | rte | Entailment | Reasoning |" in text


def test_all_of_flan_2021_in_the_published_list_is_here():
    rows = read_rows(shared_path("data/flan_meta/flan_collection_info.csv"))
    assert len(rows) == 1945
    lacking = {row.dataset for row in rows if row.block.startswith("FLAN") and row.ours == MISSING}
    tasks = {row.dataset for row in rows if row.block.startswith("FLAN") and is_task(row.ours)}
    # What FLAN 2022 added to FLAN 2021.
    assert lacking - tasks == {"lambada", "trivia_qa_wiki_missing", "unified_qa_science_inst"}
    assert {row.dataset for row in rows if row.block == "CoT" and row.ours == MISSING} == set()
