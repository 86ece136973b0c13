/* Small parts that the whole stack is made of. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  invertible: "M2 9h14M6 5 2 9l4 4M12 5l4 4-4 4",
  submersive: "M2 9h14M12 5l4 4-4 4",
  fragmental: "M2 9h9M13 4v10M16.5 4v10",
  ordinary: "M3 9h4M5 4l8 10M11 9h4",
  outside: "M6 9a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  misfit: "M4 4l10 10M14 4 4 14",
  unknown: "M3 9h.1M9 9h.1M15 9h.1",
};

function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/* A place's parts: "body.2.0" → ["body", 2, 0]. */
const placeOf = (key) => { const [part, block, layer] = key.split("."); return [part, Number(block), Number(layer)]; };

/* Fill a node anew only if what it shows has changed, so that focus and pointer stay where they are. */
function fill(node, shown, make) {
  const look = JSON.stringify(shown);
  if (node.look === look) return;
  node.look = look;
  node.replaceChildren(...[make()].flat().filter((child) => child !== null && child !== undefined && child !== false));
}
