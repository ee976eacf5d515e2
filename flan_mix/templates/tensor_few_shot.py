"""Draws exemplars for a batch of queries and sets out prompts, with TensorFlow operations.

Everything is drawn by hash of the query's id from a pool that is the same on every worker, so a
prompt depends on nothing else. A pool row that is the query, or asks the very same, is never taken.
What is the same is told by keys, one for each template: of all that its inputs show, whatever the
case of letters, the spaces and the order of options; and of the same with the answer in place of
the options, for other options make no other answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flan_mix.templates.few_shot import FewShot, ShotStyle
from flan_mix.templates.tensor_draws import Drawer


@dataclass(frozen=True)
class ExemplarPool:
    """The rows that exemplars are taken from, as tensors.

    rows: what a renderer takes, [pool, …]. keys: int64 [pool, 2 * templates], of `template_keys`:
    equal for rows that ask the same in a template's words.
    label_starts, label_sizes: where the rows of each answer lie, if they are sorted by answer.
    """

    rows: dict[str, Any]
    keys: Any
    label_starts: Any
    label_sizes: Any
    size: int


class Queries(NamedTuple):
    """What exemplars are drawn for.

    ids: string [batch]. template: int64 [batch]. keys: int64 [batch, 2 * templates], as in a pool.
    """

    ids: Any
    template: Any
    keys: Any


class Exemplars(NamedTuple):
    """Which pool rows each query gets, the nearest to the query first.

    rows: int64 [batch, most]. templates: int64 [batch, most], of each. shots: int64 [batch], how
    many of them are taken.
    """

    rows: Any
    templates: Any
    shots: Any


def draw_exemplars(
    few_shot: FewShot,
    pool: ExemplarPool,
    draw: Drawer,
    queries: Queries,
    mixed: Sequence[int],
) -> Exemplars:
    """Draws exemplars; mixed: the templates to draw theirs from, where they have their own."""
    import tensorflow as tf

    count = few_shot.candidates
    drawn = _candidates(few_shot, pool, draw, queries.ids)
    asking = tf.repeat(queries.template[:, tf.newaxis], count, axis=1)
    theirs = asking
    if few_shot.mixed_templates:
        theirs = _own_templates(few_shot, draw, queries.ids, mixed)
    keys = _key(pool, drawn, asking)
    valid = tf.gather(pool.rows["id"], drawn) != queries.ids[:, tf.newaxis]
    # The same neither in the query's words nor in the exemplar's, nor with the answer for options.
    answered = pool.keys.shape[1] // 2
    for words in (asking, theirs, asking + answered, theirs + answered):
        valid &= _key(pool, drawn, words) != tf.gather(queries.keys, words, batch_dims=1)
    same = keys[:, :, tf.newaxis] == keys[:, tf.newaxis, :]
    earlier = tf.constant([[other < one for other in range(count)] for one in range(count)])
    valid &= ~tf.reduce_any(same & earlier & valid[:, tf.newaxis, :], axis=2)
    place = tf.range(count)
    order = tf.argsort(tf.where(valid, place, place + count), axis=1)[:, : few_shot.most]
    wanted = few_shot.fewest + draw("shots").index(queries.ids, few_shot.most - few_shot.fewest + 1)
    there = tf.reduce_sum(tf.cast(valid, tf.int64), axis=1)
    return Exemplars(
        tf.gather(drawn, order, batch_dims=1),
        tf.gather(theirs, order, batch_dims=1),
        tf.minimum(wanted, there),
    )


def _key(pool: ExemplarPool, rows: Any, templates: Any) -> Any:
    """The keys of pool rows under templates, both int64 [batch, n]: int64 [batch, n]."""
    import tensorflow as tf

    return tf.gather_nd(pool.keys, tf.stack([rows, templates], axis=-1))


def _own_templates(few_shot: FewShot, draw: Drawer, ids: Any, numbers: Sequence[int]) -> Any:
    """A template for each candidate: int64 [batch, candidates]."""
    import tensorflow as tf

    drawn = [
        draw(f"exemplar_template_{place}").index(ids, len(numbers))
        for place in range(few_shot.candidates)
    ]
    return tf.gather(tf.constant(numbers, tf.int64), tf.stack(drawn, axis=1))


def _candidates(few_shot: FewShot, pool: ExemplarPool, draw: Drawer, ids: Any) -> Any:
    """Pool rows to choose from: int64 [batch, candidates]."""
    import tensorflow as tf

    numbers = range(few_shot.candidates)
    ranks = tf.stack([draw(f"exemplar_{j}").rank(ids) for j in numbers], axis=1)
    labels = tf.size(pool.label_sizes, tf.int64)
    first = draw("exemplar_label").rank(ids) % labels
    if pool.size <= few_shot.candidates:
        order = _whole_pool(few_shot, pool, ranks[:, : pool.size], first)
        return tf.gather(order, [j % pool.size for j in numbers], axis=1)
    if not few_shot.balance_labels:
        return ranks % pool.size
    label = (first[:, tf.newaxis] + tf.range(few_shot.candidates, dtype=tf.int64)) % labels
    return tf.gather(pool.label_starts, label) + ranks % tf.gather(pool.label_sizes, label)


def _whole_pool(few_shot: FewShot, pool: ExemplarPool, ranks: Any, first: Any) -> Any:
    """All rows of a small pool in a drawn order, int64 [batch, pool]: independent draws would take
    some twice and miss others. ranks: int64 [batch, pool]. first: the label to begin with."""
    import tensorflow as tf

    if few_shot.balance_labels:
        labels = tf.size(pool.label_sizes, tf.int64)
        label = tf.repeat(tf.range(labels), pool.label_sizes)
        is_before = ranks[:, tf.newaxis, :] < ranks[:, :, tf.newaxis]
        of_label = is_before & (label[:, tf.newaxis] == label)
        rounds = tf.reduce_sum(tf.cast(of_label, tf.int64), axis=2)
        ranks = rounds * labels + (label - first[:, tf.newaxis]) % labels
    return tf.cast(tf.argsort(ranks, axis=1, stable=True), tf.int64)


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


def first_shots(exemplars: Any, shots: Any) -> Any:
    """Ids of exemplars string [batch, most], emptied beyond the first `shots` int64 [batch]."""
    import tensorflow as tf

    place = tf.range(exemplars.shape[1], dtype=tf.int64)
    return tf.where(place < shots[:, tf.newaxis], exemplars, "")
