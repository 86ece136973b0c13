/* Marks, hues and textures: one silhouette per method, one shape per kind of what is held. Constant markup only. */
const KINDS = ["activation", "residual", "cotangent", "anchor", "fragment", "sketch", "tangent", "gradient", "temporary"];
const K = Object.fromEntries(KINDS.map((kind, at) => [kind, at]));
const NK = KINDS.length, GRADIENT = K.gradient;
const STACK = ["residual", "activation", "anchor", "fragment", "sketch", "tangent", "temporary", "cotangent"].map((kind) => K[kind]);
const KIND_WORDS = {
  activation: "activation", residual: "residual bits, such as signs", cotangent: "h, the gradient on its way",
  anchor: "anchor: a whole h kept", fragment: "fragment: what the layer erases of h", tangent: "tangent: a pushed direction",
  gradient: "weight gradient", temporary: "kept for a moment", sketch: "sketch of h",
};
const KIND_SHORT = { ...Object.fromEntries(KINDS.map((kind) => [kind, kind])), residual: "residual bits", cotangent: "h", temporary: "temporary" };

const PHASES = { f: "forward", r: "reverse", c: "recompute", i: "invert", t: "tangent", a: "advance" };
const LETTERS = Object.keys(PHASES), NP = LETTERS.length;
const PHASE_WORDS = { f: "forward", r: "backward", c: "run again", i: "undo", t: "push", a: "forward with h" };
const BACK = { r: true, i: true };
const HOLLOW = { c: true, i: true, t: true };
const FALLBACK_SAY = {
  forward: ["Run layer {i}.", "x_{i} = f_{i}(x_{i-1})"], reverse: ["Carry h back through layer {i}.", "h_{i-1} = h_{i} J_{i}"],
  recompute: ["Run layer {i} again.", "x_{i} = f_{i}(x_{i-1}) again"], invert: ["Undo layer {i}: rebuild its input.", "x_{i-1} = f_{i}^{-1}(x_{i})"],
  tangent: ["Push directions through layer {i}.", "ẋ_{i} = J_{i} ẋ_{i-1}"], advance: ["Walk forward through layer {i} with h.", "h_{i} = h_{i-1} J_{i}^{R}"],
};

/* The letters of the formulas. */
const SYMBOLS = [
  ["x", "what goes into a layer and comes out of it"], ["h", "the gradient on its way (cotangent)"], ["J", "a layer’s Jacobian"], ["Jᴿ", "its right inverse: takes h forward (vijp)"],
  ["θ", "weights"], ["g", "weight gradient"], ["r", "residual bits, such as signs"],
];
const SYMBOL_WORDS = SYMBOLS.map(([letter, words]) => `${letter}: ${words}`).join("\n");

const CRESCENT = "M8.4 1A7 7 0 1 0 15 7.6 4.7 4.7 0 1 1 8.4 1Z";
const GLYPHS = {
  backprop: ["M2 8a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z"], checkpointing: ["M2.5 2.5h11v11h-11Z"], revbackprop: ["M8 1 15 8 8 15 1 8Z"],
  "moonwalk-mixed": [CRESCENT], "moonwalk-pure": [CRESCENT, 1.7], forward: ["M8 1.5 15 14.5H1Z"], projforward: ["M8 2 15 14H1Z", 2.2],
  other: ["M3 3l10 10M13 3 3 13", 2.6],
};
const known = (method) => (Object.hasOwn(GLYPHS, method) ? method : "other");
const hue = (method) => `var(--m-${known(method)})`;

function glyph(method, attributes = {}) {
  const [path, stroke] = GLYPHS[known(method)];
  const paint = stroke ? { fill: "none", stroke: hue(method), "stroke-width": stroke, "stroke-linejoin": "round" } : { fill: hue(method) };
  return drawing("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", ...attributes }, drawing("path", { d: path, ...paint }));
}

/* A label may break after its punctuation. */
const breakable = (label) => label.split(/(?<=[:,=])/).flatMap((part, at) => (at ? [element("wbr"), part] : [part]));
const named = (run) => element("span", { class: "named" }, glyph(run.method), element("span", {}, breakable(run.label)));

const rectangles = (colour, boxes) => `<g fill="${colour}">${boxes.map((b) => `<rect x="${b[0]}" y="${b[1]}" width="${b[2]}" height="${b[3]}"/>`).join("")}</g>`;
const outline = (kind, more) => `<rect x="4" y="2" width="14" height="10" fill="none" stroke="var(--k-${kind})" stroke-width="1.8"/>${more}`;
const KIND_ICONS = {
  activation: rectangles("var(--k-activation)", [[3, 1, 16, 12]]),
  residual: rectangles("var(--k-residual)", [0, 1, 2, 3].map((i) => [3 + i * 4.4, 9.5, 2.8, 3.2])),
  anchor: outline("anchor", '<path d="M5 7h12" stroke="var(--k-anchor)" stroke-width="2"/>'),
  fragment: rectangles("var(--k-fragment)", [[4, 2, 2.6, 11], [9.7, 2, 2.6, 11], [15.4, 2, 2.6, 11]]),
  cotangent: outline("cotangent", '<path d="M5 12 12 2M10 12 17 2" stroke="var(--k-cotangent)" stroke-width="2"/>'),
  tangent: '<rect x="4" y="2" width="14" height="10" fill="none" stroke="var(--ink)" stroke-width="1.8"/>',
  sketch: outline("sketch", '<path d="M5 5h12M5 9h12" stroke="var(--k-sketch)" stroke-width="1.4" stroke-dasharray="2 2"/>'),
  temporary: '<rect x="5" y="2" width="12" height="10" fill="none" stroke="var(--k-temporary)" stroke-width="1.6" stroke-dasharray="3 2"/>',
  gradient: '<path d="M11 1.5 16.5 7 11 12.5 5.5 7Z" fill="var(--k-gradient)"/>',
  half: '<path d="M11 1.5 16.5 7 11 12.5 5.5 7Z" fill="none" stroke="var(--k-gradient)" stroke-width="1.5"/><path d="M11 1.5V12.5L5.5 7Z" fill="var(--k-gradient)"/>',
  hollow: '<path d="M11 1.5 16.5 7 11 12.5 5.5 7Z" fill="none" stroke="var(--k-gradient)" stroke-width="1.6"/>',
  budget: '<path d="M2 7h18" stroke="var(--warn)" stroke-width="2" stroke-dasharray="2 2"/>',
  here: '<rect x="5" y="1.5" width="12" height="11" rx="2" fill="none" stroke="var(--accent)" stroke-width="1.6"/><path d="M8.5 10.5 11 13.5l2.5-3" fill="var(--accent)"/>',
  pale: '<path d="M11 1.5 16.5 7 11 12.5 5.5 7Z" fill="var(--k-gradient)" fill-opacity=".35" stroke="var(--k-gradient)" stroke-width="1.4"/>',
  haze: '<rect x="3" y="1" width="16" height="12" fill="var(--ink)" opacity=".18"/><path d="M3 13h16" stroke="var(--ink)" stroke-width="2"/>',
  f: '<rect x="3" y="1" width="16" height="12" fill="var(--ink)" opacity=".34"/>', r: '<rect x="3" y="1" width="16" height="12" fill="var(--ink)" opacity=".68"/>',
  a: '<rect x="3" y="1" width="16" height="12" fill="var(--ink)"/>',
  again: '<rect x="3" y="1" width="16" height="12" fill="var(--ink)" opacity=".2"/><path d="M3 7 9 1M3 13 15 1M9 13 19 3M15 13l4-4" stroke="var(--ink)" stroke-width="2"/>',
};
function constant(markup, viewBox, name) { // constant markup of this file only
  const holder = document.createElement("span");
  holder.innerHTML = `<svg viewBox="${viewBox}" class="${name}" aria-hidden="true">${markup}</svg>`;
  return holder.firstChild;
}
const kindIcon = (kind) => constant(KIND_ICONS[kind] || KIND_ICONS.activation, "0 0 22 14", "kind");
const ICONS = {
  play: "M5 3v12l10-6z", pause: "M4 3h4v12H4zM10 3h4v12h-4z", prev: "M12 3v12L4 9zM3 3h1.8v12H3z", next: "M6 3v12l8-6zM13.2 3H15v12h-1.8z",
  again: "M9 3a6 6 0 1 0 5.7 4.2l-1.7.6A4.2 4.2 0 1 1 9 4.8V7l4-3.1L9 .8z", close: "M4.5 3.3 9 7.8l4.5-4.5 1.2 1.2L10.200 9l4.500 4.500-1.200 1.200L9 10.200l-4.500 4.500-1.200-1.200L7.800 9 3.300 4.500z",
  save: "M8.100 2h1.800v7.300l2.600-2.600 1.200 1.300L9 12.700 4.300 8l1.200-1.300 2.600 2.600zM3 14h12v1.800H3z",
};
const icon = (name) => constant(`<path d="${ICONS[name]}"/>`, "0 0 18 18", "i");
