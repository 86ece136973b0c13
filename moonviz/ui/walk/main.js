/* The walk itself: state, one draw, and what Streamlit calls. */
const HOME = Symbol.for("moonviz.walk"), PLACES = Symbol.for("moonviz.walk.places");
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const PACE = 1400, SOON = 350, STEP = 0.25;
const HELP = "Arrow keys step, Page Up and Page Down change the sweep, Home and End go to the ends, Space plays.";

class Walk {
  constructor(host, fed, tell) {
    this.host = host;
    this.root = element("section", { class: "mv walk", tabindex: "0", role: "group", "aria-label": `Walk. ${HELP}` });
    this.at = 0;
    this.asked = 0;
    this.#skeleton();
    host.append(this.root);
    this.update(fed, tell);
    this.#listen();
  }

  #skeleton() {
    const button = (name, label, act) => { const node = element("button", { type: "button", "aria-label": label, title: label }, icon(name)); node.addEventListener("click", act); return node; };
    this.play = button("play", "Play", () => this.toggle());
    this.play.classList.add("play");
    this.back = button("prev", "Step back", () => this.step(-1));
    this.on = button("next", "Step forward", () => this.step(1));
    this.range = element("input", { type: "range", min: "0", step: "1", "aria-label": "Event" });
    this.range.addEventListener("input", () => { this.stop(); this.go(Number(this.range.value)); });
    this.where = element("span", { class: "at num" });
    this.chips = element("div", { class: "sweeps" });
    this.title = element("div", { class: "name" });
    this.say = element("p", { class: "say" });
    this.work = element("div", { class: "work" });
    this.planes = element("div", { class: "planes" });
    this.key = element("p", { class: "key" });
    this.there = element("p", { class: "there" });
    this.memory = element("div", { class: "held" });
    this.check = element("div", {});
    this.all = element("div", {});
    this.numbers = element("div", { class: "numbers" });
    this.state = element("p", { class: "state", role: "status" });
    this.aria = element("div", { class: "vh", "aria-live": "polite" });
    this.sensor = element("i", { class: "sensor", "aria-hidden": "true" });
    const part = (name, ...inside) => element("div", { class: `part ${name}` }, inside);
    this.root.append(
      element("div", { class: "bar" }, element("div", { class: "btns" }, this.back, this.play, this.on), element("div", { class: "scrub" }, this.range, this.where)),
      element("div", { class: "top" }, this.title, this.chips),
      part("now", this.say, this.work),
      part("picture", this.planes, this.key, this.there),
      part("change", this.numbers, this.state),
      part("mem", element("h3", {}, "In memory now"), this.memory),
      element("div", { class: "two" }, part("sums", element("h3", {}, "Check by hand"), this.check), part("so-far", element("h3", {}, "Every number so far"), this.all)),
      this.aria, this.sensor,
    );
  }

  /* New data: another walk, or the engine's numbers for what was moved. */
  update(fed, tell) {
    const { walk } = fed, same = this.walk?.id === walk.id && this.start === fed.start, before = this.walk;
    Object.assign(this, { fed, tell, walk, movable: fed.movable !== false, start: fed.start });
    if (same && before === walk) return;
    const mine = JSON.stringify([this.x, this.weights]), theirs = JSON.stringify([walk.x, weightsOf(walk)]);
    if (!same || !this.pending || mine === theirs) {
      this.x = [...walk.x];
      this.weights = weightsOf(walk);
      this.pending = this.live = false;
    }
    if (!same) { this.stop(); this.at = this.#begin(fed); this.origin = { x: [...walk.x], weights: weightsOf(walk) }; }
    this.at = Math.min(this.at, walk.frames.length - 1);
    this.#structure();
    this.draw();
  }

  #begin(fed) {
    const kept = (globalThis[PLACES] ??= new Map()).get(`${fed.key}|${fed.walk.id}|${fed.start}`);
    if (kept !== undefined) return kept;
    if (Number.isInteger(fed.start)) return Math.max(0, Math.min(fed.start, fed.walk.frames.length - 1));
    return Math.max(0, fed.walk.frames.findIndex((frame) => frame.lines.length));
  }

  #structure() {
    const { walk } = this;
    this.range.max = String(walk.frames.length - 1);
    this.title.replaceChildren(glyph(walk.method), element("span", {}, walk.label));
    this.root.style.setProperty("--c", hue(walk.method));
    this.chips.replaceChildren(...walk.sweeps.map(([at, words]) => { const node = element("button", { type: "button" }, words); node.addEventListener("click", () => { this.stop(); this.go(at); }); return node; }));
    this.flat = walk.grid.length > 0;
    this.pictures = walk.layers.map((layer) => new Plane(this, layer.number - 1));
    this.bridges = walk.layers.map((layer) => new Bridge(layer));
    this.planes.replaceChildren(...(this.flat ? this.pictures.flatMap((plane, k) => [plane.node, this.bridges[k].node]) : [element("p", { class: "none" }, "A state of this network has more than two numbers, so there is no picture; the tables have them all.")]));
    if (this.flat && this.movable) this.#drag(this.pictures[0]);
    this.key.hidden = !this.flat;
    this.key.replaceChildren(element("span", {}, element("b", { class: "k-dot" }), "x"), element("span", {}, element("b", { class: "k-cot" }), "h: arrow, and lines between which the loss changes by ½"), element("span", {}, element("b", { class: "k-unit" }), "jvp: unit steps and where J sends them"), walk.frames.some((frame) => Object.keys(frame.values).some((name) => name[0] === "t")) ? element("span", {}, element("b", { class: "k-tan" }), "tangent") : "", this.movable ? element("span", { class: "hint" }, "Drag the point in the first plane.") : "");
    this.#fields = null;
  }

  #fields = null;
  get shown() { return this.live ? (this.moved ??= preview(this.walk, this.x, this.weights)) : this.walk; }
  look(name, at = this.at) {
    const { frames, quantities } = this.shown;
    for (let n = at; n >= 0; n--) if (frames[n].values[name]) return frames[n].values[name];
    return quantities[name] || null;
  }

  /* What the pictures show at this event. */
  #seen() {
    const { shown, at, walk } = this, frame = shown.frames[at], q = shown.quantities, L = walk.last - 1, i = frame.layer;
    const held = new Set(frame.held.map((one) => one.name)), used = new Set(frame.lines.flatMap((line) => [line.makes, ...line.products.flat(), ...line.terms.map(([name]) => name)]));
    const made = new Set(shown.frames.slice(0, at + 1).flatMap((one) => one.lines.map((line) => line.makes)));
    const seen = { x: [flatten(q.x0)], h: {}, t: {}, units: {}, has: [], grid: shown.grid, active: i === 0 ? [0] : i > L ? [L] : [i - 1, i] };
    for (let k = 1; k <= L; k++) { const y = times(q[`J${k}`], column(seen.x[k - 1])); seen.x.push(flatten(q[`b${k}`] ? plus(y, q[`b${k}`]) : y)); }
    for (let k = 0; k <= L; k++) {
      seen.has.push(k === 0 || held.has(`x${k}`) || (k === i && used.has(`x${k}`)) ? "kept" : made.has(`x${k}`) ? "gone" : "yet");
      if ((held.has(`h${k}`) || used.has(`h${k}`)) && this.look(`h${k}`)) seen.h[k] = this.look(`h${k}`);
      if ((held.has(`t${k}`) || used.has(`t${k}`)) && this.look(`t${k}`)) seen.t[k] = turned(this.look(`t${k}`));
    }
    if (i >= 1 && i <= L && !seen.t[i] && !seen.t[i - 1]) { seen.units[i] = turned(q[`J${i}`]); seen.units[i - 1] = diagonal(seen.x[i - 1].map(() => 1)); }
    return seen;
  }

  draw() {
    const { at } = this, shown = this.shown, frame = shown.frames[at], look = (name) => this.look(name), last = at === shown.frames.length - 1;
    this.#scheme();
    this.range.value = String(at);
    this.range.style.setProperty("--p", `${(at / Math.max(1, shown.frames.length - 1)) * 100}%`);
    this.range.setAttribute("aria-valuetext", `event ${at + 1} of ${shown.frames.length}`);
    this.where.replaceChildren("event ", element("b", {}, String(at + 1)), ` of ${shown.frames.length}`);
    [...this.chips.children].forEach((node, k) => { const on = shown.sweeps[k][0] <= at && (shown.sweeps[k + 1]?.[0] ?? Infinity) > at; node.classList.toggle("on", on); node.setAttribute("aria-pressed", String(on)); });
    this.back.disabled = at === 0;
    this.on.disabled = last;
    setText(this.say, frame.say + (frame.loop && frame.loop[1] > 1 ? ` Pass ${frame.loop[0] + 1} of ${frame.loop[1]}.` : ""));
    this.work.replaceChildren(...frame.lines.map((line) => lineNode(line, look)));
    if (this.flat) {
      const seen = this.#seen();
      this.pictures.forEach((plane) => plane.draw(seen, this.dragging));
      this.bridges.forEach((bridge) => bridge.draw(frame, shown.last));
    }
    this.#roundTrip(frame, look);
    this.memory.replaceChildren(bytesNow(shown, frame), memoryNode(shown, frame));
    this.check.replaceChildren(checkNode(frame, look, shown));
    this.all.replaceChildren(allNode(shown, at, look));
    this.#inputs(frame);
    this.#status();
    for (const name of this.fed.highlight || []) for (const node of this.root.querySelectorAll(`[data-name="${CSS.escape(name)}"]`)) node.classList.add("lit");
  }

  /* There and back: vjp, then vijp. */
  #roundTrip(frame, look) {
    const i = frame.layer, h = look(`h${i}`), q = this.shown.quantities, R = q[`R${i}`], J = q[`J${i}`];
    this.there.hidden = !(h && R && J && i >= 1);
    if (this.there.hidden) return;
    const before = times(h, J), again = times(before, R), short = plus(h, again, -1), lost = !short[0].every((value) => Math.abs(value) < 1e-9);
    const arrow = (name, way) => element("span", { class: "op" }, way === "←" ? `←${name} ` : ` ${name}→ `);
    this.there.replaceChildren(element("b", {}, "There and back: "), symbol(`h${i}`), ` = ${vectorText(h)}`, arrow("vjp", "→"), symbol(`h${i - 1}`), ` = ${vectorText(before)}`, arrow("vijp", "→"), vectorText(again),
      lost ? element("span", { class: "short" }, ` so ${vectorText(short)} is erased, and kept as a fragment`) : element("span", { class: "ok" }, " the same again"));
  }

  /* Fields for the input and the weights of the layer at work. */
  #inputs(frame) {
    this.numbers.hidden = !this.movable;
    const i = frame.layer, layer = this.walk.layers[i - 1], wanted = `${i}`, focused = this.root.getRootNode().activeElement;
    if (this.#fields !== wanted && !(focused?.closest?.(".numbers") && this.dragging)) {
      const make = (label, get, set) => { const node = element("input", { type: "number", step: String(STEP), min: "-4", max: "4", "aria-label": label }); node.get = get; node.addEventListener("input", () => { if (node.value !== "" && isFinite(node.value)) { set(Math.max(-4, Math.min(4, Number(node.value)))); this.#moved(); } }); this.#scrub(node); return node; };
      const group = (name, rows) => element("span", { class: "group" }, name, " = ", element("span", { class: "mat fields", style: `grid-template-columns:repeat(${rows[0].length},auto)` }, rows.flat()));
      const groups = [group(symbol("x0"), this.x.map((_, k) => [make(`x0, number ${k + 1}`, () => this.x[k], (value) => { this.x[k] = value; })]))];
      for (const [name, rows] of Object.entries(this.weights[i] || {})) {
        const letter = layer.labels[this.#offset(layer, name)]?.[0] || name, bias = "ab".includes(letter);
        groups.push(group(element("span", { class: "sym" }, element("i", {}, letter), element("sub", {}, String(i))), (bias ? rows[0].map((value, k) => [[0, k]]) : rows.map((row, r) => row.map((_, c) => [r, c]))).map((row) => row.map(([r, c]) => make(`${letter} of layer ${i}, ${bias ? c + 1 : `${r + 1}, ${c + 1}`}`, () => this.weights[i][name][r][c], (value) => { this.weights[i][name][r][c] = value; })))));
      }
      this.reset = element("button", { type: "button", class: "reset" }, "Back to the start");
      this.reset.addEventListener("click", () => { this.x = [...this.origin.x]; this.weights = structuredClone(this.origin.weights); this.#moved(); });
      this.numbers.replaceChildren(element("h3", {}, "Change the numbers"), ...groups, this.reset);
      this.#fields = wanted;
    }
    for (const node of this.numbers.querySelectorAll("input")) if (node !== focused || this.dragging) node.value = String(node.get());
    this.reset.hidden = JSON.stringify([this.x, this.weights]) === JSON.stringify([this.origin.x, this.origin.weights]);
  }

  #offset(layer, name) {
    let at = 0;
    for (const [one, rows] of Object.entries(layer.weights)) { if (one === name) return at; at += rows.flat().length; }
    return at;
  }

  /* A field follows a sideways drag, a quarter for every 8 px. */
  #scrub(node) {
    let from = null;
    node.addEventListener("pointerdown", (event) => { if (!event.button) from = [event.clientX, Number(node.value), event.pointerId]; });
    node.addEventListener("pointermove", (event) => {
      if (!from || (Math.abs(event.clientX - from[0]) < 6 && !this.dragging)) return;
      this.dragging = true;
      node.setPointerCapture(from[2]);
      const value = String(Math.max(-4, Math.min(4, from[1] + Math.round((event.clientX - from[0]) / 8) * STEP)));
      if (value !== node.value) { node.value = value; node.dispatchEvent(new Event("input")); }
    });
    for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => { from = null; this.#drop(); });
  }

  #drag(plane) {
    const { svg } = plane;
    const move = (event) => { const to = plane.from(event).slice(0, this.x.length); if (JSON.stringify(to) !== JSON.stringify(this.x)) { this.x = to; this.#moved(); } };
    svg.addEventListener("pointerdown", (event) => { if (event.button) return; this.dragging = true; svg.setPointerCapture(event.pointerId); move(event); event.preventDefault(); });
    svg.addEventListener("pointermove", (event) => { if (this.dragging) move(event); });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => this.#drop());
  }

  #drop() { if (!this.dragging) return; this.dragging = false; this.draw(); this.#ask(); }

  /* Something moved: the browser's own numbers at once, the engine's when it rests. */
  #moved() {
    this.stop();
    this.live = this.pending = true;
    this.moved = null;
    if (!this.drawing) this.drawing = requestAnimationFrame(() => { this.drawing = 0; if (!this.gone) this.draw(); });
    if (!this.dragging) this.#ask();
  }

  #ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      const weights = Object.fromEntries(Object.entries(this.weights).flatMap(([i, own]) => Object.entries(own).map(([name, rows]) => [`${i}.${name}`, rows])));
      this.tell("moved", { n: (this.asked += 1), x: this.x, weights });
    }, SOON);
  }

  #status() {
    const { walk } = this;
    setText(this.state, this.live ? "Worked out in your browser; the engine checks it when you let go." : walk.exact ? `Every number is the engine’s, in float64. Its gradient differs from autograd’s by ${walk.apart === 0 ? "nothing" : `at most ${errorText(walk.apart)}`}.` : `Every number is the engine’s, in float64. This guess differs from the gradient by up to ${numberText(walk.apart)}.`);
    this.state.classList.toggle("live", !!this.live);
  }

  #scheme() {
    const channels = getComputedStyle(this.root).backgroundColor, probe = getComputedStyle(this.sensor).color.match(/[\d.]+/g)?.map(Number) || [0, 0, 0];
    void channels;
    this.root.dataset.scheme = probe[0] * 0.3 + probe[1] * 0.59 + probe[2] * 0.11 > 140 ? "dark" : "light";
  }

  go(at) {
    const to = Math.max(0, Math.min(this.walk.frames.length - 1, at));
    if (to === this.at) return;
    this.at = to;
    (globalThis[PLACES] ??= new Map()).set(`${this.fed.key}|${this.walk.id}|${this.start}`, to);
    this.draw();
    if (!this.timer) this.speak();
  }

  step(by) { this.stop(); this.go(this.at + by); }
  jump(by) {
    const starts = this.walk.sweeps.map(([at]) => at);
    this.stop();
    this.go(by > 0 ? starts.find((at) => at > this.at) ?? this.walk.frames.length - 1 : starts.findLast((at) => at < this.at) ?? 0);
  }

  toggle() { if (this.timer) this.stop(); else this.#start(); }
  #start() {
    if (this.at === this.walk.frames.length - 1) this.go(0);
    this.timer = setInterval(() => { if (this.at >= this.walk.frames.length - 1 || document.hidden) this.stop(); else this.go(this.at + 1); }, STILL.matches ? 2 * PACE : PACE);
    this.#playing();
  }

  stop() { if (!this.timer) return; clearInterval(this.timer); this.timer = null; this.#playing(); this.speak(); }
  #playing() {
    this.play.replaceChildren(icon(this.timer ? "pause" : "play"));
    for (const name of ["aria-label", "title"]) this.play.setAttribute(name, this.timer ? "Pause" : "Play");
  }

  /* What a lesson's text asks for: go to a place, play, pause, ring a quantity, or stand at a layer's next event. */
  obey({ do: what, place, number, layer, names }) {
    const { frames, sweeps } = this.walk;
    if (what === "play") { this.stop(); this.toggle(); return true; }
    this.stop();
    if (what === "goto") this.go(place === "start" ? 0 : place === "end" ? frames.length - 1 : place === "sweep" ? sweeps[Math.min(number, sweeps.length) - 1]?.[0] ?? 0 : number - 1);
    else if (what === "pin") { const next = (from) => frames.findIndex((frame, at) => at >= from && frame.layer === Number(layer)), at = next(this.at + 1); this.go(at < 0 ? Math.max(0, next(0)) : at); }
    else if (what === "ring") { this.fed = { ...this.fed, highlight: names }; this.draw(); }
    else return what === "pause";
    return true;
  }

  /* One sentence for each step. */
  speak() {
    const frame = this.shown.frames[this.at], makes = [...new Set(frame.lines.map((line) => line.makes))].filter((name) => "xhgt".includes(name[0]) && name !== "tz");
    const values = makes.slice(0, 3).map((name) => `${saidName(name)} is ${vectorText(this.look(name))}`);
    setText(this.aria, `Event ${this.at + 1} of ${this.shown.frames.length}: ${frame.say.replace(/\.$/, "")}${values.length ? `; ${values.join(", ")}` : ""}; ${frame.bytes} bytes in memory.`);
  }

  #listen() {
    this.root.addEventListener("keydown", (event) => {
      const on = event.composedPath()[0], { key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || on.closest("input[type=number]") || (on.closest("button") && (key === " " || key === "Enter")) || (on.closest(".wide") && key.startsWith("Arrow"))) return;
      const acts = { " ": () => this.toggle(), ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), Home: () => { this.stop(); this.go(0); }, End: () => { this.stop(); this.go(this.walk.frames.length - 1); }, PageDown: () => this.jump(1), PageUp: () => this.jump(-1) };
      if (!acts[key]) return;
      acts[key]();
      event.preventDefault();
      event.stopPropagation();
    });
    this.sensor.addEventListener("transitionrun", () => setTimeout(() => this.gone || this.draw(), 30)); // the page's colours changed
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.asking);
    clearInterval(this.timer);
    this.root.remove();
  }
}

const weightsOf = (walk) => Object.fromEntries(walk.layers.filter((layer) => Object.keys(layer.weights).length).map((layer) => [layer.number, structuredClone(layer.weights)]));

/* Called by Streamlit whenever the data change, with the same parent while the walk stays on the page. */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  if (!data?.walk) return undefined;
  const known = parentElement[HOME];
  if (known && !known.gone) known.update(data, setTriggerValue);
  else parentElement[HOME] = new Walk(parentElement, data, setTriggerValue);
  return () => { parentElement[HOME]?.destroy(); delete parentElement[HOME]; };
}
