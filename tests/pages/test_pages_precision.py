from __future__ import annotations

import pytest

from moonviz.data.stored import stored_precision
from moonviz.figures.precision_headline import precision_headline, stored_headline
from moonviz.jobs.messages import Cancelled, Failed, Lost, Queued, ResultMessage, StageMessage
from moonviz.results import Failure
from moonviz.ui.precision import DIM

STORED = stored_headline(stored_precision("couplings"), stored_precision("dense-harsh")).html
OWN = precision_headline(stored_precision("anchors")).html
AT_WORK = StageMessage(name="precision", done=1, total=3, label="8 blocks, float32")


@pytest.fixture
def precision(page):
    return page.switch_page("pages/precision.py").run()


def measure(page, fake, *script):
    fake.script = list(script)
    return page.button(key="precision.run").click().run()


def result(name="anchors"):
    return ResultMessage(data=stored_precision(name).model_dump(mode="json", by_alias=True))


def charts(page):
    return page.get("plotly_chart")


def pills(page, key):
    return next(one for one in page.get("button_group") if one.proto.id.endswith(f"precision.{key}"))


def test_untouched_it_shows_the_stored_measurements(precision, text, fake):
    said = text(precision)
    assert STORED in said
    assert "Stored result: " in said
    assert "<b>Relative error.</b>" in said
    assert "<dt>Conditioning</dt>" in said
    assert len(charts(precision)) == 5
    assert all(chart.proto.alt.endswith(".") for chart in charts(precision))
    assert "over 16 dense layers by up to 10¹⁶" in said
    assert not fake.jobs


def test_measure_asks_for_what_the_sentence_says(precision, fake):
    precision.selectbox(key="precision.network").set_value("digits-revnet").run()
    precision.number_input(key="precision.slope").set_value(0.5).run()
    pills(precision, "depths").set_value([64, 8]).run()
    pills(precision, "anchors").set_value([4]).run()
    measure(precision, fake, Queued(position=0))
    ((job, _),) = fake.jobs
    assert job.kind == "precision"
    assert job.spec.depths == (8, 64)
    assert job.spec.network.name == "digits-revnet"
    labels = [choice.label for choice in job.spec.methods]
    assert labels == ["backprop", "revbackprop", "moonwalk-mixed", "moonwalk-mixed:anchor_every=4"]


def test_it_says_where_it_is_and_cancel_reaches_the_engine(precision, fake, text):
    measure(precision, fake, AT_WORK)
    said = text(precision)
    assert "Measuring digits-dense at depths 4, 8, 16 in float32" in said
    assert "Comparing with float64 autograd: 8 blocks, float32, 2 of 3" in said
    now = "Being measured now: digits-dense at depths 4, 8, 16 in float32. This is the result before."
    assert now in said
    assert STORED in said
    assert DIM in said
    assert len(charts(precision)) == 5
    precision.button(key="precision.cancel").click().run()
    assert fake.cancelled == ["job-1"]
    fake.script = [AT_WORK, Cancelled()]
    precision.run()
    said = text(precision)
    assert "Stopped while comparing with float64 autograd; nothing is kept." in said
    assert STORED in said
    assert DIM not in said
    assert now not in said


def test_a_result_takes_the_page_and_is_still_there_after_another_page(precision, fake, text):
    measure(precision, fake, result())
    assert OWN in text(precision)
    assert "Measured here: " in text(precision)
    precision.switch_page("pages/methods.py").run()
    precision.switch_page("pages/precision.py").run()
    assert OWN in text(precision)
    precision.button(key="precision.stored").click().run()
    assert STORED in text(precision)


def test_a_changed_setting_dims_the_result(precision, fake, text):
    pills(precision, "anchors").set_value([16, 8, 4, 2]).run()
    pills(precision, "depths").set_value([32]).run()
    pills(precision, "methods").set_value(["backprop", "moonwalk-mixed"]).run()
    measure(precision, fake, Queued(position=0))
    asked = fake.jobs[0][0].spec
    report = stored_precision("anchors").model_copy(update={"spec": asked.model_dump(mode="json")})
    fake.script = [Queued(position=0), ResultMessage(data=report.model_dump(mode="json", by_alias=True))]
    precision.run()
    assert "Settings changed" not in text(precision)
    precision.number_input(key="precision.slope").set_value(0.3).run()
    assert "Settings changed. Measure to update." in text(precision)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Failed(reason="refused", error=Failure(message="`x` cannot.")), ["cannot be measured", "<code>x</code>"]),
        (Failed(reason="too_large", error=Failure(message="Needs 9 GiB.")), ["too large for this machine", "9 GiB"]),
        (Lost(error=Failure(message="It was killed.", remedy="Run it again.")), ["worker process died", "was killed"]),
    ],
)
def test_what_goes_wrong_is_said_and_the_stored_page_stays(precision, fake, text, end, words):
    measure(precision, fake, AT_WORK, end)
    said = text(precision)
    assert all(word in said for word in words)
    assert STORED in said
    precision.button(key="precision.again").click().run()
    assert fake.jobs[0][0] == fake.jobs[1][0]


def test_too_much_at_once_is_refused_before_it_starts(precision, text):
    pills(precision, "depths").set_value([4, 8, 16, 32, 64, 128]).run()
    pills(precision, "number-formats").set_value(["float64", "float32", "float16", "bfloat16"]).run()
    assert "at most 200" in text(precision)
