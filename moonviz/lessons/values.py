"""From a quantity and a network to a number, given the results that it needs. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from moonviz.errors import InvalidSpec
from moonviz.lessons.quantities import ALSO, HELD, Quantity, Term, method_choice, setting
from moonviz.results import Result
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.specs.run import MethodChoice


@dataclass(frozen=True, slots=True)
class Base:
    """The network that a lesson is about: a preset with settings, or a spec of its own."""

    preset: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    spec: NetworkSpec | None = None

    def network(self, term: Term) -> NetworkSpec:
        """The network of one term.

        Raises:
            InvalidSpec: Naming the preset or setting that does not exist.
        """
        changes = {key: setting(value) for key, value in term.settings.items() if key not in (ALSO, "directions")}
        other = term.settings.get(ALSO)
        if self.spec is not None and not other:
            depth = changes.pop("depth", None)
            made = self.spec.with_depth(int(depth)) if depth is not None else self.spec
            return made.changed(**changes) if changes else made
        name = other or self.preset
        own = dict(self.settings) if name == self.preset else {}
        return preset(name, **(own | changes))

    def defaults(self) -> dict[str, object]:
        """The preset's settings as it declares them."""
        return PRESETS[self.preset].settings().model_dump() if self.preset in PRESETS else {}

    def key(self, quantity: Quantity) -> str:
        """The one name of a quantity on this network, for where numbers are kept."""
        if quantity.kind.source in ("stored precision", "probe", "arithmetic"):
            return quantity.text()
        if self.spec is not None and ALSO not in quantity.first.settings:
            return f"{quantity.text()} | {self.spec.name}"
        own = " ".join(f"{key}={value}" for key, value in sorted(self.settings.items()))
        return f"{quantity.text()} | {self.preset} {own}".strip()


Fetch = Callable[[NetworkSpec, MethodChoice], Result]


def needs(quantity: Quantity, base: Base) -> tuple[tuple[NetworkSpec, MethodChoice], ...]:
    """The results that a quantity of a dry run or a race is made from."""
    return tuple((base.network(term), method_choice(term.subject)) for term in quantity.terms)


def evaluate(quantity: Quantity, base: Base, fetch: Fetch) -> float:
    """A quantity of a dry run or a race, from results.

    Args:
        quantity: What.
        base: The lesson's network.
        fetch: Gives the result of a method on a network.

    Raises:
        InvalidSpec: If a result does not hold it: a method that was refused, a step that was not timed.
    """
    values = [of_result(quantity.name, fetch(*one)) for one in needs(quantity, base)]
    return joined(quantity, values)


def joined(quantity: Quantity, values: list[float]) -> float:
    """Both sides as one number.

    Raises:
        InvalidSpec: If it would divide by zero.
    """
    if quantity.join == "over":
        if not values[1]:
            raise InvalidSpec(f"`{quantity.text()}` divides by zero")
        return values[0] / values[1]
    return values[0] - values[1] if quantity.join == "minus" else values[0]


def of_result(name: str, result: Result) -> float:
    """What one result says of a kind.

    Raises:
        InvalidSpec: If it says nothing.
    """
    gradient = result.gradient
    found = {
        "peak": result.peak_bytes,
        "kept": result.activation_peak_bytes,
        "gradients": result.gradient_bytes,
        "flops": result.flops,
        "time": result.seconds.median if result.seconds else None,
        "agreement": gradient.relative_error_to_backprop if gradient else None,
    }.get(name)
    if name in HELD and result.steps:
        found = max(step.by_category.get(HELD[name], 0) for step in result.steps)
    if found is None:
        raise InvalidSpec(f"`{result.label}` gave no `{name}` here")
    return float(found)
