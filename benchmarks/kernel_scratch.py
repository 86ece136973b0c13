"""What the ledger cannot see: the scratch memory that each convolution kernel takes inside itself.

    python benchmarks/kernel_scratch.py

For each preset with convolutions it profiles every kernel alone (torch's profiler sees the allocator), then a whole
step of each method: the allocator's peak and the ledger's differ by at most the largest scratch of one kernel.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from moonviz.networks import Network, build
from moonviz.runs.environment import environment
from moonviz.runs.trace import finish, pass_through, trace
from moonviz.specs import METHODS, method_options, preset

MIB = 2**20
RESULTS = Path(__file__).parent / "results"


def allocator(work: Callable[[], Any]) -> tuple[int, int]:
    """(peak, what is left) of the allocator's own events, in bytes."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        kept = work()
    moves = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(moves, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    del kept
    return peak, live


def kernels(net: Network) -> dict[str, int]:
    """Scratch of each kernel that a coupling calls, in bytes."""
    inside, batch = net.layer(1).inside, net.spec.batch
    weight = inside.weight_in.detach()
    half = torch.randn(batch, weight.shape[1], *net.layer(1).in_shape[1:], dtype=weight.dtype)
    rest = ([weight.shape[0]], [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
    backward = torch.ops.aten.convolution_backward
    calls = {
        "convolution": lambda: F.conv2d(half, weight, padding=1),
        "transposed convolution (vjp in x)": lambda: F.conv_transpose2d(half, weight, padding=1),
        "convolution backward (x, weight, bias)": lambda: backward(half, half, weight, *rest, [True, True, True]),
    }
    found = {}
    for name, call in calls.items():
        peak, left = allocator(call)
        found[name] = peak - left
    return found


def main() -> None:
    rows = {}
    for name in ("digits-revnet", "photo-revnet", "digits-dense"):
        net = build(preset(name))
        x, target = net.batch()
        row: dict[str, Any] = {"kernels": kernels(net) if "revnet" in name else {}, "methods": {}}
        for method in METHODS:
            options = method_options(method)
            pass_through(net, options, x, target)
            ledger = finish(trace(net, options, x, target)).peak_bytes
            step = partial(pass_through, net, options, x, target)
            peak, _ = allocator(step)
            row["methods"][method] = {"ledger": ledger, "allocator": peak, "difference": peak - ledger}
            print(f"{name:15} {method:15} ledger {ledger / MIB:8.2f}  allocator {peak / MIB:8.2f} MiB")
        for kernel, scratch in row["kernels"].items():
            print(f"{name:15} {kernel:40} scratch {scratch / MIB:6.2f} MiB")
        rows[name] = row
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"environment": environment("cpu").model_dump(), "bytes": rows}, indent=1)
    (RESULTS / f"kernel-scratch-cpu-{platform.machine()}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
