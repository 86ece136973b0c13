/* Numbers and sentences. The rules for numbers are those of figures/style.py; formulas become nodes, never HTML. */
const MIB = 1048576, KIB = 1024;
const FORMATS = new Map();

function fixed(value, places) {
  let format = FORMATS.get(places);
  if (!format) {
    format = new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places });
    FORMATS.set(places, format);
  }
  return format.format(value);
}

/* A number with so many significant digits and thousands separators, never in e-notation. */
function significant(value, digits = 3) {
  if (!value || !isFinite(value)) return String(value || 0);
  const rounded = Number(value.toExponential(digits - 1));
  return fixed(rounded, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded)) + 1e-12)));
}

function bytesText(count) {
  if (count >= 9999.5 * MIB) return `${significant(count / MIB / 1024)} GiB`;
  if (count >= 0.0995 * MIB) return `${significant(count / MIB)} MiB`;
  return count >= KIB ? `${significant(count / KIB)} KiB` : `${fixed(count, 0)} B`;
}

/* The unit that `bytesText` would choose for so many bytes, to use for all numbers of one axis. */
const byteUnit = (count) => (count >= 9999.5 * MIB ? [1024 * MIB, "GiB"] : count >= 0.0995 * MIB ? [MIB, "MiB"] : count >= KIB ? [KIB, "KiB"] : [1, "B"]);
const bytesIn = ([size, name], count) => `${count / size >= 1000 ? fixed(count / size, 0) : significant(count / size)} ${name}`;
const tickText = (value) => (value >= 100 ? fixed(value, 0) : String(Number(value.toPrecision(3))));

function secondsText(seconds) {
  if (!seconds) return "0 s";
  if (seconds >= 0.9995) return `${significant(seconds)} s`;
  return seconds >= 1e-3 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds * 1e6)} µs`;
}

/* A reading that runs: the same number of decimals throughout, so that it does not jump. */
function clockText(seconds, span) {
  return span >= 0.9995 ? `${fixed(seconds, span < 3 ? 3 : 2)} s` : `${fixed(seconds * 1e3, span >= 0.0995 ? 0 : span >= 0.00995 ? 1 : 2)} ms`;
}

function flopsText(flops) {
  for (const [power, unit] of [[12, "TFLOP"], [9, "GFLOP"], [6, "MFLOP"]])
    if (flops >= 0.9995 * 10 ** power) return `${significant(flops / 10 ** power)} ${unit}`;
  return `${fixed(flops, 0)} FLOP`;
}

const factorText = (x) => (x < 2.995 ? fixed(x, 2) : x < 9.95 ? fixed(x, 1) : fixed(x, 0));
const countText = (x) => fixed(x, 0);
const powerText = (power) => "10" + [...String(power)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");

function errorText(error, digits = 2) {
  if (error === null || error === undefined) return "not measured";
  if (error === 0) return "0";
  if (error >= 0.0995) return significant(error, digits);
  const [lead, power] = error.toExponential(digits - 1).split("e");
  return Number(lead) === 1 ? powerText(Number(power)) : `${lead}·${powerText(Number(power))}`;
}

const BUDGET_WORDS = "Budget: a memory limit to try; drag it. Red: over it.";
const shapeText = (shape) => (shape && shape.length ? shape.join(" × ") : "a number");
const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/* ── nodes ── */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") node.style.cssText = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
function drawing(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

/* Text in which `names` stand in backticks. */
function prose(text) {
  return String(text ?? "").split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));
}

/* ── templates: "{i}", "{i-1}", "{i+1}" are the layer's number and its neighbours' ── */
const fill = (text, layer) => text.replace(/\{i([+-]\d+)?\}/g, (_, shift) => layer + Number(shift || 0));

/* Formula markup: _{…} and ^{…}, single letters italic, " · " between parts; an index i, i-1, … is the layer's number.
   Gives nodes, and into `slots` the text nodes to refill. */
function formula(markup, slots) {
  const nodes = [];
  const say = (parent, text) => {
    const node = document.createTextNode(text);
    if (text.includes("{i")) slots.push([node, text]);
    parent.push ? parent.push(node) : parent.append(node);
  };
  const plain = (text) => {
    for (const part of text.split(/(\{i(?:[+-]\d+)?\}|\p{L}\p{M}*(?:\p{L}\p{M}*)*)/u)) {
      if (!part) continue;
      if (/^\p{L}\p{M}*$/u.test(part)) nodes.push(element("i", {}, part));
      else say(nodes, part);
    }
  };
  const pattern = /([_^])\{((?:[^{}]|\{[^{}]*\})*)\}/g;
  markup.split(" · ").forEach((part, at) => {
    if (at) nodes.push(element("span", { class: "sep" }, "; "));
    let from = 0;
    for (const found of part.matchAll(pattern)) {
      plain(part.slice(from, found.index));
      const inside = element(found[1] === "_" ? "sub" : "sup");
      const index = found[2].match(/^\{?(i(?:[+-]\d+)?)\}?$/);
      say(inside, index ? `{${index[1]}}` : found[2].replaceAll("-", "−"));
      nodes.push(inside);
      from = found.index + found[0].length;
    }
    plain(part.slice(from));
  });
  return nodes;
}

/* A place for a caption or formula that changes many times a second: the nodes are made once per template. */
class Refill {
  constructor(node) { this.node = node; this.made = new Map(); this.key = null; this.layer = null; }
  show(key, layer, make) {
    if (this.key !== key) {
      let kept = this.made.get(key);
      if (!kept) {
        const slots = [];
        kept = { nodes: make(slots), slots };
        this.made.set(key, kept);
      }
      this.node.replaceChildren(...kept.nodes);
      this.key = key;
      this.layer = null;
    }
    if (this.layer !== layer) {
      this.layer = layer;
      for (const [node, text] of this.made.get(key).slots) node.data = fill(text, layer);
    }
  }
  caption(text, layer) {
    this.show("say " + text, layer, (slots) => {
      const node = document.createTextNode(text);
      slots.push([node, text]);
      return [node];
    });
  }
  formula(markup, layer) { this.show("set " + markup, layer, (slots) => formula(markup, slots)); }
  plain(...nodes) { this.key = null; this.node.replaceChildren(...nodes); }
}
