"""The sentence on top of a race, computed from its results: who won, by what factor, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape, unescape
from re import sub

from moonviz.figures.strays import strays
from moonviz.figures.style import bytes_text, error_text, factor_text, seconds_text
from moonviz.figures.words import STATUS_WORDS, agreement_words, one_line, prose, short, truth_words
from moonviz.results import Report, Result
from moonviz.specs import METHODS

NOTICEABLE = 1.05
"""Below this factor two peaks are called the same."""

LEANER = 1.005
"""Below this factor a rival does not need less than backprop itself."""

ALIKE = 3.0
"""Up to this factor, half a digit, two errors against the truth are of one size."""

BUSY = 1.5
"""A median above this many times the fastest run says that something else ran on the machine."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One serif sentence and the line under it, as HTML."""

    html: str
    under: str

    @property
    def text(self) -> str:
        """The sentence without marks."""
        return unescape(sub(r"<[^>]+>", "", self.html))


def headline(report: Report) -> Headline:
    """Tell a race in one sentence. Says so where Moonwalk saves nothing, drifts, is wrong, or did not finish."""
    done = sorted((one for one in report.results if one.status == "ok" and one.peak_bytes), key=_peak)
    walks = [one for one in report.results if one.method.startswith("moonwalk")]
    walk = next((one for one in done if one in walks), None)
    backprop = next((one for one in report.results if one.method == "backprop"), None)
    what = one_line(report)
    if not done:
        return _nobody(report, what)
    if walk and backprop in done and backprop:
        return _duel(walk, backprop, report, what)
    if walk and backprop:
        return _one_fell(backprop, walk, f"{_rivals(walk, None, report)}{what}")
    if walks and not walk:
        return _one_fell(walks[0], done[0], what)
    return _alone(walk or done[0], f"{_rivals(walk, None, report)}{what}" if walk else what)


def _peak(result: Result) -> int:
    return result.peak_bytes or 0


def _duel(walk: Result, backprop: Result, report: Report, what: str) -> Headline:
    dtype = str(report.network.spec.get("dtype", "float32"))
    ours, theirs = _peak(walk), _peak(backprop)
    name = _name(walk)
    verdict, detail = agreement_words(walk, dtype)
    if verdict == "not the gradient":
        peaks = f"{name} peaked at {_bold(ours, theirs)} against backprop’s {bytes_text(theirs, ours)}"
        return Headline(f"{peaks}, but what it found is <b>not the gradient</b>.", _price(walk, backprop, report, what))
    ending = {
        "same": "arrived at <b>the same gradient</b>",
        "drifting": f"its gradient is <b>drifting</b>: {detail}",
        "not checked": _unchecked(walk),
    }[verdict]
    if theirs >= ours * NOTICEABLE:
        joint = ", and " if verdict == "same" else ", but "
        start = f"{name} peaked at {_bold(ours, theirs)}, {factor_text(theirs / ours)} times less than backprop’s "
        return Headline(f"{start}{bytes_text(theirs, ours)}{joint}{ending}.", _price(walk, backprop, report, what))
    more = ours >= theirs * NOTICEABLE
    start = f"{name} saved no memory here: it peaked at {_bold(ours, theirs)}, backprop at {bytes_text(theirs, ours)}"
    if more:
        start = f"{name} needed more memory here: {_bold(ours, theirs)} against backprop’s {bytes_text(theirs, ours)}"
    joint = ". It " if verdict == "same" else ", and "
    return Headline(f"{start}{joint}{ending}.", _price(walk, backprop, report, what))


def _unchecked(walk: Result) -> str:
    alone = truth_words(walk)
    return f"its gradient could not be compared with backprop’s; {alone}" if alone else (
        "its gradient was too large to check"
    )  # fmt: skip


def _price(walk: Result, backprop: Result, report: Report, what: str) -> str:
    """What it cost in time, and how the two compare without the gradients that both must deliver."""
    said = []
    dtype = str(report.network.spec.get("dtype", "float32"))
    if agreement_words(walk, dtype)[0] == "same":
        said += [words for words in (strays(walk, backprop, dtype),) if words]
    if walk.seconds and backprop.seconds and backprop.seconds.median > 0:
        ratio = walk.seconds.median / backprop.seconds.median
        paid = "It paid" if ratio >= NOTICEABLE else "It took" if ratio > 1 / NOTICEABLE else "It was faster, with"
        said.append(f"{paid} {factor_text(ratio)}× the time.")
        said += [_busy(one) for one in (walk, backprop) if one.seconds and one.seconds.median > BUSY * one.seconds.min]
    ours, theirs = walk.activation_peak_bytes, backprop.activation_peak_bytes
    if ours and theirs and theirs >= ours * NOTICEABLE:
        said.append(
            f"Leaving out the weight gradients that both must deliver, each at its own peak: "
            f"{bytes_text(ours, theirs)} against {bytes_text(theirs, ours)}, {factor_text(theirs / ours)} times less."
        )
    return escape(" ".join([*said, f"{_rivals(walk, backprop, report)}{what}."]))


def _rivals(walk: Result, backprop: Result | None, report: Report) -> str:
    """A sentence for each method that Moonwalk does not beat, each with a space behind it."""
    return "".join(
        f"{_rival(one, walk, backprop, report)} "
        for one in report.results
        if _equals(one, walk) and not (backprop and backprop.peak_bytes and _peak(one) * LEANER > _peak(backprop))
    )


def _equals(other: Result, walk: Result) -> bool:
    """Whether an exact method that is not Moonwalk does as well on memory, or undoes layers and is faster."""
    if other.status != "ok" or not other.peak_bytes or not METHODS[other.method].exact:
        return False
    if other.method == "backprop" or other.method.startswith("moonwalk"):
        return False
    lean = _peak(other) <= _peak(walk) * NOTICEABLE
    return lean or (other.method == "revbackprop" and _pace(other, walk) == "faster")


def _pace(other: Result, walk: Result) -> str:
    """How its time stands beside the walk's, in a word; empty where one was not timed."""
    if not (other.seconds and walk.seconds and walk.seconds.median > 0):
        return ""
    ratio = other.seconds.median / walk.seconds.median
    return "slower" if ratio >= NOTICEABLE else "faster" if ratio <= 1 / NOTICEABLE else "as fast"


def _rival(other: Result, walk: Result, backprop: Result | None, report: Report) -> str:
    """What is to be said for a method that Moonwalk does not beat, and against it."""
    ours, theirs = _peak(walk), _peak(other)
    less, more = theirs * NOTICEABLE <= ours, theirs > ours * NOTICEABLE
    need = "as little" if not (less or more) else f"{'less' if less else 'more'}, {bytes_text(theirs, ours)},"
    said, pace = f"{short(other.label)} needs {need}", _pace(other, walk)
    if pace:
        said += f" {'and' if (pace != 'slower') is not more else 'but'} is {pace}"
    if pace and other.seconds and backprop and backprop.seconds and backprop.seconds.median > 0:
        said += f", {factor_text(other.seconds.median / backprop.seconds.median)}× the time"
    dtype = str(report.network.spec.get("dtype", "float32"))
    verdict, detail = agreement_words(other, dtype)
    end = {
        "same": ", with the same gradient",
        "drifting": f", but drifts: {detail}{_beside_truth(other, backprop)}",
        "not the gradient": ", but what it finds is not the gradient",
    }.get(verdict, ", its gradient not checked")
    doubt = strays(other, backprop, dtype) if verdict == "same" else ""
    return f"{said.removesuffix(',')}{end}.{' In its gradient, ' if doubt else ''}{doubt}"


def _beside_truth(other: Result, backprop: Result | None) -> str:
    """How far a drifting gradient is from float64, where backprop itself is about as far."""
    true = other.gradient.relative_error if other.gradient else None
    own = backprop.gradient.relative_error if backprop and backprop.gradient else None
    if not true or not own or true > ALIKE * own:
        return ""
    return f" (against float64 it is off by {error_text(true)}, backprop itself by {error_text(own)})"


def _busy(result: Result) -> str:
    times = result.seconds
    spread = f"{seconds_text(times.min)} to {seconds_text(times.max)}" if times else ""
    return f"The machine was busy: runs of {result.label} took {spread}."


def _alone(only: Result, what: str) -> Headline:
    add = "backprop" if only.method.startswith("moonwalk") else "moonwalk-mixed"
    return Headline(f"{_name(only)} peaked at {_bold(_peak(only))}.", escape(f"Add {add} to compare. {what}."))


def _one_fell(fallen: Result, done: Result, what: str) -> Headline:
    words = STATUS_WORDS[fallen.status]
    start = f"{_name(fallen)} <b>{words}</b>; {_name(done, inside=True)} peaked at {_bold(_peak(done))}"
    return Headline(f"{start}.", f"{_why(fallen)} {escape(what)}.")


def _nobody(report: Report, what: str) -> Headline:
    under = f"{_why(report.results[0])} {escape(what)}."
    if any(one.status != "too_large" or not one.peak_bytes for one in report.results):
        return Headline("No method finished.", under)
    needs = ", ".join(f"{_name(one, inside=True)} {_bold(_peak(one))}" for one in sorted(report.results, key=_peak))
    return Headline(f"Nothing fits here. Predicted peaks: {needs}.", under)


def _why(result: Result) -> str:
    return prose(result.error.message if result.error else "")


def _name(result: Result, inside: bool = False) -> str:
    name = short(result.label)
    name = name[0].lower() + name[1:] if inside and not result.method.startswith("moonwalk") else name
    return f'<span class="mv-name mv-of-{escape(result.method)}">{escape(name)}</span>'


def _bold(count: int, beside: int = 0) -> str:
    return f"<b>{bytes_text(count, beside)}</b>"
