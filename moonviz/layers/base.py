"""What a layer promises, and what torch gives every layer once.

The letters, here and in all layers (math.md's notation): `x` a layer's input, `y` its output, `cot_x` and `cot_y` the
loss's gradient at them (cotangents), `tan_x` and `tan_y` directions (tangents). Each is a *state*: one tensor `[N, *]`,
or between couplings a pair of halves.

Capability is a type: `InvertibleLayer` ⊂ `SubmersiveLayer` ⊂ `FragmentalLayer` ⊂ `Layer`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

State = Tensor | tuple[Tensor, Tensor]
Residual = tuple[Tensor, ...]
Shape = tuple[int, ...]


def tensors(state: State | Residual) -> tuple[Tensor, ...]:
    """The tensors of a state, in order."""
    return (state,) if isinstance(state, Tensor) else tuple(state)


def detached(state: State) -> State:
    """The same numbers without their history; no copy."""
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())


def leaf(state: State) -> State:
    """The same numbers as new leaves that autograd follows; no copy."""
    if isinstance(state, Tensor):
        return state.detach().requires_grad_()
    return state[0].detach().requires_grad_(), state[1].detach().requires_grad_()


class Layer(nn.Module, ABC):
    """y = f(x; θ), batched along the first axis.

    Attributes:
        in_shape: Shape of one example's x, without the batch.
        out_shape: Shape of one example's y.
        title: Its name in messages, set by the network: ``"layer 3 (dense)"``.
    """

    kind: ClassVar[str]
    """What to call it, in words."""
    overwrites: ClassVar[bool] = False
    """Whether `consume` writes into its input."""
    saves_output: ClassVar[bool] = True
    """Whether autograd may keep the output, or the output shares memory with x: then nobody may overwrite it."""
    paired: ClassVar[bool] = False
    """Whether it takes a pair of halves."""
    pairs_output: ClassVar[bool] = False
    """Whether it gives a pair of halves."""
    couples_examples: ClassVar[bool] = False
    """Whether one example's output depends on the others of its batch."""
    data_dependent: ClassVar[bool] = False
    """Whether its fragment's size depends on the data: a dry run takes the expected one."""
    dry_numbers: int | None = None
    """In a dry run, how many numbers a data-dependent fragment has; None: as many as are expected."""

    def __init__(self, in_shape: Shape, out_shape: Shape) -> None:
        super().__init__()
        self.in_shape, self.out_shape, self.title = in_shape, out_shape, type(self).__name__

    @property
    @abstractmethod
    def reason(self) -> str:
        """Why it has its capability, in one sentence with its own numbers."""

    @abstractmethod
    def initialise(self, generator: Generator) -> None:
        """Draw the weights in float64 and cast, so that a seed means the same network in every dtype."""

    @abstractmethod
    def forward(self, x: State) -> State:
        """y = f(x), x untouched."""

    @abstractmethod
    def consume(self, x: State) -> State:
        """y = f(x), where x may be overwritten (the caller gives it up)."""

    @abstractmethod
    def residual(self, x: State) -> Residual:
        """The least that `vjp_x` needs to know of x."""

    @abstractmethod
    def keep(self, x: State) -> tuple[State, Residual]:
        """`consume` and `residual` in one, sharing work."""

    @abstractmethod
    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        """cot_x = cot_y J, from the residual alone; cot_y untouched."""

    def trainable(self) -> tuple[nn.Parameter, ...]:
        """Its parameters that want a gradient, in a fixed order."""
        return tuple(parameter for parameter in self.parameters() if parameter.requires_grad)

    def jvp(self, x: State, tan_x: State) -> State:
        """tan_y = J tan_x, by torch's forward mode."""
        return torch.func.jvp(self.forward, (x,), (tan_x,))[1]

    def push(self, x: State, tan_x: State | None, tan_weights: dict[str, Tensor]) -> tuple[State, State | None]:
        """(y, tan_y) with tan_y = J tan_x + ∂f/∂θ tan_θ, by torch's forward mode; x untouched.

        Args:
            x: The input.
            tan_x: A tangent of it; None: it does not move.
            tan_weights: Tangents of parameters by their name in this layer; those left out do not move.
        """
        if tan_x is None and not tan_weights:
            with torch.no_grad():
                return self(x), None
        weights = {name: weight.detach() for name, weight in self.named_parameters()}
        # zeros written out for what does not move: torch's own stand-in for a zero tangent takes other paths on
        # the meta device than elsewhere, and a dry run must allocate what a run does
        tans = {name: tan_weights.get(name, torch.zeros_like(weight)) for name, weight in weights.items()}
        if tan_x is None and isinstance(x, Tensor) and not x.is_floating_point():
            return torch.func.jvp(lambda w: torch.func.functional_call(self, w, (x,)), (weights,), (tans,))
        if tan_x is None:
            tan_x = torch.zeros_like(x) if isinstance(x, Tensor) else (torch.zeros_like(x[0]), torch.zeros_like(x[1]))
        return torch.func.jvp(lambda x, w: torch.func.functional_call(self, w, (x,)), (x, weights), (tan_x, tans))

    def forward_and_grads(self, x: State, cot_y: State) -> tuple[State, tuple[Tensor, ...]]:
        """y = f(x) and g = cot_y ∂f/∂θ for each of `trainable()`, by one pass of torch's autograd."""
        weights = self.trainable()
        if not weights:
            with torch.no_grad():
                return self.consume(x), ()
        with torch.enable_grad():
            y = self(detached(x))
        # what only passes through does not hang on the weights
        reached = [(out, cot) for out, cot in zip(tensors(y), tensors(cot_y), strict=True) if out.requires_grad]
        outs, cots = zip(*reached, strict=True)
        return detached(y), torch.autograd.grad(outs, weights, cots)

    def vjp_params(self, x: State, cot_y: State) -> tuple[Tensor, ...]:
        """g = cot_y ∂f/∂θ for each of `trainable()`, by torch's autograd; x untouched."""
        return self.forward_and_grads(x, cot_y)[1] if self.trainable() else ()


class FragmentalLayer(Layer):
    """A layer whose erased part of the cotangent can be kept as a fragment, so that the vjp can be undone."""

    @abstractmethod
    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        """The least of cot_y that J erases, from the residual alone (a reverse sweep has no x)."""

    @abstractmethod
    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        """The cot_y with cot_y J = cot_x whose fragment this is: the vector-inverse-Jacobian product; x untouched."""

    @abstractmethod
    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        """(y, cot_y, parameter gradients): `consume`, `vijp` and `vjp_params` in one; x may be overwritten."""


class BlockFragmentalLayer(FragmentalLayer):
    """A fragment kept at the head of each block of positions; a method may ask for another size of block.

    `vijp` reads the number of blocks from the fragment's shape.
    """

    @abstractmethod
    def fragment_in_blocks(self, residual: Residual, cot_y: State, block: int) -> Residual:
        """`fragment` with blocks of so many positions."""


class SubmersiveLayer(FragmentalLayer):
    """J has full row rank: nothing of cot_y is erased, the fragment is empty."""

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        """Empty."""
        return ()


class InvertibleLayer(SubmersiveLayer):
    """f itself can be undone."""

    @abstractmethod
    def inverse(self, y: State) -> State:
        """The x with f(x) = y; y untouched."""

    @abstractmethod
    def undo(self, y: State) -> tuple[State, Residual]:
        """(x, residual): `inverse` and `residual` in one, sharing work."""

    @abstractmethod
    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[Tensor, ...]]:
        """(x, cot_x, parameter gradients): `inverse`, `vjp_x` and `vjp_params` in one, sharing work."""


class Stateful(Layer):
    """Mixin for randomness and running statistics, which move exactly once per training step, whatever the method.

    Attributes:
        step_seed: Set by the network once per step; a draw must come from it alone, so that a recomputed sweep sees
            the same one.
        fresh: True until `note` was called in this step.
    """

    step_seed: int = 0
    fresh: bool = False

    @abstractmethod
    def note(self, x: State) -> None:
        """Called once per step, before anything else, with the layer's input: move the running statistics."""
