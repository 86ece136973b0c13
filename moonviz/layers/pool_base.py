"""What all pooling shares, 1-D and 2-D."""

from __future__ import annotations

from torch import Tensor

from moonviz.layers.base import Layer, Shape
from moonviz.layers.mixins import FreshOutput, WithoutWeights
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis


class Pooling(FreshOutput, WithoutWeights, Layer):
    """One output per channel and window, x `[N, C, L]` or `[N, C, H, W]`.

    Attributes:
        axes: The windows along height and width; in 1-D the height is 1.
    """

    saves_output = False

    def __init__(self, spec: specs.Pool, in_shape: Shape) -> None:
        axes = pool_axes(spec, in_shape)
        super().__init__(in_shape, (in_shape[0], *(axis.outputs for axis in axes)))
        self.axes = on_plane(axes)
        self.spec = spec

    @property
    def kernel(self) -> tuple[int, ...]:
        """The windows' height and width."""
        return tuple(axis.kernel for axis in self.axes)

    @property
    def stride(self) -> tuple[int, ...]:
        """How far they are apart."""
        return tuple(axis.stride for axis in self.axes)

    @property
    def padding(self) -> tuple[int, ...]:
        """How far the first ones reach out."""
        return tuple(axis.padding for axis in self.axes)

    @property
    def words(self) -> str:
        """Its numbers, to begin a sentence with."""
        return f"Kernel {self.spec.kernel}, stride {self.spec.stride}, padding {self.spec.padding}"

    def flat(self, tensor: Tensor) -> Tensor:
        """A state as `[N, C, H, W]`."""
        return tensor if len(self.in_shape) == 3 else tensor.unsqueeze(2)

    def unflat(self, tensor: Tensor) -> Tensor:
        """The state of what `flat` gave."""
        return tensor if len(self.in_shape) == 3 else tensor.squeeze(2)


def pool_axes(spec: specs.Pool, in_shape: Shape) -> tuple[Axis, ...]:
    """The windows along each axis of the input."""
    return tuple(Axis(size, spec.kernel, spec.stride, spec.padding) for size in in_shape[1:])


def on_plane(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Two axes: in 1-D the height is 1."""
    return axes if len(axes) == 2 else (Axis(1, 1), *axes)
