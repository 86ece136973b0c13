/* What is in memory now, the numbers written out, and all numbers so far. */
function bytesNow(walk, frame) {
  return element("p", { class: "bytes" }, element("b", { class: "num" }, `${frame.bytes} B`), ` in memory now; ${walk.peak} B at this walk’s highest`,
    element("span", { class: "track", "aria-hidden": "true" }, element("i", { style: `--w:${(frame.bytes / walk.peak) * 100}%` })));
}

const keptWords = (one) => (one.name ? saidName(one.name) : "kept inside the layer");
function chip(one) {
  const numbers = one.numbers ? one.numbers.map(numberText).join("  ") : "…";
  const title = `${KIND_WORDS[one.kind]}${one.name ? "" : ", inside the layer"}${one.partial ? "; the other part is kept under another name, or gone" : ""}`;
  return element("li", { class: `chip k-${one.kind}${one.fresh ? " fresh" : ""}`, "data-name": one.name || null, title },
    kindIcon(one.kind), one.name ? symbol(one.name) : element("span", { class: "sym" }, "inside"), element("span", { class: "num" }, one.partial ? `part: ${numbers}` : numbers), element("small", {}, `${one.bytes} B`));
}

function memoryNode(walk, frame) {
  const by = new Map();
  for (const one of frame.held) by.set(one.layer, [...(by.get(one.layer) || []), one]);
  const cells = [];
  for (let layer = 0; layer <= walk.last; layer++) {
    const here = by.get(layer) || [], gone = frame.dropped.filter((name) => split(name)[1] === String(layer) || (name === "loss" && layer === walk.last));
    cells.push(element("li", { class: `slot${layer === frame.layer ? " active" : ""}${here.length || gone.length ? "" : " empty"}` }, element("span", { class: "of" }, layer === 0 ? "input" : layer === walk.last ? "head" : `layer ${layer}`),
      element("ul", {}, here.map(chip), gone.map((name) => element("li", { class: "chip gone" }, element("s", {}, symbol(name)), element("small", {}, "dropped"))))));
  }
  return element("ul", { class: "memory", "aria-label": "In memory now, by layer" }, cells);
}

function checkNode(frame, look, walk) {
  const rows = frame.lines.flatMap((line) => cellsOf(line, look, walk));
  if (!rows.length) return element("p", { class: "none" }, "Nothing is computed at this event.");
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Products written out" }, element("table", { class: "check" },
    element("caption", { class: "vh" }, "Every number of this event, with the products it is made of"),
    element("thead", {}, element("tr", {}, ["Number", "How to get it", "Result"].map((words) => element("th", { scope: "col" }, words)))),
    element("tbody", {}, rows.map(([name, place, how, value]) => element("tr", { "data-makes": name, "data-value": String(value) }, element("th", { scope: "row" }, symbol(name), place ? element("small", {}, /^\d/.test(place) ? `[${place}]` : ` ${place[0]}`, /^\d/.test(place) ? "" : element("sub", {}, place.slice(1))) : ""), element("td", { class: "num" }, how), element("td", { class: "num result" }, numberText(value)))))));
}

/* x, J, h and g of every layer, as far as they are made; faint where they are in memory no longer. */
function allNode(walk, at, look) {
  const made = new Set(["x0"]), held = new Set(["x0", ...walk.frames[at].held.map((one) => one.name)]);
  for (const frame of walk.frames.slice(0, at + 1)) for (const line of frame.lines) made.add(line.makes);
  const cell = (name) => {
    if (!made.has(name)) return element("td", { class: "yet" }, element("span", { "aria-label": "not made yet" }, "–"));
    return element("td", { class: held.has(name) ? "" : "gone", "data-name": name, title: held.has(name) ? "in memory now" : "made, and in memory no longer" }, vectorText(look(name)));
  };
  const rows = [];
  for (let layer = 0; layer <= walk.last; layer++) {
    const named = layer === 0 ? "input" : layer === walk.last ? "head" : `${layer} ${walk.layers[layer - 1].name}`, J = layer && walk.quantities[`J${layer}`];
    rows.push(element("tr", {}, element("th", { scope: "row" }, named), layer < walk.last ? cell(`x${layer}`) : element("td", {}, made.has("loss") ? `loss ${numberText(look("loss")[0][0])}` : "–"),
      element("td", {}, J ? J.map((row) => row.map(numberText).join("  ")).join(" ; ") : "–"), layer < walk.last ? cell(`h${layer}`) : element("td", { class: "yet" }, "–"), layer && walk.layers[layer - 1].labels.length ? cell(`g${layer}`) : element("td", { class: "yet" }, "–")));
  }
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "All numbers so far" }, element("table", { class: "all" }, element("caption", { class: "vh" }, "Every state, Jacobian, cotangent and gradient so far; faint: in memory no longer"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Layer"), ["x", "J", "h", "g"].map((letter) => element("th", { scope: "col" }, element("i", {}, letter), ` ${{ x: "state", J: "Jacobian, row by row", h: "cotangent", g: "weight gradient" }[letter]}`)))), element("tbody", {}, rows)));
}
