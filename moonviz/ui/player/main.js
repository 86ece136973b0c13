/* The player itself: state, layout, one frame, and what Streamlit calls. */
const HOME = Symbol.for("moonviz.player");
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
let still = STILL.matches; // asking anew in a frame would force a layout
STILL.addEventListener("change", () => { still = STILL.matches; });

class Player {
  constructor(host, fed) {
    this.host = host;
    this.root = element("section", { class: "mv", tabindex: "0", role: "group", "aria-label": `Race player. ${KEYS_HELP}` });
    this.state = { mode: "clock", position: 0, playing: false, speed: 1, focus: 0, hover: null, pin: null, budget: 0, view: "memory", shows: "held", follow: false };
    this.places = [];
    this.lanes = [];
    this.transport = new Transport(this);
    this.finish = new Finish();
    this.card = new Card(this);
    this.#skeleton();
    host.append(this.root);
    this.update(fed);
    this.#listen();
  }

  #skeleton() {
    this.stopped = element("p", { class: "stopped", role: "status", hidden: true });
    this.shows = switcher("What the strips show", [["held", "Kept now"], ["time", "Seconds so far"]], (shows) => { this.state.shows = shows; this.touch(); this.redraw(); this.remember(); });
    this.views = switcher("What the chart shows", [["memory", "Over time"], ["frontier", "Frontier"]], (view) => { this.state.view = view; this.redraw(); this.remember(); });
    this.laneHead = element("h3", {});
    this.plotHead = element("h3", {});
    this.holder = element("div", { class: "holder" });
    this.fold = element("span", { class: "fold" });
    this.ends = [element("span", {}), element("span", {})];
    const box = element("div", { class: "box" });
    const lanes = element("div", { class: "lanes" }, element("div", { class: "top" }, this.laneHead, this.shows.node), this.holder, element("div", { class: "axis" }, this.ends[0], this.fold, this.ends[1]));
    this.plot = element("div", { class: "plot" }, element("div", { class: "top" }, this.plotHead, this.views.node), box);
    this.stage = element("div", { class: "stage" }, lanes, this.plot);
    this.legend = element("div", { class: "key" });
    this.letters = element("details", { class: "letters" }, element("summary", {}, "Letters in the formulas"), element("dl", {}, SYMBOLS.map(([letter, words]) => element("div", {}, element("dt", {}, letter), element("dd", {}, words)))));
    this.aria = element("div", { class: "vh", "aria-live": "polite" });
    this.sensor = element("i", { class: "sensor", "aria-hidden": "true" });
    this.root.append(this.transport.node, this.stopped, this.stage, this.legend, this.letters, this.card.node, this.finish.node, this.aria, this.sensor);
    this.chart = new Chart(box);
    this.pointing = new Pointing(this, this.stage);
    this.finish.foot.append(saving(this));
  }

  reduced() { return still; }
  get focused() { return this.runs[this.state.focus]; }
  nameOf(layer) { const { names, last } = this.payload.network; return names?.[layer] ? ` · ${names[layer]}` : layer === 0 ? " · stem" : layer === last ? " · head" : ""; }
  longest(mode = this.state.mode) { return Math.max(0, ...this.runs.map((run) => run.span(mode))); }
  chartTitle() { return this.state.view === "frontier" ? "Peak so far against time so far" : "Memory held"; }

  /* New data: another race, or more of the same. */
  update(fed) {
    const payload = fed.payload, same = this.payload && this.payload.id === payload.id && this.key === `${fed.key ?? ""}|${payload.id}`, { state } = this;
    if (same && this.fed === fed) { this.redraw(); return; }
    const over = same && this.transport.over;
    Object.assign(this, { fed, payload, key: `${fed.key ?? ""}|${payload.id}`, runs: payload.methods.map((method) => new Run(method, payload)) });
    const timed = this.runs.filter((run) => run.n);
    this.hasClock = timed.length > 0 && timed.every((run) => run.end.clock);
    if (!same) this.#begin(recall(this.key));
    else if (!this.ownBudget && this.#budget()) state.budget = this.#budget();
    if (!this.hasClock) { state.mode = "step"; state.shows = "held"; }
    state.focus = Math.min(state.focus, this.runs.length - 1);
    if (state.pin > payload.network.last) state.pin = null;
    this.span = this.longest();
    if (payload.live && state.follow) state.position = this.span;
    else if (same && over && !state.playing) state.position = this.span;
    state.position = Math.min(state.position, this.span);
    if (!same && this.wanted) state.position = Math.min(this.span, this.wanted.ended ? this.span : this.wanted.position);
    if (!payload.live) state.follow = false;
    this.#structure(same);
    this.redraw();
  }

  /* Where the budget line begins: at what is allowed here, if something does not fit that. */
  #budget() { return Math.max(0, ...this.payload.methods.map((one) => one.limit || 0)) || this.payload.budget || 0; }

  /* A race not seen yet: finished races show their end, running ones their newest step. */
  #begin(kept) {
    const { state, payload, runs } = this, preferred = runs.findIndex((run) => run.method === "moonwalk-mixed" && (run.n || payload.live));
    const last = runs.reduce((found, run, at) => (run.n ? at : found), 0);
    Object.assign(state, { mode: this.hasClock ? "clock" : "step", playing: false, hover: null, pin: null, budget: this.#budget(), focus: preferred < 0 ? last : preferred, follow: !!payload.live, view: "memory", shows: "held", speed: 1 });
    this.wanted = { ended: true };
    this.ownBudget = false;
    if (!kept) return;
    for (const name of ["speed", "focus", "pin", "view", "shows"]) if (kept[name] !== null && kept[name] !== undefined) state[name] = kept[name];
    if (kept.mode === "step" || (kept.mode === "clock" && this.hasClock)) state.mode = kept.mode;
    if (kept.budget) { state.budget = kept.budget; this.ownBudget = true; }
    if (kept.mode === state.mode && typeof kept.position === "number") this.wanted = { position: kept.position, ended: kept.ended };
    state.follow = !!payload.live && !!this.wanted.ended;
  }

  /* The parts that depend on which methods there are; lanes are kept while those stay the same. */
  #structure(same) {
    const { payload, runs, state } = this, shape = JSON.stringify([payload.network.last, payload.stopped, runs.map((run) => [run.label, run.method, run.whole || run.moving || run.status, run.n > 0 || run.moving, run.planned.map(([, text]) => text), run.fed.error, run.fed.needs])]);
    if (same && this.shape === shape) this.lanes.forEach((lane, at) => { lane.run = runs[at]; lane.key = lane.drawn = ""; lane.counted = -1; });
    else {
      const active = this.root.getRootNode().activeElement, back = this.lanes.findIndex((lane) => lane.canvas && lane.canvas === active);
      this.lanes = runs.map((run, at) => new Lane(run, at, this));
      this.holder.replaceChildren(...this.lanes.map((lane) => lane.node));
      if (back >= 0) (this.lanes[back]?.canvas || this.root).focus({ preventScroll: true });
    }
    this.shape = shape;
    this.scales = new Map();
    this.root.classList.toggle("many", runs.length > 4);
    this.root.classList.toggle("compact", !!this.fed.compact);
    this.root.classList.toggle("stale", !!payload.stale);
    this.stopped.hidden = !payload.stopped;
    setText(this.stopped, payload.stopped || "");
    setText(this.ends[0], "input → layer 0");
    setText(this.ends[1], `layer ${payload.network.last} → loss`);
    this.transport.speed.value = String(state.speed);
    this.finish.build(payload, runs, this.hasClock);
  }

  /* Everything anew: size, colours, chart. */
  redraw() {
    const { state, root } = this;
    root.dataset.scheme = "light";
    this.colours = palette(root);
    root.dataset.scheme = this.colours.dark ? "dark" : "light";
    this.colours = palette(root);
    const first = this.lanes.find((lane) => lane.canvas), width = Math.max(200, first?.canvas.clientWidth || 300);
    this.geometry = folding(this.payload.network.last + 1, width, Math.min(3, devicePixelRatio || 1));
    const { k } = this.geometry;
    if (!this.scales.has(k)) {
      const tall = this.runs.map((run) => run.tallest(k));
      this.scales.set(k, { bytes: Math.max(1, ...tall.map((one) => one.bytes)), seconds: Math.max(1e-12, ...tall.map((one) => one.seconds)) });
    }
    this.scale = this.scales.get(k);
    this.lanes.forEach((lane, at) => { lane.fit(this.geometry); lane.key = ""; lane.node.classList.toggle("focus", at === state.focus); });
    setText(this.fold, k > 1 ? `folded: 1 column = ${k} layers` : "one column per layer");
    this.chart.build({ runs: this.runs, mode: state.mode, view: state.view, focus: state.focus, budget: state.budget, colours: this.colours, span: this.span });
    this.#headings();
    this.transport.modes.show(state.mode, this.hasClock ? [] : ["clock"]);
    this.transport.pace();
    this.transport.read = null;
    this.shows.show(state.shows);
    this.shows.node.hidden = !this.hasClock;
    this.views.show(state.view);
    this.card.show(state.pin);
    this.frame();
    this.transport.show();
  }

  #headings() {
    const { state } = this, over = state.mode === "clock" ? "over seconds of work" : "over steps taken";
    const held = state.shows === "held";
    this.laneHead.replaceChildren(held ? "What each layer keeps" : "Seconds each layer has taken");
    this.plotHead.replaceChildren(state.view === "frontier" ? "Peak so far" : "Memory held", element("span", {}, state.view === "frontier" ? ` against ${state.mode === "clock" ? "time so far" : "steps so far"}` : ` ${over}`));
    const entry = (name, words) => element("span", {}, kindIcon(name), words), parts = [];
    if (held) {
      const used = new Set(this.runs.flatMap((run) => run.changes.map((change) => change[1])));
      parts.push(element("em", {}, "Bar height: bytes kept at that layer ", element("small", {}, "(at least 3 px)")));
      for (const kind of KINDS) if (kind !== "gradient" && used.has(K[kind])) parts.push(entry(kind, KIND_WORDS[kind]));
    } else {
      parts.push(element("em", {}, "Bar height: seconds spent at that layer so far"));
      const phases = new Set(this.runs.map((run) => run.phase).join(""));
      for (const letter of "fra") if (phases.has(letter)) parts.push(entry(letter, PHASE_WORDS[letter]));
      const again = ["c", "i", "t"].filter((letter) => phases.has(letter)).map((letter) => PHASE_WORDS[letter]);
      if (again.length) parts.push(entry("again", again.join(", ")));
    }
    if (!this.chart.empty) parts.push(entry("here", "working here"));
    const grades = new Set(this.runs.flatMap((run) => run.made.map(([, layer]) => run.grades[layer])));
    const diamonds = [["pale", "gradient made, not compared"], ["gradient", "gradient, within tolerance"], ["half", "gradient drifting"], ["hollow", "not the gradient"]];
    diamonds.forEach(([name, words], grade) => { if (grades.has(grade)) parts.push(entry(name, words)); });
    if (state.budget && !this.chart.empty) parts.push(entry("budget", BUDGET_WORDS));
    if (this.chart.empty) { /* no curve, no line */ }
    else if (state.view === "memory") parts.push(entry("haze", "above a curve: alive only inside a step"));
    else if (this.chart.best) parts.push((this.dotted = element("span", { class: "dotted" }, "Dotted: no other is better in both.")));
    this.legend.replaceChildren(...parts);
  }

  /* One frame. */
  frame() {
    const { state, runs } = this;
    this.places = runs.map((run) => run.place(state.position, state.mode));
    const over = this.transport.over && !this.payload.live;
    this.lanes.forEach((lane, at) => lane.draw(this.places[at], over));
    this.lanes.forEach((lane, at) => lane.tell(this.places[at]));
    this.chart.frame(state.position, this.places, over);
    if (this.dotted) this.dotted.hidden = !over; // the line is drawn once all have arrived
    this.finish.reveal(this.places);
    this.transport.frame();
    if (state.pin !== null) this.card.frame();
    if (state.hover === null) return;
    this.pointing.refresh();
    this.chart.mark(state.hover, state.position);
  }

  touch() { for (const lane of this.lanes) { lane.drawn = lane.key = ""; } }

  focus(at) {
    if (!this.runs[at].n || this.state.focus === at) return;
    this.state.focus = at;
    this.redraw();
    this.remember();
  }

  /* `aloud`: by key, so that the card is shown and told even while the race plays. */
  pin(layer, aloud = false) {
    const opens = layer !== null && this.state.pin === null;
    this.state.pin = layer;
    this.touch();
    this.card.show(layer);
    this.frame();
    if (aloud && opens) this.card.node.scrollIntoView({ block: "nearest" });
    if (aloud || !this.state.playing) this.aria.textContent = layer === null ? "Unpinned." : `Layer ${layer}${this.nameOf(layer)} pinned. ${this.lanes[this.state.focus]?.strip ? `Keeps ${this.lanes[this.state.focus].heldWords(layer, this.places[this.state.focus])}.` : ""}`;
    this.remember();
  }

  setBudget(bytes) {
    this.state.budget = bytes;
    this.ownBudget = true;
    this.chart.placeBudget(bytes);
    this.touch();
    this.frame();
  }

  speak() {
    const run = this.focused, place = this.places[this.state.focus], lane = this.lanes[this.state.focus];
    if (!run?.n || place.e < 0) return;
    const words = place.done ? `${run.label} is done: peak ${bytesText(run.peak)}.` : `${run.label}: ${fill(run.words(place.e)[0], run.layer[place.e])} Holding ${bytesText(run.live[place.e])}.`;
    setText(this.aria, `${words} ${sentence(lane.tallyWords(run.madeBy(place.e)))}.`);
  }

  remember() {
    const { state } = this;
    remember(this.key, { ...state, ended: this.transport.over, budget: this.ownBudget ? state.budget : null });
  }

  #listen() {
    const { root, chart } = this;
    root.addEventListener("keydown", (event) => this.#key(event));
    let drag = null;
    const move = (event) => {
      if (drag === "time") { this.transport.play(false); this.transport.go(chart.positionAt(event.clientX)); }
      else if (drag) this.setBudget(chart.bytesAt(event.clientY));
    };
    chart.box.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      drag = event.target.closest(".budget") ? "budget" : "time";
      this.pointing.hover(null);
      chart.box.setPointerCapture(event.pointerId);
      move(event);
    });
    chart.box.addEventListener("pointermove", (event) => (drag ? move(event) : this.pointing.overChart(event)));
    chart.box.addEventListener("pointerleave", () => this.pointing.hover(null));
    for (const end of ["pointerup", "pointercancel"]) chart.box.addEventListener(end, () => { if (drag) { drag = null; this.remember(); } });
    this.sizes = new ResizeObserver(() => { const size = `${root.clientWidth}|${this.chart.box.clientHeight}`; if (this.size !== size && root.clientWidth) { this.size = size; this.redraw(); } });
    this.sizes.observe(root);
    this.sizes.observe(this.chart.box);
    this.sensor.addEventListener("transitionrun", () => setTimeout(() => this.gone || this.redraw(), 30)); // the page's colours changed
    this.leaving = () => this.remember();
    addEventListener("pagehide", this.leaving);
    document.fonts?.ready.then(() => this.gone || this.redraw());
  }

  #key(event) {
    const at = event.composedPath()[0], { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || at.closest("select, summary, .menu")) return;
    if (at.closest("button") && (key === " " || key === "Enter")) return;
    if (at === this.chart.budget && (key === "ArrowUp" || key === "ArrowDown")) {
      this.setBudget(Math.max(1024, this.state.budget * (key === "ArrowUp" ? 1.1 : 1 / 1.1)));
      this.remember();
      event.preventDefault();
      return;
    }
    const lane = this.lanes.find((one) => one.canvas === at);
    if ((lane && this.pointing.key(event, lane)) || (key === "Escape" && this.state.pin !== null && !this.pin(null)) || this.transport.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  destroy() {
    this.remember();
    this.gone = true;
    this.state.playing = false;
    this.sizes.disconnect();
    removeEventListener("pagehide", this.leaving);
    this.root.remove();
  }
}

/* Called by Streamlit whenever the data change, with the same parent while the player stays on the page. */
export default function (component) {
  const { data, parentElement } = component;
  if (!data?.payload?.methods) return undefined;
  const known = parentElement[HOME];
  if (known && !known.gone) known.update(data);
  else parentElement[HOME] = new Player(parentElement, data);
  return () => { parentElement[HOME]?.destroy(); delete parentElement[HOME]; };
}
