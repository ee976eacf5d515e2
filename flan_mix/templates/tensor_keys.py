"""Keys that tell which rows ask the same, with TensorFlow operations, for the guard of few-shot
prompts.

A key is a hash of what the inputs of one template show of a row. Letters' case, spaces and the
order of options make no difference: an exemplar that differs in these alone gives the answer away.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flan_mix.templates.dialogue import DIALOGUE_FIELDS
from flan_mix.templates.draw import RANKS
from flan_mix.templates.template import Template

# T5's vocabulary writes a no-break space, and an ideographic one, as a space too.
_SPACES = r"[\s\p{Z}]+"


def template_keys(
    templates: Sequence[Template], rows: Mapping[str, Any], columns: Mapping[str, int]
) -> Any:
    """The key of every row under every template: int64 [batch, templates].

    rows: as a renderer takes them. columns: field -> its column of `rows["texts"]`.
    """
    import tensorflow as tf

    names = sorted(columns)
    hashes = [_hash(rows["texts"][:, columns[name]], place) for place, name in enumerate(names)]
    shown = [[name in template.input_fields for template in templates] for name in names]
    if any(template.uses_options for template in templates):
        options = rows["options"]
        each = options.with_flat_values(_hash(options.flat_values, len(names)))
        hashes.append(tf.reduce_sum(each, axis=1))
        shown.append(["options" in template.input_fields for template in templates])
    if any(template.fields & DIALOGUE_FIELDS for template in templates):
        turns = tf.strings.reduce_join(rows["turns"], -1, separator="\x1e")
        hashes.append(_hash(turns, len(names) + 1))
        shown.append([bool(template.input_fields & DIALOGUE_FIELDS) for template in templates])
    if not hashes:
        return tf.zeros([tf.size(rows["id"]), len(templates)], tf.int64)
    # A sum of hashes, each of a field under its own key, is a hash of all; it may wrap around.
    return tf.matmul(tf.stack(hashes, axis=1), tf.constant(np.array(shown, np.int64)))


def _hash(texts: Any, key: int) -> Any:
    """Hashes of texts without case and spaces: int64 of their shape."""
    import tensorflow as tf

    plain = tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), _SPACES, " ")
    return tf.strings.to_hash_bucket_strong(tf.strings.strip(plain), RANKS, key=[key, 0])
