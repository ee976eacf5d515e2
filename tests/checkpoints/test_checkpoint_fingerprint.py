"""A checkpoint is told from another one at the same place, and knows its copies."""

import json
import os
import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from flan_mix.checkpoints import checkpoint_fingerprint
from flan_mix.training import parameter_fingerprint


def test_a_copy_has_the_same_fingerprint_and_one_saved_again_another(tmp_path: Path):
    first = tmp_path / "checkpoint_2"
    (first / "state").mkdir(parents=True)
    (first / "_CHECKPOINT_METADATA").write_text(json.dumps({"commit_timestamp_nsecs": 1}))
    shutil.copytree(first, tmp_path / "copy")
    before = checkpoint_fingerprint(first)
    assert before == checkpoint_fingerprint(tmp_path / "copy")
    assert before == checkpoint_fingerprint(first.as_uri())
    (first / "_CHECKPOINT_METADATA").write_text(json.dumps({"commit_timestamp_nsecs": 2}))
    assert checkpoint_fingerprint(first) != before


def test_a_hugging_face_folder_goes_by_its_weights_and_not_by_what_is_written_beside(
    tmp_path: Path,
):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"first")
    (tmp_path / "config.json").write_text("{}")
    before = checkpoint_fingerprint(tmp_path)
    (tmp_path / "eval" / "0").mkdir(parents=True)
    (tmp_path / "report.html").write_text("")
    assert checkpoint_fingerprint(tmp_path) == before
    os.utime(weights, ns=(1, 1))
    assert checkpoint_fingerprint(tmp_path) != before


def test_a_t5x_checkpoint_of_one_file_has_a_fingerprint(tmp_path: Path):
    file = tmp_path / "model"
    file.write_bytes(b"one")
    before = checkpoint_fingerprint(file)
    file.write_bytes(b"three")
    assert before and checkpoint_fingerprint(file) != before


def test_parameters_are_known_by_their_bits():
    params = {"kernel": jnp.arange(6.0).reshape(2, 3), "scale": jnp.ones(3)}
    same = {
        "kernel": jnp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "scale": jnp.ones(3),
    }
    assert parameter_fingerprint(params) == parameter_fingerprint(same)
    smallest = np.nextafter(np.float32(1), np.float32(2))
    changed = {**params, "scale": params["scale"].at[1].set(smallest)}
    assert parameter_fingerprint(changed) != parameter_fingerprint(params)
