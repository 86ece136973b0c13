"""The same coupling blocks under moonviz's methods and under the libraries that people use, side by side.

    pip install --no-deps memcnn==1.5.2 revtorch==0.2.4
    python benchmarks/peers.py [--depth 128] [--repeats 5]

All take one step on `photo-revnet` with the same weights and batch, in turns, in one process. Bytes are the ledger's,
time is against lean backprop in the same turn, the error is against float32 backprop over the couplings' weights.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from moonviz.events import LayerEvent
from moonviz.networks import Network, build
from moonviz.networks.losses import cross_entropy
from moonviz.runs import gradients
from moonviz.runs.environment import environment, set_flags
from moonviz.runs.ledger import Ledger
from moonviz.specs import preset

RESULTS = Path(__file__).parent / "results"
OURS = {
    "moonviz backprop (lean)": ("backprop", {}),
    "moonviz checkpointing": ("checkpointing", {}),
    "moonviz revbackprop": ("revbackprop", {}),
    "moonviz moonwalk-mixed": ("moonwalk-mixed", {}),
    "moonviz moonwalk-mixed, inverse": ("moonwalk-mixed", {"phase_one": "inverse"}),
}
Step = Callable[[], list[Tensor]]


def inside(net: Network, number: int) -> nn.Sequential:
    """A coupling's function as ordinary modules that share its weights."""
    own, spec = net.layer(number).inside, net.layer(number).inside.spec
    first = nn.Conv2d(*own.weight_in.shape[1::-1], spec.kernel, padding=spec.kernel // 2)
    last = nn.Conv2d(*own.weight_out.shape[1::-1], spec.kernel, padding=spec.kernel // 2)
    first.weight, first.bias, last.weight, last.bias = own.weight_in, own.bias_in, own.weight_out, own.bias_out
    return nn.Sequential(first, nn.LeakyReLU(spec.slope, inplace=True), last)


def body_step(net: Network, body: Callable[[Tensor], Tensor], x: Tensor, target: Tensor) -> Step:
    """Stem, a peer's body on whole tensors, head, and autograd through all of it."""
    stem, head, weights = net.stem_layers[0], net.head_layers[1:], coupling_weights(net)

    def step() -> list[Tensor]:
        state = body(stem(x))
        for layer in head:
            state = layer(state)
        cross_entropy(state, target).backward()
        found = [weight.grad for weight in weights]
        for weight in net.parameters():
            weight.grad = None
        return found

    return step


def coupling_weights(net: Network) -> list[Tensor]:
    return [weight for number in range(1, net.length + 1) for weight in net.weights(number).values()]


def peers(net: Network) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    """Each library's own way through the same couplings, two of ours to one of theirs."""
    pairs = [(inside(net, number), inside(net, number + 1)) for number in range(1, net.length, 2)]

    def concatenating(x: Tensor, f: nn.Module, g: nn.Module) -> Tensor:
        x1, x2 = x.chunk(2, 1)
        y1 = x1 + f(x2)
        return torch.cat([y1, x2 + g(y1)], 1)

    def plain(x: Tensor) -> Tensor:
        for f, g in pairs:
            x = concatenating(x, f, g)
        return x

    def checkpointed(x: Tensor) -> Tensor:
        for f, g in pairs:
            x = checkpoint(concatenating, x, f, g, use_reentrant=False)
        return x

    yield "backprop, concatenating couplings", plain
    yield "torch checkpoint, every block", checkpointed
    try:
        import memcnn

        blocks = [memcnn.AdditiveCoupling(f, g) for f, g in pairs]
        wrapped = [memcnn.InvertibleModuleWrapper(block, keep_input=False) for block in blocks]
        yield "memcnn 1.5.2", nn.Sequential(*wrapped)
    except ImportError:
        print("memcnn is not installed: left out")
    try:
        import revtorch

        blocks = nn.ModuleList([revtorch.ReversibleBlock(f, g, split_along_dim=1) for f, g in pairs])
        yield "revtorch 0.2.4", revtorch.ReversibleSequence(blocks)
    except ImportError:
        print("revtorch is not installed: left out")


def peak(net: Network, step: Step, x: Tensor, target: Tensor) -> int:
    ledger = Ledger([*net.parameters(), *net.buffers(), x, target])
    with ledger:
        kept = step()
    ledger.close_step(LayerEvent("reverse", 0))
    del kept
    return ledger.peak_bytes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    set_flags()
    warnings.simplefilter("ignore", FutureWarning)
    net = build(preset("photo-revnet", depth=chosen.depth))
    x, target = net.batch()
    names = [name for number in range(1, net.length + 1) for name in net.weights(number)]
    steps: dict[str, Step] = {}
    for label, (method, options) in OURS.items():

        def ours(method: str = method, options: dict[str, str] = options) -> list[Tensor]:
            found = gradients(net, x, target, method=method, **options)
            return [found[name] for name in names]

        steps[label] = ours
    steps |= {label: body_step(net, body, x, target) for label, body in peers(net)}
    truth = [grad.clone() for grad in steps["moonviz backprop (lean)"]()]
    rows = {label: {"peak_bytes": peak(net, step, x, target), "seconds": []} for label, step in steps.items()}
    for turn in range(-1, chosen.repeats):
        for label, step in steps.items():
            gc.collect()
            begin = time.perf_counter()
            found = step()
            if turn >= 0:
                rows[label]["seconds"].append(time.perf_counter() - begin)
            apart = sum(float((g - t).double().square().sum()) for g, t in zip(found, truth, strict=True))
            rows[label]["error"] = (apart / sum(float(t.double().square().sum()) for t in truth)) ** 0.5
    lean = rows["moonviz backprop (lean)"]["seconds"]
    for label, row in rows.items():
        row["ratio"] = median(mine / its for mine, its in zip(row["seconds"], lean, strict=True))
        print(f"{label:36} {row['peak_bytes'] / 2**20:8.1f} MiB {row['ratio']:6.2f} × {row['error']:8.0e}")
    RESULTS.mkdir(exist_ok=True)
    report = {"environment": environment("cpu").model_dump(), "depth": chosen.depth, "rows": rows}
    target_file = RESULTS / f"peers-cpu-{platform.machine()}.json"
    target_file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
