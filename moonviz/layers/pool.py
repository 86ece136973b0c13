"""Pooling, 1-D and 2-D. The factory picks the class from how the windows lie."""

from __future__ import annotations

from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Residual, Shape, State, SubmersiveLayer
from moonviz.layers.checks import Factory
from moonviz.layers.conv import need_positions, need_room
from moonviz.layers.conv_pivot import describe_no_pivot, describe_pivot, pivots, solve_from_pivot
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsInput, KeepsNothing, WithoutWeights
from moonviz.layers.placement import Placement
from moonviz.layers.solvers import Triangular
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis, Tap


class Pooling(FreshOutput, WithoutWeights, Layer):
    """One output per channel and window, x `[N, C, L]` or `[N, C, H, W]`.

    Attributes:
        axes: The windows along height and width; in 1-D the height is 1.
    """

    saves_output = False

    def __init__(self, spec: specs.Pool, in_shape: Shape) -> None:
        axes = _axes(spec, in_shape)
        super().__init__(in_shape, (in_shape[0], *(axis.outputs for axis in axes)))
        self.axes = axes if len(axes) == 2 else (Axis(1, 1), *axes)
        self.spec = spec

    @property
    def kernel(self) -> tuple[int, ...]:
        """The windows' height and width."""
        return tuple(axis.kernel for axis in self.axes)

    @property
    def stride(self) -> tuple[int, ...]:
        """How far they are apart."""
        return tuple(axis.stride for axis in self.axes)

    @property
    def padding(self) -> tuple[int, ...]:
        """How far the first ones reach out."""
        return tuple(axis.padding for axis in self.axes)

    @property
    def words(self) -> str:
        """Its numbers, to begin a sentence with."""
        return f"Kernel {self.spec.kernel}, stride {self.spec.stride}, padding {self.spec.padding}"

    def flat(self, tensor: Tensor) -> Tensor:
        """A state as `[N, C, H, W]`."""
        return tensor if len(self.in_shape) == 3 else tensor.unsqueeze(2)

    def unflat(self, tensor: Tensor) -> Tensor:
        """The state of what `flat` gave."""
        return tensor if len(self.in_shape) == 3 else tensor.squeeze(2)


class MeanPooling(Pooling, KeepsNothing):
    """y = the window's sum / k^d; padding counts as zeros."""

    kind = "mean pool"

    def forward(self, x: State) -> State:
        return self.unflat(F.avg_pool2d(self.flat(x), self.kernel, self.stride, self.padding))

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        # every channel alone through the transposed convolution with equal taps
        cot = self.flat(cot_y).flatten(0, 1).unsqueeze(1)
        spare = tuple(axis.spare for axis in self.axes)
        spread = F.conv_transpose2d(cot, self.taps(cot), None, self.stride, self.padding, spare)
        return spread.view(-1, *self.in_shape)

    def taps(self, like: Tensor) -> Tensor:
        """1/k^d at every place, `[1, 1, ·, ·]`, in the type of a tensor."""
        return like.new_full((1, 1, *self.kernel), 1 / prod(self.kernel))


class DisjointMeanPool(MeanPooling, AdvancesStepwise, SubmersiveLayer):
    """Windows that share no input and hold no padding: h is the sum of h_in over the window."""

    @property
    def reason(self) -> str:
        return f"{self.words}: windows share no input; the cotangents of {prod(self.kernel)} add up. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.unflat(F.avg_pool2d(self.flat(cot_x), self.kernel, self.stride, divisor_override=1))


class OverlappingMeanPool(MeanPooling, AdvancesStepwise, SubmersiveLayer):
    """Windows with a pivot place along every axis: a convolution of each channel with equal taps."""

    def __init__(self, spec: specs.Pool, in_shape: Shape, taps: tuple[Tap, ...]) -> None:
        super().__init__(spec, in_shape)
        self._named = taps
        self._taps = taps if len(taps) == 2 else (self.axes[0].tap(0), *taps)

    @property
    def reason(self) -> str:
        return f"{self.words}: each channel is solved from {describe_pivot(self._named)}. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        cot = self.flat(cot_x).flatten(0, 1).unsqueeze(1)
        taps = self.taps(cot)
        h = solve_from_pivot(cot, taps, self.axes, self._taps, Triangular(taps[0, :, 0, :1], unit=False))
        return h.view(-1, *self.out_shape)


class OrdinaryMeanPool(MeanPooling):
    """Windows without a pivot place: trained by ordinary autograd."""

    @property
    def reason(self) -> str:
        return f"{self.words}: {describe_no_pivot(self.axes)}."


class MaxPooling(Pooling):
    """y = the largest of the window, the first of them where several are equal."""

    kind = "max pool"

    def forward(self, x: State) -> State:
        return self.unflat(F.max_pool2d(self.flat(x), self.kernel, self.stride, self.padding))


class DisjointMaxPool(MaxPooling, SubmersiveLayer):
    """Windows that share no input: h is h_in at the winner. The residual is the winner's place in its window."""

    @property
    def reason(self) -> str:
        size = "a byte" if self._places is torch.uint8 else "two bytes"
        return f"{self.words}: windows share no input. Keeps the winner's place, {size} per output."

    def residual(self, x: State) -> Residual:
        return (self._place(self._winners(x)[1]),)

    def keep(self, x: State) -> tuple[State, Residual]:
        y, winners = self._winners(x)
        return self.unflat(y), (self._place(winners),)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        cot = self.flat(cot_y).flatten(2)
        spread = cot.new_zeros((*cot.shape[:2], prod(self.in_shape[1:])))
        return spread.scatter_(2, self._winner(residual[0]).flatten(2), cot).view(-1, *self.in_shape)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._at(self._winners(x)[1], cot_x)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y, winners = self._winners(x)
            return self.unflat(y), self._at(winners, cot_x), ()

    @property
    def _places(self) -> torch.dtype:
        return torch.uint8 if prod(self.kernel) <= 256 else torch.int16

    def _winners(self, x: State) -> tuple[Tensor, Tensor]:
        """(y, where in the whole plane it comes from)."""
        return F.max_pool2d(self.flat(x), self.kernel, self.stride, self.padding, return_indices=True)

    def _at(self, winners: Tensor, cot_x: State) -> State:
        found = self.flat(cot_x).flatten(2).gather(2, winners.flatten(2))
        return found.view(-1, *self.out_shape)

    def _corners(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """The row `[T, 1]` and the column `[U]` where each window begins."""
        down, across = (torch.arange(axis.outputs, device=device) * axis.stride - axis.padding for axis in self.axes)
        return down[:, None], across

    def _place(self, winners: Tensor) -> Tensor:
        """i·k + j in the window, from the place in the plane."""
        down, across = self._corners(winners.device)
        wide = self.axes[1].size
        return ((winners // wide - down) * self.kernel[1] + winners % wide - across).to(self._places)

    def _winner(self, place: Tensor) -> Tensor:
        """The place in the plane, from i·k + j in the window."""
        down, across = self._corners(place.device)
        place = place.long()
        return (place // self.kernel[1] + down) * self.axes[1].size + place % self.kernel[1] + across


class OrdinaryMaxPool(MaxPooling, KeepsInput):
    """Windows that overlap: one input can win twice, and then two cotangents are only known as a sum."""

    @property
    def reason(self) -> str:
        return f"{self.words}: windows overlap, and an input that wins two of them adds their cotangents up for good."


def _axes(spec: specs.Pool, in_shape: Shape) -> tuple[Axis, ...]:
    return tuple(Axis(size, spec.kernel, spec.stride, spec.padding) for size in in_shape[1:])


def _pool(spec: specs.Pool, in_shape: Shape, place: Placement) -> Layer:
    need_positions("pooling", in_shape)
    axes = _axes(spec, in_shape)
    need_room(axes, in_shape)
    if 2 * spec.padding > spec.kernel:
        raise InvalidSpec(
            f"padding {spec.padding} is more than half of kernel {spec.kernel}. Take a padding of at most "
            f"{spec.kernel // 2}."
        )
    disjoint = all(axis.disjoint for axis in axes)
    if spec.kind == "max_pool":
        return DisjointMaxPool(spec, in_shape) if disjoint else OrdinaryMaxPool(spec, in_shape)
    if disjoint and not spec.padding:
        return DisjointMeanPool(spec, in_shape)
    taps = pivots(axes)
    return OverlappingMeanPool(spec, in_shape, taps) if taps else OrdinaryMeanPool(spec, in_shape)


FACTORIES: dict[type, Factory] = {specs.Pool: _pool}
