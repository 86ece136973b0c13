"""The methods as cards and as one table, made of their cards and of their formulas."""

from __future__ import annotations

from html import escape
from re import findall

from moonviz.figures.capability import BADGES, badge
from moonviz.figures.css import mark
from moonviz.figures.headline import Headline
from moonviz.figures.schedule import schedule
from moonviz.figures.style import KINDS_DRAWN, bytes_text, factor_text
from moonviz.figures.words import short
from moonviz.results import Report
from moonviz.specs import METHODS, MethodCard
from moonviz.theory import Sizes, cost
from moonviz.theory.projforward import expected_cosine

EXAMPLE = Sizes(
    layers=128, activation_bytes=2 * 2**20, residual_bytes=32 * 2**10, parameters=18_496, inputs=65_536,
)  # fmt: skip
"""One layer of the preset `photo-revnet`: 8 examples of 64 channels and 32×32 positions in float32."""

LETTERS: dict[str, str] = {
    "h": "the gradient on its way: of the loss, at one layer's output",
    "L": "layers of the network",
    "C": "one layer's forward work",
    "A": "bytes of one layer's activation",
    "r": "bytes that one layer needs to send h back",
    "P": "weights of one layer",
    "n₀": "numbers of one example at the first layer",
    "m": "directions pushed at a time",
    "K": "random directions that are averaged",
}
OPTIONS: dict[str, str] = {
    "segment": "layers that are run again at a time",
    "directions": "K, how many random directions are averaged",
    "seed": "which random directions are drawn",
    "chunk": "m, how many directions are pushed at a time",
    "phase_one": "how h at the input is found: residuals keeps bits; inverse undoes layers instead (6LC, A, invertible "
    "layers only); checkpointed runs segments again (6LC, about 2√(L·A·r))",
    "anchor_every": "keep a whole h every so many layers, against drift",
    "fragment_block": "positions that share one fragment of a convolution",
}
"""What each option does, in words."""

NARROW = ("Time", "Activation memory", "Needs", "Gradient")
"""Facts that stand two in a row."""

EXACT = '<span class="mv-badge good"><span aria-hidden="true">=</span>exact</span>'
NOISY = '<span class="mv-badge noise"><span aria-hidden="true">≈</span>a noisy estimate</span>'
NUMBER_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def letters_in(formula: str) -> list[str]:
    """The letters that a formula uses, in the order of `LETTERS`."""
    found = set(findall(r"n₀|[A-Za-z]", formula.replace("and more", " ")))
    return [letter for letter in LETTERS if letter in found]


def work_factor(card: MethodCard) -> float:
    """Work of the example in units of backprop's."""
    return cost(card.name, EXAMPLE).work / cost("backprop", EXAMPLE).work


def memory_bytes(card: MethodCard) -> float:
    """Activation bytes of the example."""
    return cost(card.name, EXAMPLE).activation_bytes


def methods_headline(measured: Report) -> Headline:
    """How many are exact, and what Moonwalk trades, by the formulas.

    Args:
        measured: The race of the network that they are worked out for, told beside them.
    """
    guesses = sum(not card.exact for card in METHODS.values())
    exact = len(METHODS) - guesses
    walk = METHODS["moonwalk-mixed"]
    less = memory_bytes(METHODS["backprop"]) / memory_bytes(walk)
    name = f'<span class="mv-name mv-of-{walk.name}">{short(walk.name)}</span>'
    start = f"{NUMBER_WORDS[exact]} methods find the same gradient, {NUMBER_WORDS[guesses].lower()} guesses it."
    price = f"for {factor_text(work_factor(walk))} times its work"
    html = f"{start} {name} keeps <b>{factor_text(less)} times less</b> than backprop {price}."
    return Headline(html, escape(f"Predicted by their formulas for {example_words()}. {_beside(less, measured)}"))


def _beside(less: float, measured: Report) -> str:
    """Why a race measures another factor than the formulas give; empty where it did not finish."""
    by_method = {one.method: one for one in measured.results if one.status == "ok" and one.peak_bytes}
    backprop, walk = by_method.get("backprop"), by_method.get("moonwalk-mixed")
    if backprop is None or walk is None:
        return ""
    theirs, ours = backprop.peak_bytes or 0, walk.peak_bytes or 0
    gradients = bytes_text(walk.parameter_bytes or 0)
    return (
        f"The {factor_text(less)} times are of activations alone: the Race page measures {factor_text(theirs / ours)} "
        f"times for the whole peak, {bytes_text(theirs)} against {bytes_text(ours)}, since there both also hold "
        f"{gradients} of weight gradients, the result itself, and some working space."
    )


def example_words() -> str:
    """The network that the formulas are worked out for."""
    return (
        f"{EXAMPLE.layers} layers with activations of {bytes_text(EXAMPLE.activation_bytes)} and "
        f"{bytes_text(EXAMPLE.residual_bytes)} of sign bits each, as in the preset photo-revnet; "
        f"K = {EXAMPLE.directions}, m = {EXAMPLE.chunk}"
    )


def letters() -> str:
    """The legend of the letters, as HTML."""
    items = "".join(
        f"<div><dt>{_formula(letter)}</dt><dd>{escape(says)}</dd></div>" for letter, says in LETTERS.items()
    )
    return f'<dl class="mv-letters">{items}</dl>{_pictured()}'


def _pictured() -> str:
    """The legend of the schedules' pictures."""
    arrows = '<span><span class="mv-arrow"></span>one sweep</span>'
    arrows += '<span><span class="mv-arrow pushes"></span>a sweep that carries directions along</span>'
    kept = "".join(
        f'<span><b class="mv-k {kind}"></b>{KINDS_DRAWN[kind].name} kept</span>' for kind in ("activation", "residual")
    )
    made = f"<span><u></u>{KINDS_DRAWN['gradient'].name} made</span>"
    return f'<div class="mv-key"><span class="lead">In the pictures:</span>{arrows}{kept}{made}</div>'


def _formula(text: str) -> str:
    """A formula in the house's italics; words stay upright."""
    words = text.replace("and more", "<span>and more</span>")
    return f'<em class="mv-formula">{words}</em>'


def method_card(card: MethodCard) -> str:
    """One method: what it does, how it sweeps, what it costs and needs. HTML."""
    noisy = "" if card.exact else " noisy"
    return (
        f'<section class="mv-card mv-of-{escape(card.name)}{noisy}" aria-label="{escape(card.name)}">'
        f'<div class="mv-what"><h2 class="mv-h">{mark(card.name)}{escape(card.name)}</h2>'
        f'<p class="mv-idea">{escape(card.idea)}</p><p class="mv-cite">{escape(card.reference)}</p></div>'
        f'{schedule(card)}<dl class="mv-facts">{_facts(card)}</dl></section>'
    )


def _facts(card: MethodCard) -> str:
    facts = {
        "Time": f"{_formula(card.time)} <b>{times_text(work_factor(card))}</b>",
        "Activation memory": f"{_formula(card.memory)} <b>{bytes_text(memory_bytes(card))}</b>",
        "": _where(card.time + card.memory),
        "Needs": f"{badge(card.needs)}<small>{escape(BADGES[card.needs].means)}</small>",
        "Gradient": _gradient(card),
    }
    # What a noisy estimate is takes more room to explain.
    narrow = NARROW if card.exact else NARROW[:2]
    if options(card):
        listed = "; ".join(f"<code>{name}</code> {escape(says)}" for name, says in options(card))
        facts["Options"] = f"<small>{listed}</small>"
    return "".join(
        f"<div{'' if name in narrow else ' class=wide'}>{f'<dt>{name}</dt>' if name else ''}<dd>{says}</dd></div>"
        for name, says in facts.items()
    )


def times_text(factor: float) -> str:
    """Work beside backprop's."""
    return "1×" if factor == 1 else f"{factor_text(factor)}×"


def options(card: MethodCard) -> list[tuple[str, str]]:
    """A method's options, each in words."""
    return [(name, OPTIONS[name]) for name in card.options.model_fields]


def _where(formulas: str) -> str:
    """The letters beside their formulas: nobody should have to scroll for them."""
    return f"<small>{escape('; '.join(f'{letter} {LETTERS[letter]}' for letter in letters_in(formulas)))}</small>"


def _gradient(card: MethodCard) -> str:
    if card.exact:
        return f"{EXACT}{_exactly(card)}"
    total = EXAMPLE.parameters * EXAMPLE.layers
    one = expected_cosine(1, total)
    enough = 0.81 / 0.19 * (total - 1)
    return (
        f"{NOISY}<small>Right on average only. Expected cosine with the gradient √(K/(K+P−1)), here with P for all "
        f"weights: 1 is the gradient, 0 is unrelated. {total / 1e6:.1f} million weights and one direction give "
        f"{one:.4f}; 0.9 would take about {enough / 1e6:.0f} million directions.</small>"
    )


def _exactly(card: MethodCard) -> str:
    """What exactness rests on."""
    says = {
        "revbackprop": "In real arithmetic; rounding grows with every layer undone.",
        "moonwalk-pure": "In real arithmetic; rounding grows where layers stretch h.",
        "moonwalk-mixed": "In real arithmetic; rounding grows where layers stretch h, and anchors cure it.",
    }.get(card.name, "To the last bits of the number format.")
    return f"<small>{says}</small>"


def comparison() -> str:
    """All methods side by side, as an HTML table."""
    names = ("Method", "Time", "Activation memory", "Needs of the layers", "Gradient")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(_compared(card) for card in METHODS.values())
    return (
        f'<table class="mv-rows mv-compare"><caption class="mv-hidden">Methods compared</caption><thead><tr>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _compared(card: MethodCard) -> str:
    return (
        f'<tr class="mv-of-{escape(card.name)}"><th scope="row"><span class="mv-method">{mark(card.name)}'
        f"{escape(card.name)}</span></th>"
        f'<td data-of="Time">{_formula(card.time)} <b>{times_text(work_factor(card))}</b></td>'
        f'<td data-of="Activation memory">{_formula(card.memory)} <b>{bytes_text(memory_bytes(card))}</b></td>'
        f'<td data-of="Needs">{badge(card.needs)}</td>'
        f'<td data-of="Gradient">{EXACT if card.exact else NOISY}</td></tr>'
    )
