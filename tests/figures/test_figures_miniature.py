from __future__ import annotations

import re

import pytest

from moonviz.data.stored import stored, stored_names
from moonviz.figures.miniature import MOST_BARS, miniature
from moonviz.specs import NetworkSpec


@pytest.mark.parametrize("name", stored_names())
def test_every_written_layer_of_a_preset_has_a_bar_in_its_badges_colour(name):
    network = stored(name).network
    spec = NetworkSpec.read(network.spec)
    drawn = miniature(spec, network.layers)
    written = sum(len(block.layers) for block in spec.body)
    bars = re.findall(r'<i class="(\w+)"', drawn)
    assert len(bars) == min(2 + written, MOST_BARS)
    assert bars[0] == bars[-1] == "plain"
    assert set(bars[1:-1]) <= {"good", "amber", "warn"}
    assert re.findall(r"<small>×([\d,]+)", drawn) == [f"{one.repeat:,}" for one in spec.body if one.repeat > 1]


def test_fragments_are_amber_and_what_it_shows_is_said():
    network = stored("conv1d-fragments").network
    drawn = miniature(NetworkSpec.read(network.spec), network.layers)
    assert 'class="amber"' in drawn
    assert 'aria-label="Layers of the body: 16 fragmental, 16 invertible."' in drawn
