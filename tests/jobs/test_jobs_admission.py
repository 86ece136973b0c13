from __future__ import annotations

import psutil
import pytest
from job_cases import describe, estimate, run, run_spec, train

from moonviz.errors import InvalidSpec
from moonviz.jobs import Limits, LocalEngine
from moonviz.jobs.admission import checks, planned_flops


def test_defaults_are_half_of_free_memory_and_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits.from_environment({})
    assert limits.max_seconds == 600
    free = psutil.virtual_memory()._replace(available=1_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert limits.bytes_now() == 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1000", 1000), ("4GiB", 4 * 2**30), ("1.5 MiB", 3 * 2**19), ("2GB", 2 * 10**9), ("7B", 7), ("1KiB", 1024)],
)
def test_bytes_come_plain_or_with_a_unit(text: str, expected: int) -> None:
    assert Limits.from_environment({"MOONVIZ_MAX_BYTES": text}).bytes_now() == expected


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        *(("MOONVIZ_MAX_BYTES", text) for text in ("much", "-5", "0", "4 GiBs", "GiB", "nan", "3iB")),
        *(("MOONVIZ_MAX_SECONDS", text) for text in ("soon", "-1", "0", "inf", "nan")),
        ("MOONVIZ_DEMO", "yes"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, text: str) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(InvalidSpec, match=f"`{variable}` is '{text}'"):
        LocalEngine()


def test_a_demo_is_small_and_can_be_overruled() -> None:
    demo = Limits.from_environment({"MOONVIZ_DEMO": "1"})
    assert (demo.bytes_now(), demo.max_seconds) == (512 * 2**20, 60)
    more = Limits.from_environment({"MOONVIZ_DEMO": "1", "MOONVIZ_MAX_BYTES": "1GiB", "MOONVIZ_MAX_SECONDS": "90"})
    assert (more.bytes_now(), more.max_seconds, more.max_depth) == (2**30, 90, demo.max_depth)
    assert Limits.from_environment({"MOONVIZ_DEMO": "0"}) == Limits.from_environment({})


def test_a_demo_limits_runs_and_only_runs() -> None:
    demo = Limits.from_environment({"MOONVIZ_DEMO": "1"})
    assert demo.refuse_shape(run()) is None
    refusal = demo.refuse_shape(run(repeats=99))
    assert refusal.reason == "too_large"
    assert refusal.error.message == "`repeats` is 99; this demo runs at most 11."
    deep = run_spec().network.with_depth(300)
    assert "`depth` is 300" in demo.refuse_shape(run(network=deep)).error.message
    wide = run_spec().network.changed(batch=1_000)
    assert "`batch` is 1,000" in demo.refuse_shape(run(network=wide)).error.message
    assert demo.refuse_shape(estimate(network=deep)) is None
    assert demo.refuse_shape(describe()) is None
    assert Limits().refuse_shape(run(network=deep)) is None


def test_planned_flops_count_every_pass_and_the_truth() -> None:
    report = {"results": [{"flops": 100}, {"flops": 150}, {"flops": None}]}
    assert planned_flops(run_spec(repeats=3), report) == 250 * (3 + 2) + 100
    assert planned_flops(run_spec(), {"results": [{"flops": None}]}) == 0


def test_time_is_refused_only_beyond_the_limit_and_with_a_known_rate() -> None:
    limits = Limits(max_seconds=10)
    assert limits.refuse_time(10 * 10**9, 1e9, run()) is None
    refusal = limits.refuse_time(11 * 10**9, 1e9, run())
    assert "at least 11 s (predicted: 11 GFLOP at 1 GFLOP/s); 10 s are allowed" in refusal.error.message
    assert limits.refuse_time(10**18, None, run()) is None
    assert "Fewer `repeats`" in refusal.error.remedy
    assert "Fewer `steps`" in limits.refuse_time(11 * 10**9, 1e9, train()).error.remedy
    assert "Fewer `steps`" in limits.overtime(train()).error.remedy


def test_a_training_waits_for_the_dry_run_of_its_two_methods() -> None:
    job = train(network=run_spec().network.changed(batch=32))
    assert checks(job).methods == job.spec.methods
    assert checks(job).network == job.spec.network
    assert checks(estimate()) is None


def test_planned_flops_of_a_training_count_its_steps_and_its_looks() -> None:
    spec = train(network=run_spec().network.changed(batch=60), steps=25, test_every=10).spec
    report = {"results": [{"flops": 100}, {"flops": 150}]}
    looks = 2 * (1 + 2)  # both networks, at steps 0, 10 and 20
    assert planned_flops(spec, report) == 250 * (25 + 1) + looks * (100 * 360 // (3 * 60))


def test_a_demo_limits_the_size_of_a_training() -> None:
    demo = Limits.from_environment({"MOONVIZ_DEMO": "1"})
    assert demo.refuse_shape(train(steps=2_000)) is None
    assert "`batch` is 1,000" in demo.refuse_shape(train(network=run_spec().network.changed(batch=1_000))).error.message
