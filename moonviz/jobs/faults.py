"""From an exception to words for people. No torch here."""

from __future__ import annotations

from moonviz.errors import InvalidSpec, SingularLayer, TooLarge, UnsupportedPair
from moonviz.jobs.messages import Failed
from moonviz.results import Failure

EXPECTED = (InvalidSpec, UnsupportedPair, TooLarge, SingularLayer)
"""Errors that say all there is to say; others are worth a traceback in the log."""
SMALLER = "Take a smaller depth or batch, or a method that holds less."
_LONGEST = 400


def failed(error: Exception) -> Failed:
    """What a job that ended with `error` says: never a traceback."""
    text = str(error)
    match error:
        case InvalidSpec():
            return Failed(reason="refused", error=Failure(message=text))
        case UnsupportedPair():
            message = text.removesuffix(error.remedy).strip()
            return Failed(reason="refused", error=Failure(message=message, layer=error.layer, remedy=error.remedy))
        case TooLarge():
            return Failed(reason="too_large", error=Failure(message=text))
        case SingularLayer():
            return Failed(reason="failed", error=Failure(message=text, layer=error.layer))
    if _out_of_memory(error):
        return Failed(reason="too_large", error=Failure(message="The memory of this machine ran out.", remedy=SMALLER))
    first = (text.splitlines() or [""])[0][:_LONGEST]
    return Failed(
        reason="failed",
        error=Failure(
            message=f"The run broke off with {type(error).__name__}" + (f": {first}" if first else ""),
            remedy="This is a fault of moonviz, not of the network; its log tells more.",
        ),
    )


def _out_of_memory(error: Exception) -> bool:
    # torch's own type is known by name only, since torch stays out of here; its CPU allocator raises a RuntimeError.
    named = type(error).__name__ == "OutOfMemoryError"
    return named or isinstance(error, MemoryError) or "can't allocate memory" in str(error)
