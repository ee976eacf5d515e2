"""zarr chunks streamed into their place are what TensorStore reads of them."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import tensorstore as ts

from flan_mix.checkpoints import byte_streams
from flan_mix.checkpoints.arrays import StoredArray, transposed
from flan_mix.checkpoints.zarr import zarr_array

SHAPES = {(): (), (7,): (3,), (11, 6): (4, 6), (5, 6, 7): (2, 4, 7)}
"""Of the array, and of its chunks."""
COMPRESSORS = {
    "raw": None,
    "gzip": {"id": "gzip", "level": 1},
    "zstd": {"id": "zstd", "level": 1},
    "blosc": {"id": "blosc"},
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch) -> None:
    monkeypatch.setattr(byte_streams, "PIECE_BYTES", 50)


def written(path, values: np.ndarray, chunks, compressor, **metadata) -> ts.TensorStore:
    """A store opened as the readers do, with those values."""
    spec = {
        "driver": "zarr",
        "kvstore": f"file://{path}/",
        "dtype": values.dtype.name,
        "metadata": {"shape": list(values.shape), "chunks": list(chunks), **metadata},
    }
    spec["metadata"]["compressor"] = compressor
    ts.open(spec, create=True).result().write(values).result()
    return ts.open({"driver": "zarr", "kvstore": f"file://{path}/"}, open=True, read=True).result()


def parts(shape: tuple[int, ...]):
    """A few parts of an array of that shape."""
    one_dimension = [[slice(0, n), slice(1, n - 1), slice(n // 2, n // 2 + 1)] for n in shape]
    return itertools.product(*one_dimension)


@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16, np.int32])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_part_is_what_tensorstore_reads(tmp_path, shape, dtype, compressor) -> None:
    values = np.random.default_rng(0).integers(-99, 99, shape).astype(dtype)
    store = written(tmp_path, values, SHAPES[shape], COMPRESSORS[compressor])
    array = zarr_array(store, strict=True)
    assert array.shape == shape and array.dtype == dtype
    for index in parts(shape):
        np.testing.assert_array_equal(array.read(index), store[index].read().result())
        np.testing.assert_array_equal(
            array.read(index, np.float32), values[index].astype(np.float32)
        )


def test_other_forms_than_the_usual_are_read_too(tmp_path) -> None:
    values = np.random.default_rng(0).standard_normal((9, 8)).astype(np.float32)
    gzip = COMPRESSORS["gzip"]
    by_column = written(tmp_path / "a", values, (4, 3), gzip, order="F")
    big_endian = written(tmp_path / "b", values, (4, 3), gzip, dtype=">f4")
    by_slash = written(tmp_path / "c", values, (4, 3), gzip, dimension_separator="/")
    for store in (by_column, big_endian, by_slash):
        array = zarr_array(store, strict=True)
        np.testing.assert_array_equal(array.read(), values)
        np.testing.assert_array_equal(transposed(array).read(), values.T)


def with_one_chunk_missing(tmp_path, *, strict: bool, **metadata) -> StoredArray:
    store = written(tmp_path, np.ones((6, 4), np.float32), (3, 4), None, **metadata)
    (tmp_path / "1.0").unlink()
    return zarr_array(store, strict=strict)


def test_a_missing_chunk_is_an_error_or_the_fill_value(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"a/1\.0: the chunk is missing"):
        with_one_chunk_missing(tmp_path / "a", strict=True).read()
    values = with_one_chunk_missing(tmp_path / "b", strict=False).read()
    np.testing.assert_array_equal(values, [[1] * 4] * 3 + [[0] * 4] * 3)
    filled = {"dtype": "<f4", "fill_value": 2.5}
    values = with_one_chunk_missing(tmp_path / "c", strict=False, **filled).read()
    np.testing.assert_array_equal(values[3:], np.full((3, 4), 2.5))


@pytest.mark.parametrize("compressor", ["raw", "gzip", "zstd"])
@pytest.mark.parametrize("left", [0, 60])
def test_a_chunk_cut_short_is_named(tmp_path, compressor, left) -> None:
    values = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    array = zarr_array(written(tmp_path, values, (6, 8), COMPRESSORS[compressor]), strict=True)
    (tmp_path / "0.0").write_bytes((tmp_path / "0.0").read_bytes()[:left])
    with pytest.raises(ValueError, match=r"0\.0: the chunk is damaged"):
        array.read()
