"""A module of somebody else's as a layer: nothing is known of it but what torch's autograd finds."""

from __future__ import annotations

from torch import Generator, nn

from moonviz.layers.base import Layer, Shape, State
from moonviz.layers.mixins import KeepsInput


class Foreign(KeepsInput, Layer):
    """y = module(x), one tensor to one tensor.

    Attributes:
        kind: The module's class.
        why: Why it has no rule here, as a clause that follows its name.
    """

    def __init__(
        self, module: nn.Module, in_shape: Shape, out_shape: Shape, why: str, shares_output: bool = True
    ) -> None:
        """Take the module as it is: its weights become this layer's.

        Args:
            module: The module; one that says `inplace` overwrites its input.
            in_shape: Shape of one example's input.
            out_shape: Shape of one example's output.
            why: The reason, as above.
            shares_output: Whether its output may be needed once more, so that nobody may overwrite it.
        """
        super().__init__(in_shape, out_shape)
        self.module, self.kind, self.why = module, type(module).__name__, why
        self.overwrites, self.saves_output = getattr(module, "inplace", False) is True, shares_output

    @property
    def reason(self) -> str:
        return (
            f"`{self.kind}` {self.why}: torch's autograd runs it, and what its Jacobian erases of the gradient is not "
            "known."
        )

    def initialise(self, generator: Generator) -> None:
        """Its weights are drawn already."""

    def forward(self, x: State) -> State:
        return self.module(x.clone() if self.overwrites else x)

    def consume(self, x: State) -> State:
        return self.module(x)
