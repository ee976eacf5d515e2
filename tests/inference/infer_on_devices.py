"""Run as a program: answers and option scores on a mesh of four CPU devices, as one JSON line.

    python infer_on_devices.py '[null, 1, 2, 4]' '[11]' [PORT PROCESS]

The lists hold numbers of partitions, null for no mesh, and numbers of inputs. With PORT and PROCESS
it is one of two processes of two devices each.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import jax
import numpy as np

BATCH_SIZE = 4
OPTIONS = (4, 1, 0, 2, 5, 4, 4, 3, 3, 4, 2)


def main(
    partitions: list[int | None], counts: list[int], port: int | None, process: int | None
) -> None:
    """Prints what `answers_and_scores` gives for each number of partitions and of inputs."""
    jax.config.update("jax_num_cpu_devices", 4 if port is None else 2)
    if port is not None:
        jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=process)
    found = [[answers_and_scores(number, count) for count in counts] for number in partitions]
    print(json.dumps(found))


def answers_and_scores(num_partitions: int | None, count: int) -> dict[str, Any]:
    """Tokens by way of decoding and scores of options, of `count` inputs in batches of four."""
    from flan_mix.inference import Decoding, Generator, OptionScorer
    from flan_mix.models import Transformer, logical_axes
    from flan_mix.training import Partitioner
    from tests.models.small_models import random_params, small_config

    config = small_config(num_encoder_layers=1, num_decoder_layers=1, num_heads=4)
    model = Transformer(config)
    params, mesh = random_params(config, 1), None
    if num_partitions is not None:
        partitioner = Partitioner(num_partitions=num_partitions)
        mesh = partitioner.mesh
        specs = partitioner.parameter_specs(params, logical_axes(model))
        params = jax.tree.map(
            lambda leaf, sharding: jax.make_array_from_callback(
                leaf.shape, sharding, lambda index: leaf[index]
            ),
            params,
            partitioner.shardings(specs),
        )
    random = np.random.default_rng(0)
    inputs = [random.integers(2, 40, random.integers(1, 48)).tolist() for _ in range(count)]
    options = [
        [random.integers(2, 40, random.integers(1, 9)).tolist() for _ in range(of_input)]
        for of_input in OPTIONS[:count]
    ]
    ways = {
        "greedy": (Decoding(), 9),
        # Long enough for the caches to grow and finished rows to leave.
        "sample": (Decoding(method="sample", num_return=2, temperature=0.8), 110),
        "beam": (Decoding(method="beam", num_beams=3, num_return=2), 9),
    }
    found: dict[str, Any] = {}
    for name, (decoding, longest) in ways.items():
        generator = Generator(model, params, BATCH_SIZE, longest, 7, mesh, decoding)
        found[name] = [[answer.tokens for answer in row] for row in generator.answer(inputs)]
    scores = OptionScorer(model, params, BATCH_SIZE, mesh).score(inputs, options)
    found["scores"] = [of_input.tolist() for of_input in scores]
    return found


if __name__ == "__main__":
    meshes, numbers = map(json.loads, sys.argv[1:3])
    main(meshes, numbers, *(list(map(int, sys.argv[3:])) or [None, None]))
