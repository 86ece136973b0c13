"""Moving through a race: play, step, scrub, jump, keys, speed, the two shared axes."""

from __future__ import annotations

import pytest
from player_harness import dumped
from player_payloads import finished
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(stand):
    one = stand()
    one.show(dumped(finished()))
    return one


def events(name: str, label: str) -> dict:
    return next(one for one in finished(name)["methods"] if one["label"] == label)


def test_a_finished_race_comes_first(shown):
    state = shown.state()
    assert state["position"] == state["span"]
    expect(shown.part(".play")).to_have_attribute("aria-label", "Play again")
    expect(shown.part(".read .live dt").first).to_have_text("peak")
    expect(shown.part(".finish tr.wait")).to_have_count(0)


def test_it_plays_and_pauses(shown):
    shown.part(".play").click()
    shown.page.wait_for_function("player('one').state.position > 0")
    before = shown.state()
    assert before["playing"]
    assert before["position"] < before["span"]
    shown.part(".play").click()
    paused = shown.state()
    assert not paused["playing"]
    shown.page.wait_for_timeout(120)
    assert shown.state()["position"] == paused["position"]
    expect(shown.part("[aria-live]")).to_contain_text("moonwalk-mixed:")


def test_a_faster_race_gets_further(shown):
    shown.part(".speed select").select_option("4")
    assert shown.state()["speed"] == 4


def test_steps_are_those_of_the_focused_method(shown):
    shown.part(".lane .name").first.click()
    shown.page.keyboard.press("Home")
    for expected in range(4):
        assert shown.state()["places"][0]["e"] == expected
        shown.part(".next").click()
    shown.part(".prev").click()
    assert shown.state()["places"][0]["e"] == 3


@pytest.mark.parametrize("mode", ["clock", "step"])
def test_every_step_can_be_reached_in_both_directions(shown, mode):
    shown.part(f'.seg button[data-value="{mode}"]').click()
    reached = shown.page.evaluate(
        """() => { const p = player('one'), n = p.focused.n, seen = []; p.transport.go(0);
        for (let i = 0; i < n; i++) { seen.push(p.places[p.state.focus].e); p.transport.step(1); }
        const back = []; for (let i = 0; i < n; i++) { p.transport.step(-1); back.push(p.places[p.state.focus].e); }
        return [n, seen, back]; }"""
    )
    count, seen, back = reached
    assert seen == list(range(count))
    assert back == list(range(count - 1, -1, -1))


def test_keys(shown):
    page = shown.page
    shown.part(".mv").focus()
    starts = [e for e, _ in events("digits-revnet", "moonwalk-mixed")["sweeps"]]

    def here() -> int:
        state = shown.state()
        return state["places"][state["focus"]]["e"]

    page.keyboard.press("Home")
    assert shown.state()["position"] == 0
    for start in starts[1:]:
        page.keyboard.press("PageDown")
        assert here() == start
    page.keyboard.press("PageUp")
    assert here() == starts[-2]
    page.keyboard.press("ArrowRight")
    assert here() == starts[-2] + 1
    page.keyboard.press("ArrowLeft")
    assert here() == starts[-2]
    page.keyboard.press("End")
    assert shown.state()["position"] == shown.state()["span"]
    page.keyboard.press(" ")
    assert shown.state()["playing"]
    page.keyboard.press(" ")
    assert not shown.state()["playing"]


def test_a_chip_jumps_to_its_sweep(shown):
    lane = shown.part(".lane").nth(3)
    lane.locator(".sweeps button").nth(1).click()
    assert shown.state()["places"][3]["e"] == events("digits-revnet", "moonwalk-mixed")["sweeps"][1][0]
    expect(lane.locator(".sweeps button").nth(1)).to_have_attribute("aria-current", "step")


def test_scrubbing(shown):
    slider = shown.part("input[type=range]")
    slider.fill("500")
    state = shown.state()
    assert state["position"] == pytest.approx(state["span"] / 2)
    box = shown.part(".box").bounding_box()
    shown.page.mouse.click(box["x"] + 50 + (box["width"] - 66) * 0.25, box["y"] + 60)
    state = shown.state()
    assert state["position"] == pytest.approx(state["span"] / 4, rel=0.02)


def test_changing_the_axis_keeps_the_step(shown):
    shown.at(0.4)
    before = shown.state()["places"][3]["e"]
    shown.part('.seg button[data-value="step"]').click()
    state = shown.state()
    assert state["mode"] == "step"
    assert state["places"][3]["e"] == before
    assert len({place["e"] for place in state["places"]}) == 1
    shown.part('.seg button[data-value="clock"]').click()
    assert shown.state()["places"][3]["e"] == before


def test_with_reduced_motion_it_leaps_from_sweep_to_sweep(stand):
    shown = stand(motion="reduce")
    shown.show(dumped(finished()))
    starts = [e for e, _ in events("digits-revnet", "moonwalk-mixed")["sweeps"]]
    shown.set("p.state.speed = 4")
    shown.part(".play").click()
    places = []
    for _ in range(2):
        shown.page.wait_for_function(
            "last => { const p = player('one'); return p.places[p.state.focus].e > last }",
            arg=places[-1] if places else 0,
        )
        places.append(shown.state()["places"][3]["e"])
    assert places == [starts[1] - 1, starts[2] - 1]
