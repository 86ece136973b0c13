"""Normalisation: x̂ = (x − μ)/σ over groups of numbers, then y = x̂γ + β per channel.

With d = cot_y·γ, ⟨·⟩ the mean over a group and σ² = the group's variance + ε (derived, checked in tests)::

    cot_x = (d − ⟨d⟩ − x̂⟨d x̂⟩)/σ          d = σ cot_x + ⟨d⟩ + x̂⟨d x̂⟩

so the two means are the fragment. ⟨d⟩ is erased by subtracting μ; ⟨d x̂⟩ is erased at ε = 0 and otherwise shrunk by
ε/σ², too little to divide by, so it is kept all the same. The map in the middle is symmetric: it is the vjp and the
jvp of x ↦ x̂.

Statistics are taken in float32 at least. Elementwise operations, since torch's fused kernels keep statistics of other
types on other devices in half precision.
"""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import Any

import torch
from torch import Generator, Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Residual, Shape, State, Stateful
from moonviz.layers.checks import Factory, counted
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class _Norm(FreshOutput, AdvancesStepwise):
    """y = x̂γ + β; x `[N, C, *]`, γ `[C, 1, …]`.

    Attributes:
        axes: The axes that a group runs along.
    """

    saves_output = False

    def __init__(self, in_shape: Shape, place: Placement, epsilon: float, axes: Shape, shifts: bool) -> None:
        super().__init__(in_shape, in_shape)
        self.epsilon, self.axes = epsilon, axes
        channels = (in_shape[0], *(1 for _ in in_shape[1:]))
        self.weight = place.empty(*channels)
        self.bias = place.empty(*channels) if shifts else None

    def initialise(self, generator: Generator) -> None:
        nn.init.ones_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    @abstractmethod
    def standardise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(x̂, σ), σ in float32 at least and with one entry per group."""

    @abstractmethod
    def means(self, unit: Tensor, d: Tensor) -> Residual:
        """The fragment, ⟨d x̂⟩ last; in float32 at least."""

    def project_(self, d: Tensor, unit: Tensor, sigma: Tensor) -> Tensor:
        """(d − ⟨d⟩ − x̂⟨d x̂⟩)/σ, written into d."""
        *shift, along = self.means(unit, d)
        d.sub_(unit * along)  # vmap has no rule for `addcmul_`
        for mean in shift:
            d.sub_(mean)
        return d.div_(sigma)

    def forward(self, x: State) -> State:
        return self._scaled(_Standardise.apply(x, self)[0])

    def residual(self, x: State) -> Residual:
        return self.standardise(x)

    def keep(self, x: State) -> tuple[State, Residual]:
        unit, sigma = self.standardise(x)
        return self._scaled(unit), (unit, sigma)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self.project_(cot_y * self.weight, *residual)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return self.means(residual[0], cot_y * self.weight)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        unit, sigma = self.standardise(x)
        *shift, along = fragment
        d = cot_x.clone().mul_(sigma).addcmul_(unit, along)
        for mean in shift:
            d.add_(mean)
        return d.div_(self.weight)

    def _scaled(self, unit: Tensor) -> Tensor:
        y = unit * self.weight
        return y if self.bias is None else y.add_(self.bias)


class LayerNorm(_Norm):
    """Groups are an example's features, or the channels at one of its positions.

    Ba, Kiros, Hinton: *Layer Normalization*, 2016.
    """

    kind = "layer norm"

    def __init__(self, spec: specs.Norm, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, place, spec.epsilon, (1,), shifts=True)

    @property
    def reason(self) -> str:
        return _reason(self.in_shape, "The mean of the cotangents is erased, and their part along x all but erased", 2)

    def standardise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        unit, _, sigma = _centred(x, self.axes, self.epsilon)
        return unit.div_(sigma), sigma

    def means(self, unit: Tensor, d: Tensor) -> Residual:
        return _mean(d, self.axes), _mean(d * unit, self.axes)


class RMSNorm(_Norm):
    """Like `LayerNorm` without μ and β, so ⟨d⟩ is not erased.

    Zhang, Sennrich: *Root Mean Square Layer Normalization*, 2019.
    """

    kind = "RMS norm"

    def __init__(self, spec: specs.Norm, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, place, spec.epsilon, (1,), shifts=False)

    @property
    def reason(self) -> str:
        return _reason(self.in_shape, "The cotangents' part along x is all but erased", 1)

    def standardise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        sigma = _mean_square(x, self.axes).add_(self.epsilon).sqrt_()
        return x.clone().div_(sigma), sigma

    def means(self, unit: Tensor, d: Tensor) -> Residual:
        return (_mean(d * unit, self.axes),)


class BatchNorm(Stateful, _Norm):
    """Groups are a channel's numbers in the whole batch, M of them; always with the batch's own statistics.

    Its fragment is its parameter gradient: ⟨d⟩ = γ g_β/M and ⟨d x̂⟩ = γ g_γ/M. Running statistics move as torch's do,
    the variance without bias. Ioffe, Szegedy: *Batch Normalization*, 2015.
    """

    kind = "batch norm"
    couples_examples = True

    def __init__(self, spec: specs.BatchNorm, in_shape: Shape, place: Placement) -> None:
        axes = (0, *range(2, len(in_shape) + 1))
        super().__init__(in_shape, place, spec.epsilon, axes, shifts=True)
        self.momentum = spec.momentum
        wide = torch.promote_types(place.dtype, torch.float32)
        self.register_buffer("running_mean", torch.zeros(in_shape[0], dtype=wide, device=place.device))
        self.register_buffer("running_var", torch.ones(in_shape[0], dtype=wide, device=place.device))

    @property
    def reason(self) -> str:
        return (
            "The mean of each channel's cotangents is erased, and their part along x all but erased. Keeps them, the "
            f"layer's own gradient: {2 * self.in_shape[0]:,} numbers per batch, besides x̂ and σ."
        )

    def note(self, x: State) -> None:
        count = self._count(x)
        unit, mean, _ = _centred(x, self.axes, 0.0)
        variance = _mean_square(unit, self.axes).mul_(count / (count - 1))
        for running, now in ((self.running_mean, mean), (self.running_var, variance)):
            running.mul_(1 - self.momentum).add_(now.view(-1), alpha=self.momentum)

    def standardise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self._count(x)
        unit, _, sigma = _centred(x, self.axes, self.epsilon)
        return unit.div_(sigma), sigma

    def means(self, unit: Tensor, d: Tensor) -> Residual:
        return _mean(d, self.axes), _mean(d * unit, self.axes)

    def _count(self, x: Tensor) -> int:
        """M."""
        count = x.numel() // self.in_shape[0]
        if count < 2:
            raise InvalidSpec(
                f"{self.title} normalises over the batch, but gets 1 number per channel. Take a batch of 2 or more."
            )
        return count


class _Standardise(torch.autograd.Function):
    """x ↦ (x̂, σ), σ a constant. By itself autograd would keep two tensors of x's size for it, not x̂ alone."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, norm: _Norm) -> tuple[Tensor, Tensor]:
        return norm.standardise(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, _Norm], output: tuple[Tensor, Tensor]) -> None:
        """Keep x̂ and σ."""
        ctx.norm = inputs[1]
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*output)
        ctx.save_for_forward(*output)

    @staticmethod
    def backward(ctx: Any, cot_unit: Tensor, _: Tensor) -> tuple[Tensor, None]:
        return ctx.norm.project_(cot_unit.clone(), *ctx.saved_tensors), None

    @staticmethod
    def jvp(ctx: Any, tan_x: Tensor, _: None) -> tuple[Tensor, None]:
        return ctx.norm.project_(tan_x.clone(), *ctx.saved_tensors), None


def _centred(x: Tensor, axes: Shape, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """(x − μ in new memory, μ, √(variance + ε))."""
    mean = _mean(x, axes)
    centred = x.clone().sub_(mean)
    return centred, mean, _mean_square(centred, axes).add_(epsilon).sqrt_()


def _mean(x: Tensor, axes: Shape) -> Tensor:
    return x.mean(axes, keepdim=True, dtype=torch.promote_types(x.dtype, torch.float32))


def _mean_square(x: Tensor, axes: Shape) -> Tensor:
    # squared in float32 at least, where nothing overflows; `vector_norm` takes no such room but sums one by one on
    # the CPU, which is 100 times less accurate, and `var` takes 10 times as long
    return _mean(x * x.to(torch.promote_types(x.dtype, torch.float32)), axes)


def _reason(in_shape: Shape, erased: str, numbers: int) -> str:
    places = prod(in_shape[1:])
    where = "" if len(in_shape) == 1 else f" at each of an example's {places:,} positions"
    return f"{erased}{where}. Keeps {counted(numbers * places, 'number')} per example for it, besides x̂ and σ."


_BY_KIND: dict[str, type[LayerNorm | RMSNorm]] = {"layer_norm": LayerNorm, "rms_norm": RMSNorm}
FACTORIES: dict[type, Factory] = {
    specs.Norm: lambda spec, in_shape, place: _BY_KIND[spec.kind](spec, in_shape, place),
    specs.BatchNorm: BatchNorm,
}
