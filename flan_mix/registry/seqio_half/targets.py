"""What a foreign task's postprocessing makes of a target, kept as text between caching and scoring.

It may be text, a list of answers, a class number or anything else; a cache keeps texts. Plain text
is kept as it is, everything else as JSON behind a mark.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

_MARK = "json:"


def encode_target(target: Any) -> tuple[str, ...]:
    """One text for `target`; none for what JSON cannot hold."""
    plain = _plain(target)
    if isinstance(plain, str) and not plain.startswith(_MARK):
        return (plain,)
    try:
        return (_MARK + json.dumps(plain, ensure_ascii=False),)
    except (TypeError, ValueError):
        return ()


def decode_target(references: Sequence[str]) -> Any:
    """The target that `encode_target` made one text of; any other text stands for itself."""
    text = references[0]
    return json.loads(text.removeprefix(_MARK)) if text.startswith(_MARK) else text


def _plain(value: Any) -> Any:
    """NumPy's values and bytes as JSON has them."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return value
