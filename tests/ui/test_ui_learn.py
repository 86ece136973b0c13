from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from moonviz.estimates.dry import estimate_methods
from moonviz.figures.learn_depths import memory_by_depth
from moonviz.jobs.messages import Cancelled, Failed, ResultMessage
from moonviz.lessons import lessons, number_of
from moonviz.lessons.reading import answers_of
from moonviz.results import Failure
from moonviz.specs import NetworkSpec
from moonviz.ui import learn_desk
from moonviz.ui.learn import _name_of
from moonviz.ui.learn_desk import SILENT, LearnDesk
from moonviz.ui.learn_teaching import Teaching
from moonviz.ui.learn_views import stored_race

NAMES = [lesson.name for lesson in lessons()]


def asking(name, id_):
    """A desk at a question, and what it asked for so far."""
    here = LearnDesk(at=name)
    here.ask(id_)
    return here, here.answers.get((name, id_))


def carry_on(here, answer):
    """Answer all that a desk asks, by `answer(job)`."""
    jobs = []

    def submit(job):
        jobs.append(job)
        return f"job-{len(jobs)}"

    while here.proceed(submit, lambda _: answer(jobs[-1])):
        pass
    return jobs


def dry(job):
    return ResultMessage(data=estimate_methods(job.spec).model_dump(mode="json", by_alias=True))


def test_a_link_names_a_lesson_by_number_or_name():
    assert _name_of("6") == _name_of("06-the-three-sweeps") == "06-the-three-sweeps"
    here = LearnDesk()
    here.go("no such lesson")
    assert here.at == NAMES[0]
    assert not here.named


def test_what_is_told_twice_is_done_once():
    here = LearnDesk()
    assert here.heard({"client": "a", "number": 1})
    assert not here.heard({"client": "a", "number": 1})
    assert here.heard({"client": "a", "number": 2})
    assert here.heard({"client": "b", "number": 1})


def test_a_question_is_answered_by_dry_runs():
    here, at_once = asking("06-the-three-sweeps", "work")
    assert at_once is None
    assert here.busy
    jobs = carry_on(here, dry)
    assert [one.label for one in jobs[0].spec.methods] == ["moonwalk-mixed", "backprop"]
    answer = here.answers["06-the-three-sweeps", "work"]
    assert answer["value"] == pytest.approx(5 / 3, rel=1e-3)
    assert (answer["badge"], answer["note"], answer["text"]) == ("predicted", "", "1.67 times")
    assert not here.busy


def test_a_curve_asks_for_every_depth_once():
    here, _ = asking("06-the-three-sweeps", "curve")
    jobs = carry_on(here, dry)
    depths = [NetworkSpec.read(job.spec.network.model_dump(mode="json")).depth for job in jobs]
    assert depths == [8, 16, 32, 64, 128]
    answer = here.answers["06-the-three-sweeps", "curve"]
    lesson = lessons()[5]
    stored = [number_of(lesson, one).value for one in answers_of(lesson.question("curve"))[:5]]
    assert answer["values"] == stored


@pytest.mark.parametrize(
    "end",
    [Failed(reason="failed", error=Failure(message="no")), Cancelled(), "late", "empty"],
    ids=["failed", "cancelled", "late", "empty"],
)
def test_without_the_engine_the_answer_is_the_stored_one(end, monkeypatch):
    if end == "late":
        monkeypatch.setattr(learn_desk, "PATIENCE_SECONDS", -1)
    here, _ = asking("06-the-three-sweeps", "work")

    def answer(job):
        if end == "empty":
            report = estimate_methods(job.spec)
            gone = tuple(one.model_copy(update={"flops": None}) for one in report.results)
            return ResultMessage(
                data=report.model_copy(update={"results": gone}).model_dump(mode="json", by_alias=True)
            )
        return None if end == "late" else end

    carry_on(here, answer)
    found = here.answers["06-the-three-sweeps", "work"]
    assert found["note"] == SILENT
    assert found["value"] == pytest.approx(5 / 3, rel=1e-3)


@pytest.mark.parametrize(("name", "id_"), [("10-where-exact-stops", "harsh"), ("12-build-your-own", "refused")])
def test_what_is_stored_or_marked_is_answered_at_once(name, id_):
    here, answer = asking(name, id_)
    assert not here.busy
    assert answer["right"] >= 0
    assert len(answer["feedback"]) == 3


def test_questions_wait_for_each_other():
    here, _ = asking("06-the-three-sweeps", "work")
    here.ask("curve")
    here.ask("work")
    carry_on(here, dry)
    assert {id_ for _, id_ in here.answers} == {"work", "curve"}


def test_going_on_leaves_a_question():
    here, _ = asking("06-the-three-sweeps", "work")
    here.go(NAMES[0])
    assert carry_on(here, dry) == []
    assert not here.answers


def test_a_run_answers_the_question_that_waited_for_it():
    here = LearnDesk(at="04-projected-gradients")
    here.running = "peak"
    report = estimate_methods(here.run())
    here.take(report, here.run())
    answer = here.answers["04-projected-gradients", "peak"]
    assert answer["badge"] == "measured"
    assert answer["right"] == 1
    assert here.at in here.ran
    assert not here.running


def test_views_of_stored_races_are_the_lesson_s_own():
    for lesson in lessons():
        report = stored_race(lesson) if lesson.front.view.kind in ("player", "frontier") else None
        if report:
            assert [one.label for one in report.results] == list(lesson.front.methods)
    assert stored_race(lessons()[5]) is not None
    assert stored_race(lessons()[2]) is None


def test_peaks_by_depth_are_the_lesson_s_numbers():
    lesson = lessons()[11]
    drawn = memory_by_depth(lesson, "light")
    assert [trace.name for trace in drawn.figure.data] == list(lesson.front.methods)
    assert all(list(trace.x) == list(lesson.front.view.depths) for trace in drawn.figure.data)
    assert drawn.figure.layout.yaxis.title.text == "MiB"
    assert drawn.alt.endswith(".")


def test_a_link_for_a_class_says_what_it_asks():
    asked = Teaching(("methods", "run"), present=True, embed=True)
    link = asked.address("http://localhost:8501/race?s=x", "04-projected-gradients")
    assert link == "http://localhost:8501/learn?lesson=4&hide=methods,run&present=1&embed=true"
    parameters = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert parameters.pop("embed") == "true"
    assert Teaching.read(parameters, embed=True) == asked
    assert _name_of(parameters["lesson"]) == "04-projected-gradients"
    assert Teaching.read({"hide": "everything,run", "present": "yes"}) == Teaching(("run",))


def test_a_race_belongs_to_the_lesson_that_asked_for_it():
    here = LearnDesk(at=NAMES[3], racing=NAMES[3], running="peak")
    run = here.run()
    here.go(NAMES[5])
    here.take(estimate_methods(run), run)
    assert NAMES[3] in here.reports
    assert NAMES[5] not in here.reports
    assert not here.answers
