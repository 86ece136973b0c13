"""How a race may end on its page other than well, and what the page offers then."""

from __future__ import annotations

import pytest
from race_page import BOTH, DENSE, SENTENCE, played, run, statuses, text

from moonviz.data.stored import stored
from moonviz.jobs.messages import Cancelled, Failed, Queued, ResultMessage, StageMessage, Steps
from moonviz.results import Failure


def test_a_message_can_be_closed(page, fake):
    run(page, fake, Cancelled())
    page.button(key="race.close").click().run()
    assert "Stopped" not in text(page)


def test_a_job_nobody_knows_is_lost_not_hung(page, fake):
    run(page, fake, Queued(position=0))
    fake.jobs.append(None)  # as after a restart of the engine
    page.run()
    assert "not known here any more" in text(page)


def test_one_method_that_fell_leaves_the_other_its_result(page, fake):
    report = stored("digits-revnet", BOTH)
    fallen = report.results[0].model_copy(
        update={
            "status": "too_large",
            "error": Failure(message="Needs 17 of 12."),
            "steps": (),
            "gradient": None,
            "flops": None,
        }
    )
    mixed = report.model_copy(update={"results": (fallen, report.results[1])})
    run(page, fake, ResultMessage(data=mixed.model_dump(mode="json", by_alias=True)))
    assert "<b>does not fit</b>" in text(page)
    assert "Needs 17 of 12." in text(page)
    assert statuses(page) == ["too_large", "ok"]
    assert played(page)["methods"][0]["needs"] == report.results[0].peak_bytes


def fall(page, fake, status, method="backprop"):
    """Run the page's race, in which one method falls."""
    page.selectbox(key="race.preset").set_value("digits-revnet").run()
    run(page, fake, Queued(position=0))
    report = stored("digits-revnet", BOTH)
    fell = {"status": status, "error": Failure(message="It cannot."), "steps": (), "gradient": None, "flops": None}
    fallen = [one.model_copy(update=fell if one.method == method else {}) for one in report.results]
    fake.script = [Queued(position=0), ResultMessage(
        data=report.model_copy(update={"results": tuple(fallen)}).model_dump(mode="json", by_alias=True)
    )]  # fmt: skip
    page.run()


@pytest.mark.parametrize(
    ("status", "label", "asks"),
    [
        ("too_large", "Take batch 32 instead of 64", {"batch": 32, "depth": 32, "methods": BOTH}),
        ("too_large", "Take depth 16 instead of 32", {"batch": 64, "depth": 16, "methods": BOTH}),
        ("too_large", "Race without backprop", {"batch": 64, "depth": 32, "methods": BOTH[1:]}),
        ("refused", "Race without backprop", {"batch": 64, "depth": 32, "methods": BOTH[1:]}),
    ],
)
def test_a_method_that_fell_has_its_remedies_as_buttons(page, fake, status, label, asks):
    fall(page, fake, status)
    assert played(page)["methods"][0]["error"]["message"] == "It cannot."
    labels = [one.label for one in page.button]
    assert (status == "too_large") == any("batch" in one for one in labels)
    fake.script = [Queued(position=0)]
    next(one for one in page.button if one.label == label).click().run()
    spec = fake.jobs[-1][0].spec
    found = {"batch": spec.network.batch, "depth": spec.network.depth}
    assert found | {"methods": tuple(choice.name for choice in spec.methods)} == asks
    assert page.number_input(key="race.digits-revnet.batch.1").value == asks["batch"]
    assert played(page)["live"]


def test_a_race_too_large_offers_a_smaller_one(page, fake):
    failed = Failed(reason="too_large", error=Failure(message="Too long.", remedy="Take less."))
    run(page, fake, StageMessage(name="check", done=0, total=1), failed)
    labels = [one.label for one in page.button]
    assert {"Take batch 4 instead of 8", "Take depth 64 instead of 128", "Time it once"} <= set(labels)
    fake.script = [Queued(position=0)]
    next(one for one in page.button if one.label == "Time it once").click().run()
    assert fake.jobs[-1][0].spec.repeats == 1


def test_a_stopped_race_gives_way_when_another_is_asked_for(page, fake):
    steps = stored("photo-revnet", BOTH).results[0].steps[:40]
    run(page, fake, StageMessage(name="trace", done=0, total=2), Steps(label="backprop", records=steps), Cancelled())
    assert played(page)["stopped"]
    assert page.button(key="race.again").label == "Run again: photo-revnet, depth 128"
    page.selectbox(key="race.preset").set_value("digits-dense").run()
    assert played(page)["stopped"] is None
    assert DENSE in text(page)
    assert "This was racing on photo-revnet, depth 128, batch 8, float32." in text(page)
    assert page.button(key="race.again").label == "Run again: photo-revnet, depth 128"
    page.selectbox(key="race.preset").set_value("photo-revnet").run()
    assert played(page)["stopped"]


def test_a_race_that_ends_under_other_settings_can_be_shown(page, fake):
    run(page, fake, Queued(position=0))
    page.selectbox(key="race.preset").set_value("digits-dense").run()
    report = stored("photo-revnet", BOTH)
    fake.script = [Queued(position=0), ResultMessage(data=report.model_dump(mode="json", by_alias=True))]
    page.run()
    assert DENSE in text(page)
    button = page.button(key="race.finished")
    assert button.label.startswith("Show the race that just finished: photo-revnet: 128 couplings")
    button.click().run()
    assert SENTENCE in text(page)
    assert "Measured here: " in text(page)
    assert "Settings changed" not in text(page)
    assert "race.finished" not in {one.key for one in page.button}
