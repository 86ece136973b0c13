"""What a short training by two methods gives, as plain data. No torch here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from moonviz.results import SCHEMA, Environment, Failure, Plain, read_file


class TrainPoint(Plain):
    """Both networks after some steps; numbers of the two in the order of the methods.

    Attributes:
        step: How many steps were done.
        losses: Loss of the last step's batch, before that step moved the weights; null before the first step, and
            from where a method stopped.
        accuracies: Share of the held-out images that each classifies rightly; null between two looks.
        max_abs_difference: The largest difference of any weight between the two networks.
        relative_difference: ‖a − b‖ / ‖a‖ over all weights; null if all of a are 0.
    """

    step: int
    losses: tuple[float | None, ...]
    accuracies: tuple[float | None, ...] | None = None
    max_abs_difference: float | None = None
    relative_difference: float | None = None


class Trained(Plain):
    """One of the two methods.

    Attributes:
        label: The method with its options.
        peak_bytes: Of one traced step apart from the training, parameter gradients included.
        activation_peak_bytes: The same without them.
        accuracy: At the end; null for a method that stopped.
        stopped_at: The step that could not be done, for a method whose loss was no longer finite or that failed.
        error: Why.
    """

    method: str
    options: dict[str, Any]
    label: str
    peak_bytes: int
    activation_peak_bytes: int
    accuracy: float | None = None
    stopped_at: int | None = None
    error: Failure | None = None


class TrainReport(Plain):
    """A training by two methods, with the machine it was done on."""

    schema_: Literal[1] = Field(SCHEMA, alias="schema")
    environment: Environment
    spec: dict[str, Any]
    training_examples: int
    test_examples: int
    runs: tuple[Trained, ...]
    points: tuple[TrainPoint, ...]

    def to_json(self, indent: int | None = None) -> str:
        """Strict JSON."""
        return self.model_dump_json(by_alias=True, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> TrainReport:
        """Read a report.

        Raises:
            InvalidSpec: If the text is too long, is not JSON, or lacks what a report has.
        """
        return read_file(cls, text, "training report")
