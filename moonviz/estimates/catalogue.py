"""Common devices with their memory. No torch here.

A card that is sold as "24 GB" carries 24 GiB: memory chips hold powers of two, and drivers report MiB. So GPUs are
taken as so many GiB, or as what their driver reports where that is known (error correction on some cards takes 1/16).
A computer that is sold with "16 GB" has 16 GiB, too. Where something else is known, the device's `note` says so.
"""

from __future__ import annotations

from functools import lru_cache

from moonviz.estimates.devices import GIB, MIB, Device

_MODAL = "https://thundergolfer.com/blog/nvidia-gpu-memory-capacity"
_VERGE = "https://www.theverge.com/2023/6/5/23745477/apple-mac-studio-m2-max-ultra-chip-update-features-specs-wwdc-2023"
_METAL = "https://docs.pytorch.org/docs/stable/generated/torch.mps.recommended_max_memory.html"
APPLE_SHARE = 0.75


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


@lru_cache(maxsize=256)
def find_device(name: str) -> Device | None:
    """The device of this name, in any case and also without its maker's words (`RTX 4090`); null where none is."""
    wanted = _bare(name)
    exact = [device for device in DEVICES if _bare(device.name) == wanted]
    loose = [device for device in DEVICES if wanted and wanted in _bare(device.name)]
    return exact[0] if exact else loose[0] if len(loose) == 1 else None


def _bare(name: str) -> str:
    words = name.lower().replace("(", " ").replace(")", " ").replace(",", " ").split()
    return " ".join(word for word in words if word not in {"nvidia", "geforce", "amd", "instinct", "tesla"})
