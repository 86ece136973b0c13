"""The captions of the player as data: a sentence and a formula for each kind of step of each method.

`{i}` stands for the layer's number, `{kept}` and `{erased}` for what a layer keeps or erases, `{m}` for the directions
pushed at a time.
"""

from __future__ import annotations

Said = tuple[str, str]
"""A sentence and its formula: plain text, with `_{…}` and `^{…}` for what stands below and above the line."""

RUN = "x_{i} = f_{i}(x_{i-1})"
GRAD = "g_{i} = h_{i} ∂f_{i}/∂θ_{i}"
BACK = "h_{i-1} = h_{i} J_{i}"
AHEAD = "h_{i} = h_{i-1} J_{i}^{R}"
UNDO = "x_{i-1} = f_{i}^{−1}(x_{i})"
SIGN = "r_{i} = sign(z_{i})"
LOSS = "loss = f_{i}(x_{i-1})"
START = "h_{i-1} = ∂loss/∂x_{i-1}"

SHARED: dict[str, Said] = {
    "forward+stem": ("Run the stem: the batch goes in.", "x_{0} = f_{0}(batch)"),
    "forward+head": ("Run the head and compute the loss.", LOSS),
    "reverse+head": ("Start h at the loss, and make the head’s gradient.", f"{START} · g_{{i}}"),
    "reverse+head+bare": ("Start h at the loss.", START),
    "reverse+stem": ("Run the stem again and make its gradient from h.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    "reverse+stem+bare": ("Reach the stem: it has no weights, so the walk ends.", ""),
    "advance+stem": ("Run the stem again and make its gradient from h.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    "advance+stem+bare": ("Run the stem again; it has no weights.", "x_{0} = f_{0}(batch)"),
    "advance+head": ("Compute the loss once more, and make the head’s gradient.", f"{LOSS} · g_{{i}}"),
    "advance": ("Walk forward again: recover h at layer {i}, make its gradient.", f"{AHEAD} · {GRAD}"),
    "advance+bare": ("Walk forward again: recover h at layer {i}; it has no weights.", AHEAD),
    "advance+fragment": ("Recover h at layer {i} with its fragment, and make its gradient.", f"{AHEAD} · {GRAD}"),
    "advance+fragment+bare": ("Recover h at layer {i} with the fragment that was kept.", AHEAD),
    "advance+anchor": ("Make the gradient of layer {i}; go on from the h kept there.", f"{GRAD} · h_{{i}} kept"),
    "advance+anchor+bare": ("Pass layer {i}, and go on from the whole h kept there.", "h_{i} kept"),
}
_SEGMENTS: dict[str, Said] = {
    "forward": ("Run layer {i}; store only the first input of each segment.", RUN),
    "forward+segment": ("Run layer {i}; store its input, since a segment starts here.", f"{RUN} · keep x_{{i-1}}"),
}
_MIXED: dict[str, Said] = {
    "forward": ("Run layer {i}; keep nothing: h can pass back without.", RUN),
    "forward+bits": ("Run layer {i}; keep {kept}.", f"{RUN} · {SIGN}"),
    "forward+residual": ("Run layer {i}; keep {kept}.", f"{RUN} · keep r_{{i}}"),
    "reverse": ("Carry h back through layer {i}; nothing kept is needed.", BACK),
    "reverse+bits": ("Carry h back through layer {i} with its bits alone; drop them.", BACK),
    "reverse+residual": ("Carry h back through layer {i} with what it kept; drop that.", BACK),
    "reverse+fragment": ("Carry h back through layer {i}; keep {erased}.", f"{BACK} · keep c_{{i}} ⊂ h_{{i}}"),
    "reverse+anchor": ("Carry h back through layer {i}; keep this whole h as an anchor.", f"{BACK} · keep h_{{i}}"),
    "reverse+fragment+anchor": (
        "Carry h back through layer {i}; keep what it erases, and all of h.",
        f"{BACK} · keep c_{{i}}, h_{{i}}",
    ),
}
_STORE = "store all that its gradient will need."

CAPTIONS: dict[str, dict[str, Said]] = {
    "backprop": {
        "forward": (f"Run layer {{i}} and {_STORE}", RUN),
        "forward+stem": (f"Run the stem and {_STORE}", "x_{0} = f_{0}(batch)"),
        "forward+head": ("Compute the loss and store what its gradient will need.", LOSS),
        "reverse": ("Walk back through layer {i}: use what was stored, then free it.", f"{GRAD} · {BACK}"),
        "reverse+bare": ("Walk back through layer {i}: use what was stored, then free it.", BACK),
        "reverse+stem": ("Make the stem’s gradient from h: the walk is over.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    },
    "checkpointing": _SEGMENTS
    | {
        "recompute": ("Run layer {i} again from its segment’s input, storing this time.", f"{RUN} again"),
        "reverse": ("Walk back through layer {i} of the rebuilt segment, then free it.", f"{GRAD} · {BACK}"),
        "reverse+bare": ("Walk back through layer {i} of the rebuilt segment, then free it.", BACK),
    },
    "revbackprop": {
        "forward": ("Run layer {i} and store nothing: it can be undone.", RUN),
        "invert": ("Undo layer {i}, then make its gradient with the rebuilt input.", f"{UNDO} · {GRAD}"),
        "invert+bare": ("Undo layer {i}, and carry h back with the rebuilt input.", f"{UNDO} · {BACK}"),
    },
    "forward": {
        "forward": ("Run layer {i} once: all its weights have had their turn.", RUN),
        "forward+stem": ("Run the stem once: all its weights have had their turn.", "x_{0} = f_{0}(batch)"),
        "tangent": ("Push one weight’s nudge on through layer {i}.", "ẋ_{i} = J_{i} ẋ_{i-1}"),
        "tangent+start": ("Nudge one weight of layer {i}.", "ẋ_{i} = ∂f_{i}/∂θ_{i} v"),
        "tangent+start+stem": ("Nudge one weight of the stem.", "ẋ_{0} = ∂f_{0}/∂θ_{0} v"),
        "tangent+head": ("The loss’s answer to the nudge is that weight’s gradient.", "g·v = ∂loss/∂x_{i-1} ẋ_{i-1}"),
        "tangent+start+head": ("Nudge one weight of the head; the loss answers at once.", "g·v = ∂loss/∂θ_{i} v"),
    },
    "projforward": {
        "tangent": (
            "Push one random direction through layer {i}, beside x.",
            "ẋ_{i} = J_{i} ẋ_{i-1} + ∂f_{i}/∂θ_{i} v_{i}",
        ),
        "tangent+stem": ("Nudge all weights in one random direction, the stem’s first.", "ẋ_{0} = ∂f_{0}/∂θ_{0} v_{0}"),
        "tangent+head": ("The loss answers d; add d·v to the guess of every gradient.", "ĝ = mean(d·v)"),
    },
    "moonwalk-pure": {
        "tangent": ("Push {m} input directions through layer {i}, beside x.", "ẋ_{i} = J_{i} ẋ_{i-1}"),
        "tangent+stem": ("Start {m} directions at the input of layer 1.", "ẋ_{0} = e_{1}, e_{2}, …"),
        "tangent+head": ("Each direction’s answer at the loss is one number of h.", "h_{0}·e = ∂loss/∂x_{i-1} ẋ_{i-1}"),
    },
    "moonwalk-mixed": _MIXED,
    "moonwalk-mixed inverse": {
        "forward": ("Run layer {i} and store nothing: it can be undone.", RUN),
        "invert": ("Undo layer {i} to see its input, then carry h back through it.", f"{UNDO} · {BACK}"),
        "invert+fragment": ("Undo layer {i}, carry h back, and keep {erased}.", f"{UNDO} · keep c_{{i}} ⊂ h_{{i}}"),
        "invert+anchor": ("Undo layer {i}, carry h back, and keep all of h as an anchor.", f"{UNDO} · keep h_{{i}}"),
    },
    "moonwalk-mixed checkpointed": _MIXED
    | _SEGMENTS
    | {
        "recompute": ("Run layer {i} of the segment again; it need keep nothing.", f"{RUN} again"),
        "recompute+bits": ("Run layer {i} again; keep {kept}.", f"{RUN} again · {SIGN}"),
        "recompute+residual": ("Run layer {i} again; keep {kept}.", f"{RUN} again · keep r_{{i}}"),
    },
}
"""By method, or moonwalk-mixed and its phase one; what is not here is in the table all share."""

BITS = "one bit per unit, its sign"
KEPT: dict[str, str] = {
    "leaky ReLU": BITS,
    "ReLU": BITS,
    "GELU": "its input",
    "SiLU": "its input",
    "ELU": "its output",
    "softplus": "its output",
    "tanh": "its output",
    "sigmoid": "its output",
    "softmax": "its output",
    "layer norm": "its normalised input",
    "RMS norm": "its normalised input",
    "batch norm": "its normalised input",
    "max pool": "the place of each window’s winner",
    "affine coupling": "its input, which h will need",
}
"""What a layer's residual is, by kind; couplings and residual blocks say it in their cards."""

ERASED: dict[str, str] = {
    "conv": "the few columns it erases",
    "ReLU": "h where its units are dead",
    "GELU": "h where its slope is near 0",
    "SiLU": "h where its slope is near 0",
    "dropout": "h where it drops units",
}
"""What a layer's fragment is, by kind."""
