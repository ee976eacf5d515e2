"""The whole job on the bundled collection: train a small T5, compare before and after, report.

Runs the same commands a user would, in the same processes.
"""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

from flan_mix.reports.tables import comparison_table, print_table
from flan_mix.runs.report import report_run

log = logging.getLogger(__name__)

GIN_FILE = "gin/recipes/demo.gin"


def demo(output_dir: str | Path, *, steps: int | None = None) -> Path:
    """Trains into `output_dir`/model, replacing it, and returns the report's path.

    `steps` shortens the training (None: as the recipe says).
    """
    folder = Path(output_dir).expanduser().absolute()
    shutil.rmtree(folder / "model", ignore_errors=True)
    command = [
        *(sys.executable, "-m", "flan_mix.train", f"--gin_file={GIN_FILE}"),
        f"--gin.MODEL_DIR='{folder / 'model'}'",
        f"--gin.CACHE_DIR='{folder / 'cache'}'",
    ]
    if steps is not None:
        command.append(f"--gin.TRAIN_STEPS={steps}")
    subprocess.run(command, check=True)
    path, comparison = report_run(folder / "model")
    print_table(comparison_table(comparison))
    return path
