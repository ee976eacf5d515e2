"""TensorBoard event files hold the same figures, and forget what a restarted run repeats."""

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flan_mix.reports import TensorBoardWriter, read_scalar


def events(directory: Path) -> Iterator:
    """The events of all files, read by the record format itself: length, check, data, check."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted(directory.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            yield Event.FromString(data[12 : 12 + length])
            data = data[12 + length + 4 :]


def scalars(directory: Path) -> list[tuple[int, str, float]]:
    return [
        (event.step, value.tag, value.simple_value)
        for event in events(directory)
        for value in event.summary.value
    ]


def test_metrics_keep_their_names_slashes_included(tmp_path: Path):
    writer = TensorBoardWriter(tmp_path / "train")
    writer.write(100, {"loss": 2.5, "timing/steps_per_second": 4.0})
    writer.close()
    assert scalars(tmp_path / "train") == [
        (100, "loss", 2.5),
        (100, "timing/steps_per_second", 4.0),
    ]


def test_a_metric_is_read_back_by_its_folder_and_name(tmp_path: Path):
    first = TensorBoardWriter(tmp_path / "training_eval" / "a_task")
    first.write(100, {"timing/loss": 2.5, "loss": 1.0})
    first.write(200, {"timing/loss": 3.5})
    first.close()
    name = "training_eval/a_task/timing/loss"
    assert read_scalar(tmp_path, name) == {100: 2.5, 200: 3.5}
    (file,) = (tmp_path / "training_eval" / "a_task").glob("events*")
    # A later file, as of a restarted run, counts; a record that is being written does not.
    content = file.read_bytes()
    later = TensorBoardWriter(tmp_path / "training_eval" / "a_task")
    later.write(200, {"timing/loss": 4.5})
    later.close()
    file.write_bytes(content[:-3])
    assert read_scalar(tmp_path, name) == {100: 2.5, 200: 4.5}
    assert read_scalar(tmp_path, "training_eval/a_task/loss") == {100: 1.0}
    assert read_scalar(tmp_path, "training_eval/other/loss") == {}


def test_a_restart_tells_tensorboard_from_which_step_on_to_forget(tmp_path: Path):
    from tensorboardX.proto.event_pb2 import SessionLog

    writer = TensorBoardWriter(tmp_path, resumed_from=100)
    writer.write(101, {"loss": 2.0})
    writer.close()
    starts = [e.step for e in events(tmp_path) if e.session_log.status == SessionLog.START]
    assert starts == [101]


def test_texts_are_kept(tmp_path: Path):
    writer = TensorBoardWriter(tmp_path)
    writer.write_text(0, "config", "BATCH_SIZE = 8")
    writer.close()
    values = [value for event in events(tmp_path) for value in event.summary.value]
    assert [value.tensor.string_val[0] for value in values] == [b"BATCH_SIZE = 8"]
    assert values[0].tag.startswith("config")


def test_writing_neither_loads_pytorch_nor_hides_it(tmp_path: Path):
    code = (
        "import sys; from flan_mix.reports import TensorBoardWriter;"
        f"TensorBoardWriter({str(tmp_path)!r}).close(); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
