"""One part of what `tools.bench.gpu` measures, in a process of its own.

    python -m tools.bench.gpu_parts large

Prints lists of rows as JSON lines, the first as soon as our own side is measured; a later line
takes the place of those before. Ways run in turns (`tools.bench.turns`); a way that does not fit
into memory is tried with half the rows, so every row says how many it has. On a machine without a
GPU everything runs too, in bfloat16 on the CPU, slowly: to try it out, with `--rows tiny=2` and the
part `tiny`.
"""

import argparse
import dataclasses
import functools
import itertools
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.data import CachePart, MixtureCache, TokenCache, TrainLoader, trim
from flan_mix.data.mixture_record import load_record
from flan_mix.models import T5Config
from flan_mix.runs.plan_devices import DEVICES
from flan_mix.training import LossConfig
from tools.bench.gpu import rows_of_sizes
from tools.bench.mixture_step import Batch, OnBatches
from tools.bench.packing import shuffled_examples
from tools.bench.peers import ANSWER_TOKENS, ATTENTIONS, TransformersSide, our_side
from tools.bench.t5_sizes import SIZES, t5_1_1_config
from tools.bench.train_step import OURS, Z_LOSS, Way, train_flops
from tools.bench.training_setup import full_batch, tokens_of
from tools.bench.turns import Timed, take_turns

ROWS = {"tiny": 2, "small": 128, "base": 64, "large": 32, "xl": 16, "xxl": 4}
DECODED_ROWS = 64
GROUPED_BATCHES = 50
"""Batches that Transformers' trainer sorts by length together."""
MATMUL_SIZE = 8192

Shape = tuple[int, int, int]
Rows = list[dict[str, Any]]
Emit = Callable[[Rows], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the command line says."""

    inputs: int = 512
    targets: int = 128
    turns: int = 7
    rows: Mapping[str, int] = dataclasses.field(default_factory=dict)
    cache_dir: Path = Path("token_cache")
    mixture: str = "dialogue_summarization"
    mixture_size: str = "base"

    def shape(self, size: str) -> Shape:
        """Rows, inputs and targets of a batch."""
        return self.rows.get(size, ROWS[size]), self.inputs, self.targets

    @property
    def batches(self) -> int:
        """Of the mixture: more than turns, since theirs differ in shape."""
        return 3 * self.turns + 1

    @property
    def lengths(self) -> dict[str, int]:
        """Of a row, by feature."""
        return {"inputs": self.inputs, "targets": self.targets}


def card(settings: Settings, emit: Emit) -> None:
    """What the card is, and a large product's rate."""
    size = MATMUL_SIZE if jax.default_backend() == "gpu" else 512
    square = jax.random.normal(jax.random.key(0), (size, size), jnp.bfloat16)
    matmul = jax.jit(jnp.matmul)
    timed = take_turns({"": lambda: matmul(square, square).block_until_ready()}, settings.turns)[""]
    row = _of_times(f"{jax.devices()[0].device_kind}: {size}-cubed matmul, bfloat16", timed)
    emit([_with_flops(row, 2 * size**3)])


def train(
    size: str, settings: Settings, emit: Emit, *, ways: Sequence[str] = (OURS, *ATTENTIONS)
) -> None:
    """Steps on rows of random tokens, every position real."""
    config, shape = _config(size), settings.shape(size)
    sides: dict[str, tuple[Any, Shape]] = {}
    failed: dict[str, Exception] = {}
    for way in ways:
        try:
            sides[way] = _fewer_rows(functools.partial(_step_side, way, config), shape)
        except Exception as error:  # Of another's library: any; the other ways go on.
            if way == OURS:
                raise
            failed[way] = error
        if way == OURS:
            emit(_step_rows(config, sides, settings.turns))
    emit(_step_rows(config, sides, settings.turns) + _failures(failed))


def _step_side(way: str, config: T5Config, shape: Shape) -> Any:
    """Something with `step` and `peak_bytes`, of which one step was made."""
    if way == OURS:
        side = _OurSide(config, shape)
    else:
        attention, _, compiled = way.partition("+")
        side = TransformersSide(config, shape, attention, compiled=bool(compiled))
    side.step()
    return side


class _OurSide:
    """`Way` under the names of `TransformersSide`."""

    def __init__(self, config: T5Config, shape: Shape):
        batch = full_batch(*shape, config.vocab_size)
        self._way = Way(OURS, config, LossConfig(z_loss=Z_LOSS), batch)
        self.step = self._way

    def peak_bytes(self) -> int:
        """XLA's own account of the compiled step."""
        return self._way.memory()["peak_bytes"]


def _step_rows(config: T5Config, sides: Mapping[str, tuple[Any, Shape]], turns: int) -> Rows:
    measured = take_turns({way: side.step for way, (side, _) in sides.items()}, turns)
    rows = []
    for way, timed in measured.items():
        side, shape = sides[way]
        row = {**_of_times(way, timed), "rows": shape[0]}
        row["sequences_per_second"] = shape[0] / row["seconds"]
        row["tokens_per_second"] = shape[0] * (shape[1] + shape[2]) / row["seconds"]
        row["peak_bytes"] = side.peak_bytes()
        flops = train_flops(config, full_batch(*shape, config.vocab_size))
        rows.append(_with_flops(row, flops))
    return rows


def mixture(settings: Settings, emit: Emit) -> None:
    """Steps on a mixture's own examples; rates are of all turns together, as batches differ."""
    config, shape = _config(settings.mixture_size), settings.shape(settings.mixture_size)
    cache = cached_mixture(settings.cache_dir, settings.mixture)
    loader = TrainLoader(cache, feature_lengths=settings.lengths, batch_size=shape[0], seed=0)
    packed = list(itertools.islice(loader, settings.batches))
    ours = _Counting(OnBatches(OURS, config, packed), shape[0], packed)
    emit(_mixture_rows({OURS: ours}, settings.turns))
    ways, failed = {OURS: ours}, {}
    # As many examples as our rows hold.
    theirs = round(statistics.mean(ours.examples)), settings.inputs, settings.targets
    for attention in ATTENTIONS:
        make = functools.partial(_padded_side, settings, config, cache, attention)
        try:
            ways[attention], _ = _fewer_rows(make, theirs)
        except Exception as error:  # Of another's library: any; the other ways go on.
            failed[attention] = error
    emit(_mixture_rows(ways, settings.batches - 1) + _failures(failed))


class _Counting:
    """A step on batch after batch, and what it has seen: examples and real tokens of each."""

    def __init__(self, step: Callable[[], Any], rows: int, batches: Sequence[Mapping[str, Any]]):
        self._step, self.rows = step, rows
        self.examples = [int(b["decoder_segment_ids"].max(axis=1).sum()) for b in batches]
        self._sizes = itertools.cycle(zip(self.examples, map(tokens_of, batches), strict=True))
        self.seen: list[tuple[int, int]] = []

    def __call__(self) -> None:
        self.seen.append(next(self._sizes))
        self._step()


def _padded_side(
    settings: Settings, config: T5Config, cache: MixtureCache, attention: str, shape: Shape
) -> _Counting:
    """Transformers' steps on batches of so many examples, of which the largest was tried."""
    side = TransformersSide(config, (1, *shape[1:]), attention)
    batches = grouped_by_length(cache, settings.lengths, shape[0], settings.batches)
    pairs = [(b["encoder_input_tokens"], b["decoder_target_tokens"]) for b in batches]
    side.take(*max(pairs, key=lambda pair: pair[0].size))
    side.step()
    following = itertools.cycle(pairs)

    def step() -> None:
        side.take(*next(following))
        side.step()

    return _Counting(step, shape[0], batches)


def _mixture_rows(ways: Mapping[str, _Counting], turns: int) -> Rows:
    rows = []
    for way, timed in take_turns(ways, turns).items():
        examples, tokens = map(sum, zip(*ways[way].seen[-turns:], strict=True))
        seconds = sum(run.seconds for run in timed)
        row = {**_of_times(way, timed), "rows": ways[way].rows}
        row["sequences_per_second"], row["tokens_per_second"] = examples / seconds, tokens / seconds
        rows.append(row)
    return rows


def cached_mixture(folder: Path, name: str, split: str = "train") -> MixtureCache:
    """The only cache of a mixture in a folder, taken as it is: no registry, no vocabulary.

    Raises FileNotFoundError where there is none or several.
    """
    paths = sorted(folder.glob(f"mixtures/{name}-{split}-*.json"))
    record = load_record(paths[0]) if len(paths) == 1 else None
    if record is None:
        raise FileNotFoundError(
            f"{folder} holds {len(paths)} token caches of {name}, {split}; it should be one: "
            "make it with `python -m flan_mix.cache` (docs/benchmarks.md) and give --cache_dir"
        )
    parts = tuple(
        CachePart(
            part.task,
            part.rate,
            tuple(TokenCache.open(folder / directory) for directory in part.directories),
        )
        for part in record.parts
    )
    fingerprint = parts[0].cache.manifest.vocabulary_fingerprint
    return MixtureCache(name, split, parts, fingerprint, record.eos_id)


def grouped_by_length(
    cache: MixtureCache, lengths: Mapping[str, int], rows: int, count: int
) -> list[Batch]:
    """Padded batches as Transformers' `group_by_length` makes them.

    Of 50 batches' examples, shuffled and then sorted by the inputs' length, `count` batches in
    random order; each is as wide as its longest example, in whole eights.
    """
    caches = [part.cache for part in cache.parts]
    order = shuffled_examples(caches, seed=0)[: GROUPED_BATCHES * rows]
    examples = [
        tuple(trim(caches[number][index][name], lengths[name]) for name in ("inputs", "targets"))
        for number, index in order
    ]
    examples.sort(key=lambda example: len(example[0]), reverse=True)
    batches = [examples[first : first + rows] for first in range(0, len(examples), rows)]
    whole = [batch for batch in batches if len(batch) == rows] or batches
    chosen = np.random.default_rng(0).permutation(len(whole))
    return [_padded(whole[i]) for i in itertools.islice(itertools.cycle(chosen), count)]


def _padded(examples: Sequence[tuple[np.ndarray, np.ndarray]]) -> Batch:
    """One example a row, under the names of ours."""
    batch = {}
    names = ("encoder_input_tokens", "decoder_target_tokens")
    for name, rows in zip(names, zip(*examples, strict=True), strict=True):
        width = -(-max(map(len, rows)) // 8) * 8
        batch[name] = np.zeros((len(rows), width), np.int32)
        for row, tokens in enumerate(rows):
            batch[name][row, : len(tokens)] = tokens
        batch[f"{name.split('_')[0]}_segment_ids"] = (batch[name] > 0).astype(np.int32)
    return batch


def decode(settings: Settings, emit: Emit) -> None:
    """Greedy answers of 64 tokens, encoder included."""
    config = _config(settings.mixture_size)
    rows = settings.rows.get("decode", DECODED_ROWS)
    shape = rows, settings.inputs, settings.targets
    ways: dict[str, Callable[[], Any]] = dict(our_side(config, shape, "decode"))
    emit(_decode_rows(take_turns(ways, settings.turns), rows))
    failed: dict[str, Exception] = {}
    for attention in ATTENTIONS:
        try:
            ways[attention] = TransformersSide(config, shape, attention).decode
        except Exception as error:  # Of another's library: any; the other ways go on.
            failed[attention] = error
    emit(_decode_rows(take_turns(ways, settings.turns), rows) + _failures(failed))


def _decode_rows(measured: Mapping[str, Sequence[Timed]], rows: int) -> Rows:
    return [
        {
            **(row := _of_times(way, timed)),
            "rows": rows,
            "sequences_per_second": rows / row["seconds"],
            "tokens_per_second": rows * ANSWER_TOKENS / row["seconds"],
        }
        for way, timed in measured.items()
    ]


def _config(size: str) -> T5Config:
    return dataclasses.replace(t5_1_1_config(size), dtype="bfloat16")


def _fewer_rows(make: Callable[[Shape], Any], shape: Shape) -> tuple[Any, Shape]:
    """`make` of the shape, or of half the rows until it fits into memory; and of how many."""
    rows, inputs, targets = shape
    while True:
        try:
            return make((rows, inputs, targets)), (rows, inputs, targets)
        except Exception as error:  # JAX and torch have a type each for it.
            if rows == 1 or not _is_out_of_memory(error):
                raise
        # Outside of `except`, whose error holds what did not fit.
        rows //= 2


def _is_out_of_memory(error: Exception) -> bool:
    return any(sign in str(error) for sign in ("RESOURCE_EXHAUSTED", "out of memory"))


def _failures(failed: Mapping[str, Exception]) -> Rows:
    """A row for each of their ways that could not be measured."""
    rows = []
    for way, error in failed.items():
        first = (str(error).strip().splitlines() or [""])[0]
        rows.append({"way": _name(way), "failed": f"{type(error).__name__}: {first[:200]}"})
    return rows


def _name(way: str) -> str:
    return f"Transformers, {way}" if way.startswith(ATTENTIONS) else way


def _of_times(way: str, timed: Sequence[Timed]) -> dict[str, Any]:
    seconds = [run.seconds for run in timed]
    return {
        "way": _name(way),
        "is_ours": way == OURS,
        "seconds": statistics.median(seconds),
        "seconds_range": [min(seconds), max(seconds)],
    }


def _with_flops(row: dict[str, Any], flops: float) -> dict[str, Any]:
    row["flops_per_second"] = flops / row["seconds"]
    if (peak := peak_flops(jax.devices()[0].device_kind)) is not None:
        row["mfu"] = row["flops_per_second"] / peak
    return row


def peak_flops(device_kind: str) -> float | None:
    """Dense bfloat16 FLOP/s of a card by the name JAX has for it; None of one not known."""
    words = device_kind.lower().replace("-", " ").split()
    return next((d.peak_flops for name, d in DEVICES.items() if name in words), None)


PARTS: Mapping[str, Callable[[Settings, Emit], None]] = {
    "card": card,
    "mixture": mixture,
    "decode": decode,
    "compiled": functools.partial(train, "base", ways=("sdpa+torch.compile",)),
    **{size: functools.partial(train, size) for size in SIZES},
}


def main() -> None:
    """Measures one part."""
    parser = argparse.ArgumentParser(description="One part of tools.bench.gpu.")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=128)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--rows", action="append", default=[], help="rows of a size: large=32")
    parser.add_argument("--cache_dir", type=Path, default=Path("token_cache"))
    parser.add_argument("--mixture", default="dialogue_summarization")
    parser.add_argument("--mixture_size", choices=SIZES, default="base")
    arguments = vars(parser.parse_args())
    part = PARTS[arguments.pop("part")]
    settings = Settings(**{**arguments, "rows": rows_of_sizes(arguments["rows"])})
    part(settings, lambda rows: print(json.dumps(rows), flush=True))


if __name__ == "__main__":
    main()
