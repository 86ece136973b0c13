from __future__ import annotations

import numpy as np
import pytest

from moonviz.data.datasets import load
from moonviz.data.split import held_out, split, training_batch, training_rows
from moonviz.specs.sources import SOURCES
from moonviz.specs.train import HELD_OUT, training_examples

SOURCES_HERE = tuple(HELD_OUT)


@pytest.mark.parametrize("source", SOURCES_HERE)
def test_every_image_is_on_one_side(source):
    train, test = split(source)
    assert not set(train) & set(test)
    assert sorted([*train, *test]) == list(range(SOURCES[source].examples))
    assert (len(train), len(test)) == (training_examples(source), HELD_OUT[source])


def test_no_image_on_one_side_is_equal_to_one_on_the_other():
    images = load("digits").inputs.reshape(1_797, -1)
    train, test = ({image.tobytes() for image in images[rows]} for rows in split("digits"))
    assert not train & test


def test_all_classes_are_tested():
    _, targets = held_out("digits")
    assert set(targets) == set(range(10))


@pytest.mark.parametrize("batch", [1, 64, 1_437])
def test_batches_go_through_the_training_images_and_no_others(batch):
    train, _ = split("digits")
    turn = len(train) // batch
    rows = [training_rows("digits", batch, 5, step) for step in range(min(turn, 100))]
    seen = np.concatenate(rows)
    assert {len(one) for one in rows} == {batch}
    assert len(set(seen)) == len(seen), "none twice in one turn"
    assert set(seen) <= set(train)
    again = training_rows("digits", batch, 5, turn)
    assert set(again) <= set(train)
    assert list(again) != list(rows[0]), "the next turn is shuffled anew"


def test_the_seed_orders_the_batches_and_leaves_the_split():
    assert list(training_rows("digits", 64, 5, 3)) == list(training_rows("digits", 64, 5, 3))
    assert list(training_rows("digits", 64, 6, 3)) != list(training_rows("digits", 64, 5, 3))
    inputs, targets = training_batch("digits", 64, 5, 3)
    images = load("digits")
    whole, _ = images.take(slice(None))
    rows = training_rows("digits", 64, 5, 3)
    assert np.array_equal(inputs, whole[rows])
    assert np.array_equal(targets, images.targets[rows])
