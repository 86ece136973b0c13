"""Where moonviz keeps what it learns about a machine. No torch here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

STATE = "MOONVIZ_STATE"
"""The variable that names the folder; without it the user's cache folder holds one."""


def state_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder's absolute path; it need not exist yet.

    `MOONVIZ_STATE` if it is set, else ``moonviz`` in the user's cache folder: ``$XDG_CACHE_HOME`` or ``~/.cache``,
    on macOS ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``.

    Raises:
        OSError: If there is no home folder to look in.
    """
    try:
        if named := environment.get(STATE, "").strip():
            return Path(named).expanduser().absolute()
        return _cache(environment, platform) / "moonviz"
    except RuntimeError as error:  # what `pathlib` says of a user without a home
        raise OSError(f"there is no home folder; set {STATE} to a folder") from error


def _cache(environment: Mapping[str, str], platform: str) -> Path:
    if platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches"
    own = Path(environment.get("XDG_CACHE_HOME", ""))
    return own if own.is_absolute() else Path.home() / ".cache"  # a relative path is to be ignored, says XDG
