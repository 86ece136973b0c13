/* Pictures of a walk's states: a carried grid, the point, h as an arrow with its level lines, tangents. */
const HALF = 50, NICE = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];
const niceRange = (most) => NICE.find((one) => one >= most) || most;

class Plane {
  constructor(owner, at) {
    Object.assign(this, { owner, at });
    this.svg = drawing("svg", { viewBox: `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`, role: "img" });
    this.caption = element("figcaption", {});
    this.node = element("figure", { class: "plane", "data-state": at }, this.svg, this.caption);
  }

  point(values) { return [values[0], values.length > 1 ? values[1] : 0]; }
  to([x, y]) { const by = (HALF - 3) / this.range; return [x * by, -y * by]; }

  /* What the browser's pixels mean in the plane, to the next quarter. */
  from(event) {
    const box = this.svg.getBoundingClientRect(), by = (HALF - 3) / this.range;
    const raw = [((event.clientX - box.left) / box.width) * 2 * HALF - HALF, HALF - ((event.clientY - box.top) / box.height) * 2 * HALF];
    return raw.map((value) => Math.max(-4, Math.min(4, Math.round((value / by) * 4) / 4)));
  }

  draw(seen, holding) {
    const { at } = this, x = seen.x[at];
    const most = Math.max(at ? 2 : 3, ...x.map((value) => Math.abs(value) * 1.25));
    this.range = holding && this.range >= most ? this.range : niceRange(most);
    const flat = x.length === 1, [px, py] = this.to(this.point(x)), parts = [];
    parts.push(drawing("path", { d: `M${-HALF} 0H${HALF}${flat ? "" : `M0 ${-HALF}V${HALF}`}`, class: "axis" }));
    const lines = seen.grid[at] || [];
    if (!flat) ["across", "along"].forEach((name, side) => parts.push(drawing("path", { class: `grid ${name}`, d: lines.slice(side * lines.length / 2, (side + 1) * lines.length / 2).map((line) => `M${line.map((point) => this.to(point).map((value) => value.toFixed(2)).join(" ")).join("L")}`).join("") })));
    if (seen.h[at]) parts.push(...this.covector(seen.h[at][0], [px, py], flat));
    for (const [name, arrows] of [["unit", seen.units[at]], ["tan", seen.t[at]]]) for (const tip of arrows || []) parts.push(this.arrow([px, py], this.to(this.point(tip)), name));
    parts.push(drawing("circle", { cx: px, cy: py, r: 3, class: `pin ${seen.has[at]}` }));
    parts.push(drawing("text", { x: HALF - 3, y: -3, class: "tick" }), drawing("text", { x: -HALF + 3, y: -3, class: "tick first" }));
    parts.at(-2).textContent = numberText(this.range); parts.at(-1).textContent = numberText(-this.range);
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", this.told(seen));
    this.caption.replaceChildren(symbol(`x${at}`), ` = ${vectorText([x])}`, ...(seen.h[at] ? [element("span", { class: "hh" }, symbol(`h${at}`), ` = ${vectorText(seen.h[at])}`)] : []));
    this.node.classList.toggle("active", seen.active.includes(at));
    this.node.classList.toggle("movable", at === 0 && this.owner.movable);
  }

  /* h as level lines, between which the loss changes by ½ at first order, and as an arrow across them. */
  covector(h, [px, py], flat) {
    const [a, b] = this.point(h), size = Math.hypot(a, b), by = (HALF - 3) / this.range;
    if (size < 1e-12) return [];
    const parts = [], step = (0.5 / size) * by, [ux, uy] = [a / size, -b / size], reach = flat ? 5 : 3 * HALF;
    const many = Math.min(4, Math.floor((1.6 * HALF) / step));
    for (let n = -many; n <= many; n++) {
      const [cx, cy] = [px + ux * step * n, py + uy * step * n];
      parts.push(drawing("path", { d: `M${cx - uy * reach} ${cy + ux * reach}L${cx + uy * reach} ${cy - ux * reach}`, class: n ? "level" : "level here" }));
    }
    const long = Math.min(HALF * 0.8, Math.max(12, size * HALF * 0.5));
    return [...parts, this.arrow([px, flat ? py - 11 : py], [ux * long, uy * long], "cot")]; // on a line, above it: unit steps lie along it
  }

  arrow([px, py], [dx, dy], name) {
    const size = Math.hypot(dx, dy);
    if (size < 0.6) return drawing("circle", { cx: px, cy: py, r: 4.6, class: `ring ${name}` });
    const [ux, uy] = [dx / size, dy / size], [tx, ty] = [px + dx, py + dy], head = Math.min(6, size * 0.5), [bx, by] = [tx - ux * head, ty - uy * head];
    return drawing("g", { class: `arrow ${name}` }, drawing("path", { d: `M${px} ${py}L${bx} ${by}` }), drawing("path", { class: "barb", d: `M${tx} ${ty}L${bx - uy * head * 0.42} ${by + ux * head * 0.42}L${bx + uy * head * 0.42} ${by - ux * head * 0.42}Z` }));
  }

  told(seen) {
    const { at } = this, x = seen.x[at], where = at === 0 ? "Input plane" : `State after layer ${at}`;
    const h = seen.h[at] ? ` h${at} is ${vectorText(seen.h[at])}, drawn as an arrow across its level lines.` : "";
    const t = seen.t[at] ? ` ${seen.t[at].length === 1 ? "A tangent" : `${seen.t[at].length} tangents`}: ${seen.t[at].map((one) => vectorText([one])).join(" and ")}.` : "";
    return `${where}: ${seen.grid.length && at ? "the input’s grid as the layers carry it; " : ""}x${at} is ${vectorText([x])}, ${HAS_WORDS[seen.has[at]]}.${h}${t}`;
  }
}
const HAS_WORDS = { kept: "in memory now", gone: "not in memory", yet: "not made yet" };

/* Between two planes: the layer, and which product is made. */
const OPS = [["f", "→", "run: x goes on"], ["f⁻¹", "←", "undo: x goes back"], ["jvp", "→", "push: a tangent goes on"], ["vjp", "←", "h goes back"], ["vijp", "→", "h goes on again"]];
function opsOf(frame, last) {
  const found = new Map();
  if (!frame) return found;
  const i = frame.layer;
  for (const line of frame.lines) {
    const uses = line.products.map((pair) => pair.join(" ")).join(" ");
    const op = line.makes === `x${i}` || line.makes === "z" ? "f" : line.makes === `x${i - 1}` ? "f⁻¹" : line.makes === `h${i - 1}` && (uses.includes(`J${i}`)) ? "vjp" : line.makes === `h${i}` && uses.includes(`R${i}`) ? "vijp" : /^t[z\d]/.test(line.makes) && uses.includes(`J${i}`) ? "jvp" : null;
    if (op && i <= last) found.set(op, i);
  }
  return found;
}

class Bridge {
  constructor(layer) {
    this.layer = layer;
    this.chips = OPS.map(([name, way, title]) => element("li", { "data-op": name, title }, way === "←" ? "← " : "", element("i", {}, name), way === "→" ? " →" : ""));
    this.node = element("div", { class: "bridge" }, element("b", {}, `${layer.number}`), element("span", { class: "kind" }, layer.name), element("span", { class: "sign", title: `${layer.capability}. ${layer.reason}` }, layer.sign), element("ul", { class: "ops", "aria-hidden": "true" }, this.chips));
  }

  draw(frame, last) {
    const on = frame?.layer === this.layer.number ? opsOf(frame, last) : new Map();
    for (const chip of this.chips) { chip.classList.toggle("on", on.has(chip.dataset.op)); }
    this.node.classList.toggle("active", frame?.layer === this.layer.number);
  }
}
