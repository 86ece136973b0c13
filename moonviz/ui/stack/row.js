/* One written layer as a row of the stack. */
class Row {
  constructor(stack, at) {
    Object.assign(this, { stack, at, cells: {} });
    this.node = element("div", { class: "row", role: "row", tabindex: "-1" });
    for (const name of ["n", "h", "t", "sh", "bd", "w", "more"]) {
      this.cells[name] = element("div", { class: name, role: "gridcell" });
      this.node.append(this.cells[name]);
    }
    this.cells.h.title = "Drag to move";
    this.hint = element("p", { class: "hint", hidden: true });
    this.tools = element("div", { class: "tools" });
    this.form = element("div", { class: "form" });
    this.inside = element("div", { class: "inside" });
    this.cells.more.append(this.hint, this.tools, this.form, this.inside);
    this.editor = new Editor(stack, this.form);
    this.node.addEventListener("click", (event) => {
      if (!event.target.closest("button, input, select, label")) stack.select(this.at, true);
    });
    this.node.addEventListener("dblclick", (event) => {
      if (event.target.closest(".t")) stack.edit(true);
    });
    this.cells.h.addEventListener("pointerdown", (event) => stack.dragging.begin(event, this.at));
  }

  show(row, chosen, editing) {
    this.row = row;
    const { cells, node } = this;
    if (node.hidden) { node.dataset.key = row.key; node.tabIndex = -1; return; }
    node.className = `row of-${row.part}${row.tone === "warn" ? " bad" : ""}${chosen ? " on" : ""}${row.dim ? " dim" : ""}`
      + `${row.group ? ` group ${row.group.edge}` : ""}`;
    node.dataset.key = row.key;
    node.setAttribute("aria-selected", String(chosen));
    node.setAttribute("aria-rowindex", String(this.at + 1));
    node.tabIndex = chosen ? 0 : -1;
    fill(cells.n, row.label, () => row.label);
    fill(cells.h, row.movable, () => (row.movable ? element("i", { "aria-hidden": "true" }, "⋮⋮") : ""));
    const opened = !!row.fold && this.stack.opened.has(row.fold.id);
    fill(cells.t, [row.title, row.subtitle, row.group?.repeat, row.group?.first, row.fold, opened], () => [
      element("span", { class: "name" }, row.title), this.#times(row), this.#fold(row, opened), element("small", {}, row.subtitle)]);
    fill(cells.sh, row.shape, () => (row.shape ? [element("b", {}, String(row.shape[0])), row.shape.slice(1).map((n) => `×${n}`).join("")] : "–"));
    fill(cells.bd, row.badge, () => (row.badge
      ? [element("span", { class: `badge ${row.badge.tone}` }, icon(row.badge.icon), row.badge.words),
        row.badge.bytes ? element("small", {}, row.badge.bytes) : null] : ""));
    fill(cells.w, [row.reason, row.repairs], () => [element("span", {}, row.reason), this.#repairs(row)]);
    cells.more.hidden = !chosen;
    if (!chosen) { this.editor.close(); return; }
    fill(this.tools, [row.movable, row.removable, row.facts, row.group, this.stack.data.probes, editing], () => this.#tools(row, editing));
    const { hint } = this.stack.data;
    this.hint.hidden = hint?.key !== row.key;
    this.hint.textContent = hint?.words || "";
    this.editor.show(row, editing);
    showInside(this.inside, this.stack.data.inside, row.key);
  }

  #times(row) {
    if (!row.group || !row.group.first || row.group.repeat < 2) return null;
    const what = row.group.size > 1 ? `These ${row.group.size} layers, ${row.group.repeat} times` : `${row.group.repeat} times`;
    return element("button", { type: "button", class: "times", title: `${what}; press to change`, "aria-label": what, onclick: () => { this.stack.select(this.at); this.stack.repeat(); } }, `×${row.group.repeat}`);
  }

  #fold({ fold }, opened) {
    if (!fold || fold.at) return null;
    const what = fold.size > 1 ? `${fold.count} times the same ${fold.size} layers` : `${fold.count} times the same layer`;
    return element("button", { type: "button", class: "times alike", "aria-expanded": String(opened), title: `${what}, each written out`,
      "aria-label": `${what}: ${opened ? "fold them" : "show all"}`, onclick: () => this.stack.openOrFold(fold.id) },
      opened ? "fold" : `${fold.count} alike`);
  }

  #repairs(row) {
    if (!row.repairs.length) return null;
    return element("span", { class: "fixes" }, row.repairs.map((one) => element("button", {
      type: "button", class: one.needed ? "fix needed" : "fix", "data-fix": one.n,
      onclick: () => this.stack.act({ do: "repair", n: one.n }, { keep: this.at }),
    }, one.says)));
  }

  #tools(row, editing) {
    const tool = (words, keys, press, label) => element("button", { type: "button", class: "tool", "aria-keyshortcuts": keys, "aria-label": label || words, onclick: press }, words);
    const { stack } = this, list = [];
    if (row.editable) list.push(tool(editing ? "Close" : "Edit", "Enter", () => stack.edit(!editing)));
    if (row.movable) {
      list.push(tool("Duplicate", "D", () => stack.command("duplicate")), row.group ? tool("Repeat", "R", () => stack.repeat()) : null,
        tool("↑", "Alt+ArrowUp", () => stack.command("up"), "Move up"), tool("↓", "Alt+ArrowDown", () => stack.command("down"), "Move down"));
      if (row.group?.repeat > 1) list.push(tool("Write repeats out", "U", () => stack.command("ungroup")));
    }
    if (stack.data.probes && row.probed) list.push(tool("Look inside", "I", () => stack.command("inside")));
    if (row.removable) list.push(tool("Remove", "Delete", () => stack.command("remove")));
    return [...list, row.facts ? element("span", { class: "facts" }, row.facts) : null];
  }
}
