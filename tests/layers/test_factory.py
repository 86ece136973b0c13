from __future__ import annotations

import pytest
import torch

from moonviz.errors import InvalidSpec, SingularLayer
from moonviz.layers import Placement, make
from moonviz.specs import layers

PLACE = Placement(torch.device("cpu"), torch.float64)


@pytest.mark.parametrize(
    ("spec", "in_shape", "words"),
    [
        (layers.Dense(width=4), (2, 3, 3), ["layer 7", "vector", "2×3×3", "flatten"]),
        (layers.Conv(channels=4), (5,), ["layer 7", "channels, height and width", "5 numbers"]),
        (layers.Conv(channels=4, kernel=9, padding=0), (1, 8, 8), ["layer 7", "kernel 9", "1×8×8", "smaller kernel"]),
        (layers.Coupling(), (3, 4, 4), ["layer 7", "two halves", "3", "even"]),
        (layers.Coupling(), (6,), ["layer 7", "channels, height and width"]),
        (layers.GlobalMeanPool(), (6,), ["layer 7", "channels, height and width"]),
    ],
)
def test_a_shape_that_does_not_fit_names_the_layer(spec: layers.LayerSpec, in_shape: tuple, words: list[str]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        make(spec, in_shape, PLACE, "layer 7")
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_singular_matrix_names_its_layer() -> None:
    layer = make(layers.Dense(width=3), (3,), PLACE, "layer 5 (dense)")
    torch.nn.init.zeros_(layer.weight)
    with pytest.raises(SingularLayer, match=r"layer 5 \(dense\).*seed"):
        layer.vijp(torch.ones(1, 3).double(), torch.ones(1, 3).double(), ())
