/* Saving a picture: the chart as SVG, or the whole state of the race as PNG. */
function download(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/* The chart as a drawing that stands alone: page colour below, budget line and title on it. */
function chartSvg(player) {
  const { chart, colours, payload, state } = player, { wide, high } = chart, node = drawing("svg", { xmlns: SVG });
  const seen = drawing("clipPath", { id: "seen" }, drawing("rect", { x: 0, y: 0, height: high, width: player.transport.over ? wide : chart.X(state.position) }));
  const copy = (layer, more = {}) => drawing("g", more, ...[...layer.childNodes].filter((one) => one.style.display !== "none").map((one) => one.cloneNode(true)));
  node.append(seen, copy(chart.under), copy(chart.ink, { "clip-path": "url(#seen)" }), copy(chart.above));
  for (const [name, value] of Object.entries({ width: wide, height: high + 30, viewBox: `0 -30 ${wide} ${high + 30}` })) node.setAttribute(name, value);
  const y = Math.max(4, chart.Y(state.budget)), text = { "font-family": "sans-serif", "font-size": 13 };
  node.prepend(drawing("rect", { x: 0, y: -30, width: wide, height: high + 30, fill: colours.bg }), drawing("text", { ...text, x: 4, y: -12, "font-weight": 600, "font-size": 15, fill: colours.ink }, `${player.chartTitle()}: ${payload.network.name}`));
  if (state.budget) node.append(
    drawing("line", { x1: MARGIN.left, x2: wide - MARGIN.right, y1: y, y2: y, stroke: colours.warn, "stroke-width": 1.5, "stroke-dasharray": "2 4" }),
    drawing("text", { ...text, x: wide - MARGIN.right, y: y - 6, "text-anchor": "end", "font-weight": 600, fill: colours.warn }, `budget ${bytesText(state.budget)}`));
  for (const label of node.querySelectorAll("text")) label.setAttribute("font-family", "'Source Sans', 'Source Sans 3', system-ui, sans-serif");
  return new XMLSerializer().serializeToString(node);
}

function picture(source, width, height) {
  return new Promise((done, failed) => {
    const image = new Image(width, height);
    image.onload = () => done(image);
    image.onerror = failed;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  });
}

/* Strips, captions and chart on one sheet. */
async function sheet(player) {
  const { colours, payload, chart } = player, lanes = player.lanes.filter((lane) => lane.strip), ratio = 2, pad = 24, row = 138;
  const wide = lanes[0]?.strip.geometry.width || 600, left = pad + wide + 32, width = left + chart.wide + pad, height = Math.max(lanes.length * row, chart.high + 30) + 80;
  const canvas = element("canvas", { width: width * ratio, height: height * ratio }), pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = colours.bg;
  pen.fillRect(0, 0, width, height);
  const write = (text, x, y, style, colour, side = "left") => { pen.font = `${style} ${colours.sans}`; pen.fillStyle = colour; pen.textAlign = side; pen.fillText(text, x, y); };
  write(payload.network.name, pad, 34, "600 17px", colours.ink);
  write(`${payload.network.what}. ${player.transport.at.textContent}`, pad, 54, "400 13px", colours.muted);
  lanes.forEach((lane, at) => {
    const y = 80 + at * row, hueOf = colours["m-" + lane.run.method];
    pen.fillStyle = hueOf;
    pen.fillRect(pad, y - 11, 4, 14);
    write(lane.run.label, pad + 12, y, "600 15px", colours.ink);
    write(`${lane.reading.textContent.replace(/^(holds|peak)/, "$1 ")}`, pad + wide, y, "600 14px", colours.ink, "right");
    const strip = new Strip(document.createElement("canvas")), place = player.places[lane.at];
    strip.fit({ ...lane.strip.geometry, dpr: ratio }, colours.sans);
    strip.draw(lane.moment(place, place.done && !player.transport.over, false));
    pen.drawImage(strip.canvas, pad, y + 8, wide, HEIGHT);
    write(lane.say.node.textContent, pad, y + HEIGHT + 24, "400 13px", colours.muted);
  });
  const image = await picture(chartSvg(player), chart.wide, chart.high + 30);
  pen.drawImage(image, left, 62, chart.wide, chart.high + 30);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function saving(player) {
  const name = () => `moonviz-${String(player.payload.network.name).replace(/[^\w-]+/g, "-").slice(0, 60) || "race"}`;
  const item = (words, act) => {
    const node = element("button", { type: "button" }, words);
    node.addEventListener("click", async () => { menu.open = false; await act(); });
    return node;
  };
  const menu = element("details", { class: "save" }, element("summary", {}, icon("save"), "Save picture"),
    element("div", { class: "menu" },
      item("This moment (PNG)", async () => download(await sheet(player), `${name()}.png`)),
      item("Chart (SVG)", () => download(new Blob([chartSvg(player)], { type: "image/svg+xml" }), `${name()}.svg`))));
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); event.stopPropagation(); } });
  menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
  return menu;
}
