"""The machine: which devices it has, how torch is set, and what to write beside a result."""

from __future__ import annotations

import os
import platform

import psutil
import torch

import moonviz
from moonviz.errors import InvalidSpec
from moonviz.results import Environment


def devices() -> list[str]:
    """Devices that are present, best first."""
    found = ["cuda"] if torch.cuda.is_available() else []
    found += ["mps"] if torch.backends.mps.is_available() else []
    return [*found, "cpu"]


def resolve_device(name: str) -> str:
    """`auto` to the best device present.

    Raises:
        InvalidSpec: If the device is not here.
    """
    present = devices()
    if name == "auto":
        return present[0]
    if name not in present:
        raise InvalidSpec(f"device `{name}` is not on this machine; it has {', '.join(f'`{d}`' for d in present)}")
    return name


def set_flags(threads: int | None = None) -> None:
    """Set torch so that a recomputed layer gives the same bits and float32 means float32.

    Call it before CUDA is first used: cuBLAS reads its workspace setting once.
    """
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    if threads is not None:
        torch.set_num_threads(threads)


def environment(device: str) -> Environment:
    """What a result needs beside it to be understood on another machine."""
    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        moonviz=moonviz.__version__,
        system=f"{platform.system()} {platform.machine()}",
        machine=_machine(device),
        device=device,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        memory_bytes=_memory(device),
        flags={
            "cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
            "cuda.matmul.allow_tf32": torch.backends.cuda.matmul.allow_tf32,
            "cudnn.deterministic": torch.backends.cudnn.deterministic,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            "CUBLAS_WORKSPACE_CONFIG": os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
        },
    )


def _machine(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    return named[0] if named else platform.processor() or platform.machine()


def _memory(device: str) -> int:
    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    return int(psutil.virtual_memory().total)
