"""The vocabulary of a run: what a method says while it works. No torch here.

A method yields one `LayerEvent` per step. Whoever drives it turns each into a `StepRecord` with bytes and seconds.
Layer numbers: 0 is the stem, 1…L the body, L+1 the head with the loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Phase = Literal["forward", "reverse", "recompute", "invert", "tangent", "advance"]
Kind = Literal[
    "activation", "residual", "cotangent", "anchor", "fragment", "sketch", "tangent", "gradient", "temporary"
]
PHASES: tuple[Phase, ...] = get_args(Phase)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Held:
    """Something a method keeps from one step to the next.

    Attributes:
        kind: Its category, which is the ledger's category too.
        layer: The layer it belongs to.
        storages: Opaque identities of the storages behind it. Identities, never tensors: an event that is kept by
            its reader must not keep memory alive.
    """

    kind: Kind
    layer: int
    storages: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class LayerEvent:
    """One step of a method, told after it is done.

    Attributes:
        phase: What kind of work it was.
        layer: Which layer was worked on.
        reads: What the step used of what earlier steps had kept, as (kind, layer).
        added: What is kept from now on.
        removed: What is kept no longer, as (kind, layer).
        loop: In a loop of identical passes (parameters, directions, chunks): which pass this is, and of how many.
    """

    phase: Phase
    layer: int
    reads: tuple[tuple[Kind, int], ...] = ()
    added: tuple[Held, ...] = ()
    removed: tuple[tuple[Kind, int], ...] = ()
    loop: tuple[int, int] | None = None

    @property
    def stands_for(self) -> int:
        """How many passes its record stands for: 0 for a pass that is not kept.

        Of a loop of identical passes the first, the second and the last are kept; the second stands for all between.
        """
        if self.loop is None:
            return 1
        number, total = self.loop
        if number == 1 and total > 3:
            return total - 2
        return int(number in (0, 1, total - 1))


class HeldBytes(BaseModel):
    """A change of what is held: `bytes` of `kind` at `layer`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    layer: int
    bytes: int


class StepRecord(BaseModel):
    """One measured step.

    Attributes:
        index: 0-based place in the run.
        phase: See `Phase`.
        layer: See the module's text.
        seconds: Median over the timed passes; null in a traced or dry run.
        live_bytes: Bytes alive when the step ended; equals the sum of `by_category`.
        peak_bytes: The highest number of bytes alive inside the step.
        by_category: Bytes alive at the step's end, by kind; kinds without bytes are left out.
        held_added: What the step began to hold.
        passes: How many identical passes this record stands for (see `LayerEvent.stands_for`).
        held_removed: What it let go of. Adding and removing these from step to step rebuilds all that is held.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    phase: Phase
    layer: int
    seconds: float | None = None
    live_bytes: int
    peak_bytes: int
    by_category: dict[Kind, int]
    passes: int = 1
    held_added: tuple[HeldBytes, ...] = ()
    held_removed: tuple[HeldBytes, ...] = ()
