"""The plan's memory and communication beside XLA's own analysis of the compiled step."""

import json
import subprocess
import sys

import pytest

CONFIG = {
    "vocab_size": 1024,
    "emb_dim": 128,
    "num_heads": 4,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "head_dim": 32,
    "mlp_dim": 256,
    "mlp_activations": ["gelu", "linear"],
}
WIDE = {"emb_dim": 512, "mlp_dim": 1024, "num_heads": 8, "head_dim": 64}
SETTING = {"data": 1, "model": 1, "rows": 8, "inputs": 128, "targets": 32, "parts": 1}


def compiled(config=None, **setting):
    given = {**SETTING, **setting, "config": {**CONFIG, **(config or {})}}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.runs.compile_step", json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        {"config": {"num_encoder_layers": 1, "num_decoder_layers": 1, "vocab_size": 256}},
        {},
        {"rows": 4, "inputs": 256, "targets": 64},
        {"rows": 16, "parts": 4},
        {"config": WIDE, "rows": 2, "inputs": 32, "targets": 16},
        {"data": 4, "model": 2, "rows": 16},
    ],
    ids=["one layer", "short", "long", "microbatches", "mostly parameters", "mesh 4x2"],
)
def test_peak_is_within_a_tenth_of_xlas(setting):
    found = compiled(**setting)
    xla = found["arguments"] + found["temporary"]
    assert found["arguments"] + found["planned"] == pytest.approx(xla, rel=0.1)


@pytest.mark.slow
def test_all_reduced_bytes_are_xlas_to_the_byte():
    found = compiled(data=4, model=2, rows=16)
    assert found["planned_sent"] == found["sent"]
