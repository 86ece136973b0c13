"""The ledger against torch's profiler, which sees the allocator itself: in a fresh process, byte for byte."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CHILD = """
import json, sys
import torch
from torch.profiler import ProfilerActivity, profile
from moonviz.networks import build
from moonviz.runs.trace import finish, pass_through, trace
from moonviz.specs import method_options, preset

torch.set_num_threads(1)

def allocator(work):
    '''(peak, what is left) of the allocator's own events.'''
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        kept = work()
    moves = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(moves, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    del kept
    return peak, live

def scratch(net):
    '''The most that one convolution of this network takes inside its kernel.'''
    inside, (x, _) = net.layer(1).inside, net.batch()
    shape = (len(x), inside.weight_in.shape[1], *net.layer(1).in_shape[1:])
    half = torch.randn(shape, requires_grad=True)
    kernels = [
        lambda: torch.nn.functional.conv2d(half.detach(), inside.weight_in.detach(), padding=1),
        lambda: torch.nn.functional.conv_transpose2d(half.detach(), inside.weight_in.detach(), padding=1),
        lambda: torch.ops.aten.convolution_backward(half.detach(), half.detach(), inside.weight_in.detach(),
            [inside.weight_in.shape[0]], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, True, True]),
    ]
    return max(peak - left for peak, left in map(allocator, kernels))

spec, method = preset(sys.argv[1]), method_options(sys.argv[2])
net = build(spec)
x, target = net.batch()
pass_through(net, method, x, target)
ledger = finish(trace(net, method, x, target)).peak_bytes
peak, _ = allocator(lambda: pass_through(net, method, x, target))
print(json.dumps({"ledger": ledger, "allocator": peak, "scratch": scratch(net) if "revnet" in sys.argv[1] else 0}))
"""


def measure(preset: str, method: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, preset, method], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
def test_dense_layers_agree_to_the_byte(method: str) -> None:
    seen = measure("digits-dense", method)
    # the solves take no scratch of their own, so even Moonwalk is exact
    assert seen["ledger"] == seen["allocator"]


@pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
def test_convolutions_differ_by_the_scratch_of_one_kernel(method: str) -> None:
    seen = measure("digits-revnet", method)
    assert 0 <= seen["allocator"] - seen["ledger"] <= seen["scratch"], seen
