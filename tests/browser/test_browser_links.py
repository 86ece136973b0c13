"""A link straight to a page is the first thing that a fresh server is asked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from serving import WAIT, Watched, served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("path", "headline"), [("methods", "Moonwalk keeps"), ("precision", "conditioning decides")])
def test_a_fresh_server_opens_a_link_to_a_page_in_its_frame(chromium, tmp_path, path, headline):
    with served(tmp_path) as app:
        context = chromium.new_context(viewport={"width": 1440, "height": 1000})
        watched = Watched(context.new_page())
        watched.page.goto(f"{app.url}/{path}")
        expect(watched.page.locator(".mv-headline")).to_contain_text(headline, timeout=WAIT)
        for title in ("Race", "Methods", "Precision"):
            expect(watched.page.get_by_role("link", name=title, exact=True)).to_be_visible()
        expect(watched.page.locator("[data-testid=stSidebar]")).to_have_count(0)
        expect(watched.page.locator(".mv-headline")).to_have_css("letter-spacing", "-0.27px")
        watched.page.get_by_role("link", name="Race", exact=True).click()
        expect(watched.page.locator(".mv-headline")).to_contain_text("times less than backprop", timeout=WAIT)
        context.close()
    assert not watched.faults
