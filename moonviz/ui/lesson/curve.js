/* A curve that is drawn point by point: by pointer, or with the arrow keys. Both axes are logarithmic. */
const WIDE = 460, TALL = 250, EDGE = { left: 78, right: 16, top: 18, bottom: 34 }, NOTCHES = 48;

class Curve {
  constructor(question, given, changed) {
    Object.assign(this, { question, changed, locked: false });
    const middle = Math.exp((Math.log(question.low) + Math.log(question.high)) / 2);
    this.given = given || question.at.map(() => middle);
    this.node = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "drawn", role: "group", "aria-label": "Your curve. Tab to a point, arrow up and down set its height." });
    this.node.addEventListener("pointerdown", (event) => this.#down(event));
    this.node.addEventListener("pointermove", (event) => { if (this.dragging) this.#set(event); });
    for (const end of ["pointerup", "pointercancel"]) this.node.addEventListener(end, () => { this.dragging = false; });
    this.draw();
  }

  x(at) { return EDGE.left + 14 + (at * (WIDE - EDGE.left - EDGE.right - 28)) / (this.question.at.length - 1); }
  y(value) {
    const { low, high } = this.question, share = (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low));
    return TALL - EDGE.bottom - Math.max(0, Math.min(1, share)) * (TALL - EDGE.top - EDGE.bottom);
  }
  value(share) { const { low, high } = this.question; return Math.exp(Math.log(low) + Math.max(0, Math.min(1, share)) * (Math.log(high) - Math.log(low))); }

  #path(values) { return values.map((value, at) => `${at ? "L" : "M"}${this.x(at).toFixed(1)} ${this.y(value).toFixed(1)}`).join(""); }

  draw() {
    const { question, answer } = this, parts = [];
    for (const [value, text] of question.ticks) {
      parts.push(svg("line", { x1: EDGE.left, x2: WIDE - EDGE.right, y1: this.y(value), y2: this.y(value), class: "grid" }));
      parts.push(Object.assign(svg("text", { x: EDGE.left - 8, y: this.y(value) + 4, class: "tick end" }), { textContent: text }));
    }
    question.at.forEach((depth, at) => parts.push(Object.assign(svg("text", { x: this.x(at), y: TALL - 14, class: "tick" }), { textContent: String(depth) })));
    parts.push(Object.assign(svg("text", { x: EDGE.left - 8, y: TALL - 14, class: "tick end" }), { textContent: "depth" }));
    if (question.beside.length) {
      parts.push(svg("path", { d: this.#path(question.beside), class: "beside" }));
    }
    parts.push(svg("path", { d: this.#path(this.given), class: "given" }));
    if (answer) {
      parts.push(svg("path", { d: this.#path(answer.values), class: "answer" }));
      answer.values.forEach((value, at) => {
        const ring = svg("circle", { cx: this.x(at), cy: this.y(value), r: 5, class: "ring" });
        ring.append(Object.assign(svg("title"), { textContent: `${question.at[at]}: ${answer.texts[at]}` }));
        parts.push(ring);
      });
    }
    this.given.forEach((value, at) => parts.push(this.#point(value, at)));
    for (const [values, words, kind] of [[question.beside, question.besideName, ""], [answer?.values || [], answer?.badge, "told"]]) {
      if (!values.length) continue;
      const last = values.length - 1, others = [this.given[last], ...(kind ? [] : answer?.values.slice(-1) || [])], high = others.some((other) => this.y(other) < this.y(values[last]) && this.y(values[last]) - this.y(other) < 26);
      parts.push(Object.assign(svg("text", { x: WIDE - EDGE.right, y: this.y(values[last]) + (high ? 22 : -11), class: `label end ${kind}` }), { textContent: words }));
    }
    const kept = this.node.getRootNode().activeElement?.dataset?.at;
    this.node.replaceChildren(...parts);
    if (kept !== undefined) this.node.querySelector(`[data-at="${kept}"]`)?.focus();
  }

  #point(value, at) {
    const point = svg("circle", { cx: this.x(at), cy: this.y(value), r: 8, class: "point", "data-at": at });
    if (this.locked) return point;
    for (const [name, said] of Object.entries({ role: "slider", tabindex: 0, "aria-label": `At depth ${this.question.at[at]}`, "aria-valuemin": 0, "aria-valuemax": NOTCHES, "aria-valuenow": this.#notch(value), "aria-valuetext": this.say(value) })) point.setAttribute(name, said);
    point.addEventListener("keydown", (event) => this.#key(event, at));
    return point;
  }

  #notch(value) { const { low, high } = this.question; return Math.round((NOTCHES * Math.log(value / low)) / Math.log(high / low)); }

  /* The height in the nearest tick's unit, in plain words. */
  say(value) {
    const { ticks } = this.question, near = [...ticks].reverse().find(([at]) => at <= value * 1.0001) || ticks[0];
    return `${(value / near[0]).toPrecision(2)} times ${near[1]}`;
  }

  #key(event, at) {
    const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 6, PageDown: -6 }[event.key], to = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (to) this.node.querySelector(`[data-at="${at + to}"]`)?.focus();
    else if (by) {
      this.given[at] = this.value((this.#notch(this.given[at]) + by) / NOTCHES);
      this.draw();
      this.changed(this.given);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #down(event) {
    if (this.locked || event.button) return;
    this.dragging = true;
    this.node.setPointerCapture(event.pointerId);
    this.#set(event);
    event.preventDefault();
  }

  #set(event) {
    const box = this.node.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * WIDE, y = ((event.clientY - box.top) / box.height) * TALL;
    const at = this.question.at.reduce((best, _, n) => (Math.abs(this.x(n) - x) < Math.abs(this.x(best) - x) ? n : best), 0);
    this.given[at] = this.value((TALL - EDGE.bottom - y) / (TALL - EDGE.top - EDGE.bottom));
    this.draw();
    this.changed(this.given);
  }
}

/* How a drawn curve misses: first its slope, then its height. Slopes are powers of the depth. */
function curveCase(given, question, answer) {
  const depths = question.at.map(Math.log), mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const slope = (values) => {
    const logs = values.map(Math.log), x = mean(depths), y = mean(logs);
    return depths.reduce((sum, depth, at) => sum + (depth - x) * (logs[at] - y), 0) / depths.reduce((sum, depth) => sum + (depth - x) ** 2, 0);
  };
  const more = slope(given) - slope(answer.values), allowed = Math.max(0.35, 0.3 * Math.abs(slope(answer.values)));
  if (Math.abs(more) > allowed) return more > 0 ? "steeper" : "flatter";
  const off = Math.exp(mean(given.map((value, at) => Math.log(value / answer.values[at]))));
  return off > answer.within ? "over" : off < 1 / answer.within ? "under" : "close";
}
