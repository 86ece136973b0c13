/* The pinned layer's card: its shapes, what it can do and why, and what each method kept, took and made of it. */
class Card {
  constructor(player) {
    this.player = player;
    this.node = element("section", { class: "card", "aria-label": "Pinned layer", hidden: true });
    this.layer = null;
  }

  show(layer) {
    const { runs, geometry } = this.player, folded = geometry?.k;
    if (this.layer === layer && this.runs === runs && this.folded === folded) return;
    Object.assign(this, { layer, runs, folded });
    this.node.hidden = layer === null;
    if (layer === null) return;
    this.#build(layer);
  }

  #build(layer) {
    const { player } = this, { network } = player.payload;
    const [kind, capability, reason, into, out, weights] = network.kinds[network.layers[layer]] || ["layer", "", "", [], [], 0];
    const button = (words, step, disabled) => {
      const node = element("button", { type: "button", class: "plain", disabled, "aria-label": `${words} layer` }, step < 0 ? "←" : "→");
      node.addEventListener("click", () => { player.pin(layer + step); this.node.querySelector(step < 0 ? ".plain" : ".plain:nth-of-type(2)")?.focus(); });
      return node;
    };
    const close = element("button", { type: "button", class: "plain close", "aria-label": "Unpin this layer", title: "Unpin (Escape)" }, icon("close"));
    close.addEventListener("click", () => { player.pin(null); player.root.focus({ preventScroll: true }); });
    const facts = element("p", { class: "facts" },
      element("span", {}, element("code", {}, `${shapeText(into)} → ${shapeText(out)}`)), element("span", {}, weights ? `${countText(weights)} weights` : "no weights"),
      capability ? element("span", {}, element("b", {}, capability), reason ? ": " : "", ...prose(reason || "")) : null);
    this.rows = player.runs.filter((run) => run.n).map((run) => this.#row(run, layer));
    const title = (words, small) => element("th", { scope: "col" }, words, small ? element("small", {}, ` ${small}`) : null);
    this.node.replaceChildren(
      element("header", {}, element("h3", {}, `Layer ${layer}${player.nameOf(layer)}`, element("span", {}, ` ${kind}${columnWords(player.geometry, layer)}`)), button("Previous", -1, layer === 0), button("Next", 1, layer === network.last), close),
      facts,
      element("div", { class: "fold-table" }, element("table", { class: "num" },
        element("thead", {}, element("tr", {}, title("Method"), title("Keeps here now"), title("In all", "for later, and while worked on"), title("Seconds by phase"), title("Gradient", "relative error, cosine, largest difference"))),
        element("tbody", {}, this.rows.map((row) => row.node)))));
    this.frame();
  }

  #row(run, layer) {
    const story = run.story(layer), now = element("td", { "data-of": "Keeps here now" });
    const [kept, most] = this.player.lanes[this.player.runs.indexOf(run)].keptWords(layer), busy = story.busy.map(([kind, bytes]) => `${KIND_SHORT[kind]} ${bytesText(bytes)}`);
    const life = `${sentence(kept)}; ${most}${busy.length > 1 ? ` (${busy.join(", ")})` : ""}`;
    const sums = new Map();
    if (run.end.clock) for (const e of story.worked) sums.set(run.phase[e], (sums.get(run.phase[e]) || 0) + run.end.clock[e] - run.start(e, "clock"));
    const times = [...sums].map(([letter, seconds]) => `${PHASE_WORDS[letter]} ${secondsText(seconds)}`).join(", ");
    const made = element("td", { "data-of": "Gradient" });
    const node = element("tr", {}, element("th", { scope: "row" }, named(run)), now, element("td", { "data-of": "In all" }, life), element("td", { "data-of": "Seconds" }, times || "not timed"), made);
    return { node, run, now, made };
  }

  #gradient(run, layer, place) {
    const found = run.agreement.get(layer);
    if (!run.weighs[layer]) return "no weights";
    if (run.madeAt[layer] < 0 || run.madeAt[layer] > place.e) return "not made yet";
    if (!found || found[0] === null) return "made, not compared";
    const [error, cosine, apart] = found, words = [run.noisy ? "noisy" : gradeWords(run, layer), errorText(error)];
    if (cosine !== null && cosine !== undefined) words.push(`cosine ${1 - cosine < 1e-6 && cosine <= 1.000001 ? "1.000" : significant(cosine, 4)}`);
    if (apart !== null && apart !== undefined) words.push(`max ${errorText(apart)}`);
    return words.join(", ");
  }

  /* What changes from step to step. */
  frame() {
    const { layer, player } = this;
    if (layer === null) return;
    for (const { run, now, made } of this.rows) {
      const at = player.runs.indexOf(run), place = player.places[at];
      if (!place) continue;
      setText(now, place.e < 0 ? "nothing" : player.lanes[at].heldWords(layer, { ...place, done: false }));
      setText(made, this.#gradient(run, layer, place));
    }
  }
}
