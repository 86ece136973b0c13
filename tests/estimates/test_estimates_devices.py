"""Devices, and what a step needs of one: every part labelled, with its source."""

from __future__ import annotations

import psutil
import pytest

from moonviz.estimates.catalogue import DEVICES, find_device
from moonviz.estimates.devices import MIB, OPTIMIZERS, custom, needs, this_machine
from moonviz.estimates.points import PeakPoint

POINT = PeakPoint(
    label="m", method="m", depth=2, batch=3, peak_bytes=1_000, by_category={"activation": 700, "gradient": 300},
    gradient_bytes=300, parameter_bytes=310, input_bytes=64, rounding_bytes=24, parameter_rounding_bytes=202,
    input_rounding_bytes=448,
)  # fmt: skip


def test_every_device_has_its_memory_and_a_source() -> None:
    assert len({device.name for device in DEVICES}) == len(DEVICES) >= 12
    for device in DEVICES:
        assert 4 * 2**30 < device.memory_bytes <= 200 * 2**30
        assert device.source.startswith("https://") or device.kind == "laptop"
        assert device.read
    assert {device.kind for device in DEVICES} == {"gpu", "laptop"}


@pytest.mark.parametrize(
    ("name", "memory"),
    [
        ("RTX 4090", 24 * 2**30),
        ("geforce rtx 4090", 24 * 2**30),
        ("T4", 15_360 * MIB),
        ("H100", 81_559 * MIB),
        ("Laptop, 16 GB", 16 * 2**30),
        ("MacBook Air M3, 16 GB", 12 * 2**30),
    ],
)
def test_a_cards_gigabytes_are_binary(name: str, memory: int) -> None:
    assert find_device(name).memory_bytes == memory


@pytest.mark.parametrize("name", ["A100", "RTX", "", "nothing", "nvidia"])
def test_a_name_that_is_not_clear_names_nothing(name: str) -> None:
    assert find_device(name) is None


def test_this_machine_is_asked() -> None:
    assert this_machine().memory_bytes == psutil.virtual_memory().total


@pytest.mark.parametrize(("optimizer", "copies"), [*zip(OPTIMIZERS, (0, 1, 2), strict=True)])
def test_on_a_processor_tensors_are_all_there_is(optimizer: str, copies: int) -> None:
    need = needs(POINT, custom(1), optimizer)
    assert need.total_bytes == need.tensor_bytes == 1_000 + 310 + 64 + copies * 300
    assert {term.how for term in need.terms} == {"exact"}
    assert [term.bytes for term in need.terms if term.key == "optimizer"] == [copies * 300]


def test_on_cuda_the_rest_is_labelled_and_what_is_not_measured_is_assumed() -> None:
    need = needs(POINT, find_device("RTX 4090"), "adam")
    terms = {term.key: term for term in need.terms}
    assert need.tensor_bytes == 1_000 + 310 + 64 + 600
    assert terms["rounding"].bytes == 24 + 448 + 3 * 202
    assert terms["workspace"].bytes == 32 * MIB
    assert [key for key, term in terms.items() if term.how == "assumed"] == ["workspace", "context"]
    assert all("https://" in term.source for term in terms.values() if term.key in {"rounding", "workspace", "context"})
    assert need.total_bytes == sum(term.bytes for term in need.terms)


def test_what_was_not_dry_run_is_called_extrapolated() -> None:
    need = needs(POINT.model_copy(update={"exact": False}), find_device("T4"))
    assert {term.how for term in need.terms} == {"extrapolated", "assumed"}
