"""Networks, methods and runs as plain data. No torch here."""

from moonviz.specs.methods import METHODS, MethodCard, MethodOptions, method_options
from moonviz.specs.network import Block, NetworkSpec
from moonviz.specs.presets import PRESETS, Preset, preset
from moonviz.specs.run import MethodChoice, RunSpec
from moonviz.specs.sources import SOURCES

__all__ = [
    "METHODS",
    "PRESETS",
    "SOURCES",
    "Block",
    "MethodCard",
    "MethodChoice",
    "MethodOptions",
    "NetworkSpec",
    "Preset",
    "RunSpec",
    "method_options",
    "preset",
]
