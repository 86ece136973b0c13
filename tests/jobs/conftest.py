from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from moonviz.jobs import Limits, LocalEngine
from moonviz.jobs.process import WorkerProcess

HERE = str(Path(__file__).parent)
start_fake = partial(WorkerProcess, engine="fake_compute:Compute", path=(HERE,))
"""Starts real processes that compute nothing."""


@pytest.fixture(scope="module")
def shared_engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(Limits(max_seconds=60), start=start_fake)
    engine.warm_up()
    yield engine
    engine.close()


@pytest.fixture
def engine(shared_engine: LocalEngine) -> Iterator[LocalEngine]:
    """Warm processes that compute nothing; each test leaves no job behind."""
    yield shared_engine
    for tab in ("a", "b", "c"):
        shared_engine.close_tab(tab)


@pytest.fixture
def fresh_engine() -> Iterator[LocalEngine]:
    """An engine without any process yet."""
    engine = LocalEngine(Limits(max_seconds=60), start=start_fake)
    yield engine
    engine.close()
