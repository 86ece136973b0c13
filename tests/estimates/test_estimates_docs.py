"""The table of estimates beside other tools: made of the stored results, which today's estimates still are."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "estimators.py"))
STORED = json.loads((ROOT / "benchmarks" / "results" / "estimators-cpu-x86_64.json").read_text(encoding="utf-8"))


def test_the_table_is_what_the_results_say():
    text = (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    between = text.split(SCRIPT["BEGIN"])[1].split(SCRIPT["END"])[0]
    assert between.strip() == SCRIPT["table"](STORED), "run python benchmarks/estimators.py --table"


@pytest.mark.parametrize("label", STORED["rows"])
def test_the_stored_estimates_are_todays(label):
    row = STORED["rows"][label]
    found = SCRIPT["by_moonviz"](*SCRIPT["NETWORKS"][label])
    assert found == row["estimates"]["moonviz"]["bytes"]
    assert found / row["measured_bytes"] == pytest.approx(1, abs=0.012)


def test_every_tool_stands_in_the_table_with_the_version_that_was_asked():
    assert list(STORED["tools"]) == list(SCRIPT["TOOLS"])
    assert all(row["estimates"].keys() == STORED["tools"].keys() for row in STORED["rows"].values())
