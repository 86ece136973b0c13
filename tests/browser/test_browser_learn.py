"""Journeys of learners in a real browser, with real workers."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from serving import Watched, served

from moonviz.lessons import lessons

pytestmark = pytest.mark.browser

LONG = 120_000
POSITION = "input[aria-label='Position in the race']"


@pytest.fixture
def profile(chromium: Browser):
    """Learners of one test alone: what is answered stays in the browser's profile."""
    opened: dict[str, BrowserContext] = {}

    def give(scheme: str = "light") -> BrowserContext:
        if scheme not in opened:
            opened[scheme] = chromium.new_context(color_scheme=scheme)
        return opened[scheme]

    yield give
    for one in opened.values():
        one.close()


def learn(page: Page, lesson: int | str = "") -> None:
    at = urlsplit(page.url)
    page.goto(f"{at.scheme}://{at.netloc}/learn{f'?lesson={lesson}' if lesson else ''}")
    page.locator(".lesson h1").wait_for()


def title(page: Page) -> Locator:
    return page.locator(".lesson h1")


def ask(page: Page, n: int) -> Locator:
    return page.locator(".lesson .ask").nth(n)


def position(page: Page) -> int:
    return int(page.locator(POSITION).input_value())


def kept(page: Page) -> dict:
    return json.loads(page.evaluate("localStorage.getItem('moonviz.learn')"))


def answer_by_keyboard(page: Page, question: Locator) -> None:
    """Give some answer with keys alone, lock it, and wait for what it is compared with."""
    field = question.locator("input, [role=slider]").first
    field.focus()
    if field.get_attribute("type") == "radio":
        page.keyboard.press("Space")
    else:
        page.keyboard.press("ArrowUp")
    button = question.locator("button.go")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    expect(question.locator("div.told")).to_be_visible(timeout=LONG)


def test_a_learner_does_the_first_six_lessons_by_keyboard(tab):
    page = tab()
    learn(page)
    for n, lesson in enumerate(lessons()[:6]):
        expect(title(page)).to_have_text(lesson.title, timeout=LONG)
        expect(page.locator(".crumb")).to_contain_text(f"Lesson {n + 1} of 12")
        for at in range(len(lesson.front.questions)):
            answer_by_keyboard(page, ask(page, at))
        done = page.get_by_role("button", name=re.compile(f"^Lesson {n + 1}: .*, 100 % answered$"))
        expect(done).to_have_attribute("aria-current", "step")
        ask(page, 0).locator("button.quiet").focus()
        page.keyboard.press("n")
    expect(title(page)).to_have_text(lessons()[6].title, timeout=LONG)
    page.get_by_role("button", name=re.compile("^Lesson 7: ")).focus()
    page.keyboard.press("p")
    expect(title(page)).to_have_text(lessons()[5].title, timeout=LONG)


def test_nothing_is_shown_before_an_answer_is_locked(tab):
    page = tab()
    learn(page, 6)
    curve = ask(page, 2)
    expect(curve.locator("path.answer")).to_have_count(0)
    expect(curve.locator("button.go")).to_be_disabled()
    box = curve.locator("svg.drawn").bounding_box()
    page.locator("svg.drawn").scroll_into_view_if_needed()
    box = curve.locator("svg.drawn").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    page.mouse.up()
    assert curve.locator("[role=slider]").last.get_attribute("aria-valuenow") > "40"
    curve.locator("button.go").click()
    expect(curve.locator("path.answer")).to_have_count(1, timeout=LONG)
    expect(curve.locator("path.given")).to_have_count(1)
    expect(curve.locator("div.told")).to_contain_text("Yours climbs too fast")
    expect(curve.locator("div.told")).to_contain_text("predicted")
    expect(curve.locator("[role=slider]")).to_have_count(0)


def test_answers_and_place_survive_a_reload_and_another_visit(tab):
    page = tab()
    learn(page, 7)
    answer_by_keyboard(page, ask(page, 0))
    said = ask(page, 0).locator("div.told").inner_text()
    page.reload()
    expect(ask(page, 0).locator("div.told")).to_have_text(re.compile(re.escape(said.splitlines()[0][-40:])))
    learn(page)
    expect(title(page)).to_have_text(lessons()[6].title, timeout=LONG)
    expect(ask(page, 0).locator("div.told")).to_be_visible()
    ask(page, 0).get_by_role("button", name="Try again").click()
    expect(ask(page, 0).locator("div.told")).to_have_count(0)
    assert not kept(page)["answers"]


def test_a_foreign_or_broken_store_costs_only_what_it_kept(tab):
    page = tab()
    for text in ("[1", '{"version": 99}', '{"version": 1, "answers": 7}', "null"):
        page.evaluate("text => localStorage.setItem('moonviz.learn', text)", text)
        learn(page, 2)
        expect(title(page)).to_have_text(lessons()[1].title)
        expect(ask(page, 0).locator("button.go")).to_be_disabled()


def test_links_in_the_text_drive_the_player(tab):
    page = tab()
    learn(page, 6)
    expect(page.locator(".st-key-learn-view article.lane")).to_have_count(2)
    page.get_by_role("button", name="Run the network").click()
    expect(page.locator(POSITION)).to_have_value("0")
    page.get_by_role("button", name="Now turn round").click()
    expect(page.locator(".lane.focus")).to_contain_text("Run the stem again")
    third = position(page)
    page.get_by_role("button", name="Carry h back").click()
    assert 0 < position(page) < third
    page.get_by_role("button", name="from left to right").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_what_is_pointed_at_explains_itself(tab):
    page = tab()
    learn(page, 6)
    letter = page.locator(".lesson .sym").first
    letter.focus()
    shown = letter.evaluate("node => getComputedStyle(node, '::after').content")
    assert "the gradient on its way" in shown
    number = page.locator(".lesson .num", has_text="MiB").first
    assert "Predicted by a dry run: digits-revnet" in number.get_attribute("data-tip")


def test_a_run_answers_its_question_and_takes_the_view(tab):
    page = tab()
    learn(page, 4)
    question = ask(page, 0)
    question.get_by_text("A little less than backprop’s").click()
    question.get_by_role("button", name="Run and see").click()
    expect(question.locator("div.told")).to_contain_text("measured", timeout=LONG)
    expect(question.locator(".option.right")).to_contain_text("A little less than backprop’s")
    expect(page.locator(".st-key-learn-view .mv-foot")).to_contain_text("Measured here")


def test_two_learners_do_not_see_each_other(tab):
    first, second = tab(), tab(width=390, height=800, scheme="dark")  # another browser profile
    for page, option in ((first, 0), (second, 2)):
        learn(page, 7)
        ask(page, 0).locator("input").nth(option).check()
        ask(page, 0).locator("button.go").click()
    for page, option in ((first, 0), (second, 2)):
        expect(ask(page, 0).locator("div.told")).to_be_visible(timeout=LONG)
        expect(ask(page, 0).locator(".option.on input")).to_have_attribute("value", str(option))
    wide = second.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_answers_survive_a_restart_of_the_server(chromium: Browser, tmp_path):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = Watched(context.new_page()).page
    with served(tmp_path) as app:
        page.goto(f"{app.url}/learn?lesson=7")
        title(page).wait_for()
        answer_by_keyboard(page, ask(page, 0))
        port = urlsplit(app.url).port
    ask(page, 1).locator("input").focus()
    page.keyboard.press("ArrowRight")  # while nobody is there
    again = tmp_path / "again"
    again.mkdir()
    with served(again, port):
        page.reload()
        expect(ask(page, 0).locator("div.told")).to_be_visible()
        expect(ask(page, 1).locator("button.go")).to_be_enabled()
        ask(page, 1).locator("button.go").click()
        expect(ask(page, 1).locator("div.told")).to_be_visible(timeout=LONG)
    context.close()


def test_a_teacher_makes_a_link_for_a_class(tab):
    page = tab()
    learn(page, 4)
    expect(page.locator(".st-key-learn-again")).to_contain_text("backprop")
    page.get_by_role("button", name="Link for a class").click()
    page.get_by_role("button", name="the choice of methods").click()
    page.get_by_text("Big type, for a projector").click()
    code = page.locator("[data-testid=stPopoverBody] code").first
    expect(code).to_contain_text("lesson=4&hide=methods&present=1")
    page.goto(code.inner_text().strip())
    expect(title(page)).to_have_text(lessons()[3].title)
    expect(page.locator(".lesson.present")).to_be_visible()
    expect(page.get_by_role("button", name="Run on this machine")).to_be_visible()
    expect(page.locator("[class*=st-key-learn-methods]")).to_have_count(0)
    assert page.locator(".lesson .prose").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 24


def test_a_lesson_is_a_block_of_another_page(tab):
    page = tab()
    at = urlsplit(page.url)
    link = f"{at.scheme}://{at.netloc}/learn?lesson=7&hide=view,lessons&embed=true"
    page.set_content(f'<h1>Week 3</h1><iframe title="lesson" src="{link}" width="700" height="700"></iframe>')
    inner = page.frame_locator("iframe")
    expect(inner.locator(".lesson h1")).to_have_text(lessons()[6].title, timeout=LONG)
    expect(inner.locator("[data-testid=stHeader]")).to_be_hidden()
    expect(inner.locator(".lesson .dash, .lesson .ways button")).to_have_count(0)
    inner.locator(".ask input").first.check()
    inner.locator(".ask button.go").first.click()
    expect(inner.locator("div.told").first).to_be_visible(timeout=LONG)
