"""How far extrapolations to deep networks lie from dry runs of those very networks, for every method on every preset.

    python benchmarks/extrapolation.py [--presets digits-dense,…] [--depths 100,333,1024] [--seconds 600]

Presets keep the size they have. What is extrapolated rests on the short dry runs of `estimates.samples` alone. Every
result is added to the file at once; what is there already is not done again, so the script may be stopped and resumed.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.estimates.extrapolate import at
from moonviz.estimates.sweeping import dry_point, sweep
from moonviz.runs.environment import environment, set_flags
from moonviz.specs import PRESETS, method_options, preset
from moonviz.specs.methods import MethodOptions

RESULTS = Path(__file__).parent / "results" / f"extrapolation-{platform.machine()}.json"
METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("backprop", {}),
    ("checkpointing", {}),
    ("revbackprop", {}),
    ("projforward", {}),
    ("moonwalk-pure", {}),
    ("moonwalk-mixed", {}),
    ("moonwalk-mixed", {"phase_one": "inverse"}),
    ("moonwalk-mixed", {"phase_one": "checkpointed"}),
    ("moonwalk-mixed", {"anchor_every": 16}),
)


def main() -> None:
    """Confirm what is not confirmed yet, until time is up."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--depths", default="100,333,1024")
    parser.add_argument("--seconds", type=float, default=3_600)
    chosen = parser.parse_args()
    set_flags(1)
    until = time.monotonic() + chosen.seconds
    depths = [int(depth) for depth in chosen.depths.split(",")]
    for name in chosen.presets.split(","):
        for method, options in METHODS:
            confirm(name, method_options(method, options), depths, until)


def confirm(name: str, options: MethodOptions, depths: list[int], until: float) -> None:
    """Compare one method on one preset at some depths, at its batch and at half as large a one."""
    known = load()
    network = preset(name)
    wanted = [(depth, batch) for depth in depths for batch in {network.batch, network.batch // 2}]
    wanted = [place for place in wanted if key(name, options, *place) not in known["rows"]]
    if not wanted or time.monotonic() > until:
        return
    learned = sweep(network, [options], [1])
    if learned[0].status == "refused":
        return
    for depth, batch in wanted:
        if time.monotonic() > until:
            return
        begin = time.perf_counter()
        try:
            real = dry_point(network, options, depth, batch)
        except InvalidSpec:  # a preset whose depth ends earlier
            continue
        took = time.perf_counter() - begin
        begin = time.perf_counter()
        told = at(learned, depth, batch)
        add(
            key(name, options, depth, batch),
            {
                "peak_bytes": real.peak_bytes,
                "extrapolated_bytes": told.peak_bytes,
                "off": told.peak_bytes / real.peak_bytes - 1,
                "how": told.how,
                "same_categories": told.by_category == real.by_category,
                "dry_run_seconds": round(took, 3),
                "extrapolation_seconds": round(time.perf_counter() - begin, 5),
            },
        )


def key(name: str, options: MethodOptions, depth: int, batch: int) -> str:
    """What names a row."""
    return f"{name} | {options.label} | depth {depth} | batch {batch}"


def load() -> dict[str, Any]:
    """The results so far."""
    if RESULTS.exists():
        return json.loads(RESULTS.read_text(encoding="utf-8"))
    return {"environment": environment("meta").model_dump(mode="json"), "rows": {}}


def add(name: str, row: dict[str, Any]) -> None:
    """Write a row down."""
    found = load()
    found["rows"][name] = row
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{name}: {row['off']:+.5%} ({row['how']}), dry run {row['dry_run_seconds']} s", flush=True)


if __name__ == "__main__":
    main()
