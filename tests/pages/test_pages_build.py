from __future__ import annotations

from html import unescape

import pytest

from moonviz.building import Check, LayerFacts, Place, Repair
from moonviz.building.examples import EXAMPLE
from moonviz.figures.stack import places
from moonviz.jobs.messages import Check as CheckJob
from moonviz.jobs.messages import Failed, Lost, ResultMessage
from moonviz.results import Failure
from moonviz.specs import METHODS, PRESETS

CONV7 = Place(part="body", block=1, layer=3)


@pytest.fixture
def build(page):
    return page.switch_page("pages/build.py").run()


def answer(fake, number: int, broken: bool, **more) -> None:
    """What the engine says of the job of this number: one layer stops the walk, or none."""
    job = fake.jobs[number - 1][0]
    layers = []
    for at, place in enumerate(places(job.network)):
        walked = "ordinary" if broken and place == CONV7 else "invertible"
        layers.append(
            LayerFacts(place=place, number=at, title=f"L{at}", capability=walked if place.part == "body" else None)
        )
    repairs = (Repair(says="kernel 7 → 3", network=EXAMPLE.model_dump(mode="json"), place=CONV7, needed=False),)
    data = Check(network={}, layers=layers, repairs=repairs * broken, refusals=dict.fromkeys(METHODS), **more)
    fake.ends[f"job-{number}"] = ResultMessage(data=data.model_dump(mode="json"))


def test_the_page_asks_for_facts_first_and_then_for_peaks_those_of_the_headline_in_front(build, fake, text):
    assert "Build a network, layer by layer." in text(build)
    asked = [job for job, _ in fake.jobs if isinstance(job, CheckJob)]
    assert [(one.network, one.methods) for one in asked] == [(EXAMPLE, ())]
    assert asked[0].after == CONV7
    answer(fake, len(fake.jobs), broken=True)
    said = text(build.run())
    assert "Layer 5 stops Moonwalk." in said
    assert "One click repairs it." in said
    assert fake.jobs[-1][0].methods == ("backprop", "moonwalk-mixed")
    answer(fake, len(fake.jobs), broken=True, peaks={"backprop": 2**20, "moonwalk-mixed": 2**18})
    said = text(build.run())
    assert "1.00 MiB" in said
    assert "`forward` has no bar" in said.replace("<code>", "`").replace("</code>", "`")
    assert fake.jobs[-1][0].methods == ("checkpointing", "revbackprop", "projforward", "moonwalk-pure")
    assert build.button(key="build.repair").label == "Repair and race it"


def test_a_network_that_moonwalk_can_train_is_raced(build, fake, text):
    answer(fake, len(fake.jobs), broken=False)
    build.run()
    build.button(key="build.race").click().run()
    raced = build.switch_page("pages/race.py").run()
    assert '<span class="mv-own">my network</span>' in text(raced)
    back = raced.button(key="race.own-leave").click().run()
    assert '<span class="mv-own">' not in text(back)
    assert back.selectbox(key="race.preset").value == "photo-revnet"


def test_batch_and_format_of_an_own_network_are_asked_in_the_sentence(build, fake, text):
    answer(fake, len(fake.jobs), broken=False)
    build.run().button(key="build.race").click().run()
    raced = build.switch_page("pages/race.py").run()
    raced.number_input(key="race.own-batch").set_value(5).run()
    raced.selectbox(key="race.own-dtype").set_value("float64").run()
    edited = raced.button(key="race.own-edit").click().run()
    assert not edited.exception
    network = [job for job, _ in fake.jobs if isinstance(job, CheckJob)][-1].network
    assert (network.batch, network.dtype) == (5, "float64")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_card_to_start_from(build, fake, text, name):
    said = text(build)
    assert PRESETS[name].title in unescape(said)
    started = build.button(key=f"build.from-{name}").click().run()
    assert not started.exception
    assert fake.jobs[-1][0].network.name == name


def test_blank_and_printed_text_start_too(build, fake, text):
    blank = build.button(key="build.blank").click().run()
    assert not blank.exception
    assert [layer.kind for layer in fake.jobs[-1][0].network.body[0].layers] == ["leaky_relu"]
    lines = ("(0): Flatten(start_dim=1, end_dim=-1)", "(1): Linear(in_features=64, out_features=10, bias=True)")
    printed = "Sequential(\n  {}\n  {}\n)".format(*lines)
    blank.text_area(key="build.printed").set_value(printed)
    read = next(one for one in blank.button if one.label == "Read it").click().run()
    assert not read.exception
    assert fake.jobs[-1][0].network.name == "from PyTorch"
    read.text_area(key="build.printed").set_value("import os")
    wrong = next(one for one in read.button if one.label == "Read it").click().run()
    assert "This text could not be read." in text(wrong)


@pytest.mark.parametrize(
    "end",
    [
        Lost(error=Failure(message="The worker process died.")),
        Failed(reason="failed", error=Failure(message="The worker process died.")),
    ],
)
def test_what_the_engine_cannot_say_is_told_and_asked_again(build, fake, text, end):
    fake.ends[f"job-{len(fake.jobs)}"] = end
    said = text(build.run())
    assert "The engine could not look at this network." in said
    assert "The worker process died." in said
    before = len(fake.jobs)
    build.button(key="build.again").click().run()
    assert len(fake.jobs) == before + 1
