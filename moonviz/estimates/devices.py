"""What a device is, and what a training step needs of one. No torch here."""

from __future__ import annotations

import platform
from collections import OrderedDict
from typing import Literal, get_args

import psutil

from moonviz.estimates.points import PeakPoint
from moonviz.results import Plain

GIB, MIB = 2**30, 2**20
Optimizer = Literal["none", "momentum", "adam"]
BLOCK_BYTES = 512
"""What PyTorch's CUDA allocator rounds every storage up to, as the ledger does (`runs/moments.py`)."""
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
COPIES: dict[Optimizer, int] = {"none": 0, "momentum": 1, "adam": 2}
"""How many numbers an optimizer keeps for each weight."""
WORKSPACE_BYTES = 8 * 4096 * 1024
CONTEXT_BYTES = 300 * MIB

READ = "2026-11-24"
"""When the sources were looked up."""
_ALLOCATOR = "https://docs.pytorch.org/docs/stable/notes/cuda.html#memory-management"
_CUBLAS = "https://docs.nvidia.com/cuda/cublas/#results-reproducibility"
_CONTEXT = "https://github.com/pytorch/pytorch/issues/107667"
_ADAM = "https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html"
_SGD = "https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html"


class Device(Plain):
    """Something to train on.

    Attributes:
        name: Its usual name.
        kind: A GPU with memory of its own, a laptop, this machine, or a limit someone typed.
        memory_bytes: What tensors and all that comes with them can share.
        source: Where the memory's size is from: an address, or words for what was asked.
        read: When that was looked up; null for what is asked now.
        note: How the number was got where it is not the sold one; else empty.
        cuda: Whether PyTorch's CUDA allocator and libraries take their share, too.
    """

    name: str
    kind: Literal["gpu", "laptop", "this machine", "custom"]
    memory_bytes: int
    source: str
    read: str | None = READ
    note: str = ""
    cuda: bool = False


class Term(Plain):
    """A part of what a step needs.

    Attributes:
        key: Which part.
        label: The same in words.
        bytes: How much.
        source: Where the number is from, in words.
        how: `exact`: tensor bytes of a dry run, or what follows from them; `extrapolated`: put together from dry runs;
            `assumed`: not measured, taken from the source that is named.
    """

    key: str
    label: str
    bytes: int
    source: str
    how: Literal["exact", "extrapolated", "assumed"]


class Need(Plain):
    """All that a training step needs of a device.

    Attributes:
        terms: The parts, in a fixed order.
    """

    terms: tuple[Term, ...]

    @property
    def total_bytes(self) -> int:
        """All parts together."""
        return sum(term.bytes for term in self.terms)

    @property
    def tensor_bytes(self) -> int:
        """Tensors alone: what is exact where the point is a dry run."""
        return sum(term.bytes for term in self.terms if term.how != "assumed" and term.key != "rounding")


def this_machine() -> Device:
    """The processor's memory of this machine, as the system reports it."""
    memory = int(psutil.virtual_memory().total)
    return Device(
        name=f"This machine ({platform.system()} {platform.machine()})",
        kind="this machine",
        memory_bytes=memory,
        source="asked of the system",
        read=None,
        note="all of the processor's memory, of which the system and other programs take some",
    )


def custom(memory_bytes: int, *, cuda: bool = False) -> Device:
    """A limit that someone typed."""
    return Device(name="Custom", kind="custom", memory_bytes=memory_bytes, source="typed in", read=None, cuda=cuda)


MOST_NEEDS = 4_096
_needs: OrderedDict[tuple[int, Device, Optimizer], tuple[PeakPoint, Need]] = OrderedDict()
"""What was reckoned lately: a page draws the same curves again at every move of a slider."""


def needs(point: PeakPoint, device: Device, optimizer: Optimizer = "none") -> Need:
    """What one training step takes on a device, part by part.

    Args:
        point: A method at a depth and batch, not refused.
        device: Where.
        optimizer: What is kept for each weight from step to step.

    Returns:
        Weights, optimizer state, batch and the step's peak by kind; on CUDA devices also rounding, workspaces and
        context, the last two assumed.
    """
    key = id(point), device, optimizer
    known = _needs.get(key)
    if known is None:
        # The point is kept with its answer, so that no other object gets its identity.
        known = _needs[key] = point, _reckoned(point, device, optimizer)
        while len(_needs) > MOST_NEEDS:
            _needs.popitem(last=False)
    return known[1]


def _reckoned(point: PeakPoint, device: Device, optimizer: Optimizer) -> Need:
    how = "exact" if point.exact else "extrapolated"
    found = "dry run on the meta device" if point.exact else "put together from dry runs of fewer blocks"

    def tensors(key: str, label: str, size: int, source: str = found) -> Term:
        return Term(key=key, label=label, bytes=size, source=source, how=how)

    terms = [
        tensors("weights", "Weights and buffers", point.parameter_bytes),
        tensors("optimizer", OPTIMIZER_WORDS[optimizer][0], COPIES[optimizer] * point.gradient_bytes,
                OPTIMIZER_WORDS[optimizer][1]),
        tensors("batch", "Batch and targets", point.input_bytes),
        *(tensors(kind, KIND_WORDS.get(kind, kind), size) for kind, size in point.by_category.items()),
    ]  # fmt: skip
    if device.cuda:
        rounding = point.rounding_bytes + point.input_rounding_bytes
        rounding += (1 + COPIES[optimizer]) * point.parameter_rounding_bytes
        source = f"every storage rounded up to {BLOCK_BYTES} bytes, as PyTorch's CUDA allocator does ({_ALLOCATOR})"
        terms.append(tensors("rounding", "Allocator rounding", rounding, source))
        terms += _CUDA_TERMS
    return Need(terms=tuple(terms))


OPTIMIZER_WORDS: dict[Optimizer, tuple[str, str]] = {
    "none": ("Optimizer state (none)", "plain gradient descent keeps nothing"),
    "momentum": ("Optimizer state (momentum)", f"SGD with momentum keeps one number for each weight ({_SGD})"),
    "adam": ("Optimizer state (Adam)", f"Adam keeps two numbers for each weight ({_ADAM})"),
}
KIND_WORDS = {
    "activation": "Activations",
    "residual": "Residuals",
    "cotangent": "Cotangents",
    "anchor": "Anchors",
    "fragment": "Fragments",
    "sketch": "Sketches",
    "tangent": "Tangents",
    "gradient": "Weight gradients",
    "temporary": "Temporaries",
}
_CUDA_TERMS = (
    Term(
        key="workspace",
        label="cuBLAS workspace",
        bytes=WORKSPACE_BYTES,
        source=f"CUBLAS_WORKSPACE_CONFIG=:4096:8, as moonviz sets it, is 8 buffers of 4,096 KiB ({_CUBLAS})",
        how="assumed",
    ),
    Term(
        key="context",
        label="CUDA context",
        bytes=CONTEXT_BYTES,
        source=f"driver and loaded kernels; about 300 MB since CUDA 11.7, other drivers and cards differ ({_CONTEXT})",
        how="assumed",
    ),
)
