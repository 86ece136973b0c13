/* The fields of a layer, from its schema. Fields that are being typed in are left alone by new data. */
class Editor {
  constructor(stack, node) { Object.assign(this, { stack, node, inputs: new Map() }); this.close(); }

  close() { this.node.hidden = true; this.made = ""; this.node.replaceChildren(); this.inputs.clear(); }

  show(row, editing) {
    if (!editing || !row.editable) { this.close(); return; }
    const fields = this.stack.data.fields[row.form].filter((one) => !one.when || String(row.values[one.when[0]]) === one.when[1]);
    const made = `${row.key}|${row.form}|${fields.map((one) => one.path)}|${row.group?.repeat > 1}|${row.above}`;
    this.row = row;
    if (this.made !== made) this.#make(fields, made);
    for (const [path, input] of this.inputs) this.#set(input, path === "repeat" ? row.group.repeat : row.values[path]);
    this.node.hidden = false;
  }

  #make(fields, made) {
    const active = this.node.getRootNode().activeElement, back = active && this.node.contains(active) ? active.dataset.path : null;
    this.made = made;
    this.above = null;
    this.inputs.clear();
    this.node.replaceChildren(...fields.map((one) => this.#field(one)));
    if (this.row.group) this.#repeats();
    if (back) (this.inputs.get(back) || this.first())?.focus();
  }

  #field(one) {
    let input;
    if (one.type === "choice") input = element("select", {}, one.options.map((value) => element("option", { value: String(value) }, String(value).replaceAll("_", " "))));
    else if (one.type === "bool") input = element("input", { type: "checkbox" });
    else if (one.type === "text") input = element("input", { type: "text", maxlength: one.max });
    else input = element("input", { type: "number", min: one.min, max: one.max, step: one.type === "int" ? one.step || 1 : "any", placeholder: one.optional ? "auto" : "" });
    input.dataset.path = one.path;
    input.spec = one;
    input.addEventListener("change", () => this.commit(input));
    input.addEventListener("input", () => input.classList.remove("wrong"));
    this.inputs.set(one.path, input);
    return element("label", { class: one.type }, element("span", {}, one.label), input);
  }

  /* How often, and with how many layers above: several layers become a block once they are repeated. */
  #repeats() {
    const { group, above } = this.row;
    this.node.append(this.#field({ path: "repeat", label: "Repeat ×", type: "int", min: 1, max: 10000, step: 1 }));
    if (group.repeat > 1 || !above) return;
    const input = this.#field({ path: "above", label: "with layers above", type: "int", min: 0, max: above, step: 1 });
    this.inputs.delete("above");
    this.above = input.lastChild;
    this.above.value = "0";
    this.node.append(input);
  }

  #set(input, value) {
    const active = input.getRootNode().activeElement === input;
    if (input.type === "checkbox") { input.checked = !!value; return; }
    const words = value === null || value === undefined ? "" : String(value);
    if (active && input.value !== words && input.typed !== undefined && input.value !== input.typed) return;
    if (input.tagName === "SELECT" && ![...input.options].some((one) => one.value === words)) {
      input.spec = { ...input.spec, options: [...input.spec.options, value] };
      input.append(element("option", { value: words }, words.startsWith("own:") ? "your own" : words));
    }
    input.value = input.typed = words;
    input.classList.remove("wrong");
  }

  /* What was typed goes to Python, which says what is wrong with it; only what is no number at all stays here. */
  commit(input) {
    const { path, type, optional, options } = input.spec;
    if (path === "above") return;
    let value = input.type === "checkbox" ? input.checked : input.value;
    if (type === "int" || type === "float") {
      if (value === "" && !optional) { input.classList.add("wrong"); return; }
      value = value === "" ? null : Number(value);
      if (Number.isNaN(value)) { input.classList.add("wrong"); return; }
    }
    if (type === "choice") value = options.find((one) => String(one) === value);
    const now = path === "repeat" ? this.row.group.repeat : this.row.values[path];
    if (String(now ?? "") === String(value ?? "")) return;
    input.typed = input.type === "checkbox" ? undefined : input.value;
    const { key } = this.row, at = this.stack.at;
    if (path === "repeat") this.stack.act({ do: "repeat", place: key, times: value, above: Number(this.above?.value || 0) }, { keep: at });
    else this.stack.act({ do: "change", place: key, path, value }, { keep: at });
  }

  begin() {
    const input = this.first();
    input?.focus();
    if (input?.tagName === "INPUT" && input.type !== "checkbox") input.select();
  }

  first() { return this.inputs.values().next().value; }
}
