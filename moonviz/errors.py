"""What can go wrong, as types. Every message names the thing and the remedy. No torch here."""

from __future__ import annotations


class InvalidSpec(ValueError):
    """A network, run or option that cannot be what it says: the message names the field and what is allowed."""


class UnsupportedPair(ValueError):
    """A method was asked to train a layer that lacks the capability it rests on.

    Raised before any work is done.

    Attributes:
        method: Name of the method, as in `moonviz.METHODS`.
        layer: Name of the offending layer, such as ``"layer 3 (dense)"``.
        capability: What the method needs of every layer of the body.
        remedy: What to do instead, as one sentence.
    """

    def __init__(self, method: str, layer: str, capability: str, remedy: str) -> None:
        self.method, self.layer, self.capability, self.remedy = method, layer, capability, remedy
        super().__init__(f"`{method}` needs every layer of the body to be {capability}, but {layer} is not. {remedy}")

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str]]:
        return type(self), (self.method, self.layer, self.capability, self.remedy)


class SingularLayer(RuntimeError):
    """A matrix turned singular, so the layer's cotangent cannot be recovered.

    Attributes:
        layer: Name of the layer.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        super().__init__(
            f"{layer} has a singular matrix, so no vector-inverse-Jacobian product exists. "
            "Draw the weights with another `seed`, or use `backprop`."
        )

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.layer,)


class TooLarge(RuntimeError):
    """The work would not fit the limit, found by a dry run before any memory was spent.

    Attributes:
        needed_bytes: What the dry run says it would take.
        limit_bytes: What is allowed here.
    """

    def __init__(self, what: str, needed_bytes: int, limit_bytes: int) -> None:
        self.what, self.needed_bytes, self.limit_bytes = what, needed_bytes, limit_bytes
        super().__init__(
            f"{what} needs {needed_bytes / 2**20:,.1f} MiB of {limit_bytes / 2**20:,.1f} MiB allowed. "
            "Take a smaller depth or batch, or raise MOONVIZ_MAX_BYTES."
        )

    def __reduce__(self) -> tuple[type, tuple[str, int, int]]:
        return type(self), (self.what, self.needed_bytes, self.limit_bytes)
