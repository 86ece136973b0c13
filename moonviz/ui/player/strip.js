/* A method's layers as a strip on a canvas: what is held, or the seconds taken, where it works, which gradients exist. */
const HEIGHT = 80, TOP = 14, BASE = 61;
const ROUGH = ["--bg", "--ink", "--muted", "--line", "--faint", "--warn", "--accent"];

/* The colours of the moment as hex, read from the component's own variables. */
function palette(root) {
  const style = getComputedStyle(root), pen = document.createElement("canvas").getContext("2d");
  const hex = (name) => {
    const value = style.getPropertyValue(name).trim();
    if (!value) return "#808080";
    pen.fillStyle = "#000000";
    pen.fillStyle = value;
    return /^#[0-9a-f]{6}$/i.test(pen.fillStyle) ? pen.fillStyle : "#808080";
  };
  const found = { sans: style.fontFamily };
  for (const name of ROUGH) found[name.slice(2)] = hex(name);
  for (const kind of KINDS) found[kind] = hex("--k-" + kind);
  for (const method of Object.keys(GLYPHS)) found["m-" + method] = hex("--m-" + method);
  const n = parseInt(found.bg.slice(1), 16);
  found.dark = ((n >> 16) * 0.3 + ((n >> 8) & 255) * 0.59 + (n & 255) * 0.11) < 110;
  found.stripes = {};
  return found;
}
const alpha = (hex, share) => hex + Math.round(share * 255).toString(16).padStart(2, "0");

/* How many layers share a column, so that none is narrower than can be seen. */
function folding(layers, width, dpr) {
  const least = width > 520 ? 8 : 6.5;
  let k = 1;
  while (Math.ceil(layers / k) * least > width) k *= 2;
  const n = Math.ceil(layers / k), w = width / n;
  return { width, dpr, k, n, w, gap: w > 20 ? 3 : w > 9 ? 2 : 1, layers };
}
const columnOf = (geometry, layer) => Math.floor(layer / geometry.k);
const edgeOf = (geometry, layer) => (layer / geometry.k) * geometry.w;
/* Which layers share a layer's column, where columns are folded. */
function columnWords({ k, layers }, layer) {
  const first = Math.floor(layer / k) * k;
  return k > 1 ? ` (column ${first}–${Math.min(layers - 1, first + k - 1)})` : "";
}
const layerAt = (geometry, x) => Math.max(0, Math.min(geometry.layers - 1, Math.floor((x / geometry.w) * geometry.k)));

class Strip {
  constructor(canvas) { this.canvas = canvas; this.pen = canvas.getContext("2d"); }

  fit(geometry, sans) {
    const { canvas } = this, width = Math.round(geometry.width * geometry.dpr), height = Math.round(HEIGHT * geometry.dpr);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.pen.font = `600 12px ${sans}`; // once: setting a font in a frame makes the page compute its styles at once
    this.geometry = geometry;
    this.sums = new Float64Array(geometry.n * NK);
    this.going = new Float64Array(geometry.n);
  }

  /* Everything about one moment of one run: {run, e, f, done, ghost, view, scale, colours, hover, pin, glide}. */
  draw(now) {
    const { pen, geometry: g } = this;
    pen.setTransform(g.dpr, 0, 0, g.dpr, 0, 0);
    pen.clearRect(0, 0, g.width, HEIGHT);
    this.now = now;
    this.hue = now.colours["m-" + now.run.method];
    if (now.e >= 0 && !(now.done && now.run.traced)) this.#here(now);
    this.#marked(now.hover, 0.1);
    this.#ticks();
    if (now.e < 0) this.#rest();
    pen.globalAlpha = now.ghost ? 0.3 : 1;
    if (now.e >= 0) now.view === "time" ? this.#seconds(now) : this.#held(now);
    pen.globalAlpha = 1;
    this.#diamonds(now);
    this.#pin(now.pin);
  }

  /* Where it works now: a box that snaps to its column, a fading trail, an arrow with the layer's number. */
  #here({ run, e, f, colours, glide }) {
    const { pen, geometry: g, hue } = this, layer = run.layer[e], letter = run.phase[e], way = BACK[letter] ? -1 : 1;
    const share = glide ? f : 0.5, centre = edgeOf(g, layer) + ((way > 0 ? share : 1 - share) * g.w) / g.k, wide = Math.max(10, g.w);
    const before = run.layer[Math.max(0, e - 1)], eased = glide ? 1 - (1 - Math.min(1, f / 0.45)) ** 3 : 1;
    const trail = Math.min(g.width * 0.22, 150), fade = pen.createLinearGradient(centre, 0, centre - way * trail, 0);
    fade.addColorStop(0, alpha(hue, 0.34));
    fade.addColorStop(1, alpha(hue, 0));
    pen.fillStyle = fade;
    pen.fillRect(way > 0 ? Math.max(0, centre - trail) : centre, BASE + 1.5, way > 0 ? Math.min(trail, centre) : Math.min(trail, g.width - centre), 5.5);
    const from = columnOf(g, before) * g.w, to = columnOf(g, layer) * g.w;
    const left = Math.min(g.width - wide, Math.max(0, from + (to - from) * eased + (g.w - wide) / 2));
    pen.fillStyle = alpha(hue, 0.13);
    pen.strokeStyle = hue;
    pen.lineWidth = 1.6;
    pen.beginPath();
    pen.roundRect(left + 0.8, 1, wide - 1.6, BASE + 6, 4);
    pen.fill();
    pen.stroke();
    const tip = Math.min(g.width - 6, Math.max(6, centre));
    pen.beginPath();
    pen.moveTo(tip - 5 * way, HEIGHT - 11.5);
    pen.lineTo(tip + 6 * way, HEIGHT - 6);
    pen.lineTo(tip - 5 * way, HEIGHT - 0.5);
    pen.closePath();
    pen.fillStyle = hue;
    if (HOLLOW[letter]) { pen.lineWidth = 1.8; pen.stroke(); } else pen.fill();
    pen.fillStyle = colours.ink;
    const right = way > 0 ? tip + 34 < g.width : tip < 36;
    pen.textAlign = right ? "left" : "right";
    pen.fillText(layer, tip + (right ? 10 : -10), HEIGHT - 2);
  }

  #marked(layer, strength) {
    if (layer === null || layer === undefined) return;
    const { pen, geometry: g } = this;
    pen.fillStyle = alpha(this.now.colours.ink, strength);
    pen.fillRect(columnOf(g, layer) * g.w, 0, g.w, BASE + 6);
  }

  #pin(layer) {
    if (layer === null || layer === undefined) return;
    const { pen, geometry: g } = this, x = columnOf(g, layer) * g.w;
    pen.strokeStyle = this.now.colours.ink;
    pen.lineWidth = 1.4;
    pen.setLineDash([3, 2]);
    pen.strokeRect(x + 0.7, 0.7, Math.max(4, g.w - 1.4), BASE + 6.6);
    pen.setLineDash([]);
  }

  #ticks() {
    const { pen, geometry: g } = this;
    pen.fillStyle = this.now.colours.line;
    for (let i = 0; i < g.n; i++) pen.fillRect(i * g.w + g.gap / 2, BASE + 2, g.w - g.gap, 4);
  }

  /* Before its first step: the layers, empty. */
  #rest() {
    const { pen, geometry: g } = this;
    pen.strokeStyle = this.now.colours.line;
    pen.lineWidth = 1;
    for (let i = 0; i < g.n; i++) pen.strokeRect(i * g.w + g.gap / 2 + 0.5, TOP + 0.5, Math.max(1, g.w - g.gap - 1), BASE - TOP - 1);
  }

  #held({ run, e, done, scale, colours }) {
    const { pen, geometry: g, sums, going } = this, { held } = run.seek(run.shownAt({ e, done })), width = g.w - g.gap;
    sums.fill(0);
    going.fill(0);
    for (let layer = 0; layer < g.layers; layer++) {
      const column = columnOf(g, layer) * NK, row = layer * NK;
      for (let kind = 0; kind < NK; kind++) sums[column + kind] += held[row + kind];
    }
    if (!done) for (let j = run.from[e]; j < run.from[e + 1]; j++) {
      const [, kind, layer, bytes] = run.changes[j];
      if (bytes < 0 && kind !== GRADIENT) going[columnOf(g, layer)] -= bytes;
    }
    for (let i = 0; i < g.n; i++) {
      const x = i * g.w + g.gap / 2;
      let y = BASE;
      for (const kind of STACK) {
        const bytes = sums[i * NK + kind];
        if (bytes <= 0) continue;
        const high = Math.min(y - 2, Math.max(kind === K.activation ? 3 : kind === K.anchor ? 5 : 4, (bytes / scale.bytes) * (BASE - TOP)));
        y -= high;
        this.#texture(kind, x, y, width, high, colours);
        if (kind !== K.activation) y -= 1;
      }
      if (going[i] > 0) { // let go in this very step: a ghost of it
        const high = Math.min(y - 2, Math.max(3, (going[i] / scale.bytes) * (BASE - TOP)));
        pen.fillStyle = alpha(colours.activation, 0.22);
        pen.fillRect(x, y - high, width, high);
      }
    }
  }

  #texture(kind, x, y, w, h, colours) {
    const { pen } = this;
    const bars = (count, share) => {
      const step = w / count;
      for (let j = 0; j < count; j++) pen.fillRect(x + j * step + (step * (1 - share)) / 2, y, step * share, h);
    };
    const colour = kind === K.tangent ? this.hue : colours[KINDS[kind]];
    pen.fillStyle = pen.strokeStyle = colour;
    if (kind === K.activation) pen.fillRect(x, y, w, h);
    else if (kind === K.residual) bars(Math.max(2, Math.round(w / 5)), 0.68);
    else if (kind === K.fragment) bars(w > 14 ? 4 : 2, 0.42);
    else {
      if (kind === K.cotangent) { pen.fillStyle = this.#stripes(colour); pen.fillRect(x, y, w, h); }
      if (kind === K.temporary) pen.setLineDash([3, 2]);
      pen.lineWidth = kind === K.anchor ? 2 : 1.5;
      pen.strokeRect(x + 0.8, y + 0.8, w - 1.6, Math.max(1, h - 1.6));
      pen.setLineDash([]);
      pen.fillStyle = colour;
      if (kind === K.anchor) pen.fillRect(x, y + h / 2 - 1, w, 2);
      if (kind === K.sketch) for (let j = 2; j < h - 1; j += 4) pen.fillRect(x + 2, y + j, w - 4, 1);
    }
  }

  #stripes(colour) {
    const { stripes } = this.now.colours, { dpr } = this.geometry, key = colour + dpr;
    if (stripes[key]) return stripes[key];
    const size = Math.round(5 * dpr), tile = document.createElement("canvas"), pen = tile.getContext("2d");
    Object.assign(tile, { width: size, height: size });
    pen.fillStyle = alpha(colour, 0.2);
    pen.fillRect(0, 0, size, size);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.9 * dpr;
    pen.beginPath();
    for (const shift of [-size, 0, size]) { pen.moveTo(shift - 2, size + 2); pen.lineTo(shift + size + 2, -2); }
    pen.stroke();
    const pattern = this.pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix([1 / dpr, 0, 0, 1 / dpr, 0, 0]));
    return (stripes[key] = pattern);
  }

  /* Seconds that each layer has taken so far, stacked by phase. */
  #seconds({ run, e, scale }) {
    const { pen, geometry: g, sums, hue } = this, { took } = run.seek(e), width = g.w - g.gap;
    sums.fill(0);
    for (let layer = 0; layer < g.layers; layer++)
      for (let phase = 0; phase < NP; phase++) sums[columnOf(g, layer) * NK + phase] += took[layer * NP + phase];
    for (let i = 0; i < g.n; i++) {
      const x = i * g.w + g.gap / 2;
      let y = BASE;
      for (let phase = 0; phase < NP; phase++) {
        const seconds = sums[i * NK + phase];
        if (!seconds) continue;
        const high = Math.max(1, (seconds / scale.seconds) * (BASE - TOP));
        y -= high;
        this.#phase(LETTERS[phase], x, y, width, high, hue);
      }
    }
    pen.globalAlpha = 1;
  }

  #phase(letter, x, y, w, h, hue) {
    const { pen } = this;
    if (letter === "f") { pen.fillStyle = alpha(hue, 0.34); pen.fillRect(x, y, w, h); }
    else if (letter === "a") { pen.fillStyle = hue; pen.fillRect(x, y, w, h); }
    else if (letter === "r") {
      pen.fillStyle = alpha(hue, 0.68);
      pen.fillRect(x, y, w, h);
      pen.fillStyle = this.now.colours.bg;
      pen.fillRect(x, y + h - 0.8, w, 0.8);
    } else { pen.fillStyle = this.#stripes(hue); pen.fillRect(x, y, w, h); }
  }

  /* One diamond per column: small while only some of its layers have their gradient; filled by how well it agrees. */
  #diamonds({ run, e, colours }) {
    const { geometry: g } = this;
    for (let i = 0; i < g.n; i++) {
      let made = 0, due = 0, grade = 0, unknown = false;
      for (let layer = i * g.k; layer < Math.min(g.layers, (i + 1) * g.k); layer++) {
        const at = run.madeAt[layer];
        if (!run.weighs[layer]) continue;
        due++;
        if (at < 0 || at > e) continue;
        made++;
        if (run.grades[layer] === UNKNOWN) unknown = true;
        grade = Math.max(grade, run.grades[layer]);
      }
      if (due) this.#diamond(i * g.w + g.w / 2, made / due, unknown && grade < DRIFTING ? UNKNOWN : grade, run, colours);
    }
  }

  #diamond(x, share, grade, run, colours) {
    const { pen, geometry: g } = this, y = 6.5, full = Math.min(4.6, Math.max(2.6, (g.w - g.gap) * 0.42)), r = share < 1 ? full * 0.6 : full;
    if (!share) { pen.fillStyle = colours.line; pen.fillRect(x - 1, y - 1, 2, 2); return; }
    const shape = (left, right) => {
      pen.beginPath();
      pen.moveTo(x, y - r);
      if (right) pen.lineTo(x + r, y);
      pen.lineTo(x, y + r);
      if (left) pen.lineTo(x - r, y);
      pen.closePath();
    };
    pen.fillStyle = pen.strokeStyle = run.noisy ? this.hue : colours.gradient;
    pen.lineWidth = 1.3;
    shape(true, true);
    if (grade === SAME) pen.fill();
    else {
      if (grade === UNKNOWN) { pen.globalAlpha = 0.35; pen.fill(); pen.globalAlpha = 1; }
      pen.stroke();
      if (grade === DRIFTING) { shape(true, false); pen.fill(); }
    }
  }
}
