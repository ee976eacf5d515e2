"""Packed batches equal what SeqIO's own converter makes of the same examples."""

import numpy as np
import pytest

from flan_mix.data.batches import batch_from_rows
from flan_mix.data.packing import pack

LENGTHS = {"inputs": 24, "targets": 12}


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


@pytest.fixture(scope="module")
def seqio():
    return pytest.importorskip("seqio", reason="SeqIO is not installed")


def examples(count: int) -> list[dict[str, list[int]]]:
    """Ids from 2, as SeqIO takes every 0 for padding."""
    random = np.random.default_rng(3)
    return [
        {
            "inputs": [*random.integers(2, 90, random.integers(0, 20)).tolist(), 1],
            "targets": [*random.integers(2, 90, random.integers(0, 9)).tolist(), 1],
        }
        for _ in range(count)
    ]


def converted(tf, seqio, data, pack: bool) -> dict[str, np.ndarray]:
    signature = {name: tf.TensorSpec([None], tf.int32) for name in LENGTHS}
    dataset = tf.data.Dataset.from_generator(lambda: data, output_signature=signature)
    rows = list(seqio.EncDecFeatureConverter(pack=pack)(dataset, LENGTHS).as_numpy_iterator())
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def test_rows_packed_by_seqio_are_the_same_arrays(tf, seqio):
    data = examples(60)
    theirs = converted(tf, seqio, data, pack=True)
    remaining = iter(data)
    segments = theirs["encoder_segment_ids"].max(axis=1).tolist()
    ours = batch_from_rows([[next(remaining) for _ in range(n)] for n in segments], LENGTHS)
    assert next(remaining, None) is None and len(segments) > 10
    assert set(ours) == set(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_unpacked_rows_are_the_same_arrays_inside_segments(tf, seqio):
    """SeqIO also feeds the final EOS to a padding position of the decoder, which has no weight."""
    data = examples(20)
    theirs = converted(tf, seqio, data, pack=False)
    ours = batch_from_rows([[x] for x in data], LENGTHS)
    theirs["decoder_input_tokens"] *= theirs["decoder_loss_weights"]
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_packing_here_needs_fewer_rows_than_seqio(tf, seqio):
    data = examples(400)
    lengths = [np.array([len(x[name]) for x in data]) for name in LENGTHS]
    ours = pack(*lengths, (24, 12), max_rows=len(data)).max() + 1
    assert len(converted(tf, seqio, data, pack=True)["encoder_positions"]) > 1.15 * ours
