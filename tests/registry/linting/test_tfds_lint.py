"""Lint looks at rows of a TFDS dataset where it is prepared, and downloads none."""

import pytest

from flan_mix.registry import TfdsSource
from tests.registry.linting.lint_kinds import kinds, make_spec, with_template

RTE = TfdsSource("super_glue/rte:1.0.2", {"train": "train"})


def labels(*names):
    """Fields with an answer of these options, and an option list of the right ones."""

    def fields(row):
        import tensorflow as tf

        answer = tf.gather(tf.constant(names), row["label"] % 2)
        options = tf.constant(["yes", "no"])
        return {"question": row["premise"], "answer": answer, "options": options}

    return fields


@pytest.mark.slow
def test_labels_that_are_no_option_are_found_in_rows_of_tfds(monkeypatch):
    seqio = pytest.importorskip("seqio")
    tfds = pytest.importorskip("tensorflow_datasets")
    from flan_mix.registry.seqio_half.tfds_rows import TfdsRows

    monkeypatch.setattr(seqio.LazyTfdsLoader, "_MEMOIZED_BUILDERS", {})
    templates = with_template("{question}\n{options}")
    right = make_spec(source=RTE, templates=templates, fields=labels("yes", "no"))
    wrong = make_spec(source=RTE, templates=templates, fields=labels("yes", "maybe"))
    with tfds.testing.mock_data(num_examples=20):
        assert kinds(right, "note", rows=20) == [("not_read", None)]
        info = tfds.core.SplitInfo(name="train", shard_lengths=[20], num_bytes=0)
        builder = TfdsRows(right).tfds_dataset.builder
        builder.info.set_splits(tfds.core.splits.SplitDict([info]))
        assert "answer_not_an_option" not in dict(kinds(right, rows=20))
        assert "answer_not_an_option" in dict(kinds(wrong, rows=20))
