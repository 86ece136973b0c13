from __future__ import annotations

import pytest
from whatif_cases import MIB, answered, asked, deepest_on_paper, needed, point

from moonviz.figures.style import LOOKS, memory_text
from moonviz.figures.whatif import memory_by
from moonviz.figures.whatif_answer import answers, distance, scaled
from moonviz.figures.whatif_peak import device_terms, key_of_parts, peak_parts

THREE = ("backprop", "revbackprop", "moonwalk-mixed")


@pytest.mark.parametrize("label", THREE)
@pytest.mark.parametrize("mib", [20, 100, 777])
def test_answers_are_those_reckoned_on_paper(label, mib):
    (one,) = answered(asked(mib), label)
    depth = deepest_on_paper(label, mib * MIB, 8)
    assert (one.reach, one.deepest.bytes) == (depth, needed(label, depth, 8))
    assert one.deepest.bytes_one_deeper == needed(label, depth + 1, 8) > mib * MIB
    assert one.need.total_bytes == needed(label, 4, 8)
    assert needed(label, 4, one.largest.batch) <= mib * MIB < needed(label, 4, one.largest.batch + 1)


def test_time_is_flops_beside_backprops():
    assert [one.time for one in answered(asked(), *THREE)] == pytest.approx([1, 5 / 3, 5 / 3])
    assert answered(asked(), "revbackprop")[0].time is None


def test_a_dry_run_at_the_answer_and_one_beyond_confirms_it():
    ask = asked(100)
    (before,) = answered(ask, "backprop")
    depths = (1, 2, before.reach, before.reach + 1)
    known = {"backprop": [point("backprop", depth, batch) for depth in depths for batch in (8, 16)]}
    (after,) = answers(ask, known)
    assert (before.confirmed, after.confirmed, after.reach) == (False, True, before.reach)
    assert not answers(ask, known, ["backprop"])[0].confirmed


@pytest.mark.parametrize("along", ["depth", "batch"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_have_a_line_rings_and_a_mark_for_each_method(along, scheme):
    ask = asked(200)
    found = answered(ask, *THREE)
    chart = memory_by(along, found, ask, scheme)
    names = [trace.name for trace in chart.figure.data]
    for label in THREE:
        assert {label, f"{label}, dry runs", f"{label}, what fits"} <= {*names}
    assert not any("device" in name for name in names)
    for one in found:
        fit = one.deepest if along == "depth" else one.largest
        count = fit.depth if along == "depth" else fit.batch
        (mark,) = [trace for trace in chart.figure.data if trace.name == f"{one.label}, what fits"]
        assert (mark.x[1], mark.y[1]) == (count, fit.bytes)
        assert mark.marker.symbol == LOOKS[one.method].symbol
        assert any(f"≈ {count:,}" in note.text for note in chart.figure.layout.annotations)
        assert f"{one.label} {count:,}" in chart.alt
    assert chart.figure.layout.xaxis.type == chart.figure.layout.yaxis.type == "log"
    assert [shape.y0 for shape in chart.figure.layout.shapes] == [200 * MIB] * 2
    rings = next(trace for trace in chart.figure.data if trace.name == "backprop, dry runs")
    assert list(rings.x) == ([1, 2, 4] if along == "depth" else [8, 16])


@pytest.mark.parametrize(("mib", "depth", "first"), [(200, 64, 7), (200, 4, 1), (12, 64, 1)])
def test_walks_too_short_to_be_put_together_surely_are_drawn_only_where_one_is_asked_for(mib, depth, first):
    ask = asked(mib, depth=depth)
    chart = memory_by("depth", answered(ask, *THREE), ask, "light")
    for trace in chart.figure.data:
        if trace.name in THREE:
            assert trace.x[0] == first


def test_the_table_twin_has_what_the_lines_have():
    ask = asked(200)
    chart = memory_by("depth", answered(ask, *THREE), ask, "light")
    lines = [trace for trace in chart.figure.data if trace.name in THREE]
    columns = [chart.table[name] for name in ("method", "blocks", "tensors (bytes)")]
    rows = {(method, blocks): size for method, blocks, size in zip(*columns, strict=True)}
    assert all(rows[line.name, x] == y for line in lines for x, y in zip(line.x, line.y, strict=True))
    assert rows["backprop", 1] == needed("backprop", 1, 8)
    assert set(chart.table["known from"]) == {"a dry run", "dry runs of fewer blocks"}


def test_on_cuda_a_band_is_what_the_device_adds():
    ask = asked(1_000, cuda=True)
    chart = memory_by("depth", answered(ask, "backprop"), ask, "light")
    line, band = (trace for trace in chart.figure.data if trace.name in ("backprop", "backprop, with the device’s own"))
    assert band.y[0] - line.y[0] == 100 + 332 * MIB
    assert "band" in chart.caption


def test_what_is_guessed_or_unknown_is_never_drawn_as_known():
    ask = asked(200)
    guess = memory_by("depth", answered(ask, "backprop", guesses=("backprop",)), ask, "light")
    assert "≈" in guess.caption
    assert not any("dry runs" in trace.name for trace in guess.figure.data)
    assert memory_by("depth", answers(ask, {"backprop": ()}), ask, "light") is None
    assert memory_by("depth", answered(ask, "backprop", refuses="backprop"), ask, "light") is None


@pytest.mark.parametrize(("cuda", "optimizer"), [(False, "none"), (True, "adam")])
def test_the_parts_of_a_bar_make_the_whole(cuda, optimizer):
    ask = asked(900, cuda=cuda, optimizer=optimizer)
    found = answered(ask, *THREE)
    chart = peak_parts(found, ask, "light")
    rows = list(zip(*(chart.table[name] for name in ("method", "part", "bytes", "known")), strict=True))
    for one in found:
        mine = [row for row in rows if row[0] == one.label]
        extra = 100 * 4 + 332 * MIB if cuda else 0
        extra += 2 * 4 * MIB if optimizer == "adam" else 0
        assert sum(size for _, _, size, _ in mine) == needed(one.label, 4, 8) + extra
        assert memory_text(one.need.total_bytes) in chart.alt
    assert {part for _, part, _, known in rows if known == "assumed"} == (
        {"workspaces, assumed", "CUDA context, assumed"} if cuda else set()
    )
    assert ("assumed, not measured" in device_terms(found)) == cuda
    assert ("CUDA context" in key_of_parts(found)) == cuda
    drawn = sum(bar.x[0] for bar in chart.figure.data if bar.name.startswith("backprop"))
    assert drawn == pytest.approx(found[0].need.total_bytes, rel=0.02)


def test_bars_say_who_does_not_fit():
    ask = asked(9, depth=4)
    found = answered(ask, "backprop", "revbackprop")
    chart = peak_parts(found, ask, "light")
    assert chart.caption.startswith("1 of 2 fit into 9 MiB.")
    assert [("does not fit" in note.text) for note in chart.figure.layout.annotations] == [True, False]


def test_a_guess_grows_as_width_and_number_do():
    (one,) = scaled([point("backprop", 4, 8)], {"width": 32}, {"width": 64}, ("float32", "bfloat16"))
    old = point("backprop", 4, 8)
    assert one.by_category["activation"] == old.by_category["activation"]  # twice as wide, half as long
    assert one.by_category["gradient"] == one.gradient_bytes == 2 * old.gradient_bytes
    assert (one.exact, one.books, one.peak_bytes) == (False, (), sum(one.by_category.values()))


@pytest.mark.parametrize(
    ("other", "far"),
    [({"depth": 9}, 0), ({"width": 128}, 1), ({"width": 16}, 2), ({"slope": 0.3}, 1), ({"dtype": "float64"}, 1)],
)
def test_depth_and_batch_make_no_settings_unlike(other, far):
    here = {"width": 64, "slope": 0.5, "depth": 4, "batch": 8, "seed": 0, "dtype": "float32"}
    assert distance(here, here | other) == far
