"""Mean-pooling: a fixed linear map, the same for every channel, that comes apart into one map along each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import Residual, Shape, State, SubmersiveLayer
from moonviz.layers.checks import counted
from moonviz.layers.conv_pivot import describe_no_pivot, describe_pivot, solve_from_pivot
from moonviz.layers.fallback import FAINT
from moonviz.layers.mixins import AdvancesStepwise, KeepsNothing
from moonviz.layers.placement import Placement
from moonviz.layers.pool_base import Pooling
from moonviz.layers.solvers import Triangular
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis, Tap


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
    """Windows that share no input: h/k^d is h_in at each of the window's own inputs, so h is k^d times their mean."""

    @property
    def reason(self) -> str:
        places = prod(self.kernel)
        return f"{self.words}: windows share no input, and give {places} times the mean of their own. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        # padding has no part in the mean; each window has an input of its own, since padding is at most k/2
        mean = F.avg_pool2d(self.flat(cot_x), self.kernel, self.stride, self.padding, count_include_pad=False)
        return self.unflat(mean.mul_(prod(self.kernel)))


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


@dataclass(frozen=True, slots=True)
class AxisFactors:
    """y = A₁ x A₂ᵀ with one matrix along each axis, A = UΣVᵀ `[m, n]`, in float64.

    Attributes:
        down: U₁ `[m₁, m₁]`.
        across: U₂ `[m₂, m₂]`.
        top: V₁ᵀ `[m₁, n₁]`, with rows of zeros where m₁ > n₁.
        left: V₂ᵀ `[m₂, n₂]`, likewise.
        sizes: σ₁[i]·σ₂[j] `[m₁, m₂]`, 1 where it is faint.
        faint: Where it is, as places in m₁·m₂.
    """

    down: Tensor
    across: Tensor
    top: Tensor
    left: Tensor
    sizes: Tensor
    faint: Tensor

    @classmethod
    def of(cls, axes: Sequence[Axis]) -> Self:
        """Of pooling along two axes."""
        (down, high, top), (across, wide, left) = map(_factors, axes)
        sizes = torch.outer(high, wide)
        faint = sizes <= FAINT * sizes.max()
        return cls(down, across, top, left, sizes.masked_fill(faint, 1), faint.flatten().nonzero().flatten())


class _AlongAxes(MeanPooling, AdvancesStepwise):
    """Windows without a pivot place, by `AxisFactors`.

    With Ĥ = U₁ᵀ h U₂ `[N, C, m₁, m₂]`, h_in = V₁ (Σ₁ Ĥ Σ₂) V₂ᵀ tells Ĥ[i, j] by a division by σ₁[i]·σ₂[j].
    """

    def __init__(self, spec: specs.Pool, in_shape: Shape, place: Placement, factors: AxisFactors) -> None:
        super().__init__(spec, in_shape)
        dtype = torch.promote_types(place.dtype, torch.float32)
        for name in ("down", "across", "top", "left", "sizes"):
            self.register_buffer(name, getattr(factors, name).to(place.device, dtype), persistent=False)

    @property
    def how(self) -> str:
        """Why it is undone this way, and how."""
        axes = self.axes[2 - len(self.in_shape[1:]) :]
        factored = " and ".join(f"{axis.outputs}×{axis.size}" for axis in axes)
        return f"{self.words}: {describe_no_pivot(axes)}, so its matrix along each axis, {factored}, is factored."

    def turned(self, cot_x: Tensor) -> Tensor:
        """Ĥ from h_in, in the precision of the factors; where σ₁[i]·σ₂[j] is faint it says nothing."""
        return (self.top @ self.flat(cot_x).to(self.top.dtype) @ self.left.mT).div_(self.sizes)

    def turned_back(self, turned: Tensor, like: Tensor) -> Tensor:
        """h from Ĥ, in the type of a tensor."""
        return self.unflat((self.down @ turned @ self.across.mT).to(like.dtype))


class AxisMeanPool(_AlongAxes, SubmersiveLayer):
    """No σ₁[i]·σ₂[j] is faint."""

    @property
    def reason(self) -> str:
        return f"{self.how} It erases nothing. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.turned_back(self.turned(cot_x), cot_x)


class FaintMeanPool(_AlongAxes):
    """Where σ₁[i]·σ₂[j] is faint the Ĥ[i, j] are the fragment, `[N, C, e]`: e is known from the windows alone."""

    def __init__(self, spec: specs.Pool, in_shape: Shape, place: Placement, factors: AxisFactors) -> None:
        super().__init__(spec, in_shape, place, factors)
        self.register_buffer("faint", factors.faint.to(place.device), persistent=False)

    @property
    def reason(self) -> str:
        kept = self.faint.numel() * self.in_shape[0]
        return f"{self.how} It erases {counted(kept, 'number')} per example, or nearly so: keeps them."

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        turned = self.down.mT @ self.flat(cot_y).to(self.down.dtype) @ self.across
        return (turned.flatten(2).index_select(2, self.faint).to(cot_y.dtype),)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        turned = self.turned(cot_x)
        turned.flatten(2).index_copy_(2, self.faint, fragment[0].to(turned.dtype))
        return self.turned_back(turned, cot_x)


def _factors(axis: Axis) -> tuple[Tensor, Tensor, Tensor]:
    """(U, Σ's diagonal with zeros to m `[m]`, Vᵀ) of one axis's matrix."""
    matrix = torch.zeros(axis.outputs, axis.size, dtype=torch.float64)
    for number, row in enumerate(matrix):
        start = axis.stride * number - axis.padding
        row[max(0, start) : start + axis.kernel] = 1 / axis.kernel
    left, sizes, right = torch.linalg.svd(matrix, full_matrices=axis.outputs > axis.size)
    missing = axis.outputs - len(sizes)
    return left, F.pad(sizes, (0, missing)), F.pad(right[: len(sizes)], (0, 0, 0, missing))
