"""docs/tasks.md is what its generator makes of the tasks there are."""

import subprocess
import sys

from tests.shared_data import REPOSITORY


def test_the_table_of_tasks_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "-m", "tools.generators.task_table", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
