"""Rows to lint with, of a TFDS source that is on this machine. Loads TensorFlow."""

from flan_mix.registry.field_rows import FieldRow
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.registry.tfds_source import TfdsSource


def tfds_rows(spec: TaskSpec, split: str, rows: int) -> list[FieldRow] | None:
    """The first rows of a split after the task's filter; None where TFDS would have to download.

    Raises TaskError where the fields do not fit.
    """
    from flan_mix.registry.seqio_half.plain_rows import field_row
    from flan_mix.registry.seqio_half.tfds_rows import TfdsRows

    source = TfdsRows(spec)
    assert isinstance(spec.source, TfdsSource)
    if spec.source.local_files(split) is None:
        # TFDS knows the splits of what is prepared only.
        known = source.tfds_dataset.info.splits
        if any(base not in known for base in spec.source.base_splits(split)):
            return None
    dataset = source.get_dataset(split, shuffle=False).take(rows)
    return [field_row(row) for row in dataset.as_numpy_iterator()]
