"""What a link says: the network, what is asked about it, and the page. Plain data; no torch, no Streamlit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from moonviz.errors import InvalidSpec
from moonviz.specs import METHODS, PRESETS, NetworkSpec
from moonviz.specs.base import Spec
from moonviz.specs.network import DType, Seed
from moonviz.specs.run import Device, MethodChoice

_List = Field(strict=False)  # a list or a tuple will do


def _known_method(name: str) -> str:
    if name not in METHODS:
        raise PydanticCustomError("unknown_name", "not known")
    return name


def _known_preset(name: str) -> str:
    if name not in PRESETS:
        raise PydanticCustomError("unknown_name", "not known")
    return name


def _plain_options(methods: tuple[MethodChoice, ...]) -> tuple[MethodChoice, ...]:
    """The same choices, each with just the options that are not its method's own."""
    return tuple(
        MethodChoice(name=one.name, options=one.resolved.model_dump(mode="json", exclude_defaults=True))
        for one in methods
    )


Method = Annotated[str, AfterValidator(_known_method)]
PresetName = Annotated[str, AfterValidator(_known_preset)]
Methods = Annotated[tuple[MethodChoice, ...], _List, Field(max_length=16), AfterValidator(_plain_options)]


class PrecisionChoice(Spec):
    """What the Precision page asks."""

    network: PresetName = "digits-dense"
    slope: Annotated[float, Field(ge=0.01, le=1)] = 0.1
    depths: Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], _List, Field(max_length=12)] = (4, 8, 16)
    dtypes: Annotated[tuple[DType, ...], _List, Field(max_length=4)] = ("float32",)
    methods: Methods = (
        MethodChoice(name="backprop"),
        MethodChoice(name="revbackprop"),
        MethodChoice(name="moonwalk-mixed"),
    )
    seeds: Annotated[int, Field(ge=1, le=9)] = 3


class TrainingChoice(Spec):
    """What "Train it" compares. A null rate or momentum is the one that suits the network."""

    first: Method = "backprop"
    second: Method = "moonwalk-mixed"
    steps: Annotated[int, Field(ge=1, le=2_000)] = 200
    learning_rate: Annotated[float, Field(ge=0.00001, le=100)] | None = None
    momentum: Annotated[float, Field(ge=0, le=0.99)] | None = None


class WhatifChoice(Spec):
    """What the What-if page asks, next to its network.

    Attributes:
        device: Its name in the catalogue; `gpu` and `memory` for no particular one, with and without what CUDA takes.
        budget_bytes: How much memory there is.
        optimizer: What keeps numbers of its own beside the weights.
        methods: Names of the methods that are compared, each once.
        error: Largest relative error that is still good enough, as a power of ten.
        anchor_every: Blocks between anchors, where it is asked what anchors would lift precision to.
    """

    device: Annotated[str, Field(max_length=60, pattern=r"^[\w .,()+/-]+$")] = "gpu"
    budget_bytes: Annotated[int, Field(ge=2**20, le=2**44)] = 24 * 2**30
    optimizer: Literal["none", "momentum", "adam"] = "momentum"
    methods: Annotated[tuple[Method, ...], _List, Field(max_length=16)] = (
        "backprop", "checkpointing", "revbackprop", "moonwalk-mixed",
    )  # fmt: skip
    error: Annotated[int, Field(ge=-9, le=-1)] = -3
    anchor_every: Annotated[int, Field(ge=1, le=64)] = 8


class State(Spec):
    """All that a link carries.

    Attributes:
        page: The page's name as its address has it; the front page is `race`.
        preset: The chosen preset.
        settings: All of its settings; what is left out is as the preset declares it.
        own: A network in the preset's place, if there is one.
        methods: The methods that race, each with its options that are not the default.
    """

    page: Annotated[str, Field(pattern=r"^[a-z][a-z\-]{0,29}$")] = "race"
    preset: PresetName = "photo-revnet"
    settings: dict[str, Any] = Field(default_factory=dict)
    own: NetworkSpec | None = None
    methods: Methods = (MethodChoice(name="backprop"), MethodChoice(name="moonwalk-mixed"))
    device: Device = "auto"
    repeats: Annotated[int, Field(ge=1, le=101)] = 5
    batch_seed: Seed = 0
    precision: PrecisionChoice = PrecisionChoice()
    training: TrainingChoice = TrainingChoice()
    whatif: WhatifChoice = WhatifChoice()

    @model_validator(mode="before")
    @classmethod
    def _whole_settings(cls, data: Any) -> Any:
        """Fill in the settings that are not given, and refuse those that the preset does not have."""
        if not isinstance(data, dict) or not isinstance(data.get("preset", ""), str):
            return data
        card = PRESETS.get(data.get("preset", cls.model_fields["preset"].default))
        if card is None:
            return data
        return data | {"settings": card.settings.read(data.get("settings", {})).model_dump(mode="json")}

    @field_validator("methods")
    @classmethod
    def _distinct(cls, methods: tuple[MethodChoice, ...]) -> tuple[MethodChoice, ...]:
        labels = [one.label for one in methods]
        if len({*labels}) < len(labels):
            raise InvalidSpec("a method is asked for twice; name each method with given options once")
        return methods
