"""What `estimate` can be asked beside the network as it is. Whatever is wrong is found before any work. No torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from moonviz.errors import InvalidSpec
from moonviz.estimates.catalogue import DEVICES, find_device
from moonviz.estimates.devices import OPTIMIZERS, Device, Optimizer, custom
from moonviz.estimates.fit import MOST_BATCH
from moonviz.estimates.varying import depth_of, most_depth
from moonviz.jobs.admission import bytes_of
from moonviz.specs import NetworkSpec

MOST_VALUES = 64
_DOTS = ("…", "...")


@dataclass(frozen=True, slots=True)
class Question:
    """How deep it fits, or what it takes at several depths and batches.

    Attributes:
        device: What it is to fit into; null where that is not asked.
        optimizer: What is kept for each weight there.
        depths: Depths to estimate.
        batches: Batches to estimate.
    """

    device: Device | None = None
    optimizer: Optimizer = "none"
    depths: tuple[int, ...] = ()
    batches: tuple[int, ...] = ()


def read_question(
    network: NetworkSpec,
    fit: str | None,
    device_model: str | None,
    optimizer: str | None,
    depths: str | None,
    batches: str | None,
) -> Question | None:
    """The question that options ask; null where they ask none.

    Raises:
        InvalidSpec: Naming the option that is wrong, and what is allowed.
    """
    device = _device(fit, device_model)
    if device is None and optimizer is not None:
        raise InvalidSpec("`--optimizer` counts in what has to fit: give `--fit` or `--device-model`, too")
    if device is not None and (depths or batches):
        raise InvalidSpec("`--fit` looks for a depth and `--depths` lists them: ask one at a time")
    if optimizer not in (None, *OPTIMIZERS):
        raise InvalidSpec(f"`--optimizer` is `{optimizer}`; it is one of {', '.join(f'`{one}`' for one in OPTIMIZERS)}")
    if depths and depth_of(network) is None:
        raise InvalidSpec(
            f"`--depths` varies the repeats of a network's only repeated block, which `{network.name}` has not: repeat "
            "one block in its JSON, or vary `--batches`"
        )
    asked_depths = _numbers(depths, "--depths", most_depth(network) or 1) if depths else ()
    asked_batches = _numbers(batches, "--batches", MOST_BATCH) if batches else ()
    if device is None and not asked_depths and not asked_batches:
        return None
    return Question(device, optimizer or "none", asked_depths, asked_batches)


def _device(fit: str | None, model: str | None) -> Device | None:
    limit = None if fit is None else bytes_of(fit)
    if fit is not None and limit is None:
        raise InvalidSpec(f"`--fit` is `{fit}`; it takes a number of bytes above 0, such as 24GiB or 500MiB")
    if model is None:
        return None if limit is None else custom(limit)
    device = find_device(model)
    if device is None:
        names = [one.name for one in DEVICES]
        near = [name for name in names if model.lower() in name.lower()] or get_close_matches(model, names, 3, 0.3)
        raise InvalidSpec(f"`--device-model` is `{model}`, which names no one device; take {_choice(near or names)}")
    return device if limit is None else device.model_copy(update={"memory_bytes": limit})


def _choice(names: list[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _numbers(text: str, option: str, most: int) -> tuple[int, ...]:
    """`1,2,4,…,64` as numbers: an ellipsis goes on as the numbers before it began, by steps or by factors."""
    parts = [part.strip() for part in text.split(",")]
    found: list[int] = []
    for at, part in enumerate(parts):
        if part in _DOTS:
            last = parts[at + 1] if at + 1 < len(parts) else ""
            if len(found) < 2 or not last.isdecimal():
                raise InvalidSpec(f"`{option}`: an ellipsis stands between two numbers and the last one: 1,2,4,…,64")
            found += _going_on(found, int(last), option)
        elif not re.fullmatch(r"[0-9]{1,9}", part) or not 1 <= int(part) <= most:
            raise InvalidSpec(f"`{option}` has `{part}`; it takes whole numbers from 1 to {most:,}, such as 1,2,4,…,64")
        else:
            found.append(int(part))
    found = sorted(set(found))
    if len(found) > MOST_VALUES:
        raise InvalidSpec(f"`{option}` has {len(found)} numbers; at most {MOST_VALUES} are estimated at a time")
    return tuple(found)


def _going_on(found: list[int], last: int, option: str) -> list[int]:
    """The numbers between the last found and the one behind the ellipsis."""
    *before, one, two = found
    step, factor = two - one, two / one
    by_factor = bool(before) and one / before[-1] == factor and factor > 1 and step != one - before[-1]
    if step < 1 or (before and not by_factor and one - before[-1] != step):
        raise InvalidSpec(f"`{option}`: the numbers before an ellipsis grow by one step or by one factor: 1,2,4,…,64")
    more, value = [], two
    while len(more) <= MOST_VALUES:
        value = round(value * factor) if by_factor else value + step
        if value >= last:
            break
        more.append(value)
    return more
