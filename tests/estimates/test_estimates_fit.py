"""`fit` agrees with trial: a real run of the answered depth stays within the limit, one block deeper does not."""

from __future__ import annotations

from typing import Any

import pytest

from moonviz.errors import InvalidSpec
from moonviz.estimates.devices import COPIES, OPTIMIZERS, custom, needs
from moonviz.estimates.fit import Fit, deepest, largest_batch
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.searching import fit
from moonviz.estimates.varying import with_depth
from moonviz.networks import build
from moonviz.runs.trace import finish, trace
from moonviz.specs import NetworkSpec, method_options, preset
from moonviz.specs.methods import MethodOptions

REVNET = preset("digits-revnet", channels=2, batch=2)
DENSE = preset("digits-dense", width=4, batch=16)
CASES: dict[str, tuple[NetworkSpec, str, dict[str, Any]]] = {
    "backprop": (REVNET, "backprop", {}),
    "checkpointing": (REVNET, "checkpointing", {}),
    "revbackprop": (REVNET, "revbackprop", {}),
    "projforward": (DENSE, "projforward", {}),
    "mixed": (REVNET, "moonwalk-mixed", {}),
    "mixed, inverse": (REVNET, "moonwalk-mixed", {"phase_one": "inverse"}),
    "mixed, checkpointed": (REVNET, "moonwalk-mixed", {"phase_one": "checkpointed", "segment": 3}),
    "mixed, stages": (preset("conv-pyramid", channels=1, batch=1), "moonwalk-mixed", {}),
    "pure": (DENSE, "moonwalk-pure", {"chunk": 4}),
    "forward": (preset("digits-dense", width=2, batch=2), "forward", {}),
    "lines": (preset("dense-pyramid", width=4, last=2, batch=4), "backprop", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_trial_agrees(case: str) -> None:
    network, name, given = CASES[case]
    options = method_options(name, given)
    limit = (takes(network, options, 3 if name == "forward" else 9)) + 5
    found, points = fit(network, options, limit)
    assert found.exact
    assert all(point.status == "ok" for point in points)
    assert found.bytes == takes(network, options, found.depth) <= limit
    assert found.bytes_one_deeper == takes(network, options, found.depth + 1) > limit


def takes(network: NetworkSpec, options: MethodOptions, depth: int) -> int:
    """What a real run on the processor takes: weights, batch and the ledger's peak."""
    net = build(with_depth(network, depth))
    x, target = net.batch()
    whole = finish(trace(net, options, x, target))
    return whole.peak_bytes + sum(t.nbytes for t in (*net.parameters(), *net.buffers(), x, target))


def test_a_network_without_a_depth_is_asked_for_its_batch() -> None:
    block = DENSE.body[0].model_dump() | {"repeat": 1}
    network, options = DENSE.changed(name="mine", body=[block, block]), method_options("backprop")
    limit = takes(network.changed(batch=37), options, 2) + 3
    found, _ = fit(network, options, limit)
    assert (found.varied, found.depth, found.batch, found.exact) == ("batch", 2, 37, True)
    assert found.bytes == limit - 3


def test_what_is_refused_fits_nowhere() -> None:
    found, points = fit(preset("relu-net", width=4, batch=2), method_options("revbackprop"), 2**30)
    assert (found.depth, found.bytes, found.limited_by) == (0, None, "refused")
    assert points[0].status == "refused"


def line(depth: int, batch: int = 4) -> PeakPoint:
    """A method whose peak is 100 bytes a block and example, and 7 more."""
    peak = 100 * depth * batch + 7
    return PeakPoint(
        label="m", method="backprop", depth=depth, batch=batch, peak_bytes=peak, by_category={"activation": peak},
        parameter_bytes=10 * depth, gradient_bytes=10 * depth, input_bytes=batch,
    )  # fmt: skip


LINES = [line(4), line(8), line(4, 8), line(8, 8)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("limit", [500, 4_300, 12_345, 99_999])
def test_the_deepest_is_the_last_that_fits(limit: int, optimizer: str) -> None:
    def need(depth: int) -> int:
        return 400 * depth + 7 + 4 + 10 * depth * (1 + COPIES[optimizer])

    found = deepest(LINES, limit, custom(limit), optimizer)
    assert need(found.depth) <= limit < need(found.depth + 1)
    assert (found.bytes, found.bytes_one_deeper) == (need(found.depth) if found.depth else None, need(found.depth + 1))
    assert (found.limited_by, found.exact) == ("activation", False)


def test_the_largest_batch_is_the_last_that_fits() -> None:
    found = largest_batch(LINES, 10_000, custom(10_000), depth=4)
    assert (found.varied, found.depth) == ("batch", 4)
    assert 400 * found.batch + 7 + 40 + found.batch <= 10_000 < 400 * (found.batch + 1) + 7 + 40 + found.batch + 1


def test_the_ends_of_the_search() -> None:
    none = deepest(LINES, 100, custom(100))
    assert (none.depth, none.bytes, none.bytes_one_deeper) == (0, None, 421)
    everything = deepest(LINES, 10**9, custom(10**9), most=50)
    assert (everything.depth, everything.bytes_one_deeper, everything.limited_by) == (50, None, "most")
    with pytest.raises(InvalidSpec, match="no dry run"):
        deepest([], 1, custom(1))


def test_few_questions_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer on a page is searched again at every move, so it must not take a look at each depth."""
    asked = []
    monkeypatch.setattr("moonviz.estimates.fit.needs", lambda point, *more: asked.append(1) or needs(point, *more))
    found: Fit = deepest(LINES, 1_234_567, custom(1), most=10_000)
    assert found.depth == (1_234_567 - 11) // 410
    assert len(asked) < 12
