"""The ledger: hand-counted cases, laws of every record, memory laws of the methods, dry runs equal to real ones."""

from __future__ import annotations

import pytest
import torch

import moonviz
from moonviz.events import Held, LayerEvent
from moonviz.networks import build
from moonviz.results import Result
from moonviz.runs.ledger import Ledger
from moonviz.runs.trace import Trace, dry_run, finish, fragment_numbers, trace
from moonviz.specs import MethodOptions, NetworkSpec, method_options, preset
from tests.cases import NETWORKS, SLOW, VARIANTS

BOTH = pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
EVERY = pytest.mark.parametrize("variant", [*VARIANTS, "projforward"])
PROJFORWARD = {"projforward": ("projforward", {"directions": 5})}


def traced(name: str, method: str, **settings: object) -> Trace:
    net = build(preset(name, **settings))
    return finish(trace(net, method_options(method), *net.batch()))


def key(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def test_a_hand_counted_step() -> None:
    weight = torch.zeros(25)
    ledger = Ledger([weight])
    with ledger:
        a = torch.zeros(100)  # 400 bytes
        b = a * weight[:1]  # 400 more; the view of an outside storage counts nothing
        view = b.view(10, 10)
        del a  # peak was 800
        c = torch.zeros(50)  # 600
    record = ledger.close_step(LayerEvent("forward", 3, added=(Held("activation", 3, (key(b),)),)))
    assert (record.live_bytes, record.peak_bytes) == (600, 800)
    assert record.by_category == {"activation": 400, "temporary": 200}
    assert [(held.kind, held.layer, held.bytes) for held in record.held_added] == [("activation", 3, 400)]
    with ledger:
        del c
        d = torch.zeros(25)
    record = ledger.close_step(LayerEvent("reverse", 3, added=(Held("gradient", 3, (key(d),)),)))
    assert (record.live_bytes, record.peak_bytes) == (500, 600)
    assert ledger.gradient_bytes == 100
    assert ledger.activation_peak_bytes == 800
    del b, view
    with ledger:
        pass
    record = ledger.close_step(LayerEvent("reverse", 2))
    assert record.by_category == {"gradient": 100}
    assert [(held.kind, held.layer, held.bytes) for held in record.held_removed] == [("activation", 3, 400)]
    assert ledger.peak_bytes == 800


def test_what_autograd_saves_is_an_activation_of_its_layer() -> None:
    weight = torch.zeros(25, requires_grad=True)
    ledger = Ledger([weight])
    with ledger:
        saved = torch.ones(25)
        out = (saved * weight).sum()
        del saved
    record = ledger.close_step(LayerEvent("forward", 5))
    assert record.by_category == {"activation": 100, "temporary": 4}
    out.backward()


def test_gradients_do_not_count_as_activations_even_inside_their_step() -> None:
    ledger = Ledger([])
    with ledger:
        a = torch.zeros(10)
        gradient = torch.zeros(1000)
    ledger.close_step(LayerEvent("reverse", 1, added=(Held("gradient", 1, (key(gradient),)),)))
    assert (ledger.peak_bytes, ledger.activation_peak_bytes) == (4040, 40)
    del a


@EVERY
@pytest.mark.parametrize("name", NETWORKS)
def test_every_record_adds_up_and_equals_the_dry_runs(name: str, variant: str) -> None:
    method, options = {**VARIANTS, **PROJFORWARD}[variant]
    if NETWORKS[name].refuses(method, options):
        return
    check_records(NETWORKS[name].spec(batch=2), method_options(method, options))


@pytest.mark.parametrize("variant", SLOW)
@pytest.mark.parametrize("name", ["digits-revnet, tiny", "digits-dense, tiny"])
def test_records_of_slow_methods_add_up(name: str, variant: str) -> None:
    method, options = SLOW[variant]
    check_records(NETWORKS[name].spec(), method_options(method, options))


def check_records(spec: NetworkSpec, options: MethodOptions) -> None:
    net = build(spec)
    whole = finish(trace(net, options, *net.batch()))
    numbers = fragment_numbers(whole.records, net.dtype)
    dry = dry_run(spec, options, numbers)
    for mine, its in zip(dry.records, whole.records, strict=True):
        assert mine == its, "a dry run is the run, to the byte"
    assert (dry.peak_bytes, dry.activation_peak_bytes, dry.flops) == (
        whole.peak_bytes,
        whole.activation_peak_bytes,
        whole.flops,
    )
    held: dict[tuple[str, int], int] = {}
    for record in whole.records:
        assert sum(record.by_category.values()) == record.live_bytes <= record.peak_bytes
        assert "temporary" not in record.by_category, "everything alive at a step's end is declared"
        for change, sign in ((record.held_added, 1), (record.held_removed, -1)):
            for item in change:
                at = (item.kind, item.layer)
                held[at] = held.get(at, 0) + sign * item.bytes
                assert held[at] >= 0
        rebuilt = {kind: sum(size for (k, _), size in held.items() if k == kind) for kind in record.by_category}
        assert rebuilt == record.by_category, "added and removed rebuild what is held"
    # of a loop only three passes are kept, and a peak may be in another
    assert whole.peak_bytes >= max(record.peak_bytes for record in whole.records)
    want = sum(weight.numel() * weight.element_size() for weight in net.parameters())
    assert whole.gradient_bytes == whole.records[-1].by_category["gradient"] == want
    assert whole.gradient_bytes <= whole.peak_bytes
    assert whole.activation_peak_bytes <= whole.peak_bytes


@BOTH
@pytest.mark.parametrize("name", ["digits-revnet", "photo-revnet", "digits-dense"])
@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 1, "batch": 1},
        {"depth": 3, "batch": 5},
        {"depth": 7, "batch": 2, "dtype": "float64"},
        {"depth": 2, "batch": 8, "dtype": "bfloat16"},
        {"depth": 20, "batch": 3},
    ],
    ids=str,
)
def test_a_dry_run_equals_the_run_to_the_byte(name: str, method: str, settings: dict[str, object]) -> None:
    real = traced(name, method, **settings)
    dry = dry_run(preset(name, **settings), method_options(method))
    assert dry.records == real.records
    for number in ("peak_bytes", "activation_peak_bytes", "gradient_bytes", "flops"):
        assert getattr(dry, number) == getattr(real, number), number


@BOTH
@pytest.mark.parametrize("name", ["digits-revnet", "photo-revnet", "digits-dense"])
def test_the_public_estimate_equals_the_public_run(name: str, method: str) -> None:
    spec = preset(name, depth=3, batch=4)
    estimated, ran = moonviz.estimate(spec, method=method), moonviz.run(spec, method=method, repeats=1)
    assert estimated.predicted
    assert not ran.predicted
    for number in ("peak_bytes", "activation_peak_bytes", "gradient_bytes", "parameter_bytes", "input_bytes", "flops"):
        assert getattr(estimated, number) == getattr(ran, number), number
    assert (estimated.seconds, estimated.gradient, estimated.loss) == (None, None, None)


@pytest.mark.parametrize("name", NETWORKS)
def test_backprop_is_no_straw_man(name: str) -> None:
    spec = NETWORKS[name].spec()
    net = build(spec)
    x, target = net.batch()
    ledger = Ledger([*net.parameters(), *net.buffers(), x, target])
    with ledger:
        loss = net.loss(x, target)
        loss.backward()
    ledger.close_step(LayerEvent("reverse", 0))
    assert dry_run(spec, method_options("backprop")).peak_bytes <= 1.01 * ledger.peak_bytes


def activations(depth: int, method: str) -> int:
    return moonviz.estimate(preset("photo-revnet", depth=depth), method=method).activation_peak_bytes


def test_moonwalk_grows_with_depth_by_the_packed_bits_alone() -> None:
    # 8 examples, 32 hidden channels of 32×32 units, a bit each
    bits = 8 * 32 * 32 * 32 // 8
    sizes = {depth: activations(depth, "moonwalk-mixed") for depth in (64, 256, 512)}
    # the peak of sweep 3 does not depend on depth; once the bits outweigh it, each block adds its own
    assert sizes[64] <= sizes[256] <= sizes[64] + 192 * bits
    assert sizes[512] - sizes[256] == 256 * bits


def test_backprop_grows_with_depth() -> None:
    ratio = activations(256, "backprop") / activations(64, "backprop")
    assert 3.8 <= ratio <= 4.1


def test_moonwalk_keeps_a_twelfth_of_backprop_on_the_long_preset() -> None:
    backprop, moonwalk = (moonviz.estimate(preset("photo-revnet"), method=m) for m in ("backprop", "moonwalk-mixed"))
    assert moonwalk.peak_bytes <= backprop.peak_bytes / 12
    assert moonwalk.peak_bytes <= 22 * 2**20
    assert backprop.peak_bytes <= 265 * 2**20


def test_moonwalk_holds_no_state_or_cotangent_twice() -> None:
    # in sweep 3: x's two halves, h's two halves, and inside F the hidden units, its output, and two products; halves of
    # a mebibyte each, beside the gradients and 4 bytes of loss
    spec = preset("photo-revnet", depth=24)
    assert moonviz.estimate(spec, method="moonwalk-mixed").activation_peak_bytes <= 9.1 * 2**20
    inverse = moonviz.estimate(spec, method="moonwalk-mixed", phase_one="inverse")
    assert inverse.activation_peak_bytes <= 9.1 * 2**20


def test_counted_work_is_three_and_five_units() -> None:
    spec = preset("photo-revnet", depth=64)
    unit = 2 * 2 * 8 * 32 * 32 * 32 * 32 * 9 * 64  # two convolutions a block
    for method, units in (("backprop", 3), ("moonwalk-mixed", 5)):
        result: Result = moonviz.estimate(spec, method=method)
        assert result.flops == pytest.approx(units * unit, rel=0.05)


def test_solves_are_counted() -> None:
    wide = {
        m: moonviz.estimate(preset("digits-dense", batch=1, width=512, depth=1), method=m).flops
        for m in ("backprop", "moonwalk-mixed")
    }
    # one LU factorisation of 512² and two triangular solves of one row, besides 5 products against 3
    assert wide["moonwalk-mixed"] - wide["backprop"] >= round(2 * 512**3 / 3)
