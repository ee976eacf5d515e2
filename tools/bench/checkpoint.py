"""Host memory and time of restoring a checkpoint, in each format that is read.

    python -m tools.bench.checkpoint --size large

Writes a synthetic checkpoint of a T5 1.1 of that size (large: 3.1 GB in float32) under a
temporary folder and restores its parameters onto this machine's devices in a process of its own,
whose anonymous memory is sampled every 4 ms (Linux; ru_maxrss counts pages of libraries too,
which the kernel takes back meanwhile) and compared with what it held before. On CPU the device
arrays are in the host's memory too: those that are finished at a sample are taken off it, and one
that is still being read counts, as it would beside a device. Prints JSON and Markdown rows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix.checkpoints.arrays import Index, StoredArray
from flan_mix.checkpoints.hugging_face_writing import write_hugging_face
from flan_mix.checkpoints.orbax_writing import write_orbax
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.checkpoints.t5x_writing import write_t5x
from flan_mix.models import T5Config, Transformer, flat_abstract_params
from tools.bench.environment import describe_environment

SIZES = {
    "tiny": (64, 4, 2, 2, 16, 128),
    "small": (512, 6, 8, 8, 64, 1024),
    "base": (768, 12, 12, 12, 64, 2048),
    "large": (1024, 16, 24, 24, 64, 2816),
}
"""emb_dim, num_heads, encoder and decoder layers, head_dim, mlp_dim."""
FORMATS = ("hf", "t5x", "t5x-orbax", "flan_mix")
HEADER = (
    "| format | GB | largest array, MB | seconds | GB/s | host memory beyond the arrays, MB "
    "| of the largest array |\n|---|--:|--:|--:|--:|--:|--:|"
)

_MEASURE = """
import json, sys, threading, time
import jax
import numpy as np
from flan_mix.checkpoints import open_checkpoint
from flan_mix.checkpoints.placing import read_onto_devices

def anonymous():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))

def sample():
    while not done.wait(0.004):
        finished = held[0] if jax.default_backend() == "cpu" else 0
        samples.append(anonymous() - before - finished)

def counted(*arguments):
    array = jax.block_until_ready(make_array(*arguments))
    with lock:
        held[0] += array.nbytes
    return array

make_array, lock, held = jax.make_array_from_callback, threading.Lock(), [0]
jax.make_array_from_callback = counted
checkpoint = open_checkpoint(sys.argv[1])
arrays = checkpoint.parameters
small = min(arrays, key=lambda path: arrays[path].nbytes)
wanted = {p: jax.ShapeDtypeStruct(a.shape, np.float32) for p, a in arrays.items()}
read_onto_devices(arrays, {small: wanted[small]})  # Starts JAX and TensorStore.
before, began = anonymous(), time.perf_counter()
samples, done, held[0] = [], threading.Event(), 0
sampler = threading.Thread(target=sample)
sampler.start()
placed = read_onto_devices(arrays, wanted)
seconds = time.perf_counter() - began
done.set()
sampler.join()
print(json.dumps({
    "bytes": held[0],
    "largest_bytes": max(array.nbytes for array in placed.values()),
    "seconds": seconds,
    "samples": len(samples),
    "beyond_bytes": max(samples),
}))
"""


def synthetic_checkpoint(config: T5Config) -> StoredCheckpoint:
    """Random float32 parameters, made when they are asked for, at step 1."""
    parameters = {
        path: _random_array(path, leaf.shape)
        for path, leaf in flat_abstract_params(Transformer(config)).items()
    }
    return StoredCheckpoint("synthetic", "t5x", 1, parameters)


def config_of(size: str) -> T5Config:
    """The T5 1.1 of a size."""
    emb_dim, num_heads, encoder, decoder, head_dim, mlp_dim = SIZES[size]
    return T5Config(
        vocab_size=32128,
        emb_dim=emb_dim,
        num_heads=num_heads,
        num_encoder_layers=encoder,
        num_decoder_layers=decoder,
        head_dim=head_dim,
        mlp_dim=mlp_dim,
        mlp_activations=("gelu", "linear"),
    )


def write(folder: Path, form: str, config: T5Config) -> None:
    """Writes the synthetic checkpoint in a format."""
    checkpoint = synthetic_checkpoint(config)
    if form == "hf":
        folder.mkdir()
        write_hugging_face(folder, checkpoint, config)
    elif form == "t5x":
        folder.mkdir()
        write_t5x(folder, checkpoint)
    else:
        write_orbax(folder, checkpoint, {} if form == "flan_mix" else None)


def measure(folder: Path) -> dict[str, Any]:
    """Restores the checkpoint in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _random_array(path: str, shape: tuple[int, ...]) -> StoredArray:
    def fetch(index: Index, out: np.ndarray) -> None:
        random = np.random.default_rng(zlib.crc32(path.encode()))
        out[...] = random.standard_normal(shape, np.float32)[index]

    return StoredArray(shape, np.dtype(np.float32), fetch)


def main() -> None:
    """Writes, restores and prints."""
    parser = argparse.ArgumentParser(description="Host memory and time of restoring.")
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--folder", help="where to write (default: the system's temporary folder)")
    arguments = parser.parse_args()
    config = config_of(arguments.size)
    results: dict[str, Any] = {}
    rows = [HEADER]
    for form in arguments.formats:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
            began = time.perf_counter()
            write(Path(temporary) / "checkpoint_1", form, config)
            results[form] = {"write_seconds": time.perf_counter() - began}
            results[form] |= measure(Path(temporary) / "checkpoint_1")
        rows.append(_row(form, results[form]))
        print(rows[-1], file=sys.stderr, flush=True)
    packages = ("jax", "tensorstore", "orbax-checkpoint", "numpy")
    print(json.dumps({**describe_environment(packages), "formats": results}, indent=2))
    print("\n".join(rows))


def _row(form: str, result: dict[str, Any]) -> str:
    size, seconds = result["bytes"] / 1e9, result["seconds"]
    beyond, largest = result["beyond_bytes"] / 1e6, result["largest_bytes"] / 1e6
    return (
        f"| {form} | {size:.2f} | {largest:.0f} | {seconds:.1f} | {size / seconds:.2f} "
        f"| {beyond:.0f} | {beyond / largest:.2f}x |"
    )


if __name__ == "__main__":
    main()
