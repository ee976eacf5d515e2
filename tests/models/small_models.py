"""Small models and random packed batches for tests that need no golden numbers."""

import functools

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from flan_mix.models import T5Config, Transformer, abstract_params, apply

T5_1_1 = {"mlp_activations": ("gelu", "linear"), "logits_via_embedding": False}
T5_1_0 = {"mlp_activations": ("relu",), "logits_via_embedding": True}


def small_config(**changes) -> T5Config:
    """A T5 1.1 of a few thousand parameters, without dropout."""
    fields = {
        "vocab_size": 40,
        "emb_dim": 16,
        "num_heads": 2,
        "head_dim": 6,
        "num_encoder_layers": 2,
        "num_decoder_layers": 3,
        "mlp_dim": 20,
        "dropout_rate": 0.0,
        **T5_1_1,
    }
    return T5Config(**{**fields, **changes})


def random_flat_params(config: T5Config, seed: int) -> dict[str, np.ndarray]:
    """Parameters by T5X path: projections of unit gain, every scale and bias its own number."""
    random = np.random.default_rng(seed)
    params = {}
    for path, leaf in flatten_dict(abstract_params(Transformer(config)), sep="/").items():
        gain = leaf.shape[0] ** -0.5 if path.endswith("kernel") else 1.0
        offset = 1.0 if path.endswith("scale") else 0.0
        values = offset + random.normal(size=leaf.shape) * (0.1 if offset else gain)
        params[path] = values.astype(np.float32)
    return params


def random_params(config: T5Config, seed: int) -> dict:
    """`random_flat_params` as the nested tree that models take."""
    return unflatten_dict(random_flat_params(config, seed), sep="/")


def random_examples(vocab_size: int, lengths: list[tuple[int, int]], seed: int):
    """Pairs of input and target ids of the given lengths; id 0 may occur as a token."""
    random = np.random.default_rng(seed)
    return [
        (random.integers(0, vocab_size, inputs), random.integers(0, vocab_size, targets))
        for inputs, targets in lengths
    ]


def packed_batch(rows, input_length: int, target_length: int) -> dict[str, np.ndarray]:
    """Rows of examples as one batch under SeqIO's feature names, written independently of data/."""
    batch = {}
    for feature in ("encoder_input_tokens", "encoder_segment_ids"):
        batch[feature] = np.zeros((len(rows), input_length), np.int32)
    for feature in ("input_tokens", "target_tokens", "loss_weights", "segment_ids"):
        batch[f"decoder_{feature}"] = np.zeros((len(rows), target_length), np.int32)
    for row, examples in enumerate(rows):
        i = t = 0
        for segment, (inputs, targets) in enumerate(examples, start=1):
            here = np.s_[row, i : i + len(inputs)]
            batch["encoder_input_tokens"][here] = inputs
            batch["encoder_segment_ids"][here] = segment
            there = np.s_[row, t : t + len(targets)]
            batch["decoder_input_tokens"][there] = np.concatenate([[0], targets[:-1]])
            batch["decoder_target_tokens"][there] = targets
            batch["decoder_loss_weights"][there] = 1
            batch["decoder_segment_ids"][there] = segment
            i, t = i + len(inputs), t + len(targets)
    return batch


@functools.partial(jax.jit, static_argnums=0)
def logits_of(config: T5Config, params, batch, dropout_rng=None):
    """`apply`, compiled once per configuration and shape, as tests call it often."""
    return apply(Transformer(config), params, batch, dropout_rng)
