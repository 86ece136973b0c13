"""Files of arrays that tests of reading share."""

from __future__ import annotations

import io

import numpy as np


def npz(packed: bool = False, **arrays: object) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(file, **arrays)
    return file.getvalue()


def examples(*shape: int, count: int = 20, classes: int = 2) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {"x": random.normal(size=(count, *shape)), "y": np.arange(count) % classes}


def csv(
    rows: int = 20, columns: int = 3, header: str = "", between: str = ",", ends: tuple[str, ...] = ("0", "1")
) -> bytes:
    random = np.random.default_rng(0)
    lines = [header] if header else []
    lines += [
        between.join([f"{v:.4f}" for v in random.normal(size=columns)] + [ends[n % len(ends)]]) for n in range(rows)
    ]
    return "\n".join(lines).encode()
