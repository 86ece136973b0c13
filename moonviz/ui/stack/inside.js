/* What a measured look inside a layer showed: its small Jacobian as a picture, and its numbers. */
function showInside(node, inside, key) {
  const mine = inside && inside.key === key ? inside : null;
  node.hidden = !mine;
  if (!mine) { node.replaceChildren(); node.look = ""; return; }
  fill(node, mine, () => [
    mine.svg ? picture(mine) : null,
    element("div", { class: "told" }, element("p", { class: "condition" }, mine.condition),
      mine.words ? element("p", {}, mine.words) : null,
      mine.numbers.length ? element("dl", {}, mine.numbers.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))) : null),
  ]);
}

function picture(mine) {
  const figure = element("figure", { role: "img", "aria-label": mine.alt });
  const parsed = new DOMParser().parseFromString(mine.svg, "image/svg+xml").documentElement;
  figure.append(document.importNode(parsed, true));
  return figure;
}
