/* Numbers, names and matrices of a walk as nodes. */
const NAMES = { R: ["J", "R"], t: ["ẋ"], o: ["g"], w: ["v"], tz: ["ż"], D: ["∂f", "", "∂θ"] };
const SAID = { x: "state", h: "cotangent", J: "Jacobian", R: "right inverse of the Jacobian", b: "offset", g: "gradient", t: "tangent", D: "derivative by the weights", r: "signs", f: "fragment", c: "what the fragment adds", y: "x less its offset", u: "hidden units", k: "the half that is read", V: "inner weights", a: "inner offset", v: "direction in the weights", w: "direction in the weights", o: "gradient so far" };
const WORDS = { z: "output of the head", p: "probabilities", e: "gradient of the loss at z", loss: "loss", tz: "tangent at z", d: "answer of the loss" };
const split = (name) => (name in WORDS ? [name, ""] : [name[0], name.slice(1)]);
const saidName = (name) => { const [letter, i] = split(name); return WORDS[letter] || `${SAID[letter] || letter} ${letter}${i}`; };

/* A number as it can be read: exact to four places, else four significant digits and an ellipsis. */
function numberText(value) {
  if (value === null || value === undefined || !isFinite(value)) return "…";
  const short = Math.round(value * 1e4) / 1e4, exact = Math.abs(short - value) < 1e-10 * Math.max(1, Math.abs(value));
  const text = exact ? String(Math.abs(short)) : Math.abs(value) >= 1000 || Math.abs(value) < 1e-3 ? Math.abs(value).toPrecision(3) : String(Math.abs(Number(value.toPrecision(4))));
  return `${value < 0 && Number(text) !== 0 ? "−" : ""}${text.replace("e-", "·10^−").replace("e+", "·10^")}${exact ? "" : "…"}`;
}
const factorOf = (value) => (value < 0 && !Object.is(value, -0) ? `(${numberText(value)})` : numberText(value));

function symbol(name) {
  const [letter, i] = split(name), [shown, up, below] = NAMES[letter] || [letter];
  const node = element("span", { class: `sym s-${letter}`, "data-name": name });
  const base = (text) => (text === "loss" ? text : element("i", {}, text));
  node.append(base(shown));
  if (i) node.append(element("sub", {}, i));
  if (up) node.append(element("sup", {}, up));
  if (below) node.append("/", element("i", {}, below), element("sub", {}, i));
  return node;
}

/* Numbers between brackets. */
function brackets(rows, label) {
  if (!rows) return element("span", { class: "mat none", "aria-label": `${label}: not known` }, "…");
  const cells = rows.flatMap((row) => row.map((value) => element("span", {}, numberText(value))));
  const said = rows.map((row) => row.map(numberText).join(", ")).join("; ");
  return element("span", { class: "mat", role: "img", "aria-label": `${label}: ${said}`, style: `grid-template-columns:repeat(${rows[0].length},auto)` }, cells);
}
const vectorText = (rows) => (rows ? `(${flatten(rows).map(numberText).join(", ")})` : "…");

/* A line in symbols, then in numbers. */
function lineNode(line, look) {
  const ops = [], figures = [];
  const add = (sign) => { if (ops.length) { ops.push(` ${sign} `); figures.push(element("span", { class: "op" }, sign)); } else if (sign === "−") { ops.push("−"); figures.push(element("span", { class: "op" }, "−")); } };
  if (line.scale !== 1) { ops.push(`1/${Math.round(1 / line.scale)} · `); figures.push(element("span", { class: "op" }, `1/${Math.round(1 / line.scale)} ·`)); }
  line.products.forEach(([left, right], at) => { if (at) add("+"); ops.push(symbol(left), " ", symbol(right)); figures.push(brackets(look(left), saidName(left)), brackets(look(right), saidName(right))); });
  if (!line.rule || line.rule === "entry") for (const [name, sign] of line.terms) { add(sign < 0 ? "−" : "+"); ops.push(symbol(name)); figures.push(brackets(look(name), saidName(name))); }
  const made = look(line.makes), rule = RULES[line.rule];
  if (rule) ops.push(...rule(line));
  const result = brackets(made, saidName(line.makes));
  return element("div", { class: "line", "data-makes": line.makes }, element("div", { class: "fx" }, symbol(line.makes), " = ", ops),
    element("div", { class: "figs" }, rule && line.rule !== "entry" ? [] : [...figures, element("span", { class: "op" }, "=")], result));
}
const RULES = {
  softmax: (line) => ["softmax ", symbol(line.terms[0][0])], loss: (line) => ["−log ", symbol(line.terms[0][0]), " at the target"],
  minus_target: (line) => [symbol(line.terms[0][0]), " − 1 at the target"], signs: (line) => ["1 where ", symbol(line.terms[0][0]), " > 0, else 0"],
  kept: (line) => ["what the layer erases of ", symbol(line.terms[0][0])],
  entry: (line) => [` at place ${line.at + 1}`],
};

/* Each number of a line written out: [name, place, what it comes from, value]. */
function cellsOf(line, look, walk) {
  const made = look(line.makes);
  if (!made) return [];
  const place = (r, c) => placeText(line.makes, made, r, c, walk);
  const all = [];
  made.forEach((row, r) => row.forEach((value, c) => {
    const terms = [];
    if (line.rule === "softmax") { const z = flatten(look("z")).map((one) => `e^${factorOf(one)}`); terms.push(`${z[r]} / (${z.join(" + ")})`); }
    else if (line.rule === "loss") terms.push(`−log ${numberText(look("p")[walk.target][0])}`);
    else if (line.rule === "minus_target") terms.push(`${numberText(look("p")[c][0])} − ${Number(c === walk.target)}`);
    else if (line.rule === "signs") terms.push(`${numberText(look(line.terms[0][0])[r][0])} > 0? ${value ? "yes" : "no"}`);
    else if (line.rule === "kept") terms.push("copied from h before the layer erases it");
    else if (line.rule === "entry") { const k = c - line.at, from = look(line.terms[0][0]); if (k < 0 || k >= from[0].length) return; terms.push(`the answer ${numberText(from[0][k])}`); }
    else terms.push(sumText(line, look, r, c));
    all.push([line.makes, place(r, c), terms.join(" + "), value]);
  }));
  return all;
}

function sumText(line, look, r, c) {
  const parts = [];
  for (const [left, right] of line.products) {
    const a = look(left), b = look(right);
    if (!a || !b) return "…";
    a[r].forEach((value, k) => { if ((value !== 0 && b[k][c] !== 0) || a[r].length <= 2) parts.push(`${parts.length ? " + " : ""}${factorOf(value)}·${factorOf(b[k][c])}`); });
  }
  if (!parts.length) parts.push("0");
  let text = parts.join("");
  if (line.scale !== 1) text = `(${text}) / ${Math.round(1 / line.scale)}`;
  for (const [name, sign] of line.terms) { const value = look(name); text = `${text === "0" && !line.products.length ? "" : `${text} ${sign < 0 ? "−" : "+"} `}${value ? factorOf(value[r][c]) : "…"}`; }
  return text;
}

function placeText(name, rows, r, c, walk) {
  const [letter, i] = split(name);
  if ("go".includes(letter) && walk.layers[i - 1]?.labels.length) return walk.layers[i - 1].labels[c];
  if (rows.length === 1 && rows[0].length === 1) return "";
  return rows.length === 1 ? String(c + 1) : rows[0].length === 1 ? String(r + 1) : `${r + 1},${c + 1}`;
}
