"""What a row becomes stays what it was: whoever changes it must raise RENDERING_VERSION."""

import hashlib

import pytest

from flan_mix.registry import add_task
from flan_mix.templates import RENDERING_VERSION, Template

pytest.importorskip("seqio")
from flan_mix.registry.rendering import render

# RENDERING_VERSION -> hash of ids and texts. Add a line with the version, never edit one.
KNOWN = {
    1: "928574e7015010c79b5a525235b8c21a4fd5e9a27384e06acef6987565c9f809",
    2: "68326a79fd419066ec520dd5206b45fc40873b94107f39f4922046208fa1ae06",
    3: "dd326096875be3f4fe0a89e11999116233bd9d50210598a761996bb4c7cc1bb0",
}


def test_rendered_bytes_are_those_of_the_rendering_version(make_spec):
    rows = [{"q": f"why {i} {{x}}?\n", "a": "ŷes" if i % 3 else "no"} for i in range(50)]
    spec = make_spec(
        [*rows, rows[0]],
        fields=lambda row: {**row, "options": ["ŷes", "no"], "answer": row["a"]},
        templates=[Template("{q}{{}}\n{options}", "{answer}"), Template("{a}", "{q}")],
        cap=30,
        seed=11,
    )
    add_task(spec)
    digest = hashlib.sha256()
    for name in ("toy", "toy.few_shot"):
        for pass_index in (0, 1):
            for example in render(name, "train", seed=7, pass_index=pass_index):
                digest.update(repr(example).encode())
    assert digest.hexdigest() == KNOWN[RENDERING_VERSION]
