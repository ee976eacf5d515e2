"""Meshes, T5X's axis rules, and which rows and which parts of parameters lie where."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from flan_mix.training import Partitioner, standard_logical_axis_rules
from flan_mix.training.data_layout import layout_from_rows
from flan_mix.training.mesh import _tile_torus, torus

PARAMETERS = {
    "embedding": (("vocab", "embed"), (128, 32)),
    "kernel": (("embed", "joined_kv"), (32, 24)),
    "wo": (("mlp", "embed"), (64, 32)),
    "relpos": (("heads", "relpos_buckets"), (6, 32)),
    "scale": (("embed",), (32,)),
}


def specs(num_partitions, activation_dims=1, parameter_dims=1):
    """Specs of PARAMETERS on 8 devices that need not exist."""
    partitioner = Partitioner(
        logical_axis_rules=standard_logical_axis_rules(activation_dims, parameter_dims)
    )
    mesh = jax.sharding.AbstractMesh((8 // num_partitions, num_partitions), ("data", "model"))
    partitioner.__dict__["mesh"] = mesh
    shapes = {name: np.empty(shape) for name, (_, shape) in PARAMETERS.items()}
    axes = {name: P(*names) for name, (names, _) in PARAMETERS.items()}
    return partitioner.parameter_specs(shapes, axes)


def test_by_default_parameters_are_split_over_model_only():
    assert specs(num_partitions=2) == {
        "embedding": P("model", None),
        "kernel": P(None, "model"),
        "wo": P("model", None),
        "relpos": P("model", None),
        "scale": P(None),
    }


def test_with_two_parameter_dims_they_are_split_over_data_too():
    assert specs(num_partitions=2, parameter_dims=2) == {
        "embedding": P("model", "data"),
        "kernel": P("data", "model"),
        "wo": P("model", "data"),
        "relpos": P("model", None),
        "scale": P("data"),
    }


def test_with_two_activation_dims_embed_takes_model_where_it_is_free():
    assert specs(num_partitions=2, activation_dims=2)["scale"] == P("model")
    assert specs(num_partitions=2, activation_dims=2)["kernel"] == P(None, "model")
    both = specs(num_partitions=2, activation_dims=2, parameter_dims=2)
    assert both["embedding"] == P("model", "data")


def test_a_dimension_that_its_devices_do_not_divide_stays_whole():
    assert specs(num_partitions=4)["relpos"] == P(None, None)
    assert specs(num_partitions=8)["kernel"] == P(None, "model")


def test_other_numbers_of_dims_are_refused():
    with pytest.raises(ValueError, match="parameter_partitioning_dims is 3"):
        standard_logical_axis_rules(parameter_partitioning_dims=3)


def test_additional_rules_come_last():
    rules = standard_logical_axis_rules(additional_rules=[("expert", "data")])
    assert rules[0] == ("batch", "data")
    assert rules[-1] == ("expert", "data")


def device(number, coords=None, platform="cpu"):
    fields = {"id": number, "process_index": number // 4, "platform": platform}
    if coords is not None:
        fields |= {"coords": coords, "core_on_chip": 0}
    return SimpleNamespace(**fields)


def test_partitions_that_do_not_divide_the_devices_are_refused():
    with pytest.raises(ValueError, match="6 devices cannot be split into model copies of 4"):
        _ = Partitioner(num_partitions=4, devices=tuple(map(device, range(6)))).mesh


def test_a_submesh_that_contradicts_num_partitions_is_refused():
    partitioner = Partitioner(
        num_partitions=4, model_parallel_submesh=(1, 1, 1, 2), devices=tuple(map(device, range(4)))
    )
    with pytest.raises(ValueError, match="contradicts"):
        _ = partitioner.mesh


def test_neither_partitions_nor_submesh_is_refused():
    with pytest.raises(ValueError, match="num_partitions is None"):
        _ = Partitioner(num_partitions=None, devices=(device(0),)).mesh


def test_a_submesh_cuts_the_torus_into_boxes_of_neighbours():
    devices = [
        device(8 * x + 2 * y + z, (x + 1, y, z)) for x in range(2) for y in range(4) for z in (0, 1)
    ]
    grid = torus(list(reversed(devices)))
    assert grid.shape == (2, 4, 2, 1)
    boxes = _tile_torus(grid, (2, 2, 1, 1))
    assert boxes.shape == (4, 4)
    assert [d.coords for d in boxes[1]] == [(1, 0, 1), (1, 1, 1), (2, 0, 1), (2, 1, 1)]


def test_a_submesh_that_does_not_fit_the_torus_is_refused():
    grid = torus([device(x, (x, 0, 0)) for x in range(4)])
    with pytest.raises(ValueError, match="does not tile"):
        _tile_torus(grid, (3, 1, 1, 1))
    with pytest.raises(ValueError, match="do not fill"):
        torus([device(0, (0, 0, 0)), device(1, (1, 1, 0))])


def test_each_process_loads_its_own_rows():
    rows = {0: {0, 1}, 1: {2, 3}, 2: {4, 5}}
    layout = layout_from_rows(rows, batch_size=6, process=2)
    assert (layout.shard_index, layout.shard_count, layout.local_batch_size) == (2, 3, 2)


def test_processes_that_share_a_model_copy_load_the_same_rows():
    rows = {0: {0, 1}, 1: {0, 1}, 2: {2, 3}, 3: {2, 3}}
    layouts = [layout_from_rows(rows, batch_size=4, process=process) for process in rows]
    assert [layout.shard_index for layout in layouts] == [0, 0, 1, 1]
    assert {layout.shard_count for layout in layouts} == {2}


def test_processes_whose_rows_overlap_in_part_are_refused():
    with pytest.raises(ValueError, match="choose num_partitions"):
        layout_from_rows({0: {0, 1}, 1: {1, 2}, 2: {3}}, batch_size=4, process=0)


def test_one_process_loads_every_row_and_keeps_their_order():
    partitioner = Partitioner()
    layout = partitioner.data_layout(8)
    assert (layout.shard_index, layout.shard_count) == (0, 1)
    rows = np.arange(16, dtype=np.int32).reshape(8, 2)
    placed = partitioner.shard_batch({"tokens": rows})["tokens"]
    np.testing.assert_array_equal(placed, rows)


def test_a_batch_that_does_not_divide_over_the_data_axis_is_refused():
    partitioner = Partitioner()
    mesh = SimpleNamespace(shape={"data": 4, "model": 2})
    partitioner.__dict__["mesh"] = mesh
    with pytest.raises(ValueError, match="make BATCH_SIZE a multiple of 4"):
        partitioner.data_layout(6)
