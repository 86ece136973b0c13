/* One question: it is answered, locked, and only then is the answer asked for and drawn over it. */
const BUTTONS = { run: "Run and see", estimate: "Predict and see", stored: "Lock and see" };
const FINE = 200;

class Ask {
  constructor(page, id, question) {
    Object.assign(this, { page, id, question });
    this.kept = answerKept(page.data.name, id) || { given: null, locked: false, answer: null };
    this.node = element("section", { class: "ask", "aria-label": "Predict" });
    this.draw();
  }

  get ready() { return this.kept.given !== null; }

  keep(edit) {
    Object.assign(this.kept, edit);
    keepAnswer(this.page.data.name, this.id, this.kept);
  }

  /* News from Python: the answer, or how far it is. */
  update(answer, waits) {
    if (answer && this.kept.locked && !this.kept.answer) { this.keep({ answer }); this.draw(true); this.page.progress(); }
    this.wait(this.kept.locked && !this.kept.answer ? waits || "Asking the engine" : "");
  }

  wait(words) {
    if (!this.waiting || this.waiting.textContent === words) return;
    this.waiting.textContent = words;
    this.waiting.hidden = !words;
  }

  lock() {
    if (!this.ready) return;
    this.keep({ locked: true });
    this.page.progress();
    this.draw();
    this.wait("Asking the engine");
    this.page.act({ do: "ask", id: this.id });
  }

  again() {
    this.kept = { given: null, locked: false, answer: null };
    keepAnswer(this.page.data.name, this.id, null);
    this.page.progress();
    this.draw();
    this.node.querySelector("input, [role=slider]")?.focus();
  }

  draw(fresh = false) {
    const { question, kept } = this, head = element("p", { class: "q", html: `<b>Predict.</b> ${question.ask}` });
    const body = { choice: () => this.#choice(), slider: () => this.#slider(), curve: () => this.#curve() }[question.kind]();
    this.button = element("button", { type: "button", class: "go", disabled: !this.ready, onclick: () => this.lock() }, BUTTONS[question.by] || BUTTONS.stored);
    this.waiting = element("span", { class: "waits", role: "status", hidden: true });
    const foot = element("div", { class: "foot" }, kept.locked ? null : this.button, this.waiting, kept.locked ? null : element("span", { class: "aside" }, "Your answer stays in this browser; nobody grades it."));
    this.node.replaceChildren(head, body, foot);
    if (!kept.answer) return;
    const feedback = this.#feedback(), told = element("div", { class: `told ${feedback.close ? "close" : ""}`, role: "status", tabindex: "-1" }, element("p", { html: `${this.#said()} ${feedback.html}` }));
    if (kept.answer.origin) told.append(element("p", { class: "aside" }, kept.answer.origin));
    if (kept.answer.note) told.append(element("p", { class: "aside" }, kept.answer.note));
    foot.before(told);
    foot.append(element("button", { type: "button", class: "quiet", onclick: () => this.again() }, "Try again"));
    if (fresh) told.focus({ preventScroll: true });
  }

  #said() {
    const { answer } = this.kept;
    return answer.text && this.question.kind !== "curve" ? `<span class="badge">${answer.badge}</span> <b>${answer.text}.</b>` : answer.badge ? `<span class="badge">${answer.badge}</span>` : "";
  }

  #feedback() {
    const { given, answer } = this.kept, { kind } = this.question;
    if (kind === "choice") return { close: given === answer.right, html: answer.feedback[given] };
    const which = kind === "curve" ? curveCase(given, this.question, answer) : this.#sliderCase(given, answer);
    return { close: which === "close", html: answer.feedback[which] };
  }

  #sliderCase(given, answer) {
    const off = Math.max(given, 1e-12) / Math.max(answer.value, 1e-12);
    return off > answer.within ? "over" : off < 1 / answer.within ? "under" : "close";
  }

  #choice() {
    const { question, kept } = this, name = `${this.page.data.name}-${this.id}`;
    const options = question.options.map((html, at) => {
      const input = element("input", { type: "radio", name, value: at, disabled: kept.locked, onchange: () => this.#give(at) });
      input.checked = kept.given === at;
      const right = kept.answer && kept.answer.right === at, sign = kept.answer && (right || kept.given === at) ? element("span", { class: "sign" }, right ? "✓ so it is" : "your answer") : null;
      return element("label", { class: `option ${right ? "right" : ""} ${kept.given === at ? "on" : ""}` }, input, element("span", { html }), sign);
    });
    return element("div", { role: "radiogroup", "aria-label": "Options" }, options);
  }

  #give(value) {
    this.keep({ given: value });
    this.button.disabled = false;
    this.node.querySelectorAll(".option").forEach((label, at) => label.classList.toggle("on", at === value));
  }

  #slider() {
    const { question, kept } = this, log = question.scale === "log", { low, high } = question;
    const place = (value) => Math.round(FINE * (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
    const value = (at) => (log ? low * (high / low) ** (at / FINE) : low + ((high - low) * at) / FINE);
    const say = (number) => `${question.unit === "numbers" ? Math.round(number) : Number(number.toPrecision(3)).toLocaleString("en")} ${question.unit}`;
    const read = element("output", {}, kept.given === null ? "move it" : say(kept.given));
    const input = element("input", { type: "range", min: 0, max: FINE, step: 1, disabled: kept.locked, "aria-label": "Your answer", "aria-valuetext": read.textContent });
    input.value = kept.given === null ? FINE / 2 : place(kept.given);
    input.addEventListener("input", () => {
      const number = question.unit === "numbers" ? Math.round(value(Number(input.value))) : value(Number(input.value));
      read.textContent = say(number);
      input.setAttribute("aria-valuetext", read.textContent);
      this.keep({ given: number });
      this.button.disabled = false;
    });
    const ends = element("div", { class: "ends" }, element("span", {}, say(low)), element("span", {}, say(high)));
    const track = element("div", { class: "track" }, input);
    if (kept.answer) track.append(element("i", { class: "mark", style: `left:${Math.max(0, Math.min(100, (100 * place(kept.answer.value)) / FINE))}%`, title: "the answer" }));
    return element("div", { class: "slide" }, element("div", { class: "read" }, element("span", {}, "Your answer: "), read), track, ends);
  }

  #curve() {
    const { question, kept } = this;
    this.curve = new Curve(question, kept.given ? [...kept.given] : null, (given) => { this.keep({ given: [...given] }); this.button.disabled = false; });
    this.curve.locked = kept.locked;
    this.curve.answer = kept.answer;
    this.curve.draw();
    const legend = element("p", { class: "legend" }, element("span", { class: "mine" }, "your curve"), question.beside.length ? element("span", { class: "theirs" }, question.besideName) : null, kept.answer ? element("span", { class: "real" }, kept.answer.badge) : null);
    return element("div", { class: "plotted" }, this.curve.node, legend, kept.locked ? null : element("p", { class: "aside" }, "Drag the points, or tab to one and use the arrow keys."));
  }
}
