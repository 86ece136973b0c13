"""What each event of a walk computes, as lines of arithmetic. No torch, and no numbers: names only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from moonviz.events import Kind, LayerEvent
from moonviz.walking.page import Line

Direction = Mapping[int, object]


@dataclass(frozen=True, slots=True)
class Sums:
    """Writes down an event's lines.

    Attributes:
        last: The head's number.
        offsets: Layers whose x_i is not J_i x_{i-1} alone.
        weighted: Layers with weights.
        hidden: Couplings, whose signs are those of units inside.
        noisy: Of how many directions gradients are guesses; 0 where they are none.
    """

    last: int
    offsets: Collection[int]
    weighted: Collection[int]
    hidden: Collection[int]
    noisy: int

    def of(self, event: LayerEvent, directions: Collection[int], at: int | None, before: Collection[str]) -> list[Line]:
        """The lines of an event.

        Args:
            event: What happened.
            directions: Layers for which a direction in their weights was drawn.
            at: Which place the answer of a pass is written to; null if it is not written to one place.
            before: Names of the quantities that were there before.
        """
        kinds = {(held.kind, held.layer) for held in event.added if held.storages}
        return getattr(self, f"_{event.phase}")(event, kinds, directions, at, before)

    def _forward(self, event: LayerEvent, kinds: Collection[tuple[Kind, int]], *_: object) -> list[Line]:
        i = event.layer
        if i == 0:
            return []
        if i == self.last:
            return self._loss()
        return [self._run(i), *(self._signs(i) if ("residual", i) in kinds else [])]

    _recompute = _forward

    def _reverse(self, event: LayerEvent, kinds: Collection[tuple[Kind, int]], *_: object) -> list[Line]:
        i = event.layer
        if i == self.last:
            back = [Line(makes=f"h{i - 1}", products=(("e", f"J{i}"),))]
            mine = [Line(makes=f"g{i}", products=(("e", f"D{i}"),))] if i in self.weighted else []
            return [Line(makes="e", rule="minus_target", terms=(("p", 1),)), *mine, *back]
        mine = [self._gradient(i)] if ("gradient", i) in kinds and i in self.weighted else []
        kept = [Line(makes=f"f{i}", rule="kept", terms=((f"h{i}", 1),))] if ("fragment", i) in kinds else []
        back = [Line(makes=f"h{i - 1}", products=((f"h{i}", f"J{i}"),))] if i else []
        return [*mine, *kept, *back]

    def _invert(self, event: LayerEvent, kinds: Collection[tuple[Kind, int]], *_: object) -> list[Line]:
        i = event.layer
        undone, first = f"x{i}", []
        if i in self.offsets:
            first, undone = [Line(makes=f"y{i}", terms=((f"x{i}", 1), (f"b{i}", -1)))], f"y{i}"
        return [*first, Line(makes=f"x{i - 1}", products=((f"R{i}", undone),)), *self._reverse(event, kinds)]

    def _advance(self, event: LayerEvent, kinds: Collection[tuple[Kind, int]], *_: object) -> list[Line]:
        i = event.layer
        if i == 0:
            return []
        if i == self.last:
            mine = [Line(makes=f"g{i}", products=(("e", f"D{i}"),))] if i in self.weighted else []
            return [*self._loss(), Line(makes="e", rule="minus_target", terms=(("p", 1),)), *mine]
        terms = ((f"c{i}", 1),) if ("fragment", i) in event.reads else ()
        lines = [Line(makes=f"h{i}", products=((f"h{i - 1}", f"R{i}"),), terms=terms)]
        if i in self.weighted:
            lines.append(self._gradient(i))
        return [*lines, self._run(i)]

    def _tangent(
        self,
        event: LayerEvent,
        kinds: Collection[tuple[Kind, int]],
        directions: Collection[int],
        at: int | None,
        before: Collection[str],
    ) -> list[Line]:
        i = event.layer
        comes = any(kind == "tangent" for kind, _ in event.reads) and f"t{i - 1}" in before
        moved = [(f"J{i}", f"t{i - 1}")] if comes else []
        moved += [(f"D{i}", f"v{i}")] if i in directions and i in self.weighted else []
        run = [] if i == 0 else self._loss() if i == self.last else [self._run(i)]
        if not moved:
            return run
        if i < self.last:
            return [*run, Line(makes=f"t{i}", products=tuple(moved))]
        minus = Line(makes="e", rule="minus_target", terms=(("p", 1),))
        lines = [*run, minus, Line(makes="tz", products=tuple(moved)), Line(makes="d", products=(("e", "tz"),))]
        return [*lines, *self._answers(kinds, at, before)]

    def _answers(self, kinds: Collection[tuple[Kind, int]], at: int | None, before: Collection[str]) -> list[Line]:
        """Where a pass's answer d goes: to h₀, to one entry of a gradient, or into every guess."""
        if ("cotangent", 0) in kinds:
            return [Line(makes="h0", rule="entry" if at is not None else "", terms=(("d", 1),), at=at)]
        made = sorted(layer for kind, layer in kinds if kind == "gradient" and layer in self.weighted)
        if not self.noisy:
            return [Line(makes=f"g{i}", rule="entry", terms=(("d", 1),), at=at) for i in made]
        return [
            Line(
                makes=f"g{i}",
                products=(("d", f"w{i}"),),
                scale=1 / self.noisy,
                terms=((f"o{i}", 1),) if f"g{i}" in before else (),
            )
            for i in made
        ]

    def _signs(self, i: int) -> list[Line]:
        if i not in self.hidden:
            return [Line(makes=f"r{i}", rule="signs", terms=((f"x{i - 1}", 1),))]
        inside = Line(makes=f"u{i}", products=((f"V{i}", f"k{i}"),), terms=((f"a{i}", 1),))
        return [inside, Line(makes=f"r{i}", rule="signs", terms=((f"u{i}", 1),))]

    def _run(self, i: int) -> Line:
        terms = ((f"b{i}", 1),) if i in self.offsets else ()
        return Line(makes=f"x{i}", products=((f"J{i}", f"x{i - 1}"),), terms=terms)

    def _gradient(self, i: int) -> Line:
        return Line(makes=f"g{i}", products=((f"h{i}", f"D{i}"),))

    def _loss(self) -> list[Line]:
        i = self.last
        terms = ((f"b{i}", 1),) if i in self.offsets else ()
        return [
            Line(makes="z", products=((f"J{i}", f"x{i - 1}"),), terms=terms),
            Line(makes="p", rule="softmax", terms=(("z", 1),)),
            Line(makes="loss", rule="loss", terms=(("p", 1),)),
        ]
