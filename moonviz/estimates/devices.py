"""Devices with their memory, and what a training step needs of one. No torch here.

A card that is sold as "24 GB" carries 24 GiB: memory chips hold powers of two, and drivers report MiB. So GPUs are
taken as so many GiB, or as what their driver reports where that is known (error correction on some cards takes 1/16).
A computer that is sold with "16 GB" has 16 GiB, too. Where something else is known, the device's `note` says so.
"""

from __future__ import annotations

import platform
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
APPLE_SHARE = 0.75

READ = "2026-11-24"
"""When the sources were looked up."""
_MODAL = "https://thundergolfer.com/blog/nvidia-gpu-memory-capacity"
_ALLOCATOR = "https://docs.pytorch.org/docs/stable/notes/cuda.html#memory-management"
_CUBLAS = "https://docs.nvidia.com/cuda/cublas/#results-reproducibility"
_CONTEXT = "https://github.com/pytorch/pytorch/issues/107667"
_ADAM = "https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html"
_VERGE = "https://www.theverge.com/2023/6/5/23745477/apple-mac-studio-m2-max-ultra-chip-update-features-specs-wwdc-2023"
_SGD = "https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html"
_METAL = "https://docs.pytorch.org/docs/stable/generated/torch.mps.recommended_max_memory.html"


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


def _gpu(name: str, gib: float, source: str, note: str = "", *, cuda: bool = True) -> Device:
    return Device(name=name, kind="gpu", memory_bytes=int(gib * GIB), source=source, note=note, cuda=cuda)


def _reported(name: str, mib: int, sold: str) -> Device:
    note = f"sold as {sold}; its driver reports {mib:,} MiB, which is what is taken here"
    return Device(name=name, kind="gpu", memory_bytes=mib * MIB, source=_MODAL, note=note, cuda=True)


def _laptop(name: str, gib: int, source: str, share: float = 1.0, note: str = "") -> Device:
    return Device(name=name, kind="laptop", memory_bytes=int(gib * GIB * share), source=source, note=note)


_SHARED = f"processor and GPU share the memory; Metal usually offers the GPU three quarters of it ({_METAL} asks)"
_PLAIN = "any computer with so much memory; the system and other programs take some of it"
_ANY = "the size a computer is sold with, in GiB"

DEVICES: tuple[Device, ...] = (
    _gpu(
        "GeForce RTX 4060 Laptop",
        8,
        "https://fpsbench.com/compare/gpu/nvidia-geforce-rtx-3060-8-gb-vs-nvidia-geforce-rtx-4060-mobile",
    ),
    _gpu(
        "GeForce RTX 3060",
        12,
        "https://voz.vn/t/gigabyte-confirms-geforce-rtx-3060-features-12gb-of-gddr6-memory.212450/",
    ),
    _reported("Tesla T4 (Colab)", 15_360, "16 GB"),
    _gpu(
        "GeForce RTX 3090",
        24,
        "https://wccftech.com/nvidia-geforce-rtx-3090-24gb-rtx-3080-10-gb-gddr6x-memory-specs-confirmed/",
    ),
    _gpu("GeForce RTX 4090", 24, "https://www.pugetsystems.com/parts/Video-Card/NVIDIA-GeForce-RTX-4090-24GB-14644/"),
    _reported("L4", 23_034, "24 GB"),
    _gpu("GeForce RTX 5090", 32, "https://www.elprocus.com/nvidia-geforce-rtx-5090/"),
    _reported("A100 40 GB", 40_960, "40 GB"),
    _reported("L40S", 46_068, "48 GB"),
    _reported("A100 80 GB", 81_920, "80 GB"),
    _reported("H100 80 GB", 81_559, "80 GB"),
    _reported("H200", 143_771, "141 GB"),
    _gpu(
        "B200",
        179,
        "https://docs.vultr.com/inference-cookbook/cuda/getting-started/hardware-overview",
        "sold as 180 GB; the source reports 179 of a running card, which is what is taken here",
    ),
    _gpu(
        "Instinct MI300X",
        192,
        "https://aiwiki.ai/wiki/amd_instinct_mi300x",
        "PyTorch for AMD allocates as for CUDA; workspaces and context are assumed to be the same",
    ),
    _laptop("Laptop, 8 GB", 8, _ANY, note=_PLAIN),
    _laptop("Laptop, 16 GB", 16, _ANY, note=_PLAIN),
    _laptop("Laptop, 32 GB", 32, _ANY, note=_PLAIN),
    _laptop(
        "MacBook Air M3, 16 GB", 16, "https://phoneweek.co.uk/how-much-macbook-do-you-really-need", APPLE_SHARE, _SHARED
    ),
    _laptop("MacBook Pro M4 Max, 128 GB", 128, "https://resourcefulman.net/?p=48139", APPLE_SHARE, _SHARED),
    _laptop("Mac Studio M2 Ultra, 192 GB", 192, _VERGE, APPLE_SHARE, _SHARED),
)
"""Common devices from small to large, GPUs first."""


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


def find_device(name: str) -> Device | None:
    """The device of this name, in any case and also without its maker's words (`RTX 4090`); null where none is."""
    wanted = _bare(name)
    exact = [device for device in DEVICES if _bare(device.name) == wanted]
    loose = [device for device in DEVICES if wanted and wanted in _bare(device.name)]
    return exact[0] if exact else loose[0] if len(loose) == 1 else None


def _bare(name: str) -> str:
    words = name.lower().replace("(", " ").replace(")", " ").replace(",", " ").split()
    return " ".join(word for word in words if word not in {"nvidia", "geforce", "amd", "instinct", "tesla"})


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
