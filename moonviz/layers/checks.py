"""Checks that factories share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Shape
from moonviz.layers.placement import Placement

Factory = Callable[[Any, Shape, Placement], Layer]
"""(spec, shape of one example's input, placement) → layer."""


def need_vector(what: str, in_shape: Shape) -> None:
    """Refuse what is not one vector per example.

    Raises:
        InvalidSpec: Saying what it gets and what to do.
    """
    if len(in_shape) != 1:
        raise InvalidSpec(f"{what} takes a vector, but gets {words(in_shape)}. Put `flatten` before it.")


def need_image(what: str, in_shape: Shape) -> None:
    """Refuse what has no height and width.

    Raises:
        InvalidSpec: Saying what it gets.
    """
    if len(in_shape) != 3:
        raise InvalidSpec(f"{what} takes channels, height and width, but gets {words(in_shape)}.")


def need_positions(what: str, in_shape: Shape) -> None:
    """Refuse what has channels alone.

    Raises:
        InvalidSpec: Saying what it gets.
    """
    if len(in_shape) not in (2, 3):
        raise InvalidSpec(
            f"{what} takes channels, height and width (or channels and a length), but gets {words(in_shape)}."
        )


def words(shape: Shape) -> str:
    """A shape in words."""
    return "×".join(map(str, shape)) + " numbers"


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``"1 output"``, ``"1,024 outputs"``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
