from race_cases import race

from moonviz.figures.words import one_line, prose, provenance


def test_network_and_origin_in_one_line():
    assert one_line(race()) == "digits-revnet: 32 couplings, batch 64, float32"
    assert provenance(race(), stored=True).startswith("Stored result: ")
    here = provenance(race(moonwalk_mixed={"shared_machine": True}), stored=False)
    assert here.startswith("Measured here: ")
    assert "Other work ran on this machine" in here


def test_prose_escapes_everything_but_names():
    assert prose("`a` < <b>") == "<code>a</code> &lt; &lt;b&gt;"
