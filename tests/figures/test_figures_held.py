from race_cases import result

from moonviz.figures.held import sweeps


def test_sweeps_are_cut_where_the_phase_changes():
    assert [phase for phase, _ in sweeps(result("moonwalk-mixed").steps)] == ["forward", "reverse", "advance"]
