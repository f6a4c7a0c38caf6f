// Which strokes make up which digits: rows, then in each row the best path through all ways to part it into digits.
// Heuristic over-segmentation (LeCun et al. 1998, section VII), where strokes are the pieces; weights are site.py's.

import { settings } from "./settings.js";

const { weights, sure: SURE, none: NONE, found: FOUND } = settings;
const MOST = 4; // strokes of a digit
const FRAGMENT = 0.45; // of a digit's usual size: what is smaller is a part of a digit
const ASPECT = 1.15; // width of a digit for its height, at most
const LOWEST = 0.65; // height of a digit for that of the others in its row, at least
const BESIDE = 0.2; // share of the lower box's height by which boxes of a row overlap
const RECENT = 4; // boxes at the end of a row that tell how it goes on
const STEEPEST = 0.3; // slope of a row

/** The box around strokes, with the width of their lines. */
export function boxOf(strokes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points, width } of strokes) {
    for (const { x, y } of points) {
      left = Math.min(left, x - width / 2);
      right = Math.max(right, x + width / 2);
      top = Math.min(top, y - width / 2);
      bottom = Math.max(bottom, y + width / 2);
    }
  }
  return { left, top, right, bottom, width: right - left, height: bottom - top, side: Math.max(right - left, bottom - top) };
}

/**
 * The digits that strokes make, row by row.
 * ask: takes groups of strokes, gives for each { probabilities, nothing, several, image }; see network.py.
 * Returns { text, confidence, digits }; a digit of null is something that is none.
 */
export async function readStrokes(strokes, ask) {
  const rows = inRows(strokes).map(prepare);
  const answers = await ask(rows.flatMap((row) => [...row.candidates.map((one) => one.strokes), ...row.joined]));
  const digits = [];
  const texts = [];
  let refused = 0;
  for (const row of rows) {
    const own = answers.splice(0, row.candidates.length);
    const wholes = answers.splice(0, row.joined.length);
    const candidates = row.candidates.map((one, index) => ({ ...one, ...judged(asPart(own[index], one, row.joined, wholes)) }));
    const path = bestPath(row, candidates);
    const mean = path.reduce((sum, one) => sum + one.confidence, 0) / Math.max(1, path.length);
    const isRow = mean >= SURE;
    const accepted = path.filter((one) => isRow && one.confidence >= NONE);
    for (const one of path) {
      const isDigit = accepted.includes(one);
      digits.push({ ...one, digit: isDigit ? one.best : null, confidence: isDigit ? FOUND * one.confidence : 1 - one.confidence });
    }
    if (accepted.length) texts.push(accepted.map((one) => one.best).join(""));
    else refused = Math.max(refused, mean);
  }
  const read = digits.filter((one) => one.digit !== null);
  const confidence = read.length ? read.reduce((product, one) => product * one.confidence, 1) : 1 - refused;
  return { text: texts.join("\n"), confidence, digits };
}

/** An answer with its best digit, how sure that is, and how likely it is that it is not one digit. */
export function judged(answer) {
  const best = answer.probabilities.indexOf(Math.max(...answer.probabilities));
  const doubt = answer.nothing + answer.several;
  return { ...answer, best, doubt, confidence: answer.probabilities[best] * Math.max(0, 1 - doubt) };
}

/** What is said of a candidate, where the strokes that it is parted from make what is no digit: it is none either. */
function asPart(answer, { strokes }, joined, wholes) {
  let isInk = 1;
  joined.forEach((group, index) => {
    const held = group.filter((stroke) => strokes.includes(stroke)).length;
    if (held && held < group.length) isInk *= 1 - wholes[index].nothing;
  });
  return { ...answer, nothing: 1 - (1 - answer.nothing) * isInk, several: answer.several * isInk };
}

/** Strokes row by row, each from the left. What touches or stands above each other as a 5 and its bar stays together. */
function inRows(strokes) {
  const usual = usualSide(strokes);
  const pieces = [];
  for (const stroke of strokes) {
    const joined = [stroke];
    for (let index = pieces.length - 1; index >= 0; index--) {
      if (pieces[index].some((other) => touch(stroke, other) || areStacked(stroke.box, other.box, usual))) {
        joined.push(...pieces.splice(index, 1)[0]);
      }
    }
    pieces.push(joined);
  }
  const boxed = pieces.map((piece) => ({ strokes: piece, box: boxOf(piece) }));
  const whole = boxed.filter(({ box }) => box.side >= FRAGMENT * usual);
  const rows = rowsOf(whole);
  for (const { strokes: piece, box } of boxed.filter((one) => !whole.includes(one))) {
    const distance = (row) => Math.min(...row.map((other) => gap(box, other.box)));
    const nearest = rows.reduce((best, row) => (distance(row) < distance(best) ? row : best), rows[0]);
    nearest.push({ strokes: piece, box });
  }
  return rows.map((row) => row.flatMap((piece) => piece.strokes).sort((a, b) => middle(a) - middle(b)));
}

/** From left to right, each box continues the row that leads to it best; rows come from above. */
function rowsOf(pieces) {
  const rows = [];
  for (const piece of [...pieces].sort((a, b) => a.box.left + a.box.right - b.box.left - b.box.right)) {
    const x = (piece.box.left + piece.box.right) / 2;
    const y = (piece.box.top + piece.box.bottom) / 2;
    let [best, least] = [null, Infinity];
    for (const row of rows) {
      const last = row[row.length - 1].box;
      const expected = continued(row.slice(-RECENT), x, 4 * last.height);
      const overlap = (last.height + piece.box.height) / 2 - Math.abs(expected - y);
      const distance = Math.abs(expected - y) + 0.05 * (piece.box.left - last.right);
      if (overlap > BESIDE * Math.min(last.height, piece.box.height) && distance < least) [best, least] = [row, distance];
    }
    if (best) best.push(piece);
    else rows.push([piece]);
  }
  const height = (row) => row.reduce((sum, { box }) => sum + box.top + box.bottom, 0) / row.length;
  return rows.sort((a, b) => height(a) - height(b));
}

/** The y at which a line through boxes' middles comes to an x, level beyond `furthest` from their mean. */
function continued(row, to, furthest) {
  const xs = row.map(({ box }) => (box.left + box.right) / 2);
  const ys = row.map(({ box }) => (box.top + box.bottom) / 2);
  const [x, y] = [mean(xs), mean(ys)];
  if (row.length < 3) return y;
  const slope = mean(xs.map((each, i) => (each - x) * (ys[i] - y))) / Math.max(1, mean(xs.map((each) => (each - x) ** 2)));
  return y + Math.min(Math.max(slope, -STEEPEST), STEEPEST) * Math.min(to - x, furthest);
}

/** Every few of a row's strokes that follow each other, as a candidate for a digit, with what speaks against it. */
function prepare(strokes) {
  const usual = usualSide(strokes);
  const touching = strokes.slice(1).map((stroke, index) => touch(strokes[index], stroke)); // its neighbour to the right
  const candidates = [];
  for (let first = 0; first < strokes.length; first++) {
    for (let last = first; last < Math.min(strokes.length, first + MOST); last++) {
      const inside = strokes.slice(first, last + 1);
      const box = boxOf(inside);
      let [gaps, joins, right] = [0, 0, inside[0].box.right];
      for (let index = 1; index < inside.length; index++) {
        gaps += Math.max(0, inside[index].box.left - right) / usual;
        right = Math.max(right, inside[index].box.right);
        const lower = Math.min(inside[index - 1].box.height, inside[index].box.height);
        joins += !touching[first + index - 1] && lower > LOWEST * usual;
      }
      if (last > first && (gaps > 0.3 || box.side > 1.8 * usual)) break;
      const cuts = (touching[first - 1] ? 1 : 0) + (touching[last] ? 1 : 0);
      const wide = Math.max(0, box.width / Math.max(box.height, 0.6 * usual) - ASPECT);
      const low = Math.max(0, LOWEST - box.height / usual);
      const cost = weights.gap * gaps + weights.join * joins + weights.wide * wide + weights.low * low + weights.cut * cuts;
      candidates.push({ first, last, strokes: inside, box, cost });
    }
  }
  return { sizes: strokes.map((stroke) => stroke.box.side / usual), candidates, joined: joinedStrokes(strokes) };
}

/** The strokes whose ink is joined, two or more at a time. */
function joinedStrokes(strokes) {
  const groups = [];
  for (const stroke of strokes) {
    const met = groups.filter((group) => group.some((other) => touch(stroke, other)));
    groups.push([...met.flat(), stroke]);
    for (const group of met) groups.splice(groups.indexOf(group), 1);
  }
  return groups.filter((group) => group.length > 1);
}

/** The candidates on the path that costs least, from left to right. */
function bestPath({ sizes }, candidates) {
  const least = [0];
  const cameBy = [null];
  for (let place = 0; place < sizes.length; place++) {
    let [total, by] = [least[place] + (sizes[place] < FRAGMENT ? weights.left_out * sizes[place] : Infinity), null];
    for (const one of candidates) {
      if (one.last !== place) continue;
      const cost = least[one.first] + one.cost - weights.surprise * Math.log(Math.min(1, Math.max(1e-6, one.confidence)));
      if (cost < total) [total, by] = [cost, one];
    }
    least.push(total);
    cameBy.push(by);
  }
  const path = [];
  for (let end = sizes.length; end > 0; end = cameBy[end] ? cameBy[end].first : end - 1) {
    if (cameBy[end]) path.unshift(cameBy[end]);
  }
  return path;
}

/** How large digits are: the median of the strokes' longer sides, where large and long ones count more. */
function usualSide(strokes) {
  const sides = strokes.map(({ box, points }) => ({ side: box.side, weight: box.side * points.length ** 0.5 }));
  sides.sort((a, b) => a.side - b.side);
  let below = sides.reduce((sum, { weight }) => sum + weight, 0) / 2;
  return (sides.find(({ weight }) => (below -= weight) <= 0) ?? { side: 1 }).side;
}

/** Whether the ink of two strokes meets. */
function touch(a, b) {
  const reach = (a.width + b.width) / 2;
  if (gap(a.box, b.box) > 0) return false;
  const [ones, others] = [segments(a), segments(b)];
  return ones.some((one) => others.some((other) => distance(one, other) <= reach));
}

const segments = ({ points }) => points.map((point, index) => [point, points[index + 1] ?? point]);

/** Between two segments; 0 where they cross. */
function distance([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return 0;
  return Math.min(fromSegment(a, c, d), fromSegment(b, c, d), fromSegment(c, a, b), fromSegment(d, a, b));
}

/** Of a point from a segment. */
function fromSegment(p, a, b) {
  const [x, y] = [b.x - a.x, b.y - a.y];
  const share = Math.min(1, Math.max(0, ((p.x - a.x) * x + (p.y - a.y) * y) / (x * x + y * y || 1)));
  return Math.hypot(p.x - a.x - share * x, p.y - a.y - share * y);
}

/** Whether one stands above the other, near, and both together are as high as a digit, as a 5 and its bar. */
function areStacked(a, b, usual) {
  const beside = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const above = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const height = Math.max(a.bottom, b.bottom) - Math.min(a.top, b.top);
  const isAbove = beside > 0.4 * Math.min(a.width, b.width) && above < 0.5 * Math.min(a.height, b.height);
  return isAbove && height - a.height - b.height < 0.35 * usual && height < 1.5 * usual;
}

const gap = (a, b) => Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
const middle = ({ box }) => box.left + box.right;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
