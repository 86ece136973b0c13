"""What survives: reruns, new data for the same race, remounting, a reload; and two players side by side."""

from __future__ import annotations

import pytest
from player_payloads import finished, running
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
KEPT = ("mode", "position", "speed", "focus", "pin", "budget", "view", "shows")


def settle(shown) -> dict:
    """Everything away from its default."""
    shown.part('.seg button[data-value="step"]').click()
    shown.part('.seg button[data-value="frontier"]').click()
    shown.part(".speed select").select_option("2")
    shown.part(".lane .name").nth(1).click()
    shown.at(0.41)
    shown.set("p.pin(7); p.setBudget(3e6); p.remember()")
    return {name: shown.state()[name] for name in KEPT}


def test_ten_reruns_keep_everything(shown):
    before = settle(shown)
    for _ in range(10):
        shown.show(finished())
        assert {name: shown.state()[name] for name in KEPT} == before


def test_ten_mounts_anew_keep_everything(shown):
    before = settle(shown)
    for _ in range(10):
        shown.show(finished(), fresh=True)
        assert {name: shown.state()[name] for name in KEPT} == before
    expect(shown.part(".mv")).to_have_count(1)


def test_a_reload_keeps_everything(shown):
    before = settle(shown)
    shown.page.reload()
    shown.page.wait_for_function("window.ready")
    shown.show(finished())
    assert {name: shown.state()[name] for name in KEPT} == pytest.approx(before)


def test_a_rerun_does_not_stop_it(shown):
    shown.part(".play").click()
    shown.show(finished())
    assert shown.state()["playing"]
    before = shown.state()["position"]
    shown.page.wait_for_function("before => player('one').state.position > before", arg=before)


def test_another_race_starts_afresh(shown):
    settle(shown)
    shown.show(finished("conv1d-fragments"))
    state = shown.state()
    assert state["position"] == state["span"]
    assert state["pin"] is None
    assert state["mode"] == "clock"


@pytest.mark.parametrize("broken", ["getItem", "setItem"])
def test_storage_that_is_denied_costs_nothing_else(stand, broken):
    shown = stand(fresh=True)
    shown.page.evaluate(
        f"() => {{ Storage.prototype.{broken} = () => {{ throw new DOMException('no', 'SecurityError') }} }}"
    )
    shown.show(finished())
    shown.at(0.3)
    shown.show(finished(), fresh=True)
    assert shown.state()["position"] == pytest.approx(0.3 * shown.state()["span"])


def test_two_players_do_not_disturb_each_other(shown):
    shown.show(finished(), key="two")
    for key in ("one", "two"):
        shown.at(0.5, key)
    shown.part(".mv", "two").focus()
    shown.page.keyboard.press("Home")
    assert shown.state("two")["position"] == 0
    assert shown.state("one")["position"] == pytest.approx(shown.state("one")["span"] / 2)
    shown.part(".mv").focus()
    shown.page.keyboard.press(" ")
    assert shown.state("one")["playing"]
    assert not shown.state("two")["playing"]
    shown.set("p.pin(3)")
    assert shown.state("two")["pin"] is None
    shown.page.evaluate("cleanups.two()")
    shown.at(0.7)
    shown.show(finished(), key="two", fresh=True)
    assert shown.state("two")["position"] == 0


class TestLive:
    """A race that still runs: the player is fed again and again."""

    def test_it_draws_at_the_newest_event(self, stand):
        shown = stand()
        for count in (10, 25, 40):
            shown.show(running(finished(), 1, count))
            assert shown.state()["places"][1] == {"e": count - 1, "f": 1, "done": False}
        expect(shown.part(".lane").nth(2)).to_contain_text("Waiting for its turn.")
        expect(shown.part('.seg button[data-value="clock"]')).to_be_hidden()
        expect(shown.part(".follow")).to_have_attribute("aria-pressed", "true")
        expect(shown.part(".tally").first).to_have_text("34 of 34 gradients made, compared at the end")

    def test_who_scrubs_back_stays_there_and_may_follow_again(self, stand):
        shown = stand()
        shown.show(running(finished(), 1, 10))
        shown.set("p.transport.go(12)")
        shown.show(running(finished(), 1, 40))
        assert shown.state()["position"] == 12
        expect(shown.part(".follow")).to_have_attribute("aria-pressed", "false")
        shown.part(".follow").click()
        shown.show(running(finished(), 2, 5))
        assert shown.state()["position"] == shown.state()["span"]

    def test_the_finished_race_takes_its_place(self, stand):
        shown = stand()
        shown.show(running(finished(), 1, 40))
        shown.set("p.transport.go(12)")
        shown.show(finished())
        state = shown.state()
        assert (state["position"], state["mode"]) == (12, "step")
        expect(shown.part('.seg button[data-value="clock"]')).to_be_visible()
        expect(shown.part(".follow")).to_be_hidden()
        shown.part('.seg button[data-value="clock"]').click()
        assert shown.state()["places"][state["focus"]]["e"] == 12
        shown.part(".lane").first.locator(".sweeps button").nth(1).click()
        assert shown.state()["places"][0]["e"] == 34

    def test_a_step_back_leaves_the_newest_step_before_the_focused_method_has_begun(self, stand):
        shown = stand()
        shown.show(running(finished(), 0, 20))
        shown.part(".prev").click()
        here = shown.state()["position"]
        assert 19 <= here < 20
        shown.show(running(finished(), 0, 50))
        assert shown.state()["position"] == here
        expect(shown.part(".follow")).to_have_attribute("aria-pressed", "false")

    def test_who_followed_sees_the_finish(self, stand):
        shown = stand()
        shown.show(running(finished(), 3, 90))
        shown.show(finished())
        assert shown.state()["position"] == shown.state()["span"]
        expect(shown.part(".finish tr.wait")).to_have_count(0)
