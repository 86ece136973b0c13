"""What a layer is said to keep: the sentence under a strip and the pinned card, against the records replayed anew."""

from __future__ import annotations

import re

import pytest
from player_payloads import finished, method, rows
from playwright.sync_api import expect

from moonviz.events import KINDS

pytestmark = pytest.mark.browser
SHORT = {"cotangent": "h", "residual": "residual bits"}


def size_text(size: int) -> str:
    if size < 1024:
        return f"{size} B"
    value, unit = (size / 2**20, "MiB") if size >= 0.0995 * 2**20 else (size / 2**10, "KiB")
    return f"{value:#.3g}".rstrip(".") + f" {unit}"


def replayed(race: dict, label: str, layer: int) -> tuple[dict[str, int], dict[str, float], int]:
    """Bytes by kind kept beside the work of others at most, seconds of each, bytes at most beside the layer's own."""
    events = method(race, label)["events"]
    changes = [[e, k, size] for e, k, i, size in rows(events["add"]) if i == layer]
    changes += [[e, k, -size] for e, k, i, size in rows(events["remove"]) if i == layer]
    kept: dict[str, int] = {}
    seconds: dict[str, float] = {}
    busy = 0
    for e in range(events["n"]):
        held: dict[str, int] = {}
        for at, kind, size in changes:
            if at <= e and KINDS[kind] != "gradient":
                held[KINDS[kind]] = held.get(KINDS[kind], 0) + size
        held = {kind: size for kind, size in held.items() if size}
        if layer in events["layer"][e : e + 2]:
            busy = max(busy, sum(held.values()))
            continue
        for kind, size in held.items():
            kept[kind] = max(size, kept.get(kind, 0))
            seconds[kind] = seconds.get(kind, 0) + sum(events["us"][e + 1 : e + 2]) / 1e6
    return kept, seconds, busy


@pytest.mark.parametrize("layer", [0, 10, 22, 33])
def test_sentence_and_card_say_what_the_records_say(stand, layer):
    shown = stand()
    race = finished()
    shown.show(race)
    shown.set(f"p.state.hover = {layer}; p.pin({layer})")
    for at, one in enumerate(race["methods"]):
        kept, seconds, busy = replayed(race, one["label"], layer)
        say = shown.part(".say").nth(at)
        cell = shown.part('.card td[data-of="In all"]').nth(at)
        for kind, size in kept.items():
            words = f"{size_text(size)} of {SHORT.get(kind, kind)}"
            expect(say).to_contain_text(words)
            expect(cell).to_contain_text(words)
        if not kept:
            expect(say).to_contain_text("kept nothing for later")
        long = "([m, i]) => [...player('one').runs[m].story(i).kept].map(([kind, one]) => [kind, one.long])"
        assert dict(shown.page.evaluate(long, [at, layer])) == pytest.approx(seconds, rel=1e-6)
        expect(say).to_contain_text(f"at most {size_text(busy)} while worked on")
        expect(cell).to_contain_text(f"at most {size_text(busy)} while worked on")


def test_moonwalk_keeps_only_bits_between_its_sweeps(stand):
    shown = stand()
    shown.show(finished())
    shown.set("p.state.hover = 10; p.frame()")
    expect(shown.part(".say").nth(3)).to_have_text(
        re.compile(r"^Layer 10 kept 8\.00 KiB of residual bits for [\d.]+ m?s; at most 1\.00 MiB while worked on; grad")
    )
