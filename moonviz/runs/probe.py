"""One layer's Jacobian for real: on the CPU, in float64, within a bounded size and time."""

from __future__ import annotations

import time
from math import prod

import torch

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, make
from moonviz.layers.base import Shape, State
from moonviz.networks import Network, build
from moonviz.networks.build import DTYPES
from moonviz.probing import MOST_NUMBERS, MOST_SECONDS, LayerProbe
from moonviz.runs.jacobians import Subject, look_at
from moonviz.specs.layers import LayerSpec
from moonviz.specs.network import NetworkSpec

MOST_WEIGHTS = 10 * MOST_NUMBERS
"""The most weights of a network whose layer is looked at."""
MOST_WORK = 400 * MOST_NUMBERS
"""The most multiplications of an example's way to the layer."""
MOST_COUPLED = 8
"""The most examples that are looked at together where a batch couples them."""


class Budget:
    """Computing time of one probe.

    Time of other processes does not count, so what is refused does not depend on how busy the machine is.
    """

    def __init__(self, what: str, seconds: float = MOST_SECONDS, work: str = "its Jacobian") -> None:
        self._what, self._seconds, self._work, self._begin = what, seconds, work, time.process_time()

    def tick(self) -> None:
        """Look at the clock.

        Raises:
            InvalidSpec: If the time is over.
        """
        if time.process_time() - self._begin > self._seconds:
            raise InvalidSpec(
                f"{self._what}: {self._work} takes more than {self._seconds:g} s of computing. Look at a smaller one."
            )


def probe_layer_of(spec: NetworkSpec, number: int, budget: Budget | None = None) -> LayerProbe:
    """Layer `number` of a network's body, at the first example of a batch of its data.

    The weights are those a run has, cast up to float64.

    Raises:
        InvalidSpec: If there is no such layer, or it is too large; before any memory is spent.
    """
    planned = build(spec, "meta")
    if not 1 <= number <= planned.length:
        raise InvalidSpec(
            f"layer {number} is not walked; the body of `{spec.name}` has layers 1 to {planned.length:,}. Stem and "
            "head are one local step whatever the method."
        )
    layer = planned.layer(number)
    budget = budget or Budget(layer.title)
    examples = _examples(layer, spec.batch)
    _fits(layer, examples)
    _way_fits(planned, number, examples)
    network = build(spec.changed(batch=examples))
    dtype = DTYPES[spec.dtype]
    x = network.batch(seed=0)[0]
    network.to(torch.float64)
    x = x if not x.is_floating_point() else x.to(dtype).to(torch.float64)
    network.begin_step()
    budget.tick()
    with torch.no_grad():
        for before in range(number):
            x = network.through([before], x)
            budget.tick()
    return look_at(Subject(network.layer(number), x, number), budget.tick)


def probe_layer(spec: LayerSpec, in_shape: Shape, seed: int = 0, budget: Budget | None = None) -> LayerProbe:
    """A layer on its own, at a normal random input of this shape.

    Raises:
        InvalidSpec: If the shape does not fit, or it is too large; before any memory is spent.
    """
    title = f"this {spec.kind.replace('_', ' ')}"
    if prod(in_shape) > MOST_NUMBERS:
        raise InvalidSpec(f"{title}: an input of {prod(in_shape):,} numbers is too large; at most {MOST_NUMBERS:,}")
    planned = make(spec, in_shape, Placement(torch.device("meta"), torch.float64), title)
    examples = _examples(planned, MOST_COUPLED)
    _fits(planned, examples)
    _weights_fit(title, sum(weight.numel() for weight in planned.parameters()))
    layer = make(spec, in_shape, Placement(torch.device("cpu"), torch.float64), title)
    generator = torch.Generator().manual_seed(seed)
    layer.initialise(generator)
    x: State = torch.randn(examples, *in_shape, generator=generator, dtype=torch.float64)
    if layer.paired:
        x = tuple(part.contiguous() for part in x.chunk(2, 1))
    return look_at(Subject(layer, x, None), (budget or Budget(title)).tick)


def _examples(layer: Layer, batch: int) -> int:
    """1, or where a batch couples its examples as many of them as the largest Jacobian can hold."""
    if not layer.couples_examples:
        return 1
    side = max(prod(layer.in_shape), prod(layer.out_shape))
    return max(1, min(batch, MOST_COUPLED, int(MOST_NUMBERS**0.5) // side))


def _fits(layer: Layer, examples: int) -> None:
    n_in, n_out = examples * prod(layer.in_shape), examples * prod(layer.out_shape)
    numbers = n_out * max(n_in, n_out)
    if numbers > MOST_NUMBERS:
        raise InvalidSpec(
            f"{layer.title}: its Jacobian is {n_out:,}×{n_in:,}, which takes {numbers:,} numbers to factor; at most "
            f"{MOST_NUMBERS:,} are looked at. Take a layer of fewer inputs and outputs."
        )


def _way_fits(network: Network, number: int, examples: int) -> None:
    """Refuse a network that is large, or whose layers before this one take long."""
    layer = network.layer(number)
    _weights_fit(layer.title, sum(weight.numel() for weight in network.parameters()))
    before = [one for part in range(number) for one in network.part(part)]
    largest = max((prod(one.out_shape) for one in before), default=0) * examples
    work = examples * sum(_work(one) for one in before)
    if largest > MOST_NUMBERS * 4 or work > MOST_WORK:
        raise InvalidSpec(
            f"{layer.title}: an example's way there takes {work:,} multiplications and states of {largest:,} numbers; "
            f"at most {MOST_WORK:,} and {MOST_NUMBERS * 4:,}. Look at an earlier layer, or a smaller network."
        )


def _work(layer: Layer) -> int:
    """About how many multiplications one example takes: each weight at each position, and a pass over the numbers."""
    weights = sum(weight.numel() for weight in layer.parameters())
    return weights * prod(layer.out_shape[1:]) + prod(layer.in_shape) + prod(layer.out_shape)


def _weights_fit(title: str, weights: int) -> None:
    if weights > MOST_WEIGHTS:
        raise InvalidSpec(f"{title}: {weights:,} weights are too many to look at; at most {MOST_WEIGHTS:,}")
