"""What a user gives: modules that run in order, and a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from moonviz.errors import InvalidSpec

Modules = nn.Sequential | nn.ModuleList | Iterable[nn.Module]


def in_order(module: Modules, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """(path, module) in the order they run, nested sequences opened.

    Raises:
        InvalidSpec: If the order is not known, or something in it is no module.
    """
    if isinstance(module, nn.Module):
        if not isinstance(module, nn.ModuleList) and not _is_sequence(module):
            raise InvalidSpec(
                f"`{type(module).__name__}` does not tell in which order its layers run. Give them in order, as in "
                "`estimate_module([model.first, *model.blocks, model.last], batch)`."
            )
        module = module._modules.items()
    elif isinstance(module, Iterable) and not isinstance(module, str | bytes | dict):
        module = ((str(at), one) for at, one in enumerate(module))
    else:
        raise InvalidSpec(
            f"an `nn.Sequential`, `nn.ModuleList` or list of modules is needed, not {type(module).__name__}"
        )
    for name, one in module:
        here = f"{path}{name}"
        if not isinstance(one, nn.Module):
            raise InvalidSpec(f"layer {here} is a {type(one).__name__}, no `nn.Module`. Wrap it in one.")
        if _is_sequence(one):
            yield from in_order(one, f"{here}.")
        else:
            yield here, one


def _is_sequence(module: nn.Module) -> bool:
    """Whether it runs its modules one after the other; a subclass may do anything."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def input_of(batch: Tensor | Sequence[int], weights: list[Tensor]) -> Tensor:
    """The input on the meta device, of a batch given as an example or as its shape.

    Raises:
        InvalidSpec: If it is neither, or holds no example.
    """
    if isinstance(batch, Tensor):
        x = torch.empty(batch.shape, dtype=batch.dtype, device="meta")
    else:
        try:
            shape = tuple(int(size) for size in batch)
        except (TypeError, ValueError):
            raise InvalidSpec("`batch` is an example input, or its shape, such as `(32, 784)`") from None
        dtype = next((weight.dtype for weight in weights if weight.is_floating_point()), torch.float32)
        x = torch.empty(shape, dtype=dtype, device="meta") if min(shape, default=0) > 0 else torch.empty(0)
    if x.dim() < 2 or not x.numel():
        raise InvalidSpec(f"`batch` has the shape {list(x.shape)}; it takes at least one example, `[N, …]`")
    return x
