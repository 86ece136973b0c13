"""A method's own schedule on a tiny network, read number by number while it runs. No second implementation."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.events import LayerEvent, StepRecord
from moonviz.layers import FragmentalLayer
from moonviz.layers.base import State
from moonviz.methods import SCHEDULES, Gradients, require
from moonviz.networks import Network
from moonviz.probing import MOST_NUMBERS
from moonviz.runs.ledger import Ledger
from moonviz.runs.lens import Lens, Noting
from moonviz.runs.probe import Budget
from moonviz.runs.truth import find_truth
from moonviz.runs.walk_facts import flat, grid, layers_at, like, matrix, quantities, states, tiny
from moonviz.runs.walk_memory import Memory
from moonviz.specs import METHODS
from moonviz.specs.methods import MethodOptions, MoonwalkPureOptions, ProjforwardOptions
from moonviz.walking import Frame, Kept, LayerAt, Line, WalkPage, WalkSpec
from moonviz.walking.lines import Sums
from moonviz.walking.page import Matrix


def walk_page(spec: WalkSpec, budget: Budget | None = None) -> WalkPage:
    """Walk a method through a tiny network and write everything down.

    Raises:
        InvalidSpec: If the network does not fit together, is not tiny, or the walk takes too long.
        UnsupportedPair: If the method cannot train a layer.
        SingularLayer: If a layer's weights cannot be undone.
    """
    network, options = tiny(spec), spec.method.resolved
    require(options, network)
    budget = budget or Budget(f"`{options.label}`", work="its walk")
    x, target = torch.tensor([spec.x], dtype=torch.float64), torch.tensor([spec.target])
    passed = states(network, x)
    told = quantities(network, passed, target)
    if not all(abs(number) < float("inf") for rows in told.values() for row in rows for number in row):
        raise InvalidSpec("the numbers of this walk grow too large. Take smaller weights.")
    walker = Walker(network, options, told, passed, layers_at(network), budget)
    gradients = walker.walk(x.clone(), target)
    truth = find_truth(network, x, target, None)
    apart = max(
        (float((gradients.by_name[name] - want).abs().max()) for name, want in truth.by_name.items()), default=0.0
    )
    return WalkPage(
        spec=spec.model_dump(mode="json"),
        label=options.label,
        exact=METHODS[options.method].exact,
        layers=walker.layers,
        quantities=told,
        frames=tuple(walker.frames),
        grid=grid(network),
        gradient={
            i: tuple(torch.cat([gradients.by_name[name].flatten() for name in names]).tolist())
            for i in range(1, network.length + 2)
            if (names := list(network.weights(i)))
        },
        apart=apart,
    )


@dataclass
class Walker:
    """Drives one method and writes down a frame for each event.

    Attributes:
        quantities: Those that stay the same.
        passed: x₀ … x_L as states, for their shapes.
        values: The latest value of every quantity that the method made.
        entry: Of a gradient made entry by entry: the one under way.
    """

    network: Network
    options: MethodOptions
    quantities: dict[str, Matrix]
    passed: list[State]
    layers: tuple[LayerAt, ...]
    budget: Budget
    frames: list[Frame] = field(default_factory=list)
    values: dict[str, Matrix] = field(default_factory=dict)
    numbers: int = 0
    entry: int | None = None

    def __post_init__(self) -> None:
        network, last = self.network, self.network.length + 1
        sizes = {f"{letter}{i}": flat(state).numel() for i, state in enumerate(self.passed) for letter in "xh"}
        self.memory = Memory(Lens(), sizes, {layer.card.index: layer.bits for layer in self.layers}, last)
        self.sums = Sums(
            last=last,
            offsets={i for i in range(last + 1) if f"b{i}" in self.quantities},
            weighted={i for i in range(last + 1) if network.weights(i)},
            hidden={layer.card.index for layer in self.layers if layer.kind == "coupling"},
            noisy=self.options.directions if isinstance(self.options, ProjforwardOptions) else 0,
        )

    def walk(self, x: Tensor, target: Tensor) -> Gradients:
        """The whole schedule; what it gives."""
        ledger = Ledger((*self.network.parameters(), *self.network.buffers(), x, target))
        noting, lens = Noting(self.network), self.memory.lens
        schedule = SCHEDULES[self.options.method].steps(self.options, noting, x, target)
        while True:
            noting.drawn.clear()
            try:
                with ledger, lens:
                    event = next(schedule)
            except StopIteration as end:
                return end.value
            record = ledger.close_step(event)
            self._frame(event, record, self.memory.read(event, ledger), self._directions(noting.drawn))
            self.budget.tick()
            if self.numbers > MOST_NUMBERS:
                raise InvalidSpec(
                    f"`{self.options.label}` has more than {MOST_NUMBERS:,} numbers to show. Take fewer directions."
                )

    def _frame(self, event: LayerEvent, record: StepRecord, held: tuple[Kept, ...], local: dict[str, Matrix]) -> None:
        before = self.values
        self.values = before | self.memory.values(event)
        if ("fragment", event.layer) in event.reads:
            local |= self._fragment_part(event.layer)
        drawn = {int(name[1:]) for name in local if name.startswith("v")}
        lines = self.sums.of(event, drawn, self._place(event, local), before.keys())
        local |= {f"o{name[1:]}": rows for name, rows in before.items() if name.startswith("g")}
        local |= self._unkept(lines, self.quantities | before | local)
        values = self._values(lines, before | local)
        names = {one.name for one in held}
        gone = [one.name for one in self.frames[-1].held if one.name not in names] if self.frames else []
        self.numbers += sum(len(one.numbers) for one in held) + sum(
            len(row) for rows in values.values() for row in rows
        )
        self.frames.append(
            Frame(
                record=record, loop=event.loop, lines=tuple(lines), values=values, held=held,
                dropped=tuple(dict.fromkeys(name for name in gone if name)),
            )
        )  # fmt: skip

    def _values(self, lines: list[Line], before: dict[str, Matrix]) -> dict[str, Matrix]:
        """Every quantity of the lines that is no page's: what was made as it is now, what was used as it was."""
        made = {line.makes for line in lines}
        used = {name for line in lines for pair in line.products for name in pair}
        used |= {name for line in lines for name, _ in line.terms}
        now = self.quantities | before | self.values
        told = {name: self.values.get(name, now.get(name)) for name in made}
        told |= {name: before.get(name, now.get(name)) for name in used - made}
        return {name: rows for name, rows in told.items() if rows is not None and name not in self.quantities}

    def _unkept(self, lines: list[Line], known: dict[str, Matrix]) -> dict[str, Matrix]:
        """What a step makes and does not keep: x − b, the tangent at the head's output, the loss's answer to it."""
        told: dict[str, Matrix] = {}
        for line in lines:
            if line.makes[0] == "y" or line.makes in ("tz", "d"):
                parts = [_tensor(known[left]) @ _tensor(known[right]) for left, right in line.products]
                parts += [sign * _tensor(known[name]) for name, sign in line.terms]
                known = known | {line.makes: matrix(sum(parts))}
                told[line.makes] = known[line.makes]
        return told

    def _directions(self, drawn: dict[int, Any]) -> dict[str, Matrix]:
        """v and w, the same as a column and as a row, zero where a weight does not move."""
        told: dict[str, Matrix] = {}
        for number, direction in drawn.items():
            weights = self.network.weights(number)
            if not weights:
                continue
            parts = [
                torch.tensor(direction[name], dtype=torch.float64) if name in direction else torch.zeros_like(weight)
                for name, weight in weights.items()
            ]
            row = torch.cat([part.flatten() for part in parts])
            told |= {f"v{number}": matrix(row[:, None]), f"w{number}": matrix(row[None])}
        return told

    def _place(self, event: LayerEvent, local: dict[str, Matrix]) -> int | None:
        """Where in the gradient, or in h₀, the answer of this pass goes; null where it fills all of it."""
        if self.options.method == "forward" and local:
            self.entry = next(iter(local.values())).index((1.0,))
        if isinstance(self.options, MoonwalkPureOptions):
            return event.loop[0] * self.options.chunk if event.loop and event.loop[1] > 1 else None
        return self.entry

    def _fragment_part(self, i: int) -> dict[str, Matrix]:
        """c, what a layer's fragment adds to h."""
        layer, x = self.network.layer(i), self.passed[i - 1]
        assert isinstance(layer, FragmentalLayer)
        nothing = like(torch.zeros(prod(layer.in_shape), dtype=torch.float64), x)
        with torch.no_grad():
            return {f"c{i}": matrix(flat(layer.vijp(x, nothing, self.memory.fragments[i]))[None])}


def _tensor(rows: Matrix) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)
