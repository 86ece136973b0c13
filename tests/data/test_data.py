from __future__ import annotations

import numpy as np
import pytest

import moonviz
from moonviz.data.cifar10 import FOLDER
from moonviz.data.datasets import draw, load
from moonviz.data.stored import stored, stored_names
from moonviz.data.text import TEXT
from moonviz.specs import METHODS, PRESETS, SOURCES, NetworkSpec


@pytest.fixture(autouse=True)
def no_real_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)


@pytest.mark.parametrize("source", SOURCES)
def test_data_is_what_its_card_says(source: str) -> None:
    card, (inputs, targets) = SOURCES[source], load(source).take(slice(None))
    assert inputs.shape == (card.examples, *card.shape)
    assert targets.shape == (card.examples, *card.target_shape)
    assert targets.dtype == np.int64
    if card.values == "bytes":
        assert inputs.dtype == np.int64
        assert 0 <= min(inputs.min(), targets.min()) <= max(inputs.max(), targets.max()) < card.classes
    else:
        assert set(targets.tolist()) == set(range(card.classes))
        assert (float(inputs.mean()), float(inputs.std())) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_a_sequence_is_the_digit_read_row_by_row() -> None:
    (images, labels), (lines, same) = draw("digits", 5, 3), draw("digits-sequence", 5, 3)
    assert np.array_equal(images.reshape(5, 1, 64), lines)
    assert np.array_equal(labels, same)


def test_a_window_of_text_is_followed_by_its_targets() -> None:
    inputs, targets = load("text").take(slice(None))
    text = TEXT.read_bytes()
    assert 20_000 <= len(text) <= 60_000
    assert bytes(inputs.ravel().astype(np.uint8)) == text[: inputs.size]
    assert bytes(targets.ravel().astype(np.uint8)) == text[1 : inputs.size + 1]
    assert len(text) - inputs.size <= 64, "less than a window is left over"
    assert b"Alice was beginning to get very tired of sitting by her sister" in text
    drawn, after = draw("text", 3, 1)
    assert drawn.shape == after.shape == (3, 64)
    assert np.array_equal(drawn[:, 1:], after[:, :-1])


def test_the_texts_source_stands_beside_it() -> None:
    words = (TEXT.parent / "README.md").read_text(encoding="utf-8")
    assert all(word in words for word in (TEXT.name, "Lewis Carroll", "1898", "public domain"))


def test_patches_are_cut_from_the_photographs() -> None:
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    images, labels = load("photos").take(slice(None))
    scaled = images * np.concatenate([china[:416, :640].ravel(), flower[:416, :640].ravel()]).std()
    for number, photo, at in ((21, china, (32, 32)), (260 + 45, flower, (64, 160))):
        patch = photo[at[0] : at[0] + 32, at[1] : at[1] + 32].transpose(2, 0, 1).astype(float)
        assert np.allclose(scaled[number] - scaled[number].mean(), patch - patch.mean(), atol=1e-6)
    assert labels[21] == 0
    assert labels[305] == 1


def test_a_draw_repeats_only_if_it_must() -> None:
    whole, _ = draw("digits", 1797, 5)
    assert len({image.tobytes() for image in whole}) == len({image.tobytes() for image in load("digits").inputs})


@pytest.mark.parametrize("name", PRESETS)
def test_stored_races_have_todays_bytes(name: str) -> None:
    report = stored(name)
    spec = NetworkSpec.read(report.network.spec)
    assert spec == moonviz.preset(name), "run benchmarks/store_races.py"
    methods = [result.method for result in report.results]
    assert {"backprop", "moonwalk-mixed"} <= set(methods) <= set(METHODS)
    for result in report.results:
        today = moonviz.estimate(spec, method=result.method)
        if today.peak_bytes_range:
            assert today.peak_bytes_range[0] <= result.peak_bytes <= today.peak_bytes_range[1]
            continue
        for number in ("peak_bytes", "activation_peak_bytes", "gradient_bytes", "parameter_bytes", "flops"):
            assert getattr(result, number) == getattr(today, number), f"{number}: run benchmarks/store_races.py"
        untimed = [record.model_copy(update={"seconds": None}) for record in result.steps]
        assert untimed == list(today.steps)


def test_every_preset_has_a_stored_race() -> None:
    assert set(stored_names()) == set(PRESETS)
