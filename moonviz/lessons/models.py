"""A lesson as plain data: what stands between the `+++` lines of its file. No torch here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from moonviz.lessons.values import Base
from moonviz.specs import NetworkSpec
from moonviz.specs.base import Spec

MOST_CHARACTERS = 16_000
"""Longest lesson file."""
MOST_WORDS = 1_100
"""Most words of a lesson's text: about six minutes."""
LEAST_QUESTIONS = 2

Short = Annotated[str, Field(min_length=1, max_length=400)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
ViewKind = Literal["player", "walk", "explorer", "frontier", "precision", "memory-depth"]
How = Literal["estimate", "run", "stored"]
Lock = Literal["methods", "depth", "run"]
_Some = Field(strict=False)


class LessonNetwork(Spec):
    """The network: a preset with settings, or a small spec."""

    preset: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    spec: NetworkSpec | None = None

    @property
    def base(self) -> Base:
        """For quantities."""
        return Base(self.preset, self.settings, self.spec)


class View(Spec):
    """What stands beside the text.

    Attributes:
        kind: The figure.
        stored: The stored precision report that a `precision` view shows.
        depths: Of a `memory-depth` view.
        walk: The tiny network that a `walk` view steps through: one of `moonviz.walking.EXAMPLES`.
        method: By which method it does, with options as in `methods`; the reader may take another.
        begin: What the view does when the lesson opens, as a directive without `do:`.
    """

    kind: ViewKind
    stored: str = ""
    depths: Annotated[tuple[Annotated[int, Field(ge=1, le=512)], ...], _Some, Field(max_length=8)] = ()
    walk: str = ""
    method: str = "moonwalk-mixed"
    begin: str = ""


class Option(Spec):
    """One choice of a question.

    Attributes:
        text: What it says.
        feedback: What is told to who chose it.
        right: Whether it is the answer, where the answer is no number.
        low: Least answer for which this option is right.
        high: The answer stays below this.
    """

    text: Short
    feedback: Short
    right: bool = False
    low: float | None = None
    high: float | None = None


class _Question(Spec):
    id: Name
    ask: Short
    by: How = "estimate"


class Choice(_Question):
    """One option is chosen. Where `answer` names a quantity, the option whose range holds it is right."""

    kind: Literal["choice"]
    options: Annotated[tuple[Option, ...], _Some, Field(min_length=2, max_length=5)]
    answer: str = ""


class Slider(_Question):
    """A number is set. `low` to `high` in `unit`; within a factor of `within` counts as close."""

    kind: Literal["slider"]
    answer: str = ""
    low: float
    high: float
    unit: Literal["MiB", "KiB", "times", "numbers"]
    scale: Literal["linear", "log"] = "linear"
    within: Annotated[float, Field(gt=1, le=10)] = 1.3
    close: Short
    under: Short
    over: Short


class Curve(_Question):
    """Heights are set at some depths. `beside` is a curve drawn for comparison before the answer."""

    kind: Literal["curve"]
    answer: str = ""
    at: Annotated[tuple[Annotated[int, Field(ge=1, le=512)], ...], _Some, Field(min_length=4, max_length=6)]
    beside: str = ""
    within: Annotated[float, Field(gt=1, le=30)] = 1.5
    close: Short
    under: Short
    over: Short
    steeper: Short
    flatter: Short


Question = Annotated[Choice | Slider | Curve, Field(discriminator="kind")]


class Source(Spec):
    """Where an idea comes from: a paper, or this project's own derivation."""

    text: Short
    arxiv: Annotated[str, Field(pattern=r"^(\d{4}\.\d{4,5})?$")] = ""


class Front(Spec):
    """All that stands between the `+++` lines."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    minutes: Annotated[int, Field(ge=1, le=15)]
    goal: Short
    network: LessonNetwork
    methods: Annotated[tuple[str, ...], _Some, Field(min_length=1, max_length=7)]
    view: View
    questions: Annotated[tuple[Question, ...], _Some, Field(max_length=8)] = ()
    locks: Annotated[tuple[Lock, ...], _Some] = ()
    sources: Annotated[tuple[Source, ...], _Some, Field(max_length=8)] = ()
    symbols: dict[str, Short] = Field(default_factory=dict)
