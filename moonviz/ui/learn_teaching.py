"""Links for a class: a lesson with what is hidden, in big type or as a block for another page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import streamlit as st

from moonviz.lessons import lessons

HIDES = {
    "methods": "the choice of methods",
    "run": "the button that runs here",
    "lessons": "the way to other lessons",
    "view": "the live view",
}
"""What a link can hide, by its name in the link."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a link asks of the page.

    Attributes:
        hide: Names out of `HIDES`.
        present: Whether the type is big, for a projector.
        embed: Whether the page is a block within another one.
    """

    hide: tuple[str, ...] = ()
    present: bool = False
    embed: bool = False

    @classmethod
    def read(cls, parameters: Mapping[str, str], embed: bool = False) -> Teaching:
        """From an address; what is unknown there is left out. Streamlit keeps `embed` to itself, so it comes apart."""
        hide = tuple(one for one in parameters.get("hide", "").split(",") if one in HIDES)
        return cls(hide, parameters.get("present") == "1", embed)

    def address(self, base: str, lesson: str) -> str:
        """The link to a lesson, seen like this.

        Args:
            base: The app's address, on any page.
            lesson: Its name.
        """
        parts = urlsplit(base)
        asked = {"lesson": lesson.partition("-")[0].lstrip("0")}
        asked |= {"hide": ",".join(self.hide)} if self.hide else {}
        asked |= {"present": "1"} if self.present else {}
        asked |= {"embed": "true"} if self.embed else {}
        return f"{parts.scheme}://{parts.netloc}/learn?{urlencode(asked, safe=',')}"


def link_maker(at: str) -> None:
    """A button that makes a link for a class.

    Args:
        at: The name of the lesson shown.
    """
    with st.popover("Link for a class", type="tertiary", key="learn.class"):
        names = {one.name: one.title for one in lessons()}
        name = st.selectbox(
            "Lesson", list(names), list(names).index(at), format_func=names.get, key=f"learn.class-lesson-{at}"
        )
        chosen = st.pills("Hide", list(HIDES), selection_mode="multi", format_func=HIDES.get, key="learn.class-hide")
        present = st.toggle("Big type, for a projector", key="learn.class-present")
        embed = st.toggle("A block for another page or slides", key="learn.class-embed")
        hide = tuple(one for one in HIDES if one in chosen)
        link = Teaching(hide, present, embed).address(st.context.url or "http://localhost:8501", name)
        st.code(link, language=None, wrap_lines=True)
        if embed:
            st.code(f'<iframe src="{link}" width="100%" height="720"></iframe>', language="html", wrap_lines=True)
