"""What one layer's Jacobian is like, measured: shape, rank, conditioning, a small picture. Plain data, no torch."""

from __future__ import annotations

from moonviz.results import Plain

MOST_NUMBERS = 1_000_000
"""The most numbers that a Jacobian that is looked at, or the basis of its outputs, may have."""
MOST_SECONDS = 1.0
"""The most computing time of one probe."""
PICTURE_SIDE = 64
"""The most cells along either side of a picture."""


class Picture(Plain):
    """|J|, the sizes of a Jacobian's entries, made smaller.

    Attributes:
        rows: Outputs, so rows of the whole Jacobian.
        columns: Inputs.
        cell: Rows and columns behind each cell, which shows the largest of them; (1, 1) for the whole.
        values: Rows of cells, to four digits.
    """

    rows: int
    columns: int
    cell: tuple[int, int]
    values: tuple[tuple[float, ...], ...]


class TapFacts(Plain):
    """One tap of a kernel along one axis.

    Attributes:
        place: From 0.
        inside: Whether it reads inside the input for every output.
        order: In which order outputs could be solved for with it as the pivot (`diagonal`: all at once, `lower`: from
            first to last, `upper`: from last to first); null if others share its inputs on both sides.
    """

    place: int
    inside: bool
    order: str | None


class AxisFacts(Plain):
    """A convolution along one axis, by the pivot-tap rule.

    Attributes:
        size: Inputs.
        outputs: Outputs.
        taps: Every tap, judged.
        pivot: The place of the pivot tap; null if there is none.
        order: In which order outputs are solved for along this axis.
        why_not: What is wrong with the taps, in words that follow "because"; empty if there is a pivot.
    """

    size: int
    outputs: int
    taps: tuple[TapFacts, ...]
    pivot: int | None
    order: str | None
    why_not: str


class LayerProbe(Plain):
    """One layer at one example, in float64: what its Jacobian J does to cotangents.

    Attributes:
        number: The layer's number in the walk; null for a layer on its own.
        title: Its name.
        kind: What it is.
        in_shape: Of one example.
        out_shape: Of one example.
        capability: The badge.
        reason: Why.
        examples: How many examples J is of: 1, or a few where the examples of a batch are coupled.
        rank: Of J.
        sigma_min: The smallest singular value that is not 0; null where all are.
        sigma_max: The largest.
        jacobian: The picture of |J|.
        erased: How many directions of the output's cotangent J erases: outputs − rank.
        lost: By output, the share of its cotangent that J erases, 0 … 1; empty if J erases nothing.
        fragment: How many numbers the layer keeps of this cotangent; null if it has no fragment to offer.
        kept: Which outputs' cotangents those are; null where they are mixtures, or where nothing is kept.
        rebuilt: ‖h' − h‖ / ‖h‖ of a random cotangent h, found again from h J and the fragment; null without a rule.
        axes: The pivot-tap rule along each axis, for a convolution.
    """

    number: int | None
    title: str
    kind: str
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    capability: str
    reason: str
    examples: int
    rank: int
    sigma_min: float | None
    sigma_max: float
    jacobian: Picture
    erased: int
    lost: tuple[float, ...] = ()
    fragment: int | None = None
    kept: tuple[int, ...] | None = None
    rebuilt: float | None = None
    axes: tuple[AxisFacts, ...] = ()

    def to_json(self) -> str:
        """Strict JSON."""
        return self.model_dump_json()
