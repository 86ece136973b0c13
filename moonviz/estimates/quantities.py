"""What the engine says of the quantities that lessons name: dry runs, stored measurements, Jacobians, arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import prod
from typing import Literal

from moonviz.data.stored import stored, stored_precision
from moonviz.errors import InvalidSpec, UnsupportedPair
from moonviz.estimates.dry import estimate
from moonviz.lessons.numbers import Number
from moonviz.lessons.quantities import CONV, Quantity, Term, setting
from moonviz.lessons.reading import Lesson, quantities_of
from moonviz.lessons.values import Base, evaluate, joined
from moonviz.networks import build, describe
from moonviz.probing import LayerProbe
from moonviz.results import Environment, Result
from moonviz.runs.probe import probe_layer
from moonviz.runs.small import product
from moonviz.specs import NetworkSpec
from moonviz.specs.layers import Conv
from moonviz.specs.run import MethodChoice
from moonviz.theory.projforward import expected_cosine


def numbers_for(lessons: Iterable[Lesson]) -> dict[str, Number]:
    """Every number that some lessons show, by `Base.key`.

    Raises:
        InvalidSpec: Naming the quantity that cannot be computed.
    """
    found: dict[str, Number] = {}
    for lesson in lessons:
        for quantity in quantities_of(lesson):
            key = lesson.base.key(quantity)
            if key not in found:
                try:
                    found[key] = compute(quantity, lesson.base)
                except (InvalidSpec, UnsupportedPair) as error:
                    raise InvalidSpec(f"{lesson.name}: `{quantity.text()}`: {error}") from None
    return found


def compute(quantity: Quantity, base: Base) -> Number:
    """One quantity on a lesson's network.

    Raises:
        InvalidSpec: If there is no such thing there.
    """
    source = quantity.kind.source
    if source == "dry run":
        return Number(evaluate(quantity, base, _dry), source, _where(base, quantity))
    if source == "stored race":
        value = evaluate(quantity, base, _raced)
        return Number(value, source, _machine(stored(base.network(quantity.first).name).environment))
    if source == "stored precision":
        return _precision(quantity)
    if source == "arithmetic":
        return Number(
            _arithmetic(quantity.name, quantity.first), source, "worked out by a dense layer of these weights"
        )
    if source == "probe":
        return Number(joined(quantity, [_probed(quantity.name, one) for one in quantity.terms]), source, "one layer")
    values = [_counted(quantity.name, base, one) for one in quantity.terms]
    return Number(joined(quantity, values), source, _where(base, quantity))


@lru_cache(maxsize=512)
def _dry_known(text: str, label: str) -> Result:
    choice = MethodChoice.model_validate_json(label)
    return estimate(NetworkSpec.model_validate_json(text), choice.name, **choice.options)


def _dry(network: NetworkSpec, choice: MethodChoice) -> Result:
    return _dry_known(network.canonical(), choice.canonical())


def _raced(network: NetworkSpec, choice: MethodChoice) -> Result:
    report = stored(network.name)
    if NetworkSpec.read(report.network.spec) != network:
        raise InvalidSpec(f"the stored race of `{network.name}` has other settings than the lesson")
    found = next((one for one in report.results if one.label == choice.label), None)
    if found is None:
        raise InvalidSpec(f"the stored race of `{network.name}` has no `{choice.label}`")
    return found


def _precision(quantity: Quantity) -> Number:
    values = []
    for term in quantity.terms:
        report = stored_precision(term.settings.get("from", ""))
        depth, dtype = int(term.settings.get("depth", "0")), term.settings.get("dtype", "float32")
        points = (p for p in report.points if (p.label, p.depth, p.dtype) == (term.subject, depth, dtype))
        point = next(points, None)
        if point is None or point.relative_error is None:
            raise InvalidSpec(f"no such point was stored: `{term.text()}`")
        values.append(point.relative_error)
    where = _machine(stored_precision(quantity.first.settings["from"]).environment)
    return Number(joined(quantity, values), "stored precision", where)


def _machine(environment: Environment) -> str:
    return f"{environment.machine}, {environment.cores} cores, torch {environment.torch}"


def _where(base: Base, quantity: Quantity) -> str:
    networks = [base.network(term) for term in quantity.terms] if quantity.kind.subject == "method" else []
    first = networks[0] if networks else base.network(Term())
    depths = " and ".join(dict.fromkeys(f"{one.depth:,}" for one in networks or [first]))
    return f"{first.name}, {depths} block{'s' * (depths != '1')}, batch {first.batch:,}, {first.dtype}"


def _counted(name: str, base: Base, term: Term) -> float:
    if name == "cosine":
        directions = int(term.settings.get("directions", "1"))
        return expected_cosine(directions, int(_counted("weights", base, term)))
    network = base.network(term)
    if name == "weights":
        return float(sum(weight.numel() for weight in build(network, "meta").parameters()))
    body = next(card for card in describe(network) if card.index == 1)
    return float(prod(body.in_shape))


@lru_cache(maxsize=64)
def _probe(settings: tuple[int, ...]) -> LayerProbe:
    inputs, size, kernel, stride, padding, outputs = settings
    layer = Conv(channels=outputs, kernel=kernel, stride=stride, padding=padding)
    return probe_layer(layer, (inputs, size))


def _probed(name: str, term: Term) -> float:
    missing = [key for key in CONV if key not in term.settings]
    if missing:
        raise InvalidSpec(f"say `{missing[0]}=…` of the convolution too")
    found = _probe(tuple(int(term.settings[key]) for key in CONV))
    return float({"rank": found.rank, "erased": found.erased, "rows": prod(found.out_shape)}[name])


def _arithmetic(name: Literal["jvp", "vjp", "vijp"], term: Term) -> tuple[float, ...]:
    """A product with a small matrix, by the layer that the engine itself would use."""
    given = "v" if name == "jvp" else "h"
    if "W" not in term.settings or given not in term.settings:
        raise InvalidSpec(f"write `{name} W=2,1;0,1 {given}=1,3`")
    rows = [_row(row) for row in term.settings["W"].split(";")]
    return product(name, rows, _row(term.settings[given]))


def _row(text: str) -> list[float]:
    values = [setting(part) for part in text.split(",")]
    if not all(isinstance(value, int | float) for value in values):
        raise InvalidSpec(f"`{text}` is no row of numbers")
    return [float(value) for value in values]
