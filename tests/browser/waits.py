"""Waiting for a page without guessing for how long: what it has sent to its server, and when that was answered."""

from __future__ import annotations

from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg

ASKS = BackMsg(rerun_script={}).SerializeToString()[0]
"""First byte of the message by which a page asks for a rerun of its script or of one of its fragments."""
HEARS = f"""(() => {{
  const heard = (globalThis.moonvizHeard = {{ asked: 0, ended: 0 }}), {{ send }} = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {{
    if (data[0] === {ASKS}) heard.asked = performance.now();
    return send.call(this, data);
  }};
  new MutationObserver((changes) => {{
    if (changes.at(-1).target.dataset.testScriptState === "notRunning") heard.ended = performance.now();
  }}).observe(document, {{ subtree: true, attributeFilter: ["data-test-script-state"] }});
}})()"""
"""Runs in a page before its own scripts."""
FRAMES = """() => new Promise(done => {
  let frames = 4;
  const next = () => (frames-- ? requestAnimationFrame(next) : setTimeout(done, 20));
  next();
})"""
ANSWERED = """() => {
  const heard = globalThis.moonvizHeard, app = document.querySelector("[data-testid=stApp]");
  const answered = heard.ended > heard.asked || performance.now() - heard.asked > PATIENCE;
  return app?.dataset.testScriptState === "notRunning" && answered;
}""".replace("PATIENCE", "2000")
"""Also true some time after a question that has no answer: of a fragment whose page is left."""


def drawn(page: Page) -> None:
    """Until the page has drawn a few frames more, and with them what was just done."""
    page.evaluate(FRAMES)


def rest(page: Page) -> None:
    """Until the page has been answered what was just done in it: its script has run and ended since."""
    drawn(page)  # a control sends what it was told once React has drawn it
    page.wait_for_function(ANSWERED)
