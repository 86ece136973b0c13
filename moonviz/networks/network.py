"""A network that methods can walk: stem, body of layers, head with the loss."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isqrt

import torch
from torch import Tensor, nn

from moonviz.data.datasets import draw
from moonviz.layers.base import Layer, State, Stateful, detached
from moonviz.networks.losses import cross_entropy
from moonviz.networks.pushes import Pushes
from moonviz.networks.steps import LocalSteps
from moonviz.networks.tape import Tape, cut
from moonviz.specs.network import NetworkSpec
from moonviz.specs.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Batched:
    """What a network of a user's own modules has in the place of a spec: the number of examples of its batch."""

    batch: int


class Network(LocalSteps, Pushes):
    """Layers 1…L form the body; 0 is the stem and L+1 the head with the loss.

    Stem and head are ordinary networks whose gradients are one local step. Methods use only what is public here, and
    never torch, so that their schedules can be replayed with anything that has the same methods.
    """

    def __init__(
        self,
        spec: NetworkSpec | Batched,
        stem: list[Layer],
        body: list[Layer],
        head: list[Layer],
        block_ends: Iterable[int] = (),
    ) -> None:
        """Put layers together; `block_ends`: the last layer of each block, every layer if left out."""
        super().__init__()
        self.spec = spec
        self.stem_layers, self.body, self.head_layers = nn.ModuleList(stem), nn.ModuleList(body), nn.ModuleList(head)
        chain = [*stem, *body, *head]
        self._must_copy = {
            id(layer)
            for before, layer in zip([None, *chain], chain, strict=False)
            if layer.overwrites and (before is None or before.saves_output)
        }
        ends = [number for number in block_ends if number <= len(body)] if block_ends else range(1, len(body) + 1)
        self.block_ends = tuple(ends)
        self._names = {id(parameter): name for name, parameter in self.named_parameters()}

    def begin_step(self) -> None:
        """A new training step: running statistics move once more, and randomness is drawn anew.

        The draw advances torch's CPU generator once (only if a layer is random), so the same `torch.manual_seed`
        before two steps means the same draws in both, whatever the methods.
        """
        stateful = [layer for layer in self.modules() if isinstance(layer, Stateful)]
        if not stateful or self.device.type == "meta":
            return
        seed = int(torch.randint(2**62, ()))
        for number, layer in enumerate(stateful):
            layer.step_seed, layer.fresh = seed + number, True

    @property
    def length(self) -> int:
        """L, the number of layers of the body."""
        return len(self.body)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of its weights."""
        return next(self.parameters()).dtype

    def layer(self, number: int) -> Layer:
        """Layer 1…L of the body."""
        return self.body[number - 1]

    def part(self, number: int) -> list[Layer]:
        """The layers behind a layer number: the stem's for 0, the head's for L+1."""
        if number == 0:
            return list(self.stem_layers)
        return list(self.head_layers) if number > self.length else [self.layer(number)]

    def batch(self, seed: int = 0) -> tuple[Tensor, Tensor]:
        """(x `[N, *]`, target `[N]` or `[N, T]`) drawn from the spec's data; on the meta device only their shapes."""
        card, number = SOURCES[self.spec.data], self.spec.batch
        dtype = torch.int64 if card.values == "bytes" else self.dtype
        if self.device.type == "meta":
            target = torch.empty((number, *card.target_shape), dtype=torch.int64, device="meta")
            return torch.empty((number, *card.shape), dtype=dtype, device="meta"), target
        inputs, targets = draw(self.spec.data, number, seed)
        return torch.from_numpy(inputs).to(self.device, dtype), torch.from_numpy(targets).to(self.device)

    def forward(self, x: Tensor) -> Tensor:
        """The head's output, `[N, classes]` or `[N, classes, T]`."""
        self.begin_step()
        return self.through(range(self.length + 2), x)

    def through(self, numbers: Iterable[int], x: State) -> State:
        """The state after the layers of these numbers; x may be overwritten."""
        for number in numbers:
            x = self._through(self.part(number), x)
        return x

    def loss(self, x: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy, a scalar; ordinary autograd works on it."""
        return cross_entropy(self(x), target)

    def weights(self, number: int) -> dict[str, nn.Parameter]:
        """The parameters behind a layer number that want a gradient, by name."""
        found = (parameter for layer in self.part(number) for parameter in layer.trainable())
        return {self._names[id(parameter)]: parameter for parameter in found}

    def stem(self, x: Tensor) -> State:
        """x₀, without a graph."""
        with torch.no_grad():
            return self._through(self.part(0), x)

    def record_stem(self, x: Tensor) -> tuple[State, Tape]:
        """x₀ and the stem's tape."""
        with torch.enable_grad():
            tape = Tape(None, self.weights(0))
            state = self._through(self.part(0), x)
            return (state, tape.end(state)) if self.weights(0) else (state, tape)

    def record(self, number: int, x: State) -> tuple[State, Tape]:
        """y of a body layer and its tape; x may be overwritten."""
        with torch.enable_grad():
            x = self._start(number, x)
            tape = Tape(x, self.weights(number))
            y = self._through(self.part(number), x)
            return y, tape.end(y)

    def record_head(self, x: State, target: Tensor) -> tuple[Tensor, Tape]:
        """(loss, tape from x_L to the loss); x may have a history or none."""
        with torch.enable_grad():
            x = self._start(self.length + 1, x)
            tape = Tape(x, self.weights(self.length + 1))
            loss = cross_entropy(self._through(self.part(self.length + 1), x), target)
            return loss.detach(), tape.end(loss)

    def _start(self, number: int, x: State) -> State:
        """Where a tape begins: cut from what came before, unless its first layer writes into x."""
        layers = self.part(number)
        if not (layers and layers[0].overwrites):
            return cut(x)
        # autograd forbids writing into what a cut returns; x's own history serves as well, since x is no pair here
        return x if x.requires_grad else cut(x).clone()

    def _through(self, layers: list[Layer], state: State) -> State:
        for layer in layers:
            state = layer.consume(self.owned(layer, state))
        return state

    @property
    def residual_segment(self) -> int:
        """m = √(L·A/r) in blocks: the segment whose residuals weigh as much as all segments' inputs."""
        blocks, (size, kept) = len(self.block_ends), self.segment_weights
        return min(blocks, max(1, isqrt(blocks * size // kept))) if kept else blocks

    @cached_property
    def segment_weights(self) -> tuple[int, int]:
        """(A, r): bytes of the first block's input, and of its residuals, found by a dry run of that block."""
        first = self.body[: self.block_ends[0]]
        shape = (self.spec.batch, *first[0].in_shape)
        whole = torch.empty(shape, dtype=self.dtype, device="meta")
        state: State = tuple(whole.chunk(2, 1)) if first[0].paired else whole
        kept = 0
        with torch.no_grad():
            for layer in first:
                state, residual = _on_meta(layer).keep(state)
                kept += sum(part.numel() * part.element_size() for part in residual)
        return whole.numel() * whole.element_size(), kept

    def note(self, layer: Layer, x: State) -> None:
        """Let a layer move its running state, once per step."""
        if isinstance(layer, Stateful) and layer.fresh:
            layer.fresh = False
            with torch.no_grad():
                layer.note(detached(x))

    def owned(self, layer: Layer, x: State) -> State:
        """The input a layer may overwrite: a copy where the layer before still needs its output."""
        self.note(layer, x)
        return x.clone() if id(layer) in self._must_copy else x


def _on_meta(layer: Layer) -> Layer:
    """A copy whose weights take no memory, made without copying them first."""
    tensors = (*layer.parameters(), *layer.buffers())
    return copy.deepcopy(layer, {id(tensor): tensor.detach().to("meta") for tensor in tensors})
