"""Convolutions whose windows share no input and hold no padding: a dense layer on every window."""

from __future__ import annotations

from math import prod

from torch import Generator, Tensor, nn

from moonviz.layers.base import Residual, State, SubmersiveLayer
from moonviz.layers.checks import counted
from moonviz.layers.conv_base import Convolution
from moonviz.layers.mixins import AdvancesStepwise
from moonviz.layers.solvers import QR, Tall


class FreeTaps(Convolution):
    """Mixin: no tap is a pivot, so all act as they are; the spec's `pivot` plays no part."""

    def kernel(self) -> Tensor:
        return self.weight


class _Patches(FreeTaps, AdvancesStepwise):
    """Windows as rows: h_in of a window is h W, with W `[o, i·k]` or `[o, i·k²]`."""

    def shape_weights(self, drawn: Tensor, generator: Generator) -> None:
        """As they are; with `bounded` W is orthogonal, as far from singular as can be."""
        if self.spec.bounded:
            nn.init.orthogonal_(drawn.flatten(1), generator=generator)

    @property
    def window(self) -> int:
        """Numbers that one output position reads."""
        return self.weight[0].numel()

    @property
    def matrix(self) -> Tensor:
        """W, the same at every window."""
        return self.weight.detach().flatten(1)

    def rows(self, cot_x: Tensor) -> Tensor:
        """h_in window by window: `[M, i·k]` or `[M, i·k²]`."""
        for number, axis in enumerate(self.axes, 2):
            cot_x = cot_x.unfold(number, axis.kernel, axis.stride)
        # channels behind the positions: W counts a window's numbers channel by channel
        return cot_x.movedim(1, 1 + len(self.axes)).reshape(-1, self.window)

    def on_positions(self, rows: Tensor) -> Tensor:
        """h from its rows `[M, o]`."""
        whole = rows.view(-1, *(axis.outputs for axis in self.axes), rows.shape[-1])
        return whole.movedim(-1, 1).contiguous()


class PatchConv(_Patches, SubmersiveLayer):
    """No more output channels than numbers in a window: with Wᵀ = QR, h = (h_in Q)R⁻ᵀ."""

    @property
    def reason(self) -> str:
        out = counted(self.out_shape[0], "channel")
        return (
            f"{self.words}: windows share no input, and {out} from {self.window} numbers erase nothing. Keeps nothing."
        )

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.on_positions(QR(self.matrix, self.title).solve(self.rows(cot_x)))


class WideningPatchConv(_Patches):
    """More output channels than numbers in a window: the fragment is `[M, o − i·k]` or `[M, o − i·k²]`, M windows."""

    @property
    def reason(self) -> str:
        out, window = self.out_shape[0], self.window
        return (
            f"{self.words}: windows share no input, and {out} channels from {counted(window, 'number')} erase "
            f"{out - window} directions of the cotangent at each. Keeps it there: "
            f"{counted((out - window) * prod(self.out_shape[1:]), 'number')} per example."
        )

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        rows = cot_y.movedim(1, -1).reshape(-1, self.out_shape[0])
        return (Tall(self.matrix, self.title).erased(rows),)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.on_positions(Tall(self.matrix, self.title).solve(self.rows(cot_x), fragment[0]))
