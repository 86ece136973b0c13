"""What the player is told of a method beside its events: how it ended, its numbers, and a budget for them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Any

from moonviz.figures.words import agreement_words
from moonviz.results import Result
from moonviz.specs import METHODS

ROUND = ((1.0,), (1.0, 1.5), (1.0, 1.25, 1.5, 1.75))
"""Budgets that count as round, the roundest first, as shares of a power of two."""

Data = dict[str, Any]


def head(label: str, method: str, status: str) -> Data:
    """A method of which nothing is known but its name and status."""
    return {
        "label": label,
        "method": method,
        "noisy": method in METHODS and not METHODS[method].exact,
        "status": status,
        "error": None,
        "needs": None,
        "limit": None,
        "traced": False,
        "peak": None,
        "allocator": None,
        "flops": None,
        "seconds": None,
        "ratio": None,
        "less": None,
        "verdict": None,
        "error_to_truth": None,
        "error_to_backprop": None,
        "cosine": None,
        "agreement": None,
        "agreement_to": None,
    }


def finished(one: Result, base: Result | None, dtype: str) -> Data:
    """What came of a method, its numbers against those of backprop in the same race."""
    told = head(one.label, one.method, one.status)
    if one.status != "ok":
        told["error"] = one.error.model_dump() if one.error else None
        if one.status == "too_large" and one.flops:
            # Its work was predicted, so it is the time that is too much and not the memory.
            return told | {"status": "too_slow", "flops": one.flops}
        return told | {"needs": one.peak_bytes, "limit": one.error.limit_bytes if one.error else None}
    gradient = one.gradient
    told |= {
        "peak": one.peak_bytes,
        "allocator": one.allocator_peak_bytes,
        "flops": one.flops,
        "seconds": one.seconds.median if one.seconds else None,
        "verdict": list(agreement_words(one, dtype)),
    }
    if base is not None and base.peak_bytes and one.peak_bytes:
        told["less"] = round(base.peak_bytes / one.peak_bytes, 4)
    if base is not None and base.seconds and one.seconds and base.seconds.median:
        told["ratio"] = round(one.seconds.median / base.seconds.median, 4)
    if gradient is not None:
        told |= {
            "error_to_truth": gradient.relative_error,
            "error_to_backprop": gradient.relative_error_to_backprop,
            "cosine": gradient.cosine,
        }
        told["agreement_to"], told["agreement"] = _by_layer(one)
    return told


def _by_layer(one: Result) -> tuple[str | None, list[list[Any]] | None]:
    """The worst parameter of each layer: against backprop where all were compared with it, else against the truth."""
    each = one.gradient.per_parameter if one.gradient else ()
    if not each:
        return None, None
    beside = all(p.relative_error_to_backprop is not None for p in each)
    worst: dict[int, list[Any]] = {}
    for p in each:
        error = p.relative_error_to_backprop if beside else p.relative_error
        here = worst.get(p.layer)
        if here is None or (error is not None and (here[1] is None or error > here[1])):
            worst[p.layer] = [p.layer, _short(error), _short(p.cosine, 9), _short(p.max_abs_error)]
    return "backprop" if beside else "truth", [worst[layer] for layer in sorted(worst)]


def _short(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else float(f"{value:.{digits - 1}e}")


def budget_bytes(results: Sequence[Result]) -> int | None:
    """Where the budget line begins: a round size that the hungriest method exceeds and the thriftiest Moonwalk fits.

    Of those between the two it is the one nearest their geometric middle. Where no round size parts them, it is the
    next above all, which every method fits.
    """
    peaks = {one.label: one.peak_bytes for one in results if one.status == "ok" and one.peak_bytes}
    if not peaks:
        return None
    walks = [peaks[one.label] for one in results if one.label in peaks and one.method.startswith("moonwalk")]
    base = [peaks[one.label] for one in results if one.label in peaks and one.method == "backprop"]
    low, high = min(walks or peaks.values()), max(base or peaks.values())
    middle = (low * high) ** 0.5
    for shares in ROUND:
        sizes = [int(share * 2**power) for power in range(10, 50) for share in shares]
        between = [size for size in sizes if low <= size < high]
        if between:
            return min(between, key=lambda size: abs(log2(size / middle)))
    return 2 ** max(peaks.values()).bit_length()
