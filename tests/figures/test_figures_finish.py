from __future__ import annotations

from html.parser import HTMLParser

import pytest
from race_cases import fell, gradient, race, result

from moonviz.figures.finish import error_place, finish
from moonviz.figures.held import sweeps
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
    assert "<b>same</b> to 6 digits" in html
    assert "<b>reference</b> true to 6 digits" in html
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
