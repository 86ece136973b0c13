from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# Test networks are tiny: more threads would only wait for each other, most of all on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")


CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    """One browser for every test that needs one: Playwright can be started once in a process."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs a Chromium: no `chromium` or `google-chrome` is on the PATH")
    from playwright.sync_api import sync_playwright  # only now: most tests need no browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What moonviz keeps about a machine goes to a folder of the tests' own, of processes that tests start too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("MOONVIZ_STATE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def seeds() -> int:
    """Every test starts from the same random state; torch's too, where it is loaded."""
    seed = 0
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return seed


DRIVES = {"browser", "player", "walking"}
"""Folders of tests that drive the browser."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what has no device here; where several processes share the tests, begin with the browser's."""
    _skip_without_cuda([item for item in items if item.get_closest_marker("cuda")])
    if hasattr(config, "workerinput"):  # one of several processes of pytest-xdist
        items.sort(key=lambda item: item.path.parent.name not in DRIVES)


def _skip_without_cuda(items: list[pytest.Item]) -> None:
    if not items:
        return
    import torch  # only now: it costs two seconds

    if not torch.cuda.is_available():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device, and torch finds none here"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one process drive the browser, from the start, while the others share the rest file by file.

    Two browsers at once would starve each other on the two cores that a small machine has, and the browser's tests
    are the longest of all, so they come first.
    """
    from xdist.scheduler import LoadScopeScheduling  # only where it is installed and asked for

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::", 1)[0]
            return "browser" if DRIVES & set(path.split("/")) else path

    config.option.loadscopereorder = False
    return ByFile(config, log)
