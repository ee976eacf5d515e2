"""The loop: what hooks and actions are told and when, and how training ends."""

import itertools
import math

import jax
import numpy as np
import pytest

from flan_mix.training import Hook, NonFiniteLossError, PeriodicAction, train_loop
from flan_mix.training.metrics import BatchCounts, StepMetrics
from flan_mix.training.train_state import TrainState
from tests.training.tiny_run import random_batch
from tests.training.toy_model import ONE_DEVICE, toy_run

RNG = jax.random.key(0)


class FakeStep:
    """A step of one second that records when it is called and when its metrics are fetched."""

    def __init__(self, losses=None):
        self.losses, self.events, self.now = iter(losses or itertools.repeat(2.0)), [], 0.0

    def __call__(self, state, batch, rng):
        number = int(state.step) + 1
        self.events.append(("step", number))
        self.now += 1.0
        counts = BatchCounts(2, 20, 10, 3, 10, 5, 3)
        metrics = StepMetrics(next(self.losses), 0.0, 10.0, 1.0, 5.0, 0.01, 1.0, counts)
        return TrainState(np.int32(number), {}, {}), metrics

    def clock(self):
        return self.now


class Recorder(Hook):
    """Keeps everything it is told."""

    def __init__(self, events):
        self.events, self.progress, self.logged = events, [], {}

    def on_start(self, first_step, total_steps):
        self.events.append(("start", first_step, total_steps))

    def on_progress(self, progress):
        self.events.append(("progress", progress.step))
        self.progress.append(progress)

    def on_log(self, step, metrics):
        self.events.append(("log", step))
        self.logged[step] = metrics

    def on_end(self, step):
        self.events.append(("end", step))


def run(first_step=0, total_steps=5, losses=None, **settings):
    """Trains with a fake step; returns the recorder and its events."""
    step = FakeStep(losses)
    recorder = Recorder(step.events)
    state = TrainState(np.int32(first_step), {}, {})
    settings = {"log_period": 2, "batches": itertools.repeat({}), **settings}
    train_loop(
        state,
        step,
        rng=RNG,
        total_steps=total_steps,
        hooks=[recorder],
        clock=step.clock,
        **settings,
    )
    return recorder


def test_metrics_of_a_step_are_fetched_after_the_next_was_handed_over():
    assert run(total_steps=3).events == [
        ("start", 0, 3),
        ("step", 1),
        ("step", 2),
        ("progress", 1),
        ("step", 3),
        ("progress", 2),
        ("log", 2),
        ("progress", 3),
        ("log", 3),
        ("end", 3),
    ]


def test_logs_cover_the_steps_since_the_last_one():
    recorder = run(total_steps=5)
    assert list(recorder.logged) == [2, 4, 5]
    assert recorder.logged[4]["timing/seqs"] == 4
    assert recorder.logged[5]["timing/seqs"] == 2
    assert "timing/compilation_seconds" in recorder.logged[2]
    assert "timing/compilation_seconds" not in recorder.logged[4]


def test_training_goes_on_from_the_step_of_the_state():
    events = run(first_step=1000, total_steps=1002).events
    assert events[0] == ("start", 1000, 1002)
    assert [e[1] for e in events if e[0] == "step"] == [1001, 1002]


def test_nothing_runs_when_the_state_is_already_there():
    assert run(first_step=5, total_steps=5).events == [("start", 5, 5), ("end", 5)]


def test_actions_are_due_at_multiples_of_their_period_and_at_the_end():
    done = []
    actions = [
        PeriodicAction("checkpoint", 3, lambda step, state: done.append(("save", step))),
        PeriodicAction("evaluate", None, lambda step, state: done.append(("evaluate", step))),
        PeriodicAction(
            "sample", 4, lambda step, state: done.append(("sample", step)), at_end=False
        ),
    ]
    run(first_step=1, total_steps=7, actions=actions)
    assert done == [("save", 3), ("sample", 4), ("save", 6), ("save", 7), ("evaluate", 7)]


def test_an_action_sees_the_state_of_its_step_after_the_metrics_were_reported():
    seen = []
    recorder = run(actions=[PeriodicAction("look", 2, lambda step, s: seen.append(int(s.step)))])
    assert seen == [2, 4, 5]
    assert recorder.events.index(("progress", 2)) < recorder.events.index(("step", 3))


def test_time_in_actions_is_logged_apart_and_not_in_the_rates():
    step = FakeStep()

    def slow(number, state):
        step.now += 100.0

    recorder = Recorder(step.events)
    train_loop(
        TrainState(np.int32(0), {}, {}),
        step,
        itertools.repeat({}),
        rng=RNG,
        total_steps=6,
        log_period=3,
        hooks=[recorder],
        actions=[
            PeriodicAction("checkpoint", 2, slow),
            PeriodicAction("training_eval", 4, slow, evaluates=True),
            PeriodicAction("inference_eval", 4, slow, evaluates=True),
        ],
        clock=step.clock,
        seconds_before={"init_or_restore_seconds": 7.0},
    )
    assert recorder.logged[6]["timing/seconds"] < 10
    assert recorder.logged[6]["timing/checkpoint_seconds"] == 100.0
    assert recorder.logged[6]["timing/evaluate_seconds"] == 200.0
    assert recorder.logged[3]["timing/init_or_restore_seconds"] == 7.0
    assert "timing/init_or_restore_seconds" not in recorder.logged[6]
    assert 0 <= recorder.logged[3]["timing/train_iter_warmup"] < 1


def test_logs_count_from_the_step_they_are_told():
    recorder = run(total_steps=6, log_counted_from=1)
    assert list(recorder.logged) == [1, 3, 5, 6]


def test_progress_tells_rates_and_the_time_left():
    last, early = run(total_steps=10).progress[8], run(total_steps=10).progress[0]
    assert (last.step, last.total_steps, last.loss, last.token_loss) == (9, 10, 2.0, 2.0)
    assert last.examples_per_second == pytest.approx(3.0)
    assert last.non_padding_tokens_per_second == pytest.approx(15.0)
    assert last.seconds_left == pytest.approx(1.0)
    assert early.seconds_left is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_training_and_says_all_about_it(bad):
    saved = []
    save = PeriodicAction("checkpoint", 1, lambda step, state: saved.append(step))
    with pytest.raises(NonFiniteLossError, match=r"at step 3 the loss is .*last finite loss: 1.5"):
        run(losses=[2.5, 1.5, bad, 1.0], actions=[save])
    assert saved == [1, 2]


def test_a_request_to_stop_makes_the_step_the_last():
    saved, asked = [], itertools.count(1)
    recorder = run(
        total_steps=100,
        stop_requested=lambda: next(asked) == 3,
        actions=[PeriodicAction("checkpoint", 50, lambda step, state: saved.append(step))],
    )
    assert saved == [3]
    assert recorder.events[-2:] == [("log", 3), ("end", 3)]


def test_batches_that_end_early_are_an_error_that_says_where():
    with pytest.raises(ValueError, match="the batches ended before step 3 of 5"):
        run(batches=iter([{}, {}]))


def test_no_batch_is_taken_ahead_of_its_step():
    taken = itertools.count()
    counted = ({} for _ in taken)
    at_save = []
    save = PeriodicAction("checkpoint", 2, lambda step, state: at_save.append((step, next(taken))))
    run(total_steps=2, batches=counted, actions=[save])
    assert at_save == [(2, 2)]


def test_a_real_run_reports_finite_metrics_under_their_names():
    state, step = toy_run()
    recorder = Recorder([])
    batches = (ONE_DEVICE.shard_batch(random_batch(number)) for number in range(4))
    state = train_loop(state, step, batches, rng=RNG, total_steps=4, log_period=2, hooks=[recorder])
    assert int(state.step) == 4
    assert all(math.isfinite(value) for value in recorder.logged[4].values())
    assert recorder.logged[4]["effective_batch_size/decoder"] == 24.0


def test_periods_may_count_from_another_step_and_have_further_steps():
    saved = []
    run(
        first_step=3,
        total_steps=10,
        actions=[
            PeriodicAction(
                "checkpoint",
                5,
                lambda step, state: saved.append(step),
                at_end=False,
                counted_from=3,
                steps=frozenset({6}),
            )
        ],
    )
    assert saved == [6, 8]


def test_what_an_action_finds_can_end_training_and_nothing_is_done_twice():
    saved, measured = [], []
    recorder = run(
        total_steps=100,
        stop_requested=lambda: len(measured) == 2,
        actions=[
            PeriodicAction("checkpoint", 50, lambda step, state: saved.append(step)),
            PeriodicAction("measure", 3, lambda step, state: measured.append(step)),
        ],
    )
    assert measured == [3, 6]
    assert saved == [6]
    assert recorder.events[-1] == ("end", 6)
