"""How long a race will take, told before it is run. Every number here is predicted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from math import floor, log10

UNITS = ((86_400.0, "day", "days"), (3_600.0, "h", "h"), (60.0, "min", "min"), (1.0, "s", "s"), (1e-3, "ms", "ms"))
TOO_SLOW = " (too slow: estimate only)"
ABOUT = (
    "Predicted, not measured: each method’s operations divided by the rate that this machine reaches with one product "
    "of matrices, and what torch takes for each step through a layer. A real step may well take twice as long."
)


def about(seconds: float) -> str:
    """A predicted duration with one digit, as 3 min; ten to nineteen keep two."""
    size, one, many = next((unit for unit in UNITS if seconds >= 0.95 * unit[0]), UNITS[-1])
    count = max(1.0, seconds / size)
    step = 10.0 ** floor(log10(count * 1.0001)) if count >= 19.5 else 1.0
    rounded = round(count / step) * step
    return f"{rounded:,.0f} {one if rounded == 1 else many}"


def forecast(seconds: Mapping[str, float], left_out: Collection[str], steps: int, most: float) -> str:
    """What a race will take, as HTML; empty where nothing can be told.

    Args:
        seconds: Predicted time of one training step, by label.
        left_out: Labels that are too slow to be run: they are only estimated.
        steps: How many training steps each of the others takes: warm-up, trace, and those that are timed.
        most: After how many seconds a race is stopped.
    """
    if not seconds:
        return ""
    each = ", ".join(
        f"<span>{escape(label)}</span>&nbsp;<b>{about(one)}</b>{TOO_SLOW if label in left_out else ''}"
        for label, one in seconds.items()
    )
    whole = steps * sum(one for label, one in seconds.items() if label not in left_out)
    race = f" The race takes {steps} of each, about <b>{about(whole)}</b>." if whole else ""
    stopped = f" It would be stopped after {about(most)}." if whole > most else ""
    return f'<p class="mv-cost" title="{ABOUT}">Predicted for one step: {each}.{race}{stopped}</p>'
