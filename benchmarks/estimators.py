"""Estimates of a training step's memory by several tools on the same networks, over what the step took.

    pip install --no-deps torchinfo==1.8.0 torch-kitsune==0.7.0
    python benchmarks/estimators.py

Measured: the ledger's tensor bytes of one real `loss.backward()` on the CPU, weights and batch included. The table in
`docs/estimates.md` is written from the results; `--table` writes it again without measuring.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.nn.functional import cross_entropy

import moonviz
from moonviz.events import LayerEvent
from moonviz.runs.environment import environment, set_flags
from moonviz.runs.ledger import Ledger

HERE = Path(__file__).parent
RESULTS = HERE / "results" / f"estimators-cpu-{platform.machine()}.json"
DOCS = HERE.parent / "docs" / "estimates.md"
BEGIN, END = "<!-- estimators: made by benchmarks/estimators.py -->", "<!-- end of estimators -->"
Shape = tuple[int, ...]


class Residual(nn.Module):
    """x + f(x), as people write it."""

    def __init__(self, *inside: nn.Module) -> None:
        super().__init__()
        self.inside = nn.Sequential(*inside)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inside(x)


def dense() -> nn.Sequential:
    blocks = [layer for _ in range(24) for layer in (nn.Linear(256, 256), nn.LeakyReLU(0.1))]
    return nn.Sequential(nn.Linear(784, 256), *blocks, nn.Linear(256, 10))


def wide() -> nn.Sequential:
    return nn.Sequential(nn.Linear(784, 4096), nn.Tanh(), nn.Linear(4096, 4096), nn.Tanh(), nn.Linear(4096, 10))


def convolutions() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 10))


def in_place() -> nn.Sequential:
    blocks = [layer for _ in range(12) for layer in (nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True))]
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), *blocks, nn.Flatten(), nn.Linear(32768, 10))


def residual() -> nn.Sequential:
    blocks = [Residual(nn.LayerNorm(256), nn.Linear(256, 1024), nn.GELU(), nn.Linear(1024, 256)) for _ in range(12)]
    return nn.Sequential(nn.Linear(784, 256), *blocks, nn.Linear(256, 10))


def transformer() -> nn.Sequential:
    blocks = [nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, batch_first=True) for _ in range(6)]
    return nn.Sequential(nn.Linear(16, 64), *blocks, nn.Flatten(), nn.Linear(64 * 64, 10))


NETWORKS: dict[str, tuple[Callable[[], nn.Sequential], Shape]] = {
    "24 dense layers with LeakyReLU, batch 512": (dense, (512, 784)),
    "2 dense layers of width 4,096, batch 64": (wide, (64, 784)),
    "6 convolutions with BatchNorm and pooling, batch 32": (convolutions, (32, 3, 32, 32)),
    "13 convolutions with in-place ReLU, batch 16": (in_place, (16, 3, 32, 32)),
    "12 residual blocks of a class of one's own, batch 256": (residual, (256, 784)),
    "6 of torch's transformer layers, batch 16": (transformer, (16, 64, 16)),
}


def held_outside(module: nn.Module, *batch: Tensor) -> int:
    """Bytes of weights, buffers and batch."""
    return sum(one.untyped_storage().nbytes() for one in (*module.parameters(), *module.buffers(), *batch))


def batch_of(shape: Shape) -> tuple[Tensor, Tensor]:
    return torch.randn(shape), torch.zeros(shape[0], dtype=torch.int64)


def measured(make: Callable[[], nn.Sequential], shape: Shape) -> int:
    module, (x, target) = make(), batch_of(shape)
    ledger = Ledger([*module.parameters(), *module.buffers(), x, target])
    with ledger:
        cross_entropy(module(x), target).backward()
    ledger.close_step(LayerEvent("reverse", 0))
    return ledger.peak_bytes + held_outside(module, x, target)


def by_moonviz(make: Callable[[], nn.Sequential], shape: Shape) -> int:
    (result,) = moonviz.estimate_module(make(), shape, ["backprop"])
    return result.peak_bytes + result.parameter_bytes + result.input_bytes


def by_mem_tracker(make: Callable[[], nn.Sequential], shape: Shape) -> int:
    with FakeTensorMode():
        module, (x, target) = make(), batch_of(shape)
        tracker = MemTracker()
        tracker.track_external(module, x, target)
        with tracker:
            cross_entropy(module(x), target).backward()
    return tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"]


def by_torchinfo(make: Callable[[], nn.Sequential], shape: Shape) -> int:
    import torchinfo

    found = torchinfo.summary(make(), input_data=batch_of(shape)[0], mode="train", verbose=0)
    return found.total_input + found.total_output_bytes + found.total_param_bytes


def by_kitsune(make: Callable[[], nn.Sequential], shape: Shape) -> int:
    from kitsune.predict import predict_memory

    return predict_memory(make(), shape[1:], batch_size=shape[0], optimizer="none").total_bytes


TOOLS: dict[str, tuple[Callable[[Callable[[], nn.Sequential], Shape], int], str | None]] = {
    "moonviz": (by_moonviz, None),
    "MemTracker": (by_mem_tracker, None),
    "torchinfo": (by_torchinfo, "torchinfo"),
    "torch-kitsune": (by_kitsune, "torch-kitsune"),
}
"""How each tool is asked, and the package that it needs beside torch."""


def tools_here() -> dict[str, str]:
    """The tools that are installed, and their versions."""
    found = {"moonviz": moonviz.__version__, "MemTracker": f"torch {torch.__version__}"}
    for name, (_, package) in TOOLS.items():
        try:
            found |= {name: version(package)} if package else {}
        except PackageNotFoundError:
            print(f"{name} is not installed: left out")
    return found


def measure(repeats: int) -> dict[str, Any]:
    tools, rows = tools_here(), {}
    for label, (make, shape) in NETWORKS.items():
        truth = measured(make, shape)
        row: dict[str, Any] = {"measured_bytes": truth, "estimates": {}}
        for tool in tools:
            seconds = []
            for _ in range(repeats):
                begin = time.perf_counter()
                found = TOOLS[tool][0](make, shape)
                seconds.append(time.perf_counter() - begin)
            row["estimates"][tool] = {"bytes": found, "ratio": found / truth, "seconds": median(seconds)}
        rows[label] = row
        ratios = ", ".join(f"{tool} {one['ratio']:.4f}" for tool, one in row["estimates"].items())
        print(f"{label}: {truth / 2**20:.1f} MiB; {ratios}", flush=True)
    return {"environment": environment("cpu").model_dump(), "tools": tools, "rows": rows}


def table(report: dict[str, Any]) -> str:
    """Estimate ÷ measured for each tool and network, as Markdown."""
    tools = report["tools"]
    lines = [f"| network | measured | {' | '.join(tools)} |", f"|---|--:|{'--:|' * len(tools)}"]
    for label, row in report["rows"].items():
        ratios = " | ".join(f"{row['estimates'][tool]['ratio']:.3f}" for tool in tools)
        lines.append(f"| {label} | {row['measured_bytes'] / 2**20:,.1f} MiB | {ratios} |")
    return "\n".join(lines)


def write_table(report: dict[str, Any]) -> None:
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCS.write_text(f"{before}{BEGIN}\n{table(report)}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="write the table again, from the results")
    chosen = parser.parse_args()
    if not chosen.table:
        set_flags()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(measure(chosen.repeats), indent=1) + "\n", encoding="utf-8")
    write_table(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
