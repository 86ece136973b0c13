"""2,000 random sequences of edits: the engine takes what comes of them or names the layer, and undo restores it all."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from moonviz.building import History, Place, blank, edits
from moonviz.building.reading import read_layer
from moonviz.building.words import NAMES
from moonviz.errors import InvalidSpec
from moonviz.networks import build
from moonviz.networks.candidates import written
from moonviz.networks.checking import walk
from moonviz.specs import SOURCES, NetworkSpec, preset

SEQUENCES, LONGEST = 2_000, 6
NAMED = re.compile(r"(stem |head |)layer \d+ \([a-z0-9×][^()]*\)|the (head|stem)\b|`(stem|body|head)\.\d+\.-?\d+`")
"""How a message names a layer or a place."""

STARTS = [
    *(blank(data) for data in SOURCES),
    *(preset(name, depth=2, batch=2) for name in ("digits-revnet", "conv1d-fragments", "glow-tiny", "relu-net")),
    preset("reversible-transformer", depth=1, batch=2, width=8),
]
_sizes = st.sampled_from([1, 2, 3, 8, 10, 17, 64])
_INSIDES = [{"kind": "conv"}, {"kind": "mlp"}, {"kind": "attention", "heads": 1}, {"kind": "attention", "heads": 3}]
NUMBERS: dict[str, st.SearchStrategy[Any]] = {
    "width": _sizes,
    "channels": _sizes,
    "kernel": st.integers(1, 9),
    "stride": st.integers(1, 4),
    "padding": st.integers(0, 5),
    "factor": st.integers(2, 4),
    "inside": st.sampled_from(_INSIDES),
    "form": st.sampled_from(["additive", "affine"]),
    "bounded": st.booleans(),
}
_HAVE = {
    "dense": ("width",),
    "embed": ("width",),
    "conv": ("channels", "kernel", "stride", "padding"),
    "max_pool": ("kernel", "stride", "padding"),
    "mean_pool": ("kernel", "stride", "padding"),
    "squeeze": ("factor",),
    "coupling": ("inside", "form"),
}
LAYERS = st.sampled_from(sorted(NAMES)).flatmap(
    lambda kind: st.fixed_dictionaries({"kind": st.just(kind)} | {name: NUMBERS[name] for name in _HAVE.get(kind, ())})
)
_WILD = NUMBERS | {"padding": st.sampled_from([0, 1, 2, 40]), "channels": st.sampled_from([4, 6, 70_000])}
CHANGES = st.sampled_from(sorted(_WILD)).flatmap(lambda name: st.fixed_dictionaries({name: _WILD[name]}))
SPOT = st.integers(0, 10**6)


class Editing(RuleBasedStateMachine):
    """Someone who edits without a plan, and now and then undoes or does again."""

    sequences = 0

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: NetworkSpec) -> None:
        self.history = History(start)
        self.known = [start]
        """Every draft from the first to the present, as it was when it was made."""
        self.undone: list[NetworkSpec] = []

    def edit(self, make: Any) -> None:
        network, message = tried(make, self.history.present)
        if network is None:
            assert NAMED.search(message), f"names no layer: {message}"
            return
        if network != self.history.present:
            self.known.append(network)
            self.undone.clear()
        self.history = self.history.then(network)

    @rule(layer=LAYERS, spot=SPOT)
    def insert(self, layer: dict[str, Any], spot: int) -> None:
        self.edit(lambda network: edits.insert(network, gap(network, spot), read_layer(layer)))

    @rule(change=CHANGES, spot=SPOT)
    def change(self, change: dict[str, Any], spot: int) -> None:
        self.edit(lambda network: edits.change(network, place(network, spot), **change))

    @rule(layer=LAYERS, spot=SPOT)
    def swap(self, layer: dict[str, Any], spot: int) -> None:
        self.edit(lambda network: edits.change(network, place(network, spot), **layer))

    @rule(spot=SPOT, to=SPOT)
    def move(self, spot: int, to: int) -> None:
        self.edit(lambda network: edits.move(network, place(network, spot), gap(network, to)))

    @rule(spot=SPOT, which=st.sampled_from([edits.remove, edits.duplicate]))
    def remove_or_duplicate(self, spot: int, which: Any) -> None:
        self.edit(lambda network: which(network, place(network, spot)))

    @rule(block=SPOT, times=st.integers(0, 6))
    def repeat(self, block: int, times: int) -> None:
        self.edit(lambda network: edits.repeat(network, block % len(network.body), times))

    @rule(block=SPOT)
    def ungroup(self, block: int) -> None:
        self.edit(lambda network: edits.ungroup(network, block % len(network.body)))

    @rule(first=SPOT, last=SPOT)
    def group(self, first: int, last: int) -> None:
        self.edit(lambda network: edits.group(network, place(network, first), place(network, last)))

    @rule(batch=st.integers(1, 3))
    def batch(self, batch: int) -> None:
        self.edit(lambda network: edits.settings(network, batch=batch))

    @rule()
    def undo(self) -> None:
        self.history = self.history.undo()
        if len(self.known) > 1:
            self.undone.append(self.known.pop())

    @rule()
    def redo(self) -> None:
        self.history = self.history.redo()
        if self.undone:
            self.known.append(self.undone.pop())

    @invariant()
    def the_engine_takes_it_or_names_the_layer(self) -> None:
        if not hasattr(self, "history"):
            return
        network = self.history.present
        assert network == self.known[-1]
        problem = walk(network).problem
        built, message = tried(build, network, "meta")
        if built is not None:
            assert problem is None
            return
        assert NAMED.match(message), f"names no layer: {message}"
        assert problem is not None
        assert message == f"{problem.layer_name}: {problem.message}"
        assert problem.place in written(network) or problem.place.layer == -1

    def teardown(self) -> None:
        if not hasattr(self, "history"):
            return
        Editing.sequences += 1
        texts = [network.canonical() for network in self.known]
        history = self.history
        for text in reversed(texts[:-1]):
            history = history.undo()
            assert history.present.canonical() == text
        assert history.undo() is history
        for text in texts[1:]:
            history = history.redo()
            assert history.present.canonical() == text
        assert NetworkSpec.model_validate_json(history.present.model_dump_json()) == history.present


def tried(make: Any, *given: Any) -> tuple[Any, str]:
    """What it makes, or null and why it was refused."""
    try:
        return make(*given), ""
    except InvalidSpec as error:
        return None, str(error)


def place(network: NetworkSpec, spot: int) -> Place:
    """One of its layers."""
    order = written(network)
    return order[spot % len(order)]


def gap(network: NetworkSpec, spot: int) -> Place:
    """One of the places that something can be put after."""
    ends = [Place(part=part) for part in ("stem", "head")]
    whole = [Place(part="body", block=at, layer=len(block.layers)) for at, block in enumerate(network.body)]
    first = [Place(part="body", block=at) for at in range(len(network.body))]
    gaps = [*written(network), *ends, *whole, *first]
    return gaps[spot % len(gaps)]


def test_two_thousand_random_sequences_of_edits() -> None:
    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=LONGEST,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Editing.sequences >= SEQUENCES
