"""A worker process seen from the client. No torch here."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

import moonviz
from moonviz.jobs.wire import ANSWERED, Do, Hello, Said, Stop

log = logging.getLogger(__name__)
_ROOT = Path(moonviz.__file__).parents[1]
_DRAIN_SECONDS = 1.0


class WorkerProcess:
    """A worker and the three threads that talk to it, so that nobody else ever waits for it.

    `subprocess` and not `multiprocessing`, whose spawn executes the main script again: under Streamlit that is the app.

    Args:
        lane: ``estimate``, ``probe``, or ``measure/`` and a device.
        heard: Called with each line the worker writes and the line's length.
        ended: Called once with the exit code, after the last line was heard.
        engine: ``module:attribute`` of what the worker computes with, instead of the real mathematics.
        path: More folders to import from.

    Raises:
        OSError: If no process can be started.
    """

    def __init__(
        self,
        lane: str,
        heard: Callable[[Hello | Said, int], None],
        ended: Callable[[int], None],
        *,
        engine: str | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        self._heard, self._ended = heard, ended
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            _command(lane, engine), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(path)
        )
        self._reader = self._begin(self._read_on)
        self._begin(self._write_on)
        self._begin(self._wait)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, line: Do | Stop) -> None:
        """Send a line; returns at once, even if the worker reads nothing."""
        self._asked.put(line.model_dump_json())

    def kill(self) -> None:
        """End the process now; `ended` is called soon after."""
        self._process.kill()

    def _begin(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"worker-{self.pid}{work.__name__}", daemon=True)
        thread.start()
        return thread

    def _write_on(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            with pipe:
                while (line := self._asked.get()) is not None:
                    pipe.write(line.encode() + b"\n")
                    pipe.flush()
        except OSError:
            pass  # it died with the pipe's other end; `ended` tells

    def _read_on(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        with pipe:
            for line in pipe:
                try:
                    said = ANSWERED.validate_json(line)
                except ValidationError as error:
                    log.warning("a worker said what is not a message: %.200r (%s)", line, error)
                    continue
                self._heard(said, len(line))
        self._process.kill()  # a worker that can say no more is of no use

    def _wait(self) -> None:
        code = self._process.wait()
        self._asked.put(None)
        # The pipe ends with the process, unless a child of its keeps it open; nobody is to wait for that.
        self._reader.join(_DRAIN_SECONDS)
        self._ended(code)


def _command(lane: str, engine: str | None) -> list[str]:
    kind, _, device = lane.partition("/")
    command = [sys.executable, "-m", "moonviz.jobs.worker", "--lane", kind, "--parent", str(os.getpid())]
    if device:
        command += ["--device", device]
    if engine:
        command += ["--engine", engine]
    return command


def _environment(path: tuple[str, ...]) -> dict[str, str]:
    """This process's environment, in which moonviz can be imported wherever the app was started from."""
    inherited = os.environ.get("PYTHONPATH")
    folders = [str(_ROOT), *path, *([inherited] if inherited else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
