"""Convolutions. The factory picks the class from the spec and the shape: what it can do is its type."""

from __future__ import annotations

from math import prod

from torch import Generator, Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Shape
from moonviz.layers.checks import Factory, words
from moonviz.layers.conv_bands import BandedConv1d, BandedConv2d, TiledConv2d
from moonviz.layers.conv_patches import FreeTaps, PatchConv, WideningPatchConv
from moonviz.layers.conv_pivot import PivotConv, PointwiseConv, describe_no_pivot, pivots
from moonviz.layers.fallback import JacobianOfAll, can_be_written_out, too_large
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis


class _AsDrawn(FreeTaps):
    """A convolution without a rule of its own: its weights start as they are drawn."""

    def shape_weights(self, drawn: Tensor, generator: Generator) -> None:
        """As they are."""

    @property
    def why(self) -> str:
        """What is wrong with its numbers, to begin a sentence with."""
        out, channels = self.out_shape[0], self.in_shape[0]
        n_out, n_in = prod(self.out_shape), prod(self.in_shape)
        if n_out > n_in:
            return f"{self.words}: its {n_out:,} outputs are more than its {n_in:,} inputs"
        if out > channels:
            return f"{self.words}: no single tap gives {out} channels from {channels} and can be undone"
        return f"{self.words}: {describe_no_pivot(self.axes)}"


class OrdinaryConv(_AsDrawn):
    """A convolution without a rule for its vijp, too large for `JacobianConv`: trained by ordinary autograd."""

    @property
    def reason(self) -> str:
        return f"{self.why}, and it {too_large(self.in_shape, self.out_shape)}."


class JacobianConv(JacobianOfAll, _AsDrawn):
    """A small convolution without a rule for its vijp: its Jacobian, the same for all examples, is factored."""

    @property
    def reason(self) -> str:
        return f"{self.why}, but it is small: it {self.what_it_keeps}."


def need_positions(what: str, in_shape: Shape) -> None:
    """Refuse what is neither 1-D nor 2-D.

    Raises:
        InvalidSpec: Saying what it gets.
    """
    if len(in_shape) not in (2, 3):
        raise InvalidSpec(
            f"{what} takes channels and a length, or channels, height and width, but gets {words(in_shape)}."
        )


def need_room(axes: tuple[Axis, ...], in_shape: Shape) -> None:
    """Refuse a kernel that does not fit.

    Raises:
        InvalidSpec: Saying which.
    """
    if any(axis.outputs < 1 for axis in axes):
        kernel, padding = axes[0].kernel, axes[0].padding
        raise InvalidSpec(
            f"kernel {kernel} is larger than {words(in_shape)} with padding {padding}. Take a smaller kernel."
        )


def _conv(spec: specs.Conv, in_shape: Shape, place: Placement) -> Layer:
    need_positions("a convolution", in_shape)
    channels, *extent = in_shape
    axes = tuple(Axis(size, spec.kernel, spec.stride, spec.padding) for size in extent)
    need_room(axes, in_shape)
    square = spec.channels == channels
    if square and spec.kernel == spec.stride == 1 and not spec.padding:
        return PointwiseConv(spec, in_shape, place)
    if spec.channels <= channels and (taps := pivots(axes)):
        return PivotConv(spec, in_shape, place, taps)
    if spec.channels <= channels and axes[0].keeps_size:
        banded = BandedConv1d if len(axes) == 1 else TiledConv2d if spec.layout == "tiles" else BandedConv2d
        return banded(spec, in_shape, place)
    if all(axis.disjoint for axis in axes) and not spec.padding:
        widens = spec.channels > channels * spec.kernel ** len(axes)
        return (WideningPatchConv if widens else PatchConv)(spec, in_shape, place)
    small = can_be_written_out(in_shape, (spec.channels, *(axis.outputs for axis in axes)))
    return (JacobianConv if small else OrdinaryConv)(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Conv: _conv}
