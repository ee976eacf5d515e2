"""Keys that tell which rows ask the same, with TensorFlow operations, for the guard of few-shot
prompts.

A key is a hash of what the inputs of one template show of a row. Letters' case, spaces and the
order of options make no difference: an exemplar that differs in these alone gives the answer away.
So does one of other options and the same answer, which a second key tells. Of a dialogue the first
turns count, for datasets give one conversation in several lengths.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flan_mix.templates.dialogue import DIALOGUE_FIELDS, KNOWN_BY_TURNS
from flan_mix.templates.draw import RANKS
from flan_mix.templates.template import Template

# T5's vocabulary writes a no-break space, and an ideographic one, as a space too.
_SPACES = r"[\s\p{Z}]+"


def template_keys(
    templates: Sequence[Template], rows: Mapping[str, Any], columns: Mapping[str, int]
) -> Any:
    """The keys of every row under every template: int64 [batch, 2 * templates].

    First those of all that is shown, then those with the answer in place of the options; for
    templates that show no options, or nothing else, they are the first ones again.
    rows: as a renderer takes them. columns: field -> its column of `rows["texts"]`.
    """
    import tensorflow as tf

    names = sorted(columns)
    hashes = [_hash(rows["texts"][:, columns[name]], place) for place, name in enumerate(names)]
    shown = [[name in template.input_fields for template in templates] for name in names]
    answered = list(shown)
    if any(template.uses_options for template in templates):
        options = rows["options"]
        each = options.with_flat_values(_hash(options.flat_values, len(names)))
        hashes += [tf.reduce_sum(each, axis=1), _hash(rows["answer"], len(names) + 2)]
        listed = ["options" in template.input_fields for template in templates]
        beside = [one and len(t.input_fields) > 1 for one, t in zip(listed, templates, strict=True)]
        shown += [listed, [False] * len(templates)]
        answered += [[one and not b for one, b in zip(listed, beside, strict=True)], beside]
    if any(template.fields & DIALOGUE_FIELDS for template in templates):
        first = rows["turns"][:, :KNOWN_BY_TURNS]
        turns = tf.strings.reduce_join(first, -1, separator="\x1e")
        hashes.append(_hash(turns, len(names) + 1))
        told = [bool(template.input_fields & DIALOGUE_FIELDS) for template in templates]
        shown, answered = [*shown, told], [*answered, told]
    if not hashes:
        return tf.zeros([tf.size(rows["id"]), 2 * len(templates)], tf.int64)
    # A sum of hashes, each of a field under its own key, is a hash of all; it may wrap around.
    weights = np.concatenate([np.array(shown, np.int64), np.array(answered, np.int64)], axis=1)
    return tf.matmul(tf.stack(hashes, axis=1), tf.constant(weights))


def _hash(texts: Any, key: int) -> Any:
    """Hashes of texts without case and spaces: int64 of their shape."""
    import tensorflow as tf

    plain = tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), _SPACES, " ")
    return tf.strings.to_hash_bucket_strong(tf.strings.strip(plain), RANKS, key=[key, 0])
