"""Quantities that a lesson may name, such as `peak backprop over moonwalk-mixed depth=32`. No torch here.

A quantity is a kind, what it is about, settings, and perhaps a second of the same kind that it is divided by or
reduced by. What the second does not say is as in the first. This file reads quantities and says which results they
need; who has such results (a dry run, a run, a stored race) evaluates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from moonviz.errors import InvalidSpec
from moonviz.specs import METHODS
from moonviz.specs.run import MethodChoice

Source = Literal["dry run", "stored race", "stored precision", "probe", "network", "formula", "arithmetic"]
Unit = Literal["bytes", "flops", "seconds", "error", "count", "share", "vector"]
Value = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be asked.

    Attributes:
        source: Who answers.
        unit: Of the answer.
        words: What it is, for the hover.
        subject: What stands after the kind: a method, `conv`, or nothing.
        own: Settings that are the kind's own, not the network's.
    """

    source: Source
    unit: Unit
    words: str
    subject: Literal["method", "conv", "none"] = "method"
    own: tuple[str, ...] = ()


CONV = ("inputs", "size", "kernel", "stride", "padding", "outputs")
KINDS: dict[str, Kind] = {
    "peak": Kind("dry run", "bytes", "most tensor bytes alive at one time in a step, weight gradients included"),
    "kept": Kind("dry run", "bytes", "most tensor bytes alive at one time, weight gradients left out"),
    "gradients": Kind("dry run", "bytes", "bytes of the weight gradients"),
    "activations": Kind("dry run", "bytes", "most bytes of stored activations"),
    "residuals": Kind("dry run", "bytes", "most bytes of residuals, such as sign bits"),
    "fragments": Kind("dry run", "bytes", "most bytes of fragments"),
    "anchors": Kind("dry run", "bytes", "most bytes of anchors"),
    "flops": Kind("dry run", "flops", "floating-point operations of one step"),
    "time": Kind("stored race", "seconds", "median wall time of one step"),
    "agreement": Kind("stored race", "error", "relative error against backprop in the same number format"),
    "error": Kind(
        "stored precision", "error", "relative error against float64 autograd", own=("from", "depth", "dtype")
    ),
    "cosine": Kind("formula", "share", "expected cosine between guess and gradient", "none"),
    "weights": Kind("network", "count", "number of weights", "none"),
    "directions": Kind("network", "count", "numbers in one example at the body’s input", "none"),
    "rank": Kind("probe", "count", "rank of the Jacobian", "conv", CONV),
    "erased": Kind("probe", "count", "directions of h that the Jacobian erases", "conv", CONV),
    "rows": Kind("probe", "count", "numbers that the layer puts out", "conv", CONV),
    "vjp": Kind("arithmetic", "vector", "h times the matrix", "none", ("W", "h")),
    "vijp": Kind("arithmetic", "vector", "the h that the matrix turns into this one", "none", ("W", "h")),
    "jvp": Kind("arithmetic", "vector", "the matrix times the direction", "none", ("W", "v")),
}
JOINS = ("over", "minus")
HELD = {"activations": "activation", "residuals": "residual", "fragments": "fragment", "anchors": "anchor"}
ALSO = "net"
"""A setting that names another preset than the lesson's."""


@dataclass(frozen=True, slots=True)
class Term:
    """One side of a quantity."""

    subject: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """As it is written."""
        return " ".join([*filter(None, [self.subject]), *(f"{key}={self.settings[key]}" for key in self.settings)])


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that the engine can be asked for.

    Attributes:
        name: One of `KINDS`.
        first: What it is about.
        join: `over` or `minus`, if there is a second.
        second: What the first is divided or reduced by.
    """

    name: str
    first: Term
    join: str = ""
    second: Term | None = None

    @property
    def kind(self) -> Kind:
        """What is asked."""
        return KINDS[self.name]

    @property
    def unit(self) -> str:
        """Of the answer; a ratio has `factor`."""
        return "factor" if self.join == "over" else self.kind.unit

    @property
    def terms(self) -> tuple[Term, ...]:
        """Both sides, the second completed from the first."""
        if self.second is None:
            return (self.first,)
        rest = replace(
            self.second,
            subject=self.second.subject or self.first.subject,
            settings={**self.first.settings, **self.second.settings},
        )
        return (self.first, rest)

    def text(self) -> str:
        """As it is written."""
        tail = f" {self.join} {self.second.text()}" if self.second else ""
        return f"{self.name} {self.first.text()}{tail}".strip()

    def at(self, **settings: object) -> Quantity:
        """The same at other settings of both sides."""
        changed = {key: str(value) for key, value in settings.items()}
        return replace(self, first=replace(self.first, settings={**self.first.settings, **changed}))


def read_quantity(text: str) -> Quantity:
    """Read a quantity.

    Raises:
        InvalidSpec: If the engine has no such quantity, method or setting; the message says what there is.
    """
    parts = text.split()
    if not parts or parts[0] not in KINDS:
        known = ", ".join(f"`{name}`" for name in KINDS)
        raise InvalidSpec(f"the engine has no quantity `{parts[0] if parts else ''}`; it has {known}")
    name, rest = parts[0], parts[1:]
    at = next((n for n, part in enumerate(rest) if part in JOINS), None)
    if at is None:
        found = Quantity(name, _term(rest))
    else:
        found = Quantity(name, _term(rest[:at]), rest[at], _term(rest[at + 1 :]))
    for term in found.terms:
        _check(name, term)
    return found


def _term(parts: list[str]) -> Term:
    subjects = [part for part in parts if "=" not in part or ":" in part.partition("=")[0]]
    if len(subjects) > 1:
        raise InvalidSpec(f"`{' '.join(subjects)}` names two things; name one, and settings as `name=value`")
    pairs = (part.partition("=") for part in parts if part not in subjects)
    return Term(subjects[0] if subjects else "", {key: value for key, _, value in pairs})


def _check(name: str, term: Term) -> None:
    kind = KINDS[name]
    if kind.subject == "method":
        method_choice(term.subject or "nothing")
    elif kind.subject == "conv" and term.subject != "conv":
        raise InvalidSpec(f"`{name}` is about a convolution; write `{name} conv kernel=3 stride=2 …`")
    elif kind.subject == "none" and term.subject:
        raise InvalidSpec(f"`{name}` takes settings only, not `{term.subject}`")
    if kind.own:
        unknown = [key for key in term.settings if key not in kind.own and key != ALSO]
        if unknown:
            raise InvalidSpec(f"`{name}` takes {', '.join(f'`{one}`' for one in kind.own)}, not `{unknown[0]}`")


def method_choice(label: str) -> MethodChoice:
    """A method as lessons write it: its name, and options after a colon.

    Raises:
        InvalidSpec: If there is no such method or option.
    """
    name, _, options = label.partition(":")
    if name not in METHODS:
        raise InvalidSpec(f"there is no method `{name}`; the methods are {', '.join(f'`{m}`' for m in METHODS)}")
    pairs = (part.partition("=") for part in options.split(",") if part)
    return MethodChoice.read({"name": name, "options": {key: setting(value) for key, _, value in pairs}})


def setting(text: str) -> int | float | str:
    """A setting's value: a whole number, a number, or a word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
