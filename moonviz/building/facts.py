"""What the engine knows of a draft: facts of every written layer, its misfit, repairs and offers. No torch here."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field

from moonviz.errors import InvalidSpec
from moonviz.results import Plain

Part = Literal["stem", "body", "head"]
Badge = Literal["invertible", "submersive", "fragmental", "ordinary", "outside the walk"]


class Place(Plain):
    """Where a written layer is: a repeated block's layers have one place each, however often they are repeated.

    Attributes:
        part: Stem, body or head.
        block: Which block of the body, from 0; 0 in stem and head.
        layer: Which layer of it, from 0; −1 is the place before the first one, after which a layer can be put.
    """

    part: Part
    block: int = Field(default=0, ge=0)
    layer: int = Field(default=-1, ge=-1)

    @property
    def key(self) -> str:
        """The place as text, such as ``"body.2.0"`` or ``"head.0.-1"``."""
        return f"{self.part}.{self.block}.{self.layer}"

    @classmethod
    def of(cls, key: str) -> Self:
        """The place of a key.

        Raises:
            InvalidSpec: If the text is no key.
        """
        found = re.fullmatch(r"(stem|body|head)\.(\d{1,4})\.(-1|\d{1,3})", key)
        if not found:
            raise InvalidSpec(f"`{key[:40]}` is no place; one is written like `body.0.2`")
        return cls(part=found[1], block=int(found[2]), layer=int(found[3]))


class LayerFacts(Plain):
    """One written layer. Everything from the first misfit on is null.

    Attributes:
        place: Where it is.
        number: Its number in the walk, the first one where its block is repeated; 0 in the stem, L+1 in the head.
        title: What it is: ``"Conv 64 → 128"``.
        subtitle: Its numbers: ``"kernel 3, stride 2, padding 1"``.
        in_shape: Shape of one example's input.
        out_shape: Shape of one example's output.
        parameters: How many weights, of one repeat.
        residual_bytes: What its vjp keeps, for the whole batch, of one repeat.
        fragment: How many numbers of h it keeps per example; 0 for none, what is expected where it depends on the data.
        flops: Of one forward pass over the batch, of one repeat.
        capability: What the walk can do with it.
        reason: Why, in one sentence with its own numbers.
    """

    place: Place
    number: int
    title: str
    subtitle: str = ""
    in_shape: tuple[int, ...] | None = None
    out_shape: tuple[int, ...] | None = None
    parameters: int | None = None
    residual_bytes: int | None = None
    fragment: int | None = None
    flops: int | None = None
    capability: Badge | None = None
    reason: str = ""


class Problem(Plain):
    """Why a draft cannot be built.

    Attributes:
        place: The first layer that does not fit.
        layer_name: Its name in messages: ``"layer 3 (conv)"``.
        message: What is wrong and what to do.
    """

    place: Place
    layer_name: str
    message: str


class Repair(Plain):
    """A change that was tried and works.

    Attributes:
        says: In a few words: ``"padding 1 → 0"``.
        network: The whole network after it, as plain data.
        place: The layer it is about.
        needed: Whether the network cannot be built without a repair; otherwise it makes a layer cheaper to walk.
    """

    says: str
    network: dict[str, Any]
    place: Place
    needed: bool = True


class Offer(Plain):
    """A layer that can be added.

    Attributes:
        kind: Its kind, as in its spec.
        layer: Its spec, with numbers that fit there.
        says: What it would do there: ``"Conv 64 → 64"``.
        network: The whole network with it, as plain data.
        repair: What else is changed so that it fits: ``"adds a flatten before it"``; null if nothing.
    """

    kind: str
    layer: dict[str, Any]
    says: str
    network: dict[str, Any]
    repair: str | None = None


class Check(Plain):
    """All that is known of a draft.

    Attributes:
        network: The draft, as plain data.
        layers: Every written layer: stem, body, head.
        problem: Why it cannot be built, if it cannot.
        repairs: Changes that were tried and work; the needed ones come first, the smallest of them in front.
        offers: What can be added, by the key of the place it comes after; only for the place that was asked for.
        refusals: By the name of every method: why it cannot train this network, null if it can; empty for a misfit.
        peaks: By method: predicted peak bytes of one training step, of the methods that were asked for; null where it
            cannot train the network, or the network is too deep for a quick answer.
    """

    network: dict[str, Any]
    layers: tuple[LayerFacts, ...] = ()
    problem: Problem | None = None
    repairs: tuple[Repair, ...] = ()
    offers: dict[str, tuple[Offer, ...]] = Field(default_factory=dict)
    refusals: dict[str, str | None] = Field(default_factory=dict)
    peaks: dict[str, int | None] = Field(default_factory=dict)
