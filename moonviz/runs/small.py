"""Products with a matrix small enough to check by hand, by the dense layer that networks use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch

from moonviz.errors import InvalidSpec
from moonviz.layers import Placement, SubmersiveLayer, make
from moonviz.specs.layers import Dense


def product(
    name: Literal["jvp", "vjp", "vijp"], rows: Sequence[Sequence[float]], vector: Sequence[float]
) -> tuple[float, ...]:
    """`jvp`: Wv. `vjp`: hW. `vijp`: the h that W turns into this one.

    Args:
        name: Which.
        rows: W `[n_out, n_in]`, row by row.
        vector: v `[n_in]`, or h: `[n_out]` for a vjp, `[n_in]` for a vijp.

    Raises:
        InvalidSpec: If the sizes do not fit, or nothing undoes the product.
    """
    if len({len(row) for row in rows}) != 1:
        raise InvalidSpec("every row of the matrix needs as many numbers as the first")
    wide, given = len(rows[0]), len(rows) if name == "vjp" else len(rows[0])
    if len(vector) != given:
        raise InvalidSpec(f"a {name} with this matrix takes {given} numbers, not {len(vector)}")
    layer = make(Dense(width=len(rows), bias=False), (wide,), Placement(torch.device("cpu"), torch.float64), "W")
    x, given_row = torch.zeros(1, wide, dtype=torch.float64), torch.tensor([list(vector)], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([list(row) for row in rows], dtype=torch.float64))
        if name == "vjp":
            made = layer.vjp_x((), given_row)
        elif name == "vijp":
            if not isinstance(layer, SubmersiveLayer):
                raise InvalidSpec("this matrix has more rows than columns, so nothing undoes its product")
            made = layer.vijp(x, given_row, ())
        else:
            made = layer.jvp(x, given_row)
    return tuple(round(float(one), 12) + 0.0 for one in made.flatten())
