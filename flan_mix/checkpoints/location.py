"""Where a checkpoint's files are: a local folder, a URL that TensorStore reads, or the hub.

`gs://`, `s3://`, `http(s)://` and `file://` are read in place, in byte ranges. What only fsspec
knows (`abfs://`, `hdfs://`, …) and `hf:owner/name` are copied to this machine first.
"""

import importlib
import io
import re
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tensorstore as ts

from flan_mix.checkpoints.byte_streams import ByteStream, buffered

_IN_PLACE = ("file", "gs", "s3", "http", "https", "memory")
_HUB_FILES = ["*.safetensors", "*.json", "*.model"]

# One context for all reads: it bounds how many chunks are decoded at a time, and so the memory.
CONTEXT = ts.Context({"data_copy_concurrency": {"limit": 4}, "file_io_concurrency": {"limit": 16}})


@dataclass(frozen=True)
class Location:
    """A folder; `name`s below are paths relative to it.

    url: for messages and `child`; without a slash at its end.
    """

    url: str

    def child(self, name: str) -> "Location":
        """A folder, or file, inside."""
        return Location(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def local(self) -> Path | None:
        """The folder's path on this machine, or None for a URL."""
        return None if "://" in self.url else Path(self.url)

    @cached_property
    def kvstore_spec(self) -> dict[str, Any]:
        """TensorStore's description of the folder, its path ending in a slash."""
        url = self.url if "://" in self.url else f"file://{self.url}"
        return ts.KvStore.Spec(f"{url}/").to_json()

    @cached_property
    def _kvstore(self) -> ts.KvStore:
        return ts.KvStore.open(self.kvstore_spec, context=CONTEXT).result()

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is no such file."""
        result = self._kvstore.read(name).result()
        return result.value if result.state == "value" else None

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return self._kvstore.read(name, byte_range=slice(0, 1)).result().state == "value"

    def read_range(self, name: str, start: int, size: int) -> bytes:
        """`size` bytes of a file. Raises ValueError when the file is shorter."""
        with self.stream(name, start, start + size) as stream:
            content = stream.read(size)
        if len(content) < size:
            raise ValueError(f"{self.url}/{name} is cut short: it has no {size} bytes at {start}")
        return content

    def stream(self, name: str, start: int, stop: int) -> io.BufferedReader:
        """A part of a file, which is fetched piece by piece as it is read."""
        return buffered(ByteStream(self._kvstore, name, start, stop))


def locate(path: str | Path) -> Location:
    """The location that a path, a URL or `hf:owner/name[@revision]` means.

    Raises FileNotFoundError for a hub that cannot be reached, ImportError, with what to install,
    for a URL that needs another package.
    """
    text = str(path)
    if match := re.fullmatch(r"hf:([^@]+)(?:@(.+))?", text):
        return Location(str(_from_hub(match[1], match[2])))
    scheme = text.split("://", 1)[0] if "://" in text else None
    if scheme is None:
        return Location(str(Path(text).expanduser().absolute()))
    if scheme == "file":
        return Location(text.removeprefix("file://").rstrip("/"))
    if scheme in _IN_PLACE:
        return Location(text.rstrip("/"))
    return Location(str(_copied(text)))


def is_remote(path: str | Path) -> bool:
    """Whether `path` is a URL or a name on the hub, so that nothing can be written beside it."""
    return "://" in str(path) or str(path).startswith("hf:")


def _from_hub(repository: str, revision: str | None) -> Path:
    """The repository's files in the hub's own cache on this machine, fetched where absent."""
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise ImportError(
            f"hf:{repository} needs huggingface_hub: pip install 'flan-mix[hf]', or download the "
            "repository and give its folder."
        ) from error
    try:
        folder = hub.snapshot_download(repository, revision=revision, allow_patterns=_HUB_FILES)
    except Exception as error:
        raise FileNotFoundError(
            f"hf:{repository} could not be fetched ({type(error).__name__}: {error}). Is the name "
            "right, and can this machine reach the hub? A downloaded folder does as well."
        ) from error
    return Path(folder)


def _copied(url: str) -> Path:
    """A copy in a temporary folder, which is left for the system to clear."""
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ImportError(f"{url}: {error}") from error
    folder = Path(tempfile.mkdtemp(prefix="flan-mix-")) / path.rstrip("/").rsplit("/", 1)[-1]
    filesystem.get(path, str(folder), recursive=True)
    return folder
