"""A walk written out: every number that a method made and held, event by event. Plain data, no torch.

All quantities are matrices, rows of numbers, and have short names: `x2` is the state after layer 2 (a column), `h2` its
cotangent (a row), `J2` the layer's Jacobian, `R2` the right inverse that its vijp multiplies with, `b2` what is left of
x2 − J2·x1, `D2` the derivative by the layer's weights, `g2` the gradient (a row), `t2` tangents (columns), `v2` a
direction in the layer's weights (`w2` the same as a row), `c2` what a fragment adds to h, `f2` the fragment, `r2` the
signs. Inside a coupling, `k2` is the half that is read, and `u2` = `V2`·`k2` + `a2` are the hidden units. `y2` is
x2 − b2, `o2` the gradient before a pass added to it. The head has `z` (its output), `p` (probabilities), `e` (the
loss's gradient at z), `loss`, `tz` (the tangent at z) and `d` (the loss's answer to it).
"""

from __future__ import annotations

from typing import Any, Literal

from moonviz.events import Kind, StepRecord
from moonviz.results import LayerCard, Plain

Matrix = tuple[tuple[float, ...], ...]
Rule = Literal["", "softmax", "loss", "minus_target", "signs", "kept", "entry", "taken"]


class Line(Plain):
    """How one quantity is made: makes = scale · (left·right + …) ± terms, or by a rule of its own.

    Attributes:
        makes: The quantity.
        products: Pairs of quantities that are multiplied.
        terms: Quantities that are added (+1) or taken away (−1).
        scale: What the products are multiplied with.
        rule: `softmax` of the term, `loss` −log p of the target, `minus_target` p less 1 at the target, `signs` 1 where
            the term is positive, `kept` the entries of the term that a layer erases, `entry` writes the products to
            one place, `taken` takes the term up as it was kept.
        at: The place, for `entry`.
    """

    makes: str
    products: tuple[tuple[str, str], ...] = ()
    terms: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0
    rule: Rule = ""
    at: int | None = None


class Kept(Plain):
    """Something in memory after an event.

    Attributes:
        kind: Its category in the ledger.
        layer: Where it belongs.
        name: The quantity it is; empty for what is inside a layer and has no name.
        numbers: What is there: bits as 0 and 1.
        bytes: Of its storages.
        partial: Whether it is only a part of the quantity; couplings share halves between layers.
        fresh: Whether this event made or changed it.
    """

    kind: Kind
    layer: int
    name: str
    numbers: tuple[float, ...]
    bytes: int
    partial: bool = False
    fresh: bool = False


class Frame(Plain):
    """One event of a method.

    Attributes:
        record: What the ledger says of it.
        loop: Of a loop of identical passes: which this is, and of how many.
        lines: How what it made was made.
        values: Every quantity of the lines that belongs to this event; the others are the page's.
        held: All that is in memory afterwards.
        dropped: Names of what is in memory no longer.
    """

    record: StepRecord
    loop: tuple[int, int] | None
    lines: tuple[Line, ...]
    values: dict[str, Matrix]
    held: tuple[Kept, ...]
    dropped: tuple[str, ...] = ()


class LayerAt(Plain):
    """One layer of the walk, 1…L, and L+1 for the head.

    Attributes:
        card: What it is and can do.
        kind: `dense`, `leaky`, `relu`, `coupling` or `head`.
        weights: Rows by name.
        labels: What to call each entry of its gradient, in order.
        slope: Of its LeakyReLU; 0 for ReLU.
        bits: How many signs it would keep.
    """

    card: LayerCard
    kind: str
    weights: dict[str, Matrix]
    labels: tuple[str, ...] = ()
    slope: float = 1.0
    bits: int = 0


class WalkPage(Plain):
    """A whole walk.

    Attributes:
        spec: What was asked for, as plain data.
        label: The method with its options.
        exact: Whether the method promises the gradient.
        layers: 1…L+1.
        quantities: Those that are the same all along, by name.
        frames: One for each event.
        grid: A grid of the input plane, by state 0…L: lines of points, each of one or two numbers; empty where the
            input is not in the plane or a state is.
        gradient: Of each layer with weights, by number, as the method gave it.
        apart: Largest difference of an entry from torch's own float64 autograd.
    """

    spec: dict[str, Any]
    label: str
    exact: bool
    layers: tuple[LayerAt, ...]
    quantities: dict[str, Matrix]
    frames: tuple[Frame, ...]
    grid: tuple[tuple[Matrix, ...], ...]
    gradient: dict[int, tuple[float, ...]]
    apart: float

    def to_json(self) -> str:
        """Strict JSON."""
        return self.model_dump_json()

    def value(self, name: str, event: int | None = None) -> Matrix | None:
        """A quantity as an event (from 0; null for the last) left it; null where there is none yet."""
        last = len(self.frames) if event is None else event + 1
        for frame in reversed(self.frames[:last]):
            if name in frame.values:
                return frame.values[name]
        return self.quantities.get(name)
