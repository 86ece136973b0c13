/* Moving a layer with the pointer: a line shows where it will stand. */
class Dragging {
  constructor(stack) {
    this.stack = stack;
    this.line = element("div", { class: "drop", hidden: true, "aria-hidden": "true" });
  }

  begin(event, at) {
    const row = this.stack.rows[at]?.row;
    if (!row?.movable || event.button) return;
    event.preventDefault();
    this.stack.select(at, true);
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const stop = new AbortController(), { signal } = stop;
    this.to = null;
    handle.addEventListener("pointermove", (moved) => this.#over(moved, at), { signal });
    const end = (dropped) => {
      stop.abort();
      this.line.hidden = true;
      this.stack.root.classList.remove("dragging");
      if (dropped && this.to !== null) this.stack.moveTo(at, this.to);
      this.to = null;
    };
    handle.addEventListener("pointerup", () => end(true), { signal });
    handle.addEventListener("pointercancel", () => end(false), { signal });
    addEventListener("keydown", (pressed) => { if (pressed.key === "Escape") end(false); }, { signal });
  }

  /* The gap nearest to the pointer, among those between layers of the body. */
  #over(event, from) {
    const { rows, list, root } = this.stack, box = list.getBoundingClientRect();
    root.classList.add("dragging");
    let best = null;
    rows.forEach(({ row, node }, at) => {
      if (!row.movable || node.hidden) return;
      const { top, bottom } = node.getBoundingClientRect();
      for (const [y, gap] of [[top, at], [bottom, this.stack.beside(at, 1)]]) {
        const far = Math.abs(event.clientY - y);
        if (!best || far < best.far) best = { far, gap, y };
      }
    });
    if (!best) return;
    this.to = best.gap === from || best.gap === from + 1 ? null : best.gap;
    this.line.hidden = this.to === null;
    this.line.style.top = `${best.y - box.top - 1}px`;
  }
}
