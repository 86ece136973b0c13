/* The lesson itself: progress, text, questions, the way to the next, and what Streamlit calls. */
const HERE = Symbol.for("moonviz.lesson"), AGAIN = 3000;

class Lesson {
  constructor(host, send) {
    Object.assign(this, { host, send, number: 0, waiting: [], client: `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}` });
    this.root = element("section", { class: "lesson", "aria-label": "Lesson" });
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of ["pointerover", "focusin"]) this.root.addEventListener(kind, (event) => this.#fit(event.target.closest?.("[data-tip]")));
    // Streamlit has keys of its own, such as R; what is pressed here is meant for the lesson.
    for (const kind of ["keypress", "keyup"]) this.root.addEventListener(kind, (event) => event.stopPropagation());
    host.append(this.root);
  }

  get at() { return this.data.all.findIndex((one) => one.name === this.data.name); }

  update(data, send) {
    this.send = send;
    const before = this.data;
    this.data = data;
    if (this.flight && data.ack && data.ack.client === this.client && data.ack.number >= this.flight) {
      this.flight = null;
      clearTimeout(this.timer);
      if (this.waiting.length) this.act(this.waiting.shift());
    }
    if (!before) this.#arrive();
    if (before?.name !== data.name || before?.present !== data.present) this.#draw(!!before);
    for (const [id, ask] of this.asks) ask.update(data.answers[id], data.waits[id]);
  }

  /* A newcomer's browser may know a place to go on from, and answers that were locked while nobody could be asked. */
  #arrive() {
    const kept = placeKept();
    if (!this.data.named && kept && kept !== this.data.name && this.data.all.some((one) => one.name === kept)) this.act({ do: "go", lesson: kept });
  }

  #draw(moved) {
    const { data } = this, { at } = this;
    keepPlace(data.name);
    this.asks = new Map();
    this.root.classList.toggle("present", !!data.present);
    this.crumb = element("nav", { class: "crumb", "aria-label": "Lessons" });
    const prose = element("div", { class: "prose" }, this.#blocks());
    const about = element("details", { class: "sources" }, element("summary", {}, "Sources"), element("div", { html: data.sources }));
    this.title = element("h1", { tabindex: "-1" }, data.title);
    const words = element("p", { class: "goal" }, element("span", {}, `${data.minutes} minutes. `), element("span", { html: data.goal }));
    const step = (by, text, kind) => { const to = data.all[at + by]; return to && !data.alone ? element("button", { type: "button", class: kind, onclick: () => this.go(to.name) }, text, element("small", {}, to.title)) : element("span"); };
    const ways = element("div", { class: "ways" }, step(-1, "← Back: ", "quiet"), step(1, "Next: ", "quiet next"));
    this.root.replaceChildren(this.crumb, this.title, words, prose, about, ways, element("p", { class: "keys" }, "Keys within the lesson: N next, P previous."));
    this.progress();
    if (moved) { this.title.focus({ preventScroll: true }); this.root.scrollIntoView({ block: "start" }); }
    if (data.begin) driveSoon(data.begin);
    for (const [id, ask] of this.asks) if (ask.kept.locked && !ask.kept.answer) this.act({ do: "ask", id });
  }

  #blocks() {
    const { data } = this, nodes = [];
    for (const block of data.blocks) {
      if (block.kind === "ask") {
        const ask = new Ask(this, block.id, data.questions[block.id]);
        this.asks.set(block.id, ask);
        nodes.push(ask.node);
      } else if (block.kind === "item") {
        if (nodes.at(-1)?.tagName !== "UL") nodes.push(element("ul"));
        nodes.at(-1).append(element("li", { html: block.html }));
      } else if (block.kind === "heading") nodes.push(element("h2", { html: block.html }));
      else if (block.kind === "formula") nodes.push(element("div", { class: "shown", html: block.html }));
      else nodes.push(element("p", { html: block.html }));
    }
    return nodes;
  }

  /* One dash for each lesson: full once all its questions are locked. */
  progress() {
    const { data, at } = this;
    if (data.alone) { this.crumb.replaceChildren(element("span", {}, "moonviz")); return; }
    const dashes = data.all.map((one, n) => {
      const done = Math.min(1, answered(one.name) / Math.max(1, one.asks));
      return element("button", { type: "button", class: `dash ${n === at ? "here" : ""}`, title: `${n + 1}. ${one.title}`, "aria-label": `Lesson ${n + 1}: ${one.title}, ${Math.round(done * 100)} % answered`, "aria-current": n === at ? "step" : false, onclick: () => this.go(one.name) }, element("i", { style: `--done:${done * 100}%` }));
    });
    this.crumb.replaceChildren(...dashes, element("span", {}, `Lesson ${at + 1} of ${data.all.length}`));
  }

  go(name) {
    keepPlace(name);
    this.act({ do: "go", lesson: name });
  }

  #click(event) {
    const link = event.target.closest(".act");
    if (!link) return;
    const act = { ...link.dataset };
    if (drive(act)) this.act(act);
  }

  /* An explanation stays within the column. */
  #fit(node) {
    if (!node) return;
    const { left } = node.getBoundingClientRect(), { right, width } = this.root.getBoundingClientRect();
    node.style.setProperty("--shift", `${Math.min(0, right - left - Math.min(300, 0.7 * width))}px`);
  }

  #key(event) {
    const target = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { n: 1, p: -1 }[event.key.toLowerCase()], to = by && this.data.all[this.at + by];
    if (!to || this.data.alone || target.closest("select, textarea")) return;
    event.preventDefault();
    this.go(to.name);
  }

  /* One thing at a time is told, and again until it was heard. */
  act(what) {
    if (this.flight) { this.waiting.push(what); return; }
    this.flight = ++this.number;
    const told = { client: this.client, number: this.number, ...what, lesson: what.lesson || this.data.name };
    // Telling again interrupts a page that is still being drawn, so a slow one is given twice as long each time.
    const tell = (pause) => { this.send("act", told); this.timer = setTimeout(() => tell(2 * pause), pause); };
    tell(AGAIN);
  }

  destroy() {
    clearTimeout(this.timer);
    this.root.remove();
  }
}

/* Called by Streamlit whenever the data change, with the same parent while the lesson stays on the page. */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  if (!data?.blocks) return undefined;
  const known = (parentElement[HERE] ??= new Lesson(parentElement, setTriggerValue));
  known.update(data, setTriggerValue);
  return () => { parentElement[HERE]?.destroy(); delete parentElement[HERE]; };
}
