"""Make the stored races of moonviz/data/stored: run it on a quiet machine, then commit what changed.

    python benchmarks/store_races.py [PRESET…]

Every number in them is measured here and now; the machine is written beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import moonviz
from moonviz.runs import run_methods
from moonviz.runs.environment import set_flags
from moonviz.specs import PRESETS, NetworkSpec, RunSpec

STORED = Path(moonviz.__file__).parent / "data" / "stored"
METHODS = ("backprop", "checkpointing", "revbackprop", "moonwalk-mixed")
"""What the first view shows, where a network supports it; the forward modes would take hours on most of these."""


def supports(network: NetworkSpec, method: str) -> bool:
    """Whether a method can train a network; a refused one would only fill the page with its refusal."""
    try:
        moonviz.estimate(network, method=method)
    except moonviz.UnsupportedPair:
        return False
    return True


def main() -> None:
    set_flags()
    STORED.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PRESETS:
        network = moonviz.preset(name)
        spec = RunSpec.read(
            {
                "network": network.model_dump(),
                "methods": [{"name": method} for method in METHODS if supports(network, method)],
                "device": "cpu",
                "repeats": 7,
            }
        )
        report = run_methods(spec)
        (STORED / f"{name}.json").write_text(report.to_json() + "\n", encoding="utf-8")
        for result in report.results:
            print(name, result.label, result.peak_bytes, result.seconds.median if result.seconds else None)


if __name__ == "__main__":
    main()
