/* The arithmetic of a walk in the browser, for what moves under a finger. The engine's numbers take its place at rest;
   tests compare the two. A matrix is a list of rows. */
const times = (a, b) => a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
const plus = (a, b, sign = 1) => a.map((row, i) => row.map((value, j) => value + sign * b[i][j]));
const scaled = (a, by) => a.map((row) => row.map((value) => value * by));
const turned = (a) => a[0].map((_, j) => a.map((row) => row[j]));
const diagonal = (values) => values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
const column = (values) => values.map((value) => [value]);
const flatten = (a) => a.flat();
const still0 = (a) => a.every((row) => row.every((value) => value === 0));

/* A⁻¹ by elimination with pivots; null where there is none. */
function inverse(a) {
  const n = a.length, work = a.map((row, i) => [...row, ...diagonal(a.map(() => 1))[i]]);
  for (let at = 0; at < n; at++) {
    let best = at;
    for (let row = at + 1; row < n; row++) if (Math.abs(work[row][at]) > Math.abs(work[best][at])) best = row;
    if (!work[best][at]) return null;
    [work[at], work[best]] = [work[best], work[at]];
    const lead = work[at][at];
    work[at] = work[at].map((value) => value / lead);
    for (let row = 0; row < n; row++) {
      const by = work[row][at];
      if (row !== at && by) work[row] = work[row].map((value, k) => value - by * work[at][k]);
    }
  }
  return work.map((row) => row.slice(n));
}

/* The right inverse that a dense layer's vijp multiplies with: W⁻¹, or of a narrowing or widening W the least one. */
function rightInverse(w) {
  const across = turned(w);
  if (w.length === w[0].length) return inverse(w);
  if (w.length < w[0].length) { const square = inverse(times(w, across)); return square && times(across, square); }
  const square = inverse(times(across, w));
  return square && times(square, across);
}

/* ∂y/∂θ of Wx + b, the weights row by row, then the biases. */
function byWeights(x, outputs) {
  const weights = Array.from({ length: outputs }, (_, row) => Array.from({ length: outputs }, (_, k) => (k === row ? x : x.map(() => 0))).flat());
  return weights.map((row, at) => [...row, ...weights.map((_, k) => Number(k === at))]);
}

/* One layer at one input: y, and its quantities by letter. */
function layerAt(layer, x) {
  const w = layer.weights;
  if (layer.kind === "leaky" || layer.kind === "relu") {
    const slopes = x.map((value) => (value > 0 ? 1 : layer.slope));
    return { y: x.map((value, k) => value * slopes[k]), J: diagonal(slopes), R: diagonal(slopes.map((slope) => (slope ? 1 / slope : 0))) };
  }
  if (layer.kind === "coupling") return coupling(layer, x);
  if (!w.weight) return { y: [...x], J: diagonal(x.map(() => 1)), R: diagonal(x.map(() => 1)) };
  const bias = w.bias ? w.bias[0] : w.weight.map(() => 0);
  return { y: w.weight.map((row, k) => row.reduce((sum, value, j) => sum + value * x[j], 0) + bias[k]), J: w.weight, b: column(bias), D: byWeights(x, w.weight.length), R: rightInverse(w.weight) };
}

/* (x₂, x₁ + F(x₂)) with F = W φ(V x₂ + a) + b. */
function coupling(layer, x) {
  const w = layer.weights, half = x.length / 2, k = column(x.slice(half)), V = w["inside.weight_in"], W = w["inside.weight_out"];
  const a = column(w["inside.bias_in"][0]), u = plus(times(V, k), a), slopes = u.map(([value]) => (value > 0 ? 1 : layer.slope));
  const hidden = u.map(([value], at) => [value * slopes[at]]), moved = plus(times(W, hidden), column(w["inside.bias_out"][0]));
  const back = times(W, diagonal(slopes)), slope = times(back, V), unit = diagonal(k.map(() => 1)), nothing = scaled(unit, 0);
  const y = [...x.slice(half), ...x.slice(0, half).map((value, at) => value + moved[at][0])];
  const J = [...unit.map((row, at) => [...nothing[at], ...row]), ...unit.map((row, at) => [...row, ...slope[at]])];
  const R = [...slope.map((row, at) => [...row.map((value) => -value), ...unit[at]]), ...unit.map((row, at) => [...row, ...nothing[at]])];
  const inside = W.map((_, out) => [
    ...V.flatMap((row, h) => row.map((_, c) => back[out][h] * k[c][0])), ...V.map((_, h) => back[out][h]),
    ...W.flatMap((row, o) => row.map((_, h) => (o === out ? hidden[h][0] : 0))), ...W.map((_, o) => Number(o === out)),
  ]);
  return { y, J, R, D: [...inside.map((row) => row.map(() => 0)), ...inside], V, k, a, u };
}

/* Every quantity that is the same all along, at an input. */
function quantitiesAt(walk, layers, input) {
  const found = { x0: column(input) };
  let x = input;
  const passed = [x];
  for (const layer of layers) {
    const at = layerAt(layer, x), i = layer.number;
    const left = plus(column(at.y), times(at.J, column(x)), -1);
    for (const letter of ["J", "D", "V", "k", "a", "u"]) if (at[letter]) found[letter + i] = at[letter];
    if (!still0(left)) found[`b${i}`] = at.b || left;
    if (at.R && i < walk.last) found[`R${i}`] = at.R;
    if (i < walk.last) passed.push(at.y);
    else found.z = column(at.y);
    x = at.y;
  }
  const most = Math.max(...x), powers = x.map((value) => Math.exp(value - most)), total = powers.reduce((a, b) => a + b, 0);
  found.p = column(powers.map((value) => value / total));
  found.e = [found.p.map(([value], k) => value - Number(k === walk.target))];
  found.loss = [[Math.log(total) + most - x[walk.target]]];
  return { found, passed };
}

/* A line worked out from known quantities; undefined where one is missing. */
function workOut(line, known, walk) {
  const terms = line.terms.map(([name, sign]) => known[name] && scaled(known[name], sign));
  const products = line.products.map(([left, right]) => known[left] && known[right] && times(known[left], known[right]));
  if ([...terms, ...products].some((one) => !one)) return undefined;
  if (line.rule === "softmax" || line.rule === "loss" || line.rule === "minus_target") return known[line.makes];
  if (line.rule === "signs") return terms[0].map(([value]) => [Number(value > 0)]);
  if (line.rule === "kept" || line.rule === "entry") return undefined;
  const sum = products.length ? scaled(products.reduce((a, b) => plus(a, b)), line.scale) : null;
  return terms.reduce((all, one) => (all ? plus(all, one) : one), sum);
}

/* A walk's whole payload once more at another input or with other weights. */
function preview(walk, input, weights) {
  const layers = walk.layers.map((layer) => ({ ...layer, weights: { ...layer.weights, ...(weights[layer.number] || {}) } }));
  const { found } = quantitiesAt(walk, layers, input), now = { ...found };
  const frames = walk.frames.map((frame) => {
    const fixed = {};
    for (const [name, value] of Object.entries(frame.values)) if ("vw".includes(name[0]) || (name === "t0" && !now.t0)) fixed[name] = value;
    const before = { ...now, ...fixed };
    for (const name of Object.keys(now)) if (name[0] === "g") before[`o${name.slice(1)}`] = now[name];
    const values = { ...fixed }, known = { ...before };
    for (const line of frame.lines) {
      let made = workOut(line, known, walk);
      const i = Number(line.makes.slice(1));
      if (line.rule === "kept" && before[`h${i}`]) {
        const whole = before[`h${i}`], left = times(whole, times(found[`J${i}`], found[`R${i}`]));
        now[`c${i}`] = known[`c${i}`] = plus(whole, left, -1);
        const bits = found[`J${i}`].map((row) => row.every((value) => value === 0));
        if (walk.layers[i - 1].kind === "relu") made = [whole[0].filter((_, k) => bits[k])];
      }
      if (line.rule === "entry") {
        const old = now[line.makes] || (frame.values[line.makes] && scaled(frame.values[line.makes], 0)), answer = known[line.terms[0][0]];
        if (old && answer) made = [old[0].map((value, k) => (k >= line.at && k < line.at + answer[0].length ? answer[0][k - line.at] : value))];
      }
      if (!made) continue;
      values[line.makes] = known[line.makes] = made;
      if (!found[line.makes]) now[line.makes] = made;
    }
    for (const line of frame.lines) for (const name of [...line.products.flat(), ...line.terms.map((term) => term[0])]) if (!(name in values) && before[name] && !found[name]) values[name] = before[name];
    for (const name of Object.keys(now)) if (name[0] === "c" && frame.values[name]) values[name] = now[name];
    return { ...frame, values, held: frame.held.map((one) => ({ ...one, numbers: heldAgain(one, now) })) };
  });
  return { ...walk, x: input, layers, quantities: found, frames, grid: carry(walk, layers) };
}

/* What is held, with the numbers of its quantity; null where a part or something nameless is held. */
function heldAgain(one, now) {
  const value = one.name === "loss" ? now.loss : now[one.name];
  if (!value || one.partial) return null;
  const numbers = one.kind === "tangent" ? flatten(turned(value)) : flatten(value);
  return numbers.length === one.numbers.length ? numbers : null;
}

/* The grid of the input plane carried through changed layers. */
function carry(walk, layers) {
  if (!walk.grid.length) return walk.grid;
  const grid = [walk.grid[0]];
  for (const layer of layers.slice(0, -1)) grid.push(grid.at(-1).map((line) => line.map((point) => layerAt(layer, point).y)));
  return grid;
}
