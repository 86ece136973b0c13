"""What a walk on a page is about. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moonviz.jobs.messages import Failed
from moonviz.walking import WalkSpec, example


@dataclass
class WalkState:
    """What a walk shows. Plain data: a lesson makes one, or a page keeps one.

    Attributes:
        network: One of `moonviz.walking.EXAMPLES`.
        method: One of `moonviz.METHODS`.
        options: The method's options.
        start: The event to stand at first; null: the first that computes anything.
        highlight: Quantities to ring, such as ``"h2"``.
        choices: Whether network and method can be chosen.
        movable: Whether the input and the weights can be changed.
        x: The input, where it was changed.
        weights: The weights that were changed.
    """

    network: str = "dense"
    method: str = "moonwalk-mixed"
    options: dict[str, Any] = field(default_factory=dict)
    start: int | None = None
    highlight: tuple[str, ...] = ()
    choices: bool = True
    movable: bool = True
    x: tuple[float, ...] | None = None
    weights: dict[str, Any] = field(default_factory=dict)
    job: tuple[str, str] | None = None
    """What is being asked for: its canonical spec and the job."""
    found: dict[str, dict[str, Any] | Failed] = field(default_factory=dict)
    """Answers by canonical spec, the newest last."""
    heard: int = 0
    """The number of the last change that was heard of the component."""
    fault: str = ""
    """Why the last change was not taken."""

    @property
    def changed(self) -> bool:
        """Whether the reader moved a number."""
        return self.x is not None or bool(self.weights)

    @property
    def spec(self) -> WalkSpec:
        """The walk that is asked for.

        Raises:
            InvalidSpec: If there is no such network, method or option, or a number is out of range.
        """
        return example(self.network).spec.by(self.method, **self.options).moved(self.x, self.weights)
