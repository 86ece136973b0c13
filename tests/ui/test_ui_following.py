from __future__ import annotations

import pytest

from moonviz.data.stored import stored
from moonviz.jobs.messages import Cancelled, Failed, Lost, Queued, ResultMessage, StageMessage, Steps
from moonviz.results import Failure
from moonviz.ui.following import Following
from moonviz.ui.state import Tab, defaults
from moonviz.ui.study import Study

BOTH = ("backprop", "moonwalk-mixed")


@pytest.fixture
def job():
    tab = Tab(preset="digits-revnet", settings=defaults("digits-revnet"))
    return Following("j1", tab.run())


STEPS = stored("digits-revnet", BOTH).results[0].steps


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Queued(position=0, starting=True), "Starting PyTorch (about 2 s)"),
        (Queued(position=0), "Next in line"),
        (Queued(position=1), "Second in line"),
        (Queued(position=8), "Number 9 in line"),
        (Queued(position=1, seconds=6.3), "Second in line; starts in about 6 s"),
        (Queued(position=0, seconds=0.2), "Next in line; starts soon"),
        (StageMessage(name="check", done=0, total=1), "Checking that it fits"),
        (StageMessage(name="trace", done=1, total=2, label="backprop"),
         "Tracing memory, layer by layer: backprop, 2 of 2"),
        (StageMessage(name="time", done=4, total=5, label="backprop"), "Timing, with nothing traced: backprop, 5 of 5"),
        (StageMessage(name="truth", done=0, total=1), "Computing the true gradient in float64"),
    ],
)  # fmt: skip
def test_every_message_has_words(job, message, words):
    job.absorb([message])
    assert job.words() == words
    assert job.running


def test_it_says_what_it_is_about(job):
    assert job.subject() == "digits-revnet, depth 32, batch 64, float32"
    study = Study(depths=(4, 16), dtypes=("float64", "float32"))
    assert Following("j2", study.question()).subject() == "digits-dense at depths 4, 16 in float64, float32"


def test_before_anything_is_heard_and_while_stopping(job):
    assert job.words() == "Asking for a place"
    job.cancelling = True
    assert job.words() == "Stopping"


def test_steps_collect_by_label_and_the_reader_knows_where_to_go_on(job):
    job.absorb([Queued(number=0, position=1), Steps(number=1, label="backprop", records=STEPS[:3])])
    job.absorb([Steps(number=2, label="backprop", records=STEPS[3:5])])
    assert job.steps["backprop"] == list(STEPS[:5])
    assert job.next == 3
    assert job.queue is None


@pytest.mark.parametrize(
    "end",
    [
        Failed(reason="refused", error=Failure(message="m")),
        Cancelled(),
        Lost(error=Failure(message="m")),
    ],
)
def test_an_end_is_an_end(job, end):
    job.absorb([end])
    assert not job.running
    assert job.end is end
    assert job.report() is None


def test_a_result_is_a_report(job):
    report = stored("digits-dense", BOTH)
    job.absorb([ResultMessage(data=report.model_dump(mode="json", by_alias=True))])
    assert job.report() == report


def test_where_it_was_stopped(job):
    assert job.stopped() == "Stopped before it began."
    job.absorb([StageMessage(name="trace", done=0, total=2), Steps(label="backprop", records=STEPS[:9])])
    assert job.stopped() == "Stopped at layer 8 of sweep 1 (backprop); nothing is kept."
    job.absorb([StageMessage(name="time", done=0, total=2)])
    assert job.stopped() == "Stopped while timing; nothing is kept."


def test_strips_have_room_for_every_layer(job):
    assert job.layers() == 34
    far = STEPS[0].model_copy(update={"layer": 40})
    job.absorb([Steps(label="backprop", records=(far,))])
    assert job.layers() == 41
