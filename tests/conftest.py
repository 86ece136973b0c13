from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a CUDA device where there is none, and say so."""
    on_cuda = [item for item in items if item.get_closest_marker("cuda")]
    if not on_cuda:
        return
    import torch  # only now: it costs two seconds

    if not torch.cuda.is_available():
        for item in on_cuda:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device, and torch finds none here"))
