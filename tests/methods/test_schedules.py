"""Schedules replayed without tensors: whatever a step reads must be held, and at the end only gradients are."""

from __future__ import annotations

from typing import Any

import pytest

from moonviz.events import LayerEvent
from moonviz.methods import SCHEDULES
from moonviz.specs import METHODS, method_options


class Token:
    """Stands for a tensor: it only has an identity."""

    def __init__(self, what: str, layer: int) -> None:
        self.what, self.layer, self._cdata = what, layer, id(self)

    def untyped_storage(self) -> Token:
        return self

    def __repr__(self) -> str:
        return f"{self.what}{self.layer}"


class TokenTape:
    def __init__(self, layer: int, head: bool = False) -> None:
        self._layer, self._head = layer, head

    def pull(self, cot: Token | None = None) -> tuple[Token | None, dict[str, Token]]:
        assert (cot is None) if self._head else cot.layer == self._layer, "the cotangent of another layer"
        before = Token("h", self._layer - 1) if self._layer else None
        return before, {f"w{self._layer}": Token("g", self._layer)}


class TokenNetwork:
    """Has what methods use of a network, and checks that they use it in a possible order."""

    def __init__(self, length: int) -> None:
        self.length = length

    def stem(self, x: str) -> Token:
        assert x == "x"
        return Token("x", 0)

    def without_history(self, state: Token) -> Token:
        return state

    def record_stem(self, x: str) -> tuple[Token, TokenTape]:
        return self.stem(x), TokenTape(0)

    def record(self, number: int, state: Token) -> tuple[Token, TokenTape]:
        assert state.layer == number - 1
        return Token("x", number), TokenTape(number)

    def record_head(self, state: Token, target: str) -> tuple[Token, TokenTape]:
        assert (state.layer, target) == (self.length, "target")
        return Token("loss", self.length + 1), TokenTape(self.length + 1, head=True)

    def keep(self, number: int, state: Token) -> tuple[Token, tuple[Token]]:
        assert state.layer == number - 1
        return Token("x", number), (Token("r", number),)

    def vjp_x(self, number: int, residual: tuple[Token], cot: Token) -> Token:
        assert residual[0].layer == cot.layer == number
        return Token("h", number - 1)

    def advance(
        self, number: int, state: Token, cot: Token, fragment: Any = ()
    ) -> tuple[Token, Token, dict[str, Token]]:
        assert state.layer == cot.layer == number - 1
        return Token("x", number), Token("h", number), {f"w{number}": Token("g", number)}


def replay(method: str, length: int) -> tuple[list[LayerEvent], Any]:
    steps = SCHEDULES[method].steps(method_options(method), TokenNetwork(length), "x", "target")
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


@pytest.mark.parametrize("method", SCHEDULES)
def test_what_a_step_reads_is_held(method: str) -> None:
    for length in range(1, 101):
        events, gradients = replay(method, length)
        held: set[tuple[str, int]] = set()
        for event in events:
            missing = set(event.reads) - held
            assert not missing, f"depth {length}: {event.phase} {event.layer} reads {missing}, which nobody kept"
            held -= set(event.removed)
            held |= {(kept.kind, kept.layer) for kept in event.added}
        assert set(gradients.by_name) == {f"w{n}" for n in range(length + 2)}
        assert {layer for kind, layer in held if kind == "gradient"} == set(range(length + 2))
        assert gradients.loss.what == "loss"


@pytest.mark.parametrize("method", SCHEDULES)
def test_sweeps_are_what_the_card_says(method: str) -> None:
    events, _ = replay(method, 9)
    sweeps = [event.phase for event in events]
    turns = [phase for n, phase in enumerate(sweeps) if n == 0 or sweeps[n - 1] != phase]
    assert turns == [phase for phase, _ in METHODS[method].schedule]


def test_moonwalk_keeps_residuals_only_between_the_sweeps() -> None:
    events, _ = replay("moonwalk-mixed", 20)
    held: set[tuple[str, int]] = set()
    for event in events:
        held -= set(event.removed)
        held |= {(kept.kind, kept.layer) for kept in event.added}
        kinds = [kind for kind, _ in held]
        assert kinds.count("cotangent") <= 1
        # x, the loss, and for a moment the last layer's output
        assert kinds.count("activation") <= 2
        if event.phase == "advance":
            assert "residual" not in kinds
