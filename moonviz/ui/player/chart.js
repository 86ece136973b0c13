/* Memory against time for all methods, in one drawing per layout; a frame moves a clip, a line and the dots.
   Two views: memory over time, and the frontier: the peak so far against the time so far. */
const MARGIN = { left: 50, right: 16, top: 24, bottom: 26 };

function nice(x) {
  const power = 10 ** Math.floor(Math.log10(x)), share = x / power;
  return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 2.5 ? 2.5 : share <= 5 ? 5 : 10) * power;
}

/* At most a few points per pixel column: its first, lowest, highest and last. */
function thinned(points) {
  if (points.length < 900) return points;
  const kept = [];
  for (let i = 0; i < points.length;) {
    const column = Math.floor(points[i][0]);
    let low = points[i], high = points[i], last = points[i];
    const first = points[i];
    for (; i < points.length && Math.floor(points[i][0]) === column; i++) {
      last = points[i];
      if (last[1] < low[1]) low = last;
      if (last[1] > high[1]) high = last;
    }
    for (const point of [first, low[0] < high[0] ? low : high, low[0] < high[0] ? high : low, last]) if (kept[kept.length - 1] !== point) kept.push(point);
  }
  return kept;
}
const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

class Chart {
  constructor(box) {
    this.box = box;
    const layer = (name) => drawing("svg", { "aria-hidden": "true", class: name });
    this.under = layer("curves"); // grid and axis
    this.ink = layer("curves"); // what the playhead uncovers
    this.above = layer("curves"); // marks, labels, rings
    this.cover = element("div", { class: "cover" }, this.ink); // HTML, so that a frame costs no layout
    this.spots = element("div", { class: "spots" });
    this.head = element("div", { class: "head" });
    this.budget = element("div", { class: "budget", role: "slider", tabindex: "0", "aria-label": "Memory budget", title: BUDGET_WORDS, "aria-orientation": "vertical" }, element("span", {}));
    box.append(this.under, this.cover, this.head, this.above, this.spots, this.budget);
  }

  /* {runs, mode, view, focus, budget, colours, span} */
  build(now) {
    const wide = this.box.clientWidth, high = this.box.clientHeight, { left, right, top, bottom } = MARGIN;
    Object.assign(this, { now, wide, high });
    const known = now.runs.filter((run) => run.n), least = Math.min(...known.map((run) => run.peak)), most = Math.max(1, ...known.map((run) => run.peak));
    this.most = most;
    this.log = now.view === "frontier" && known.length > 1 && most / least > 6;
    const ceiling = most * (this.log ? 1.6 : 1.12), floor = this.log ? least / 3 : 0;
    const share = this.log ? (b) => Math.log(Math.max(b, floor) / floor) / Math.log(ceiling / floor) : (b) => b / ceiling;
    this.inverse = this.log ? (s) => floor * (ceiling / floor) ** s : (s) => s * ceiling;
    this.X = (p) => left + ((wide - left - right) * p) / (now.span || 1);
    this.Y = (b) => high - bottom - (high - top - bottom) * Math.min(1.02, share(b));
    this.empty = !known.length;
    this.unit = byteUnit(ceiling);
    this.under.replaceChildren(...(this.empty ? this.#nothing() : [...this.#grid(floor, ceiling), ...this.#axis()]));
    const order = now.runs.map((run, at) => [run, at]).filter(([run]) => run.n).sort((a, b) => (a[1] === now.focus) - (b[1] === now.focus));
    this.ink.replaceChildren(...order.flatMap(([run, at]) => (now.view === "frontier" ? this.#trail(run, at) : this.#curve(run, at))));
    this.labels = this.#peaks(order);
    this.best = now.view === "frontier" ? this.#best(known) : null;
    this.rings = drawing("g");
    this.dots = now.runs.map((run, at) => {
      const hue = this.#hue(run), { bg } = now.colours;
      return element("i", { class: at === now.focus ? "dot big" : "dot", style: `background:${run.noisy ? bg : hue};border-color:${run.noisy ? hue : bg}` });
    });
    this.spots.replaceChildren(...this.dots);
    this.above.replaceChildren(...(this.best ? [this.best] : []), this.rings, ...this.labels.map((label) => label.node));
    for (const layer of [this.under, this.ink, this.above]) layer.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.head.style.top = `${top - 6}px`;
    this.head.style.height = `${high - top - bottom + 6}px`;
    this.last = {};
    this.placeBudget(now.budget);
  }

  #hue(run) { return this.now.colours["m-" + run.method]; }

  #text(x, y, text, more = {}) {
    const { colours } = this.now;
    return drawing("text", { x: x.toFixed(1), y: y.toFixed(1), "font-size": 13, "font-family": colours.sans, fill: colours.muted, ...more }, text);
  }

  #grid(floor, ceiling) {
    const { wide } = this, { colours } = this.now, [unit, name] = this.unit, marks = [];
    if (this.log) for (let v = 2 ** Math.ceil(Math.log2(floor)); v <= ceiling; v *= ceiling / floor > 64 ? 4 : 2) marks.push(v);
    else { const step = nice(ceiling / unit / 5); for (let v = 0; v * unit <= ceiling; v += step) marks.push(v * unit); }
    const nodes = marks.flatMap((v) => [
      drawing("line", { x1: MARGIN.left, x2: wide - MARGIN.right, y1: this.Y(v), y2: this.Y(v), stroke: v ? colours.faint : colours.line }),
      this.#text(MARGIN.left - 8, this.Y(v) + 4.5, tickText(v / unit), { "text-anchor": "end" }),
    ]);
    return [...nodes, this.#text(4, 11, this.log ? `${name}, log scale` : name)];
  }

  /* Before any step there is nothing to measure an axis by. */
  #nothing() {
    const { left, right, top, bottom } = MARGIN, { wide, high } = this, words = this.now.runs.some((run) => run.moving) ? "waiting for the first step" : "nothing to draw";
    return [
      drawing("rect", { x: left, y: top, width: Math.max(0, wide - left - right), height: Math.max(0, high - top - bottom), fill: "none", stroke: this.now.colours.line }),
      this.#text((left + wide - right) / 2, (top + high - bottom) / 2, words, { "text-anchor": "middle" }),
    ];
  }

  #axis() {
    const { mode, span } = this.now, y = this.high - 7, small = mode === "clock" && span < 0.9995, full = small ? span * 1e3 : span;
    if (!(full > 0)) return [];
    let step = nice(full / (this.wide < 420 ? 4 : 6));
    if (mode === "step") step = Math.max(1, Math.round(step));
    const nodes = [];
    for (let v = 0; v <= full + 1e-9; v += step) {
      const last = v + step > full, unit = last ? (mode === "step" ? " steps" : small ? " ms" : " s") : "";
      const x = this.X(small ? v / 1e3 : v), room = x + unit.length * 5 > this.wide - MARGIN.right;
      nodes.push(this.#text(room ? this.wide - MARGIN.right + 8 : x, y, `${countOrShort(v)}${unit}`, { "text-anchor": room ? "end" : "middle" }));
    }
    return nodes;
  }

  #dash(run, at) {
    if (run.noisy) return "6 4";
    const twins = this.now.runs.slice(0, at).filter((other) => other.method === run.method).length;
    return twins ? ["10 3", "3 3", "12 3 3 3"][(twins - 1) % 3] : null;
  }

  #line(run, at, d) {
    return drawing("path", { d, fill: "none", stroke: this.#hue(run), "stroke-width": at === this.now.focus ? 3.2 : 1.9, "stroke-linejoin": "round", "stroke-dasharray": this.#dash(run, at) });
  }

  /* The line is what is held between steps; the haze above it is what works inside a step. */
  #curve(run, at) {
    const { mode, focus } = this.now, held = [[this.X(0), this.Y(0)]], inside = [[this.X(0), this.Y(0)]];
    for (let e = 0; e < run.n; e++) {
      const x = this.X((run.start(e, mode) + run.end[mode][e]) / 2);
      held.push([x, this.Y(run.live[e])]);
      inside.push([x, this.Y(run.inside[e])]);
    }
    held.push([this.X(run.span(mode)), this.Y(run.live[run.n - 1])]);
    const drawn = thinned(held), high = thinned(inside), hue = this.#hue(run), [end] = held[held.length - 1];
    const area = `${path(drawn)}L${end} ${this.Y(0)}L${drawn[0][0]} ${this.Y(0)}Z`;
    const haze = `${path(high)}${path([...drawn].reverse()).replace("M", "L")}Z`;
    return [
      drawing("path", { d: area, fill: hue, opacity: at === focus ? 0.2 : 0.07 }),
      drawing("path", { d: haze, fill: hue, opacity: at === focus ? 0.28 : 0.16 }),
      this.#line(run, at, path(drawn)),
    ];
  }

  /* The running peak: a staircase, since a peak once reached stays. */
  #trail(run, at) {
    const { mode } = this.now, points = [];
    for (let e = 0; e < run.n; e++) {
      const y = this.Y(run.soFar[e]), before = points[points.length - 1];
      if (before && Math.abs(before[1] - y) < 0.05 && e + 1 < run.n) continue;
      if (before) points.push([this.X(run.start(e, mode)), before[1]]);
      points.push([this.X(run.start(e, mode)), y]);
    }
    points.push([this.X(run.span(mode)), this.Y(run.soFar[run.n - 1])]);
    const line = this.#line(run, at, path(points));
    line.setAttribute("opacity", at === this.now.focus ? 0.85 : 0.6);
    return [line];
  }

  /* Those that no other method beats in both: a thin line through them, once all have finished. */
  #best(known) {
    const { mode, colours } = this.now, over = known.filter((run) => run.whole && !run.noisy).map((run) => ({ t: run.span(mode), b: run.peak }));
    const stands = over.filter((one) => !over.some((other) => other !== one && other.t <= one.t && other.b <= one.b && (other.t < one.t || other.b < one.b))).sort((a, b) => a.t - b.t);
    if (stands.length < 2) return null;
    return drawing("path", { d: path(stands.map((one) => [this.X(one.t), this.Y(one.b)])), fill: "none", stroke: colours.muted, "stroke-width": 1.3, "stroke-dasharray": "1 4", "stroke-linecap": "round" });
  }

  /* A mark and a direct label at each peak, placed one after another so that none covers another. */
  #peaks(order) {
    const { mode, view, colours, budget } = this.now, { wide } = this, right = wide - MARGIN.right, line = budget ? this.Y(budget) : -99;
    const placed = [right - 130, MARGIN.left].map((lx) => ({ lx, w: 130, ly: line - 5 })); // both places of the budget's label
    const wanted = order.map(([run, at]) => {
      const p = view === "frontier" ? run.span(mode) : (run.start(run.peakAt, mode) + run.end[mode][run.peakAt]) / 2;
      const text = `${run.label} ${bytesIn(this.unit, run.peak)}`;
      return { run, at, p, text, x: this.X(p), y: this.Y(run.peak), w: text.length * 6.6 + 8 };
    }).sort((a, b) => a.y - b.y || b.x - a.x);
    for (const label of wanted) {
      label.w = Math.min(label.w, wide - MARGIN.left - 8);
      label.lx = Math.max(MARGIN.left + 4, Math.min(label.x - label.w / 2, right - label.w));
      label.ly = Math.max(13, label.y - 11);
      if (line > label.ly - 14 && line < label.ly + 5) label.ly = Math.max(13, line - 6); // not across the budget line
      for (let tries = 0; tries < 14; tries++) {
        const hit = placed.find((other) => Math.abs(other.ly - label.ly) < 17 && label.lx < other.lx + other.w && other.lx < label.lx + label.w);
        if (!hit) break;
        label.ly -= 18;
        if (label.ly < 13) { label.ly = 13; label.lx = Math.min(hit.lx + hit.w + 6, right - label.w); label.ly += tries > 6 ? 18 * (tries - 6) : 0; }
      }
      placed.push(label);
      const mark = glyph(label.run.method, { x: label.x - 6, y: label.y - 6, width: 12, height: 12 });
      for (const shape of mark.children) for (const paint of ["fill", "stroke"]) if ((shape.getAttribute(paint) || "").startsWith("var")) shape.setAttribute(paint, this.#hue(label.run));
      label.node = drawing("g", {});
      if (Math.abs(label.ly - label.y) > 20) label.node.append(drawing("line", { x1: label.x, y1: label.y - 6, x2: label.x, y2: label.ly + 4, stroke: this.#hue(label.run), opacity: 0.6 }));
      label.node.append(drawing("rect", { x: label.lx - 2, y: label.ly - 12, width: label.text.length * 5.9, height: 15, rx: 3, fill: colours.bg, opacity: 0.82 }), mark, this.#text(label.lx, label.ly, label.text, { fill: colours.ink, "font-weight": 600, "paint-order": "stroke", stroke: colours.bg, "stroke-width": 5, "stroke-linejoin": "round" }));
    }
    return placed.slice(2);
  }

  /* One frame. `places` holds {e, done} by run. */
  frame(position, places, over) {
    const x = this.X(Math.min(position, this.now.span)), { last } = this;
    if (last.x !== x || last.over !== over) {
      this.cover.style.clipPath = over ? "none" : `inset(-20px ${(this.wide - x - 1).toFixed(1)}px -20px -20px)`;
      this.head.style.transform = `translateX(${x.toFixed(1)}px)`;
      this.head.hidden = over || this.empty;
      this.budget.classList.toggle("left", !over && x > this.wide - MARGIN.right - 150); // out of the playhead's way
      if (this.best) this.best.style.display = over ? "" : "none";
      Object.assign(last, { x, over });
    }
    this.now.runs.forEach((run, at) => {
      const { e, done } = places[at], dot = this.dots[at], shown = e >= 0 && !(over && !run.moving) && !(done && this.now.view === "frontier");
      const key = shown ? `${e}|${Math.min(position, run.span(this.now.mode))}` : "";
      if (last[at] === key) return;
      last[at] = key;
      dot.style.display = shown ? "" : "none";
      if (!shown) return;
      const across = this.X(Math.min(position, run.span(this.now.mode))), down = this.Y(this.now.view === "frontier" ? run.soFar[e] : run.live[e]);
      dot.style.transform = `translate(${across.toFixed(1)}px,${down.toFixed(1)}px)`;
    });
    for (const label of this.labels) {
      const shown = label.p <= position + 1e-9;
      if (label.shown !== shown) { label.shown = shown; label.node.style.display = shown ? "" : "none"; }
    }
  }

  /* Rings on every curve where a layer was worked on. */
  mark(layer, position) {
    const { mode, view, runs, colours } = this.now, nodes = [];
    if (layer !== null) for (const run of runs) for (const e of run.n ? run.story(layer).worked : []) {
      const p = (run.start(e, mode) + run.end[mode][e]) / 2;
      if (p > position || nodes.length > 400) continue;
      nodes.push(drawing("circle", { cx: this.X(p).toFixed(1), cy: this.Y(view === "frontier" ? run.soFar[e] : run.live[e]).toFixed(1), r: 4.5, fill: colours.bg, stroke: this.#hue(run), "stroke-width": 2.2 }));
    }
    this.rings.replaceChildren(...nodes);
  }

  placeBudget(bytes) {
    const { budget } = this, y = Math.max(4, this.Y(bytes)), beyond = bytes > this.inverse(1);
    budget.hidden = !bytes || this.empty;
    budget.style.transform = `translateY(${y.toFixed(1)}px)`;
    setText(budget.firstChild, `budget ${bytesIn(this.unit, bytes)} ${beyond ? "↑" : "↕"}`);
    budget.setAttribute("aria-valuenow", Math.round(bytes));
    budget.setAttribute("aria-valuemin", 0);
    budget.setAttribute("aria-valuemax", Math.round(Math.max(bytes, this.most * 1.12)));
    budget.setAttribute("aria-valuetext", bytesIn(this.unit, bytes));
  }

  bytesAt(clientY) {
    const y = clientY - this.box.getBoundingClientRect().top, { top, bottom } = MARGIN;
    return Math.max(1024, this.inverse(Math.max(0.004, Math.min(1, (this.high - bottom - y) / (this.high - top - bottom)))));
  }

  positionAt(clientX) {
    const x = clientX - this.box.getBoundingClientRect().left;
    return ((x - MARGIN.left) / (this.wide - MARGIN.left - MARGIN.right)) * this.now.span;
  }
}
const countOrShort = (v) => (Number.isInteger(v) ? fixed(v, 0) : String(+v.toFixed(2)));
