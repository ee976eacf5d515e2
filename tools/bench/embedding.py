"""Reading token vectors and the gradient of their table: gather and scatter, beside other ways.

    python -m tools.bench.embedding

Forward and backward of the table alone, in turns in one process (`tools.bench.turns`): `scatter`,
the gradient that autodiff gives a gather, which is what the model does; `segment sum`, the same
rows sorted by token first; `one-hot`, a product with the tokens' one-hot vectors, as T5X has it,
which slows what comes after it in a turn, and so is measured only if asked for. Tokens are drawn as
in text, the n-th most frequent with probability in proportion to 1/n, so that rows meet. Prints a
Markdown table and JSON.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES
from tools.bench.turns import summary, take_turns

Array = jax.Array
Way = Callable[[Array, Array], Array]


def gathered(table: Array, tokens: Array) -> Array:
    """[tokens, features]; its gradient is a scatter."""
    return jnp.take(table, tokens, axis=0, mode="fill")


def one_hot(table: Array, tokens: Array) -> Array:
    """[tokens, features]; its gradient is a product."""
    return jnp.dot(jax.nn.one_hot(tokens, table.shape[0], dtype=table.dtype), table)


@jax.custom_vjp
def sorted_sum(table: Array, tokens: Array) -> Array:
    """[tokens, features]; its gradient sorts the rows by token and sums neighbours."""
    return gathered(table, tokens)


def _forward(table: Array, tokens: Array):
    return gathered(table, tokens), (tokens, table)


def _backward(kept, of_rows: Array):
    tokens, table = kept
    order = jnp.argsort(tokens)
    of_table = jax.ops.segment_sum(
        of_rows[order], tokens[order], table.shape[0], indices_are_sorted=True
    )
    return of_table, None


sorted_sum.defvjp(_forward, _backward)

SCATTER = "scatter"
WAYS: dict[str, Way] = {SCATTER: gathered, "segment sum": sorted_sum, "one-hot": one_hot}


def compare(size: str, tokens: int, ways: Sequence[str], turns: int) -> list[dict[str, Any]]:
    """A row of the table for each way; all give the gradient of `scatter`, which is checked."""
    vocab_size, features = SIZES[size]["vocab_size"], SIZES[size]["emb_dim"]
    random = np.random.default_rng(0)
    frequency = 1 / np.arange(1, vocab_size + 1)
    drawn = random.choice(vocab_size, tokens, p=frequency / frequency.sum())
    ids = jnp.asarray(random.permutation(vocab_size)[drawn], jnp.int32)
    table = jnp.asarray(random.normal(size=(vocab_size, features)), jnp.float32)
    of_rows = jnp.asarray(random.normal(size=(tokens, features)), jnp.float32)
    gradients = {way: jax.jit(_gradient_of(read)) for way, read in WAYS.items() if way in ways}
    first = jax.jit(_gradient_of(gathered))(table, ids, of_rows)
    for gradient in gradients.values():
        np.testing.assert_allclose(gradient(table, ids, of_rows), first, rtol=1e-3, atol=1e-3)
    measured = take_turns(
        {
            way: lambda gradient=gradient: gradient(table, ids, of_rows).block_until_ready()
            for way, gradient in gradients.items()
        },
        turns,
    )
    return [{"way": way, **summary(runs, measured[ways[0]])} for way, runs in measured.items()]


def _gradient_of(read: Way) -> Callable[[Array, Array, Array], Array]:
    """The gradient of sum(rows · of_rows) over the table, the rows read again for it."""

    def gradient(table: Array, ids: Array, of_rows: Array) -> Array:
        rows, pull_back = jax.vjp(lambda table: read(table, ids), table)
        # The rows take part, or reading them would be left out as unused.
        return pull_back(of_rows + 1e-30 * rows)[0]

    return gradient


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="The embedding and its gradient.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--tokens", type=int, nargs="+", default=[2560, 16384])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[SCATTER, "segment sum"])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    arguments = parser.parse_args()
    print(f"| tokens | way | ms (range) | processor ms | {arguments.ways[0]} / this |")
    print("|--:|---|--:|--:|--:|")
    results = []
    for tokens in arguments.tokens:
        for row in compare(arguments.size, tokens, arguments.ways, arguments.turns):
            low, high = row["seconds_range"]
            print(
                f"| {tokens:,} | {row['way']} | {row['seconds'] * 1e3:.1f} "
                f"({low * 1e3:.1f}-{high * 1e3:.1f}) | {row['processor_seconds'] * 1e3:.1f} "
                f"| {row['times_faster']:.2f} |",
                flush=True,
            )
            results.append({"tokens": tokens, **row})
    report = {
        "benchmark": "embedding",
        "size": arguments.size,
        "environment": describe_environment(("jax", "jaxlib", "numpy")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
