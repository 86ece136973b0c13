"""Schedules replayed without tensors: whatever a step reads must be held, and at the end only gradients are."""

from __future__ import annotations

from typing import Any

import pytest

from moonviz.events import LayerEvent
from moonviz.methods import SCHEDULES
from moonviz.specs import METHODS, method_options
from tests.cases import SLOW, VARIANTS


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


class TokenWeight:
    """A parameter of two entries."""

    def numel(self) -> int:
        return 2


class TokenNetwork:
    """Has what methods use of a network, and checks that they use it in a possible order. A block has two layers."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.block_ends = tuple(range(2, length + 1, 2)) or (length,)
        self.residual_segment = 3

    def passes(self, total: int) -> range:
        return range(total)

    def weights(self, number: int) -> dict[str, TokenWeight]:
        return {f"w{number}": TokenWeight()}

    def stem(self, x: str) -> Token:
        assert x == "x"
        return Token("x", 0)

    def without_history(self, state: Token) -> Token:
        return state

    def input_to_keep(self, number: int, state: Token) -> Token:
        assert state.layer == number - 1
        return state

    def record_stem(self, x: str) -> tuple[Token, TokenTape]:
        return self.stem(x), TokenTape(0)

    def record(self, number: int, state: Token) -> tuple[Token, TokenTape]:
        assert state.layer == number - 1
        return Token("x", number), TokenTape(number)

    def record_head(self, state: Token, target: str) -> tuple[Token, TokenTape]:
        assert (state.layer, target) == (self.length, "target")
        return Token("loss", self.length + 1), TokenTape(self.length + 1, head=True)

    def run(self, number: int, state: Token) -> Token:
        assert state.layer == number - 1
        return Token("x", number)

    def keep(self, number: int, state: Token) -> tuple[Token, tuple[Token]]:
        return self.run(number, state), (Token("r", number),)

    def undo(self, number: int, state: Token) -> tuple[Token, tuple[Token]]:
        assert state.layer == number
        return Token("x", number - 1), (Token("r", number),)

    def retreat(self, number: int, state: Token, cot: Token) -> tuple[Token, Token, dict[str, Token]]:
        assert state.layer == cot.layer == number
        return Token("x", number - 1), Token("h", number - 1), {f"w{number}": Token("g", number)}

    def vjp_x(self, number: int, residual: tuple[Token], cot: Token) -> Token:
        assert residual[0].layer == cot.layer == number
        return Token("h", number - 1)

    def fragment(self, number: int, residual: tuple[Token], cot: Token, block: int | None) -> tuple[Token, ...]:
        assert residual[0].layer == cot.layer == number
        return (Token("c", number),) if number % 3 == 0 else ()

    def advance(
        self, number: int, state: Token, cot: Token, fragment: tuple[Token, ...] = ()
    ) -> tuple[Token, Token, dict[str, Token]]:
        assert state.layer == cot.layer == number - 1
        assert [part.layer for part in fragment] == ([number] if fragment else [])
        return Token("x", number), Token("h", number), {f"w{number}": Token("g", number)}

    def push(self, number: int, state: Any, tan: Token | None, tans: Any) -> tuple[Token, Token]:
        assert state == "x" if number == 0 else (state.layer == number - 1)
        assert tan is None or tan.layer == number - 1
        assert tan is not None or tans, "something must move"
        return Token("x", number), Token("t", number)

    def push_head(self, state: Token, tan: Token | None, target: str, tans: Any) -> tuple[Token, Token]:
        assert state.layer == self.length
        return Token("loss", self.length + 1), Token("answer", 0)

    def push_many(self, number: int, state: Token, tans: Token) -> tuple[Token, Token]:
        return self.push(number, state, tans, None)

    def push_many_head(self, state: Token, tans: Token, target: str) -> Token:
        assert state.layer == tans.layer == self.length
        return Token("answers", 0)

    def unit_direction(self, number: int, name: str, entry: int) -> dict[str, Token]:
        return {name: Token("e", number)}

    def random_direction(self, number: int, seed: int) -> dict[str, Token]:
        return {f"w{number}": Token("v", number)}

    def scale_and_add(self, into: dict, direction: dict, by: Token, parts: int) -> None:
        for name, token in direction.items():
            into.setdefault(name, Token("g", token.layer))

    def new_gradients(self, number: int) -> dict[str, Token]:
        return {f"w{number}": Token("g", number)}

    def set_entry(self, grads: dict[str, Token], name: str, entry: int, answer: Token) -> None:
        assert name in grads

    def input_size(self, state: Token) -> int:
        return 70

    def new_cotangent(self, state: Token) -> Token:
        return Token("h", 0)

    def input_directions(self, state: Token, start: int, count: int) -> Token:
        assert start + count <= 70
        return Token("t", 0)

    def fill(self, cot: Token, start: int, answers: Token) -> None:
        assert answers.what == "answers"

    def shapes_of(self, state: Token) -> None:
        return None

    def as_state(self, cot: Token, shapes: None) -> Token:
        return cot


def replay(method: str, length: int, **options: Any) -> tuple[list[LayerEvent], Any]:
    steps = SCHEDULES[method].steps(method_options(method, options), TokenNetwork(length), "x", "target")
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


ALL = {**VARIANTS, **SLOW, "projforward": ("projforward", {"directions": 3})}


@pytest.mark.parametrize("variant", ALL)
def test_what_a_step_reads_is_held(variant: str) -> None:
    method, options = ALL[variant]
    for length in range(1, 101 if variant in VARIANTS else 21):
        events, gradients = replay(method, length, **options)
        held: set[tuple[str, int]] = set()
        for event in events:
            missing = set(event.reads) - held
            assert not missing, f"depth {length}: {event.phase} {event.layer} reads {missing}, which nobody kept"
            held -= set(event.removed)
            held |= {(kept.kind, kept.layer) for kept in event.added}
        assert set(gradients.by_name) == {f"w{n}" for n in range(length + 2)}
        assert gradients.loss.what == "loss"
        at_the_end = {kind for kind, _ in held}
        assert "gradient" in at_the_end
        assert not at_the_end & {"residual", "fragment", "anchor"}, "all that was kept for later has been used"


@pytest.mark.parametrize("method", SCHEDULES)
def test_sweeps_are_what_the_card_says(method: str) -> None:
    events, _ = replay(method, 9)
    body = [event.phase for event in events if 1 <= event.layer <= 9]
    turns = [phase for n, phase in enumerate(body) if n == 0 or body[n - 1] != phase]
    assert list(dict.fromkeys(turns)) == [phase for phase, _ in METHODS[method].schedule] or method == "forward"
    assert set(turns) == {phase for phase, _ in METHODS[method].schedule}


def test_moonwalk_keeps_residuals_only_between_the_sweeps() -> None:
    events, _ = replay("moonwalk-mixed", 20)
    held: set[tuple[str, int]] = set()
    for event in events:
        held -= set(event.removed)
        held |= {(kept.kind, kept.layer) for kept in event.added}
        kinds = [kind for kind, _ in held]
        assert kinds.count("cotangent") <= 1
        # x, the loss, and for a moment the last layer's output
        assert kinds.count("activation") <= 3
        if event.phase == "advance":
            assert "residual" not in kinds


def test_anchors_stand_at_the_ends_of_blocks() -> None:
    events, _ = replay("moonwalk-mixed", 13, anchor_every=2)
    kept = {item.layer for event in events for item in event.added if item.kind == "anchor"}
    assert kept == {4, 8, 12}


def test_a_loop_of_identical_passes_is_told_by_three() -> None:
    events, _ = replay("projforward", 2, directions=9)
    stands = [event.stands_for for event in events if event.layer == 1]
    assert stands == [1, 7, 0, 0, 0, 0, 0, 0, 1]
    assert [event.stands_for for event in replay("projforward", 2, directions=2)[0] if event.layer == 1] == [1, 1]
    assert [event.stands_for for event in replay("projforward", 2)[0] if event.layer == 1] == [1]
