/* One method's run, rebuilt from its columns of events: clock, sweeps, what is held at any event. No DOM here. */
const EVERY = 64; // events between two snapshots of what is held

class Run {
  constructor(fed, payload) {
    const { network } = payload, events = fed.events || { n: 0 };
    Object.assign(this, { fed, label: String(fed.label), method: known(fed.method), noisy: !!fed.noisy, status: fed.status || "ok" });
    this.layers = network.last + 1;
    this.n = events.n || 0;
    this.moving = this.status === "running" || this.status === "waiting";
    this.whole = this.status === "ok";
    this.traced = this.whole || !!fed.traced; // to its end, even if the race was stopped after that
    this.phase = events.phase || "";
    this.layer = Int32Array.from(events.layer || []);
    this.live = Float64Array.from(events.live || []);
    this.inside = Float64Array.from(events.peak || events.live || []);
    this.passes = new Map(events.passes || []);
    this.saying = new Map(events.say || []);
    this.peak = fed.peak ?? this.inside.reduce((most, one) => Math.max(most, one), 0);
    this.#clocks(events);
    this.#sort(events);
    this.#walk();
    this.#agree(fed.agreement, payload);
    this.planned = fed.sweeps?.length ? fed.sweeps : this.n ? [[0, "Sweep 1"]] : [];
    this.sweeps = this.planned.filter(([at]) => at < this.n); // those that have begun
    this.snapshots = [];
    this.at = -1;
    this.held = new Float64Array(this.layers * NK);
    this.took = new Float32Array(this.layers * NP);
    this.stories = new Map();
  }

  #clocks(events) {
    const { n } = this, step = new Float64Array(n), original = events.step;
    for (let e = 0; e < n; e++) step[e] = original ? (e + 1 < n ? original[e + 1] : original[e] + 1) : e + 1;
    this.end = { step, clock: null };
    if (!events.us) return;
    this.end.clock = new Float64Array(n);
    for (let e = 0, sum = 0; e < n; e++) this.end.clock[e] = sum += (events.us[e] || 0) / 1e6;
  }

  /* Changes in the order of events: what is taken up and what is let go, signed. */
  #sort(events) {
    const changes = [];
    for (const [list, sign] of [[events.add || [], 1], [events.remove || [], -1]]) {
      if (Array.isArray(list[0]) || !list.length) for (const [e, kind, layer, bytes] of list) changes.push([e, kind, layer, sign * bytes]);
      else for (let j = 0; j < list.length; j += 4) changes.push([list[j], list[j + 1], list[j + 2], sign * list[j + 3]]);
    }
    changes.sort((a, b) => a[0] - b[0]);
    this.changes = changes.filter(([e, kind, layer]) => e < this.n && kind < NK && layer >= 0 && layer < this.layers);
    this.from = new Int32Array(this.n + 1);
    for (const [e] of this.changes) this.from[e + 1]++;
    for (let e = 0; e < this.n; e++) this.from[e + 1] += this.from[e];
  }

  /* The moment when most is kept for later: what travels along and what belongs to the layer at work do not count.
     The running peak, and when each layer's gradient was made. */
  #walk() {
    this.fullAt = 0;
    this.peakAt = 0;
    this.madeAt = new Int32Array(this.layers).fill(-1);
    this.soFar = new Float64Array(this.n);
    let kept = 0, most = -1, high = 0;
    const layers = new Float64Array(this.layers);
    for (let e = 0; e < this.n; e++) {
      for (let j = this.from[e]; j < this.from[e + 1]; j++) {
        const [, kind, layer, bytes] = this.changes[j];
        if (kind === GRADIENT) { if (bytes >= 0 && this.madeAt[layer] < 0) this.madeAt[layer] = e; }
        else if (kind !== K.cotangent && kind !== K.tangent) { kept += bytes; layers[layer] += bytes; }
      }
      const later = kept - layers[this.layer[e]];
      if (later >= most) { most = later; this.fullAt = e; }
      if (this.inside[e] > high) { high = this.inside[e]; this.peakAt = e; }
      this.soFar[e] = high;
    }
    this.full = Math.max(0, most);
  }

  #agree(agreement, payload) {
    this.agreement = new Map((agreement || []).map(([layer, ...rest]) => [layer, rest]));
    const { kinds, layers } = payload.network, weights = (layer) => (kinds[layers[layer]] ? kinds[layers[layer]][5] > 0 : false);
    this.made = [];
    this.weighs = Uint8Array.from({ length: this.layers }, (_, layer) => weights(layer) || this.madeAt[layer] >= 0);
    this.sure = kinds.some((kind) => kind[5] > 0); // a race that has only begun may not know its layers yet
    this.due = this.weighs.reduce((sum, one) => sum + one, 0);
    for (let layer = 0; layer < this.layers; layer++) {
      if (this.madeAt[layer] >= 0) this.made.push([this.madeAt[layer], layer]);
    }
    this.made.sort((a, b) => a[0] - b[0]);
    let worst = null;
    this.worst = this.made.map(([, layer]) => {
      const error = this.agreement.get(layer)?.[0];
      return (worst = error === null || error === undefined ? worst : Math.max(worst ?? 0, error));
    });
    this.against = this.fed.agreement_to === "truth" ? "the float64 truth" : `backprop in ${payload.dtype}`;
    const own = this.#ownErrors(payload);
    this.grades = Uint8Array.from({ length: this.layers }, (_, layer) => {
      const error = this.agreement.get(layer)?.[0];
      if (this.noisy || error >= 1) return HOLLOW_GRADE;
      if (error === null || error === undefined) return UNKNOWN;
      return error <= Math.max(payload.tolerance, 2 * (own.get(layer) || 0)) ? SAME : DRIFTING;
    });
  }

  /* Against the truth no method can be asked to come closer than backprop of the same dtype does: its errors by layer. */
  #ownErrors(payload) {
    const base = this.fed.agreement_to === "truth" && payload.methods.find((one) => one.method === "backprop" && one.agreement_to === "truth");
    return new Map(((base && base.agreement) || []).map(([layer, error]) => [layer, error]));
  }

  /* How many gradients are made after an event. */
  madeBy(e) {
    let low = 0, high = this.made.length;
    while (low < high) { const mid = (low + high) >> 1; if (this.made[mid][0] <= e) low = mid + 1; else high = mid; }
    return low;
  }

  /* The event whose bars are shown: at the end of a run, when it kept the most; where it was stopped, the last. */
  shownAt({ e, done }) { return done && this.traced ? this.fullAt : e; }

  span(mode) { return this.n ? this.end[mode]?.[this.n - 1] ?? 0 : 0; }
  start(e, mode) { return e > 0 ? this.end[mode][e - 1] : 0; }

  /* Where the run is at a place on the shared axis: event, share of it that has passed, whether it is over. */
  place(position, mode) {
    const end = this.end[mode], { n } = this;
    if (!n || !end) return { e: -1, f: 0, done: false };
    if (position >= end[n - 1] - 1e-9) return { e: n - 1, f: 1, done: !this.moving };
    let low = 0, high = n - 1;
    while (low < high) { const mid = (low + high) >> 1; if (end[mid] > position + 1e-9) high = mid; else low = mid + 1; }
    const from = this.start(low, mode), width = end[low] - from;
    return { e: low, f: width > 0 ? Math.max(0, Math.min(1, (position - from) / width)) : 1, done: false };
  }

  /* Brings `held` (bytes by layer and kind) and `took` (seconds by layer and phase) to just after event e. */
  seek(e) {
    if (e === this.at) return this;
    if (e < this.at || e - this.at > EVERY) {
      const last = Math.min(Math.floor((e + 1) / EVERY), this.snapshots.length) - 1, reached = (last + 1) * EVERY - 1;
      if (e < this.at || reached > this.at) this.#restore(last, reached);
    }
    const { held, took, changes, from } = this, clock = this.end.clock;
    while (this.at < e) {
      const here = ++this.at;
      for (let j = from[here]; j < from[here + 1]; j++) {
        const change = changes[j], slot = change[2] * NK + change[1];
        held[slot] = Math.max(0, held[slot] + change[3]);
      }
      if (clock) took[this.layer[here] * NP + Math.max(0, LETTERS.indexOf(this.phase[here]))] += clock[here] - (here ? clock[here - 1] : 0);
      if ((here + 1) % EVERY === 0 && this.snapshots.length === (here + 1) / EVERY - 1) this.snapshots.push({ held: held.slice(), took: took.slice() });
    }
    return this;
  }

  #restore(last, reached) {
    const { held, took } = this.snapshots[last] || {};
    held ? this.held.set(held) : this.held.fill(0);
    took ? this.took.set(took) : this.took.fill(0);
    this.at = held ? reached : -1;
  }

  /* The highest a column of k layers ever gets, in bytes, and in seconds at the end. */
  tallest(k) {
    const sums = new Float64Array(Math.ceil(this.layers / k));
    let bytes = 0;
    for (let e = 0; e < this.n; e++) {
      for (const pass of [0, 1]) for (let j = this.from[e]; j < this.from[e + 1]; j++) {
        const [, kind, layer, change] = this.changes[j], column = Math.floor(layer / k);
        if (kind === GRADIENT) continue;
        if (pass) bytes = Math.max(bytes, sums[column]);
        else sums[column] += change;
      }
    }
    let seconds = 0;
    if (this.end.clock) {
      sums.fill(0);
      for (let e = 0; e < this.n; e++) seconds = Math.max(seconds, (sums[Math.floor(this.layer[e] / k)] += this.end.clock[e] - (e ? this.end.clock[e - 1] : 0)));
    }
    return { bytes, seconds };
  }

  words(e) {
    const phase = PHASES[this.phase[e]] || "forward", say = this.fed.say || {};
    return say[this.saying.get(e)] || say[phase] || FALLBACK_SAY[phase];
  }

  /* One layer's life in this run. `kept`: what it holds between two steps of other layers, by kind: bytes at their most,
     for how long any, and whether it varies; `busy`: the most it holds beside a step of its own, such as h just come. */
  story(layer) {
    let story = this.stories.get(layer);
    if (story) return story;
    const now = new Float64Array(NK), mode = this.end.clock ? "clock" : "step", end = this.end[mode], worked = [];
    story = { kept: new Map(), busy: [], busyBytes: 0, worked, made: this.madeAt[layer], mode };
    for (let e = 0; e < this.n; e++) {
      if (this.layer[e] === layer) worked.push(e);
      for (let j = this.from[e]; j < this.from[e + 1]; j++) {
        const [, kind, at, bytes] = this.changes[j];
        if (at === layer && kind !== GRADIENT) now[kind] = Math.max(0, now[kind] + bytes);
      }
      const total = now.reduce((sum, bytes) => sum + bytes, 0), parts = () => KINDS.map((kind, at) => [kind, now[at]]).filter(([, bytes]) => bytes > 0);
      if (!total) continue;
      if (this.layer[e] === layer || this.layer[e + 1] === layer) {
        if (total > story.busyBytes) Object.assign(story, { busyBytes: total, busy: parts() });
        continue;
      }
      for (const [kind, bytes] of parts()) {
        const one = story.kept.get(kind) || { bytes, long: 0, varies: false };
        story.kept.set(kind, { bytes: Math.max(bytes, one.bytes), long: one.long + (e + 1 < this.n ? end[e + 1] - end[e] : 0), varies: one.varies || bytes !== one.bytes });
      }
    }
    this.stories.set(layer, story);
    return story;
  }
}

const UNKNOWN = 0, SAME = 1, DRIFTING = 2, HOLLOW_GRADE = 3;
const GRADE_WORDS = ["not compared yet", "the same within tolerance", "drifting", "not the gradient"];
function gradeWords(run, layer) {
  if (run.grades[layer] !== SAME || run.fed.agreement_to !== "truth") return GRADE_WORDS[run.grades[layer]];
  return run.method === "backprop" ? "backprop’s own rounding" : "as close to the truth as backprop";
}
