from __future__ import annotations

import numpy as np
import pytest

import moonviz
from moonviz.data.datasets import draw, load
from moonviz.data.stored import stored, stored_names
from moonviz.specs import METHODS, PRESETS, SOURCES, NetworkSpec


@pytest.mark.parametrize("source", SOURCES)
def test_data_is_what_its_card_says(source: str) -> None:
    images, labels = load(source)
    card = SOURCES[source]
    assert images.shape == (card.examples, *card.shape)
    assert set(labels.tolist()) == set(range(card.classes))
    assert (float(images.mean()), float(images.std())) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_patches_are_cut_from_the_photographs() -> None:
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    images, labels = load("photos")
    scaled = images * np.concatenate([china[:416, :640].ravel(), flower[:416, :640].ravel()]).std()
    for number, photo, at in ((21, china, (32, 32)), (260 + 45, flower, (64, 160))):
        patch = photo[at[0] : at[0] + 32, at[1] : at[1] + 32].transpose(2, 0, 1).astype(float)
        assert np.allclose(scaled[number] - scaled[number].mean(), patch - patch.mean(), atol=1e-6)
    assert labels[21] == 0
    assert labels[305] == 1


def test_a_draw_repeats_only_if_it_must() -> None:
    whole, _ = draw("digits", 1797, 5)
    assert len({image.tobytes() for image in whole}) == len({image.tobytes() for image in load("digits")[0]})


@pytest.mark.parametrize("name", PRESETS)
def test_stored_races_have_todays_bytes(name: str) -> None:
    report = stored(name)
    spec = NetworkSpec.read(report.network.spec)
    assert spec == moonviz.preset(name), "run benchmarks/store_races.py"
    assert [result.method for result in report.results] == list(METHODS)
    for result in report.results:
        today = moonviz.estimate(spec, method=result.method)
        for number in ("peak_bytes", "activation_peak_bytes", "gradient_bytes", "parameter_bytes", "flops"):
            assert getattr(result, number) == getattr(today, number), f"{number}: run benchmarks/store_races.py"
        untimed = [record.model_copy(update={"seconds": None}) for record in result.steps]
        assert untimed == list(today.steps)


def test_every_preset_has_a_stored_race() -> None:
    assert set(stored_names()) == set(PRESETS)
