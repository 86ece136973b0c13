/* The stack itself: rows, keys, what is told to Python, and what Streamlit calls. */
const HOME = Symbol.for("moonviz.stack");
const HELP = [["↑ ↓", "choose"], ["Alt ↑ ↓", "move"], ["Enter", "edit"], ["A", "add"], ["D", "duplicate"], ["R", "repeat"], ["F", "repair"], ["Del", "remove"], ["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"]];
const AGAIN = 4000;

class Stack {
  constructor(host, send) {
    Object.assign(this, { host, send, rows: [], at: 1, opened: new Set(), waiting: [], number: 0, asked: 0, client: `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}` });
    this.list = element("div", { class: "list", role: "grid", "aria-label": "Layers of the network" });
    this.head = element("div", { class: "row head", "aria-hidden": "true" }, ...["", "", "Layer", "Output", "Moonwalk", "Why"].map((words, at) => element("div", { class: ["n", "h", "t", "sh", "bd", "w"][at] }, words)));
    this.dragging = new Dragging(this);
    this.adding = new Adding(this);
    this.notice = element("p", { class: "notice", role: "alert", hidden: true });
    this.spoken = element("div", { class: "vh", "aria-live": "polite" });
    this.undo = element("button", { type: "button", class: "tool", "aria-keyshortcuts": "Control+Z", onclick: () => this.command("undo") }, "Undo");
    this.redo = element("button", { type: "button", class: "tool", "aria-keyshortcuts": "Control+Shift+Z", onclick: () => this.command("redo") }, "Redo");
    this.help = element("div", { class: "help" }, HELP.map(([key, words]) => element("span", {}, element("kbd", {}, key), words)));
    this.foot = element("div", { class: "foot" }, this.notice, this.adding.node, element("div", { class: "line" }, this.undo, this.redo, this.help));
    this.sensor = element("i", { class: "sensor", "aria-hidden": "true" });
    this.root = element("section", { class: "mvs", "aria-label": "The network, layer by layer" }, this.head, this.list, this.foot, this.spoken, this.sensor);
    this.list.append(this.dragging.line);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    // Streamlit has keys of its own, such as R; what is pressed here is meant for the stack.
    for (const kind of ["keypress", "keyup"]) this.root.addEventListener(kind, (event) => event.stopPropagation());
    this.sensor.addEventListener("transitionend", () => this.#scheme());
    host.append(this.root);
    this.#scheme();
  }

  get chosen() { return this.data?.rows[this.at] || null; }
  get busy() { return !!this.flight || this.adding.waits; }

  /* Runs of equal layers that were written out: the first of each is shown, the rest once the run is opened. */
  hidden(at) {
    const fold = this.data.rows[at]?.fold;
    return !!fold && fold.at >= fold.size && !this.opened.has(fold.id);
  }

  /* The next row that is shown; where none is, the one that was. */
  beside(at, by) {
    let to = at + by;
    while (this.hidden(to)) to += by;
    return to >= 0 && to < this.data.rows.length ? to : at;
  }

  openOrFold(id) {
    const { fold } = this.chosen, inside = fold?.id === id;
    if (!this.opened.delete(id)) this.opened.add(id);
    else if (inside && fold.at >= fold.size) this.at -= fold.at;
    this.#draw();
  }

  #scheme() {
    const [r, g, b] = (getComputedStyle(this.sensor).backgroundColor.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
    this.root.dataset.scheme = r + g + b < 382 ? "dark" : "light";
  }

  /* New data: the same network, or the one after an edit. */
  update(data, send) {
    this.send = send;
    const active = this.root.getRootNode().activeElement, held = !!active && this.list.contains(active);
    const landed = this.flight && data.ack && data.ack.client === this.client && data.ack.number >= this.flight.number;
    // A row of a run says only how it differs from the one it is like.
    data = { ...data, rows: data.rows.map((row) => (row.like === undefined ? row : { ...data.rows[row.like], ...row })) };
    this.data = data;
    if (landed) {
      const { keep, open } = this.flight;
      this.flight = null;
      clearTimeout(this.timer);
      const named = data.choose === null ? -1 : data.rows.findIndex((row) => row.key === data.choose);
      if (named >= 0) this.at = named;
      else if (keep !== undefined) this.at = keep;
      // Who wrote repeats out wants to see them.
      if (open && data.rows[this.at]?.fold) this.opened.add(data.rows[this.at].fold.id);
    } else if (this.fresh !== data.fresh && data.choose !== null) this.at = Math.max(0, data.rows.findIndex((row) => row.key === data.choose));
    this.at = Math.max(0, Math.min(this.at, data.rows.length - 1));
    if (this.fresh !== data.fresh && this.hidden(this.at)) {
      // Nobody chose it yet: the first of its run stands for it.
      this.at -= data.rows[this.at].fold.at;
      this.untold = true;
    }
    this.fresh = data.fresh;
    this.#draw();
    if (this.untold && !data.waiting && !this.flight) { this.untold = false; this.tell(); }
    if (held && !this.root.contains(this.root.getRootNode().activeElement)) this.focusRow();
    else if (held && active.classList.contains("row") && !active.classList.contains("on")) this.focusRow();
    this.#wait();
    this.#drain();
  }

  #draw() {
    const { data, rows } = this;
    while (rows.length < data.rows.length) {
      const row = new Row(this, rows.length);
      rows.push(row);
      this.list.insertBefore(row.node, this.dragging.line);
    }
    while (rows.length > data.rows.length) rows.pop().node.remove();
    this.list.setAttribute("aria-rowcount", String(rows.length));
    // What is chosen is never folded away.
    if (this.hidden(this.at)) this.opened.add(this.chosen.fold.id);
    rows.forEach((row, at) => {
      row.node.hidden = this.hidden(at);
      row.show(data.rows[at], at === this.at, at === this.at && !!this.editing);
    });
    this.adding.show();
    this.undo.disabled = !data.undo;
    this.redo.disabled = !data.redo;
    this.notice.hidden = !data.notice;
    if (this.notice.textContent !== data.notice) this.notice.textContent = data.notice;
  }

  /* While the engine still works, ask for news. */
  #wait() {
    clearTimeout(this.poke);
    // Streamlit keeps one told value of a component at a time: news must not push an edit out.
    if (!this.data.waiting || this.flight) return;
    // Asked once more where no answer came: a page that was still being drawn did not hear it.
    const ask = () => { this.send("poke", `${this.data.tick}.${++this.asked}`); this.poke = setTimeout(ask, 1500); };
    this.poke = setTimeout(ask, 120);
  }

  /* One edit at a time is under way. Keys pressed meanwhile wait, since they mean the stack as it will be then. */
  act(what, { keep, open } = {}) {
    if (this.flight) { this.waiting.push(() => this.act(what, { keep, open })); return; }
    clearTimeout(this.poke);
    this.flight = { number: ++this.number, keep, open };
    const told = { client: this.client, number: this.number, chosen: this.chosen?.key ?? null, ...what };
    const tell = () => { this.send("act", told); this.timer = setTimeout(tell, AGAIN); };
    tell();
  }

  #drain() {
    while (this.waiting.length && !this.busy) this.waiting.shift()();
  }

  /* Which layer is chosen decides what can be added, so Python hears of it once the choice has settled. */
  tell() {
    clearTimeout(this.telling);
    this.telling = null;
    const place = this.adding.place;
    if (!place || this.data.offers[place]) { this.adding.show(); return; }
    if (this.flight) this.waiting.unshift(() => this.tell());
    else this.act({ do: "choose", key: this.chosen.key, after: place }, { keep: this.at });
  }

  select(at, focus = false) {
    const to = Math.max(0, Math.min(at, this.rows.length - 1));
    if (to !== this.at) { this.at = to; this.editing = false; this.adding.beyond = false; }
    this.#draw();
    if (focus) this.focusRow();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(), 160);
  }

  focusRow() {
    const { node } = this.rows[this.at] || {};
    if (!node) return;
    node.focus({ preventScroll: true });
    const { top, bottom } = node.getBoundingClientRect(), foot = this.foot.offsetHeight;
    if (top < 64 || bottom > innerHeight - foot) node.scrollIntoView({ block: "nearest" });
  }

  edit(open) {
    this.editing = open && !!this.chosen?.editable;
    this.#draw();
    if (this.editing) this.rows[this.at].editor.begin();
    else this.focusRow();
  }

  repeat() {
    this.edit(true);
    const input = this.rows[this.at].editor.inputs.get("repeat");
    if (input) { input.focus(); input.select(); }
  }

  moveTo(from, gap) {
    const { rows } = this.data;
    this.act({ do: "move", place: rows[from].key, behind: rows[gap - 1].key }, { keep: gap > from ? gap - 1 : gap });
  }

  command(name) {
    if (this.flight) { this.waiting.push(() => this.command(name)); return; }
    const row = this.chosen, { at } = this, place = row?.key;
    this.focusRow();
    if (name === "undo" || name === "redo") { if (this.data[name]) this.act({ do: name }, { keep: at }); return; }
    if (!row) return;
    if (name === "inside" && row.probed) this.act({ do: "inside", place }, { keep: at });
    else if (name === "remove" && row.removable) this.act({ do: "remove", place }, { keep: Math.min(at, this.rows.length - 2) });
    else if (name === "duplicate" && row.removable) this.act({ do: "duplicate", place }, { keep: at + 1 });
    else if (name === "ungroup" && row.group?.repeat > 1) this.act({ do: "ungroup", place }, { keep: at, open: true });
    else if (name === "repair" && row.repairs.length) this.act({ do: "repair", n: row.repairs[0].n }, { keep: at });
    else if ((name === "up" || name === "down") && row.movable) this.act({ do: name, place }, { keep: at });
  }

  #key(event) {
    const target = event.composedPath()[0], { key } = event, ctrl = event.ctrlKey || event.metaKey;
    if (key !== "Tab" && key !== "Escape") event.stopPropagation();
    if (this.busy && event.isTrusted && !target.closest("input, select") && !["Tab", "Shift", "Control", "Alt", "Meta"].includes(key)) {
      const { ctrlKey, metaKey, shiftKey, altKey } = event;
      event.preventDefault();
      this.waiting.push(() => this.#replay({ key, ctrlKey, metaKey, shiftKey, altKey }));
      return;
    }
    if (target.closest("input, select")) { this.#keyInField(event, target); return; }
    const press = key.length === 1 ? key.toLowerCase() : key;
    if (target.closest("button") && (key === "Enter" || key === " ")) return;
    const keys = {
      ArrowUp: () => (event.altKey ? this.command("up") : this.select(this.beside(this.at, -1), true)),
      ArrowDown: () => (event.altKey ? this.command("down") : this.select(this.beside(this.at, 1), true)),
      Home: () => this.select(0, true), End: () => this.select(this.rows.length - 1, true),
      Enter: () => this.edit(true), a: () => this.adding.open(), d: () => this.command("duplicate"), r: () => this.repeat(),
      f: () => this.command("repair"), u: () => this.command("ungroup"), i: () => this.command("inside"),
      Delete: () => this.command("remove"), Backspace: () => this.command("remove"),
    };
    const control = { z: () => this.command(event.shiftKey ? "redo" : "undo"), y: () => this.command("redo") };
    const todo = ctrl ? control[press] : event.altKey && !key.startsWith("Arrow") ? null : keys[press];
    if (!todo) return;
    event.preventDefault();
    todo();
  }

  /* A key that came while an edit was under way, pressed again where the focus is by now. */
  #replay(init) {
    const target = this.root.getRootNode().activeElement || this.rows[this.at]?.node;
    if (target.closest("button") && (init.key === "Enter" || init.key === " ")) target.click();
    else if (target.matches("input:not([type=checkbox])") && init.key.length === 1 && !init.ctrlKey) {
      target.value = target.value === target.typed ? init.key : target.value + init.key;
    } else target.dispatchEvent(new KeyboardEvent("keydown", { ...init, bubbles: true, composed: true, cancelable: true }));
  }

  #keyInField(event, input) {
    if (event.key === "Enter" && input.type !== "checkbox") {
      event.preventDefault();
      this.rows[this.at].editor.commit(input);
      if (input.classList.contains("wrong")) return;
      this.editing = false;
      this.focusRow();
      this.#draw();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (input.typed !== undefined) input.value = input.typed;
      this.edit(false);
    } else if ((event.ctrlKey || event.metaKey) && input.tagName === "SELECT" && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.command(event.shiftKey ? "redo" : "undo");
    }
  }

  destroy() {
    for (const timer of [this.timer, this.poke, this.telling]) clearTimeout(timer);
    this.root.remove();
  }
}

/* Called by Streamlit whenever the data change, with the same parent while the stack stays on the page. */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  if (!data?.rows) return undefined;
  const stack = (parentElement[HOME] ||= new Stack(parentElement, setTriggerValue));
  stack.update(data, setTriggerValue);
  return () => { parentElement[HOME]?.destroy(); delete parentElement[HOME]; };
}
