/* Play, pause, step, jump, scrub: everything that moves the shared position. */
const RACE_SECONDS = (layers) => (layers <= 18 ? 9 : layers <= 66 ? 13 : 18);
const REST = 0.9, REST_STILL = 1.6, TINY = 1e-7;
const SPEEDS = [[0.25, "¼×"], [0.5, "½×"], [1, "1×"], [2, "2×"], [4, "4×"]];
const KEYS_HELP = "Space plays and pauses, the arrow keys step, Page Up and Page Down jump between sweeps, Home and End go to start and finish.";

class Transport {
  constructor(player) {
    this.player = player;
    this.rest = 0;
    const button = (name, words, act) => {
      const node = element("button", { type: "button", class: name, title: words, "aria-label": words.replace(/ \(.*/, "") }, icon(name));
      node.addEventListener("click", act);
      return node;
    };
    this.playing = button("play", "Play (Space)", () => this.toggle());
    this.range = element("input", { type: "range", min: 0, max: 1000, step: 1, "aria-label": "Position in the race" });
    this.at = element("span", { class: "at num" });
    this.speed = element("select", { "aria-label": "Speed" }, SPEEDS.map(([value, text]) => element("option", { value }, text)));
    this.modes = switcher("Shared axis", [["clock", "Same clock", "All methods at the same moment of wall time"], ["step", "Same step", "All methods at the same step number"]], (mode) => this.setMode(mode));
    this.follow = element("button", { type: "button", class: "follow", hidden: true, title: "Keep at the newest step" }, "Live");
    this.node = element("div", { class: "bar", role: "group", "aria-label": "Playback" },
      element("div", { class: "btns" }, button("prev", "Step back (←)", () => this.step(-1)), this.playing, button("next", "Step forward (→)", () => this.step(1)), this.follow),
      element("div", { class: "scrub" }, this.range, this.at),
      (this.pacing = element("label", { class: "speed" }, element("span", {}, "Speed"), this.speed)), this.modes.node);
    this.range.addEventListener("input", () => { this.play(false); this.go((this.range.value / 1000) * player.span); });
    this.speed.addEventListener("change", () => { player.state.speed = Number(this.speed.value); player.remember(); });
    this.follow.addEventListener("click", () => this.go(player.span));
    this.tick = this.tick.bind(this);
  }

  get over() { return this.player.state.position >= this.player.span - 1e-9; }

  /* How long the whole race takes to play at 1×: the glide and the rests at the focused method's turns. */
  pace() {
    const { player } = this, turns = Math.max(0, (player.focused?.sweeps.length || 0) - 1);
    const seconds = player.reduced() ? (turns + 1) * REST_STILL : RACE_SECONDS(player.payload.network.last + 1) + turns * REST;
    this.pacing.title = `1×: the whole race in ${fixed(seconds, 0)} s`;
  }

  toggle() {
    const { player } = this, { state } = player;
    if (!state.playing && this.over) { state.position = 0; state.follow = false; player.frame(); }
    this.play(!state.playing);
  }

  play(on) {
    const { player } = this, { state } = player, before = state.playing;
    state.playing = on;
    player.root.classList.toggle("playing", on);
    this.show();
    if (on && !before) { this.last = 0; this.rest = 0; state.follow = false; requestAnimationFrame(this.tick); }
    if (!on && before) { player.touch(); player.frame(); player.speak(); player.remember(); }
  }

  show() {
    const { player } = this, { state } = player, name = state.playing ? "pause" : this.over && !player.payload.live ? "again" : "play";
    if (this.shown !== name) { this.shown = name; this.playing.replaceChildren(icon(name)); this.playing.setAttribute("aria-label", name === "pause" ? "Pause" : name === "again" ? "Play again" : "Play"); this.playing.title = `${name === "pause" ? "Pause" : name === "again" ? "Play again" : "Play"} (Space)`; }
    this.follow.hidden = !player.payload.live;
    this.follow.setAttribute("aria-pressed", String(!!state.follow));
  }

  /* To a place on the shared axis. */
  go(position) {
    const { player } = this, { state } = player;
    state.position = Math.max(0, Math.min(player.span, position));
    state.follow = player.payload.live && this.over;
    this.rest = 0;
    player.frame();
    if (state.playing) return;
    this.show();
    player.speak();
    player.remember();
  }

  /* Whose steps count: the focused method's, or while that waits for its turn, those of the last that has begun. */
  get walker() {
    const { runs, state } = this.player;
    return runs[state.focus]?.n ? state.focus : runs.findLastIndex((run) => run.n);
  }

  /* One step of the focused method. */
  step(by) {
    const { player, walker } = this, { mode } = player.state, run = player.runs[walker], place = player.places[walker];
    this.play(false);
    if (!run) return;
    const end = run.end[mode], last = run.n - 1, width = (e) => end[e] - run.start(e, mode);
    const ended = player.state.position >= run.span(mode) - 1e-9;
    let e = ended ? (by > 0 ? run.n : last) : place.e + by;
    if (by < 0 && !ended && place.f > 0.6) e = place.e;
    while (by < 0 && e > 0 && width(e) <= 2e-9) e--;
    if (e > last) this.go(ended ? player.span : run.span(mode));
    else this.go(run.start(Math.max(0, e), mode) + Math.min(TINY, width(Math.max(0, e)) / 2));
  }

  /* To the start of the next or last sweep of the focused method. */
  jump(by) {
    const { player, walker } = this, { mode } = player.state, run = player.runs[walker], place = player.places[walker];
    if (!run) return;
    const marks = run.sweeps.map(([e]) => e), here = place.done ? run.n : place.e;
    const to = by > 0 ? marks.find((e) => e > here) : [...marks].reverse().find((e) => e < here);
    this.go(to === undefined ? (by > 0 ? player.span : 0) : run.start(to, mode) + (to ? TINY : 0));
  }

  setMode(mode) {
    const { player } = this, { state } = player, run = player.focused, place = player.places[state.focus];
    if (state.mode === mode || (mode === "clock" && !player.hasClock)) return;
    const over = this.over;
    state.mode = mode;
    player.span = player.longest();
    const width = run?.n && place.e >= 0 ? run.end[mode][place.e] - run.start(place.e, mode) : 0;
    state.position = over || !run?.n || place.done ? player.span : run.start(place.e, mode) + Math.max(Math.min(TINY, width / 2), place.f * width * 0.999);
    player.touch();
    player.redraw();
    player.remember();
  }

  tick(now) {
    const { player } = this, { state } = player;
    if (!state.playing || player.gone) return;
    const passed = this.last ? Math.min(64, now - this.last) / 1000 : 0;
    this.last = now;
    if (this.rest > 0) { this.rest -= passed; requestAnimationFrame(this.tick); return; }
    player.reduced() ? this.#leap() : this.#glide(passed);
    player.frame();
    if (this.over) { this.play(false); state.follow = !!player.payload.live; this.show(); return; }
    requestAnimationFrame(this.tick);
  }

  /* Fast, then a rest at each turn of the focused method. */
  #glide(passed) {
    const { player } = this, { state } = player, run = player.focused, before = player.places[state.focus];
    state.position = Math.min(player.span, state.position + ((passed * player.span) / RACE_SECONDS(player.payload.network.last + 1)) * state.speed);
    if (!run?.n) return;
    const after = run.place(state.position, state.mode), turn = run.sweeps.findIndex(([e]) => e > before.e && e <= after.e);
    if (turn < 0) return;
    state.position = run.start(run.sweeps[turn][0], state.mode) + TINY;
    this.rest = REST;
    const chip = player.lanes[state.focus].chips[turn];
    chip.classList.remove("turn");
    void chip.offsetWidth;
    chip.classList.add("turn");
  }

  /* No continuous motion: the end of each sweep, a rest, the next one. */
  #leap() {
    const { player } = this, { state } = player, run = player.focused, place = player.places[state.focus];
    this.rest = REST_STILL / state.speed;
    const next = run?.n && !place.done ? run.sweeps.map(([e]) => e - 1).find((e) => e > place.e) : undefined;
    if (next !== undefined) state.position = run.start(next, state.mode) + TINY;
    else state.position = run?.n && !place.done && run.span(state.mode) < player.span - 1e-9 && state.position < run.span(state.mode) - 1e-9 ? run.span(state.mode) : player.span;
  }

  frame() {
    const { player } = this, { state, span } = player, share = span ? state.position / span : 0;
    const fine = state.playing ? 400 : 1000, thousandth = (Math.round(share * fine) / fine) * 1000;
    if (this.thousandth !== thousandth) { this.thousandth = thousandth; this.range.value = thousandth; this.range.style.setProperty("--p", `${(share * 100).toFixed(1)}%`); }
    const clock = state.mode === "clock", here = clock ? clockText(state.position, span).replace(/ m?s$/, "") : countText(Math.floor(state.position + 1e-6));
    const key = `${here}|${span}|${clock}`;
    if (this.read === key) return;
    this.read = key;
    this.at.replaceChildren(...(clock ? [] : ["step "]), element("b", {}, here), ` of ${clock ? clockText(span, span) : countText(span)}`);
    if (!state.playing) this.range.setAttribute("aria-valuetext", clock ? secondsText(state.position) : `step ${here}`);
  }

  /* A key within the player. True if it meant something. */
  key(event) {
    const { player } = this, acts = {
      " ": () => this.toggle(), ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), Home: () => { this.play(false); this.go(0); },
      End: () => { this.play(false); this.go(player.span); }, PageDown: () => this.jump(1), PageUp: () => this.jump(-1),
    };
    const act = acts[event.key];
    if (act) act();
    return !!act;
  }
}

/* Buttons of which one is pressed. */
function switcher(label, choices, choose) {
  const buttons = choices.map(([value, words, title]) => {
    const [first, ...rest] = words.split(" ");
    const node = element("button", { type: "button", "data-value": value, title }, rest.length ? [element("span", {}, `${first} `), rest.join(" ")] : words);
    node.addEventListener("click", () => choose(value));
    return node;
  });
  return {
    node: element("div", { class: "seg", role: "group", "aria-label": label }, buttons),
    show(value, off = []) {
      for (const node of buttons) {
        node.setAttribute("aria-pressed", String(node.dataset.value === value));
        node.hidden = off.includes(node.dataset.value);
      }
    },
  };
}
