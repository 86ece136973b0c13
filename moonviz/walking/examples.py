"""Walks to begin with: networks so small, and numbers so round, that every product can be checked by hand.

At the input each begins with, both classes are equally likely, so the loss's gradient is one half and minus one half,
and all that follows stays a short decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.walking.asked import PLANE, WalkSpec

_LEAKY = {"kind": "leaky_relu", "slope": 0.5}
_RELU = {"kind": "relu"}
_COUPLING = {"kind": "coupling", "inside": {"kind": "mlp", "hidden": 1, "slope": 0.5}}


@dataclass(frozen=True, slots=True)
class Example:
    """One of the walks.

    Attributes:
        name: Its short name, for lessons and links.
        title: For people.
        about: What it shows, in one sentence.
        spec: The walk by moonwalk-mixed.
    """

    name: str
    title: str
    about: str
    spec: WalkSpec


def example(name: str) -> Example:
    """One of `EXAMPLES`.

    Raises:
        InvalidSpec: If there is none of this name.
    """
    if name not in EXAMPLES:
        raise InvalidSpec(f"there is no walk `{name}`; the walks are {', '.join(f'`{one}`' for one in EXAMPLES)}")
    return EXAMPLES[name]


def _dense(width: int) -> dict[str, Any]:
    return {"kind": "dense", "width": width}


def _made(
    name: str, title: str, about: str, body: list[Any], weights: dict[str, Any], x: tuple[float, ...], head: Any = ()
) -> Example:
    network = {
        "name": f"walk {name}",
        "data": PLANE,
        "batch": 1,
        "dtype": "float64",
        "body": [{"layers": [layer]} for layer in body],
        "head": head,
    }
    spec = {"network": network, "weights": weights, "x": x, "method": {"name": "moonwalk-mixed"}}
    return Example(name, title, about, WalkSpec.read(spec))


_STACK = {
    "1.weight": [[2, 1], [1, 1]],
    "1.bias": [[0, -3]],
    "3.weight": [[1, 2], [-1, 2]],
    "3.bias": [[0, 0]],
    "5.weight": [[2, 0], [1, 1]],
}

EXAMPLES: dict[str, Example] = {
    one.name: one
    for one in (
        _made(
            "dense",
            "Dense and LeakyReLU",
            "Every layer is square and can be undone: three dense layers, and between them slopes of 1 and ½.",
            [_dense(2), _LEAKY, _dense(2), _LEAKY, _dense(2)],
            _STACK | {"5.bias": [[0, 4]]},
            (1, 1),
        ),
        _made(
            "coupling",
            "Couplings",
            "One number moves by a function of the other, then they change places: undone by subtracting.",
            [_COUPLING] * 3,
            {
                "1.inside.weight_in": [[1]],
                "1.inside.bias_in": [[1]],
                "1.inside.weight_out": [[1]],
                "1.inside.bias_out": [[0]],
                "2.inside.weight_in": [[2]],
                "2.inside.bias_in": [[0]],
                "2.inside.weight_out": [[1]],
                "2.inside.bias_out": [[0]],
                "3.inside.weight_in": [[1]],
                "3.inside.bias_in": [[0]],
                "3.inside.weight_out": [[4]],
                "3.inside.bias_out": [[0.5]],
            },
            (1, -2),
        ),
        _made(
            "narrowing",
            "Two numbers to one",
            "Layer 3 forgets a direction of x, so no input can be rebuilt; but h still passes it both ways.",
            [_dense(2), _LEAKY, _dense(1), _LEAKY],
            {
                "1.weight": [[1, 2], [1, 1]],
                "1.bias": [[0, -3]],
                "3.weight": [[1, 2]],
                "3.bias": [[-3]],
                "5.weight": [[2], [-2]],
                "5.bias": [[0, -2]],
            },
            (1, 1),
            [_dense(2)],
        ),
        _made(
            "relu",
            "ReLU",
            "A unit at 0 has slope 0 and erases its part of h: that number is kept as a fragment.",
            [_dense(2), _RELU, _dense(2), _RELU, _dense(2)],
            _STACK | {"5.bias": [[0, 3]]},
            (1, 1),
        ),
        _made(
            "widening",
            "One number to two",
            "Layer 3 has more outputs than inputs, so it erases a direction of h: one number of it is kept.",
            [_dense(1), _LEAKY, _dense(2), _LEAKY, _dense(2)],
            {
                "1.weight": [[1, 1]],
                "1.bias": [[-4]],
                "3.weight": [[3], [4]],
                "3.bias": [[0.5, 4]],
                "5.weight": [[2, 1], [0, 2]],
                "5.bias": [[0, -3]],
            },
            (1, 2),
        ),
    )
}
"""Every walk, in teaching order."""
