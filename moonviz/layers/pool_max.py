"""Max-pooling."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, prod

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import FragmentalLayer, Residual, Shape, State, SubmersiveLayer
from moonviz.layers.masks import pick, put_back
from moonviz.layers.pool_base import Pooling
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis


class MaxPooling(Pooling):
    """y = the largest of the window, the first of them where several are equal."""

    kind = "max pool"

    def forward(self, x: State) -> State:
        return self.unflat(F.max_pool2d(self.flat(x), self.kernel, self.stride, self.padding))


class _ByWinner(MaxPooling):
    """The residual is the winner's place in its window."""

    @property
    def place_size(self) -> str:
        """How large that is, in words."""
        return "a byte" if self._places is torch.uint8 else "two bytes"

    def residual(self, x: State) -> Residual:
        return (self._place(self.winners(x)[1]),)

    def keep(self, x: State) -> tuple[State, Residual]:
        y, winners = self.winners(x)
        return self.unflat(y), (self._place(winners),)

    def winners(self, x: State) -> tuple[Tensor, Tensor]:
        """(y `[N, C, T, U]`, where in the whole plane each comes from)."""
        return F.max_pool2d(self.flat(x), self.kernel, self.stride, self.padding, return_indices=True)

    def winner(self, place: Tensor) -> Tensor:
        """The place in the plane, `[N, C, T·U]`, from i·k + j in the window."""
        down, across = self._corners(place.device)
        place = place.long()
        whole = (place // self.kernel[1] + down) * self.axes[1].size + place % self.kernel[1] + across
        return whole.flatten(2)

    def plane(self, like: Tensor) -> Tensor:
        """Zeros at all inputs, `[N, C, H·W]`."""
        return like.new_zeros((*like.shape[:2], prod(self.in_shape[1:])))

    @property
    def _places(self) -> torch.dtype:
        return torch.uint8 if prod(self.kernel) <= 256 else torch.int16

    def _corners(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """The row `[T, 1]` and the column `[U]` where each window begins."""
        down, across = (torch.arange(axis.outputs, device=device) * axis.stride - axis.padding for axis in self.axes)
        return down[:, None], across

    def _place(self, winners: Tensor) -> Tensor:
        """i·k + j in the window, from the place in the plane."""
        down, across = self._corners(winners.device)
        wide = self.axes[1].size
        return ((winners // wide - down) * self.kernel[1] + winners % wide - across).to(self._places)


class DisjointMaxPool(_ByWinner, SubmersiveLayer):
    """Windows that share no input: h is h_in at the winner."""

    @property
    def reason(self) -> str:
        return f"{self.words}: windows share no input. Keeps the winner's place, {self.place_size} per output."

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        cot = self.flat(cot_y).flatten(2)
        return self.plane(cot).scatter_(2, self.winner(residual[0]), cot).view(-1, *self.in_shape)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._at(self.winners(x)[1], cot_x)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y, winners = self.winners(x)
            return self.unflat(y), self._at(winners, cot_x), ()

    def _at(self, winners: Tensor, cot_x: State) -> State:
        found = self.flat(cot_x).flatten(2).gather(2, winners.flatten(2))
        return found.view(-1, *self.out_shape)


class OverlappingMaxPool(_ByWinner, FragmentalLayer):
    """Windows that overlap: an input that wins several of them adds their cotangents up.

    All but its first window's are the fragment; the first one's is h_in less those. Each input that wins at all gives
    one direction to J, so this is the least that can be kept.

    Attributes:
        share: The part of all windows whose winner won one before, for independent inputs: what a dry run expects.
    """

    data_dependent = True

    def __init__(self, spec: specs.Pool, in_shape: Shape) -> None:
        super().__init__(spec, in_shape)
        self.share = _won_again(self.axes)

    @property
    def reason(self) -> str:
        n = prod(self.out_shape)
        return (
            f"{self.words}: windows overlap, and an input that wins several adds their cotangents up, so all but one "
            f"are kept: about {round(self.share * n):,} of {n:,} numbers per example, and {self.place_size} per output."
        )

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        cot = self.flat(cot_y).flatten(2)
        return self.plane(cot).scatter_add_(2, self.winner(residual[0]), cot).view(-1, *self.in_shape)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return pick(self, cot_y, self._again(self.winner(residual[0])).view(cot_y.shape), self.share)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._restored(self.winners(x)[1].flatten(2), cot_x, fragment)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y, winners = self.winners(x)
            return self.unflat(y), self._restored(winners.flatten(2), cot_x, fragment), ()

    def _again(self, winner: Tensor) -> Tensor:
        """Whether each window's winner `[N, C, T·U]` won an earlier one."""
        numbers = torch.arange(winner.shape[2], dtype=torch.int32, device=winner.device).expand_as(winner)
        first = self.plane(numbers).fill_(winner.shape[2]).scatter_reduce_(2, winner, numbers, "amin")
        return first.gather(2, winner) != numbers

    def _restored(self, winner: Tensor, cot_x: Tensor, fragment: Residual) -> Tensor:
        again = self._again(winner)
        h = put_back(cot_x.new_zeros(winner.shape), again, fragment)
        others = self.plane(h).scatter_add_(2, winner, h)
        first = torch.sub(self.flat(cot_x).flatten(2), others, out=others).gather(2, winner)
        return h.add_(first.masked_fill_(again, 0)).view(-1, *self.out_shape)


@lru_cache(maxsize=64)
def _won_again(axes: tuple[Axis, ...]) -> float:
    """The part of windows whose winner won an earlier one, for independent inputs alike: counted on drawn ones."""
    height, width = (axis.size for axis in axes)
    planes = ceil(65_536 / (height * width))
    drawn = torch.rand((planes, height, width), generator=torch.Generator().manual_seed(0))
    kernel, stride, padding = ([getattr(axis, name) for axis in axes] for name in ("kernel", "stride", "padding"))
    winners = F.max_pool2d(drawn, kernel, stride, padding, return_indices=True)[1].flatten(1)
    return float((winners.sort(1).values.diff(dim=1) == 0).sum()) / winners.numel()
