"""What a measurement of precision gives, as plain data. No torch here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from moonviz.results import SCHEMA, Environment, Plain, Status, read_file


class PrecisionPoint(Plain):
    """How far one method's gradient is off at one depth and dtype: medians over the seeds.

    Attributes:
        label: The method with its options.
        depth: Blocks.
        dtype: What the gradient was computed in.
        relative_error: ‖g − g64‖ / ‖g64‖; null where the gradient is not finite.
        relative_error_to_backprop: The same against backprop in the same dtype.
        peak_bytes: What the method takes (predicted), parameter gradients included.
        activation_peak_bytes: The same without them.
        status: `refused` and `failed` keep their place.
        message: Why a point is not ok.
    """

    label: str
    depth: int
    dtype: str
    relative_error: float | None = None
    relative_error_to_backprop: float | None = None
    peak_bytes: int | None = None
    activation_peak_bytes: int | None = None
    status: Status = "ok"
    message: str | None = None


class PrecisionReport(Plain):
    """Errors by depth, dtype and method, with the machine they were measured on."""

    schema_: Literal[1] = Field(SCHEMA, alias="schema")
    environment: Environment
    spec: dict[str, Any]
    points: tuple[PrecisionPoint, ...]

    def to_json(self) -> str:
        """Strict JSON."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> PrecisionReport:
        """Read a report.

        Raises:
            InvalidSpec: If the text is too long, is not JSON, or lacks what a report has.
        """
        return read_file(cls, text, "precision report")
