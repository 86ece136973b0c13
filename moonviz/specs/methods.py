"""The methods as plain data: the options each takes, and a card that says what it is.

One entry here, one file in `methods/`, one formula in `theory/`: that is all a method takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from moonviz.errors import InvalidSpec
from moonviz.specs.base import Spec

Capability = Literal["any", "fragmental", "submersive", "invertible"]
REFERENCE_MOONWALK = "Krylov, Karamzade, Fox: Moonwalk: Inverse-Forward Differentiation, arXiv 2402.14212"


class MethodOptions(Spec):
    """Base of every method's options."""

    method: ClassVar[str]

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


class MoonwalkMixedOptions(MethodOptions):
    """Options of mixed-mode Moonwalk."""

    method: ClassVar[str] = "moonwalk-mixed"
    phase_one: Literal["residuals"] = "residuals"
    """How the cotangent at the input is found: a reverse sweep that keeps each layer's residual."""


@dataclass(frozen=True, slots=True)
class MethodCard:
    """What a method is, for people.

    Attributes:
        options: Its options' class, which carries its name.
        idea: One sentence.
        schedule: Its sweeps, in order, as (phase, words).
        time: Cost in units of one layer's forward work C over L layers.
        memory: Activation memory; A is one layer's activation, r one layer's residual.
        needs: The capability each layer of the body must have.
        exact: False for a noisy estimate.
        reference: Where the idea comes from.
    """

    options: type[MethodOptions]
    idea: str
    schedule: tuple[tuple[str, str], ...]
    time: str
    memory: str
    needs: Capability
    exact: bool
    reference: str

    @property
    def name(self) -> str:
        """The method's name in the literature."""
        return self.options.method


METHODS: dict[str, MethodCard] = {
    card.name: card
    for card in (
        MethodCard(
            options=BackpropOptions,
            idea="Store every layer's activation on the way forward, then walk back and use each once.",
            schedule=(("forward", "Forward, storing everything"), ("reverse", "Backward, making gradients")),
            time="3LC",
            memory="L·A and more",
            needs="any",
            exact=True,
            reference="Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, Nature 1986",
        ),
        MethodCard(
            options=MoonwalkMixedOptions,
            idea="Walk back with a few bits per layer to find the gradient at the input, then walk forward again, "
            "recovering each layer's cotangent and making its gradient on the way.",
            schedule=(
                ("forward", "Forward, keeping bits"),
                ("reverse", "Backward, making no gradients"),
                ("advance", "Forward again, making gradients"),
            ),
            time="5LC",
            memory="L·r + A",
            needs="submersive",
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
