"""How many examples tasks have, as far as this machine knows without a download."""

from flan_mix.registry import FileSource, TaskSpec, num_input_examples
from flan_mix.registry.linting.sampled_rows import is_on_disk
from flan_mix.registry.tfds_on_disk import prepared_rows


def known_examples(spec: TaskSpec, split: str) -> int | None:
    """Examples of a split; None where the data is not here or cannot be read.

    Files are read through. Of a TFDS dataset that is prepared, its books are read: rows before the
    task's own filter.
    """
    try:
        if isinstance(spec.source, FileSource):
            there = is_on_disk(spec.source, split)
            return num_input_examples(spec.base_name, split) if there else None
        if spec.source.local_files(split) is not None:
            return num_input_examples(spec.base_name, split)
        rows = prepared_rows(spec.source, split)
    except (OSError, ValueError):
        return None
    capped = rows is not None and spec.cap is not None and split == "train"
    return min(rows, spec.cap) if capped and rows is not None and spec.cap else rows
