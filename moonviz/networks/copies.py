"""Copies of modules that take no memory: nothing of the original is run, moved, changed or told."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from moonviz.errors import InvalidSpec

_HOOKS = ("_hooks", "_hooks_with_kwargs", "_hooks_always_called")


def on_meta(tensor: Tensor) -> Tensor:
    """A tensor of the same shape on the meta device, where operations only know shapes."""
    return tensor.detach().to("meta")


def as_fake(tensor: Tensor) -> Tensor:
    """A tensor of the same shape on the CPU, without memory inside a `FakeTensorMode`.

    There torch picks the kernels that it would pick for a real tensor; on the meta device it may pick others.
    """
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="cpu")


def copies_of(modules: list[nn.Module], names: list[str], empty: Callable[[Tensor], Tensor]) -> list[nn.Module]:
    """The same modules of other tensors, in training mode and without hooks; shared weights stay shared.

    Args:
        modules: The originals.
        names: What each is called in messages.
        empty: Makes what stands for a tensor.

    Raises:
        InvalidSpec: If one has weights without a shape yet, or holds what cannot be copied.
    """
    memo: dict[int, Any] = {}
    kept: list[Any] = []  # what the memo knows by its address must live as long as the memo
    for module, name in zip(modules, names, strict=True):
        for inner in module.modules():
            _note(inner, name, memo, kept, empty)
    copies = [_copy(module, name, memo) for module, name in zip(modules, names, strict=True)]
    for module in copies:
        for inner in module.modules():
            inner.training = True
    return copies


def _note(
    module: nn.Module, name: str, memo: dict[int, Any], kept: list[Any], empty: Callable[[Tensor], Tensor]
) -> None:
    """Say what stands for the module's tensors and hooks in its copy."""
    for key, value in vars(module).items():
        if key.endswith(_HOOKS) and isinstance(value, dict):
            if any(type(hook).__module__.startswith("torch.nn.utils") for hook in value.values()):
                raise InvalidSpec(
                    f"{name} has weights that a hook makes, and hooks are not called here. Use what is in "
                    "`torch.nn.utils.parametrizations` instead, or make the weights permanent."
                )
            memo[id(value)] = OrderedDict()
        elif key != "_modules":
            for leaf in tree_leaves(value):
                if isinstance(leaf, Tensor) and id(leaf) not in memo:
                    memo[id(leaf)] = _stand_in(leaf, name, empty)
                    kept.append(leaf)


def _stand_in(tensor: Tensor, name: str, empty: Callable[[Tensor], Tensor]) -> Tensor:
    if is_lazy(tensor):
        raise InvalidSpec(f"{name} has weights without a shape yet; run one batch through your model first")
    made = empty(tensor)
    return nn.Parameter(made, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else made


def _copy(module: nn.Module, name: str, memo: dict[int, Any]) -> nn.Module:
    try:
        return copy.deepcopy(module, memo)
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError) as error:
        raise InvalidSpec(
            f"{name} cannot be copied, which is how it is looked at without touching it: {_first_line(error)}. Leave "
            "out what it holds besides tensors, numbers and modules."
        ) from None


def try_out(module: nn.Module, x: Tensor, name: str) -> Tensor:
    """What a copy makes of an input without memory.

    Raises:
        InvalidSpec: If it takes no such input, or gives something else than one tensor of as many examples.
    """
    own = next((one.dtype for one in module.parameters(recurse=False)), x.dtype)
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d) and own != x.dtype:
        raise InvalidSpec(f"{name} has {_type(own)} weights, but gets {_words(x)}. Cast one of the two.")
    try:
        with torch.no_grad():
            y = module(x)
    except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError, AssertionError) as error:
        raise InvalidSpec(f"{name} does not take {_words(x)}: {_first_line(error)}{_advice(error)}") from None
    if not isinstance(y, Tensor):
        raise InvalidSpec(
            f"{name} gives a {type(y).__name__}, and layers here pass one tensor on. Wrap it so that it gives one."
        )
    if not y.is_meta:
        raise InvalidSpec(
            f"{name} makes tensors on {y.device} whatever device its input is on; make them on `x.device`"
        )
    if y.dim() < 1 or y.shape[0] != x.shape[0]:
        raise InvalidSpec(f"{name} makes {_words(y)} of {_words(x)}; the first axis is to stay the batch")
    return y


def _words(tensor: Tensor) -> str:
    return f"{list(tensor.shape)} of {_type(tensor.dtype)}"


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _advice(error: BaseException) -> str:
    if "meta" not in str(error):
        return ""
    return ". It gets tensors without numbers: it must not look at values, and make its own tensors on `x.device`."


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
