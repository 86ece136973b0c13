"""Every state of the app that is photographed, and the way into it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from camera import ROOT, Scene, Shot
from playwright.sync_api import Locator, Page, expect

Script = Callable[[Scene], None]
SCENES: dict[str, tuple[Shot, Script]] = {}
"""By name, in the order in which they are taken."""

WAYS = {
    "wide": (1440, "light", 1),
    "dark": (1440, "dark", 1),
    "tablet": (768, "light", 1),
    "phone": (390, "light", 1.25),
}
PLAYER = ".st-key-race-player"
RUNNING = re.compile("^(Tracing|Warming|Timing)")


def scene(name: str, way: str = "wide", **how: str) -> Callable[[Script], Script]:
    """Note a script under the name of its picture.

    Args:
        name: Of the picture.
        way: One of `WAYS`.
        **how: As `Shot` has it.
    """

    def note(script: Script) -> Script:
        width, scheme, scale = WAYS[way]
        SCENES[name] = (Shot(name, width, scheme, scale, **how), script)
        return script

    return note


def settle(page: Page) -> None:
    """Until the page has answered what was just done."""
    page.wait_for_timeout(300)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def choose_network(page: Page, title: str) -> None:
    """Another preset in the sentence."""
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=f"{title} ·").click()
    settle(page)


def choose(page: Page, **settings: int) -> None:
    """Numbers in the sentence."""
    for name, value in settings.items():
        number = page.locator(f"[class*=st-key-race-][class*=-{name}] input").first
        number.fill(str(value))
        number.press("Enter")
        settle(page)


def press_run(page: Page) -> None:
    """Start the race and wait until it is on its way."""
    page.get_by_role("button", name="Run on this machine").click()
    page.get_by_role("button", name="Cancel").wait_for()


def race(page: Page, title: str, **settings: int) -> None:
    """Choose a network and start its race."""
    choose_network(page, title)
    choose(page, **settings)
    press_run(page)


def done(page: Page) -> None:
    """Until a race that runs has given its result."""
    expect(page.locator(".mv-foot").first).to_contain_text("Measured here", timeout=90_000)


def go_to(page: Page, thousandth: int) -> None:
    """The player to a place on its shared axis."""
    page.get_by_role("slider", name="Position in the race").evaluate(
        "(e, at) => { e.value = at; e.dispatchEvent(new Event('input', {bubbles: true})) }", thousandth
    )


def lanes(page: Page) -> Locator:
    """The player's lanes."""
    return page.locator(f"{PLAYER} article.lane")


def press(page: Page, name: str) -> None:
    """A button of the player."""
    page.locator(PLAYER).get_by_role("button", name=name, exact=True).click()


@scene("starting", bottom=PLAYER, server="fresh")
def starting(at: Scene) -> None:
    """Run is pressed before the server's first worker is there."""
    page = at.open()
    page.get_by_role("button", name="Run on this machine").click()
    page.get_by_text("Starting PyTorch").wait_for()


def untouched(path: str, at: Scene) -> None:
    """A page as it opens, with its figures drawn."""
    page = at.open(path)
    if path != "methods":
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_timeout(2_000)


for _way in WAYS:
    scene(f"race-{_way}", _way)(partial(untouched, ""))
for _page in ("whatif", "methods", "precision"):
    for _way in ("wide", "dark", "phone"):
        scene(f"{_page}-{_way}", _way)(partial(untouched, _page))


@scene("race-midway", bottom=PLAYER)
def midway(at: Scene) -> None:
    """Played, and paused in the middle: both methods at the same moment."""
    page = at.open()
    press(page, "Play again")
    page.wait_for_timeout(700)
    press(page, "Pause")
    go_to(page, 300)


@scene("race-midway-dark", "dark", bottom=PLAYER)
def midway_dark(at: Scene) -> None:
    """The same in dark."""
    midway(at)


@scene("race-same-step", bottom=PLAYER)
def same_step(at: Scene) -> None:
    """Both methods at the same number of steps."""
    page = at.open()
    press(page, "Same step")
    go_to(page, 420)


@scene("race-frontier", bottom=PLAYER)
def frontier(at: Scene) -> None:
    """Peak memory so far against time so far."""
    page = at.open()
    go_to(page, 750)
    press(page, "Frontier")


@scene("race-seconds", bottom=PLAYER)
def seconds(at: Scene) -> None:
    """The time that each layer has taken."""
    press(at.open(), "Seconds so far")


@scene("race-pinned", bottom=PLAYER)
def pinned(at: Scene) -> None:
    """One layer's card."""
    page = at.open()
    go_to(page, 300)
    canvas = lanes(page).first.locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.6 * box["width"], "y": 40})
    page.mouse.move(5, 5)


@scene("agreement-by-weight", top="h2:has-text('How far the gradients agree')", bottom=".st-key-race-agreement")
def by_weight(at: Scene) -> None:
    """The error of every single weight."""
    page = at.open()
    page.locator(".st-key-race-agreement-by").get_by_text("By weight", exact=True).click()
    settle(page)


@scene("stale", bottom=PLAYER)
def stale(at: Scene) -> None:
    """Settings were changed, and the result is of others."""
    page = at.open()
    choose_network(page, "Digits, coupling layers")
    choose(page, depth=4)
    page.get_by_role("button", name="Update").wait_for()


@scene("refused", bottom=PLAYER)
def refused(at: Scene) -> None:
    """A method that cannot train the network, with the button that takes it out."""
    page = at.open()
    choose_network(page, "Digits, dense layers with ReLU")
    page.get_by_role("button", name="revbackprop", exact=True).click()
    page.get_by_role("button", name="Race without revbackprop").wait_for()


@scene("folded", bottom=PLAYER)
def folded(at: Scene) -> None:
    """A network of 512 couplings, several layers to a column, half way. Its result is a file that is opened."""
    page = at.open()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "digits-512.json"
        command = [sys.executable, "-m", "moonviz", "run", "digits-revnet", "--depth", "512", "--batch", "2"]
        command += ["--method", "backprop", "--method", "moonwalk-mixed", "--repeats", "1", "--json", str(path)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        page.locator("[class*=st-key-race-open] button").first.click()
        page.locator("input[type=file]").set_input_files(path)
        expect(page.locator(".mv-foot").last).to_contain_text("Loaded from a file")
    settle(page)
    go_to(page, 420)


@scene("running", bottom=PLAYER)
def running(at: Scene) -> None:
    """A race that is traced: its lanes fill."""
    page = at.open()
    race(page, "Digits, coupling layers", depth=128, batch=64)
    expect(lanes(page).last).to_contain_text(re.compile(r"\d of 130 gradients made"), timeout=60_000)


@scene("stopped", bottom=PLAYER)
def stopped(at: Scene) -> None:
    """A race that was cancelled on its way."""
    page = at.open()
    race(page, "Digits, coupling layers", depth=250, batch=64)
    expect(lanes(page).last).to_contain_text("gradients made", timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Run again").wait_for()


@scene("queued", bottom=PLAYER)
def queued(at: Scene) -> None:
    """One race runs, another is next, this one is second in line."""
    page = at.open()
    race(page, "Digits, coupling layers", depth=250, batch=64)
    page.get_by_text(RUNNING).first.wait_for()
    for _ in range(2):
        page = at.open()
        press_run(page)
    page.get_by_text(re.compile("^Second in line")).first.wait_for()


@scene("lost", bottom=PLAYER)
def lost(at: Scene) -> None:
    """The worker process has died."""
    page = at.open()
    race(page, "Digits, coupling layers", depth=250, batch=64)
    page.get_by_text(RUNNING).first.wait_for()
    at.server.kill_worker("measure")
    page.get_by_text("The worker process died.").wait_for()


@scene("too-slow", bottom=PLAYER)
def too_slow(at: Scene) -> None:
    """A method that would take far too long is only estimated."""
    page = at.open()
    choose(page, depth=16, batch=2)
    page.get_by_role("button", name="moonwalk-pure", exact=True).click()
    settle(page)
    press_run(page)
    done(page)
    page.get_by_text("estimate only").first.wait_for()


@scene("too-large", bottom=PLAYER, server="small")
def too_large(at: Scene) -> None:
    """Where 24 MiB are allowed, backprop does not fit and Moonwalk does."""
    page = at.open()
    race(page, "Digits, coupling layers", depth=64, batch=64)
    done(page)
    page.get_by_role("button", name="Race without backprop").wait_for()


@scene("train", top="h2:has-text('Train it')", bottom=".st-key-train-foot")
def train(at: Scene) -> None:
    """Two methods trained from the same weights."""
    page = at.open()
    choose_network(page, "Digits, dense layers")
    page.set_viewport_size({"width": 1440, "height": 6_000})
    page.get_by_role("button", name="Train on this machine").click()
    page.locator(".st-key-train-foot").wait_for()
