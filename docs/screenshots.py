"""Drive the app in headless Chromium and write docs/screenshots/*.png, one picture for each state of the app.

Run `python docs/screenshots.py`, or `python docs/screenshots.py --only race-wide queued` for some of them.
"""

from __future__ import annotations

import argparse
import time

from camera import FOLDER, Scene, Shot, Studio, slim
from scenes import SCENES, Script

SETTLED_MS = 1_200
MOST_BYTES = 5_000_000


def main() -> None:
    """Take the pictures that were asked for.

    Raises:
        SystemExit: If one could not be taken, or the folder is too large.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCENES, metavar="NAME", default=list(SCENES))
    names = parser.parse_args().only
    failed = []
    with Studio() as studio:
        for name in names:
            try:
                shoot(studio, *SCENES[name])
            except Exception as error:  # one picture that fails costs no other
                failed.append(name)
                print(f"{name}: {error}")
    whole = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"all pictures: {whole:,} bytes")
    if failed or whole > MOST_BYTES:
        raise SystemExit(f"not taken: {', '.join(failed) or 'none'}; {whole:,} bytes of at most {MOST_BYTES:,}")


def shoot(studio: Studio, shot: Shot, script: Script) -> None:
    """Play one scene and photograph where it ends."""
    began = time.monotonic()
    scene = Scene(studio, shot)
    try:
        script(scene)
        if shot.name not in PASSING:
            scene.page.wait_for_timeout(SETTLED_MS)
        path = scene.take()
    finally:
        scene.close()
    print(f"{path.name}: {slim(path):,} bytes, {time.monotonic() - began:.1f} s", flush=True)


PASSING = ("starting", "running", "queued")
"""States that do not wait."""


if __name__ == "__main__":
    main()
