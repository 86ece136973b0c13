"""From a user's own modules, one after the other, to a network on the meta device that methods can walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from moonviz.errors import InvalidSpec
from moonviz.layers import Foreign, Layer, Placement, capability, make
from moonviz.layers.base import Shape
from moonviz.networks.copies import as_fake, copies_of, on_meta, try_out
from moonviz.networks.given import Modules, in_order, input_of
from moonviz.networks.network import Batched, Network
from moonviz.reading.counterpart import counterpart
from moonviz.reading.folding import parts, runs
from moonviz.reading.printed import leaves
from moonviz.results import LayerCard
from moonviz.specs import layers as specs


@dataclass(frozen=True, slots=True)
class Own:
    """A user's modules as networks, and what became of each module.

    Attributes:
        network: Of this package's layers where there are counterparts; on the meta device.
        batch: Its input and target.
        written: Of the modules as they are written, on the CPU without memory: use it inside `fake`.
        written_batch: Its input and target.
        fake: The mode in which tensors of `written` take no memory.
        cards: One for each module that computes anything, in order; `index`: 0 stem, 1…L body, L+1 head.
        parameter_bytes: Of the modules' own weights and buffers.
    """

    network: Network
    batch: tuple[Tensor, Tensor]
    written: Network
    written_batch: tuple[Tensor, Tensor]
    fake: FakeTensorMode
    cards: tuple[LayerCard, ...]
    parameter_bytes: int


@dataclass(frozen=True, slots=True)
class _Link:
    """The module number `at` that became a layer: its path and class; `key`: equal for equal modules."""

    at: int
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
    named = list(in_order(module))
    given, names = [one for _, one in named], [f"layer {path} ({type(one).__name__})" for path, one in named]
    copies = copies_of(given, names, on_meta)
    weights = [weight for one in copies for weight in one.parameters()]
    if not any(weight.requires_grad for weight in weights):
        raise InvalidSpec("none of the modules has weights that want a gradient, so there is nothing to train")
    x = input_of(batch, weights)
    outs: list[Shape] = []
    links = list(_links([path for path, _ in named], names, copies, x, outs))
    target = _target(links[-1])
    network, cuts = _network(links, x.shape[0])
    fake = FakeTensorMode()
    with fake:
        written = _written(copies_of(given, names, as_fake), names, outs, cuts, x.shape)
        written_batch = as_fake(x), torch.empty((x.shape[0], *target), dtype=torch.int64)
    return Own(
        network,
        (x, torch.empty((x.shape[0], *target), dtype=torch.int64, device="meta")),
        written,
        written_batch,
        fake,
        tuple(_cards(links, network)),
        _bytes([tensor for one in given for tensor in (*one.parameters(), *one.buffers())]),
    )


def _bytes(tensors: list[Tensor]) -> int:
    return sum({one.untyped_storage()._cdata: one.untyped_storage().nbytes() for one in tensors}.values())


def _links(
    paths: list[str], names: list[str], copies: list[nn.Module], x: Tensor, outs: list[Shape]
) -> Iterator[_Link]:
    """The modules that become layers; `outs` takes the shape of one example's output of every module."""
    made: dict[int, tuple[Layer, torch.Size]] = {}
    for at, (path, name, module) in enumerate(zip(paths, names, copies, strict=True)):
        y = try_out(module, x, name)
        outs.append(tuple(y.shape[1:]))
        shared = made.get(id(module))
        layer = shared[0] if shared and shared[1] == x.shape else _layer(module, copies[at + 1 : at + 2], x, y)
        if layer is None:
            continue
        made[id(module)] = (layer, x.shape)
        layer.title = name
        kind, foreign = type(module).__name__, isinstance(layer, Foreign)
        heavy = bool(list(module.parameters())) if foreign else kind.startswith(("Linear", "Conv"))
        yield _Link(at, path, kind, layer, f"{kind} {module!r} {tuple(x.shape)}", heavy, not x.is_floating_point())
        x = y if foreign else x.new_empty((x.shape[0], *layer.out_shape))


def _layer(module: nn.Module, behind: list[nn.Module], x: Tensor, y: Tensor) -> Layer | None:
    """This package's layer for a module that made y of x; null where there is nothing to do."""
    kind, shape = type(module).__name__, tuple(x.shape[1:])
    if type(module) is not getattr(nn, kind, None):
        return _foreign(module, x, y, "is no layer of PyTorch's own")
    if list(module.children()):
        return _foreign(module, x, y, "has no counterpart here")
    try:
        (given,) = leaves(f"Sequential(\n{module!r}\n)")
        spec = counterpart(given, shape)
        layer = spec and make(spec, shape, Placement(x.device, x.dtype), "does not fit")
    except InvalidSpec as error:
        return _foreign(module, x, y, str(error).partition("\n")[0])
    vector = isinstance(spec, specs.GlobalMeanPool) and any(isinstance(one, nn.Flatten) for one in behind)
    if (layer.out_shape if layer else shape) != (y.shape[1:].numel(),) * vector + tuple(y.shape[1:]) * (not vector):
        return _foreign(module, x, y, "has no counterpart here")
    if layer is not None:
        _adopt(layer, module)
    return layer


def _foreign(module: nn.Module, x: Tensor, y: Tensor, why: str) -> Foreign:
    return Foreign(module, tuple(x.shape[1:]), tuple(y.shape[1:]), why.rstrip("."))


def _adopt(layer: Layer, module: nn.Module) -> None:
    """Give a layer the module's own weights, so that what is shared or frozen there is so here."""
    theirs = dict(module.named_parameters(recurse=False))
    for name, weight in tuple(layer.named_parameters(recurse=False)):
        if name in theirs and theirs[name].shape == weight.shape:
            setattr(layer, name, theirs[name])
        elif name in theirs:
            weight.requires_grad_(theirs[name].requires_grad)


def _network(links: list[_Link], examples: int) -> tuple[Network, list[int]]:
    """The network, and the numbers of the modules with which the body, its blocks after the first, and the head begin.

    A module without a layer of its own belongs to what stands before it.
    """
    sizes = [(prod(link.layer.in_shape), prod(link.layer.out_shape)) for link in links]
    weighted = [link.weighted for link in links]
    start, end = parts(weighted, sizes, links[0].kind == "Flatten")
    start = max([start, *(at + 1 for at, link in enumerate(links) if link.whole_numbers)])
    end = end if start < end else len(links)
    if start == end:
        raise InvalidSpec("there is no layer behind the one that takes whole numbers; give at least one more")
    layers = [link.layer for link in links]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(link.key for link in links))}
    ends = [start]
    for length, repeat in runs([numbers[link.key] for link in links[start:end]], weighted[start:end]):
        ends += [ends[-1] + length * n for n in range(1, repeat + 1)]
    cuts = [links[at].at if 0 < at < len(links) else at for at in ends]
    network = Network(
        Batched(examples), layers[:start], layers[start:end], layers[end:], [at - start for at in ends[1:]]
    )
    return network, cuts


def _written(modules: list[nn.Module], names: list[str], outs: list[Shape], cuts: list[int], batch: Shape) -> Network:
    """The modules as they are written. They run so in plain torch: what one overwrites, no other needs."""
    layers: list[Layer] = []
    for module, name, before, after in zip(modules, names, [tuple(batch[1:]), *outs], outs, strict=False):
        layer = Foreign(module, before, after, "is run as it is written", shares_output=False)
        layer.title = name
        layers.append(layer)
    start, end = cuts[0], min(cuts[-1], len(layers)) if cuts[-1] > cuts[0] else len(layers)
    return Network(Batched(batch[0]), layers[:start], layers[start:end], layers[end:], [at - start for at in cuts[1:]])


def _target(last: _Link) -> Shape:
    """Shape of one example's target."""
    if not last.layer.out_shape:
        raise InvalidSpec(
            f"{last.layer.title} gives one number per example and no axis of classes, which the loss (mean "
            "cross-entropy) needs. End with a layer that gives `[N, classes]`."
        )
    return last.layer.out_shape[1:]


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
