"""What a step was at its highest: by kind, with storages rounded up, and where it had the most gradients."""

from __future__ import annotations

import pytest
import torch

from moonviz.events import Held, LayerEvent
from moonviz.networks import build
from moonviz.runs.ledger import Ledger
from moonviz.runs.moments import rounded
from moonviz.runs.trace import finish, trace
from moonviz.specs import METHODS, method_options, preset


def key(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def test_a_hand_counted_step() -> None:
    """1,000 bytes kept from before; 2,000 come and go beside them; then a gradient of 400 once the 1,000 are gone."""
    ledger = Ledger([])
    with ledger:
        kept = torch.zeros(250)
    ledger.close_step(LayerEvent("forward", 1, added=(Held("activation", 1, (key(kept),)),)))
    with ledger:
        passing = torch.zeros(500)
        del passing, kept
        gradient = torch.zeros(100)
    ledger.close_step(LayerEvent("reverse", 1, added=(Held("gradient", 1, (key(gradient),)),)))
    moment = ledger.moment
    assert moment.by_category == ledger.by_category == {"activation": 1_000, "temporary": 2_000}
    assert moment.rounded_peak == ledger.rounded_peak == 1_024 + 2_048
    assert (moment.fullest, moment.rounded_fullest, moment.rounded_live) == ({"gradient": 400}, 512, 512)
    assert (ledger.peak_bytes, ledger.largest_bytes) == (3_000, 2_000)


def test_what_is_named_anew_counts_under_its_new_name_from_the_step_on() -> None:
    ledger = Ledger([])
    with ledger:
        kept = torch.zeros(10)
    ledger.close_step(LayerEvent("reverse", 2, added=(Held("cotangent", 1, (key(kept),)),)))
    with ledger:
        more = torch.zeros(5)
    added = (Held("anchor", 1, (key(kept),)), Held("residual", 1, (key(more),)))
    ledger.close_step(LayerEvent("reverse", 1, added=added))
    assert ledger.moment.by_category == {"anchor": 40, "residual": 20}


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513])
def test_rounding(size: int) -> None:
    assert rounded(size) == {0: 0, 1: 512, 511: 512, 512: 512, 513: 1_024}[size]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "forward"])
def test_moments_sum_to_their_records(method: str) -> None:
    net = build(preset("digits-revnet", channels=4, depth=3, batch=2))
    whole = finish(trace(net, method_options(method), *net.batch()))
    for record, moment in zip(whole.records, whole.moments, strict=True):
        assert sum(moment.by_category.values()) == record.peak_bytes <= moment.rounded_peak
        assert sum(moment.fullest.values()) <= record.peak_bytes
        assert moment.rounded_live >= record.live_bytes
    assert sum(whole.by_category.values()) == whole.peak_bytes
    assert whole.rounded_peak_bytes == max(moment.rounded_peak for moment in whole.moments)
