/* The finish: one row per method, revealed as it finishes; and the race as a table. */
function errorPlace(error, floor) {
  if (error === null || error === undefined) return null;
  return error >= 1 ? 100 : error > 0 ? Math.max(0, (100 * (Math.log10(error) - floor)) / -floor) : 0;
}

class Finish {
  constructor() {
    this.body = element("tbody");
    this.twin = element("tbody");
    this.columns = element("thead");
    this.table = element("table", { class: "finish" }, element("caption", { class: "vh" }, "Results by method"), this.columns, this.body);
    const head = ["Method", "Sweep", "Starts", "Ends", "Most held in it"].map((words) => element("th", { scope: "col" }, words));
    this.details = element("details", {}, element("summary", {}, "The race as a table"), element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "The race as a table" }, element("table", { class: "twin num" }, element("thead", {}, element("tr", {}, head)), this.twin)));
    this.foot = element("div", { class: "foot" }, this.details);
    this.node = element("div", { class: "res" }, this.table, this.foot);
  }

  build(payload, runs, hasClock) {
    const floor = payload.dtype === "float64" ? -16 : -8, methods = runs.map((run) => run.fed);
    const most = Math.max(1, ...methods.map((one) => one.needs || one.peak || 0)), longest = Math.max(1e-12, ...methods.map((one) => one.seconds || 0));
    const truth = methods.some((one) => one.error_to_truth !== null && one.error_to_truth !== undefined);
    const scale = { floor, most, longest, truth, tolerance: errorPlace(payload.tolerance, floor), less: this.#least(runs) };
    const title = (words, small, more) => element("th", { scope: "col", title: more }, words, small ? element("small", {}, ` ${small}`) : null);
    this.columns.replaceChildren(element("tr", {}, title("Finish"), title("Peak memory"), title("Time", "of one step", "Median of whole training steps. The clocks above add up medians of single layers, so they may differ a little."), title("Work"),
      title(truth ? "Error against the true gradient" : `Error against backprop in ${payload.dtype}`, `${powerText(floor)} to 1; shaded: tolerance`), title("Gradient", `against backprop in ${payload.dtype}`, `Whether it is the gradient that backprop makes in the same number format, ${payload.dtype}; not an error against the true one.`)));
    this.rows = runs.map((run) => (run.whole || run.moving || (run.n && !run.fed.error && run.status === "ok") ? this.#row(run, scale) : run.status === "cancelled" && payload.stopped ? this.#halted(run, scale) : this.#fell(run, scale)));
    this.body.replaceChildren(...this.rows);
    this.twin.replaceChildren(...runs.flatMap((run) => this.#sweeps(run, hasClock)));
    this.table.hidden = payload.live && !runs.some((run) => run.whole && run.fed.seconds);
  }

  #least(runs) {
    const whole = runs.filter((run) => run.whole && !run.noisy);
    return whole.length > 1 ? whole.reduce((best, run) => (run.peak < best.peak ? run : best)) : null;
  }

  #cell(of, bar, value, wait = "") { return element("td", { "data-of": of }, element("div", { class: "cell", "data-wait": wait }, bar, element("span", { class: "v num" }, value))); }

  #bar(run, share) { return element("div", { class: `track${run.noisy ? " noisy" : ""}` }, share > 0 ? element("i", { style: `--w:${Math.max(1.2, 100 * Math.min(1, share)).toFixed(2)}%` }) : null); }

  #head(run) { return element("th", { scope: "row" }, named(run)); }

  #row(run, scale) {
    const { fed } = run, node = element("tr", { class: "wait", style: `--c:${hue(run.method)}` });
    if (scale.less && run.peak <= scale.less.peak * 1.01 && !run.noisy) node.classList.add("win");
    const less = fed.method === "backprop" || fed.less === null || fed.less === undefined ? null : fed.less >= 1.005 ? `${factorText(fed.less)}× less` : fed.less <= 0.995 ? `${factorText(1 / fed.less)}× as much` : "the same";
    const peak = [element("b", {}, fed.peak ? bytesText(fed.peak) : "not measured"), less ? element("small", {}, ` ${less}`) : null, fed.allocator ? element("small", { class: "under" }, `allocator ${bytesText(fed.allocator)}`) : null];
    const known = fed.seconds !== null && fed.seconds !== undefined;
    const time = known ? [element("b", {}, fed.ratio ? `${factorText(fed.ratio)}×` : secondsText(fed.seconds)), fed.ratio ? element("small", {}, ` ${secondsText(fed.seconds)}`) : null] : [element("small", {}, "not timed")];
    const [strong, rest] = fed.verdict || ["not checked", ""];
    const tone = { drifting: "drifting", "not the gradient": "wrong", "a noisy estimate": "noisy" }[strong] || "";
    node.append(this.#head(run),
      this.#cell("Peak memory", this.#bar(run, (fed.peak || 0) / scale.most), peak),
      this.#cell("Time", this.#bar(run, (fed.seconds || 0) / scale.longest), time, "on its way"),
      element("td", { "data-of": "Work", class: "num" }, element("span", { class: "v" }, fed.flops ? flopsText(fed.flops) : "not counted")),
      element("td", { "data-of": "Error" }, this.#scale(run, scale)),
      element("td", { "data-of": "Gradient", class: `words ${tone}` }, element("span", { class: "v" }, element("b", {}, strong), rest ? ` ${rest}` : "")));
    return node;
  }

  #scale(run, scale) {
    const { fed } = run, error = scale.truth ? fed.error_to_truth : fed.error_to_backprop, at = errorPlace(error, scale.floor);
    const words = at === null ? "error not measured" : `relative error ${errorText(error)} against ${scale.truth ? "the float64 truth" : "backprop"}`;
    const node = element("div", { class: "scale", role: "img", "aria-label": words, title: words, style: `--t:${scale.tolerance ?? 0}%` });
    if (at !== null) node.append(glyph(run.method, { style: `left:${at.toFixed(2)}%` }));
    return node;
  }

  #fell(run, scale) {
    const { fed } = run, node = element("tr", { class: "fell", style: `--c:${hue(run.method)}` });
    node.append(this.#head(run));
    if (fed.needs) node.append(this.#cell("Needs", this.#bar(run, fed.needs / scale.most), [element("b", {}, bytesText(fed.needs)), element("small", {}, " predicted")]));
    node.append(element("td", { colspan: fed.needs ? 4 : 5 }, troubleWords(fed)));
    return node;
  }

  /* Of a race that was stopped: what is known up to there. */
  #halted(run, scale) {
    const node = element("tr", { class: "fell halted", style: `--c:${hue(run.method)}` }), made = run.made.length;
    node.append(this.#head(run));
    if (!run.n) { node.append(element("td", { colspan: 5 }, "Stopped before its first step.")); return node; }
    node.append(this.#cell("Peak memory", this.#bar(run, run.peak / scale.most), [element("b", {}, bytesText(run.peak)), run.traced ? null : element("small", {}, " so far")]),
      this.#cell("Time", element("span", {}), element("small", {}, run.traced ? "not timed" : "stopped")),
      element("td", { "data-of": "Work" }, element("span", { class: "v" }, element("small", {}, "not counted"))),
      element("td", { "data-of": "Error" }, element("span", { class: "v" }, element("small", {}, "not compared"))),
      element("td", { "data-of": "Gradient", class: "words" }, element("span", { class: "v" }, element("b", {}, run.sure ? `${countText(made)} of ${countText(run.due)}` : countText(made)), run.noisy ? " guessed" : " made")));
    return node;
  }

  #sweeps(run, hasClock) {
    const mode = hasClock ? "clock" : "step", text = (x) => (hasClock ? secondsText(x) : `step ${countText(x)}`);
    if (!run.n) return [element("tr", {}, element("td", {}, run.label), element("td", { colspan: 4 }, run.moving ? "Waiting for its turn." : troubleWords(run.fed)))];
    return run.sweeps.map(([e, name], j) => {
      const to = (run.sweeps[j + 1]?.[0] ?? run.n) - 1, held = run.inside.slice(e, to + 1).reduce((most, one) => Math.max(most, one), 0);
      return element("tr", {}, [run.label, name, text(run.start(e, mode)), text(run.end[mode][Math.max(e, to)]), bytesText(held)].map((words) => element("td", {}, words)));
    });
  }

  reveal(places) {
    this.rows?.forEach((row, at) => { if (!row.classList.contains("fell") && row.classList.contains("wait") === places[at].done) row.classList.toggle("wait", !places[at].done); });
  }
}
