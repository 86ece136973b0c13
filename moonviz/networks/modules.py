"""From a user's own modules, one after the other, to a network on the meta device that methods can walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers import Foreign, Layer, Placement, capability, make
from moonviz.networks.copies import on_meta, try_out
from moonviz.networks.network import Batched, Network
from moonviz.reading.counterpart import counterpart
from moonviz.reading.folding import parts, runs
from moonviz.reading.printed import leaves
from moonviz.results import LayerCard
from moonviz.specs import layers as specs

_WEIGHTED = (specs.Dense, specs.Conv)
Modules = nn.Sequential | nn.ModuleList | Sequence[nn.Module]


@dataclass(frozen=True, slots=True)
class Own:
    """A network made of modules, its batch, and what became of each module.

    Attributes:
        network: On the meta device.
        batch: Input and target, on the meta device too.
        cards: One for each module that computes anything, in order; `index`: 0 stem, 1…L body, L+1 head.
        parameter_bytes: Of the modules' own weights and buffers.
    """

    network: Network
    batch: tuple[Tensor, Tensor]
    cards: tuple[LayerCard, ...]
    parameter_bytes: int


@dataclass(frozen=True, slots=True)
class _Link:
    """A module that became a layer: its path, class and layer; `key`: equal for equal modules."""

    path: str
    kind: str
    layer: Layer
    key: str
    weighted: bool
    whole_numbers: bool
    """Its input is whole numbers, so no gradient reaches it."""


def own_network(module: Modules, batch: Tensor | Sequence[int]) -> Own:
    """Look at a user's modules, without touching them, as a network with a stem, a body and a head.

    Stem and head are found as when a printed `nn.Sequential` is read. A module that has a counterpart here becomes it,
    with the same weights; any other is run by torch's autograd.

    Args:
        module: An `nn.Sequential` (nested ones are opened), `nn.ModuleList`, or list of modules.
        batch: An example input `[N, *]`, or its shape; then it has the type of the first weights.

    Raises:
        InvalidSpec: If the order of the modules is not known, one does not take what the one before it gives, or there
            is nothing to train.
    """
    named = list(_in_order(module))
    names = [f"layer {path} ({type(one).__name__})" for path, one in named]
    copies = on_meta([one for _, one in named], names)
    weights = [weight for one in copies for weight in one.parameters()]
    if not any(weight.requires_grad for weight in weights):
        raise InvalidSpec("none of the modules has weights that want a gradient, so there is nothing to train")
    x = _input(batch, weights)
    links = list(_links([path for path, _ in named], names, copies, x))
    network = _network(links, x.shape[0])
    tensors = {id(tensor): tensor for _, one in named for tensor in (*one.parameters(), *one.buffers())}
    size = {tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes() for tensor in tensors.values()}
    return Own(network, (x, _target(links[-1], network, x)), tuple(_cards(links, network)), sum(size.values()))


def _in_order(module: Modules, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """(path, module) in the order they run, nested sequences opened."""
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
            yield from _in_order(one, f"{here}.")
        else:
            yield here, one


def _is_sequence(module: nn.Module) -> bool:
    """Whether it runs its modules one after the other; a subclass may do anything."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _input(batch: Tensor | Sequence[int], weights: list[Tensor]) -> Tensor:
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


def _links(paths: list[str], names: list[str], copies: list[nn.Module], x: Tensor) -> Iterator[_Link]:
    made: dict[int, tuple[Layer, torch.Size]] = {}
    for at, (path, name, module) in enumerate(zip(paths, names, copies, strict=True)):
        y = try_out(module, x, name)
        shared = made.get(id(module))
        layer = shared[0] if shared and shared[1] == x.shape else _layer(module, copies[at + 1 : at + 2], x, y)
        if layer is None:
            continue
        made[id(module)] = (layer, x.shape)
        layer.title = name
        kind, foreign = type(module).__name__, isinstance(layer, Foreign)
        heavy = bool(list(module.parameters())) if foreign else kind.startswith(("Linear", "Conv"))
        yield _Link(path, kind, layer, f"{kind} {module!r} {tuple(x.shape)}", heavy, not x.is_floating_point())
        x = y if foreign else x.new_empty((x.shape[0], *layer.out_shape))


def _layer(module: nn.Module, behind: list[nn.Module], x: Tensor, y: Tensor) -> Layer | None:
    """This package's layer for a module that made y of x; null where there is nothing to do."""
    kind, shape = type(module).__name__, tuple(x.shape[1:])
    own_dtype = next((weight.dtype for weight in module.parameters()), x.dtype)
    try:
        if type(module) is not getattr(nn, kind, None):
            raise InvalidSpec("is no layer of PyTorch's own")
        if own_dtype != x.dtype:
            raise InvalidSpec(f"has {own_dtype} weights and gets {x.dtype}".replace("torch.", ""))
        (given,) = leaves(f"Sequential(\n{module!r}\n)")
        spec = counterpart(given, shape)
        layer = spec and make(spec, shape, Placement(x.device, x.dtype), "does not fit")
    except InvalidSpec as error:
        return _foreign(module, x, y, str(error))
    vector = isinstance(spec, specs.GlobalMeanPool) and any(isinstance(one, nn.Flatten) for one in behind)
    if (layer.out_shape if layer else shape) != (y.shape[1:].numel(),) * vector + tuple(y.shape[1:]) * (not vector):
        return _foreign(module, x, y, "has no counterpart here")
    if layer is not None:
        _adopt(layer, module)
    return layer


def _foreign(module: nn.Module, x: Tensor, y: Tensor, why: str) -> Foreign:
    if getattr(module, "inplace", False) is True:
        module.inplace = False  # this is a copy: whoever needs the input later must find it
    return Foreign(module, tuple(x.shape[1:]), tuple(y.shape[1:]), why.rstrip("."))


def _adopt(layer: Layer, module: nn.Module) -> None:
    """Give a layer the module's own weights, so that what is shared or frozen there is so here."""
    theirs = dict(module.named_parameters(recurse=False))
    for name, weight in tuple(layer.named_parameters(recurse=False)):
        if name in theirs and theirs[name].shape == weight.shape:
            setattr(layer, name, theirs[name])
        elif name in theirs:
            weight.requires_grad_(theirs[name].requires_grad)


def _network(links: list[_Link], examples: int) -> Network:
    sizes = [(prod(link.layer.in_shape), prod(link.layer.out_shape)) for link in links]
    weighted = [link.weighted for link in links]
    start, end = parts(weighted, sizes, links[0].kind == "Flatten")
    start = max([start, *(at + 1 for at, link in enumerate(links) if link.whole_numbers)])
    end = end if start < end else len(links)
    if start == end:
        raise InvalidSpec("there is no layer behind the one that takes whole numbers; give at least one more")
    layers = [link.layer for link in links]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(link.key for link in links))}
    ends = [0]
    for length, repeat in runs([numbers[link.key] for link in links[start:end]], weighted[start:end]):
        ends += [ends[-1] + length * (n + 1) for n in range(repeat)]
    return Network(Batched(examples), layers[:start], layers[start:end], layers[end:], ends[1:])


def _target(last: _Link, network: Network, x: Tensor) -> Tensor:
    shape = last.layer.out_shape
    if not shape:
        raise InvalidSpec(
            f"{last.layer.title} gives one number per example and no axis of classes, which the loss (mean "
            "cross-entropy) needs. End with a layer that gives `[N, classes]`."
        )
    return torch.empty((x.shape[0], *shape[1:]), dtype=torch.int64, device="meta")


def _cards(links: list[_Link], network: Network) -> Iterator[LayerCard]:
    start = len(network.stem_layers)
    for at, link in enumerate(links):
        number = min(max(0, at - start + 1), network.length + 1)
        inside = 0 < number <= network.length
        yield LayerCard(
            index=number,
            name=link.path,
            kind=link.kind,
            capability=capability(link.layer) if inside else "outside the walk",
            reason=link.layer.reason if inside else "Its gradient is one local step, whatever the method.",
            in_shape=link.layer.in_shape,
            out_shape=link.layer.out_shape,
            parameters=sum(weight.numel() for weight in link.layer.trainable()),
        )
