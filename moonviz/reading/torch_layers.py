"""From a layer as PyTorch prints it to this package's layer, with the shape followed along. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from pydantic import ValidationError

from moonviz.errors import InvalidSpec
from moonviz.reading.activations import ACTIVATIONS, activation
from moonviz.reading.printed import Given
from moonviz.specs import layers as specs
from moonviz.specs.base import explain
from moonviz.specs.pivot import Axis

Shape = tuple[int, ...]
_WITH_WEIGHTS = (specs.Dense, specs.Conv, specs.Norm, specs.BatchNorm)


class Reader:
    """Takes layers one by one.

    Attributes:
        notes: What was decided, one sentence each.
    """

    def __init__(self, shape: Shape, data: str) -> None:
        self.notes: list[str] = []
        self._shape, self._data = shape, data
        self._layers: list[specs.LayerSpec] = []
        self._sizes: list[tuple[int, int]] = []
        self._fitted = self._unit = self._log = False
        """Another first layer than the text's was needed; a pooled position waits to be flattened; a log was taken."""

    def take(self, given: Given) -> None:
        """Add a layer.

        Raises:
            InvalidSpec: Naming the line and the layer.
        """
        if given.kind not in KINDS:
            raise given.fault(f"has no counterpart here. What can be read: {', '.join(sorted(KINDS))}.")
        if self._unit and given.kind not in ("Flatten", "Identity"):
            raise given.fault("comes after a pooling to one position, which only `Flatten` may follow here")
        if self._log:
            raise given.fault("comes after `LogSoftmax`, which can only be the last layer here")
        try:
            KINDS[given.kind](self, given)
        except ValidationError as error:
            raise given.fault(f"is out of range: {explain(error)}") from None

    @property
    def layers(self) -> tuple[specs.LayerSpec, ...]:
        """Those so far."""
        return tuple(self._layers)

    def finish(self, classes: int) -> tuple[list[specs.LayerSpec], list[tuple[int, int]]]:
        """All layers, and each one's numbers in and out, with a last layer that the loss can take.

        Raises:
            InvalidSpec: If there are none or none has weights, or a pooling is left open.
        """
        if self._unit:
            raise InvalidSpec("the text ends with a pooling to one position; put `Flatten` and `Linear` behind it")
        if not self._layers:
            raise InvalidSpec("the `Sequential` has no layers that compute anything")
        if len(self._layers) > 1 and isinstance(self._layers[-1], specs.Softmax):
            self._layers.pop()
            self._sizes.pop()
            self.notes.append("The softmax at the end is left out: the loss has it built in.")
        if len(self._shape) > 1 or self._shape[0] < classes:
            self.notes.append(
                f"A dense layer to {classes} classes is put at the end: the loss needs one number for each of "
                f"`{self._data}`."
            )
            if len(self._shape) > 1:
                self._add(specs.Flatten(), (prod(self._shape),))
            self._add(specs.Dense(width=classes), (classes,))
        if not any(
            isinstance(layer, specs.Dense | specs.Conv | specs.Norm | specs.BatchNorm) for layer in self._layers
        ):
            raise InvalidSpec("the `Sequential` has no layers with weights, so there is nothing to train")
        return self._layers, self._sizes

    def _add(self, layer: specs.LayerSpec, shape: Shape | None = None) -> None:
        before, self._shape = prod(self._shape), shape or self._shape
        self._layers.append(layer)
        self._sizes.append((before, prod(self._shape)))

    def _fit(self, given: Given, name: str, wanted: int, found: int) -> None:
        """Compare what a layer takes with what it gets; only data of another size than the text's is made to fit."""
        if wanted == found:
            return
        first = not any(isinstance(layer, specs.Dense | specs.Conv) for layer in self._layers)
        if not (first or self._fitted):
            raise given.fault(f"has `{name}` {wanted:,}, but gets {found:,} from the layer before it")
        self._fitted = True
        self.notes.append(
            f"Line {given.line}: `{given.kind}` takes {found:,} instead of {wanted:,}, since `{self._data}` is of "
            "another size."
        )

    def linear(self, given: Given) -> None:
        """A dense layer."""
        if len(self._shape) > 1:
            if self._layers:
                raise given.fault(f"takes a vector, but gets {shape_words(self._shape)}. Put `Flatten` before it.")
            self.notes.append(f"Line {given.line}: `Flatten` is put before `Linear`, which takes vectors.")
            self._add(specs.Flatten(), (prod(self._shape),))
        width = given.whole("out_features", None, 1)
        layer = specs.Dense(width=width, bias=given.get("bias", True) is not False)
        self._fit(given, "in_features", given.whole("in_features", None, 0), self._shape[0])
        self._add(layer, (width,))

    def conv(self, given: Given) -> None:
        """A convolution."""
        self._positions(given)
        for name, allowed in (("dilation", 1), ("groups", 1), ("padding_mode", "zeros")):
            given.must_be(name, allowed)
        channels, kernel = given.whole("out_channels", None, 1), given.whole("kernel_size", None)
        padding = given.get("padding", 0)
        if isinstance(padding, str):
            padding = {"same": kernel // 2, "valid": 0}.get(padding)
        layer = specs.Conv(
            channels=channels, kernel=kernel, stride=given.whole("stride", 1),
            padding=given.whole("padding", 0) if padding is None or isinstance(padding, tuple) else padding,
            bias=given.get("bias", True) is not False, layout="tiles" if given.kind == "Conv2d" else "rows",
        )  # fmt: skip
        self._fit(given, "in_channels", given.whole("in_channels", None, 0), self._shape[0])
        self._add(layer, (channels, *self._outputs(given, layer)))

    def pool(self, given: Given) -> None:
        """Max- or mean-pooling."""
        self._positions(given)
        for name, allowed in (("dilation", 1), ("ceil_mode", False)):
            given.must_be(name, allowed)
        kernel = given.whole("kernel_size", None)
        layer = specs.Pool(
            kind="max_pool" if given.kind.startswith("Max") else "mean_pool", kernel=kernel,
            stride=given.whole("stride", kernel), padding=given.whole("padding", 0),
        )  # fmt: skip
        if 2 * layer.padding > kernel:
            raise given.fault(f"has padding {layer.padding}; PyTorch allows at most half the kernel, {kernel // 2}")
        self._add(layer, (self._shape[0], *self._outputs(given, layer)))

    def global_mean(self, given: Given) -> None:
        """The mean over all positions, which waits for a `Flatten`."""
        self._positions(given)
        given.must_be("output_size", 1)
        if given.whole("output_size", 1, 0) != 1:
            raise given.fault("can only pool to one position here: `output_size` 1")
        self._add(specs.GlobalMeanPool(), self._shape[:1])
        self._unit = True

    def flatten(self, given: Given) -> None:
        """All numbers as one vector; nothing where they are one."""
        given.must_be("start_dim", 1)
        given.must_be("end_dim", -1)
        if len(self._shape) > 1:
            self._add(specs.Flatten(), (prod(self._shape),))
        self._unit = False

    def unshuffle(self, given: Given) -> None:
        """Space to depth."""
        if len(self._shape) != 3:
            raise given.fault(f"takes channels, height and width, but gets {shape_words(self._shape)}")
        layer = specs.Squeeze(factor=given.whole("downscale_factor", None))
        channels, *extent = self._shape
        if any(size % layer.factor for size in extent):
            raise given.fault(f"has a factor of {layer.factor}, which does not divide {shape_words(self._shape)}")
        self._add(layer, (channels * layer.factor**2, *(size // layer.factor for size in extent)))

    def norm(self, given: Given) -> None:
        """LayerNorm or RMSNorm of vectors."""
        kind = {"LayerNorm": "layer_norm", "RMSNorm": "rms_norm"}[given.kind]
        given.must_be("elementwise_affine", True)
        given.must_be("bias", True)
        if len(self._shape) != 1:
            raise given.fault(f"normalises vectors here, but gets {shape_words(self._shape)}")
        epsilon = 2.0**-23 if given.get("eps", 1e-5) is None else given.number("eps", 1e-5)
        if given.get("eps", 1e-5) is None:
            self.notes.append(f"Line {given.line}: `eps` None is float32's own, {epsilon:.3g}.")
        self._fit(given, "normalized_shape", given.whole("normalized_shape", None, 0), self._shape[0])
        self._add(specs.Norm(kind=kind, epsilon=epsilon))

    def batch_norm(self, given: Given) -> None:
        """BatchNorm in training mode."""
        given.must_be("affine", True)
        if len(self._shape) != 3 and given.kind == "BatchNorm2d":
            raise given.fault(f"takes channels, height and width, but gets {shape_words(self._shape)}")
        if len(self._shape) == 3 and given.kind == "BatchNorm1d":
            raise given.fault(f"takes vectors or channels and a length, but gets {shape_words(self._shape)}")
        layer = specs.BatchNorm(epsilon=given.number("eps", 1e-5), momentum=given.number("momentum", 0.1))
        self._fit(given, "num_features", given.whole("num_features", None, 0), self._shape[0])
        self._add(layer)

    def softmax(self, given: Given) -> None:
        """Softmax of vectors."""
        given.must_be("dim", 1, -1, None)
        if len(self._shape) != 1:
            raise given.fault(f"takes a vector, but gets {shape_words(self._shape)}. Put `Flatten` before it.")
        self._add(specs.Softmax())
        self._log = given.kind == "LogSoftmax"

    def elementwise(self, given: Given) -> None:
        """An activation."""
        self._add(activation(given))

    def nothing(self, given: Given) -> None:
        """Identity is left out."""

    def _positions(self, given: Given) -> None:
        axes = 1 if given.kind.endswith("1d") else 2
        if len(self._shape) != 1 + axes:
            takes = "channels and a length" if axes == 1 else "channels, height and width"
            raise given.fault(f"takes {takes}, but gets {shape_words(self._shape)}")

    def _outputs(self, given: Given, layer: specs.Conv | specs.Pool) -> Shape:
        axes = [Axis(size, layer.kernel, layer.stride, layer.padding) for size in self._shape[1:]]
        if any(axis.outputs < 1 for axis in axes):
            raise given.fault(f"has a kernel of {layer.kernel}, larger than its input of {shape_words(self._shape)}")
        return tuple(axis.outputs for axis in axes)


def shape_words(shape: Shape) -> str:
    """A shape in words."""
    return "×".join(f"{size:,}" for size in shape) + " numbers"


KINDS: dict[str, Callable[[Reader, Given], None]] = {
    "Linear": Reader.linear,
    **dict.fromkeys(("Conv1d", "Conv2d"), Reader.conv),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"), Reader.pool),
    **dict.fromkeys(("AdaptiveAvgPool1d", "AdaptiveAvgPool2d"), Reader.global_mean),
    "Flatten": Reader.flatten,
    "PixelUnshuffle": Reader.unshuffle,
    **dict.fromkeys(("LayerNorm", "RMSNorm"), Reader.norm),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), Reader.batch_norm),
    **dict.fromkeys(("Softmax", "LogSoftmax"), Reader.softmax),
    **dict.fromkeys(ACTIVATIONS, Reader.elementwise),
    "Identity": Reader.nothing,
}
