// Saves figures as the reader sees them. One instance per page listens for clicks on the buttons in .mv-saves, which
// says the figure's key, title and words. Nothing is asked from outside this server.
const NS = "http://www.w3.org/2000/svg";
const MARGIN = 24;

let fonts = null;

// The page's own font as data, so that a saved picture looks the same elsewhere.
function embedded() {
  fonts ??= (async () => {
    const found = [];
    for (const sheet of document.styleSheets) {
      let rules;
      try { rules = sheet.cssRules; } catch { continue; } // another origin's
      for (const rule of rules) {
        if (!(rule instanceof CSSFontFaceRule)) continue;
        const family = rule.style.getPropertyValue("font-family").replace(/["']/g, "").trim();
        const style = rule.style.getPropertyValue("font-style") || "normal";
        const url = /url\(["']?([^"')]+)["']?\)/.exec(rule.style.getPropertyValue("src"));
        if (!url || style !== "normal" || !/^source sans/i.test(family)) continue;
        const range = rule.style.getPropertyValue("unicode-range");
        const weight = rule.style.getPropertyValue("font-weight") || "400";
        found.push({ family, weight, range, url: new URL(url[1], sheet.href ?? location.href).href });
      }
    }
    const faces = await Promise.all(found.map(async ({ family, weight, range, url }) => {
      const blob = await (await fetch(url)).blob();
      const data = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(blob);
      });
      return `@font-face{font-family:"${family}";font-weight:${weight};src:url(${data})${range ? `;unicode-range:${range}` : ""}}`;
    }));
    return faces.join("");
  })().catch(() => "");
  return fonts;
}

const classOf = (key) => `st-key-${key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`;

function figureOf(key) {
  for (const holder of document.getElementsByClassName(classOf(key))) {
    const figure = holder.querySelector(".js-plotly-plot");
    if (figure) return figure;
  }
  return null;
}

function make(name, attributes, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function wrap(text, font, width) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && pen.measureText(longer).width > width) { lines.push(line); line = word; } else line = longer;
  }
  return line ? [...lines, line] : lines;
}

// The figure's layers, its title and its caption as one SVG that needs nothing else.
async function draw(figure, { title, caption, alt }) {
  const box = figure.getBoundingClientRect();
  const app = getComputedStyle(document.querySelector(".stApp") ?? document.body);
  const family = '"Source Sans", "Source Sans 3", sans-serif';
  const muted = figure.querySelector(".xtick text, .ytick text");
  const grey = muted ? getComputedStyle(muted).fill : app.color;
  const words = wrap(caption, `14px ${family}`, box.width);
  const names = wrap(title, `600 18px ${family}`, box.width);
  const top = MARGIN + 24 * names.length + 20 * words.length + 12;
  const width = Math.ceil(box.width + 2 * MARGIN), height = Math.ceil(top + box.height + MARGIN);
  const svg = make("svg", { xmlns: NS, width, height, viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.append(make("title", {}, title), make("desc", {}, alt));
  svg.append(make("style", {}, await embedded()));
  svg.append(make("rect", { width, height, fill: app.backgroundColor }));
  const say = (line, at, size, weight, fill) => svg.append(make("text", {
    x: MARGIN, y: at, "font-family": family, "font-size": size, "font-weight": weight, fill,
  }, line));
  names.forEach((line, n) => say(line, MARGIN + 16 + 24 * n, 18, 600, app.color));
  words.forEach((line, n) => say(line, MARGIN + 24 * names.length + 14 + 20 * n, 14, 400, grey));
  for (const layer of figure.querySelectorAll(".main-svg")) {
    const copy = layer.cloneNode(true);
    copy.querySelectorAll(".hoverlayer > *").forEach((node) => node.remove());
    const at = layer.getBoundingClientRect();
    copy.removeAttribute("style");
    copy.setAttribute("x", MARGIN + at.left - box.left);
    copy.setAttribute("y", top + at.top - box.top);
    svg.append(copy);
  }
  return { text: new XMLSerializer().serializeToString(svg), width, height };
}

async function picture({ text, width, height }) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function offer(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function save(button) {
  const { key, title, caption, alt } = button.closest(".mv-saves").dataset;
  const kind = button.dataset.kind;
  const figure = figureOf(key);
  if (!figure) return "The figure is not drawn yet.";
  const drawn = await draw(figure, { title, caption, alt });
  const name = `moonviz-${key.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}.${kind}`;
  offer(kind === "svg" ? new Blob([drawn.text], { type: "image/svg+xml" }) : await picture(drawn), name);
  return `Saved ${name}`;
}

async function heard(event) {
  const button = event.target.closest?.(".mv-saves button");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  let said;
  try { said = await save(button); } catch { said = "This browser could not draw the picture; try the other format."; }
  button.removeAttribute("aria-busy");
  const status = button.closest(".mv-saves").querySelector("[role=status]");
  if (status) status.textContent = said;
}

export default function () {
  document.addEventListener("click", heard);
  return () => document.removeEventListener("click", heard);
}
