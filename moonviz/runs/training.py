"""A method as a drop-in for autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from moonviz.networks import Network
from moonviz.runs.trace import pass_through
from moonviz.specs.methods import method_options


def gradients(net: Network, x: Tensor, target: Tensor, method: str, **options: Any) -> dict[str, Tensor]:
    """The loss's gradient at every parameter that wants one.

    Args:
        net: From `moonviz.build`.
        x: The batch, `[N, *]`.
        target: Class labels, `[N]`.
        method: One of `moonviz.METHODS`.
        **options: The method's options.

    Returns:
        Parameter name → gradient of the parameter's shape.

    Raises:
        InvalidSpec: If the method or an option is unknown.
        UnsupportedPair: Before any work, if the method cannot train a layer.
        SingularLayer: If a layer's matrix cannot be undone.
    """
    return pass_through(net, method_options(method, options), x, target).by_name


def backward(net: Network, x: Tensor, target: Tensor, method: str, **options: Any) -> Tensor:
    """Drop-in for ``loss = net.loss(x, target); loss.backward()``: adds into each parameter's `.grad`.

    Args:
        net: From `moonviz.build`.
        x: The batch, `[N, *]`.
        target: Class labels, `[N]`.
        method: One of `moonviz.METHODS`.
        **options: The method's options.

    Returns:
        The loss, a scalar without a graph.

    Raises:
        InvalidSpec: If the method or an option is unknown.
        UnsupportedPair: Before any work, if the method cannot train a layer.
        SingularLayer: If a layer's matrix cannot be undone.
    """
    found = pass_through(net, method_options(method, options), x, target)
    weights = dict(net.named_parameters())
    with torch.no_grad():
        for name, grad in found.by_name.items():
            weight = weights[name]
            weight.grad = grad if weight.grad is None else weight.grad.add_(grad)
    return found.loss
