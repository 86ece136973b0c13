/* The text drives the view beside it: what a link means to the player on the page. */
const PLAYER = Symbol.for("moonviz.player"), WALK = Symbol.for("moonviz.walk"), LIT = { strips: ".lanes", chart: ".plot", gradients: ".lanes", kinds: ".key" };
const JUST_INSIDE = 1e-7;

function playerBeside() {
  for (const node of document.querySelectorAll("[class*=st-key-learn-view] *")) {
    const root = node.shadowRoot;
    if (node[PLAYER]) return node[PLAYER];
    if (!root) continue;
    if (root[PLAYER]) return root[PLAYER];
    for (const inner of root.querySelectorAll("*")) if (inner[PLAYER]) return inner[PLAYER];
  }
  return null;
}

/* A walk through a tiny network does for itself what it is told. */
function walkBeside() {
  for (const node of document.querySelectorAll("[class*=st-key-learn-view] *")) if (node.shadowRoot?.[WALK]) return node.shadowRoot[WALK];
  return null;
}

const DRIVES = {
  goto(player, { place, number }) {
    const { transport } = player, run = player.focused, { mode } = player.state;
    transport.play(false);
    if (place === "start") transport.go(0);
    else if (place === "end") transport.go(player.span);
    else if (run?.n) {
      const event = place === "sweep" ? run.sweeps[Math.min(number, run.sweeps.length) - 1]?.[0] ?? 0 : Math.min(number, run.n) - 1;
      transport.go(run.start(event, mode) + (event ? JUST_INSIDE : 0));
    }
  },
  play(player) { player.transport.play(false); player.transport.toggle(); },
  pause(player) { player.transport.play(false); },
  focus(player, { label }) { const at = player.runs.findIndex((run) => run.label === label); if (at >= 0 && player.runs[at].n) player.focus(at); },
  pin(player, { layer }) { player.pin(Math.min(Number(layer), player.payload.network.last)); },
  show(player, { what }) {
    player.state[what === "memory" || what === "frontier" ? "view" : "shows"] = what === "seconds" ? "time" : what;
    player.touch();
    player.redraw();
    player.remember();
  },
  light(player, { what }) {
    const node = player.root.querySelector(LIT[what]);
    if (!node) return;
    node.scrollIntoView({ block: "nearest" });
    node.style.outline = "3px solid var(--st-primary-color)";
    node.style.outlineOffset = "4px";
    node.style.borderRadius = "8px";
    setTimeout(() => { node.style.outline = ""; }, 2200);
  },
};

/* Does what a link says, if the view can; returns whether it is for Python to do. */
function drive(act) {
  const does = DRIVES[act.do], walk = does && walkBeside(), player = does && playerBeside();
  if (walk) walk.obey({ ...act, number: Number(act.number || 1) });
  if (player) does(player, { ...act, number: Number(act.number || 1) });
  return !does;
}

/* A view that is still on its way is driven once it has come. */
function driveSoon(act, left = 40) {
  if (playerBeside() || walkBeside()) drive(act);
  else if (left) setTimeout(() => driveSoon(act, left - 1), 250);
}
