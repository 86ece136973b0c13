"""The methods as plain data: the options each takes, and a card that says what it is.

One entry here, one file in `methods/`, one formula in `theory/`: that is all a method takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moonviz.errors import InvalidSpec
from moonviz.specs.base import Spec

Capability = Literal["any", "fragmental", "submersive", "invertible"]
Blocks = Annotated[int, Field(ge=1, le=10_000)]
REFERENCE_MOONWALK = "Krylov, Karamzade, Fox: Moonwalk: Inverse-Forward Differentiation, arXiv 2402.14212"


class MethodOptions(Spec):
    """Base of every method's options."""

    method: ClassVar[str]
    needs: ClassVar[Capability] = "any"
    """The capability each layer of the body must have, unless an option asks for more."""
    asks_more: ClassVar[dict[tuple[str, object], Capability]] = {}
    """What an option's value makes of it: (option, value) → capability."""

    @property
    def needed(self) -> Capability:
        """The capability each layer of the body must have under these options."""
        asked = [more for (option, value), more in self.asks_more.items() if getattr(self, option) == value]
        return asked[0] if asked else self.needs

    @property
    def label(self) -> str:
        """The method's name plus its non-default options: `moonwalk-mixed:phase_one=inverse`."""
        set_here = self.model_dump(exclude_defaults=True)
        if not set_here:
            return self.method
        return f"{self.method}:" + ",".join(f"{key}={value}" for key, value in set_here.items())


class BackpropOptions(MethodOptions):
    """Backpropagation takes no options."""

    method: ClassVar[str] = "backprop"


class CheckpointingOptions(MethodOptions):
    """Options of gradient checkpointing."""

    method: ClassVar[str] = "checkpointing"
    segment: Blocks | None = None
    """Blocks per segment; null: the square root of the network's blocks."""


class RevbackpropOptions(MethodOptions):
    """RevBackprop takes no options."""

    method: ClassVar[str] = "revbackprop"
    needs: ClassVar[Capability] = "invertible"


class ForwardOptions(MethodOptions):
    """Naive forward mode takes no options."""

    method: ClassVar[str] = "forward"


class ProjforwardOptions(MethodOptions):
    """Options of projected forward mode."""

    method: ClassVar[str] = "projforward"
    directions: Annotated[int, Field(ge=1, le=100_000)] = 1
    """K: how many random directions are averaged."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    """Seed of the directions."""


class MoonwalkPureOptions(MethodOptions):
    """Options of pure Moonwalk."""

    method: ClassVar[str] = "moonwalk-pure"
    needs: ClassVar[Capability] = "submersive"
    chunk: Annotated[int, Field(ge=1, le=4_096)] = 32
    """m: how many input directions are pushed through the network at a time."""


class MoonwalkMixedOptions(MethodOptions):
    """Options of mixed-mode Moonwalk."""

    method: ClassVar[str] = "moonwalk-mixed"
    needs: ClassVar[Capability] = "fragmental"
    asks_more: ClassVar[dict[tuple[str, object], Capability]] = {("phase_one", "inverse"): "invertible"}
    phase_one: Literal["residuals", "inverse", "checkpointed"] = "residuals"
    """How the cotangent at the input is found: a reverse sweep that keeps each layer's residual; that rebuilds each
    layer's input by its inverse; or that recomputes the residuals segment by segment."""
    segment: Blocks | None = None
    """Blocks per segment of phase one `checkpointed`; null: what takes the least memory."""
    anchor_every: Blocks | None = None
    """Keep the whole cotangent every so many blocks, and take it up again on the way forward."""
    fragment_block: Annotated[int, Field(ge=2, le=4_096)] | None = None
    """Positions per block of convolution fragments; null: as each layer says."""


@dataclass(frozen=True, slots=True)
class MethodCard:
    """What a method is, for people.

    Attributes:
        options: Its options' class, which carries its name.
        idea: One sentence.
        schedule: Its sweeps, in order, as (phase, words).
        time: Cost in units of one layer's forward work C over L layers.
        memory: Activation memory; A is one layer's activation, r one layer's residual.
        exact: False for a noisy estimate.
        reference: Where the idea comes from.
    """

    options: type[MethodOptions]
    idea: str
    schedule: tuple[tuple[str, str], ...]
    time: str
    memory: str
    exact: bool
    reference: str

    @property
    def name(self) -> str:
        """The method's name in the literature."""
        return self.options.method

    @property
    def needs(self) -> Capability:
        """The capability each layer of the body must have, under the default options."""
        return self.options.needs


METHODS: dict[str, MethodCard] = {
    card.name: card
    for card in (
        MethodCard(
            options=BackpropOptions,
            idea="Store every layer's activation on the way forward, then walk back and use each once.",
            schedule=(("forward", "Forward, storing everything"), ("reverse", "Backward, making gradients")),
            time="3LC",
            memory="L·A and more",
            exact=True,
            reference="Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, Nature 1986",
        ),
        MethodCard(
            options=CheckpointingOptions,
            idea="Store only the input of each segment of √L layers, and run a segment again when its turn comes on "
            "the way back.",
            schedule=(
                ("forward", "Forward, storing segment inputs"),
                ("recompute", "Run a segment again, storing everything"),
                ("reverse", "Backward through it, making gradients"),
            ),
            time="4LC",
            memory="≈ 2√L·A",
            exact=True,
            reference="Chen, Xu, Zhang, Guestrin: Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174",
        ),
        MethodCard(
            options=RevbackpropOptions,
            idea="Store nothing: on the way back rebuild each layer's input from its output.",
            schedule=(("forward", "Forward, storing nothing"), ("invert", "Backward, undoing and making gradients")),
            time="4LC",
            memory="A",
            exact=True,
            reference="Gomez, Ren, Urtasun, Grosse: The Reversible Residual Network, arXiv 1707.04585",
        ),
        MethodCard(
            options=ForwardOptions,
            idea="Nudge one weight at a time and push the nudge through the rest of the network: the loss's answer "
            "is that weight's gradient.",
            schedule=(("forward", "Run up to a layer"), ("tangent", "Push each of its weights' nudges to the loss")),
            time="P·L²·C",
            memory="A",
            exact=True,
            reference="Wengert: A simple automatic derivative evaluation program, CACM 1964",
        ),
        MethodCard(
            options=ProjforwardOptions,
            idea="Nudge all weights at once in a random direction, and take that direction times the loss's answer as "
            "a guess of the gradient; average several.",
            schedule=(("tangent", "Push one random direction through the network"),),
            time="3KLC",
            memory="A",
            exact=False,
            reference="Baydin, Pearlmutter, Syme, Wood, Torr: Gradients without Backpropagation, arXiv 2202.08587",
        ),
        MethodCard(
            options=MoonwalkPureOptions,
            idea="Find h, the gradient on its way, at the input by pushing every input direction forward; then walk "
            "forward again, recovering h at each layer and making the layer's weight gradient with it.",
            schedule=(
                ("tangent", "Push the input's directions through the network"),
                ("advance", "Forward again, making gradients"),
            ),
            time="(n₀(1+1/m)+3)LC",
            memory="A·m",
            exact=True,
            reference=REFERENCE_MOONWALK,
        ),
        MethodCard(
            options=MoonwalkMixedOptions,
            idea="Carry h, the gradient on its way, back to the input with a few bits per layer; then walk forward "
            "again, recovering h at each layer and making the layer's weight gradient with it.",
            schedule=(
                ("forward", "Forward, keeping bits"),
                ("reverse", "Backward, making no gradients"),
                ("advance", "Forward again, making gradients"),
            ),
            time="5LC",
            memory="L·r + A",
            exact=True,
            reference=REFERENCE_MOONWALK,
        ),
    )
}
"""Every method, in teaching order."""


def method_options(name: str, options: dict[str, object] | None = None) -> MethodOptions:
    """The validated options of a method.

    Raises:
        InvalidSpec: If there is no such method or option, or a value is out of range.
    """
    if name not in METHODS:
        raise InvalidSpec(f"there is no method `{name}`; the methods are {', '.join(f'`{m}`' for m in METHODS)}")
    try:
        return METHODS[name].options.read(options or {})
    except InvalidSpec as error:
        known = ", ".join(f"`{key}`" for key in METHODS[name].options.model_fields) or "none"
        raise InvalidSpec(f"options of `{name}`: {error} (its options: {known})") from None
