"""Checkpoints are read from wherever they lie: folders, URLs, the hub's cache."""

import functools
import http.server
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from flan_mix.checkpoints import is_remote, open_checkpoint
from flan_mix.checkpoints.location import Location
from tests.checkpoints.t5x_files import write_legacy
from tests.checkpoints.test_reading_hugging_face import tensors, write_folder
from tests.checkpoints.test_reading_t5x import a_checkpoint, assert_holds
from tests.models.small_models import random_flat_params, small_config


class _Files(http.server.SimpleHTTPRequestHandler):
    """Serves files in the byte ranges that are asked for, as object stores do."""

    asked = 0

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        start, end = 0, len(content)
        if given := self.headers.get("Range"):
            first, last = given.removeprefix("bytes=").split("-")
            start, end = int(first), min(int(last) + 1 if last else end, end)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        # Counted before the last byte leaves: the reader goes on as soon as it has that.
        _Files.asked += end - start
        self.wfile.write(content[start:end])

    do_HEAD = do_GET


@pytest.fixture
def served(tmp_path):
    """(folder, URL) of a server on this machine."""
    handler = functools.partial(_Files, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_t5x_checkpoint_is_read_by_its_url(served) -> None:
    folder, url = served
    arrays = a_checkpoint()
    write_legacy(folder / "checkpoint_7", arrays, driver="gcs")
    checkpoint = open_checkpoint(f"{url}/checkpoint_7")
    assert_holds(checkpoint, arrays)
    assert checkpoint.url == f"{url}/checkpoint_7"


def test_a_tensor_is_fetched_alone_from_a_url(served) -> None:
    folder, url = served
    params = random_flat_params(small_config(vocab_size=4000), 0)
    write_folder(folder / "model", tensors(params), vocab_size=4000)
    checkpoint = open_checkpoint(f"{url}/model/")
    before = _Files.asked
    path = "decoder/decoder_norm/scale"
    np.testing.assert_array_equal(checkpoint.parameters[path].read(), params[path])
    assert _Files.asked - before == params[path].nbytes
    path = "token_embedder/embedding"
    np.testing.assert_array_equal(checkpoint.parameters[path].read(), params[path])


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_urls_of_local_files_are_paths(tmp_path, scheme) -> None:
    """`local` is a scheme that fsspec alone knows: what it has is copied."""
    arrays = a_checkpoint()
    write_legacy(tmp_path / "checkpoint_7", arrays)
    assert_holds(open_checkpoint(f"{scheme}://{tmp_path}/checkpoint_7"), arrays)


def test_a_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ImportError, match="nosuch://"):
        open_checkpoint("nosuch://bucket/checkpoint_7")


def test_a_url_without_a_checkpoint_says_what_is_read(served) -> None:
    _, url = served
    with pytest.raises(FileNotFoundError, match=r"no checkpoint here\. Read are"):
        open_checkpoint(f"{url}/checkpoint_7")


def test_large_files_are_read_in_pieces_that_join(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("flan_mix.checkpoints.byte_streams.PIECE_BYTES", 7)
    (tmp_path / "file").write_bytes(bytes(range(100)))
    location = Location(str(tmp_path))
    assert location.read_range("file", 3, 50) == bytes(range(3, 53))
    with pytest.raises(ValueError, match="cut short"):
        location.read_range("file", 60, 41)


def test_the_hub_is_read_through_its_own_cache(tmp_path, monkeypatch) -> None:
    """A repository that lies in the hub's cache is found there without a network."""
    hub = pytest.importorskip("huggingface_hub", reason="the extra `hf` installs it")
    params = random_flat_params(small_config(), 0)
    repository = tmp_path / "models--someone--some-t5"
    commit = "0123456789abcdef0123456789abcdef01234567"
    (repository / "snapshots").mkdir(parents=True)
    write_folder(repository / "snapshots" / commit, tensors(params))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(
        hub,
        "snapshot_download",
        functools.partial(hub.snapshot_download, cache_dir=tmp_path, local_files_only=True),
    )
    checkpoint = open_checkpoint("hf:someone/some-t5")
    path = "token_embedder/embedding"
    np.testing.assert_array_equal(checkpoint.parameters[path].read(), params[path])
    assert open_checkpoint(f"hf:someone/some-t5@{commit}").parameter_count == (
        checkpoint.parameter_count
    )
    with pytest.raises(FileNotFoundError, match="hf:someone/other could not be fetched"):
        open_checkpoint("hf:someone/other")


def test_without_the_hubs_package_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"flan-mix\[hf\]"):
        open_checkpoint("hf:google/flan-t5-small")


@pytest.mark.parametrize("path", ["gs://bucket/checkpoint_1", "hf:google/flan-t5-small"])
def test_nothing_can_be_written_beside_what_is_elsewhere(path) -> None:
    assert is_remote(path)
    assert not is_remote("out/model")


def test_the_latest_of_a_model_dir_is_taken_whatever_its_format(tmp_path) -> None:
    arrays = a_checkpoint()
    write_legacy(tmp_path / "checkpoint_7", arrays)
    shutil.copytree(tmp_path / "checkpoint_7", tmp_path / "checkpoint_3")
    assert open_checkpoint(tmp_path).url.endswith("checkpoint_7")
