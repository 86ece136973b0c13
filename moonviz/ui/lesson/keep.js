/* What a learner's browser keeps: the place, and every answer with what it was compared with. */
const KEPT = "moonviz.learn", KEPT_VERSION = 1;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") node.innerHTML = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/* Storage that is full, forbidden or foreign costs only what it would have kept. */
function everythingKept() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
    if (kept && kept.version === KEPT_VERSION && kept.answers && typeof kept.answers === "object") return kept;
  } catch { /* as if nothing was kept */ }
  return { version: KEPT_VERSION, place: null, answers: {} };
}

function change(edit) {
  const kept = everythingKept();
  edit(kept);
  try { localStorage.setItem(KEPT, JSON.stringify(kept)); } catch { /* see above */ }
}

const answerKept = (lesson, id) => everythingKept().answers[`${lesson}/${id}`] || null;
const keepAnswer = (lesson, id, answer) => change((kept) => { if (answer) kept.answers[`${lesson}/${id}`] = answer; else delete kept.answers[`${lesson}/${id}`]; });
const placeKept = () => everythingKept().place;
const keepPlace = (lesson) => change((kept) => { kept.place = lesson; });
const answered = (lesson) => Object.entries(everythingKept().answers).filter(([key, one]) => key.startsWith(`${lesson}/`) && one.locked).length;
