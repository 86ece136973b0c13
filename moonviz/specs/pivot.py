"""Which tap of a convolution lets its vjp be undone, and in which order. Numbers only.

Along one axis y[t] = Σ_j W_j x[s·t + j − p] for t = 0 … m−1, x of n numbers, kernel k, stride s, padding p. A *pivot
tap* j* is a tap that reads its own inside input for every t, and whose inputs are read by other outputs on one side
only::

    inside:   0 ≤ s·t + j* − p < n for all t
    lower:    no later output reads that input   (s > j*):       solve for t ascending
    upper:    no earlier output reads that input (s > k−1−j*):   solve for t descending
    diagonal: both                                               solve all t at once

Then h[t] = (h_in[s·t+j*−p] − Σ_{t'≠t} h[t'] W_{s(t−t')+j*}) W_{j*}^R, if W_{j*} has full row rank. Sufficient, not
necessary. Derived, checked in tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["diagonal", "lower", "upper"]


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap of a kernel along one axis, judged.

    Attributes:
        place: j, from 0 to k−1.
        inside: Whether it reads inside the input for every output.
        earlier: How many earlier outputs read what this one reads through the tap.
        later: How many later ones.
    """

    place: int
    inside: bool
    earlier: int
    later: int

    @property
    def order(self) -> Order | None:
        """In which order outputs can be solved for; None if others read it on both sides."""
        if self.earlier and self.later:
            return None
        return "lower" if self.earlier else "upper" if self.later else "diagonal"

    @property
    def is_pivot(self) -> bool:
        """Whether it can serve as the pivot."""
        return self.inside and self.order is not None

    @property
    def reach(self) -> int:
        """How many outputs before it, in the order of solving, each output depends on."""
        return max(self.earlier, self.later)


@dataclass(frozen=True, slots=True)
class Axis:
    """A convolution or a pooling along one axis.

    Attributes:
        size: n, how many inputs.
        kernel: k.
        stride: s.
        padding: p, zeros at either end.
    """

    size: int
    kernel: int
    stride: int = 1
    padding: int = 0

    @property
    def outputs(self) -> int:
        """m = ⌊(n + 2p − k)/s⌋ + 1; 0 if the kernel does not fit."""
        return max(0, (self.size + 2 * self.padding - self.kernel) // self.stride + 1)

    @property
    def spare(self) -> int:
        """Inputs past the last one that is read: n + 2p − k − s(m − 1)."""
        return self.size + 2 * self.padding - self.kernel - self.stride * (self.outputs - 1)

    @property
    def keeps_size(self) -> bool:
        """Whether it is a "same" convolution: stride 1, odd kernel, half of it as padding."""
        return self.stride == 1 and self.kernel == 2 * self.padding + 1

    @property
    def disjoint(self) -> bool:
        """Whether no input is read by two outputs."""
        return self.stride >= self.kernel or self.outputs == 1

    def tap(self, place: int) -> Tap:
        """Tap j, judged."""
        last = self.stride * (self.outputs - 1) + place - self.padding
        others = max(0, self.outputs - 1)
        return Tap(
            place,
            inside=place >= self.padding and last < self.size,
            earlier=min((self.kernel - 1 - place) // self.stride, others),
            later=min(place // self.stride, others),
        )

    @property
    def taps(self) -> tuple[Tap, ...]:
        """All of them."""
        return tuple(self.tap(place) for place in range(self.kernel))

    @property
    def pivot(self) -> Tap | None:
        """The pivot tap that depends on the fewest other outputs, of those the one nearest the centre."""
        pivots = (tap for tap in self.taps if tap.is_pivot)
        return min(pivots, key=lambda tap: (tap.reach, abs(2 * tap.place - self.kernel + 1), tap.place), default=None)

    @property
    def why_no_pivot(self) -> str:
        """What is wrong with its taps, in words that follow "because"; empty if it has a pivot."""
        if self.pivot:
            return ""
        inside = [tap.place for tap in self.taps if tap.inside]
        ordered = [tap.place for tap in self.taps if tap.order]
        if not inside:
            return f"each of its {self.kernel} taps reads padding for some output"
        if not ordered:
            return f"each of its {self.kernel} taps shares its inputs with outputs on both sides"
        return (
            f"the taps that never read padding ({_listed(inside)}) are none of those that share their inputs with "
            f"outputs on one side only ({_listed(ordered)})"
        )


def _listed(places: list[int]) -> str:
    return ", ".join(map(str, places))
