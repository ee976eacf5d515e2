"""Text of any kind survives, and is the same in one worker and in four."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flan_mix.registry import FileSource, TaskSpec, add_task, remove
from flan_mix.templates import OPTION_GRAMMAR, Template
from flan_mix.templates.draw import Draw
from flan_mix.vocabularies import ByteVocabulary

seqio = pytest.importorskip("seqio")

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = (
    Template("{{{q}}} {options}", "{answer}"),
    Template("{q}", "{{}}{answer}"),
    Template("{answer}", "{q}", inverted=True),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# Braces, newlines, escapes and empty texts come often.
FIELD = st.one_of(
    TEXT, st.sampled_from(["", "{q}", "}{", "a\n\nb", "\\n", " ", "\r\n", "\x00", "\u2028"])
)
ROWS = st.lists(st.tuples(FIELD, st.lists(FIELD, min_size=1, max_size=3)), min_size=4, max_size=30)


def write(folder, rows):
    lines = (
        json.dumps({"id": f"row {i}", "q": q, "options": options, "answer": options[-1]})
        for i, (q, options) in enumerate(rows)
    )
    (folder / "any.jsonl").write_text("".join(line + "\n" for line in lines))


def spec(folder):
    return TaskSpec(
        "any_text",
        category="toys",
        source=FileSource({"train": "any.jsonl"}, data_dir=folder),
        fields={name: name for name in ("id", "q", "options", "answer")},
        templates=TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        vocabulary=ByteVocabulary(),
        seed=3,
    )


def texts(name, shards, index=None):
    """Row id -> (inputs, targets) of all shards, or of one."""
    task, found = seqio.TaskRegistry.get(name), {}
    for shard in range(shards) if index is None else (index,):
        info = seqio.ShardInfo(shard, shards)
        rows = task.get_dataset(split="train", shuffle=False, seed=2, shard_info=info)
        for row in rows.as_numpy_iterator():
            sides = (row[f"{side}_pretokenized"].decode() for side in ("inputs", "targets"))
            found[row["id"].decode()] = list(sides)
    return found


def expected(number, q, options):
    """What plain Python makes of a row, pass 2."""
    row_id = f"row {number}"
    template = TEMPLATES[Draw("template", 3, 0, 2).turn(row_id, len(TEMPLATES))]
    style = OPTION_GRAMMAR[Draw("options", 3, 0, 2).index(row_id, len(OPTION_GRAMMAR))]
    answer = options[-1]
    shown = {"q": q, "answer": answer, "options": style.render(options)}
    inputs = template.render(shown).inputs
    if template.uses_options:
        shown["answer"] = style.answer(options, answer)
    return [inputs, template.render(shown).targets]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_text_is_rendered_as_it_is_by_one_reader_and_by_four(rows, tmp_path):
    write(tmp_path, rows)
    add_task(spec(tmp_path))
    try:
        whole = {f"row {i}": expected(i, *row) for i, row in enumerate(rows)}
        assert texts("any_text", 1) == whole
        assert texts("any_text", 4) == whole
    finally:
        remove("any_text")


WORKER = """
import json, sys
from pathlib import Path
from flan_mix.registry import add_task
from tests.registry.test_workers import spec, texts
add_task(spec(Path(sys.argv[1])))
shards, index = int(sys.argv[2]), int(sys.argv[3])
print("RENDERED" + json.dumps([texts(f"any_text{v}", shards, index) for v in ("", ".few_shot")]))
"""


@pytest.mark.slow
def test_four_processes_render_what_one_does(tmp_path):
    odd = ("{}", "a\nb", "", "\u00fc\U0001f600", "plain")
    rows = [(f"{odd[i % 5]} {i}", [odd[i % 4], f"answer {i}"]) for i in range(120)]
    write(tmp_path, rows)

    def work(shards, index):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": str(index + 1),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        command = [sys.executable, "-c", WORKER, str(tmp_path), str(shards), str(index)]
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr[-2000:]
        return json.loads(result.stdout.partition("RENDERED")[2])

    plain, few_shot = work(1, 0)
    assert plain == {f"row {i}": expected(i, *row) for i, row in enumerate(rows)}
    parts = [work(4, index) for index in range(4)]
    for number, whole in enumerate((plain, few_shot)):
        joined = {}
        for part in parts:
            assert part[number] and not joined.keys() & part[number].keys()
            joined |= part[number]
        assert joined == whole
