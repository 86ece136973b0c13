"""What the tests of the Race page share."""

from __future__ import annotations

import json
from pathlib import Path

from moonviz.data.stored import stored
from moonviz.figures.headline import headline

BOTH = ("backprop", "moonwalk-mixed")

APP = Path(__file__).parents[2] / "app.py"
SENTENCE = headline(stored("photo-revnet", BOTH)).html
DENSE = headline(stored("digits-dense", BOTH)).html


def text(page):
    assert not page.exception, page.exception
    return "\n".join(one.proto.body for one in page.get("html"))


def kinds(page):
    return [one.type for one in page.main]


def run(page, fake, *script):
    fake.script = list(script)
    return page.button(key="race.run").click().run()


def charts(page):
    return page.get("plotly_chart")


def played(page):
    """What the one player on the page is fed."""
    assert not page.exception, page.exception
    (fed,) = [one for one in page.get("bidi_component") if one.proto.id.endswith("race.player")]
    return json.loads(fed.proto.json)["payload"]


def statuses(page):
    return [one["status"] for one in played(page)["methods"]]
