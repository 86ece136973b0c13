/* A lane: name, sweep chips, readings, strip and caption of one method; or why it has no strip, and what to do. */
const TROUBLE = {
  refused: "Cannot train this network.", too_large: "Does not fit.", too_slow: "Takes too long.", cancelled: "Stopped.", lost: "Lost its worker.", failed: "Failed.",
};

/* The library's own message and its remedy. */
function troubleWords(fed) {
  const error = fed.error || {}, nodes = [element("b", {}, TROUBLE[fed.status] || "No result.")];
  if (fed.status === "cancelled") return nodes;
  if (fed.limit) nodes.push(` ${bytesText(fed.limit)} are allowed here.`);
  else if (error.message) nodes.push(" ", ...prose(error.message));
  if (error.remedy && !String(error.message).includes(String(error.remedy).replace(/\.$/, ""))) nodes.push(" ", ...prose(error.remedy));
  return nodes;
}

/* The thriftiest method that fits and makes the gradient. */
const thriftiest = (runs) => runs.filter((run) => run.whole && !run.noisy && run.peak).reduce((best, run) => (best && best.peak <= run.peak ? best : run), null);

/* What does not fit against what does: sizes in the unit of the first where they share it, with digits enough to differ. */
function needWords({ needs, limit }, best) {
  if (!limit) return [`Needs ${bytesText(needs)}.`, ""];
  const [size, unit] = byteUnit(needs);
  let digits = 3;
  while (digits < 9 && significant(needs / size, digits) === significant(limit / size, digits)) digits++;
  const short = (bytes, some) => (byteUnit(bytes)[1] === unit ? significant(bytes / size, some) : bytesText(bytes));
  return [`Needs ${significant(needs / size, digits)} ${unit} of ${short(limit, digits)} allowed here.`, best ? ` ${best.method === "moonwalk-mixed" ? "Moonwalk" : best.label} needs ${short(best.peak, 3)}.` : ""];
}

class Lane {
  constructor(run, at, player) {
    Object.assign(this, { run, at, player, key: "", drawn: "", counted: -1 });
    const { label } = run;
    this.name = element("button", { class: "name", type: "button", title: `Focus ${label}: the arrow keys step by its steps` }, glyph(run.method), element("span", {}, breakable(label)));
    this.node = element("article", { class: label.length > 20 ? "lane long" : "lane", "aria-label": label, style: `--c:${hue(run.method)}` });
    this.head = element("header", {}, this.name);
    this.node.append(this.head);
    this.name.addEventListener("click", () => player.focus(at));
    const told = run.status === "cancelled" && player.payload.stopped; // once, above all lanes
    if (run.n || run.moving || told) this.#build();
    if (!run.whole && !run.moving && !told) this.#trouble();
  }

  #build() {
    const { run, player, at } = this;
    this.chips = run.planned.map(([, text], j) => {
      const chip = element("button", { type: "button", title: "Jump to the start of this sweep" }, text);
      chip.addEventListener("click", () => {
        const [e] = this.run.sweeps[j];
        player.focus(at);
        player.transport.go(this.run.start(e, player.state.mode) + (e ? TINY : 0));
      });
      return chip;
    });
    this.chipAt = this.chips.map(() => "");
    const reading = (name, words) => element("div", { class: name }, element("dt", {}, words), element("dd", {}));
    this.reading = reading("live", "holds");
    this.clock = reading("clock", "clock");
    this.clock.title = "Seconds so far: the medians of single steps added up.";
    this.head.append(element("div", { class: "sweeps", role: "group", "aria-label": `Jump to a sweep of ${run.label}` }, this.chips), element("dl", { class: "read num" }, this.reading, this.clock));
    this.counts = element("span", {});
    this.against = element("span", { class: "against" });
    this.tally = element("p", { class: "tally num" }, this.counts, this.against);
    this.canvas = element("canvas", { tabindex: "0", role: "slider", "aria-label": `Layers of ${run.label}. Arrow keys, Home and End move between layers, Enter pins one, Escape leaves.`, "aria-valuemin": 0, "aria-valuemax": run.layers - 1, "aria-valuenow": 0 });
    this.strip = new Strip(this.canvas);
    this.say = new Refill(element("span", { class: "say" }));
    this.fx = new Refill(element("span", { class: "fx", title: SYMBOL_WORDS }));
    this.caption = element("p", { class: "cap" }, this.say.node, this.fx.node);
    this.node.append(this.tally, element("div", { class: "strip" }, this.canvas), this.caption);
    player.pointing.listen(this);
  }

  #trouble() {
    const { fed } = this.run, inside = fed.needs ? this.#needs(fed) : [element("p", {}, troubleWords(fed))];
    this.node.append(element("div", { class: fed.status === "cancelled" ? "trouble calm" : "trouble" }, inside));
  }

  /* The predicted bar across the limit, on one scale for all lanes, and on it what fits. */
  #needs(fed) {
    const { runs } = this.player, { needs, limit } = fed, best = thriftiest(runs), [words, others] = needWords(fed, best);
    const whole = 1.02 * Math.max(...runs.map(({ fed: one }) => Math.max(one.needs || 0, one.limit || 0))), at = (bytes) => `${((100 * bytes) / whole).toFixed(2)}%`;
    const bar = element("div", { class: "needs", role: "img", "aria-label": words + others, style: `--at:${at(limit || needs)};--to:${at(needs)}` }, element("i", {}), limit ? [element("i", { class: "beyond" }), element("u", {})] : null);
    if (best) bar.append(element("em", { style: `left:${at(best.peak)};color:${hue(best.method)}` }, glyph(best.method)));
    const legend = ["striped: predicted", limit ? "dashed: allowed here" : "", best ? `${best.label}: measured` : ""].filter(Boolean).join("; ");
    const { error } = fed, why = limit ? error?.remedy : [error?.message, error?.remedy && !error.message?.includes(error.remedy.replace(/\.$/, "")) ? error.remedy : ""].filter(Boolean).join(" ");
    return [element("p", {}, element("b", {}, TROUBLE[fed.status]), " ", element("b", { class: "num" }, words), others), bar, element("p", { class: "small" }, sentence(legend), ". ", ...prose(why || ""))];
  }

  fit(geometry) { if (this.strip) { this.strip.fit(geometry, this.player.colours.sans); this.drawn = ""; } }

  /* One frame, in two parts: all strips first, then all words, since text on a canvas makes the page compute its styles.
     Nothing is touched whose step, hover, pin or view did not change. */
  draw(place, over) {
    if (!this.strip?.geometry) return;
    const { run, player } = this, { state } = player, { e, f, done } = place, glide = state.playing && !player.reduced();
    const ghost = done && (!over || !run.whole), share = done || !glide ? "" : f.toFixed(3);
    const drawn = `${done}|${e}|${share}|${ghost}|${state.hover}|${state.pin}|${state.shows}`;
    if (this.drawn === drawn) return;
    this.drawn = drawn;
    this.strip.draw(this.moment(place, ghost, glide));
  }

  tell(place) {
    if (!this.strip || !this.#due(place.done)) return;
    const { state } = this.player, { e, done } = place, key = `${done}|${e}|${state.hover}|${state.budget}`;
    if (this.key !== key) { this.key = key; this.#words(e, done); }
    this.#running(place);
  }

  /* While it plays, words beside the focus change 15 times a second: more cannot be read, and each costs a layout. */
  #due(done) {
    const { state } = this.player, now = performance.now();
    if (state.playing && !done && state.focus !== this.at && state.hover === null && now - (this.told || 0) < 66) return false;
    this.told = now;
    return true;
  }

  moment({ e, f, done }, ghost, glide) {
    const { run, player } = this, { shows, hover, pin } = player.state;
    return { run, e, f, done, ghost, view: shows, scale: player.scale, colours: player.colours, hover, pin, glide };
  }

  #words(e, done) {
    const { run, player } = this, { state } = player, bytes = done ? run.peak : e < 0 ? 0 : run.live[e];
    if (state.hover !== null) this.say.plain(...this.storyWords(state.hover));
    else if (e < 0) this.say.plain(this.restWords());
    else if (done) this.say.plain(this.doneWords());
    else if (e >= 0) this.say.caption(run.words(e)[0] + this.passWords(e), run.layer[e]);
    if (done) this.fx.formula(run.whole ? (run.fed.say?.done?.[1] ?? (run.noisy ? "ĝ = mean(d·v)" : `g_{0} … g_{${run.layers - 1}}`)) : "", 0);
    else if (e < 0) this.fx.plain();
    else this.fx.formula(run.words(e)[1] || "", run.layer[e]);
    setText(this.reading.lastChild, e < 0 ? "–" : bytesText(bytes));
    setText(this.reading.firstChild, done ? "peak" : "holds");
    this.reading.classList.toggle("over", state.budget > 0 && bytes > state.budget);
    const made = e < 0 ? 0 : run.madeBy(e);
    if (this.counted !== made) { this.counted = made; const [counts, against] = this.tallyParts(made); setText(this.counts, counts); setText(this.against, against); }
    if (!state.playing) this.label(e, done);
  }

  /* What a screen reader hears of the strip; left alone while it plays. */
  label(e, done) {
    const { run, player } = this, { pin, hover } = player.state, layer = pin ?? hover ?? (e < 0 ? 0 : run.layer[e]);
    this.canvas.setAttribute("aria-valuenow", layer);
    const now = done ? `finished, peak ${bytesText(run.peak)}` : e < 0 ? "not started" : `${PHASES[run.phase[e]]} at layer ${run.layer[e]} of ${run.layers - 1}, holding ${bytesText(run.live[e])}`;
    this.canvas.setAttribute("aria-valuetext", pin === null && hover !== null ? this.storyWords(hover).map((part) => part.textContent ?? part).join("") : `${run.label}: ${now}${pin === null ? "" : `; layer ${layer} is pinned`}`);
  }

  #running({ e, f, done }) {
    const { run, player } = this, { mode, position } = player.state;
    const until = Math.min(position, run.span(mode));
    setText(this.clock.firstChild, mode === "clock" ? "clock" : "step");
    setText(this.clock.lastChild, mode === "clock" ? clockText(until, player.span) : countText(Math.floor(until + 1e-6)));
    this.chips.forEach((chip, j) => {
      chip.disabled = j >= run.sweeps.length;
      if (chip.disabled) return;
      const from = run.sweeps[j][0], to = run.sweeps[j + 1]?.[0] ?? run.n;
      const share = done ? 1 : Math.max(0, Math.min(1, (e + f - from) / Math.max(1, to - from)));
      const on = !done && e >= from && e < to, look = `${Math.round(share * 100)}|${on}`;
      if (this.chipAt[j] === look) return;
      this.chipAt[j] = look;
      chip.style.setProperty("--p", `${Math.round(share * 100)}%`);
      chip.classList.toggle("on", on);
      on ? chip.setAttribute("aria-current", "step") : chip.removeAttribute("aria-current");
    });
  }

  passWords(e) {
    const count = this.run.passes.get(e);
    return count > 1 ? ` Stands for ${countText(count)} such passes.` : "";
  }

  tallyWords(made) { return this.tallyParts(made).join(""); }

  /* How many gradients there are and how far the worst of them is off; then, of what. */
  tallyParts(made) {
    const { run } = this, what = run.noisy ? "gradients guessed" : "gradients made", worst = made ? run.worst[made - 1] : null;
    const count = run.sure ? `${countText(made)} of ${countText(run.due)} ${what}` : `${countText(made)} ${what}`;
    if (!made) return [count, ""];
    if (worst === null) return [run.moving || this.player.payload.live ? `${count}, compared at the end` : `${count}, not compared`, ""];
    if (worst === 0) return [`${count}, bit for bit `, run.against];
    return [`${count}, worst error ${errorText(worst, 1)}`, ` against ${run.against}`];
  }

  doneWords() {
    const { run } = this;
    if (!run.whole) return run.status !== "cancelled" ? "Ended early." : run.traced ? "It went through all its steps; then the race was stopped." : "Stopped here.";
    const own = run.fed.say?.done?.[0] || (run.noisy ? "Done: a guess, not the gradient." : "Done: every layer has its gradient.");
    const at = run.end.clock ? secondsText(run.end.clock[run.fullAt]) : `step ${countText(run.end.step[run.fullAt])}`;
    if (this.player.state.shows === "time") return own;
    return `${own} ${run.full ? `Bars: when it kept the most for later, at ${at}.` : "It kept nothing for later."}`;
  }

  restWords() { return { running: "Begins now.", cancelled: "Stopped before its first step." }[this.run.status] || "Waiting for its turn."; }

  /* What a layer keeps while others are worked on, and the most it holds while it is worked on itself. */
  keptWords(layer) {
    const story = this.run.story(layer), time = (x) => (story.mode === "clock" ? secondsText(x) : `${countText(x)} steps`);
    const kept = [...story.kept].map(([kind, { bytes, long, varies }]) => `${varies ? "up to " : ""}${bytesText(bytes)} of ${KIND_SHORT[kind]} for ${time(long)}`).join(", ");
    return [kept ? `kept ${kept}` : "kept nothing for later", story.busyBytes ? `at most ${bytesText(story.busyBytes)} while worked on` : "nothing while worked on"];
  }

  storyWords(layer) {
    const { run } = this, story = run.story(layer), when = (x) => (story.mode === "clock" ? secondsText(x) : `step ${countText(x)}`);
    if (!run.n) return [element("b", {}, `Layer ${layer}`), ": not worked on yet."];
    const made = story.made < 0 ? [] : [`${run.noisy ? "a guess of its gradient" : "gradient"} at ${when(run.end[story.mode][story.made])}`];
    return [element("b", {}, `Layer ${layer}`), ` ${[...this.keptWords(layer), ...made].join("; ")}.`];
  }

  heldWords(layer, place) {
    const { run } = this, { held } = run.seek(run.shownAt(place)), found = [];
    for (let kind = 0; kind < NK; kind++) if (kind !== GRADIENT && held[layer * NK + kind] > 0) found.push(`${KIND_SHORT[KINDS[kind]]} ${bytesText(held[layer * NK + kind])}`);
    return found.length ? found.join(", ") : "nothing";
  }

  gradientWords(layer, place) {
    const { run } = this;
    if (!run.weighs[layer]) return "No weights, no gradient.";
    if (run.madeAt[layer] < 0 || run.madeAt[layer] > place.e) return "Its gradient is not made yet.";
    const found = run.agreement.get(layer);
    if (!found || found[0] === null) return "Gradient made, not compared.";
    return `Gradient made: ${run.noisy ? "a noisy guess" : gradeWords(run, layer)}, relative error ${errorText(found[0])} against ${run.against}.`;
  }
}
