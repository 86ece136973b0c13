"""Make the stored dry runs that the What-if page opens with: run it, then commit what changed.

    python benchmarks/store_peaks.py

They are bytes of dry runs, the same on every machine.
"""

from __future__ import annotations

import json
from pathlib import Path

import moonviz
from moonviz.estimates.devices import custom
from moonviz.estimates.fit import deepest, largest_batch
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.sweeping import sweep
from moonviz.specs import NetworkSpec, method_options, preset
from moonviz.specs.methods import MethodOptions
from moonviz.ui.whatif_points import CONFIRMED_DEPTH, SAMPLED_DEPTH
from moonviz.ui.whatif_state import FOUR, OPENING, Whatif

STORED = Path(moonviz.__file__).parent / "data" / "stored_peaks"


def dry_runs(network: NetworkSpec, options: MethodOptions) -> list[PeakPoint]:
    """Those that a method is learned from, and those that confirm what an untouched page answers."""
    page = Whatif()
    device, depth = custom(page.budget_bytes, cuda=True), network.depth
    points = list(sweep(network, (options,), (SAMPLED_DEPTH,), (network.batch,)))
    deep = deepest(points, page.budget_bytes, device, page.optimizer, network.batch).depth
    if deep < CONFIRMED_DEPTH:
        points += sweep(network, (options,), (deep, deep + 1), (network.batch,), learn=False)
    else:
        points += sweep(network, (options,), (256,), (network.batch,), learn=False)
    large = largest_batch(points, page.budget_bytes, device, page.optimizer, depth).batch
    batches = (network.batch, large, large + 1)
    return points + list(sweep(network, (options,), (depth,), batches, learn=False))


def main() -> None:
    STORED.mkdir(exist_ok=True)
    for name, settings in OPENING.items():
        network = preset(name, **settings)
        methods = [method_options(method) for method in FOUR]
        methods.append(method_options("moonwalk-mixed", {"anchor_every": Whatif().anchor_every}))
        points = [point for options in methods for point in dry_runs(network, options)]
        data = [point.model_dump(mode="json") for point in points]
        (STORED / f"{name}.json").write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
        print(name, len(points), "dry runs")


if __name__ == "__main__":
    main()
