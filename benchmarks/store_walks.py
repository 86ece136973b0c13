"""Make the stored walks of moonviz/data/stored_walks: run it, then commit what changed.

    python benchmarks/store_walks.py

Pages show them while the process that walks is still starting. Every number in them is the engine's; a test fails when
the engine gives others.
"""

from __future__ import annotations

from moonviz.data.stored import stored_walk_names, walk_file
from moonviz.runs.environment import set_flags
from moonviz.runs.probe import Budget
from moonviz.runs.walked import walk_page
from moonviz.walking import EXAMPLES


def main() -> None:
    """Write them all."""
    set_flags(1)
    for name, method in stored_walk_names():
        page = walk_page(EXAMPLES[name].spec.by(method), Budget(name, seconds=60))
        file = walk_file(name, method)
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{page.to_json()}\n", "utf-8")


if __name__ == "__main__":
    main()
