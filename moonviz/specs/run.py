"""A run as plain data: which network, which methods, where."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from moonviz.specs.base import Spec
from moonviz.specs.methods import MethodOptions, method_options
from moonviz.specs.network import NetworkSpec, Seed

Device = Literal["auto", "cpu", "cuda", "mps"]


class MethodChoice(Spec):
    """A method and its options, by keyword."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        method_options(self.name, self.options)
        return self

    @property
    def resolved(self) -> MethodOptions:
        """The options, validated and with defaults filled in."""
        return method_options(self.name, self.options)

    @property
    def label(self) -> str:
        """Name plus non-default options."""
        return self.resolved.label


class RunSpec(Spec):
    """One network, trained one step by each of several methods on the same batch."""

    network: NetworkSpec
    methods: Annotated[tuple[MethodChoice, ...], Field(strict=False, min_length=1, max_length=16)]
    device: Device = "auto"
    repeats: Annotated[int, Field(ge=1, le=101)] = 5
    batch_seed: Seed = 0

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        labels = [choice.label for choice in self.methods]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"`{twice[0]}` is asked for twice; name each method with given options once")
        return self
