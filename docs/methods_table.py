"""Write the README's table of methods from their cards.

    python docs/methods_table.py

`tests/test_project.py` fails where the README's table is not what the cards say.
"""

from __future__ import annotations

from pathlib import Path

from moonviz.specs import METHODS, MethodCard

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- methods: made by docs/methods_table.py -->", "<!-- end of methods -->"
NEEDS = {
    "any": "any layer",
    "fragmental": "layers that are submersive, or whose lost part of the gradient can be kept",
    "submersive": "submersive layers",
    "invertible": "invertible layers",
}


def table() -> str:
    """The table, in teaching order."""
    rows = ["| method | time | activation memory | needs | gradient |", "|---|---|---|---|---|"]
    rows += [
        f"| `{name}` | {card.time} | {card.memory} | {NEEDS[card.needs]} | {_gradient(card)} |"
        for name, card in METHODS.items()
    ]
    return "\n".join(rows)


def _gradient(card: MethodCard) -> str:
    return "exact" if card.exact else "a noisy estimate"


def main() -> None:
    """Write the table between its marks."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
