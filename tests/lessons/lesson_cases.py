"""A lesson with nothing wrong, and what breaks it."""

from __future__ import annotations

GOOD = """+++
title = "Why backprop stores"
minutes = 4
goal = "Say what backprop keeps, and why."
methods = ["backprop"]
locks = ["methods"]

[network]
preset = "digits-revnet"
settings = { depth = 32 }

[view]
kind = "player"
begin = "goto sweep 2"

[[questions]]
id = "grow"
kind = "choice"
ask = "Four times as many layers: what becomes of the peak?"
answer = "peak backprop depth=128 over depth=32"

[[questions.options]]
text = "It stays."
feedback = "Each layer keeps its own activation."
high = 1.5

[[questions.options]]
text = "It grows about as much."
feedback = "Yes: one activation for each layer."
low = 1.5
high = 6

[[questions.options]]
text = "It grows far more."
feedback = "Each layer keeps its own and no more."
low = 6

[[questions]]
id = "height"
kind = "slider"
ask = "How much is it?"
answer = "peak backprop"
low = 1
high = 100
unit = "MiB"
scale = "log"
close = "Close."
under = "It is more."
over = "It is less."

[[sources]]
text = "Moonwalk"
arxiv = "2402.14212"
+++

Backprop holds {peak backprop} on {setting depth} layers, of slope {given 0.2}.

$$g_i = h_i \\frac{∂f_i}{∂θ_i}$$

{ask grow}

With $h_i$ it makes [[gradient|gradients]]; [watch](do:goto sweep 2).

{ask height}
"""

BROKEN = {
    "no fence": (("+++\ntitle", "title"), "begins with a line `+++`", 1),
    "open fence": (("+++\n\nBackprop", "Backprop"), "not closed", 1),
    "bad TOML": (("minutes = 4", "minutes = "), "not TOML", 3),
    "unknown key": (("goal =", "gaol ="), "Write `goal`.", 4),
    "missing title": (('title = "Why backprop stores"\n', ""), "`title` is missing", 2),
    "unknown preset": (('preset = "digits-revnet"', 'preset = "digits-revnot"'), "no preset `digits-revnot`", 9),
    "unknown setting": (("depth = 32", "deepth = 32"), "`deepth`", 9),
    "unknown method": (('methods = ["backprop"]', 'methods = ["backdrop"]'), "no method `backdrop`", 5),
    "unknown view": (('kind = "player"', 'kind = "cinema"'), "`cinema` is none of what `kind` can be", 13),
    "unknown walk": (('kind = "player"', 'kind = "walk"\nwalk = "moon"'), "There is no walk `moon`", 14),
    "unknown walker": (
        ('kind = "player"', 'kind = "walk"\nwalk = "relu"\nmethod = "backdrop"'),
        "no method `backdrop`",
        15,
    ),
    "bad begin": (('begin = "goto sweep 2"', 'begin = "goto moon"'), "`goto moon` is not understood", 14),
    "no answer": (('answer = "peak backprop depth=128 over depth=32"\n', ""), "there is no answer", 17),
    "no such quantity": (('answer = "peak backprop"', 'answer = "pique backprop"'), "no quantity `pique`", 42),
    "answer of no method": (('answer = "peak backprop"', 'answer = "peak backdrop"'), "no method `backdrop`", 42),
    "units apart": (('unit = "MiB"', 'unit = "times"'), "slider is in times, the answer in bytes", 42),
    "option without range": (("high = 1.5\n", ""), "an option has no range", 20),
    "one question": (("\n{ask height}\n", "\n"), "asked nowhere", 39),
    "asked twice": (("{ask height}", "{ask height}\n\n{ask height}"), "asked 2 times", 39),
    "unknown question": (("{ask height}", "{ask hight}"), "The text asks `hight`", 64),
    "same id": (('id = "height"', 'id = "grow"'), "Two questions have the id `grow`", 17),
    "unknown letter": (("$$g_i = h_i", "$$q_i = h_i"), "letter `q` in a formula is not explained", 58),
    "unknown command": (("\\frac", "\\fract"), "do not know `\\fract`", 58),
    "open brace": (("{∂θ_i}$$", "{∂θ_i$$"), "ends too early", 58),
    "unknown word": (("[[gradient|", "[[gadient|"), "`gadient` is not in the glossary", 62),
    "unknown directive": (("do:goto sweep 2", "do:jump sweep 2"), "The view cannot `jump`", 62),
    "link elsewhere": (("do:goto sweep 2", "http://example.org"), "A link goes to `http://example.org`", 62),
    "typed figure": (("{peak backprop} on", "17.0 MiB on"), "`17.0 MiB` is a figure typed by hand", 56),
    "typed factor": (("Backprop holds", "Backprop takes 7 times"), "`7 times` is a figure typed by hand", 56),
    "typed in feedback": (('close = "Close."', 'close = "Right, 17 MiB."'), "`17 MiB` is a figure typed by hand", 2),
    "unknown number": (("{peak backprop} on", "{peek backprop} on"), "no quantity `peek`", 56),
    "number of no setting": (("{setting depth}", "{setting height}"), "no setting `height`", 56),
    "stray bracket": (("slope {given 0.2}", "slope {given 0.2"), "`{` stands alone", 56),
    "no source": (('\n[[sources]]\ntext = "Moonwalk"\narxiv = "2402.14212"', ""), "No source is given", 2),
    "too long": (("Backprop holds", "word " * 1_200 + "Backprop holds"), "at most 1,100", 55),
    "too large": (("Backprop holds", "word " * 4_000 + "Backprop holds"), "at most 16,000 fit", 1),
    "not computed": (("{peak backprop} on", "{peak backprop depth=77} on"), "has not been computed", 55),
}
"""By what is broken: what is replaced by what, what is said, and about which line."""
