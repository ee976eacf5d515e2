"""FLAN's own list of tasks beside ours."""

from flan_mix.tasks import flan2022  # noqa: F401  registers every block
from tests.shared_data import shared_path
from tools.generators.flan_collection import MISSING, OF_YOUR_CHECKOUT, page, read_rows

LISTED = """\
Source,Dataset,Specific Task Category,Generic Task Category,Languages
CoT,cot_gsm8k,Sums,Sums,English
CoT,cot_gsm8k,Sums Backwards,Sums Backwards,English
FLAN/T0,rte,Entailment,Reasoning,English
FLAN,mnli,Entailment,Reasoning,English
FLAN,mnli,Entailment,Reasoning,English
FLAN,mnli,Inverted Entailment,Reasoning,English
FLAN,mnli,Inverted Entailment,Reasoning,English
FLAN,owl_riddles,Riddles,Riddles,English
NIv2,owl_stories,task999_owl_stories_title,Titles,['English']
Dialog,qrecc,Answers,Answers,English
Dialog,qrecc,Talk,Talk,English
Dialog,owl_talks,Talk,Talk,English
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
        "flan_mnli_matched",
        "flan_mnli_mismatched",
        "flan_mnli_matched.inverted",
        "flan_mnli_mismatched.inverted",
        MISSING,
        OF_YOUR_CHECKOUT,
        "flan_qrecc",
        "flan_qrecc.inverted",
        MISSING,
        MISSING,
    ]
    text = page(rows)
    assert "| CoT | 2 | 1 | 2 | 2 |" in text
    assert "| T0 | 1 | 1 | 1 | 0 |" in text
    assert "| FLAN/T0 | rte | Entailment | Reasoning |" in text


def test_a_second_task_on_a_dataset_of_natural_instructions_is_no_inversion(tmp_path, monkeypatch):
    path = tmp_path / "list.csv"
    rows = ["NIv2,owls,task1_owls_find,Titles,English", "NIv2,owls,task2_owls_name,Names,English"]
    path.write_text("\n".join([LISTED.splitlines()[0], *rows]))
    # As with a checkout that has both.
    monkeypatch.setattr("flan_mix.registry.is_task", lambda name: name.startswith("ni_"))
    assert [row.ours for row in read_rows(path)] == ["ni_task1_owls_find", "ni_task2_owls_name"]


def test_all_of_flan_and_chain_of_thought_in_the_published_list_is_here():
    rows = read_rows(shared_path("data/flan_meta/flan_collection_info.csv"))
    assert len(rows) == 1945
    lacking = {(row.block, row.dataset) for row in rows if row.ours == MISSING}
    assert {dataset for block, dataset in lacking if block in ("FLAN", "FLAN/T0", "CoT")} == set()
    # FLAN's own code leaves it out.
    assert {dataset for block, dataset in lacking if block == "Dialog"} == {"task_master"}
    assert {block for block, _ in lacking} == {"Dialog", "Program Synthesis", "T0"}
