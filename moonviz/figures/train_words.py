"""A training in words: the sentence on top, what its numbers mean, and where they come from."""

from __future__ import annotations

from html import escape

from moonviz.figures.headline import Headline
from moonviz.figures.style import bytes_text, error_text
from moonviz.figures.words import one_line, prose, short
from moonviz.specs import METHODS
from moonviz.training import Trained, TrainReport

UNSEEN = "images never trained on"


def accuracy_text(share: float) -> str:
    """A share of images as a percentage."""
    return f"{100 * share:.1f} %"


def difference_text(largest: float) -> str:
    """How far the weights of two networks are apart."""
    if largest == 0:
        return "their weights are <b>equal bit for bit</b>"
    return f"their weights differ by at most <b>{error_text(largest)}</b>"


def train_headline(report: TrainReport) -> Headline:
    """What both reached, how far their weights are apart, and what each held in memory."""
    steps = report.points[-1].step
    fallen = [one for one in report.runs if one.error]
    if fallen:
        return Headline(f"{_ends(report, fallen)}; {_memory(report)}.", _under(report))
    first, second = report.runs
    after = f"After {steps:,} step{'s' * (steps != 1)}"
    if first.accuracy == second.accuracy:
        reached = f"{after} both reach <b>{_share(first)}</b> on {UNSEEN}"
    else:
        reached = f"{after} {_name(first)} reaches <b>{_share(first)}</b> and {_name(second)} <b>{_share(second)}</b>"
        reached += f" on {UNSEEN}"
    largest = report.points[-1].max_abs_difference
    apart = "" if largest is None else f"; {difference_text(largest)}"
    return Headline(f"{reached}{apart}; {_memory(report)}.", _under(report))


def _ends(report: TrainReport, fallen: list[Trained]) -> str:
    """Who had to stop, and what the other reached."""
    said = [f"{_capital(_name(one))} <b>stopped at step {one.stopped_at:,}</b>" for one in fallen]
    said += [f"{_name(one)} reaches <b>{_share(one)}</b> on {UNSEEN}" for one in report.runs if not one.error]
    return "; ".join(said)


def _memory(report: TrainReport) -> str:
    first, second = report.runs
    most = max(first.activation_peak_bytes, second.activation_peak_bytes)
    held = [bytes_text(one.activation_peak_bytes, most) for one in report.runs]
    return f"{_name(first)} held <b>{held[0]}</b> besides weights and gradients, {_name(second)} <b>{held[1]}</b>"


def _under(report: TrainReport) -> str:
    """Why the two are not the same to the last bit, what went wrong, and what was trained."""
    network = report.spec["network"]
    noisy = [one for one in report.runs if one.method in METHODS and not METHODS[one.method].exact]
    said = [f"{one.label}: {one.error.message} {one.error.remedy or ''}" for one in report.runs if one.error]
    if noisy:
        names = " and ".join(short(one.label) for one in noisy)
        said.append(f"{names} only guesses the gradient, from a new random direction at every step.")
    elif report.points[-1].max_abs_difference:
        said.append(
            f"Both gradients are exact on paper. In {network['dtype']} each method rounds in its own way, and every "
            "step builds on the one before, so small differences grow."
        )
        if network["dtype"] != "float64":
            said.append("Choose float64 to see how much of this is rounding.")
    rule = f"plain gradient descent, learning rate {report.spec['learning_rate']:g}"
    rule += f", momentum {report.spec['momentum']:g}" if report.spec["momentum"] else ""
    return prose(" ".join([*said, f"{one_line(network)}; {rule}."]))


def train_provenance(report: TrainReport) -> str:
    """Which machine and data stand behind the numbers."""
    here = report.environment
    return (
        f"Measured here: {here.machine}, torch {here.torch}, device {here.device}. "
        f"{report.training_examples:,} images are trained on, {report.test_examples:,} others are only ever looked at. "
        "Both networks start from the same weights and see the same batches. Memory is tensor bytes of one step apart, "
        "weight gradients left out."
    )


def _share(one: Trained) -> str:
    return "nothing" if one.accuracy is None else accuracy_text(one.accuracy)


def _name(one: Trained) -> str:
    name = short(one.label)
    name = name if one.method.startswith("moonwalk") else name[:1].lower() + name[1:]
    return f'<span class="mv-name mv-of-{escape(one.method)}">{escape(name)}</span>'


def _capital(name: str) -> str:
    """A marked name at a sentence's beginning."""
    before, end, rest = name.partition(">")
    return f"{before}{end}{rest[:1].upper()}{rest[1:]}"
