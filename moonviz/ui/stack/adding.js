const FIRST = 7;

/* The bar of layers that can be added after the chosen one. */
class Adding {
  constructor(stack) {
    Object.assign(this, { stack, waits: false, typed: "", since: 0 });
    this.words = element("span", { class: "where" });
    this.other = element("button", { type: "button", class: "swap", onclick: () => this.swap() });
    this.chips = element("div", { class: "chips", role: "toolbar", "aria-label": "Layers to add" });
    this.all = element("button", { type: "button", class: "swap", hidden: true, onclick: () => this.#unfold(!this.open_) });
    this.node = element("div", { class: "add" }, this.words, this.other, this.chips, this.all);
    this.#unfold(false);
    this.chips.addEventListener("focusin", () => this.#unfold(true));
    this.chips.addEventListener("keydown", (event) => this.#key(event));
  }

  /* The place after which layers are added: at the seam of two parts there are two. */
  get place() {
    const row = this.stack.chosen;
    if (!row) return null;
    return this.beyond && row.seam ? row.seam.key : row.after;
  }

  #unfold(open) {
    this.open_ = open;
    this.node.classList.toggle("open", open);
    this.all.textContent = open ? "Fewer" : "More layers";
  }

  swap() {
    this.beyond = !this.beyond;
    this.stack.tell();
  }

  show() {
    const { data, chosen } = this.stack, offers = data.offers[this.place] || null;
    if (!chosen?.seam) this.beyond = false;
    const part = this.beyond ? chosen.seam.words : chosen?.into;
    const nothing = !!offers && !offers.length;
    this.words.textContent = !chosen ? "" : nothing ? `Nothing can be added ${part} until the network fits that far.` : `Add ${part}:`;
    this.other.hidden = !chosen?.seam;
    if (chosen?.seam) this.other.textContent = `${this.beyond ? chosen.into : chosen.seam.words} instead`;
    this.chips.classList.toggle("dim", !offers);
    if (offers) {
      const held = this.chips.contains(this.chips.getRootNode().activeElement);
      fill(this.chips, [this.place, offers], () => offers.map((one, n) => element("button", {
        type: "button", class: n < FIRST ? "chip" : "chip rest", tabindex: n ? "-1" : "0", title: one.title, "data-kind": one.kind,
        onclick: () => this.pick(n),
      }, one.words, one.repair ? element("small", {}, one.repair) : null)));
      this.all.hidden = offers.length <= FIRST + 1;
      if (held && !this.chips.contains(this.chips.getRootNode().activeElement)) this.chips.firstChild?.focus();
    }
    if (this.waits && (offers || (!data.waiting && !this.stack.flight))) {
      this.waits = false;
      this.chips.firstChild?.focus();
    }
  }

  /* Go to the bar; if its layers are not known yet, as soon as they are. Keys pressed meanwhile wait. */
  open() {
    this.typed = "";
    if (this.stack.data.offers[this.place]) this.chips.querySelector(".chip")?.focus();
    else { this.waits = true; this.stack.tell(); }
  }

  pick(n) {
    const { stack } = this, offer = (stack.data.offers[this.place] || [])[n];
    if (!offer) return;
    stack.focusRow();
    this.#unfold(false);
    stack.act({ do: "insert", after: this.place, kind: offer.kind, n: offer.n }, { keep: stack.at + 1 });
  }

  #key(event) {
    const chips = [...this.chips.children], at = chips.indexOf(event.target.closest(".chip"));
    const go = (n) => { const to = chips[(n + chips.length) % chips.length]; to?.focus(); event.preventDefault(); event.stopPropagation(); };
    if (event.key === "ArrowRight" || event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(-1);
    else if (event.key === "Escape") { this.#unfold(false); this.stack.focusRow(); event.stopPropagation(); }
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.typed = event.timeStamp - this.since < 900 ? this.typed + event.key.toLowerCase() : event.key.toLowerCase();
      this.since = event.timeStamp;
      const found = chips.findIndex((chip) => chip.textContent.toLowerCase().startsWith(this.typed));
      if (found >= 0) go(found);
      else { event.preventDefault(); event.stopPropagation(); }
    }
  }
}
