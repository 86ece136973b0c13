"""Make the stored races of moonviz/data/stored: run it on a quiet machine, then commit what changed.

    python benchmarks/store_races.py

Every number in them is measured here and now; the machine is written beside them.
"""

from __future__ import annotations

from pathlib import Path

import moonviz
from moonviz.runs import run_methods
from moonviz.runs.environment import set_flags
from moonviz.specs import METHODS, RunSpec

STORED = Path(moonviz.__file__).parent / "data" / "stored"
RACES = {"photo-revnet": {}, "digits-revnet": {}, "digits-dense": {}}


def main() -> None:
    set_flags()
    STORED.mkdir(exist_ok=True)
    for name, settings in RACES.items():
        spec = RunSpec.read(
            {
                "network": moonviz.preset(name, **settings).model_dump(),
                "methods": [{"name": method} for method in METHODS],
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
