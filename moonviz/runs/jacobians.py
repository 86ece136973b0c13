"""A Jacobian written out and taken apart: rank, singular values, what it erases, and what a layer keeps of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.errors import InvalidSpec, SingularLayer
from moonviz.layers import FragmentalLayer, Layer, capability
from moonviz.layers.base import State, leaf, tensors
from moonviz.layers.conv_base import Convolution
from moonviz.probing import PICTURE_SIDE, AxisFacts, LayerProbe, Picture, TapFacts

_ROWS = 64
"""Rows of a Jacobian that are found at a time."""
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A layer, the input it is looked at, and its number in the walk."""

    layer: Layer
    x: State
    number: int | None


def look_at(subject: Subject, tick: Tick) -> LayerProbe:
    """Everything that is told of a layer at one input.

    Raises:
        InvalidSpec: If the Jacobian is not finite there.
    """
    layer = subject.layer
    matrix = jacobian(subject, tick)
    if not matrix.isfinite().all():
        raise InvalidSpec(f"{layer.title}: its Jacobian is not finite at this example. Take smaller weights.")
    tick()
    rows, columns = matrix.shape
    left, sizes, _ = torch.linalg.svd(matrix, full_matrices=rows > columns)
    tick()
    # numpy's and torch's rule for what counts as 0
    rank = int((sizes > sizes.max() * max(rows, columns) * torch.finfo(sizes.dtype).eps).sum())
    fragment, kept, rebuilt = _kept(subject, matrix)
    return LayerProbe(
        number=subject.number,
        title=layer.title,
        kind=layer.kind,
        in_shape=layer.in_shape,
        out_shape=layer.out_shape,
        capability=capability(layer),
        reason=layer.reason,
        examples=len(tensors(subject.x)[0]),
        rank=rank,
        sigma_min=float(sizes[rank - 1]) if rank else None,
        sigma_max=float(sizes[0]),
        jacobian=picture(matrix),
        erased=rows - rank,
        lost=tuple(left[:, rank:].square().sum(1).clamp(max=1).tolist()) if rank < rows else (),
        fragment=fragment,
        kept=kept,
        rebuilt=rebuilt,
        axes=_axes(layer),
    )


def jacobian(subject: Subject, tick: Tick) -> Tensor:
    """J `[outputs, inputs]` of all examples together, halves one after the other, by torch's autograd."""
    x = leaf(subject.x)
    with torch.enable_grad():
        y = subject.layer(x)
    count = sum(part.numel() for part in tensors(y))
    found = []
    for begin in range(0, count, _ROWS):
        tick()
        basis = torch.eye(count, dtype=torch.float64)[begin : begin + _ROWS]
        grads = torch.autograd.grad(
            tensors(y), tensors(x), _parts(basis, y), retain_graph=True, is_grads_batched=True, allow_unused=True,
            materialize_grads=True,
        )  # fmt: skip
        found.append(torch.cat([grad.reshape(len(basis), -1) for grad in grads], 1))
    return torch.cat(found)


def picture(matrix: Tensor) -> Picture:
    """|J| with the largest entry of each group of rows and columns."""
    rows, columns = matrix.shape
    cell = (-(-rows // PICTURE_SIDE), -(-columns // PICTURE_SIDE))
    small = F.max_pool2d(matrix.abs()[None, None], cell, ceil_mode=True)[0, 0]
    values = tuple(tuple(float(f"{value:.4g}") for value in row) for row in small.tolist())
    return Picture(rows=rows, columns=columns, cell=cell, values=values)


def _parts(rows: Tensor, like: State) -> tuple[Tensor, ...]:
    """Rows of numbers `[B, n]` as a batch of states `[B, N, *]`."""
    sizes = [part.numel() for part in tensors(like)]
    parts = rows.split(sizes, 1)
    return tuple(part.reshape(-1, *of.shape) for part, of in zip(parts, tensors(like), strict=True))


def _state(row: Tensor, like: State) -> State:
    parts = tuple(part[0] for part in _parts(row[None], like))
    return parts[0] if isinstance(like, Tensor) else (parts[0], parts[1])


def _flat(state: State) -> Tensor:
    return torch.cat([part.flatten() for part in tensors(state)])


def _kept(subject: Subject, matrix: Tensor) -> tuple[int | None, tuple[int, ...] | None, float | None]:
    """(numbers of the fragment, the outputs they are, how well a cotangent is found again from it)."""
    layer, x = subject.layer, subject.x
    if not isinstance(layer, FragmentalLayer):
        return None, None, None
    with torch.no_grad():
        like, residual = layer(x), layer.residual(x)
        cot = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        h = _state(cot, like)
        fragment = layer.fragment(residual, h)
        numbers = _flat(fragment) if fragment else cot[:0]
        places = (cot[:, None] == numbers).any(1).nonzero().flatten().tolist()
        try:
            again = _flat(layer.vijp(x, layer.vjp_x(residual, h), fragment))
        except SingularLayer:
            again = None
    kept = tuple(places) if places and len(places) == len(numbers) else None
    rebuilt = None if again is None else float((again - cot).norm() / cot.norm())
    return len(numbers), kept, rebuilt if rebuilt is not None and rebuilt < float("inf") else None


def _axes(layer: Layer) -> tuple[AxisFacts, ...]:
    if not isinstance(layer, Convolution):
        return ()
    return tuple(
        AxisFacts(
            size=axis.size,
            outputs=axis.outputs,
            taps=tuple(TapFacts(place=tap.place, inside=tap.inside, order=tap.order) for tap in axis.taps),
            pivot=axis.pivot.place if axis.pivot else None,
            order=axis.pivot.order if axis.pivot else None,
            why_not=axis.why_no_pivot,
        )
        for axis in layer.axes
    )
