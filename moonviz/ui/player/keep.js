/* What a player remembers: over reruns of the page in memory, over a reload in the browser's session storage. */
const MEMORY = Symbol.for("moonviz.player.memory"), STORE = "moonviz.player:", MOST_KEPT = 24;
const KEPT = ["mode", "position", "ended", "speed", "focus", "pin", "budget", "view", "shows"];

function memory() { return (globalThis[MEMORY] ??= new Map()); }

function remember(key, state) {
  const kept = Object.fromEntries(KEPT.map((name) => [name, state[name] ?? null]));
  memory().set(key, kept);
  try {
    const keys = Object.keys(sessionStorage).filter((name) => name.startsWith(STORE));
    if (keys.length > MOST_KEPT) for (const name of keys.slice(0, keys.length - MOST_KEPT)) sessionStorage.removeItem(name);
    sessionStorage.setItem(STORE + key, JSON.stringify(kept));
  } catch { /* storage that is full or forbidden only costs the position after a reload */ }
}

function recall(key) {
  const known = memory().get(key);
  if (known) return known;
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE + key) || "null");
    return kept && typeof kept === "object" ? kept : null;
  } catch { return null; }
}
