"""Pooling, 1-D and 2-D. The factory picks the class from how the windows lie."""

from __future__ import annotations

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Shape
from moonviz.layers.checks import Factory
from moonviz.layers.conv import need_positions, need_room
from moonviz.layers.conv_pivot import pivots
from moonviz.layers.placement import Placement
from moonviz.layers.pool_base import on_plane, pool_axes
from moonviz.layers.pool_max import DisjointMaxPool, OverlappingMaxPool
from moonviz.layers.pool_mean import AxisFactors, AxisMeanPool, DisjointMeanPool, FaintMeanPool, OverlappingMeanPool
from moonviz.specs import layers as specs


def _pool(spec: specs.Pool, in_shape: Shape, place: Placement) -> Layer:
    need_positions("pooling", in_shape)
    axes = pool_axes(spec, in_shape)
    need_room(axes, in_shape)
    if 2 * spec.padding > spec.kernel:
        raise InvalidSpec(
            f"padding {spec.padding} is more than half of kernel {spec.kernel}. Take a padding of at most "
            f"{spec.kernel // 2}."
        )
    disjoint = all(axis.disjoint for axis in axes)
    if spec.kind == "max_pool":
        return (DisjointMaxPool if disjoint else OverlappingMaxPool)(spec, in_shape)
    if disjoint:
        return DisjointMeanPool(spec, in_shape)
    if taps := pivots(axes):
        return OverlappingMeanPool(spec, in_shape, taps)
    factors = AxisFactors.of(on_plane(axes))
    return (FaintMeanPool if factors.faint.numel() else AxisMeanPool)(spec, in_shape, place, factors)


FACTORIES: dict[type, Factory] = {specs.Pool: _pool}
