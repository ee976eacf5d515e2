"""A train step and greedy decoding beside Hugging Face Transformers' T5, on the same shapes.

    python -m tools.bench.peers

Needs torch and transformers, which are no requirements of the product. Both sides have a T5 1.1 of
the same size with random parameters, take the same batch of random tokens, every position real,
dropout 0.1, and Adafactor with a constant rate; they run in turns in one process
(`tools.bench.turns`), each first once uncounted. Transformers runs with SDPA and with eager
attention, in float32 on CPU, under bfloat16 autocast on a GPU. FLOPs and the matmul they are set
against: see `tools.bench.train_step`.
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # The other side needs memory too.

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.inference import Generator
from flan_mix.models import T5Config, Transformer, init_params
from flan_mix.training import LossConfig
from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES
from tools.bench.train_step import MATMUL_SIZE, OURS, Way, train_flops
from tools.bench.training_setup import full_batch
from tools.bench.turns import Timed, summary, take_turns

ANSWER_TOKENS = 64
ATTENTIONS = ("sdpa", "eager")
LEARNING_RATE = 1e-3


class TransformersSide:
    """Transformers' model, one batch, and what is timed of them.

    compiled: through torch.compile. Raises ImportError where torch or transformers is missing.
    """

    def __init__(
        self,
        config: T5Config,
        shape: tuple[int, int, int],
        attention: str,
        *,
        compiled: bool = False,
    ):
        import torch
        from transformers import T5Config as TheirConfig
        from transformers import T5ForConditionalGeneration
        from transformers.optimization import Adafactor

        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(0)
        their_config = TheirConfig(
            vocab_size=config.vocab_size,
            d_model=config.emb_dim,
            d_kv=config.head_dim,
            d_ff=config.mlp_dim,
            num_layers=config.num_encoder_layers,
            num_decoder_layers=config.num_decoder_layers,
            num_heads=config.num_heads,
            dropout_rate=config.dropout_rate,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
            decoder_start_token_id=0,
        )
        with torch.device(self._device):
            model = T5ForConditionalGeneration._from_config(
                their_config, attn_implementation=attention
            )
        self._model = model.to(self._device)
        self._forward = torch.compile(self._model) if compiled else self._model
        self._optimizer = Adafactor(
            self._model.parameters(), lr=LEARNING_RATE, relative_step=False, scale_parameter=True
        )
        batch = full_batch(*shape, config.vocab_size)
        self.take(batch["encoder_input_tokens"], batch["decoder_target_tokens"])

    def take(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """The batch from now on: token ids, padding is 0."""
        self._inputs, labels = (
            self._torch.as_tensor(tokens.astype(np.int64), device=self._device)
            for tokens in (inputs, targets)
        )
        self._labels = labels.masked_fill(labels == 0, -100)
        # Without a mask Transformers takes every position for real, and that is the faster way.
        self._mask = None if inputs.all() else (self._inputs != 0).long()

    def step(self) -> None:
        """One update."""
        self._model.train()
        with self._in_compute_dtype():
            loss = self._forward(
                input_ids=self._inputs, attention_mask=self._mask, labels=self._labels
            ).loss
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._wait()

    def decode(self) -> None:
        """Greedy answers of ANSWER_TOKENS tokens to the batch's inputs."""
        self._model.eval()
        with self._torch.no_grad(), self._in_compute_dtype():
            self._model.generate(
                input_ids=self._inputs,
                attention_mask=self._torch.ones_like(self._inputs),
                max_new_tokens=ANSWER_TOKENS,
                min_new_tokens=ANSWER_TOKENS,
                do_sample=False,
                num_beams=1,
            )
        self._wait()

    def peak_bytes(self) -> int | None:
        """The most that torch has held on the GPU."""
        return self._torch.cuda.max_memory_allocated() if self._device == "cuda" else None

    def _in_compute_dtype(self) -> Any:
        enabled = self._device == "cuda"
        return self._torch.autocast(self._device, self._torch.bfloat16, enabled=enabled)

    def _wait(self) -> None:
        if self._device == "cuda":
            self._torch.cuda.synchronize()


def compare(
    config: T5Config, shape: tuple[int, int, int], turns: int, what: str
) -> list[dict[str, Any]]:
    """Rows for ours and theirs; what: "step" or "decode"."""
    ways = our_side(config, shape, what)
    for attention in ATTENTIONS:
        side = TransformersSide(config, shape, attention)
        ways[f"Transformers, {attention}"] = side.step if what == "step" else side.decode
    square = jnp.ones((MATMUL_SIZE, MATMUL_SIZE), config.dtype)
    matmul = jax.jit(jnp.matmul)
    ways["matmul"] = lambda: matmul(square, square).block_until_ready()
    measured = take_turns(ways, turns)
    matmuls = measured.pop("matmul")
    return [
        {"what": what, "way": way, **_row(timed, measured[OURS], matmuls, config, shape, what)}
        for way, timed in measured.items()
    ]


def our_side(
    config: T5Config, shape: tuple[int, int, int], what: str
) -> dict[str, Callable[[], Any]]:
    """What is timed of ours."""
    if what == "step":
        return {OURS: Way(OURS, config, LossConfig(), full_batch(*shape, config.vocab_size))}
    model = Transformer(config)
    generator = Generator(
        model,
        jax.jit(init_params, static_argnums=0)(model, jax.random.key(0)),
        batch_size=shape[0],
        max_decode_length=ANSWER_TOKENS,
        eos_id=-1,  # No token ends an answer.
    )
    inputs = full_batch(*shape, config.vocab_size)["encoder_input_tokens"].tolist()
    return {OURS: lambda: generator.generate(inputs)}


def _row(
    timed: Sequence[Timed],
    ours: Sequence[Timed],
    matmuls: Sequence[Timed],
    config: T5Config,
    shape: tuple[int, int, int],
    what: str,
) -> dict[str, Any]:
    row = summary(timed, ours)
    row["seconds_over_ours"] = statistics.median(
        t.seconds / o.seconds for t, o in zip(timed, ours, strict=True)
    )
    row["matmul_seconds"] = statistics.median(m.seconds for m in matmuls)
    row["in_matmuls"] = row["seconds"] / row["matmul_seconds"]
    if what == "step":
        flops = train_flops(config, full_batch(*shape, config.vocab_size))
        row["mfu"] = flops / (2 * MATMUL_SIZE**3) / row["in_matmuls"]
    return row


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown."""
    lines = [
        "| what | way | seconds (range) | processor s | this / ours | in matmuls "
        "| of the matmul's rate |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        low, high = row["seconds_range"]
        mfu = f"{row['mfu']:.0%}" if "mfu" in row else ""
        lines.append(
            f"| {row['what']} | {row['way']} | {row['seconds']:.2f} ({low:.2f}-{high:.2f}) "
            f"| {row['processor_seconds']:.2f} | {row['seconds_over_ours']:.2f} "
            f"| {row['in_matmuls']:.1f} | {mfu} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Beside Hugging Face Transformers' T5.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=128)
    parser.add_argument("--dtype", default="float32", help="of ours; bfloat16 on a GPU")
    parser.add_argument("--what", nargs="+", choices=("step", "decode"), default=["step", "decode"])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    arguments = parser.parse_args()
    config = T5Config(
        mlp_activations=("gelu", "linear"), dtype=arguments.dtype, **SIZES[arguments.size]
    )
    shape = (arguments.rows, arguments.inputs, arguments.targets)
    results = []
    for what in arguments.what:
        results += compare(config, shape, arguments.turns, what)
    print(table(results), flush=True)
    versions = ("jax", "flax", "torch", "transformers")
    report = {
        "benchmark": "peers",
        "size": arguments.size,
        "shape": shape,
        "turns": arguments.turns,
        "environment": describe_environment(versions),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
