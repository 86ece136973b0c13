"""A network as the Python that makes it: what `copy as Python` gives. No torch here."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from moonviz.specs import NetworkSpec

_WIDTH = 100
_INDENT = "    "


def as_python(spec: NetworkSpec) -> str:
    """A short script that makes this network with the package's own builders; `spec` is what it is called there.

    What a network does not say for itself is left out, so the text holds only decisions.
    """
    used = sorted({type(one).__name__ for one in _parts(spec)} - {"Block", "NetworkSpec"})
    layers = f"from moonviz.specs.layers import {', '.join(used)}"
    if len(layers) > _WIDTH:
        layers = "\n".join(["from moonviz.specs.layers import (", *(f"{_INDENT}{name}," for name in used), ")"])
    return f"import moonviz\nfrom moonviz.specs import Block\n{layers}\n\nspec = {_written(spec, '')}\n"


def _parts(spec: BaseModel) -> Iterator[BaseModel]:
    """A spec and all specs in it that are written out."""
    yield spec
    for _, value in _said(spec):
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _parts(one)


def _said(spec: BaseModel) -> Iterator[tuple[str, object]]:
    """The fields that differ from their defaults; a kind is said only where a class stands for several."""
    for name, field in type(spec).model_fields.items():
        if field.is_required() or getattr(spec, name) != field.default:
            yield name, getattr(spec, name)


def _written(value: object, indent: str) -> str:
    """A value as Python, on one line if it fits, else one part a line."""
    if isinstance(value, BaseModel):
        name = "moonviz.NetworkSpec" if isinstance(value, NetworkSpec) else type(value).__name__
        parts = [(f"{key}=", part) for key, part in _said(value)]
        return _bracketed(f"{name}(", parts, ")", indent)
    if isinstance(value, tuple):
        return _bracketed("(", [("", part) for part in value], ",)" if len(value) == 1 else ")", indent)
    return repr(value)


def _bracketed(begin: str, parts: list[tuple[str, object]], end: str, indent: str) -> str:
    flat = begin + ", ".join(before + _written(part, indent) for before, part in parts) + end
    if "\n" not in flat and len(indent) + len(flat) <= _WIDTH:
        return flat
    inner = indent + _INDENT
    lines = [f"{inner}{before}{_written(part, inner)}," for before, part in parts]
    return "\n".join([begin, *lines, indent + end.lstrip(",")])
