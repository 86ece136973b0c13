"""What a dry run tells of one depth and one batch, as plain data. No torch here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from moonviz.events import Kind
from moonviz.results import Failure, Plain

How = Literal["dry run", "repeated blocks", "line"]


class Book(Plain):
    """A short walk written out, from which longer ones of the same network family are put together.

    Attributes:
        groups: By block of the spec: how often it is repeated.
        ends: Number of the last layer of each block, repeats written out.
        phases: The kinds of work that occur.
        kinds: The kinds of what is held that occur.
        rows: The steps in order: number of its phase in `phases`, its layer (0 stem, 1…L body, L+1 head), then three
            times bytes by kind, in the order of `kinds`, and the sum of all storages rounded up to 512 bytes: at the
            step's highest moment, at its end, and at the highest of its moments with the most gradients, which is the
            highest of all in a deeper network where a step holds every gradient.
    """

    groups: tuple[int, ...]
    ends: tuple[int, ...]
    phases: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]


class PeakPoint(Plain):
    """What one method takes at one depth and batch.

    Attributes:
        label: The method with its non-default options.
        method: Its name.
        options: Its options, all of them.
        depth: Repeats of the network's repeated block (see `varying.depth_of`); its blocks where none is repeated.
        batch: Examples.
        peak_bytes: As everywhere: the highest sum of storages made in the step; null where the method is refused.
        peak_bytes_range: Least and most, where the size of fragments depends on the data; else null.
        by_category: Bytes by kind at the peak; they sum to `peak_bytes`.
        gradient_bytes: Parameter gradients at the end.
        parameter_bytes: Weights and buffers.
        input_bytes: Batch and target.
        rounding_bytes: What rounding every storage of the step up to 512 bytes adds to its peak.
        parameter_rounding_bytes: What the same rounding adds to weights and buffers.
        input_rounding_bytes: What it adds to batch and target.
        largest_tensor_bytes: The largest storage made in the step.
        flops: Floating-point operations of the step.
        exact: True for a dry run, False for what was put together from others.
        how: A dry run; put together block by block from short ones; or read off a line through others.
        asked: False where segments or anchors are closer than the options say, only to learn from.
        segment: Blocks per segment, for the schedules that have segments.
        anchor_every: Blocks from anchor to anchor, for the schedules that keep some.
        segment_weights: Bytes of one block's input and of one block's residuals, which decide the length of segments
            that is chosen by itself; null for other schedules.
        books: The walk written out: as expected and, where it depends on the data, with the least and the most kept.
            Empty for points from which nothing is put together.
        status: `refused` where the method cannot train the network.
        error: Why not.
    """

    label: str
    method: str
    options: dict[str, Any] = Field(default_factory=dict)
    depth: int
    batch: int
    peak_bytes: int | None = None
    peak_bytes_range: tuple[int, int] | None = None
    by_category: dict[Kind, int] = Field(default_factory=dict)
    gradient_bytes: int = 0
    parameter_bytes: int = 0
    input_bytes: int = 0
    rounding_bytes: int = 0
    parameter_rounding_bytes: int = 0
    input_rounding_bytes: int = 0
    largest_tensor_bytes: int = 0
    flops: int = 0
    exact: bool = True
    how: How = "dry run"
    asked: bool = True
    segment: int | None = None
    anchor_every: int | None = None
    segment_weights: tuple[int, int] | None = None
    books: tuple[Book, ...] = ()
    status: Literal["ok", "refused"] = "ok"
    error: Failure | None = None
