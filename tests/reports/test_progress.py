"""Progress: one moving line for people at a terminal, few plain lines for everything else."""

import io

from flan_mix.reports.progress import (
    PlainLines,
    Progress,
    TerminalLine,
    clock_time,
    progress_line,
    training_details,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_come_at_the_start_every_so_often_and_at_the_end():
    stream, clock = io.StringIO(), Clock()
    line = PlainLines(stream, every_seconds=10, clock=clock)
    for step in range(1, 101):
        clock.now = 0.5 * step
        line.show(Progress("train", step, 100))
    steps = [int(text.split("| ")[1].split("/")[0]) for text in stream.getvalue().splitlines()]
    assert steps == [1, 21, 41, 61, 81, 100]


def test_work_that_breaks_off_still_says_how_far_it_came():
    stream, clock = io.StringIO(), Clock()
    with PlainLines(stream, every_seconds=10, clock=clock) as line:
        line.show(Progress("train", 1, 100))
        line.show(Progress("train", 2, 100))
        assert "2/100" not in stream.getvalue()
    assert stream.getvalue().splitlines()[-1] == "train | 2/100 steps"


def test_next_work_begins_on_a_line_of_its_own_at_once():
    stream, clock = io.StringIO(), Clock()
    line = PlainLines(stream, every_seconds=10, clock=clock)
    line.show(Progress("tokenize a", 4096, 9000, "examples"))
    line.show(Progress("tokenize a", 8192, 9000, "examples"))
    line.show(Progress("tokenize b", 1, 10, "examples"))
    assert stream.getvalue().splitlines() == [
        "tokenize a | 4,096/9,000 examples",
        "tokenize a | 8,192/9,000 examples",
        "tokenize b | 1/10 examples",
    ]


def test_training_line_has_loss_rates_and_time_left():
    assert training_details(2.34567, 41.26, 12345.6, 3725.2) == (
        "loss 2.346",
        "41.3 examples/s",
        "12,346 tokens/s",
        "1:02:05 left",
    )
    assert training_details(2.0, None, None, None) == ("loss 2",)


def test_times_read_like_clocks():
    assert [clock_time(s) for s in (0, 59.6, 61, 3599.7, 3661)] == [
        "0:00",
        "1:00",
        "1:01",
        "1:00:00",
        "1:01:01",
    ]


def test_a_terminal_gets_a_moving_line_and_a_file_gets_plain_ones():
    assert isinstance(progress_line(io.StringIO()), PlainLines)
    terminal = Terminal()
    with progress_line(terminal) as line:
        assert isinstance(line, TerminalLine)
        line.show(Progress("train", 7, 100, details=("loss 2.3", "[bold]5 tokens/s")))
    shown = terminal.getvalue()
    assert "7/100 steps" in shown
    assert "[bold]5 tokens/s" in shown
    assert "\x1b[?25h" in shown  # The cursor is given back.
