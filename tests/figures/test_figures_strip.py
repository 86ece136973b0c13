from __future__ import annotations

from html.parser import HTMLParser

import pytest
from race_cases import fell, gradient, race, result

from moonviz.events import HeldBytes, StepRecord
from moonviz.figures.finish import error_place, finish
from moonviz.figures.held import Moment, fold, fullest, latest, per_column, sweeps
from moonviz.figures.strip import LEAST_PIXELS, WIDTHS, Lane, finished_lanes, kept_table, live_lane, strip
from moonviz.figures.style import bytes_text


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(html)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def of(self, tag, part):
        return [attrs for name, attrs in self.seen if name == tag and part in (attrs.get("class") or "").split()]


def test_what_is_held_is_rebuilt_from_the_changes():
    for one in race().results:
        for at in (1, len(one.steps) // 2, len(one.steps)):
            by_category = dict(one.steps[at - 1].by_category)
            by_category.pop("gradient", None)
            assert latest(one.steps[:at]).by_kind() == by_category


def test_the_fullest_moment_has_the_most_without_gradients():
    for one in race().results:
        held = [sum(b for k, b in step.by_category.items() if k != "gradient") for step in one.steps]
        assert fullest(one.steps).total == max(held)
        assert fullest(one.steps).index == held.index(max(held))


def test_letting_go_of_a_gradient_is_no_business_of_the_strip():
    gone = HeldBytes(kind="gradient", layer=0, bytes=8)
    step = StepRecord(
        index=0, phase="reverse", layer=0, live_bytes=0, peak_bytes=0, by_category={}, held_removed=(gone,)
    )
    assert latest([step]).held == {}
    assert latest([]) is None


@pytest.mark.parametrize("layers", [1, 8, 33, 130, 258, 514, 1026])
@pytest.mark.parametrize("most", WIDTHS.values())
def test_folding_keeps_every_byte_and_fits(layers, most):
    moment = Moment(0, "forward", 0, {(layer, "activation"): 1 + layer for layer in range(layers)})
    folded = fold(moment, layers, per_column(layers, most))
    assert len(folded.columns) <= most
    assert sum(column["activation"] for column in folded.columns) == moment.total
    assert per_column(layers, most) == 1 or len(folded.columns) > most / 2


def test_strip_draws_a_wall_and_a_dotted_line_on_one_scale():
    tags = Tags(strip(finished_lanes(race()), 34))
    assert len(tags.of("section", "mv-lane")) == 2
    bars = tags.of("b", "mv-k")
    heights = [float(bar["style"].removeprefix("height:").removesuffix("px")) for bar in bars if "style" in bar]
    assert min(heights) == LEAST_PIXELS
    labels = [attrs["aria-label"] for tag, attrs in tags.seen if attrs.get("role") == "img"]
    assert labels[0].startswith(f"backprop kept at most {bytes_text(finished_lanes(race())[0].moment.total)}.")


def test_strip_of_a_long_network_is_folded_and_says_so():
    step = StepRecord(
        index=0, phase="forward", layer=513, live_bytes=8, peak_bytes=8, by_category={"activation": 8},
        held_added=(HeldBytes(kind="activation", layer=513, bytes=8),),
    )  # fmt: skip
    html = strip([live_lane("backprop", "backprop", [step], latest([step]), now=True)], 514)
    assert "folded: 1 column = 4 layers" in html
    assert "folded: 1 column = 16 layers" in html
    assert "layer 513 → loss" in html
    assert 'title="Layers 512 to 513: activations 8 B"' in html


def test_strip_escapes_labels_and_waits():
    html = strip([Lane("backprop", "<b>", None, "Waiting for its turn.")], 4)
    assert "&lt;b&gt;</span>" in html
    assert 'aria-label="&lt;b&gt; kept' in html
    assert live_lane("backprop", "backprop", [], None, now=True).caption == "Waiting for its turn."


def test_kept_table_has_the_bytes_of_the_strip():
    table = kept_table(race())
    assert sum(table["bytes"]) == sum(lane.moment.total for lane in finished_lanes(race()))
    assert {len(column) for column in table.values()} == {len(table["layer"])}


def test_sweeps_are_cut_where_the_phase_changes():
    assert [phase for phase, _ in sweeps(result("moonwalk-mixed").steps)] == ["forward", "reverse", "advance"]


def test_finish_has_a_row_per_method_with_bars_and_words():
    own = gradient(8e-7, "backprop")["gradient"].model_copy(update={"relative_error_to_backprop": 0.0})
    html = finish(
        race(backprop={"gradient": own, "peak_bytes": 2**24}, moonwalk_mixed=gradient(3e-7) | {"peak_bytes": 2**21})
    )
    tags = Tags(html)
    assert len([1 for tag, attrs in tags.seen if tag == "th" and attrs.get("scope") == "row"]) == 2
    assert "<b>2.00 MiB</b> 8.0× less" in html
    assert "<b>same</b>, 6 digits agree with backprop" in html
    assert "<b>reference</b>, 6 digits agree with float64" in html
    assert "beside backprop’s, both in float32" in html
    assert "10⁻⁸ to 1" in html
    assert "Allocator" not in html


def test_finish_shows_the_allocator_where_it_was_counted():
    html = finish(race(backprop={"allocator_peak_bytes": 2**20}))
    assert html.count("Allocator peak</th>") == 1
    assert "not counted" in html


def test_finish_keeps_the_place_of_a_method_that_fell():
    html = finish(race(backprop=fell("too_large", "`backprop` needs <more>.", peak_bytes=2**24)))
    assert "<b>Does not fit.</b> <code>backprop</code> needs &lt;more&gt;." in html
    assert "<b>16.0 MiB</b> predicted" in html
    assert bytes_text(result("moonwalk-mixed").peak_bytes) in html
    Tags(html)


@pytest.mark.parametrize(
    ("error", "dtype", "place"),
    [(1e-8, "float32", 0), (1e-4, "float32", 50), (1.0, "float32", 100), (7.0, "float32", 100), (0.0, "float32", 0),
     (1e-12, "float32", 0), (1e-8, "float64", 50), (1e-16, "float64", 0)],
)  # fmt: skip
def test_error_scale_is_logarithmic_and_clipped(error, dtype, place):
    assert error_place(error, dtype) == pytest.approx(place)
