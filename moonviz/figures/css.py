"""Colours and marks for HTML: both schemes at once, chosen by the browser."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from moonviz.events import Kind
from moonviz.figures.style import KINDS_DRAWN, LOOKS, TOKENS, Look


def css_variables() -> str:
    """Every colour and mark as CSS, so that pages follow the scheme without asking Python."""
    named = {f"--mv-{name}": pair for name, pair in TOKENS.items()}
    named |= {f"--mv-m-{name}": one.colour for name, one in LOOKS.items()}
    named |= {f"--mv-k-{name}": one.colour for name, one in KINDS_DRAWN.items()}
    rules = [":root{" + "".join(f"{name}:light-dark({pair[0]},{pair[1]});" for name, pair in named.items()) + "}"]
    for name, one in LOOKS.items():
        rules.append(f".mv-mark.{name}{{background:var(--mv-m-{name});mask-image:var(--mv-g-{name})}}")
        rules.append(f':root{{--mv-g-{name}:url("{_mask(one)}")}}')
        rules.append(f".mv-of-{name}{{--m:var(--mv-m-{name})}}")
    return "\n".join(rules)


def _mask(one: Look) -> str:
    paint = 'fill="none" stroke="#000" stroke-width="2"' if one.hollow else 'fill="#000"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="{one.path}" {paint}/></svg>'
    return f"data:image/svg+xml,{quote(svg)}"


def mark(method: str) -> str:
    """A method's mark as HTML."""
    return f'<span class="mv-mark {escape(method)}" aria-hidden="true"></span>'


def key(kinds: Sequence[Kind]) -> str:
    """The key to the textures, as HTML, with an explanation on each."""
    items = "".join(
        f'<span title="{escape(KINDS_DRAWN[kind].about)}"><b class="mv-k {kind}"></b>'
        f"{escape(KINDS_DRAWN[kind].name)}</span>"
        for kind in kinds
    )
    return f'<div class="mv-key">{items}</div>'
