from __future__ import annotations

from collections.abc import Iterator

import pytest
from job_cases import start_fake

from moonviz.jobs import Limits, LocalEngine


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
