/* Pointing at layers: hover links strips, curves and captions; a click pins a layer. */
class Pointing {
  constructor(player, stage) {
    this.player = player;
    this.stage = stage;
    this.tip = element("div", { class: "tip", role: "tooltip" });
    stage.append(this.tip);
  }

  listen(lane) {
    const { canvas } = lane, { player } = this;
    const at = (event) => layerAt(lane.strip.geometry, event.clientX - canvas.getBoundingClientRect().left);
    canvas.addEventListener("pointermove", (event) => this.hover(at(event), lane, event.clientX));
    for (const end of ["pointerleave", "blur"]) canvas.addEventListener(end, () => this.hover(null));
    canvas.addEventListener("click", (event) => { const layer = at(event); player.pin(player.state.pin === layer ? null : layer); });
  }

  hover(layer, lane, clientX) {
    const { player, tip, stage } = this, { state } = player;
    if (layer === null && state.hover === null) return;
    const changed = state.hover !== layer;
    state.hover = layer;
    if (layer === null) tip.style.display = "none";
    else {
      this.over = lane;
      this.refresh();
      tip.style.display = "block";
      const outer = stage.getBoundingClientRect(), strip = lane.canvas.getBoundingClientRect(), width = tip.offsetWidth;
      tip.style.left = `${Math.max(0, Math.min(outer.width - width, clientX - outer.left - width / 2))}px`;
      tip.style.top = `${strip.top - outer.top - tip.offsetHeight - 4}px`;
    }
    if (!changed) return;
    player.frame();
    if (layer === null) player.chart.mark(null, 0);
  }

  /* Over the chart: the layer that the nearest curve was working on there. */
  overChart(event) {
    const { player, tip, stage } = this, { chart, state } = player, { mode } = state, box = chart.box.getBoundingClientRect();
    const position = chart.positionAt(event.clientX), down = event.clientY - box.top, right = event.clientX - box.left;
    if (event.target.closest(".budget") || position < 0 || position > Math.min(player.span, state.position)) { this.hover(null); return; }
    let best = null;
    for (const run of player.runs) {
      const { e } = run.place(position, mode);
      if (e < 0 || position > run.span(mode)) continue;
      const away = Math.abs(chart.Y(state.view === "frontier" ? run.soFar[e] : run.live[e]) - down);
      if (away < (best ? best.away : 28)) best = { run, e, away };
    }
    if (!best) { this.hover(null); return; }
    const { run, e } = best, layer = run.layer[e], when = mode === "clock" ? secondsText(run.end.clock[e]) : `step ${countText(run.end.step[e])}`;
    this.over = null;
    if (state.hover !== layer) {
      state.hover = layer;
      player.frame();
    }
    tip.replaceChildren(element("b", {}, run.label), ` at ${when}: ${PHASE_WORDS[run.phase[e]] || "working"} at layer ${layer}${player.nameOf(layer)}`, element("br"), `holds ${bytesText(run.live[e])}, inside the step ${bytesText(run.inside[e])}`);
    tip.style.display = "block";
    const outer = stage.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(outer.width - tip.offsetWidth, box.left - outer.left + right - tip.offsetWidth / 2))}px`;
    tip.style.top = `${box.top - outer.top + down - tip.offsetHeight - 14}px`;
  }

  /* The same layer, a moment later. */
  refresh() {
    const { hover } = this.player.state;
    if (hover === null || !this.over?.strip) return;
    const place = this.player.places[this.over.at], column = columnWords(this.player.geometry, hover);
    const when = place.done && this.over.run.traced ? "at its fullest" : "now";
    this.tip.replaceChildren(element("b", {}, `Layer ${hover}${this.player.nameOf(hover)}${column}`), ` ${when}: ${this.over.heldWords(hover, place)}`, element("br"), this.over.gradientWords(hover, place));
  }

  /* Keys on a focused strip: they move a pointer of its own, or the pin once there is one. True if it was such a key. */
  key(event, lane) {
    const { player } = this, { state } = player, { key } = event, last = player.payload.network.last, place = player.places[lane.at];
    const here = state.pin ?? state.hover ?? (place.e >= 0 ? lane.run.layer[place.e] : 0);
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last }[key];
    if (to !== undefined) {
      const layer = Math.max(0, Math.min(last, to));
      if (state.pin === null) this.#reach(layer, lane);
      else { this.hover(null); player.pin(layer, true); }
    } else if (key === "Enter") player.pin(state.pin === null ? here : null, true);
    else if (key === "Escape") {
      this.hover(null);
      if (state.pin !== null) player.pin(null, true);
      else player.root.focus({ preventScroll: true });
    } else return false;
    return true;
  }

  #reach(layer, lane) {
    const { w, k } = lane.strip.geometry;
    this.hover(layer, lane, lane.canvas.getBoundingClientRect().left + ((layer + 0.5) * w) / k);
  }
}
