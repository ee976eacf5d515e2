"""Adafactor's slots of layers in one array are those of layers apart, number by number.

What T5X keeps of a scanned model is made here by its rules, in NumPy: means over the axes whose
names it calls columns (heads, kv, mlp) and rows (embed), with layers as a batch.
"""

import jax
import numpy as np
import pytest
from flax.serialization import to_state_dict
from flax.traverse_util import flatten_dict, unflatten_dict

from flan_mix.checkpoints import load_initial
from flan_mix.checkpoints.arrays import in_memory
from flan_mix.checkpoints.conversion import ConversionSettings, convert
from flan_mix.checkpoints.location import locate
from flan_mix.checkpoints.orbax_state import open_orbax
from flan_mix.checkpoints.orbax_writing import write_orbax
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.checkpoints.t5x_legacy import open_t5x
from flan_mix.models import Transformer, init_params, logical_axes
from flan_mix.training import Adafactor, Partitioner, abstract_state
from tests.checkpoints.t5x_files import write_legacy
from tests.models.small_models import random_flat_params, small_config

Arrays = dict[str, np.ndarray]

STEP = 7
DECAYS = (0.0, 0.4, 0.6)
LAYERS = {"encoder": 3, "decoder": 2}
WIDE = {"vocab_size": 130, "num_encoder_layers": 3, "num_decoder_layers": 2}
# By sizes, `v_row` is the mean over the larger side of a matrix; of a tie, over its columns.
CONFIGS = {
    "embed is larger": small_config(**WIDE, emb_dim=192, head_dim=64, mlp_dim=144),
    "embed is smaller": small_config(**WIDE, emb_dim=128, head_dim=72, mlp_dim=160),
    "a tie": small_config(**WIDE, emb_dim=128, head_dim=64, mlp_dim=128),
}
OPENING = {"t5x": open_t5x, "t5x-orbax": open_orbax}
COLUMNS = {"heads", "kv", "mlp"}
AXES = {
    "query/kernel": ("embed", "heads", "kv"),
    "key/kernel": ("embed", "heads", "kv"),
    "value/kernel": ("embed", "heads", "kv"),
    "out/kernel": ("heads", "kv", "embed"),
    "wi_0/kernel": ("embed", "mlp"),
    "wi_1/kernel": ("embed", "mlp"),
    "wo/kernel": ("mlp", "embed"),
    "/scale": ("embed",),
    "/rel_embedding": ("heads", "relpos_buckets"),
}


def axes_of(path: str) -> tuple[str, ...]:
    """T5X's names of a layer's axes."""
    return next(axes for name, axes in AXES.items() if path.endswith(name))


def with_heads(config, path: str, array: np.ndarray) -> np.ndarray:
    sizes = {"embed": config.emb_dim, "heads": 2, "kv": config.head_dim, "mlp": config.mlp_dim}
    return array.reshape([sizes.get(axis, 32) for axis in axes_of(path)])


def together(config, arrays: Arrays, *, shared_bias: bool = False) -> Arrays:
    """Parameters, or arrays of their shapes, as T5X's scan has them."""
    result = {}
    for path, array in arrays.items():
        stack, _, rest = path.partition("/")
        layers = [f"{stack}/layers_{layer}/{rest[9:]}" for layer in range(LAYERS.get(stack, 0))]
        if path in layers[:1]:
            of_layers = [with_heads(config, path, arrays[name]) for name in layers]
            result[f"{stack}/{stack}/{rest[9:]}"] = np.stack(of_layers, axis=1)
        elif rest.startswith("relpos_bias") and not shared_bias:
            result[f"{stack}/{stack}/{rest}"] = np.stack([array] * len(layers), axis=1)
        elif path not in layers:
            result[path] = array
    return result


def second_moments(name: str, squares: list[np.ndarray]) -> Arrays:
    """T5X's slots of one array after gradients of these squares, in use or of shape (1,)."""

    def mean(axes: tuple[int, ...]) -> np.ndarray:
        kept = np.zeros(())
        for decay, square in zip(DECAYS, squares, strict=True):
            kept = decay * kept + (1 - decay) * np.mean(square, axis=axes)
        return kept.astype(np.float32)

    unused = np.zeros((1,), np.float32)
    slots = {"v": unused, "v_row": unused, "v_col": unused}
    shape = squares[0].shape
    if name.startswith(("encoder/encoder/", "decoder/decoder/")):
        first, *others = axes_of(name)
        axes = (first, "layers", *others)
        columns = tuple(i for i, axis in enumerate(axes) if axis in COLUMNS)
        if columns and "embed" in axes:
            rows = (axes.index("embed"),)
            return slots | {"v_row": mean(columns), "v_col": mean(rows)}
    elif len(shape) == 2 and min(shape) >= 128:
        second, largest = np.argsort(shape, kind="stable")
        return slots | {"v_row": mean((largest,)), "v_col": mean((second,))}
    return slots | {"v": mean(())}


def gradients(config) -> list[Arrays]:
    return [random_flat_params(config, seed) for seed in (1, 2, 3)]


def scanned_state(config, *, shared_bias: bool = False) -> Arrays:
    """A scanned T5X checkpoint's arrays: random parameters and first moments, and the second
    moments of `gradients`.
    """
    as_scanned = [together(config, g, shared_bias=shared_bias) for g in gradients(config)]
    slots = {}
    first_moments = together(config, random_flat_params(config, 4), shared_bias=shared_bias)
    for name, m in first_moments.items():
        squares = [np.square(g[name], dtype=np.float64) for g in as_scanned]
        slots |= {f"{name}/{s}": array for s, array in second_moments(name, squares).items()}
        slots[f"{name}/m"] = m
    params = together(config, random_flat_params(config, 0), shared_bias=shared_bias)
    return {
        **{f"target/{path}": array for path, array in params.items()},
        **{f"state/param_states/{path}": array for path, array in slots.items()},
        "state/step": np.asarray(STEP, np.int32),
    }


def below(arrays: Arrays, prefix: str) -> Arrays:
    return {p.removeprefix(prefix): a for p, a in arrays.items() if p.startswith(prefix)}


def write(folder, arrays: Arrays, form: str) -> None:
    if form == "t5x":
        inline = tuple(p for p in arrays if p.endswith(("v_row", "v_col")))
        write_legacy(folder, arrays, inline=inline)
        return
    parts = [below(arrays, prefix) for prefix in ("target/", "state/param_states/")]
    params, slots = ({p: in_memory(a) for p, a in part.items()} for part in parts)
    write_orbax(folder, StoredCheckpoint("", "t5x-orbax", STEP, params, slots))


def restored(path, config, optimizer: Adafactor):
    model = Transformer(config)
    like = abstract_state(
        lambda key: init_params(model, key), logical_axes(model), optimizer.build(), Partitioner()
    )
    return load_initial(path, like, config)


def slots_of(state) -> Arrays:
    return flatten_dict(to_state_dict(state.opt_state), sep="/")  # pyright: ignore


@pytest.mark.parametrize("form", OPENING)
@pytest.mark.parametrize("case", CONFIGS)
def test_scanned_slots_are_restored_layer_by_layer_bit_for_bit(tmp_path, case, form) -> None:
    config = CONFIGS[case]
    arrays = scanned_state(config)
    write(tmp_path / "checkpoint_7", arrays, form)
    result = restored(tmp_path, config, Adafactor(beta1=0.9))
    assert result.has_optimizer_state
    assert int(result.state.step) == STEP
    slots = slots_of(result.state)
    stored = below(arrays, "state/param_states/")
    first_moments = random_flat_params(config, 4)
    for path, m in first_moments.items():
        np.testing.assert_array_equal(slots[f"{path}/m"], m, err_msg=path)
        stack, _, rest = path.partition("/")
        if "/layers_" not in path:
            bias = "relpos_bias" in path
            name = f"{stack}/{stack}/{rest}" if bias else path
            for slot in ("v", "v_row", "v_col"):
                want = stored[f"{name}/{slot}"]
                want = want[:, 0] if want.ndim > 1 and bias else want
                np.testing.assert_array_equal(slots[f"{path}/{slot}"], want, err_msg=path)
            continue
        layer, name = int(rest[7]), f"{stack}/{stack}/{rest[9:]}"
        if m.ndim == 1:
            np.testing.assert_array_equal(slots[f"{path}/v"], stored[f"{name}/v"][:, layer], path)
            continue
        embed_first = axes_of(path)[0] == "embed"
        v_row, v_col = stored[f"{name}/v_row"], stored[f"{name}/v_col"]
        along_embed = v_row[:, layer] if embed_first else v_row[layer]
        along_others = v_col[layer] if embed_first else v_col[:, layer]
        sides = [along_embed, along_others.reshape(-1)]
        sides = sides if embed_first else sides[::-1]
        second, largest = np.argsort(m.shape, kind="stable")
        np.testing.assert_array_equal(slots[f"{path}/v_row"], sides[second], err_msg=path)
        np.testing.assert_array_equal(slots[f"{path}/v_col"], sides[largest], err_msg=path)
        assert slots[f"{path}/v"].shape == (1,)


@pytest.mark.parametrize("case", CONFIGS)
def test_they_are_what_adafactor_keeps_of_the_same_gradients_layer_by_layer(tmp_path, case) -> None:
    """So that training goes on, rather than merely fits: by our own optimizer's rules."""
    config = CONFIGS[case]
    write(tmp_path / "checkpoint_7", scanned_state(config), "t5x")
    optimizer = Adafactor(beta1=0.9, epsilon1=0.0)
    slots = slots_of(restored(tmp_path, config, optimizer).state)

    def after_one(gradient, moments, decay):
        return optimizer._precondition(gradient, moments, decay)[1]

    moments = optimizer.build().init(unflatten_dict(gradients(config)[0], sep="/"))
    for decay, gradient in zip(DECAYS, gradients(config), strict=True):
        tree = unflatten_dict(gradient, sep="/")
        moments = jax.tree.map(lambda g, m, decay=decay: after_one(g, m, decay), tree, moments)
    for name, want in flatten_dict(to_state_dict(moments), sep="/").items():
        if not name.endswith("/m"):
            np.testing.assert_allclose(slots[name], want, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("layers", ["scanned", "scanned-shared-bias"])
@pytest.mark.parametrize("form", OPENING)
def test_unrolled_and_scanned_again_every_slot_is_as_it_was(tmp_path, form, layers) -> None:
    config = CONFIGS["embed is smaller"]
    arrays = scanned_state(config, shared_bias=layers == "scanned-shared-bias")
    write(tmp_path / "checkpoint_7", arrays, form)
    apart = ConversionSettings(form, verification="parameters")
    together = ConversionSettings(form, layers=layers, verification="parameters")
    once = convert(tmp_path, tmp_path / "apart", apart)
    again = convert(tmp_path / "apart", tmp_path / "again", together)
    assert once.slots == again.slots == 4 * len(random_flat_params(config, 0))
    checkpoint = OPENING[form](locate(again.folder))
    have = {name: array.read() for name, array in checkpoint.state_arrays.items()}
    assert have.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(have[name], array, err_msg=name)


def test_heads_apart_in_layers_apart_are_read_too(tmp_path) -> None:
    """As scalable_t5 stores them with scan_layers = False: only attention has three dimensions."""
    config, random = CONFIGS["embed is larger"], np.random.default_rng(0)
    optimizer, arrays = Adafactor(), {"state/step": np.asarray(STEP, np.int32)}
    params = random_flat_params(config, 0)
    shapes = jax.eval_shape(optimizer.build().init, unflatten_dict(params, sep="/"))
    want = {
        name: random.random(slot.shape, np.float32)
        for name, slot in flatten_dict(to_state_dict(shapes), sep="/").items()
    }
    for path, array in params.items():
        moments = {slot: want[f"{path}/{slot}"] for slot in ("m", "v", "v_row", "v_col")}
        if "attention/" in path:  # By sizes embed, which is larger, is averaged in v_row.
            array = with_heads(config, path, array)
            moments["v_row"], moments["v_col"] = moments["v_col"], moments["v_row"].reshape(2, -1)
        arrays[f"target/{path}"] = array
        arrays |= {f"state/param_states/{path}/{slot}": x for slot, x in moments.items()}
    write(tmp_path / "checkpoint_7", arrays, "t5x")
    result = restored(tmp_path, config, optimizer)
    assert result.has_optimizer_state
    for name, array in slots_of(result.state).items():
        np.testing.assert_array_equal(array, want[name], err_msg=name)


def test_other_rules_or_slots_of_one_table_that_differ_start_the_optimizer_afresh(tmp_path) -> None:
    config = CONFIGS["a tie"]
    by_sizes, differing = scanned_state(config), scanned_state(config)
    kernel = "state/param_states/encoder/encoder/mlp/wi_0/kernel"
    by_sizes[f"{kernel}/v_row"] = by_sizes[f"{kernel}/v_row"].T.copy()
    differing["state/param_states/encoder/encoder/relpos_bias/rel_embedding/v"][0, 1] += 1
    for name, arrays in (("by_sizes", by_sizes), ("differing", differing)):
        write(tmp_path / name / "checkpoint_7", arrays, "t5x")
        result = restored(tmp_path / name, config, Adafactor(beta1=0.9))
        assert not result.has_optimizer_state
        assert int(result.state.step) == STEP


def test_full_moments_of_small_kernels_are_stacked_as_they_are(tmp_path) -> None:
    config = small_config(num_encoder_layers=3, num_decoder_layers=2)
    params, optimizer = random_flat_params(config, 0), Adafactor()
    moments = optimizer.build().init(unflatten_dict(params, sep="/"))
    slots = flatten_dict(to_state_dict(moments), sep="/")
    random = np.random.default_rng(0)
    arrays = {
        "state/step": np.asarray(STEP, np.int32),
        **{f"target/{path}": array for path, array in params.items()},
        **{
            f"state/param_states/{name}": random.random(array.shape, np.float32)
            if name.endswith("/v")
            else np.asarray(array)
            for name, array in slots.items()
        },
    }
    write(tmp_path / "checkpoint_7", arrays, "t5x")
    settings = ConversionSettings("t5x", layers="scanned", verification="parameters")
    folder = convert(tmp_path, tmp_path / "scanned", settings).folder
    name = "encoder/encoder/mlp/wo/kernel/v"
    assert open_t5x(locate(folder)).slots[name].shape == (20, 3, 16)
    result = restored(folder, config, optimizer)
    assert result.has_optimizer_state
    for name, array in slots_of(result.state).items():
        np.testing.assert_array_equal(array, arrays[f"state/param_states/{name}"], err_msg=name)
