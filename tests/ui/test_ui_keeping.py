from __future__ import annotations

import pytest

from moonviz.data.stored import stored
from moonviz.errors import InvalidSpec
from moonviz.ui.keeping import opened


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("notes.txt", b"{}", "moonviz opens .json results; this is a .txt"),
        ("notes", b"{}", "moonviz opens .json results; this is another file"),
        ("other.json", b'{"network": {"spec": {}}, "results": []}', "it lacks `environment`"),
        ("other.json", b"{}", "this JSON is not a moonviz result: it lacks `environment`, `network`, `results`"),
        ("other.json", b"hello", "the file is not strict JSON"),
    ],
)
def test_what_is_no_result_is_refused_in_plain_words(name, data, says):
    with pytest.raises(InvalidSpec) as caught:
        opened(name, data)
    assert says in str(caught.value)


def test_the_case_of_a_files_ending_does_not_matter():
    report = stored("digits-revnet")
    assert opened("RACE.JSON", report.to_json().encode()) == report
