"""What `auto` most likely means here, told without torch."""

from __future__ import annotations

import platform
import shutil


def likely_device() -> str:
    """``cuda``, ``mps`` or ``cpu``: decides which process a run with device `auto` shares; torch decides the rest."""
    if shutil.which("nvidia-smi"):
        return "cuda"
    return "mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu"
