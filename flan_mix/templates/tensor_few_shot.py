"""Draws exemplars for a batch of queries and sets out prompts, with TensorFlow operations.

Everything is drawn by hash of the query's id from a pool that is the same on every worker, so a
prompt depends on nothing else. A pool row that is the query, or asks the very same, is never taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flan_mix.templates.few_shot import FewShot, ShotStyle
from flan_mix.templates.tensor_draws import Drawer


@dataclass(frozen=True)
class ExemplarPool:
    """The rows that exemplars are taken from, as tensors.

    rows: what a renderer takes, [pool, …]. keys: int64 [pool], equal for rows that ask the same.
    label_starts, label_sizes: where the rows of each answer lie, if they are sorted by answer.
    """

    rows: dict[str, Any]
    keys: Any
    label_starts: Any
    label_sizes: Any
    size: int


def draw_exemplars(
    few_shot: FewShot, pool: ExemplarPool, draw: Drawer, ids: Any, keys: Any
) -> tuple[Any, Any]:
    """Which pool rows each query gets: (int64 [batch, most], the nearest to the query first;
    int64 [batch], how many of them are taken)."""
    import tensorflow as tf

    drawn = _candidates(few_shot, pool, draw, ids)
    drawn_keys = tf.gather(pool.keys, drawn)
    valid = drawn_keys != keys[:, tf.newaxis]
    valid &= tf.gather(pool.rows["id"], drawn) != ids[:, tf.newaxis]
    same = drawn_keys[:, :, tf.newaxis] == drawn_keys[:, tf.newaxis, :]
    count = few_shot.candidates
    earlier = tf.constant([[other < one for other in range(count)] for one in range(count)])
    valid &= ~tf.reduce_any(same & earlier & valid[:, tf.newaxis, :], axis=2)
    place = tf.range(count)
    order = tf.argsort(tf.where(valid, place, place + count), axis=1)[:, : few_shot.most]
    wanted = few_shot.fewest + draw("shots").index(ids, few_shot.most - few_shot.fewest + 1)
    there = tf.reduce_sum(tf.cast(valid, tf.int64), axis=1)
    return tf.gather(drawn, order, batch_dims=1), tf.minimum(wanted, there)


def _candidates(few_shot: FewShot, pool: ExemplarPool, draw: Drawer, ids: Any) -> Any:
    """Pool rows to choose from: int64 [batch, candidates]."""
    import tensorflow as tf

    numbers = range(few_shot.candidates)
    ranks = tf.stack([draw(f"exemplar_{j}").rank(ids) for j in numbers], axis=1)
    if not few_shot.balance_labels:
        return ranks % pool.size
    labels = tf.size(pool.label_sizes, tf.int64)
    first = draw("exemplar_label").rank(ids) % labels
    label = (first[:, tf.newaxis] + tf.range(few_shot.candidates, dtype=tf.int64)) % labels
    return tf.gather(pool.label_starts, label) + ranks % tf.gather(pool.label_sizes, label)


def set_out(styles: Sequence[ShotStyle], style: Any, query: Any, inputs: Any, targets: Any) -> Any:
    """Prompts with 0, 1, …, most exemplars: string [batch, most + 1].

    style: int [batch]. query: string [batch]. inputs, targets: of exemplars, string [batch, most],
    the nearest to the query first; the farthest is what a prompt with fewer of them leaves out.
    """
    import tensorflow as tf

    def part(name: str) -> Any:
        return tf.gather(tf.constant([getattr(each, name) for each in styles]), style)

    before_inputs, before_target = part("before_inputs"), part("before_target")
    separator, opening = part("separator"), part("opening")
    shown = tf.strings.join([before_inputs, query, part("query_end")])
    prompts = [query]
    for exemplar in range(inputs.shape[1]):
        text = [before_inputs, inputs[:, exemplar], before_target, targets[:, exemplar], separator]
        shown = tf.strings.join([*text, shown])
        prompts.append(tf.strings.join([opening, shown]))
    return tf.stack(prompts, axis=1)
