"""Drafts that the tests of checking share."""

from __future__ import annotations

from typing import Any

from moonviz.specs import NetworkSpec

FLATTEN: dict[str, Any] = {"kind": "flatten"}
POOLED: list[dict[str, Any]] = [{"kind": "global_mean_pool"}, {"kind": "dense", "width": 10}]


def dense(width: int) -> dict[str, Any]:
    return {"kind": "dense", "width": width}


def conv(channels: int, **numbers: Any) -> dict[str, Any]:
    return {"kind": "conv", "channels": channels} | numbers


def coupling(inside: str = "conv", **numbers: Any) -> dict[str, Any]:
    return {"kind": "coupling", "inside": {"kind": inside} | numbers}


def draft(*body: dict[str, Any], head: list[dict[str, Any]] | None = None, **fields: Any) -> NetworkSpec:
    """Digits, each layer of the body in a block of its own; the head pools and has ten classes."""
    blocks = [{"layers": [layer]} for layer in body]
    return NetworkSpec.read({"data": "digits", "body": blocks, "head": POOLED if head is None else head} | fields)


def repeated(times: int, *layers: dict[str, Any], **fields: Any) -> NetworkSpec:
    """The same with one block that is repeated."""
    return draft(**fields, body=[{"layers": list(layers), "repeat": times}])


def text(*body: dict[str, Any], **fields: Any) -> NetworkSpec:
    """A network on text."""
    stem = [{"kind": "embed", "width": 32}]
    ends = {"data": "text", "stem": stem, "head": [conv(256, kernel=1, padding=0)]}
    return draft(*body, **(ends | fields))


MISFITS: dict[str, tuple[NetworkSpec, str, str, tuple[str, ...]]] = {
    "dense on an image": (
        draft(dense(10), head=[dense(10)]), "body.0.0", "layer 1 (dense)", ("add a flatten before it",)
    ),
    "odd channels": (
        draft(conv(63), coupling()),
        "body.1.0",
        "layer 2 (coupling)",
        ("channels 63 → 64 in layer 1 (conv)", "channels 63 → 62 in layer 1 (conv)"),
    ),
    "odd channels of the input": (draft(coupling()), "body.0.0", "layer 1 (coupling)", ("add a squeeze before it",)),
    "odd width": (
        draft(dense(33), coupling("mlp"), stem=[FLATTEN], head=[dense(10)]),
        "body.1.0",
        "layer 2 (coupling)",
        ("width 33 → 34 in layer 1 (dense)",),
    ),
    "kernel too large": (draft(conv(4, kernel=9, padding=0)), "body.0.0", "layer 1 (conv)", ("kernel 9 → 8",)),
    "pool too large": (
        draft(conv(8, stride=2), conv(8, stride=2), {"kind": "max_pool", "kernel": 3}),
        "body.2.0",
        "layer 3 (max pool)",
        ("kernel 3 → 2",),
    ),
    "pool padded too much": (
        draft({"kind": "mean_pool", "kernel": 2, "padding": 2}),
        "body.0.0",
        "layer 1 (mean pool)",
        ("kernel 2 → 4", "padding 2 → 1"),
    ),
    "too narrow a head": (draft(conv(8), head=[POOLED[0], dense(7)]), "head.0.1", "the head", ("width 7 → 10",)),
    "no head": (
        draft(conv(8), head=[]),
        "head.0.-1",
        "the head",
        ("add a flatten", "add a flatten and a dense layer of width 10"),
    ),
    "a head that ends too early": (
        draft(conv(8), head=[POOLED[0]]), "head.0.0", "the head", ("add a dense layer of width 10",)
    ),
    "a head of too few channels": (
        text(coupling("attention"), head=[conv(9, kernel=1, padding=0)]), "head.0.0", "the head", ("channels 9 → 256",)
    ),
    "positions lost on the way": (
        text(conv(32, padding=0), coupling("mlp")), "head.0.0", "the head", ("padding 0 → 1 in layer 1 (conv)",)
    ),
    "no embedding": (text(coupling("mlp"), stem=[]), "stem.0.-1", "the stem", ("add an embedding",)),
    "an embedding of numbers": (
        draft(conv(8), stem=[{"kind": "embed", "width": 4}]), "stem.0.0", "stem layer 1 (embed)", ("remove this Embed",)
    ),
    "an embedding in the body": (
        draft(conv(8), {"kind": "embed", "width": 3}), "body.1.0", "layer 2 (embed)", ("remove this Embed",)
    ),
    "attention on images": (
        draft(conv(8), coupling("attention")), "body.1.0", "layer 2 (coupling)", ("convolutions inside",)
    ),
    "convolutions on vectors": (
        draft(coupling("conv"), stem=[FLATTEN], head=[dense(10)]), "body.0.0", "layer 1 (coupling)",
        ("dense maps inside",),
    ),
    "heads that do not divide": (
        text(coupling("attention", heads=3)), "body.0.0", "layer 1 (coupling)", ("heads 3 → 2", "heads 3 → 4")
    ),
    "squeeze of an odd size": (
        draft(conv(8, kernel=4), {"kind": "squeeze"}),
        "body.1.0",
        "layer 2 (squeeze)",
        ("factor 2 → 7", "kernel 4 → 3 in layer 1 (conv)"),
    ),
    "a convolution behind a flatten": (
        draft(FLATTEN, conv(8), head=[dense(10)]), "body.1.0", "layer 2 (conv)", ("Conv → Dense 8",)
    ),
    "a batch of one": (
        draft(dense(10), {"kind": "batch_norm"}, stem=[FLATTEN], head=[dense(10)], batch=1),
        "body.1.0",
        "layer 2 (batch norm)",
        ("batch 1 → 2",),
    ),
    "repeats that use up the image": (
        repeated(9, conv(4, padding=0)), "body.0.0", "layer 4 (conv)", ("kernel 3 → 1", "padding 0 → 1", "repeat 9 → 3")
    ),
    "nothing to train": (
        draft({"kind": "relu"}, head=[FLATTEN]), "head.0.0", "the head", ("add a dense layer of width 10",)
    ),
    "a state without bounds": (
        repeated(400, conv(4, kernel=1, padding=31)), "body.0.0", "layer 17 (conv)",
        ("kernel 1 → 3, padding 31 → 1", "padding 31 → 0"),
    ),
}  # fmt: skip
"""What does not fit, where, the layer's name, and repairs that must be offered, the first of them first."""
